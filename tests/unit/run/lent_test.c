/*
 * lent_test - a destination that decides late about batches it was lent.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/json.h"
#include "run_fixture.h"

static int set_up(void **state)
{
    int rc = fixture_set_up(state);
    struct fixture *fixture = *state;

    fixture->destination = "record_lent";
    /* How fast batches come is nobody's to say: none is decided about for that. */
    fixture->request.longest_loan = INT64_MAX;
    return rc;
}

#define LENT_TEST(name_) cmocka_unit_test_setup_teardown(name_, set_up, fixture_tear_down)

static void expect_rejected_ids(const struct fixture *fixture, int64_t every,
                                size_t count)
{
    assert_int_equal(fixture_count(fixture, "reject"), count);
    for (size_t i = 0; i < count; i++) {
        struct json_object *reject = fixture_event(fixture, "reject", i);
        long long id = every * (long long)(i + 1);
        char row[100];

        (void)snprintf(row, sizeof row,
                       "{\"id\":%lld,\"name\":\"name-%lld\",\"amount\":\"%lld.5\"}", id,
                       id, id);
        assert_string_equal(json_object_to_json_string(tide_json_member(reject, "row")),
                            row);
        assert_int_equal(tide_json_int(reject, "position", -1), id);
        assert_string_equal(tide_json_text(reject, "step"), "finalize");
    }
}

static void test_rows_of_all_batches_lent_can_be_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 20, \"batch\": 3", "\"refuses_row\": 4", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, COUNTS(20, 20, 20, 20, 20, 15),
                          COUNTS(0, 0, 0, 0, 0, 5));
    expect_rows(fixture, 1, 20, 4, "20");
    expect_rejected_ids(fixture, 4, 5);
    expect_file(fixture, "rows.settled", "20\n");
}

static void test_only_so_many_rows_are_undecided(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 200000, \"batch\": 8192", "\"refuses_row\": 50000",
                "", "");
    fixture_expect_counts(fixture, COUNTS(200000, 200000, 200000, 200000, 200000, 199996),
                          COUNTS(0, 0, 0, 0, 0, 4));
    expect_rejected_ids(fixture, 50000, 4);
    expect_file(fixture, "rows.settled", "65536\n65536\n65536\n3392\n");
}

static void test_only_so_many_batches_are_undecided(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 150, \"batch\": 1", "", "", "");
    fixture_expect_counts(fixture, ALL(150), NONE);
    expect_ids(fixture, 1, 150);
    expect_file(fixture, "rows.settled", "64\n64\n22\n");
}

static void test_a_checkpoint_is_decided_about_first(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 3", "\"refuses_row\": 2", "", "");
    fixture_expect_counts(fixture, COUNTS(6, 6, 6, 6, 6, 3), COUNTS(0, 0, 0, 0, 0, 3));
    expect_file(fixture, "rows",
                "table numbers mode 1 key\n1 name-1\n3 name-3\n"
                "commit {\"checkpoint\":\"3\",\"rows\":2,\"rejected\":1}\n"
                "table numbers mode 1 key\n5 name-5\n"
                "commit {\"checkpoint\":\"6\",\"rows\":3,\"rejected\":3}\n"
                "table numbers mode 1 key\ncommit 6 final\n");
    expect_file(fixture, "rows.settled", "3\n3\n");
}

static void test_too_many_refused_at_the_end_fail_the_run(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 20, \"batch\": 3", "\"refuses_row\": 4", "",
                "\"max_rejects\": 4");
    fixture_expect_failure(fixture, TIDE_E_DATA, "more than the 4 rows of max_rejects");
}

/* Cancels the run once rows were decided about, or after half a minute. */
static void *cancel_when_settled(void *arg)
{
    struct fixture *fixture = arg;
    time_t end = time(NULL) + 30;

    while (time(NULL) < end) {
        char *settled = fixture_read(fixture, "rows.settled");
        bool is_settled = settled[0] != '\0';

        free(settled);
        if (is_settled) {
            break;
        }
        (void)sched_yield();
    }
    atomic_store(&fixture->cancel, true);
    return NULL;
}

static void test_rows_do_not_stay_undecided_while_none_come(void **state)
{
    struct fixture *fixture = *state;
    pthread_t thread;

    fixture->request.longest_loan = 1;
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_settled, fixture), 0);
    fixture_run(fixture, "\"rows\": 30, \"batch\": 4, \"waits_after\": 5", "", "", "");
    assert_int_equal(pthread_join(thread, NULL), 0);
    fixture_expect_state(fixture, TIDE_RUN_CANCELLED);
    expect_file(fixture, "rows.settled", "4\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LENT_TEST(test_rows_of_all_batches_lent_can_be_refused),
        LENT_TEST(test_only_so_many_rows_are_undecided),
        LENT_TEST(test_only_so_many_batches_are_undecided),
        LENT_TEST(test_a_checkpoint_is_decided_about_first),
        LENT_TEST(test_too_many_refused_at_the_end_fail_the_run),
        LENT_TEST(test_rows_do_not_stay_undecided_while_none_come),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
