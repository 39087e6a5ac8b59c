/*
 * supervise_test - real processes of a fake worker, and what becomes of their runs.
 *
 * Time is the fixture's fake clock, so limits and graces pass when a test says so.
 */
#include "store_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "supervise/supervise.h"

#define SECOND INT64_C(1000000)

static struct fixture fx;
static struct tide_supervise *supervise;

/* The last run that ended, and how many did. */
static struct answer ended;
static int64_t ended_count;

static void note_end(void *arg, const struct tide_run_record *run)
{
    (void)arg;
    ended.fixture = &fx;
    take_run(&ended, run, NULL);
    ended_count++;
}

static void start_supervisor(int64_t concurrent)
{
    char *worker = tide_program_path("fake_worker");
    struct tide_supervise_options options = {
        .loop = &fx.loop,
        .clock = &fx.clock.clock,
        .store = fx.store,
        .worker_path = worker,
        .plugin_folder = "/plugins \"here\"",
        .max_concurrent = concurrent,
        .grace_us = 5 * SECOND,
        .limits = {.cpu_seconds = 7, .wall_seconds = 60, .hang_seconds = 30},
        .reject_count = 1000};
    struct tide_error err;

    assert_int_equal(tide_supervise_create(&options, &supervise, &err), TIDE_OK);
    tide_supervise_watch(supervise, note_end, NULL);
    free(worker);
}

static void note_closed(void *arg)
{
    *(bool *)arg = true;
}

static void stop_supervisor(int64_t grace)
{
    bool closed = false;

    tide_supervise_close(supervise, grace, note_closed, &closed);
    fixture_await(&fx, &closed);
    supervise = NULL;
}

static int setup(void **state)
{
    (void)state;
    fixture_setup(&fx);
    ended = (struct answer){0};
    ended_count = 0;
    start_supervisor(4);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    if (supervise) {
        stop_supervisor(0);
    }
    fixture_teardown(&fx);
    return 0;
}

/* ---- helpers ------------------------------------------------------------------------*/

static struct tide_run_record submit(const char *script)
{
    struct tide_pipeline_record pipeline;
    char definition[64];
    struct answer made;

    (void)snprintf(definition, sizeof definition, "{\"script\":\"%s\"}", script);
    pipeline = make_pipeline_of(&fx, script, 0, definition);
    made = create_run(&fx, pipeline.id, -1);
    tide_supervise_submit(supervise, &made.run);
    return made.run;
}

static void await_ends(int64_t count)
{
    while (ended_count < count) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
}

/* Run a script to its end. */
static struct tide_run_record run_script(const char *script)
{
    int64_t before = ended_count;

    (void)submit(script);
    await_ends(before + 1);
    return ended.run;
}

static struct tide_supervise_stats stats(void)
{
    struct tide_supervise_stats now;

    tide_supervise_stats(supervise, &now);
    return now;
}

/* Until the worker has begun and has done what it does before it waits. */
static void await_live(int64_t run)
{
    struct tide_ledger ledger = {0};

    while (!tide_supervise_progress(supervise, run, &ledger) ||
           ledger.magic != TIDE_LEDGER_MAGIC || ledger.batches == 0) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
}

static void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}

/* ---- ends ---------------------------------------------------------------------------*/

static void a_run_that_succeeds_is_stored_with_all_it_said(void **state)
{
    static const int64_t passed[] = {10, 9, 8, 8, 8, 8}, failed[] = {1, 1, 1, 0, 0, 0};
    struct tide_run_record run = run_script("succeed");
    struct answer rejects = {.fixture = &fx};

    (void)state;
    assert_int_equal(run.state, TIDE_RUN_SUCCEEDED);
    assert_memory_equal(run.passed, passed, sizeof passed);
    assert_memory_equal(run.failed, failed, sizeof failed);
    assert_int_equal(run.bytes_read, 100);
    assert_int_equal(run.bytes_written, 80);
    assert_int_equal(run.rejects_kept, 1);
    assert_int_equal(run.rejects_dropped, 4);
    assert_string_equal(run.error, "");
    assert_contains(run.detail, "\"guarantee\":\"exactly once\"");
    assert_contains(run.detail, "\"tables\":[{\"name\":\"t\"}]");
    assert_contains(run.detail, "\"finalize\"");
    tide_store_rejects_list(fx.store, 0, run.id, 0, 10, take_rejects, &rejects);
    fixture_await(&fx, &rejects.done);
    assert_int_equal(rejects.count, 1);
    assert_string_equal(rejects.rejects[0].row, "{\"a\":[1,\"x\"]}");
    assert_string_equal(rejects.rejects[0].origin, "t.csv");
    assert_int_equal(rejects.rejects[0].position, 17);
    assert_null(rejects.rejects[0].raw);
    assert_string_equal(rejects.rejects[0].replay, "j 0 1");
    assert_true(rejects.rejects[0].settled);
}

