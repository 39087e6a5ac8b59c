/*
 * checkpoint_test - rows and position are made durable on the way: when, of which tables.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "run_fixture.h"

/* ---- on the way ---------------------------------------------------------------------*/

static void test_rows_and_position_are_committed_on_the_way(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 5, \"batch\": 2", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(5), NONE);
    expect_file(fixture, "rows",
                "table numbers mode 1 key\n1 name-1\n2 name-2\n"
                "commit {\"checkpoint\":\"2\",\"rows\":2}\n"
                "table numbers mode 1 key\n3 name-3\n4 name-4\n"
                "commit {\"checkpoint\":\"4\",\"rows\":4}\n"
                "table numbers mode 1 key\n5 name-5\n"
                "commit {\"checkpoint\":\"5\",\"rows\":5}\n"
                "table numbers mode 1 key\ncommit 5 final\n");
    expect_file(fixture, "rows.numbers", "5");
    assert_int_equal(fixture_count(fixture, "checkpoint"), 3);
    assert_int_equal(tide_json_int(fixture_event(fixture, "checkpoint", 1), "rows", -1),
                     4);
    assert_false(is_resumed(fixture));
}

static void test_no_checkpoint_comes_before_its_time(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 50, \"batch\": 2", "", "", "");
    fixture_expect_counts(fixture, ALL(50), NONE);
    assert_int_equal(fixture_count(fixture, "checkpoint"), 0);
    assert_int_equal(count_lines(fixture, "rows", "commit"), 1);
}

static void test_the_source_is_told_of_checkpoints(void **state)
{
    struct fixture *fixture = *state;
    char *source =
        tide_strf("\"rows\": 60, \"batch\": 1, \"seen\": \"%s/seen\"", fixture->folder);

    fixture->request.checkpoint = 0;
    fixture_run(fixture, source, "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    /* The reader is never more than a few batches before the writer. */
    assert_true(count_lines(fixture, "seen", "acknowledge") > 1);
    assert_int_equal(count_lines(fixture, "seen", "acknowledge 60"), 1);
    free(source);
}

/* Rows of a batch each, with places of so many bytes; how often one was asked for. */
static int64_t count_asked(struct fixture *fixture, int64_t bytes, int64_t checkpoint)
{
    char *source =
        tide_strf("\"rows\": 60, \"batch\": 1, \"pads\": %lld, \"seen\": \"%s/seen\"",
                  (long long)bytes, fixture->folder);
    int64_t asked = 0;

    fixture_forget(fixture);
    fixture->request.checkpoint = checkpoint;
    fixture_run(fixture, source, "", "", "");
    free(source);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(60), NONE);
    asked = count_lines(fixture, "seen", "ask -");
    fixture_remove(fixture, "seen");
    fixture_remove(fixture, "rows");
    fixture_remove(fixture, "rows.numbers");
    return asked;
}

static void test_a_long_position_is_not_asked_for_behind_each_batch(void **state)
{
    const int64_t hour = INT64_C(3600) * 1000000;

    /* The last one is behind the end. */
    assert_int_equal(count_asked(*state, 20, hour), 61);
    assert_int_equal(count_asked(*state, 5000, hour), 2);
    assert_int_equal(count_asked(*state, 5000, 0), 61);
}

static void test_a_batch_whose_rows_are_all_dropped_moves_the_position(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 2", "",
                "\"filter\": {\"and\": [{\"field\": \"id\", \"operator\": \"is greater "
                "than\", \"values\": [5]}]}",
                "");
    fixture_expect_counts(fixture, COUNTS(6, 6, 1, 1, 1, 1), COUNTS(0, 0, 5, 0, 0, 0));
    expect_file(fixture, "rows",
                "table numbers mode 1 key\ncommit {\"checkpoint\":\"2\",\"filtered\":2}\n"
                "table numbers mode 1 key\ncommit {\"checkpoint\":\"4\",\"filtered\":4}\n"
                "table numbers mode 1 key\n6 name-6\n"
                "commit {\"checkpoint\":\"6\",\"rows\":1,\"filtered\":5}\n"
                "table numbers mode 1 key\ncommit 6 final\n");
}

static void test_a_destination_may_keep_all_for_the_end(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 30, \"batch\": 2", "\"waits\": true", "", "");
    fixture_expect_counts(fixture, ALL(30), NONE);
    assert_int_equal(fixture_count(fixture, "checkpoint"), 0);
    assert_int_equal(count_lines(fixture, "rows", "commit"), 1);
    expect_ids(fixture, 1, 30);
}

static void test_what_is_kept_for_the_end_does_not_count(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 30, \"batch\": 2, \"fail_after\": 25",
                "\"waits\": true", "", "");
    fixture_expect_failure(fixture, TIDE_E_IO, "the source broke");
}

struct watch {
    struct fixture *fixture;
    int64_t passed;
};

