/*
 * run - one execution of one pipeline, from its first row to its final state.
 *
 * For each table: a reader thread (source), the middle (validation, filter, transforms),
 * a writer thread (destination), with bounded channels between them.  The ledger counts
 * every row at each of the six steps, and the run fails itself when the counts do not add
 * up.
 *
 * Layer:  uses core/base, core/batch, core/plugin, core/pipeline; knows nothing of HTTP
 * or schedules. States: running -> succeeded | failed | cancelled.
 */
#ifndef TIDE_RUN_RUN_H
#define TIDE_RUN_RUN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pipeline/pipeline.h"
#include "pipeline/worker.h"

/** Microseconds between two checkpoints of a table, when nobody wants it otherwise. */
#define TIDE_CHECKPOINT_EVERY INT64_C(5000000)

/** Microseconds that a destination may take to decide about rows while no others come,
 * when nobody wants it otherwise. */
#define TIDE_LONGEST_LOAN INT64_C(100000)

/** Rows that another run rejected, to be run again instead of what the source has: each
 * enters at the step that refused it.  Borrowed for the call. */
struct tide_replay {
    int64_t of; /**< the run that rejected them */
    bool again; /**< also those that the destination has from an earlier replay */
    /** Array of objects as rejects are stored: ordinal, table, step, origin, position,
     * row (its JSON as a text), raw, replay. */
    struct json_object *rejects;
};

/** Everything is borrowed for the call. */
struct tide_run_request {
    const struct tide_pipeline *pipeline;
    const char *plugin_folder;
    const char *pipeline_id; /**< stable: positions are kept under it */
    const char *run_id;
    int64_t started_at; /**< microseconds UTC */
    int incremental;    /**< 1 yes, 0 no: read everything and resume nothing, -1 as
                           the pipeline says */
    struct json_object *positions;    /**< last known position by table, or NULL */
    const struct tide_replay *replay; /**< or NULL: an ordinary run */
    int64_t row_limit;                /**< of each table; 0: none */
    int64_t checkpoint; /**< microseconds between two; 0: after every batch */
    /** Microseconds that rows lent to a destination stay undecided while none come; 0:
     * TIDE_LONGEST_LOAN, INT64_MAX: for ever. */
    int64_t longest_loan;
    bool check;                         /**< validate every batch a plugin hands over */
    int64_t reject_count, reject_bytes; /**< how many rejects are kept */
    struct tide_ledger *ledger;         /**< the caller's page, zeroed */
    /** An event of pipeline/worker.h; called on any thread of the run, one at a time;
     * event is borrowed. */
    void (*event)(void *arg, struct json_object *event);
    void *event_arg;
    const atomic_bool *cancel; /**< set by a signal or another thread */
    /** Called before each commit; a failure ends the run instead.  NULL: nothing to
     * ask. */
    int (*before_commit)(void *arg, struct tide_error *err);
    /** Called after each call of a plugin, on its thread; plugin as in "source file".
     * NULL: nobody listens. */
    void (*after_call)(void *arg, const char *plugin);
    void *guard; /**< the arg of both */
};

/** Have the process's allocator keep the memory of batches for the next ones.  Once,
 * before threads. */
void tide_run_tune_memory(void);

/** Run it.  The "end" event is also given back in *end (the caller's reference).  Returns
 * the final state. */
enum tide_run_state tide_run_execute(const struct tide_run_request *request,
                                     struct json_object **end, struct tide_error *err);

/** Rows after each step, for `tidemill preview`: called for the first rows of each table
 * after "source", "input_validation" (where types are declared), "filter" (where there is
 * one), each transformation (its type) and "destination" (as it would be written; nothing
 * is).  A batch without rows has no columns either. */
typedef void (*tide_preview_fn)(void *arg, const char *table, const char *stage,
                                const struct tide_schema *schema,
                                const struct tide_batch *batch);
/** And for the first rows that are rejected, with the event of pipeline/worker.h,
 * borrowed. */
typedef void (*tide_preview_reject_fn)(void *arg, struct json_object *event);
TIDE_MUST_CHECK
int tide_run_preview(const struct tide_pipeline *pipeline, const char *plugin_folder,
                     int64_t rows, tide_preview_fn emit, tide_preview_reject_fn reject,
                     void *arg, struct tide_error *err);

/** Tables and columns of a connection; kind is TIDE_KIND_SOURCE or
 * TIDE_KIND_DESTINATION. */
TIDE_MUST_CHECK
int tide_run_discover(const char *plugin_folder, uint32_t kind, const char *plugin,
                      struct json_object *options, const char *base_folder,
                      tide_discover_fn emit, void *arg, struct tide_error *err);

#endif
