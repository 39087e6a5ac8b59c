/*
 * run_ends_test - how a run ends: limits of rejects, failures, stops.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/json.h"
#include "run_fixture.h"

static void test_the_first_reject_fails_a_run_that_wants_that(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 100, \"batch\": 5, \"bad_every\": 10", "", "",
                "\"on_error\": \"fail\"");
    fixture_expect_failure(fixture, TIDE_E_DATA, "row 10 of script was rejected");
}

static void test_a_refusal_by_the_destination_fails_such_a_run_too(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 100", "\"refuses_batch\": 60", "",
                "\"on_error\": \"fail\"");
    fixture_expect_failure(fixture, TIDE_E_DATA, "row 60 of script was rejected");
}

static void test_too_many_rejects_fail_the_run(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 100, \"bad_every\": 10", "", "",
                "\"max_rejects\": 9");
    fixture_expect_failure(fixture, TIDE_E_DATA, "more than the 9 rows");
}

static void test_as_many_rejects_as_allowed_do_not(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 100, \"bad_every\": 10", "", "",
                "\"max_rejects\": \"10%\"");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
}

static void test_too_large_a_share_of_rejects_fails_the_run(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 100, \"bad_every\": 10", "", "",
                "\"max_rejects\": \"9%\"");
    fixture_expect_failure(fixture, TIDE_E_DATA, "10 of 100 rows were rejected");
}

static void test_rejects_beyond_the_cap_are_counted(void **state)
{
    struct fixture *fixture = *state;
    struct json_object *rejects = NULL;

    fixture->request.reject_count = 4;
    fixture_run(fixture, "\"rows\": 100, \"bad_every\": 10", "", "", "");
    assert_int_equal(fixture_count(fixture, "reject"), 4);
    rejects = tide_json_member(fixture->end, "rejects");
    assert_int_equal(tide_json_int(rejects, "kept", -1), 4);
    assert_int_equal(tide_json_int(rejects, "dropped", -1), 6);
}

static void test_what_breaks_is_the_error_wherever_it_is(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 100, \"batch\": 10, \"fail_after\": 50", "", "", "");
    fixture_expect_failure(fixture, TIDE_E_IO,
                           "table numbers: source script: the source broke");
    fixture_run(fixture, "\"rows\": 100, \"batch\": 10", "", "",
                "\"transformations\": [{\"type\": \"picky\", \"config\": {\"fails\": "
                "true}}]");
    fixture_expect_failure(fixture, TIDE_E_INTERNAL,
                           "transform picky: the transform broke");
    fixture_run(fixture, "\"rows\": 100", "\"fails_commit\": 1", "", "");
    fixture_expect_failure(fixture, TIDE_E_IO, "destination record: the disk is full");
}

static void test_broken_promises_of_plugins_are_found(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.check = true;
    fixture_run(fixture, "\"rows\": 10, \"breaks_batches\": true", "", "", "");
    fixture_expect_failure(fixture, TIDE_E_INTERNAL,
                           "source script handed over a broken batch");
    fixture->request.check = false;
    fixture_run(fixture, "\"rows\": 10", "", "",
                "\"transformations\": [{\"type\": \"picky\", \"config\": "
                "{\"loses_rows\": true}}]");
    fixture_expect_failure(fixture, TIDE_E_INTERNAL, "picky made 9 rows of 10");
}

static void *cancel_in_mid_run(void *arg)
{
    struct fixture *fixture = arg;

    while (__atomic_load_n(&fixture->ledger.batches, __ATOMIC_RELAXED) < 2) {
        (void)sched_yield();
    }
    atomic_store(&fixture->cancel, true);
    return NULL;
}

static void test_a_cancelled_run_leaves_nothing_behind(void **state)
{
    struct fixture *fixture = *state;
    char *rows = NULL;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, cancel_in_mid_run, fixture), 0);
    fixture_run(fixture, "\"rows\": 100, \"batch\": 10, \"waits_after\": 50", "", "", "");
    assert_int_equal(pthread_join(thread, NULL), 0);
    fixture_expect_state(fixture, TIDE_RUN_CANCELLED);
    assert_int_equal(fixture->err.code, TIDE_E_CANCELLED);
    rows = fixture_read(fixture, "rows");
    assert_string_equal(rows, "");
    free(rows);
}

/* More often than there are calls of plugins in the whole run. */
#define BEATS 1000

