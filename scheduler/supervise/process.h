/*
 * process - starts a worker with its five descriptors, and sees how it ended.
 *
 * posix_spawn, not fork: its cost does not grow with the memory of the daemon.  The
 * worker leads a process group of its own, so that what it may have started goes with it.
 *
 * Layer: inside scheduler/supervise; the loop thread.
 */
#ifndef TIDE_SUPERVISE_PROCESS_H
#define TIDE_SUPERVISE_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "pipeline/worker.h"

/** Zero it to begin. */
struct tide_process {
    pid_t pid;                  /**< 0 when it was reaped, or never started */
    int status;                 /**< of waitpid(), once it was reaped */
    int64_t peak_bytes;         /**< most memory it held, once it was reaped */
    int64_t cpu_us;             /**< processor time it used, once it was reaped */
    struct tide_ledger *ledger; /**< mapped; only read; NULL before the start */
};

/** Start the program at path, with the job on its standard input.  *events is the reading
 * end of the event pipe, the caller's, non-blocking.  TIDE_E_IO. */
TIDE_MUST_CHECK
int tide_process_start(struct tide_process *process, char *path, const char *job,
                       size_t job_length, int *events, struct tide_error *err);

/** See whether it has ended; when it has, end the rest of its group, reap it, and fill in
 * status, peak_bytes and cpu_us.  Never blocks. */
bool tide_process_reap(struct tide_process *process);

/** SIGTERM to the worker: stop at the next batch boundary. */
void tide_process_ask(const struct tide_process *process);
/** SIGKILL to its whole group. */
void tide_process_kill(const struct tide_process *process);

/** A consistent-by-member copy of the ledger; zeros before the start. */
void tide_process_ledger(const struct tide_process *process, struct tide_ledger *copy);

/** Release the ledger.  The process must have been reaped. */
void tide_process_fini(struct tide_process *process);

#endif
