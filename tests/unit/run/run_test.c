/*
 * run_test - what passes and what fails at each of the six steps of a run.
 */
#include "base/json.h"
#include "run_fixture.h"

static void expect_reject(const struct fixture *fixture, size_t i, const char *step,
                          const char *code, int64_t position)
{
    struct json_object *event = fixture_event(fixture, "reject", i);

    assert_non_null(event);
    assert_string_equal(tide_json_text(event, "table"), "numbers");
    assert_string_equal(tide_json_text(event, "step"), step);
    assert_string_equal(tide_json_text(event, "code"), code);
    assert_string_equal(tide_json_text(event, "origin"), "script");
    assert_int_equal(tide_json_int(event, "position", -1), position);
}

static void test_rows_pass_all_steps_in_order(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 100, \"batch\": 7", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(100), NONE);
    expect_rows(fixture, 1, 100, 0, "100");
    assert_int_equal(fixture->ledger.magic, TIDE_LEDGER_MAGIC);
    assert_int_equal(fixture->ledger.batches, 15);
    assert_true(fixture->ledger.bytes_read > 0);
    assert_int_equal(fixture_count(fixture, "ready"), 1);
    assert_int_equal(fixture_count(fixture, "table"), 1);
    assert_int_equal(fixture_count(fixture, "reject"), 0);
    assert_null(tide_json_member(fixture->end, "error"));
}

static void test_a_source_rejects_at_receive(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 30, \"bad_every\": 10", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(27), COUNTS(3, 0, 0, 0, 0, 0));
    expect_rows(fixture, 1, 30, 10, "30");
    expect_reject(fixture, 1, "receive", "bad_row", 20);
    assert_string_equal(tide_json_text(fixture_event(fixture, "reject", 0), "raw"),
                        "raw bytes");
}

static void test_declared_types_are_checked_at_input(void **state)
{
    struct fixture *fixture = *state;
    struct json_object *row = NULL;

    fixture_run(fixture, "\"rows\": 3", "", "\"types\": {\"amount\": \"int64\"}", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, COUNTS(3, 0, 0, 0, 0, 0), COUNTS(0, 3, 0, 0, 0, 0));
    row = tide_json_member(fixture_event(fixture, "reject", 2), "row");
    assert_string_equal(json_object_to_json_string(row),
                        "{\"id\":3,\"name\":\"name-3\",\"amount\":\"3.5\"}");
    assert_string_equal(tide_json_text(fixture_event(fixture, "reject", 2), "step"),
                        "input_validation");
}

static void test_a_filter_drops_without_rejects(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 40, \"batch\": 16", "",
                "\"filter\": {\"and\": [{\"field\": \"id\", \"operator\": \"is greater "
                "than\", \"values\": [30]}]}",
                "\"max_rejects\": 0");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, COUNTS(40, 40, 10, 10, 10, 10),
                          COUNTS(0, 0, 30, 0, 0, 0));
    expect_rows(fixture, 31, 40, 0, "40");
    assert_int_equal(fixture_count(fixture, "reject"), 0);
}

static struct json_object *transformation(const struct fixture *fixture, size_t i)
{
    struct json_object *steps = tide_json_member(fixture->end, "steps");
    struct json_object *step = tide_json_member(steps, "transformation");

    return json_object_array_get_idx(tide_json_member(step, "transformations"), i);
}

static void test_a_transform_refuses_rows(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 20, \"batch\": 6", "", "",
                "\"transformations\": [{\"type\": \"picky\", \"config\": "
                "{\"refuse_every\": 5}}, {\"type\": \"picky\", \"config\": {}}]");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, COUNTS(20, 20, 20, 16, 16, 16),
                          COUNTS(0, 0, 0, 4, 0, 0));
    expect_rows(fixture, 1, 20, 5, "20");
    expect_reject(fixture, 3, "transformation", "picky", 20);
    assert_int_equal(tide_json_int(transformation(fixture, 0), "passed", -1), 16);
    assert_int_equal(tide_json_int(transformation(fixture, 0), "failed", -1), 4);
    assert_int_equal(tide_json_int(transformation(fixture, 1), "passed", -1), 16);
}

static void test_what_a_transform_shares_is_not_written_into(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 20, \"batch\": 6", "", "",
                "\"transformations\": [{\"type\": \"picky\", \"config\": "
                "{\"refuse_every\": 5, \"shares\": true}}]");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    expect_rows(fixture, 1, 20, 5, "20");
}

