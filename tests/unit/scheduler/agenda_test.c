/*
 * agenda_test - no slot is lost or run twice, whatever happens: random edits, jumps of
 * the clock and restarts against a model.
 *
 * The model of the store keeps what the real one keeps: next_due, and the runs by slot.
 * Beside it an oracle walks over time by itself, knows nothing of next_due, and notes
 * every slot that the wall clock passed while the pipeline was enabled.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "schedule/agenda.h"
#include "schedule/slot.h"

#define PIPELINES 12
#define START INT64_C(1732730400000000)
#define SLOTS_MOST 60000

/* ---- sets of slots ------------------------------------------------------------------*/

struct set {
    int64_t *items;
    size_t count;
};

static bool set_has(const struct set *set, int64_t item)
{
    for (size_t i = set->count; i > 0; i--) {
        if (set->items[i - 1] == item) {
            return true;
        }
    }
    return false;
}

static void set_add(struct set *set, int64_t item)
{
    if (!set_has(set, item)) {
        assert_true(set->count < SLOTS_MOST);
        set->items[set->count++] = item;
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

static void assert_same(struct set *a, struct set *b)
{
    qsort(a->items, a->count, sizeof *a->items, compare);
    qsort(b->items, b->count, sizeof *b->items, compare);
    assert_int_equal(a->count, b->count);
    assert_memory_equal(a->items, b->items, a->count * sizeof *a->items);
}

/* ---- the world ----------------------------------------------------------------------*/

struct pipeline {
    char uid[33];
    bool enabled;
    int64_t period;   /* 0: none */
    int64_t next_due; /* as the store keeps it */
    struct set ran;   /* slots with a run */
    struct set done;  /* slots with a run or a skip */
    struct set due;   /* the oracle's: slots that had to be done */
};

static struct pipeline pipelines[PIPELINES];
static struct tide_agenda *agenda;
static struct tide_slot_rules rules;
static int64_t now;
static int64_t runs, repeats;

static void world_start(unsigned seed, enum tide_missed_policy missed)
{
    srand(seed);
    rules = (struct tide_slot_rules){.missed = missed, .most = 4, .grace = 1000000};
    now = START;
    runs = repeats = 0;
    agenda = tide_agenda_create();
    for (int i = 0; i < PIPELINES; i++) {
        struct pipeline *pipeline = &pipelines[i];

        memset(pipeline, 0, sizeof *pipeline);
        (void)snprintf(pipeline->uid, sizeof pipeline->uid, "%032x",
                       seed * 100 + (unsigned)i);
        pipeline->ran.items = tide_alloc_array(SLOTS_MOST, sizeof(int64_t));
        pipeline->done.items = tide_alloc_array(SLOTS_MOST, sizeof(int64_t));
        pipeline->due.items = tide_alloc_array(SLOTS_MOST, sizeof(int64_t));
    }
}

static void world_end(void)
{
    tide_agenda_destroy(agenda);
    for (int i = 0; i < PIPELINES; i++) {
        free(pipelines[i].ran.items);
        free(pipelines[i].done.items);
        free(pipelines[i].due.items);
    }
}

static struct pipeline *pipeline_of(const char *uid)
{
    int i = 0;

    while (strcmp(pipelines[i].uid, uid) != 0) {
        i++;
    }
    return &pipelines[i];
}

/* The store: a slot that has a run gets no second one. */
static void store_plan(struct pipeline *pipeline, const struct tide_slot_plan *plan)
{
    for (size_t i = 0; i < plan->run_count; i++) {
        if (set_has(&pipeline->done, plan->run[i])) {
            repeats++;
        } else {
            set_add(&pipeline->ran, plan->run[i]);
            runs++;
        }
        set_add(&pipeline->done, plan->run[i]);
    }
    for (int64_t i = 0; i < plan->skip_count; i++) {
        set_add(&pipeline->done, plan->skip_last - i * pipeline->period);
    }
    pipeline->next_due = plan->next_due;
}

/* What schedule.c does, with the answers of the store at once. */
static void fire(void)
{
    struct tide_agenda_item item;
    struct tide_slot_plan plan;

    while (tide_agenda_take(agenda, now, &item)) {
        struct pipeline *pipeline = pipeline_of(item.uid);

        assert_int_equal(item.due, pipeline->next_due);
        assert_int_equal(item.period, pipeline->period);
        if (item.due > now) {
            pipeline->next_due = tide_slot_after(item.uid, item.period, now);
        } else {
            assert_true(tide_slot_decide(item.period, item.due, now, &rules, &plan));
            store_plan(pipeline, &plan);
        }
        tide_agenda_settle(agenda, item.uid, pipeline->next_due, now);
    }
}

/* ---- what happens -------------------------------------------------------------------*/

static void expect_slots(struct pipeline *pipeline, int64_t from, int64_t to)
{
    if (!pipeline->enabled || pipeline->period == 0) {
        return;
    }
    for (int64_t slot = tide_slot_after(pipeline->uid, pipeline->period, from);
         slot <= to; slot += pipeline->period) {
        set_add(&pipeline->due, slot);
    }
}

static void pass(int64_t us)
{
    for (int i = 0; i < PIPELINES; i++) {
        expect_slots(&pipelines[i], now, now + us);
    }
    now += us;
}

static void turn_back(int64_t us)
{
    now -= us;
    tide_agenda_turn_back(agenda, now);
}

static void edit(struct pipeline *pipeline)
{
    static const int64_t periods[] = {0, 5, 15, 30, 60, 120, 1440};
    bool enabled = rand() % 4 != 0;
    int64_t period = periods[rand() % 7] * TIDE_MINUTE;

    if (enabled == pipeline->enabled && period == pipeline->period) {
        return;
    }
    pipeline->enabled = enabled;
    pipeline->period = period;
    pipeline->next_due =
        enabled && period ? tide_slot_after(pipeline->uid, period, now) : 0;
    tide_agenda_set(agenda, pipeline->uid, period, pipeline->next_due, now);
}

static void restart(void)
{
    tide_agenda_destroy(agenda);
    agenda = tide_agenda_create();
    pass((int64_t)(rand() % 300) * TIDE_MINUTE);
    for (int i = 0; i < PIPELINES; i++) {
        tide_agenda_set(agenda, pipelines[i].uid, pipelines[i].period,
                        pipelines[i].next_due, now);
    }
}

static void live_one_step(void)
{
    int what = rand() % 1000;

    if (what < 900) {
        pass((int64_t)(rand() % 240) * 1000000);
    } else if (what < 960) {
        edit(&pipelines[rand() % PIPELINES]);
    } else if (what < 975) {
        pass((int64_t)(rand() % 400) * TIDE_MINUTE);
    } else if (what < 990) {
        turn_back((int64_t)(rand() % 400) * TIDE_MINUTE);
    } else {
        restart();
    }
    fire();
}

static void live(unsigned seed, enum tide_missed_policy missed, int steps)
{
    world_start(seed, missed);
    for (int step = 0; step < steps; step++) {
        live_one_step();
    }
    for (int i = 0; i < PIPELINES; i++) {
        assert_same(&pipelines[i].done, &pipelines[i].due);
    }
    assert_true(runs > 0 && repeats > 0);
    world_end();
}

static void no_slot_is_lost_or_doubled_when_the_latest_missed_one_runs(void **state)
{
    (void)state;
    live(1, TIDE_MISSED_LATEST, 34000);
}

static void no_slot_is_lost_or_doubled_when_missed_ones_are_skipped(void **state)
{
    (void)state;
    live(2, TIDE_MISSED_SKIP, 34000);
}

static void no_slot_is_lost_or_doubled_when_missed_ones_run(void **state)
{
    (void)state;
    live(3, TIDE_MISSED_ALL, 34000);
}

/* ---- single properties --------------------------------------------------------------*/

#define UID "0123456789abcdef0123456789abcdef"
#define HOUR (60 * TIDE_MINUTE)

static int setup(void **state)
{
    (void)state;
    agenda = tide_agenda_create();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tide_agenda_destroy(agenda);
    return 0;
}

static void an_entry_under_way_is_not_taken_again(void **state)
{
    struct tide_agenda_item item;

    (void)state;
    tide_agenda_set(agenda, UID, HOUR, START, START);
    assert_false(tide_agenda_take(agenda, START - 1, &item));
    assert_true(tide_agenda_take(agenda, START, &item));
    assert_false(tide_agenda_take(agenda, START + 5 * HOUR, &item));
    tide_agenda_set(agenda, UID, HOUR, START, START);
    assert_false(tide_agenda_take(agenda, START + 5 * HOUR, &item));
    tide_agenda_settle(agenda, UID, START + HOUR, START);
    assert_int_equal(tide_agenda_next(agenda), START + HOUR);
    assert_true(tide_agenda_take(agenda, START + HOUR, &item));
    assert_int_equal(item.due, START + HOUR);
}

static void one_that_was_disabled_while_under_way_goes_when_it_is_settled(void **state)
{
    struct tide_agenda_item item;

    (void)state;
    tide_agenda_set(agenda, UID, HOUR, START, START);
    assert_true(tide_agenda_take(agenda, START, &item));
    tide_agenda_set(agenda, UID, HOUR, 0, START);
    assert_int_equal(tide_agenda_size(agenda), 1);
    tide_agenda_settle(agenda, UID, 0, START);
    assert_int_equal(tide_agenda_size(agenda), 0);
    assert_int_equal(tide_agenda_next(agenda), 0);
}

static void a_claim_that_failed_is_tried_again_later_for_the_same_slot(void **state)
{
    struct tide_agenda_item item;

    (void)state;
    tide_agenda_set(agenda, UID, HOUR, START, START);
    assert_true(tide_agenda_take(agenda, START, &item));
    tide_agenda_retry(agenda, UID, START + 1000);
    assert_false(tide_agenda_take(agenda, START + 999, &item));
    assert_true(tide_agenda_take(agenda, START + 1000, &item));
    assert_int_equal(item.due, START);
}

static void ten_thousand_entries_come_in_the_order_of_their_slots(void **state)
{
    struct tide_agenda_item item;
    int64_t last = 0;
    char uid[33];

    (void)state;
    for (int i = 0; i < 10000; i++) {
        (void)snprintf(uid, sizeof uid, "%032x", (unsigned)i);
        tide_agenda_set(agenda, uid, HOUR, tide_slot_after(uid, HOUR, START), START);
    }
    assert_int_equal(tide_agenda_size(agenda), 10000);
    for (int i = 0; i < 10000; i++) {
        assert_true(tide_agenda_take(agenda, START + HOUR, &item));
        assert_true(item.due >= last);
        last = item.due;
    }
    assert_false(tide_agenda_take(agenda, START + HOUR, &item));
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_slot_is_lost_or_doubled_when_the_latest_missed_one_runs),
        cmocka_unit_test(no_slot_is_lost_or_doubled_when_missed_ones_are_skipped),
        cmocka_unit_test(no_slot_is_lost_or_doubled_when_missed_ones_run),
        TEST(an_entry_under_way_is_not_taken_again),
        TEST(one_that_was_disabled_while_under_way_goes_when_it_is_settled),
        TEST(a_claim_that_failed_is_tried_again_later_for_the_same_slot),
        TEST(ten_thousand_entries_come_in_the_order_of_their_slots),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
