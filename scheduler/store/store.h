/*
 * store - what the daemon remembers: workspaces, keys, pipelines, runs, rejects,
 * positions.
 *
 * Every call queues one command and returns at once; a thread of the store executes what
 * has gathered since its last wake in one transaction, and each answer comes back on the
 * loop thread, once the transaction is on disk, as one call of the given callback.
 * Commands are executed in the order in which they were queued, and answered in it.
 *
 * What a callback is given is borrowed for that call.  `err` is NULL when all went well,
 * and then the result is not; a callback that is NULL wants no answer.  Arguments are
 * copied before the call returns.  Times are microseconds UTC, 0 where there is none.
 *
 * Layer:   uses core/base, core/pipeline/worker.h, schedule/slot.h and libuv.
 * Threads: every function here is called on the loop thread.
 */
#ifndef TIDE_STORE_STORE_H
#define TIDE_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "pipeline/worker.h"

/** Opaque. */
struct tide_store;

/* ---- opening and closing ------------------------------------------------------------*/

/** Borrowed for the call, but for the loop and the clock, which outlive the store. */
struct tide_store_options {
    uv_loop_t *loop;
    const struct tide_clock *clock;
    const char
        *folder; /**< the state directory, there already; holds tidemill.db, lock */
    /** Where the first key is written (mode 0600), or NULL.  It is on disk before the
     * store knows the key, so a daemon that dies in between can be started again. */
    const char *key_file;
};

#define TIDE_KEY_TEXT_SIZE 64

/** What opening has found and done. */
struct tide_store_opening {
    bool created;                 /**< first start: a workspace and a key were made */
    char key[TIDE_KEY_TEXT_SIZE]; /**< that key, "api_…", else ""; never shown again */
    int64_t interrupted;          /**< runs that were running and are now interrupted */
    int64_t queued;               /**< runs that still wait: tide_supervise_resume() */
};

/** Open or create the store, bring its schema up to date, and mark the runs that a dead
 * daemon left running as interrupted.  Blocks; call it before the loop runs.
 * TIDE_E_CONFLICT: another daemon has this state directory.  TIDE_E_CONFIG: it was
 * written by a newer version.  TIDE_E_IO: unreadable or damaged, with the reason. */
TIDE_MUST_CHECK
int tide_store_open(const struct tide_store_options *options, struct tide_store **out,
                    struct tide_store_opening *opening, struct tide_error *err);

/** Execute and answer all that is queued, then end the thread and free the store; closed
 * is called on the loop thread, after the last answer.  No call after this one. */
void tide_store_close(struct tide_store *store, void (*closed)(void *arg), void *arg);

/* ---- records ------------------------------------------------------------------------*/

/** Of the destination's connection: whether runs may write. */
enum tide_destination_mode {
    TIDE_DESTINATION_NORMAL,
    TIDE_DESTINATION_INSPECTION,
    TIDE_DESTINATION_MAINTENANCE
};

#define TIDE_UID_SIZE 33

struct tide_pipeline_record {
    const char *uid;   /**< 32 hexadecimal digits, for ever */
    int64_t id;        /**< positive, 31 bits, random: the number of the APIs */
    int64_t workspace; /**< the id of its workspace */
    const char *name;
    bool enabled;
    int64_t period_minutes;     /**< 0: no schedule */
    const char *definition;     /**< the document, JSON text */
    int64_t definition_version; /**< 1, and one more with each replacement */
    const char *base_folder;    /**< relative paths of the document start here, or NULL */
    enum tide_destination_mode mode;
    bool has_cursor;  /**< a table of it has a cursor: it can run incrementally */
    int64_t next_due; /**< its next slot; 0 while disabled or without a period */
    int64_t created_at, updated_at;
    int64_t archived_at; /**< readable, but never run again */
    int64_t last_run_at; /**< end of its last run */
    int64_t last_success_at;
    const char *last_error; /**< of its last run; "" when that succeeded */
};

enum tide_trigger {
    TIDE_TRIGGER_SCHEDULE,
    TIDE_TRIGGER_API,
    TIDE_TRIGGER_CLI,
    TIDE_TRIGGER_BACKFILL
};
/** "schedule", "api", "cli", "backfill". */
const char *tide_trigger_name(int trigger);

