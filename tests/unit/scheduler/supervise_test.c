/*
 * supervise_test - what a worker is given, what it tells, and how its run ends.
 */
#include "supervise_fixture.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"

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
        fake_clock_advance(&fx.clock, SECOND / 10);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        SUPERVISE_TEST(a_run_that_succeeds_is_stored_with_all_it_said),
        SUPERVISE_TEST(a_committed_position_reaches_the_next_run),
        SUPERVISE_TEST(a_failure_keeps_the_words_of_the_worker),
        SUPERVISE_TEST(a_crash_names_the_signal_the_activity_and_the_step),
        SUPERVISE_TEST(a_crash_before_it_was_ready_says_so),
        SUPERVISE_TEST(the_limit_on_cpu_time_is_named),
        SUPERVISE_TEST(an_exit_without_an_end_fails_the_run),
        SUPERVISE_TEST(garbage_ends_the_run),
        SUPERVISE_TEST(a_worker_that_cannot_be_started_fails_its_run),
        SUPERVISE_TEST(a_reject_beyond_the_cap_is_counted_only),
        SUPERVISE_TEST(what_a_worker_leaves_behind_ends_with_it),
        SUPERVISE_TEST(a_pipe_held_by_a_stranger_is_given_up),
        SUPERVISE_TEST(the_worker_is_given_its_job_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
