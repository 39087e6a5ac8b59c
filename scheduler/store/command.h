/*
 * command - one request on its way to the thread of the store and back.
 *
 * Layer:   inside scheduler/store.
 * Threads: made and delivered on the loop thread, executed on the store's; it is never in
 *          the hands of both.
 */
#ifndef TIDE_STORE_COMMAND_H
#define TIDE_STORE_COMMAND_H

#include "store/backend.h"

/** What the caller asked for, copied into the arena. */
union tide_command_input {
    uint8_t hash[TIDE_KEY_HASH_SIZE];
    struct tide_pipeline_new pipeline_new;
    struct tide_pipeline_filter pipeline_filter;
    struct {
        struct tide_pipeline_ref ref;
        struct tide_pipeline_change change;
        int64_t number; /**< enabled, minutes, or mode */
    } pipeline;
    struct tide_run_new run_new;
    struct tide_run_filter run_filter;
    struct {
        int64_t workspace, run, after, limit;
        struct tide_run_end end;
        const char *table, *position;
        struct tide_reject_list rejects;
    } run;
    struct {
        int64_t before, keep;
    } prune;
    struct tide_slot_claim claim;
    struct {
        int64_t run;
        const char *table;
        const int64_t *ordinals;
        size_t count;
    } settle;
    struct {
        int64_t workspace, run;
        bool again;
    } replay;
};

/** What the backend answered, in the arena. */
union tide_command_output {
    struct tide_key_record key;
    struct tide_pipeline_record pipeline;
    struct tide_pipeline_list pipelines;
    struct {
        struct tide_run_record record;
        struct tide_run_job job;
        enum tide_run_refusal refusal;
        struct tide_replay_counts counts;
    } run;
    struct tide_run_list runs;
    struct tide_slot_claimed claimed;
    struct tide_reject_list rejects;
    struct tide_store_totals totals;
    int64_t count;
};

union tide_command_callback {
    tide_store_done_fn done;
    tide_store_count_fn count;
    tide_store_key_fn key;
    tide_store_pipeline_fn pipeline;
    tide_store_pipelines_fn pipelines;
    tide_store_run_fn run;
    tide_store_runs_fn runs;
    tide_store_create_fn create;
    tide_store_replay_fn replay;
    tide_store_job_fn job;
    tide_store_claim_fn claim;
    tide_store_rejects_fn rejects;
    tide_store_totals_fn totals;
};

struct tide_command {
    struct tide_command *next;
    struct tide_arena *arena; /**< owns the command itself too */
    int64_t now;              /**< when it was queued */
    bool writes;
    bool changes_pipeline; /**< its output is for the watcher too... */
    bool deletes_pipeline; /**< ...as the last it hears of it */
    int (*execute)(struct tide_backend *backend, struct tide_command *command,
                   struct tide_error *err);
    /** Call the callback, which is there. */
    void (*deliver)(struct tide_command *command, const struct tide_error *err);
    union tide_command_input in;
    union tide_command_output out;
    union tide_command_callback callback;
    void *arg;
    const struct tide_error *failure; /**< NULL while all is well */
};

/** An empty one. */
struct tide_command *tide_command_create(void);
void tide_command_destroy(struct tide_command *command);
/** A copy in the arena; NULL stays NULL. */
const char *tide_command_text(struct tide_command *command, const char *text);
void tide_command_fail(struct tide_command *command, const struct tide_error *err);

/** Hand it to the thread of the store. */
void tide_store_submit(struct tide_store *store, struct tide_command *command);

#endif