struct tide_run_record {
    int64_t id;       /**< positive, 31 bits, random */
    int64_t sequence; /**< grows with each run: the cursor of lists */
    int64_t pipeline; /**< its id; the pipeline may be deleted by now */
    const char *pipeline_uid;
    const char *pipeline_name;
    enum tide_trigger trigger;
    int64_t slot;       /**< the scheduled time, or 0 */
    int64_t slot_count; /**< of a skipped run: how many slots, the last at `slot` */
    int64_t attempt;
    int incremental;   /**< 1 yes, 0 from scratch, -1 the pipeline's own way */
    int64_t replay_of; /**< the run whose rejects it runs again, or 0 */
    enum tide_run_state state;
    int64_t definition_version;
    int64_t created_at, started_at, ended_at;
    int64_t passed[TIDE_STEPS], failed[TIDE_STEPS]; /**< zeros until it has ended */
    int64_t bytes_read, bytes_written;
    int64_t rejects_kept, rejects_dropped;
    const char *error;      /**< "" when there is none; of a skipped run: the reason */
    const char *error_code; /**< "config", "io", …; "" when there is none */
    const char *detail; /**< JSON object: steps, tables, guarantee of the "end" event; or
                           NULL */
};

struct tide_reject_record {
    int64_t ordinal; /**< from 1, in the order in which they came: the cursor of lists */
    const char *table;
    const char *step; /**< tide_step_name() */
    const char *code;
    const char *message;
    const char *origin; /**< file or table of the source, or NULL */
    int64_t position;   /**< line, or row; 0 when unknown */
    const char *row;    /**< JSON object, or NULL */
    const char *raw;    /**< text as it came, or NULL */
    const char *replay; /**< what the worker wants to have back with it in a replay; NULL:
                           it cannot be replayed */
    bool settled; /**< what its run moved of the table is durable: no other run reads the
                     row again */
    int64_t replayed_by; /**< the run that ran it again, or 0 */
};

struct tide_key_record {
    int64_t id;
    int64_t workspace;
    const char *name;
    bool workspace_exists; /**< else every call answers "workspace does not exist" */
    int64_t created_at, last_used_at;
};

/* ---- callbacks ----------------------------------------------------------------------*/

typedef void (*tide_store_done_fn)(void *arg, const struct tide_error *err);
typedef void (*tide_store_count_fn)(void *arg, int64_t count,
                                    const struct tide_error *err);
typedef void (*tide_store_key_fn)(void *arg, const struct tide_key_record *key,
                                  const struct tide_error *err);
typedef void (*tide_store_pipeline_fn)(void *arg,
                                       const struct tide_pipeline_record *pipeline,
                                       const struct tide_error *err);
typedef void (*tide_store_pipelines_fn)(void *arg,
                                        const struct tide_pipeline_record *pipelines,
                                        size_t count, const struct tide_error *err);
typedef void (*tide_store_run_fn)(void *arg, const struct tide_run_record *run,
                                  const struct tide_error *err);
typedef void (*tide_store_runs_fn)(void *arg, const struct tide_run_record *runs,
                                   size_t count, const struct tide_error *err);
typedef void (*tide_store_rejects_fn)(void *arg, const struct tide_reject_record *rejects,
                                      size_t count, const struct tide_error *err);

/* ---- keys ---------------------------------------------------------------------------*/

#define TIDE_KEY_HASH_SIZE 32

/** The BLAKE2b-256 of a key as it was given; what the store keeps. */
void tide_key_hash(const char *key, size_t length, uint8_t hash[TIDE_KEY_HASH_SIZE]);

/** TIDE_E_NOT_FOUND.  Notes the use of the key, at most once a minute. */
void tide_store_key_find(struct tide_store *store, const uint8_t hash[TIDE_KEY_HASH_SIZE],
                         tide_store_key_fn done, void *arg);

/* ---- pipelines ----------------------------------------------------------------------*/

/** Names a pipeline: by uid when that is not NULL, else by name when that is not NULL
 * (the newest of that name), else by id; workspace 0 means any.  TIDE_E_NOT_FOUND,
 * "pipeline does not exist", for one that is not there, deleted, or of another
 * workspace. */
struct tide_pipeline_ref {
    int64_t workspace;
    int64_t id;
    const char *uid;
    const char *name;
};

