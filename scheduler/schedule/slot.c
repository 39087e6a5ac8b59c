/*
 * slot - the arithmetic of schedules.  Layer: pure.
 */
#include "schedule/slot.h"

#include <sodium.h>
#include <string.h>

#include "base/check.h"

int64_t tide_slot_phase(const char *uid, int64_t period)
{
    unsigned char hash[crypto_generichash_BYTES_MIN];
    uint64_t number = 0;

    TIDE_REQUIRE(period > 0);
    (void)crypto_generichash(hash, sizeof hash, (const unsigned char *)uid, strlen(uid),
                             NULL, 0);
    for (size_t i = 8; i > 0; i--) {
        number = number << 8 | hash[i - 1];
    }
    return (int64_t)(number % (uint64_t)period);
}

/* The remainder that is never negative. */
static int64_t modulo(int64_t value, int64_t period)
{
    int64_t rest = value % period;

    return rest < 0 ? rest + period : rest;
}

int64_t tide_slot_at_or_before(const char *uid, int64_t period, int64_t time)
{
    return time - modulo(time - tide_slot_phase(uid, period), period);
}

int64_t tide_slot_after(const char *uid, int64_t period, int64_t time)
{
    return tide_slot_at_or_before(uid, period, time) + period;
}

/* How many of `due` slots, the last of them `late` microseconds ago, run. */
static int64_t slots_to_run(const struct tide_slot_rules *rules, int64_t due,
                            int64_t late)
{
    if (rules->missed == TIDE_MISSED_SKIP) {
        return late <= rules->grace ? 1 : 0;
    }
    if (rules->missed == TIDE_MISSED_LATEST) {
        return 1;
    }
    TIDE_REQUIRE(rules->most >= 1 && rules->most <= TIDE_SLOTS_MOST);
    return due < rules->most ? due : rules->most;
}

bool tide_slot_decide(int64_t period, int64_t due, int64_t now,
                      const struct tide_slot_rules *rules, struct tide_slot_plan *plan)
{
    int64_t count, last, run;

    TIDE_REQUIRE(period > 0);
    if (due > now) {
        return false;
    }
    count = (now - due) / period + 1;
    last = due + (count - 1) * period;
    run = slots_to_run(rules, count, now - last);
    plan->run_count = (size_t)run;
    for (int64_t i = 0; i < run; i++) {
        plan->run[i] = last - (run - 1 - i) * period;
    }
    plan->skip_count = count - run;
    plan->skip_last = count > run ? last - run * period : 0;
    plan->next_due = last + period;
    return true;
}
