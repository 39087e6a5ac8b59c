/*
 * supervise - runs workers: starts them, watches them, and writes down how they ended.
 *
 * Queued runs wait in one line; as many as max_concurrent run at a time, and never two of
 * one pipeline.  A worker is one process (pipeline/worker.h) in its own process group,
 * started with posix_spawn.  It has ended when both its exit status and the end of its
 * event pipe were seen.  A worker that crashes, hangs, or meets a limit ends its run as
 * failed with an error that says which; the counters are then those of its ledger, which
 * outlives it.
 *
 * States of a run here: waiting -> starting (the store makes it running) -> live ->
 * ending (the store writes its final state) -> gone.
 *
 * Layer:   uses core/base, core/pipeline/worker.h, scheduler/store, libuv.
 * Threads: the loop thread.
 */
#ifndef TIDE_SUPERVISE_SUPERVISE_H
#define TIDE_SUPERVISE_SUPERVISE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "pipeline/worker.h"
#include "store/store.h"

/** Opaque. */
struct tide_supervise;

/** Of each worker; 0: none. */
struct tide_worker_limits {
    int64_t memory_bytes;
    int64_t cpu_seconds;
    int64_t open_files;
    int64_t wall_seconds;
    int64_t hang_seconds; /**< no sign of life for so long: it hangs */
};

/** Borrowed for the call, but for loop, clock and store, which outlive the supervisor. */
struct tide_supervise_options {
    uv_loop_t *loop;
    const struct tide_clock *clock;
    struct tide_store *store;
    const char *worker_path;   /**< NULL: tide_program_path("tidemill-worker") */
    const char *plugin_folder; /**< NULL: tide_plugin_folder() */
    int64_t max_concurrent;    /**< 0: twice the processors */
    int64_t grace_us;          /**< from SIGTERM to SIGKILL; 0: 10 s */
    struct tide_worker_limits limits;
    int64_t checkpoint_us; /**< between two checkpoints of a run; 0: 5 s */
    int64_t reject_count;  /**< kept of each run; 0: 1,000 */
    int64_t reject_bytes;  /**< 0: 4 MiB */
};

/** TIDE_E_IO when the worker program is not there. */
TIDE_MUST_CHECK
int tide_supervise_create(const struct tide_supervise_options *options,
                          struct tide_supervise **out, struct tide_error *err);

/** Start the runs that were queued when the last daemon ended. */
void tide_supervise_resume(struct tide_supervise *supervise);

/** Take over a queued run of the store; only its ids are kept.  Submitting one twice does
 * nothing. */
void tide_supervise_submit(struct tide_supervise *supervise,
                           const struct tide_run_record *record);

/** Ask a run to stop: a waiting one is cancelled at once, a live one is sent SIGTERM and,
 * after the grace, SIGKILL.  Idempotent.  False when no such run is waiting or live
 * (the store says how it ended). */
bool tide_supervise_cancel(struct tide_supervise *supervise, int64_t run);
/** The same for all runs of a pipeline; how many there were. */
int64_t tide_supervise_cancel_pipeline(struct tide_supervise *supervise,
                                       const char *pipeline_uid);

/** Copy the counters of a live run; false when it is not live. */
bool tide_supervise_progress(const struct tide_supervise *supervise, int64_t run,
                             struct tide_ledger *ledger);

/** Who wants to know of each run that has its final state in the store; the record is
 * borrowed.  One watcher. */
typedef void (*tide_supervise_watch_fn)(void *arg, const struct tide_run_record *run);
void tide_supervise_watch(struct tide_supervise *supervise, tide_supervise_watch_fn watch,
                          void *arg);

/** Start no more runs (waiting ones stay queued in the store), give live ones grace_us
 * to end by themselves, then cancel them, then kill them; closed is called, on the loop
 * thread, when each has its final state in the store and the memory is gone. */
void tide_supervise_close(struct tide_supervise *supervise, int64_t grace_us,
                          void (*closed)(void *arg), void *arg);

/** Of this process. */
struct tide_supervise_stats {
    int64_t waiting;
    int64_t live; /**< started and not written down yet */
    int64_t started;
    int64_t ended[TIDE_RUN_SKIPPED + 1]; /**< by state */
};
void tide_supervise_stats(const struct tide_supervise *supervise,
                          struct tide_supervise_stats *stats);

#endif