struct tide_pipeline_new {
    int64_t workspace;
    const char *name;
    const char *definition; /**< JSON text */
    const char *base_folder;
    bool enabled;
    int64_t period_minutes; /**< 0: none */
    bool has_cursor;
    enum tide_destination_mode mode;
};

/** TIDE_E_NOT_FOUND "workspace does not exist". */
void tide_store_pipeline_create(struct tide_store *store,
                                const struct tide_pipeline_new *new_pipeline,
                                tide_store_pipeline_fn done, void *arg);
void tide_store_pipeline_get(struct tide_store *store,
                             const struct tide_pipeline_ref *ref,
                             tide_store_pipeline_fn done, void *arg);

struct tide_pipeline_filter {
    int64_t workspace;     /**< 0: all */
    bool archived;         /**< with the archived ones */
    int64_t limit, offset; /**< limit 0: all */
};
/** Newest first. */
void tide_store_pipeline_list(struct tide_store *store,
                              const struct tide_pipeline_filter *filter,
                              tide_store_pipelines_fn done, void *arg);

struct tide_pipeline_change {
    const char *name;
    const char *definition;
    const char *base_folder;
    int64_t period_minutes;
    bool has_cursor;
    bool reset_positions; /**< what was loaded would differ: incremental starts over */
};
/** Replace the definition; the version grows by one.  An archived one is TIDE_E_CONFLICT
 * "pipeline is archived", here and in the two below. */
void tide_store_pipeline_replace(struct tide_store *store,
                                 const struct tide_pipeline_ref *ref,
                                 const struct tide_pipeline_change *change,
                                 tide_store_pipeline_fn done, void *arg);
/** Enabling starts the schedule at the next slot after now; slots that passed while it
 * was disabled are not run. */
void tide_store_pipeline_enable(struct tide_store *store,
                                const struct tide_pipeline_ref *ref, bool enabled,
                                tide_store_pipeline_fn done, void *arg);
/** 0: no schedule.  The same period again changes nothing; another takes effect at its
 * next slot after now. */
void tide_store_pipeline_period(struct tide_store *store,
                                const struct tide_pipeline_ref *ref, int64_t minutes,
                                tide_store_pipeline_fn done, void *arg);
void tide_store_pipeline_mode(struct tide_store *store,
                              const struct tide_pipeline_ref *ref,
                              enum tide_destination_mode mode,
                              tide_store_pipeline_fn done, void *arg);
/** Never run again; GET still answers.  Idempotent. */
void tide_store_pipeline_archive(struct tide_store *store,
                                 const struct tide_pipeline_ref *ref,
                                 tide_store_pipeline_fn done, void *arg);
/** Gone but for its runs, which stay readable.  Queued runs of it become cancelled.
 * Afterwards call tide_supervise_cancel_pipeline(), which stops a live run. */
void tide_store_pipeline_delete(struct tide_store *store,
                                const struct tide_pipeline_ref *ref,
                                tide_store_pipeline_fn done, void *arg);

/** Who wants to know of each pipeline that was created, changed, archived or deleted, as
 * it is now; called on the loop thread just before the caller's own callback.  One
 * watcher: the schedule. */
typedef void (*tide_store_watch_fn)(void *arg,
                                    const struct tide_pipeline_record *pipeline,
                                    bool deleted);
void tide_store_watch(struct tide_store *store, tide_store_watch_fn watch, void *arg);

/** All pipelines that have a next_due, of all workspaces; at start, for the schedule. */
void tide_store_pipelines_due(struct tide_store *store, tide_store_pipelines_fn done,
                              void *arg);

/* ---- runs ---------------------------------------------------------------------------*/

/** Why a run was not created, in the order in which it is checked. */
enum tide_run_refusal {
    TIDE_RUN_ACCEPTED,
    TIDE_REFUSED_NO_PIPELINE,
    TIDE_REFUSED_NO_CURSOR,
    TIDE_REFUSED_DISABLED,
    TIDE_REFUSED_IN_PROGRESS,
    TIDE_REFUSED_INSPECTION,
    TIDE_REFUSED_MAINTENANCE,
    TIDE_REFUSED_NO_REJECTS /**< of a replay */
};
/** "pipeline does not exist", "incremental requires an update time column", "pipeline is
 * disabled", "pipeline is already in progress", "data warehouse is in inspection mode",
 * "data warehouse is in maintenance mode", "run has no rejects left to replay"; "" for
 * TIDE_RUN_ACCEPTED. */
