/*
 * slot_test - the arithmetic of slots, against written-out values and itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/slot.h"

#define HOUR (60 * TIDE_MINUTE)
#define UID "0123456789abcdef0123456789abcdef"

/* Made with another implementation of BLAKE2b: a changed phase would move every
 * schedule. */
static void the_phase_of_a_pipeline_is_the_same_for_ever(void **state)
{
    (void)state;
    assert_int_equal(tide_slot_phase("00000000000000000000000000000000", 5 * TIDE_MINUTE),
                     INT64_C(52852873));
    assert_int_equal(tide_slot_phase(UID, HOUR), INT64_C(3519845285));
    assert_int_equal(tide_slot_phase("ffffffffffffffffffffffffffffffff", 24 * HOUR),
                     INT64_C(44692499223));
}

static void phases_are_spread_over_the_period(void **state)
{
    int quarters[4] = {0};
    char uid[33];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(uid, sizeof uid, "%032x", (unsigned)i);
        quarters[tide_slot_phase(uid, HOUR) / (HOUR / 4)]++;
    }
    for (int i = 0; i < 4; i++) {
        assert_in_range(quarters[i], 2300, 2700);
    }
}

static void slots_are_a_period_apart_also_before_1970(void **state)
{
    static const int64_t times[] = {INT64_C(1732730400000000), 0, 1, -1,
                                    INT64_C(-1732730400000001)};
    int64_t phase = tide_slot_phase(UID, HOUR);

    (void)state;
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        int64_t before = tide_slot_at_or_before(UID, HOUR, times[i]);
        int64_t after = tide_slot_after(UID, HOUR, times[i]);

        assert_true(before <= times[i] && times[i] < after);
        assert_int_equal(after - before, HOUR);
        assert_int_equal((before - phase) % HOUR, 0);
        assert_int_equal(tide_slot_at_or_before(UID, HOUR, before), before);
        assert_int_equal(tide_slot_after(UID, HOUR, before), after);
    }
}

static struct tide_slot_plan decide(enum tide_missed_policy missed, int64_t due,
                                    int64_t now)
{
    struct tide_slot_rules rules = {.missed = missed, .most = 3, .grace = TIDE_MINUTE};
    struct tide_slot_plan plan;

    assert_true(tide_slot_decide(HOUR, due, now, &rules, &plan));
    assert_true(plan.next_due > now && plan.next_due <= now + HOUR);
    return plan;
}

static void nothing_is_due_before_its_time(void **state)
{
    struct tide_slot_rules rules = {.missed = TIDE_MISSED_LATEST};
    struct tide_slot_plan plan;

    (void)state;
    assert_false(tide_slot_decide(HOUR, 1000, 999, &rules, &plan));
    assert_true(tide_slot_decide(HOUR, 1000, 1000, &rules, &plan));
    assert_int_equal(plan.run_count, 1);
    assert_int_equal(plan.run[0], 1000);
    assert_int_equal(plan.skip_count, 0);
    assert_int_equal(plan.skip_last, 0);
    assert_int_equal(plan.next_due, 1000 + HOUR);
}

static void of_missed_slots_the_latest_runs(void **state)
{
    struct tide_slot_plan plan = decide(TIDE_MISSED_LATEST, 1000, 1000 + 5 * HOUR - 1);

    (void)state;
    assert_int_equal(plan.run_count, 1);
    assert_int_equal(plan.run[0], 1000 + 4 * HOUR);
    assert_int_equal(plan.skip_count, 4);
    assert_int_equal(plan.skip_last, 1000 + 3 * HOUR);
}

static void a_missed_slot_is_skipped_but_one_within_the_grace_is_not_missed(void **state)
{
    struct tide_slot_plan plan =
        decide(TIDE_MISSED_SKIP, 1000, 1000 + 2 * HOUR + TIDE_MINUTE);

    (void)state;
    assert_int_equal(plan.run_count, 1);
    assert_int_equal(plan.skip_count, 2);
    plan = decide(TIDE_MISSED_SKIP, 1000, 1000 + 2 * HOUR + TIDE_MINUTE + 1);
    assert_int_equal(plan.run_count, 0);
    assert_int_equal(plan.skip_count, 3);
    assert_int_equal(plan.skip_last, 1000 + 2 * HOUR);
}

static void all_missed_slots_run_up_to_the_bound(void **state)
{
    struct tide_slot_plan plan = decide(TIDE_MISSED_ALL, 1000, 1000 + HOUR);

    (void)state;
    assert_int_equal(plan.run_count, 2);
    assert_int_equal(plan.run[0], 1000);
    assert_int_equal(plan.run[1], 1000 + HOUR);
    assert_int_equal(plan.skip_count, 0);
    plan = decide(TIDE_MISSED_ALL, 1000, 1000 + 9 * HOUR);
    assert_int_equal(plan.run_count, 3);
    assert_int_equal(plan.run[0], 1000 + 7 * HOUR);
    assert_int_equal(plan.run[2], 1000 + 9 * HOUR);
    assert_int_equal(plan.skip_count, 7);
    assert_int_equal(plan.skip_last, 1000 + 6 * HOUR);
}

static void every_due_slot_is_either_run_or_skipped(void **state)
{
    (void)state;
    srand(7);
    for (int i = 0; i < 100000; i++) {
        int64_t due = rand(), now = due + (int64_t)rand() * (rand() % 50);
        struct tide_slot_plan plan = decide((enum tide_missed_policy)(i % 3), due, now);
        int64_t count = (now - due) / HOUR + 1;

        assert_int_equal((int64_t)plan.run_count + plan.skip_count, count);
        if (plan.run_count > 0) {
            assert_int_equal(plan.run[plan.run_count - 1], plan.next_due - HOUR);
        }
        if (plan.skip_count > 0) {
            assert_int_equal(plan.skip_last, due + (plan.skip_count - 1) * HOUR);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_phase_of_a_pipeline_is_the_same_for_ever),
        cmocka_unit_test(phases_are_spread_over_the_period),
        cmocka_unit_test(slots_are_a_period_apart_also_before_1970),
        cmocka_unit_test(nothing_is_due_before_its_time),
        cmocka_unit_test(of_missed_slots_the_latest_runs),
        cmocka_unit_test(a_missed_slot_is_skipped_but_one_within_the_grace_is_not_missed),
        cmocka_unit_test(all_missed_slots_run_up_to_the_bound),
        cmocka_unit_test(every_due_slot_is_either_run_or_skipped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
