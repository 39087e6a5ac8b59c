/*
 * ledger - the counts of a run; see ledger.h.
 */
#include "run/ledger.h"

#include <inttypes.h>

void tide_ledger_add(int64_t *counter, int64_t more)
{
    __atomic_store_n(counter, *counter + more, __ATOMIC_RELAXED);
}

int64_t tide_ledger_read(const int64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

void tide_ledger_count(struct tide_ledger *ledger, struct tide_tally *tally, int step,
                       int64_t passed, int64_t failed)
{
    tally->passed[step] += passed;
    tally->failed[step] += failed;
    tide_ledger_add(&ledger->passed[step], passed);
    if (failed != 0) {
        tide_ledger_add(&ledger->failed[step], failed);
    }
}

int tide_tally_check(const struct tide_tally *tally, struct tide_error *err)
{
    for (int step = 1; step < TIDE_STEPS; step++) {
        int64_t in = tally->passed[step - 1];

        if (in != tally->passed[step] + tally->failed[step]) {
            return tide_error_set(err, TIDE_E_INTERNAL,
                                  "the counts do not add up: step %s passed %" PRId64
                                  " rows, but %s counted %" PRId64 " passed and %" PRId64
                                  " failed; the rows in hand are not committed",
                                  tide_step_name(step - 1), in, tide_step_name(step),
                                  tally->passed[step], tally->failed[step]);
        }
    }
    return TIDE_OK;
}