static void a_committed_position_reaches_the_next_run(void **state)
{
    struct tide_run_record run = run_script("succeed");
    int64_t next = create_run(&fx, run.pipeline, -1).run.id;

    (void)state;
    assert_string_equal(start_run(&fx, next).positions, "{\"t\":\"p-9\"}");
}

static void a_failure_keeps_the_words_of_the_worker(void **state)
{
    struct tide_run_record run = run_script("fail");

    (void)state;
    assert_int_equal(run.state, TIDE_RUN_FAILED);
    assert_string_equal(run.error, "tables[0]: no such file");
    assert_string_equal(run.error_code, "config");
}

static void a_crash_names_the_signal_the_activity_and_the_step(void **state)
{
    struct tide_run_record run = run_script("crash");

    (void)state;
    assert_int_equal(run.state, TIDE_RUN_FAILED);
    assert_string_equal(run.error, "worker was killed by signal 11 (Segmentation fault) "
                                   "while source csv read in step receive");
    assert_string_equal(run.error_code, "internal");
    assert_int_equal(run.passed[TIDE_STEP_RECEIVE], 5);
    assert_int_equal(run.failed[TIDE_STEP_RECEIVE], 2);
    assert_int_equal(run.bytes_read, 55);
}

static void a_crash_before_it_was_ready_says_so(void **state)
{
    struct tide_run_record run = run_script("dead at birth");

    (void)state;
    assert_int_equal(run.state, TIDE_RUN_FAILED);
    assert_contains(run.error, "signal 11 (Segmentation fault) while it was starting");
}

static void the_limit_on_cpu_time_is_named(void **state)
{
    struct tide_run_record run = run_script("cpu");

    (void)state;
    assert_int_equal(run.state, TIDE_RUN_FAILED);
    assert_contains(run.error, "more than its limit of 7 s of CPU time");
    assert_string_equal(run.error_code, "limit");
}

static void an_exit_without_an_end_fails_the_run(void **state)
{
    (void)state;
    assert_contains(run_script("early").error, "worker exited with status 3");
    assert_contains(run_script("nothing of the kind").error, "without a result");
    assert_contains(run_script("late").error, "worker exited with status 9");
    assert_int_equal(stats().ended[TIDE_RUN_FAILED], 3);
}

static void garbage_ends_the_run(void **state)
{
    (void)state;
    assert_contains(run_script("nonsense").error,
                    "worker sent what is no event (\"hello\" is not JSON)");
    assert_contains(run_script("nameless").error, "has no member");
    assert_contains(run_script("long line").error, "a line of more than");
    assert_int_equal(stats().ended[TIDE_RUN_FAILED], 3);
}

static void a_worker_that_cannot_be_started_fails_its_run(void **state)
{
    char *script = fixture_path(&fx, "not-a-program");
    struct tide_supervise_options options = {.loop = &fx.loop,
                                             .clock = &fx.clock.clock,
                                             .store = fx.store,
                                             .worker_path = script,
                                             .plugin_folder = "/"};
    struct tide_supervise *broken = NULL;
    struct tide_error err;

    (void)state;
    assert_int_equal(tide_supervise_create(&options, &broken, &err), TIDE_E_IO);
    assert_contains(err.message, script);
    stop_supervisor(0);
    assert_int_equal(tide_file_write(script, "\x7f no", 4, 0700, &err), TIDE_OK);
    assert_int_equal(tide_supervise_create(&options, &supervise, &err), TIDE_OK);
    tide_supervise_watch(supervise, note_end, NULL);
    assert_contains(run_script("succeed").error, "cannot start the worker");
    assert_string_equal(ended.run.error_code, "io");
    free(script);
}

