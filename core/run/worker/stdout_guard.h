/*
 * stdout_guard - standard output is nobody's in a worker: what a plugin prints there ends
 * its run, by name.
 *
 * Threads: its own drains the pipe, so that a plugin that prints much does not hang.
 */
#ifndef TIDE_RUN_WORKER_STDOUT_GUARD_H
#define TIDE_RUN_WORKER_STDOUT_GUARD_H

#include "pipeline/worker.h"

struct tide_stdout_guard;

/** Put a pipe in the place of fd 1.  The ledger, borrowed, tells whose output it is. */
TIDE_MUST_CHECK
int tide_stdout_guard_start(const struct tide_ledger *ledger,
                            struct tide_stdout_guard **out, struct tide_error *err);
/** TIDE_E_INTERNAL when anything was printed so far, also what still waits in libc's
 * buffer. */
TIDE_MUST_CHECK
int tide_stdout_guard_check(struct tide_stdout_guard *guard, struct tide_error *err);
/** Put /dev/null in the place of fd 1. */
void tide_stdout_guard_stop(struct tide_stdout_guard *guard);

#endif
