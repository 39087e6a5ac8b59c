/*
 * supervise_stop_test - workers that are stopped, the line of those that wait, and the
 * supervisor's own end.
 */
#include "supervise_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

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
    fake_clock_advance(&fx.clock, 5 * SECOND);
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
    fake_clock_advance(&fx.clock, 31 * SECOND);
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
    fake_clock_advance(&fx.clock, 61 * SECOND);
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
        fake_clock_advance(&fx.clock, SECOND);
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
    assert_int_equal(read_run(&fx, run.id).state, TIDE_RUN_CANCELLED);
    assert_contains(read_run(&fx, run.id).error, "the daemon is stopping; it did not");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISE_TEST(a_cancelled_worker_stops_by_itself),
        SUPERVISE_TEST(a_worker_that_does_not_stop_is_killed_after_the_grace),
        SUPERVISE_TEST(a_worker_without_a_sign_of_life_is_killed),
        SUPERVISE_TEST(the_limit_on_duration_stops_a_run),
        SUPERVISE_TEST(a_waiting_run_is_cancelled_without_a_worker),
        SUPERVISE_TEST(a_run_cancelled_while_it_starts_never_runs),
        SUPERVISE_TEST(a_run_cancelled_while_its_start_fails_ends),
        SUPERVISE_TEST(a_position_that_cannot_be_stored_fails_the_run),
        SUPERVISE_TEST(no_more_than_the_limit_run_at_a_time_and_in_order),
        SUPERVISE_TEST(submitting_twice_runs_once),
        SUPERVISE_TEST(progress_is_that_of_the_ledger_while_it_lives),
        SUPERVISE_TEST(closing_cancels_what_lives_and_leaves_what_waits),
        SUPERVISE_TEST(within_the_grace_of_closing_a_run_may_end),
        SUPERVISE_TEST(closing_kills_what_does_not_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
