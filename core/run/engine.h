/*
 * engine - a run's plugins with their options, its counts and its events: what all tables
 * of a run share.
 */
#ifndef TIDE_RUN_ENGINE_H
#define TIDE_RUN_ENGINE_H

#include <pthread.h>

#include "base/memory.h"
#include "run/ledger.h"
#include "run/rejects.h"
#include "run/run.h"

/** A loaded plugin and its bound options; both live as long as the engine. */
struct tide_bound {
    const struct tide_plugin_entry *entry;
    const void *options;
};

struct tide_pair_count {
    int64_t passed, failed;
};

/** What a table has to do with a round; see flow_round.c. */
struct tide_round_note {
    char *own;          /**< owned; the open round that it is the first of, or NULL */
    bool is_known;      /**< the above is; of a table that was not asked it is not */
    bool is_taken_over; /**< to be marked as done in this run's round at its end */
    bool is_marked;     /**< this run may have marked it as done */
};

struct tide_engine {
    const struct tide_run_request *request;
    const struct tide_pipeline *pipeline;
    struct tide_arena *arena; /**< owns bound options */
    struct tide_bound source, destination;
    struct tide_bound *transforms;            /**< one for each of the pipeline's */
    struct tide_pair_count *transform_counts; /**< likewise */
    struct tide_tally *tables;                /**< one for each table of the pipeline */
    char *
        round; /**< owned; names the run whose tables are marked, or NULL; flow_round.c */
    size_t round_first;             /**< the first table that is marked */
    struct tide_round_note *rounds; /**< one for each table */
    bool *resumed;                  /**< of each table: it resumed from a checkpoint */
    struct json_object **verified;  /**< one for each table: what verify found equal;
                                       owned, NULL where it did not look */
    struct tide_rejects *rejects;
    pthread_mutex_t event_lock;
    bool is_open;
};

/** Load the plugins and bind their options.  is_trial: no number of rejects ends it. */
TIDE_MUST_CHECK
int tide_engine_open(struct tide_engine *engine, const struct tide_run_request *request,
                     bool is_trial, struct tide_error *err);
void tide_engine_close(struct tide_engine *engine);

/** Load one plugin and bind options to it. */
TIDE_MUST_CHECK
int tide_engine_bind(struct tide_arena *arena, const char *plugin_folder, uint32_t kind,
                     const char *name, struct json_object *options,
                     const char *base_folder, struct tide_bound *out,
                     struct tide_error *err);

/** Tell the caller; takes the reference.  Any thread. */
void tide_engine_emit(struct tide_engine *engine, struct json_object *event);

/** The mode in which this run writes a table: a replay adds to one that is replaced
 * else. */
int tide_engine_mode(const struct tide_engine *engine, const struct tide_table *table);
/** "append", "replace" or "merge". */
const char *tide_engine_mode_name(int mode);

/** The "end" event; the caller's reference. */
struct json_object *tide_engine_end(struct tide_engine *engine, enum tide_run_state state,
                                    const struct tide_error *err);

#endif