static void a_reject_beyond_the_cap_is_counted_only(void **state)
{
    struct tide_run_record run = run_script("many");
    struct answer rejects = {.fixture = &fx};

    (void)state;
    assert_int_equal(run.state, TIDE_RUN_SUCCEEDED);
    assert_int_equal(run.rejects_kept, 1000);
    assert_int_equal(run.rejects_dropped, 4004);
    tide_store_rejects_list(fx.store, 0, run.id, 0, 1000, take_rejects, &rejects);
    fixture_await(&fx, &rejects.done);
    assert_int_equal(rejects.count, 1000);
    assert_int_equal(rejects.rejects[999].position, 1000);
}

static void what_a_worker_leaves_behind_ends_with_it(void **state)
{
    (void)state;
    assert_int_equal(run_script("child").state, TIDE_RUN_SUCCEEDED);
}

static void a_pipe_held_by_a_stranger_is_given_up(void **state)
{
    (void)state;
    (void)submit("escaped");
    while (ended_count == 0) {
        tide_fake_clock_advance(&fx.clock, SECOND / 10);
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
    assert_int_equal(ended.run.state, TIDE_RUN_SUCCEEDED);
}

/* ---- the job ------------------------------------------------------------------------*/

static void the_worker_is_given_its_job_and_nothing_else(void **state)
{
    struct tide_run_record run = run_script("report");
    struct json_object *job = NULL;
    struct tide_error err;

    (void)state;
    assert_int_equal(tide_json_parse(run.error, strlen(run.error), &job, &err), TIDE_OK);
    assert_int_equal(tide_json_int(job, "run", 0), run.id);
    assert_string_equal(tide_json_text(job, "pipeline"), run.pipeline_uid);
    assert_string_equal(tide_json_text(job, "plugin_folder"), "/plugins \"here\"");
    assert_int_equal(tide_json_int(job, "started_at", 0), NOON);
    assert_int_equal(tide_json_int(job, "attempt", 0), 1);
    assert_int_equal(tide_json_int(job, "checkpoint", 0), 5000000);
    assert_null(tide_json_member(job, "incremental"));
    assert_null(tide_json_member(job, "base_folder"));
    assert_int_equal(tide_json_int(tide_json_member(job, "limits"), "wall_seconds", 0),
                     60);
    assert_int_equal(tide_json_int(tide_json_member(job, "rejects"), "count", 0), 1000);
    assert_true(tide_json_bool(job, "output_is_null", false));
    assert_true(tide_json_bool(job, "leads", false));
    assert_false(tide_json_bool(job, "leaks", true));
    json_object_put(job);
}

/* ---- stopping -----------------------------------------------------------------------*/

static void a_cancelled_worker_stops_by_itself(void **state)
{
    struct tide_run_record run = submit("polite");

    (void)state;
    await_live(run.id);
    assert_true(tide_supervise_cancel(supervise, run.id));
    assert_true(tide_supervise_cancel(supervise, run.id));
    await_ends(1);
    assert_int_equal(ended.run.state, TIDE_RUN_CANCELLED);
    assert_string_equal(ended.run.error, "run was cancelled");
    assert_int_equal(ended.run.passed[0], 10);
    assert_false(tide_supervise_cancel(supervise, run.id));
}

static void a_worker_that_does_not_stop_is_killed_after_the_grace(void **state)
{
    struct tide_run_record run = submit("stubborn");

    (void)state;
    await_live(run.id);
    (void)tide_supervise_cancel(supervise, run.id);
    tide_fake_clock_advance(&fx.clock, 5 * SECOND);
    await_ends(1);
    assert_int_equal(ended.run.state, TIDE_RUN_CANCELLED);
    assert_contains(ended.run.error, "did not stop within 5 s, so its worker was killed");
    assert_int_equal(ended.run.passed[0], 5);
}

static void a_worker_without_a_sign_of_life_is_killed(void **state)
{
    struct tide_run_record run = submit("hang");
    struct tide_ledger ledger = {0};

    (void)state;
    while (ledger.magic != TIDE_LEDGER_MAGIC) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
        (void)tide_supervise_progress(supervise, run.id, &ledger);
    }
    tide_fake_clock_advance(&fx.clock, 31 * SECOND);
    await_ends(1);
    assert_int_equal(ended.run.state, TIDE_RUN_FAILED);
    assert_string_equal(ended.run.error,
                        "worker hung: no sign of life for 30 s while source csv read in "
                        "step receive; it was killed");
}

