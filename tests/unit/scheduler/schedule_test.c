/*
 * schedule_test - schedule, store and supervisor together on a fake clock: what a person
 * sees of slots in the list of runs.
 */
#include "store_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "schedule/schedule.h"

#define SECOND INT64_C(1000000)
#define HOUR (60 * TIDE_MINUTE)
#define SKIPPED TIDE_RUN_STATE_BIT(TIDE_RUN_SKIPPED)
#define SUCCEEDED TIDE_RUN_STATE_BIT(TIDE_RUN_SUCCEEDED)

static struct tide_supervise *supervise;
static struct tide_schedule *schedule;
static int64_t ended;

static void note_end(void *arg, const struct tide_run_record *run)
{
    (void)arg;
    (void)run;
    ended++;
}

static void note_closed(void *arg)
{
    *(bool *)arg = true;
}

static void start(struct tide_slot_rules rules)
{
    char *worker = tide_program_path("fake_worker");
    struct tide_supervise_options supervise_options = {.loop = &fx.loop,
                                                       .clock = &fx.clock.clock,
                                                       .store = fx.store,
                                                       .worker_path = worker,
                                                       .plugin_folder = "/",
                                                       .max_concurrent = 4};
    struct tide_schedule_options options = {
        .loop = &fx.loop, .clock = &fx.clock.clock, .store = fx.store, .rules = rules};
    struct tide_error err;

    assert_int_equal(tide_supervise_create(&supervise_options, &supervise, &err),
                     TIDE_OK);
    tide_supervise_watch(supervise, note_end, NULL);
    options.supervise = supervise;
    schedule = tide_schedule_create(&options);
    while (!tide_schedule_is_ready(schedule)) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
    free(worker);
}

static void stop(void)
{
    bool closed = false;

    tide_schedule_close(schedule, note_closed, &closed);
    fixture_await(&fx, &closed);
    closed = false;
    tide_supervise_close(supervise, 0, note_closed, &closed);
    fixture_await(&fx, &closed);
}

static int setup(void **state)
{
    (void)state;
    fixture_setup(&fx);
    ended = 0;
    start((struct tide_slot_rules){0});
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    stop();
    fixture_teardown(&fx);
    return 0;
}

/* ---- helpers ------------------------------------------------------------------------*/

static struct tide_pipeline_record make(int64_t minutes)
{
    return make_pipeline_of(&fx, "p", minutes, "{\"script\":\"succeed\"}");
}

static struct tide_schedule_stats stats(void)
{
    struct tide_schedule_stats now;

    tide_schedule_stats(schedule, &now);
    return now;
}

static struct answer runs(unsigned states)
{
    struct tide_run_filter filter = {.limit = 1000, .states = states};

    return list_runs(&fx, &filter);
}

static void await_due(int64_t id, int64_t due)
{
    while (read_pipeline(&fx, id).next_due != due) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
}

static void await_ends(int64_t count)
{
    while (ended < count) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
}

/* ---- slots --------------------------------------------------------------------------*/

static void a_pipeline_runs_by_itself_at_its_slots(void **state)
{
    struct tide_pipeline_record pipeline = make(5);
    struct answer seen;

    (void)state;
    for (int i = 0; i < 3; i++) {
        fake_clock_advance(&fx.clock,
                           pipeline.next_due + i * 5 * TIDE_MINUTE - fx.clock.wall_us);
        await_ends(i + 1);
    }
    seen = runs(SUCCEEDED);
    assert_int_equal(seen.count, 3);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(seen.runs[2 - i].slot, pipeline.next_due + i * 5 * TIDE_MINUTE);
        assert_int_equal(seen.runs[2 - i].trigger, TIDE_TRIGGER_SCHEDULE);
    }
    assert_int_equal(stats().slots_run, 3);
    assert_int_equal(stats().lateness[0], 3);
    assert_int_equal(stats().lateness_max_us, 0);
    assert_int_equal(stats().clock_jumps, 0);
    assert_int_equal(stats().entries, 1);
}

static void what_was_missed_while_no_daemon_ran_is_one_run_and_one_skip(void **state)
{
    struct tide_pipeline_record pipeline = make(60);
    struct answer seen;

    (void)state;
    stop();
    fixture_close(&fx);
    fake_clock_advance(&fx.clock, pipeline.next_due + 3 * HOUR - NOON);
    assert_int_equal(fixture_open(&fx, NULL), TIDE_OK);
    start((struct tide_slot_rules){0});
    await_ends(1);
    seen = runs(SUCCEEDED);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.runs[0].slot, pipeline.next_due + 3 * HOUR);
    seen = runs(SKIPPED);
    assert_int_equal(seen.count, 1);
    assert_int_equal(seen.runs[0].slot, pipeline.next_due + 2 * HOUR);
    assert_int_equal(seen.runs[0].slot_count, 3);
    assert_string_equal(seen.runs[0].error, "missed: no daemon was running");
    assert_int_equal(stats().slots_skipped, 3);
}

static void missed_slots_may_all_run_one_after_the_other(void **state)
{
    struct tide_pipeline_record pipeline = make(60);
    struct answer seen;

    (void)state;
    stop();
    fake_clock_advance(&fx.clock, pipeline.next_due + 3 * HOUR - NOON);
    start((struct tide_slot_rules){.missed = TIDE_MISSED_ALL, .most = 3});
    await_ends(3);
    seen = runs(SUCCEEDED);
    assert_int_equal(seen.count, 3);
    assert_int_equal(seen.runs[2].slot, pipeline.next_due + HOUR);
    assert_int_equal(seen.runs[2].trigger, TIDE_TRIGGER_BACKFILL);
    assert_int_equal(seen.runs[0].trigger, TIDE_TRIGGER_SCHEDULE);
    assert_int_equal(runs(SKIPPED).runs[0].slot_count, 1);
}