const char *tide_run_refusal_message(enum tide_run_refusal refusal);

struct tide_run_new {
    struct tide_pipeline_ref pipeline;
    enum tide_trigger trigger;
    int incremental;   /**< 1 yes, 0 no, -1 the pipeline's own way */
    int64_t replay_of; /**< the run whose rejects it runs again, or 0; the next two calls
                          have it */
    bool replay_again;
};
/** run is NULL when it was refused, and err too: only a failure of the store is an error.
 * An accepted run is queued: hand it to tide_supervise_submit(). */
typedef void (*tide_store_create_fn)(void *arg, enum tide_run_refusal refusal,
                                     const struct tide_run_record *run,
                                     const struct tide_error *err);
/** Create a run on request; all is checked inside the transaction that creates it. */
void tide_store_run_create(struct tide_store *store, const struct tide_run_new *new_run,
                           tide_store_create_fn done, void *arg);

/** The rejects of a run, by what becomes of them in a replay. */
struct tide_replay_counts {
    int64_t taken;    /**< are run again */
    int64_t left;     /**< are for the next replay: these are enough for one */
    int64_t replayed; /**< were replayed before */
    int64_t unable;   /**< were cut, held a secret, or are read again by the next run */
    int64_t dropped;  /**< were counted and not kept */
};
/** As tide_store_create_fn; counts are there when the run of the rejects is. */
typedef void (*tide_store_replay_fn)(void *arg, enum tide_run_refusal refusal,
                                     const struct tide_run_record *run,
                                     const struct tide_replay_counts *counts,
                                     const struct tide_error *err);
/** Create a run of the same pipeline that runs the rejects of a run again; `again`: those
 * too that were replayed before.  TIDE_E_NOT_FOUND "run does not exist". */
void tide_store_run_replay(struct tide_store *store, int64_t workspace, int64_t run,
                           bool again, tide_store_replay_fn done, void *arg);

/** TIDE_E_NOT_FOUND "run does not exist".  workspace 0: any. */
void tide_store_run_get(struct tide_store *store, int64_t workspace, int64_t run,
                        tide_store_run_fn done, void *arg);

#define TIDE_RUN_STATE_BIT(state) (1u << (unsigned)(state))

struct tide_run_filter {
    int64_t workspace; /**< 0: all */
    int64_t pipeline;  /**< its id, also of a deleted one; 0: all */
    unsigned states;   /**< TIDE_RUN_STATE_BIT()s; 0: all */
    int64_t before; /**< cursor: only runs whose sequence is less; 0: from the newest */
    int64_t limit;  /**< at least 1 */
};
/** Newest first.  There may be more when count == limit; the next cursor is the sequence
 * of the last. */
void tide_store_run_list(struct tide_store *store, const struct tide_run_filter *filter,
                         tide_store_runs_fn done, void *arg);

/** What a run needs to start. */
struct tide_run_job {
    const struct tide_run_record *run;
    const char *definition;
    const char *base_folder; /**< or NULL */
    const char *positions;   /**< JSON object: table to position */
    const char *replay; /**< JSON object, as pipeline/worker.h has it; NULL: no replay */
};
typedef void (*tide_store_job_fn)(void *arg, const struct tide_run_job *job,
                                  const struct tide_error *err);
/** Make a queued run running, by the definition of this moment.  TIDE_E_CONFLICT when it
 * is not queued any more; TIDE_E_NOT_FOUND when its pipeline was deleted. */
void tide_store_run_start(struct tide_store *store, int64_t run, tide_store_job_fn done,
                          void *arg);

struct tide_run_end {
    enum tide_run_state state; /**< a final one */
    int64_t passed[TIDE_STEPS], failed[TIDE_STEPS];
    int64_t bytes_read, bytes_written;
    int64_t rejects_kept, rejects_dropped;
    const char *error;      /**< or NULL */
    const char *error_code; /**< or NULL */
    const char *detail;     /**< JSON object, or NULL */
};
/** Give a run its final state.  TIDE_E_CONFLICT when it has one already: final states
 * never change. */