static void the_limit_on_duration_stops_a_run(void **state)
{
    struct tide_run_record run = submit("polite");

    (void)state;
    await_live(run.id);
    tide_fake_clock_advance(&fx.clock, 61 * SECOND);
    await_ends(1);
    assert_int_equal(ended.run.state, TIDE_RUN_FAILED);
    assert_string_equal(ended.run.error, "run took longer than its limit of 60 s while "
                                         "source csv read in step receive");
    assert_string_equal(ended.run.error_code, "limit");
}

static void a_waiting_run_is_cancelled_without_a_worker(void **state)
{
    struct tide_run_record live, waiting;

    (void)state;
    stop_supervisor(0);
    start_supervisor(1);
    live = submit("polite");
    waiting = submit("succeed");
    await_live(live.id);
    assert_int_equal(stats().waiting, 1);
    assert_true(tide_supervise_cancel(supervise, waiting.id));
    await_ends(1);
    assert_int_equal(ended.run.id, waiting.id);
    assert_int_equal(ended.run.state, TIDE_RUN_CANCELLED);
    assert_int_equal(ended.run.started_at, 0);
    assert_int_equal(stats().started, 1);
    assert_int_equal(tide_supervise_cancel_pipeline(supervise, live.pipeline_uid), 1);
    await_ends(2);
}

static void a_run_cancelled_while_it_starts_never_runs(void **state)
{
    struct tide_run_record run = submit("succeed");

    (void)state;
    assert_true(tide_supervise_cancel(supervise, run.id));
    await_ends(1);
    assert_int_equal(ended.run.state, TIDE_RUN_CANCELLED);
    assert_int_equal(stats().started, 0);
}

/* Have the store refuse something. */
static void alter_store(const char *sql)
{
    char *path = fixture_path(&fx, "tidemill.db");
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_busy_timeout(db, 10000), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    free(path);
}

static void a_run_cancelled_while_its_start_fails_ends(void **state)
{
    struct tide_run_record run;

    (void)state;
    alter_store("CREATE TRIGGER t BEFORE UPDATE ON run WHEN NEW.state = 1 "
                "BEGIN SELECT raise(ABORT, 'disk is full'); END");
    run = submit("succeed");
    assert_true(tide_supervise_cancel(supervise, run.id));
    await_ends(1);
    assert_int_equal(ended.run.state, TIDE_RUN_CANCELLED);
    assert_int_equal(read_run(&fx, run.id).state, TIDE_RUN_CANCELLED);
}

static void a_position_that_cannot_be_stored_fails_the_run(void **state)
{
    struct tide_run_record run;

    (void)state;
    alter_store("CREATE TRIGGER t BEFORE INSERT ON position "
                "BEGIN SELECT raise(ABORT, 'disk is full'); END");
    run = run_script("succeed");
    assert_int_equal(run.state, TIDE_RUN_FAILED);
    assert_contains(run.error, "position they reach could not be stored");
}

/* ---- the line -----------------------------------------------------------------------*/

static void no_more_than_the_limit_run_at_a_time_and_in_order(void **state)
{
    struct tide_run_record runs[5];

    (void)state;
    stop_supervisor(0);
    start_supervisor(2);
    for (int i = 0; i < 5; i++) {
        runs[i] = submit("polite");
    }
    for (int i = 0; i < 5; i++) {
        await_live(runs[i].id);
        assert_true(stats().live <= 2);
        assert_int_equal(stats().waiting, i < 3 ? 3 - i : 0);
        (void)tide_supervise_cancel(supervise, runs[i].id);
        await_ends(i + 1);
        assert_int_equal(ended.run.id, runs[i].id);
    }
}

static void submitting_twice_runs_once(void **state)
{
    struct tide_run_record run = submit("succeed");

    (void)state;
    tide_supervise_submit(supervise, &run);
    await_ends(1);
    tide_supervise_submit(supervise, &run);
    while (stats().live + stats().waiting > 0) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
    assert_int_equal(ended_count, 1);
    assert_int_equal(stats().started, 1);
}

