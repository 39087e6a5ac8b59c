/*
 * go_on_tables_test - a run of several tables that was cut off, and the rejects of a run
 * that was.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "run_fixture.h"

/* ---- several tables -----------------------------------------------------------------*/

#define THREE                                                                            \
    "\"mode\": \"append\"}, {\"name\": \"others\", \"mode\": \"append\"}, "              \
    "{\"name\": \"third\", \"mode\": \"append\""

/* How often each of the rows 1..12 of a table is in the file that record writes. */
static void expect_times(const struct fixture *fixture, const char *table, int64_t times)
{
    char *rows = fixture_read(fixture, "rows");
    char *rest = NULL, name[32] = "";
    int64_t found[13] = {0};

    for (char *line = strtok_r(rows, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        (void)sscanf(line, "table %31s", name);
        if (line[0] >= '0' && line[0] <= '9' && strcmp(name, table) == 0) {
            found[strtoll(line, NULL, 10)]++;
        }
    }
    for (int64_t id = 1; id <= 12; id++) {
        assert_int_equal(found[id], times);
    }
    free(rows);
}

static bool run_three_with(struct fixture *fixture, int number, const char *with,
                           const char *limit)
{
    char *source = tide_strf("\"rows\": 12, \"batch\": 3%s%s", *with ? ", " : "", with);
    char *id = tide_strf("%d", number);

    fixture_forget(fixture);
    fixture->request.run_id = id;
    fixture_run(fixture, source, "", THREE, limit);
    free(source);
    free(id);
    return fixture->state == TIDE_RUN_SUCCEEDED;
}

static bool run_three(struct fixture *fixture, int number, const char *fails)
{
    return run_three_with(fixture, number, fails, "");
}

static void expect_three(const struct fixture *fixture, int64_t numbers, int64_t others,
                         int64_t third)
{
    expect_times(fixture, "numbers", numbers);
    expect_times(fixture, "others", others);
    expect_times(fixture, "third", third);
}

static void test_tables_that_were_done_are_not_appended_again(void **state)
{
    struct fixture *fixture = *state;

    assert_false(run_three(fixture, 1, "\"only\": \"third\", \"fail_after\": 1"));
    expect_three(fixture, 1, 1, 0);
    assert_false(run_three(fixture, 2, "\"only\": \"third\", \"fail_after\": 1"));
    assert_true(run_three(fixture, 3, ""));
    assert_true(is_resumed(fixture));
    expect_three(fixture, 1, 1, 1);
    fixture_expect_counts(fixture, ALL(12), NONE);
    /* That was the end of it: what follows is another run of all. */
    assert_true(run_three(fixture, 4, ""));
    assert_false(is_resumed(fixture));
    expect_three(fixture, 2, 2, 2);
}

static void test_a_table_is_gone_on_with_behind_those_that_were_done(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    for (int at = 1; at <= 12; at++) {
        char *fails = tide_strf("\"only\": \"others\", \"fail_after\": %d", at);

        assert_false(run_three(fixture, 2 * at, fails));
        assert_true(run_three(fixture, 2 * at + 1, ""));
        expect_three(fixture, at, at, at);
        free(fails);
    }
}

static void test_a_table_that_was_done_and_is_empty_now_is_asked_about(void **state)
{
    struct fixture *fixture = *state;

    assert_false(run_three(fixture, 1, "\"only\": \"third\", \"fail_after\": 1"));
    fixture_forget(fixture);
    fixture_run(fixture, "\"rows\": 12, \"batch\": 3", "\"is_empty\": true", THREE, "");
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    assert_int_equal(fixture->err.code, TIDE_E_CONFLICT);
    assert_non_null(strstr(fixture->err.message, "loaded 12 rows into it"));
    expect_three(fixture, 1, 1, 0);
}

/* The last table is cut off; with it and what the first two had there are too many. */
static void expect_too_many(struct fixture *fixture, const char *bad, const char *limit)
{
    char *cut = tide_strf("%s, \"only\": \"third\", \"fail_after\": 1", bad);

    assert_false(run_three_with(fixture, 1, cut, limit));
    assert_int_equal(fixture->err.code, TIDE_E_IO);
    assert_false(run_three_with(fixture, 2, bad, limit));
    assert_int_equal(fixture->err.code, TIDE_E_DATA);
    free(cut);
}

static void test_rejects_of_tables_that_were_done_count(void **state)
{
    struct fixture *fixture = *state;
    const char *bad = "\"bad_every\": 4";

    expect_too_many(fixture, bad, "\"max_rejects\": 8");
    assert_true(run_three_with(fixture, 3, bad, "\"max_rejects\": 9"));
    assert_true(is_resumed(fixture));
}

/* Nothing is written that they could be counted with. */
static void test_rejects_of_a_table_without_a_good_row_count(void **state)
{
    expect_too_many(*state, "\"bad_every\": 1", "\"max_rejects\": 30");
}

/* Three of twelve in the last table, and of all the tables one in twelve. */
static void test_a_share_of_rejects_is_that_of_all_tables(void **state)
{
    struct fixture *fixture = *state;
    const char *bad = "\"bad_every\": 4";

    assert_false(run_three_with(fixture, 1, "\"only\": \"third\", \"fail_after\": 1",
                                "\"max_rejects\": \"10%\""));
    assert_int_equal(fixture->err.code, TIDE_E_IO);
    assert_false(run_three_with(fixture, 2, bad, "\"max_rejects\": \"8%\""));
    assert_non_null(strstr(fixture->err.message, "3 of 36 rows were rejected"));
    assert_true(run_three_with(fixture, 3, bad, "\"max_rejects\": \"10%\""));
    assert_true(is_resumed(fixture));
}

static void test_a_first_table_that_was_cut_off_has_none_behind_it(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    assert_true(run_three(fixture, 1, ""));
    assert_false(run_three(fixture, 2, "\"only\": \"numbers\", \"fail_after\": 8"));
    assert_true(run_three(fixture, 3, ""));
    expect_three(fixture, 2, 2, 2);
}

static void test_from_scratch_all_tables_are_read(void **state)
{
    struct fixture *fixture = *state;

    assert_false(run_three(fixture, 1, "\"only\": \"third\", \"fail_after\": 1"));
    fixture->request.incremental = 0;
    assert_true(run_three(fixture, 2, ""));
    expect_three(fixture, 2, 2, 1);
    fixture->request.incremental = -1;
    assert_true(run_three(fixture, 3, ""));
    expect_three(fixture, 3, 3, 2);
}

/* ---- rejects ------------------------------------------------------------------------*/

/* Count the rejects that a run has settled: those in front of its last "committed". */
static void count_settled(const struct fixture *fixture, int64_t times[31])
{
    size_t count = json_object_array_length(fixture->events), last = 0;

    for (size_t i = 0; i < count; i++) {
        struct json_object *event = json_object_array_get_idx(fixture->events, i);

        last = strcmp(tide_json_text(event, "event"), "committed") == 0 ? i : last;
    }
    for (size_t i = 0; i < last; i++) {
        struct json_object *event = json_object_array_get_idx(fixture->events, i);

        if (strcmp(tide_json_text(event, "event"), "reject") == 0) {
            times[tide_json_int(event, "position", 0)]++;
        }
    }
}

static void test_a_row_is_rejected_for_good_once(void **state)
{
    struct fixture *fixture = *state;
    const char *transforms = "\"transformations\": [{\"type\": \"picky\", \"config\": "
                             "{\"refuse_every\": 5}}]";
    int64_t times[31] = {0};

    fixture->request.checkpoint = 0;
    fixture_run(fixture,
                "\"rows\": 30, \"batch\": 2, \"bad_every\": 3, "
                "\"fails_acknowledged\": true",
                "\"refuses_row\": 7", "", transforms);
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    count_settled(fixture, times);
    fixture_forget(fixture);
    fixture_run(fixture, "\"rows\": 30, \"batch\": 4, \"bad_every\": 3",
                "\"refuses_row\": 7", "", transforms);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    assert_true(is_resumed(fixture));
    count_settled(fixture, times);
    for (int64_t id = 1; id <= 30; id++) {
        bool is_bad = id % 3 == 0 || id % 5 == 0 || id % 7 == 0;

        assert_int_equal(times[id], is_bad);
    }
}

static void test_rejects_do_not_wait_for_checkpoints_that_are_put_off(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture,
                "\"rows\": 30, \"batch\": 1, \"bad_every\": 3, \"fail_after\": 28",
                "\"waits\": true", "", "");
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    assert_int_equal(fixture_count(fixture, "reject"), 9);
    assert_int_equal(fixture_count(fixture, "committed"), 0);
}

