/*
 * supervised - one run in the hands of the supervisor.
 *
 * States: waiting -> starting -> live -> ending -> gone; a run that is cancelled while it
 * waits goes to ending at once.
 *
 * Layer: inside scheduler/supervise; the loop thread.
 */
#ifndef TIDE_SUPERVISE_SUPERVISED_H
#define TIDE_SUPERVISE_SUPERVISED_H

#include "supervise/events.h"
#include "supervise/process.h"
#include "supervise/supervise.h"
#include "supervise/verdict.h"

enum tide_supervised_state {
    TIDE_SUPERVISED_WAITING,  /**< in the line */
    TIDE_SUPERVISED_STARTING, /**< the store makes it running */
    TIDE_SUPERVISED_LIVE,     /**< it has a worker, or what is left of one */
    TIDE_SUPERVISED_ENDING    /**< the store writes its end */
};

struct tide_supervised {
    struct tide_supervised *next; /**< in the line, or among the active ones */
    struct tide_supervise *supervise;
    int64_t id;
    char pipeline[TIDE_UID_SIZE];
    enum tide_supervised_state state;
    enum tide_stop_cause cause; /**< why we stop it */
    int64_t not_before;         /**< monotonic: when to try again */

    struct tide_process process;
    uv_pipe_t events; /**< data: this */
    char *buffer;     /**< what is read of it */
    struct tide_event_reader reader;
    struct json_object *end; /**< the "end" event */
    bool asked, killed, reaped, pipe_closed, paused;
    int64_t started_at, asked_at, reaped_at; /**< monotonic */
    int64_t stores;                          /**< bags of rejects on their way */
    struct tide_reject_bag *rejects;         /**< NULL before the start */
    int64_t positions; /**< and settled rejects, on their way to the store */
    bool is_replay;
    char *start_error, *garbage, *position_error, *replay_error;

    struct tide_verdict verdict;
    int attempts; /**< to write the end down */
};

/** What the run needs of its supervisor; all of it outlives the run. */
struct tide_supervise {
    uv_loop_t *loop;
    const struct tide_clock *clock;
    struct tide_store *store;
    char *worker_path, *plugin_folder;
    int64_t max_concurrent, grace_us;
    struct tide_worker_limits limits;
    int64_t checkpoint_us;
    int64_t reject_count, reject_bytes;

    uv_signal_t child; /**< SIGCHLD; data: this */
    uv_timer_t tick;   /**< while there are runs; data: this */
    int handles;       /**< of the two, not closed yet */
    struct tide_supervised *waiting, *active;
    struct tide_supervise_stats stats;
    tide_supervise_watch_fn watch;
    void *watch_arg;
    int64_t resuming; /**< lists of queued runs on their way from the store */
    bool closing, handles_closing;
    int64_t close_deadline; /**< monotonic: then the live ones are cancelled */
    void (*closed)(void *arg);
    void *closed_arg;
};

int64_t tide_supervise_now(const struct tide_supervise *supervise);

/** Start a waiting run, which is among the active ones by now. */
void tide_supervised_start(struct tide_supervised *run);
/** Ask it to stop, or kill it at once when it hangs; only the first cause counts. */
void tide_supervised_stop(struct tide_supervised *run, enum tide_stop_cause cause);
/** See whether its process has ended. */
void tide_supervised_reap(struct tide_supervised *run);
/** Look at its clock: limits, graces, retries. */
void tide_supervised_tick(struct tide_supervised *run);
/** Free one that has no handles, process or commands any more. */
void tide_supervised_destroy(struct tide_supervised *run);

/* ---- between the files of this module ---- */

/** What is read of the pipe at a time. */
#define TIDE_SUPERVISED_READ 65536

/** Append the job's document. */
void tide_supervised_job(const struct tide_supervise *supervise,
                         const struct tide_run_job *job, struct tide_text *text);
/** Read the pipe, from now on. */
void tide_supervised_read(struct tide_supervised *run);
void tide_supervised_close_pipe(struct tide_supervised *run);
/** Hand the rejects in the bag to the store. */
void tide_supervised_flush_rejects(struct tide_supervised *run);
/** The worker is done when its exit and the end of its pipe were both seen, and what
 * became of its positions is known. */
void tide_supervised_check_done(struct tide_supervised *run);

/* ---- called back by a run ---- */

/** It could not be made running: put it back into the line, or forget it. */
void tide_supervise_return(struct tide_supervise *supervise, struct tide_supervised *run,
                           bool again);
/** Its end is written (record), or cannot be (NULL): forget it. */
void tide_supervise_release(struct tide_supervise *supervise, struct tide_supervised *run,
                            const struct tide_run_record *record);

#endif
