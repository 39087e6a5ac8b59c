/*
 * progress - one line on a terminal that tells how a run goes.
 *
 * Threads: a thread of its own reads the ledger a few times a second; nothing is printed
 * when stderr is no terminal.
 */
#ifndef TIDE_CLI_PROGRESS_H
#define TIDE_CLI_PROGRESS_H

#include "pipeline/worker.h"

struct tide_progress;

/** Borrows the ledger until stop. */
struct tide_progress *tide_progress_start(const struct tide_ledger *ledger);
/** Clears the line. */
void tide_progress_stop(struct tide_progress *progress);

/** "1.5MB/s", "46k rows/s": a number in three digits or so and its unit; out holds 32
 * bytes. */
const char *tide_progress_short(double number, const char *unit, char out[32]);

#endif
