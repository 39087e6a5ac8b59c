/*
 * ledger - the counts of a run: how many rows each step passed and failed.
 *
 * The page that others may be reading meanwhile (struct tide_ledger) is written with
 * relaxed stores; each member has one writing thread.
 */
#ifndef TIDE_RUN_LEDGER_H
#define TIDE_RUN_LEDGER_H

#include "pipeline/worker.h"

/** The counts of one table, by step. */
struct tide_tally {
    int64_t passed[TIDE_STEPS];
    int64_t failed[TIDE_STEPS];
};

/** Add to a counter of the page of which the calling thread is the only writer. */
void tide_ledger_add(int64_t *counter, int64_t more);
int64_t tide_ledger_read(const int64_t *counter);

/** Count rows at a step, in the page and in the table's tally. */
void tide_ledger_count(struct tide_ledger *ledger, struct tide_tally *tally, int step,
                       int64_t passed, int64_t failed);

/** Rows that the source gave, bad ones among them. */
static inline int64_t tide_tally_received(const struct tide_tally *tally)
{
    return tally->passed[TIDE_STEP_RECEIVE] + tally->failed[TIDE_STEP_RECEIVE];
}

/** Hold the tally against itself: what a step passed is what the next one passed and
 * failed.  TIDE_E_INTERNAL says where not. */
TIDE_MUST_CHECK
int tide_tally_check(const struct tide_tally *tally, struct tide_error *err);

#endif