static void *count_beats_and_cancel(void *arg)
{
    struct fixture *fixture = arg;
    int64_t last = 0;

    for (int beats = 0; beats < BEATS;) {
        int64_t beat = __atomic_load_n(&fixture->ledger.heartbeat_us, __ATOMIC_RELAXED);

        beats += beat != last;
        last = beat;
        (void)sched_yield();
    }
    atomic_store(&fixture->cancel, true);
    return NULL;
}

static void test_a_plugin_that_asks_whether_to_stop_does_not_hang(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, count_beats_and_cancel, fixture), 0);
    fixture_run(fixture, "\"rows\": 10, \"batch\": 5, \"waits_after\": 5", "", "", "");
    assert_int_equal(pthread_join(thread, NULL), 0);
    fixture_expect_state(fixture, TIDE_RUN_CANCELLED);
}

static void *cancel_once_written(void *arg)
{
    struct fixture *fixture = arg;

    while (__atomic_load_n(&fixture->ledger.bytes_written, __ATOMIC_RELAXED) == 0) {
        (void)sched_yield();
    }
    atomic_store(&fixture->cancel, true);
    return NULL;
}

/* It would wait for ever if the first batch were held back until the second one comes. */
static void test_a_first_batch_is_written_though_the_second_never_comes(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;

    assert_int_equal(pthread_create(&thread, NULL, cancel_once_written, fixture), 0);
    fixture_run(fixture, "\"rows\": 10, \"batch\": 5, \"waits_after\": 6", "", "", "");
    assert_int_equal(pthread_join(thread, NULL), 0);
    fixture_expect_state(fixture, TIDE_RUN_CANCELLED);
}

static int refuse_commit(void *arg, struct tide_error *err)
{
    (void)arg;
    return tide_error_set(err, TIDE_E_INTERNAL, "not like this");
}

static int fail_when_asked_to_stop(void *arg, struct tide_error *err)
{
    atomic_store((atomic_bool *)arg, true);
    return tide_error_set(err, TIDE_E_IO, "the disk is full");
}

static void test_a_failure_stays_one_when_the_run_is_stopped(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.before_commit = fail_when_asked_to_stop;
    fixture->request.guard = &fixture->cancel;
    fixture_run(fixture, "\"rows\": 5", "", "", "");
    fixture_expect_failure(fixture, TIDE_E_IO, "the disk is full");
}

static void test_a_commit_may_be_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.before_commit = refuse_commit;
    fixture_run(fixture, "\"rows\": 10", "", "", "");
    fixture_expect_failure(fixture, TIDE_E_INTERNAL, "not like this");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_the_first_reject_fails_a_run_that_wants_that),
        RUN_TEST(test_a_refusal_by_the_destination_fails_such_a_run_too),
        RUN_TEST(test_too_many_rejects_fail_the_run),
        RUN_TEST(test_as_many_rejects_as_allowed_do_not),
        RUN_TEST(test_too_large_a_share_of_rejects_fails_the_run),
        RUN_TEST(test_rejects_beyond_the_cap_are_counted),
        RUN_TEST(test_what_breaks_is_the_error_wherever_it_is),
        RUN_TEST(test_broken_promises_of_plugins_are_found),
        RUN_TEST(test_a_cancelled_run_leaves_nothing_behind),
        RUN_TEST(test_a_plugin_that_asks_whether_to_stop_does_not_hang),
        RUN_TEST(test_a_first_batch_is_written_though_the_second_never_comes),
        RUN_TEST(test_a_failure_stays_one_when_the_run_is_stopped),
        RUN_TEST(test_a_commit_may_be_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