static void test_a_transformation_may_be_for_one_table(void **state)
{
    struct fixture *fixture = *state;
    struct json_object *tables = NULL, *passed = NULL;

    fixture_run(fixture, "\"rows\": 10", "",
                "\"mode\": \"append\"}, {\"name\": \"others\", \"mode\": \"append\"",
                "\"transformations\": [{\"type\": \"picky\", \"table\": \"others\", "
                "\"config\": {\"refuse_every\": 5}}]");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, COUNTS(20, 20, 20, 18, 18, 18),
                          COUNTS(0, 0, 0, 2, 0, 0));
    assert_int_equal(tide_json_int(transformation(fixture, 0), "passed", -1), 8);
    tables = tide_json_member(fixture->end, "tables");
    passed = tide_json_member(json_object_array_get_idx(tables, 1), "passed");
    assert_int_equal(json_object_get_int64(json_object_array_get_idx(passed, 5)), 8);
    assert_int_equal(fixture_count(fixture, "table"), 2);
}

static void test_rows_that_do_not_fit_fail_at_output(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 12", "\"name_length\": 6", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, COUNTS(12, 12, 12, 12, 9, 9),
                          COUNTS(0, 0, 0, 0, 3, 0));
    expect_rows(fixture, 1, 9, 0, "12");
    expect_reject(fixture, 0, "output_validation", "length", 10);
}

static void test_a_refused_batch_is_split_until_bad_rows_stand_alone(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 100, \"batch\": 33", "\"refuses_batch\": 7", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, COUNTS(100, 100, 100, 100, 100, 86),
                          COUNTS(0, 0, 0, 0, 0, 14));
    expect_rows(fixture, 1, 100, 7, "100");
    expect_reject(fixture, 13, "finalize", "refused", 98);
    assert_string_equal(tide_json_text(fixture_event(fixture, "reject", 0), "message"),
                        "id 7 is taken");
}

static void test_a_destination_refuses_single_rows(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 50, \"batch\": 20", "\"refuses_row\": 8", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, COUNTS(50, 50, 50, 50, 50, 44),
                          COUNTS(0, 0, 0, 0, 0, 6));
    expect_rows(fixture, 1, 50, 8, "50");
    expect_reject(fixture, 5, "finalize", "unwanted", 48);
}

static void test_every_step_at_once_adds_up(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(
        fixture, "\"rows\": 1000, \"batch\": 90, \"bad_every\": 10",
        "\"refuses_batch\": 11, \"refuses_row\": 13, \"name_length\": 7",
        "\"filter\": {\"or\": [{\"field\": \"id\", \"operator\": \"is less than\", "
        "\"values\": [900]}]}",
        "\"transformations\": [{\"type\": \"picky\", \"config\": "
        "{\"refuse_every\": 7}}]");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    /* Without the tens; below 900; without the sevens; of at most two digits. */
    assert_int_equal(fixture->ledger.passed[TIDE_STEP_RECEIVE], 900);
    assert_int_equal(fixture->ledger.passed[TIDE_STEP_FILTER], 810);
    assert_int_equal(fixture->ledger.passed[TIDE_STEP_TRANSFORMATION], 694);
    assert_int_equal(fixture->ledger.passed[TIDE_STEP_OUTPUT_VALIDATION], 77);
    /* Eight are multiples of eleven, six of thirteen. */
    assert_int_equal(fixture->ledger.passed[TIDE_STEP_FINALIZE], 77 - 8 - 6);
    assert_int_equal(fixture->ledger.failed[TIDE_STEP_FINALIZE], 8 + 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_rows_pass_all_steps_in_order),
        RUN_TEST(test_a_source_rejects_at_receive),
        RUN_TEST(test_declared_types_are_checked_at_input),
        RUN_TEST(test_a_filter_drops_without_rejects),
        RUN_TEST(test_a_transform_refuses_rows),
        RUN_TEST(test_what_a_transform_shares_is_not_written_into),
        RUN_TEST(test_a_transformation_may_be_for_one_table),
        RUN_TEST(test_rows_that_do_not_fit_fail_at_output),
        RUN_TEST(test_a_refused_batch_is_split_until_bad_rows_stand_alone),
        RUN_TEST(test_a_destination_refuses_single_rows),
        RUN_TEST(test_every_step_at_once_adds_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