static void a_jump_of_the_clock_forward_counts_as_downtime(void **state)
{
    struct tide_pipeline_record pipeline = make(60);
    struct answer seen;

    (void)state;
    fake_clock_jump(&fx.clock, pipeline.next_due + 2 * HOUR - NOON);
    await_ends(1);
    assert_int_equal(stats().clock_jumps, 1);
    seen = runs(SKIPPED);
    assert_int_equal(seen.runs[0].slot_count, 2);
    assert_string_equal(seen.runs[0].error,
                        "missed: the system was suspended or its clock was set");
}

static void a_jump_back_runs_no_slot_twice_and_finds_the_next_one(void **state)
{
    struct tide_pipeline_record pipeline = make(60);
    int64_t first = pipeline.next_due;

    (void)state;
    fake_clock_advance(&fx.clock, first - NOON);
    await_ends(1);
    fake_clock_jump(&fx.clock, -30 * TIDE_MINUTE);
    await_due(pipeline.id, first);
    assert_int_equal(stats().clock_jumps, 1);
    fake_clock_advance(&fx.clock, 30 * TIDE_MINUTE);
    await_due(pipeline.id, first + HOUR);
    assert_int_equal(runs(0).count, 1);
    fake_clock_advance(&fx.clock, HOUR);
    await_ends(2);
    assert_int_equal(runs(0).count, 2);
}

static void a_clock_that_was_years_ahead_does_not_stop_the_schedule(void **state)
{
    struct tide_pipeline_record pipeline;

    (void)state;
    fake_clock_jump(&fx.clock, 70 * 365 * 24 * HOUR);
    pipeline = make(60);
    while (stats().clock_jumps == 0) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
    fake_clock_jump(&fx.clock, NOON - fx.clock.wall_us);
    await_due(pipeline.id, tide_slot_after(pipeline.uid, HOUR, NOON));
    fake_clock_advance(&fx.clock, HOUR);
    await_ends(1);
    assert_int_equal(runs(SUCCEEDED).count, 1);
}

static void a_slot_met_by_a_live_run_is_skipped(void **state)
{
    struct tide_pipeline_record pipeline =
        make_pipeline_of(&fx, "p", 60, "{\"script\":\"polite\"}");
    struct tide_ledger ledger = {0};
    struct answer live = create_run(&fx, pipeline.id, -1);

    (void)state;
    tide_supervise_submit(supervise, &live.run);
    while (!tide_supervise_progress(supervise, live.run.id, &ledger) ||
           ledger.batches == 0) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
    fake_clock_advance(&fx.clock, pipeline.next_due - NOON);
    await_due(pipeline.id, pipeline.next_due + HOUR);
    assert_string_equal(runs(SKIPPED).runs[0].error, "pipeline is already in progress");
    (void)tide_supervise_cancel(supervise, live.run.id);
    await_ends(1);
}

static void a_disabled_pipeline_does_not_run_and_replays_nothing(void **state)
{
    struct tide_pipeline_record pipeline = make(60);

    (void)state;
    (void)enable_pipeline(&fx, pipeline.id, false);
    assert_int_equal(stats().entries, 0);
    fake_clock_advance(&fx.clock, 5 * HOUR);
    pipeline = enable_pipeline(&fx, pipeline.id, true);
    assert_int_equal(stats().entries, 1);
    assert_int_equal(runs(0).count, 0);
    fake_clock_advance(&fx.clock, pipeline.next_due - fx.clock.wall_us);
    await_ends(1);
    assert_int_equal(runs(0).count, 1);
}

static void a_deleted_pipeline_leaves_the_schedule(void **state)
{
    struct tide_pipeline_record pipeline = make(60);

    (void)state;
    assert_int_equal(stats().entries, 1);
    assert_int_equal(stats().next_due, pipeline.next_due);
    delete_pipeline(&fx, pipeline.id);
    assert_int_equal(stats().entries, 0);
    assert_int_equal(stats().next_due, 0);
}

static void a_changed_period_counts_from_its_next_slot(void **state)
{
    struct tide_pipeline_record pipeline = make(1440);

    (void)state;
    pipeline = set_period(&fx, pipeline.id, 5);
    fake_clock_advance(&fx.clock, pipeline.next_due - NOON);
    await_ends(1);
    assert_int_equal(runs(0).runs[0].slot, pipeline.next_due);
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_pipeline_runs_by_itself_at_its_slots),
        TEST(what_was_missed_while_no_daemon_ran_is_one_run_and_one_skip),
        TEST(missed_slots_may_all_run_one_after_the_other),
        TEST(a_jump_of_the_clock_forward_counts_as_downtime),
        TEST(a_jump_back_runs_no_slot_twice_and_finds_the_next_one),
        TEST(a_clock_that_was_years_ahead_does_not_stop_the_schedule),
        TEST(a_slot_met_by_a_live_run_is_skipped),
        TEST(a_disabled_pipeline_does_not_run_and_replays_nothing),
        TEST(a_deleted_pipeline_leaves_the_schedule),
        TEST(a_changed_period_counts_from_its_next_slot),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