/* Cancels the run once rows are durable. */
static void *cancel_when_durable(void *arg)
{
    struct watch *watch = arg;
    const int64_t *passed = &watch->fixture->ledger.passed[TIDE_STEP_FINALIZE];

    while (__atomic_load_n(passed, __ATOMIC_RELAXED) < watch->passed) {
        (void)sched_yield();
    }
    atomic_store(&watch->fixture->cancel, true);
    return NULL;
}

static void test_a_checkpoint_does_not_wait_for_more_rows(void **state)
{
    struct fixture *fixture = *state;
    struct watch watch = {fixture, 10};
    pthread_t thread;

    fixture->request.checkpoint = 1000;
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_durable, &watch), 0);
    fixture_run(fixture, "\"rows\": 20, \"batch\": 5, \"waits_after\": 11", "", "", "");
    assert_int_equal(pthread_join(thread, NULL), 0);
    fixture_expect_state(fixture, TIDE_RUN_CANCELLED);
    expect_ids(fixture, 1, 10);
}

static int count_and_refuse_third(void *arg, struct tide_error *err)
{
    int *asked = arg;

    if (++*asked == 3) {
        return tide_error_set(err, TIDE_E_CONFLICT, "another run has the lease");
    }
    return TIDE_OK;
}

static void test_each_commit_asks_first(void **state)
{
    struct fixture *fixture = *state;
    int asked = 0;

    fixture->request.checkpoint = 0;
    fixture->request.before_commit = count_and_refuse_third;
    fixture->request.guard = &asked;
    fixture_run(fixture, "\"rows\": 50, \"batch\": 5", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    assert_int_equal(fixture->err.code, TIDE_E_CONFLICT);
    expect_ids(fixture, 1, 10);
    assert_int_equal(fixture->ledger.passed[TIDE_STEP_FINALIZE], 10);
}

/* ---- which tables -------------------------------------------------------------------*/

static void expect_checkpoints(struct fixture *fixture, const char *source,
                               const char *table, const char *more, bool wanted)
{
    fixture_forget(fixture);
    fixture->source = source;
    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 2", "", table, more);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    assert_int_equal(fixture_count(fixture, "checkpoint"), wanted ? 3 : 0);
    fixture_remove(fixture, "rows.numbers");
}

static void test_a_replaced_table_appears_at_once(void **state)
{
    expect_checkpoints(*state, "script", "\"mode\": \"replace\"", "", false);
}

static void test_the_newest_of_a_key_must_not_be_overtaken(void **state)
{
    const char *table = "\"mode\": \"merge\", \"key\": [\"name\"], \"cursor\": \"id\"";

    expect_checkpoints(*state, "script", table, "", false);
    expect_checkpoints(*state, "script_ordered", table, "", true);
    expect_checkpoints(*state, "script_ordered",
                       "\"mode\": \"merge\", \"key\": [\"name\"], \"cursor\": \"amount\"",
                       "", false); /* of one name there may be a row without an amount */
    expect_checkpoints(*state, "script", "\"mode\": \"merge\", \"key\": [\"name\"]", "",
                       true);
}

static void test_a_share_of_rejects_is_judged_at_the_end(void **state)
{
    expect_checkpoints(*state, "script", "", "\"max_rejects\": \"5%\"", false);
    expect_checkpoints(*state, "script", "", "\"max_rejects\": 5", true);
}

static void test_a_source_must_be_resumable(void **state)
{
    expect_checkpoints(*state, "script_plain", "", "", false);
    expect_checkpoints(*state, "script_plain", "\"cursor\": \"id\"", "", false);
}

static void test_a_limited_run_makes_none_and_keeps_what_was_kept(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture->request.row_limit = 4;
    fixture_run(fixture, "\"rows\": 20, \"batch\": 2", "\"position\": \"15\"",
                "\"cursor\": \"id\"", "");
    expect_ids(fixture, 16, 19);
    expect_file(fixture, "rows.numbers", "15");
    assert_int_equal(fixture_count(fixture, "checkpoint"), 0);
    assert_int_equal(fixture_count(fixture, "position"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_rows_and_position_are_committed_on_the_way),
        RUN_TEST(test_no_checkpoint_comes_before_its_time),
        RUN_TEST(test_the_source_is_told_of_checkpoints),
        RUN_TEST(test_a_long_position_is_not_asked_for_behind_each_batch),
        RUN_TEST(test_a_batch_whose_rows_are_all_dropped_moves_the_position),
        RUN_TEST(test_a_destination_may_keep_all_for_the_end),
        RUN_TEST(test_what_is_kept_for_the_end_does_not_count),
        RUN_TEST(test_a_checkpoint_does_not_wait_for_more_rows),
        RUN_TEST(test_each_commit_asks_first),
        RUN_TEST(test_a_replaced_table_appears_at_once),
        RUN_TEST(test_the_newest_of_a_key_must_not_be_overtaken),
        RUN_TEST(test_a_share_of_rejects_is_judged_at_the_end),
        RUN_TEST(test_a_source_must_be_resumable),
        RUN_TEST(test_a_limited_run_makes_none_and_keeps_what_was_kept),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
