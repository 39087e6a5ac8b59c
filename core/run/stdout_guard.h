/*
 * stdout_guard - standard output is nobody's during a run: what a plugin prints
 * there ends its run, by name.
 *
 * Threads: all functions but start and stop may be called on any.  The pipe is drained
 * after each call of a plugin, and does not block: one that prints more than it holds
 * loses the rest, and does not hang.
 */
#ifndef TIDE_RUN_STDOUT_GUARD_H
#define TIDE_RUN_STDOUT_GUARD_H

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
/** For struct tide_run_request, with the guard as arg: whose call it was, and the
 * check. */
void tide_stdout_guard_after_call(void *arg, const char *plugin);
TIDE_MUST_CHECK
int tide_stdout_guard_before_commit(void *arg, struct tide_error *err);
/** Put fd 1 back as it was.  NULL is fine. */
void tide_stdout_guard_stop(struct tide_stdout_guard *guard);

#endif