static void progress_is_that_of_the_ledger_while_it_lives(void **state)
{
    struct tide_run_record run = submit("polite");
    struct tide_ledger ledger;

    (void)state;
    await_live(run.id);
    assert_true(tide_supervise_progress(supervise, run.id, &ledger));
    assert_int_equal(ledger.passed[TIDE_STEP_RECEIVE], 5);
    assert_string_equal(ledger.activity, "source csv read");
    assert_int_equal(read_run(&fx, run.id).passed[0], 0);
    assert_false(tide_supervise_progress(supervise, run.id + 1, &ledger));
    (void)tide_supervise_cancel(supervise, run.id);
    await_ends(1);
    assert_false(tide_supervise_progress(supervise, run.id, &ledger));
}

/* ---- shutdown and restart -----------------------------------------------------------*/

static void closing_cancels_what_lives_and_leaves_what_waits(void **state)
{
    struct tide_run_record live, waiting;

    (void)state;
    stop_supervisor(0);
    start_supervisor(1);
    live = submit("polite");
    waiting = submit("succeed");
    await_live(live.id);
    stop_supervisor(0);
    assert_int_equal(read_run(&fx, live.id).state, TIDE_RUN_CANCELLED);
    assert_string_equal(read_run(&fx, live.id).error,
                        "run was cancelled: the daemon is stopping");
    assert_int_equal(read_run(&fx, waiting.id).state, TIDE_RUN_QUEUED);
    start_supervisor(1);
    tide_supervise_resume(supervise);
    await_ends(2);
    assert_int_equal(ended.run.id, waiting.id);
    assert_int_equal(ended.run.state, TIDE_RUN_SUCCEEDED);
}

static void within_the_grace_of_closing_a_run_may_end(void **state)
{
    struct tide_run_record run = submit("succeed");

    (void)state;
    stop_supervisor(60 * SECOND);
    assert_int_equal(read_run(&fx, run.id).state, TIDE_RUN_SUCCEEDED);
}

static void closing_kills_what_does_not_stop(void **state)
{
    struct tide_run_record run = submit("stubborn");
    bool closed = false;

    (void)state;
    await_live(run.id);
    tide_supervise_close(supervise, 0, note_closed, &closed);
    supervise = NULL;
    while (!closed) {
        tide_fake_clock_advance(&fx.clock, SECOND);
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
    assert_int_equal(read_run(&fx, run.id).state, TIDE_RUN_CANCELLED);
    assert_contains(read_run(&fx, run.id).error, "the daemon is stopping; it did not");
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_run_that_succeeds_is_stored_with_all_it_said),
        TEST(a_committed_position_reaches_the_next_run),
        TEST(a_failure_keeps_the_words_of_the_worker),
        TEST(a_crash_names_the_signal_the_activity_and_the_step),
        TEST(a_crash_before_it_was_ready_says_so),
        TEST(the_limit_on_cpu_time_is_named),
        TEST(an_exit_without_an_end_fails_the_run),
        TEST(garbage_ends_the_run),
        TEST(a_worker_that_cannot_be_started_fails_its_run),
        TEST(a_reject_beyond_the_cap_is_counted_only),
        TEST(what_a_worker_leaves_behind_ends_with_it),
        TEST(a_pipe_held_by_a_stranger_is_given_up),
        TEST(the_worker_is_given_its_job_and_nothing_else),
        TEST(a_cancelled_worker_stops_by_itself),
        TEST(a_worker_that_does_not_stop_is_killed_after_the_grace),
        TEST(a_worker_without_a_sign_of_life_is_killed),
        TEST(the_limit_on_duration_stops_a_run),
        TEST(a_waiting_run_is_cancelled_without_a_worker),
        TEST(a_run_cancelled_while_it_starts_never_runs),
        TEST(a_run_cancelled_while_its_start_fails_ends),
        TEST(a_position_that_cannot_be_stored_fails_the_run),
        TEST(no_more_than_the_limit_run_at_a_time_and_in_order),
        TEST(submitting_twice_runs_once),
        TEST(progress_is_that_of_the_ledger_while_it_lives),
        TEST(closing_cancels_what_lives_and_leaves_what_waits),
        TEST(within_the_grace_of_closing_a_run_may_end),
        TEST(closing_kills_what_does_not_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