static size_t index_of(const struct fixture *fixture, const char *kind)
{
    struct json_object *event = fixture_event(fixture, kind, 0);
    size_t i = 0;

    assert_non_null(event);
    while (json_object_array_get_idx(fixture->events, i) != event) {
        i++;
    }
    return i;
}

/* What is told behind a commit alone is lost when the run is killed in it. */
static void test_rejects_are_told_in_front_of_the_commit(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 3, \"bad_every\": 3", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    assert_true(index_of(fixture, "reject") < index_of(fixture, "checkpoint"));
    assert_true(index_of(fixture, "checkpoint") < index_of(fixture, "committed"));
    fixture_forget(fixture);
    fixture->request.checkpoint = INT64_MAX;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 3, \"bad_every\": 3", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    assert_int_equal(fixture_count(fixture, "checkpoint"), 0);
    assert_true(index_of(fixture, "reject") < index_of(fixture, "position"));
    assert_true(index_of(fixture, "position") < index_of(fixture, "committed"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_tables_that_were_done_are_not_appended_again),
        RUN_TEST(test_a_table_is_gone_on_with_behind_those_that_were_done),
        RUN_TEST(test_rejects_of_tables_that_were_done_count),
        RUN_TEST(test_rejects_of_a_table_without_a_good_row_count),
        RUN_TEST(test_a_share_of_rejects_is_that_of_all_tables),
        RUN_TEST(test_a_table_that_was_done_and_is_empty_now_is_asked_about),
        RUN_TEST(test_a_first_table_that_was_cut_off_has_none_behind_it),
        RUN_TEST(test_from_scratch_all_tables_are_read),
        RUN_TEST(test_a_row_is_rejected_for_good_once),
        RUN_TEST(test_rejects_do_not_wait_for_checkpoints_that_are_put_off),
        RUN_TEST(test_rejects_are_told_in_front_of_the_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