void tide_store_run_finish(struct tide_store *store, int64_t run,
                           const struct tide_run_end *end, tide_store_run_fn done,
                           void *arg);

/** What the destination has committed of a table; NULL: the next run begins at the
 * start. */
void tide_store_position_set(struct tide_store *store, int64_t run, const char *table,
                             const char *position, tide_store_done_fn done, void *arg);

/** Delete ended runs that ended before `before` or are beyond the newest `keep` of their
 * pipeline (0: no such bound), with their rejects, at most 1,000 a call; count says how
 * many went, so call again while it is 1,000. */
void tide_store_run_prune(struct tide_store *store, int64_t before, int64_t keep,
                          tide_store_count_fn done, void *arg);

/* ---- slots --------------------------------------------------------------------------*/

/** Slots that are not run, and why. */
struct tide_slot_skip {
    int64_t slot;  /**< the last of them */
    int64_t count; /**< how many */
    const char *reason;
};

/** One decision of the schedule about one pipeline. */
struct tide_slot_claim {
    const char *pipeline_uid;
    int64_t due;      /**< next_due as the schedule knew it: another is a stale claim */
    int64_t next_due; /**< what it becomes */
    const int64_t *slots; /**< to run, oldest first; all but one are backfill */
    size_t slot_count;
    const struct tide_slot_skip *skips;
    size_t skip_count;
    bool queue_on_overlap; /**< while one is in progress queue one more, else skip */
};
/** What became of a claim. */
struct tide_slot_claimed {
    /** Queued, to be submitted, oldest first.  None when the slots were skipped for a
     * live run or a mode, with the reason in their row, or when the claim was stale. */
    const struct tide_run_record *runs;
    size_t run_count;
    bool stale;       /**< disabled, deleted or edited meanwhile: nothing was done */
    int64_t next_due; /**< as it is now; 0 when there is none */
};
typedef void (*tide_store_claim_fn)(void *arg, const struct tide_slot_claimed *claimed,
                                    const struct tide_error *err);
/** In one transaction: insert the runs and the skipped runs, and move next_due.  A slot
 * that has a run already gets no second one. */
void tide_store_slot_claim(struct tide_store *store, const struct tide_slot_claim *claim,
                           tide_store_claim_fn done, void *arg);

/* ---- rejects ------------------------------------------------------------------------*/

/** Append, all or none; ordinals are given out by the caller. */
void tide_store_rejects_add(struct tide_store *store, int64_t run,
                            const struct tide_reject_record *rejects, size_t count,
                            tide_store_done_fn done, void *arg);
/** What a run moved of a table is durable, and so its rejects of it can be replayed; of a
 * replay: these rejects of the run that it replays are done with. */
void tide_store_rejects_settle(struct tide_store *store, int64_t run, const char *table,
                               const int64_t *ordinals, size_t count,
                               tide_store_done_fn done, void *arg);
/** Those whose ordinal is greater than after, in order. TIDE_E_NOT_FOUND "run does not
 * exist".  workspace 0: any. */
void tide_store_rejects_list(struct tide_store *store, int64_t workspace, int64_t run,
                             int64_t after, int64_t limit, tide_store_rejects_fn done,
                             void *arg);

/* ---- numbers for /metrics -----------------------------------------------------------*/

/** Rows of all runs of a pipeline that have ended, ever. */
struct tide_pipeline_totals {
    int64_t pipeline;
    const char *name;
    int64_t passed[TIDE_STEPS], failed[TIDE_STEPS];
};

struct tide_store_totals {
    int64_t runs[TIDE_RUN_SKIPPED + 1];           /**< by state; skipped counts slots */
    const struct tide_pipeline_totals *pipelines; /**< that are not deleted, by id */
    size_t pipeline_count;
};
typedef void (*tide_store_totals_fn)(void *arg, const struct tide_store_totals *totals,
                                     const struct tide_error *err);
void tide_store_totals(struct tide_store *store, tide_store_totals_fn done, void *arg);

/** Of this process. */
struct tide_store_stats {
    int64_t commands; /**< executed and answered */
    int64_t commits;  /**< transactions they took */
    int64_t waiting;  /**< queued or not answered yet */
    int64_t failures; /**< transactions that could not be committed */
};
void tide_store_stats(struct tide_store *store, struct tide_store_stats *stats);

#endif
