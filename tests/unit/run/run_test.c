/*
 * run_test - whole runs over scripted plugins: every step's counts, rejects, failures and
 * positions.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "run_fixture.h"

#define ALL(n) ((const int64_t[]){n, n, n, n, n, n})
#define COUNTS(...) ((const int64_t[]){__VA_ARGS__})
#define NONE COUNTS(0, 0, 0, 0, 0, 0)

/* The file that record writes, for rows from..to less those that are skipped. */
static void expect_rows(const struct fixture *fixture, int from, int to, int skip_every,
                        const char *commit)
{
    struct tide_text wanted = {0};
    char *rows = fixture_read(fixture, "rows");

    tide_text_append(&wanted, "table numbers mode 1 key\n");
    for (int id = from; id <= to; id++) {
        if (skip_every == 0 || id % skip_every != 0) {
            tide_text_appendf(&wanted, "%d name-%d\n", id, id);
        }
    }
    tide_text_appendf(&wanted, "commit %s final\n", commit);
    assert_string_equal(rows, wanted.data);
    tide_text_fini(&wanted);
    free(rows);
}

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

/* ---- the steps ----------------------------------------------------------------------*/

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

/* ---- ends ---------------------------------------------------------------------------*/

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

/* ---- columns and keys ---------------------------------------------------------------*/

static void test_columns_are_dropped_at_receive(void **state)
{
    struct fixture *fixture = *state;
    char *rows = NULL;

    fixture_run(fixture, "\"rows\": 2", "", "\"columns\": {\"exclude\": [\"name\"]}", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    rows = fixture_read(fixture, "rows");
    assert_string_equal(rows, "table numbers mode 1 key\n1 \n2 \ncommit 2 final\n");
    free(rows);
}

static void test_a_column_to_include_must_be_there(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 2", "",
                "\"columns\": {\"include\": [\"id\", \"nome\"]}", "");
    fixture_expect_failure(fixture, TIDE_E_CONFIG, "did you mean \"name\"?");
}

static void test_a_key_goes_with_its_column_through_renames(void **state)
{
    struct fixture *fixture = *state;
    char *rows = NULL;

    fixture_run(fixture, "\"rows\": 1", "",
                "\"mode\": \"merge\", \"key\": [\"name\", \"id\"]",
                "\"transformations\": [{\"type\": \"rename_fields\", \"config\": "
                "{\"mapping\": {\"name\": \"label\"}}}]");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    rows = fixture_read(fixture, "rows");
    assert_string_equal(rows, "table numbers mode 3 key id label\n1 \ncommit 1 final\n");
    free(rows);
}

static void test_a_key_that_is_excluded_is_refused(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 1", "", "\"mode\": \"merge\", \"key\": [\"name\"]",
                "\"transformations\": [{\"type\": \"exclude_fields\", \"config\": "
                "{\"fields\": [\"name\"]}}]");
    fixture_expect_failure(fixture, TIDE_E_CONFIG, "a key column is excluded");
}

static void test_a_source_without_columns_moves_nothing(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"is_empty\": true", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, NONE, NONE);
}

static void test_a_limit_cuts_a_batch_and_keeps_no_position(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.row_limit = 25;
    fixture_run(fixture, "\"rows\": 100, \"batch\": 10", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(25), NONE);
    expect_rows(fixture, 1, 25, 0, "-");
    assert_int_equal(fixture_count(fixture, "position"), 0);
}

/* ---- positions ----------------------------------------------------------------------*/

static void run_incremental(struct fixture *fixture, const char *destination)
{
    char *source = tide_strf("\"rows\": 20, \"seen\": \"%s/seen\"", fixture->folder);

    fixture_run(fixture, source, destination, "\"cursor\": \"id\"", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    free(source);
}

static void expect_seen(const struct fixture *fixture, const char *wanted)
{
    char *seen = fixture_read(fixture, "seen");

    assert_string_equal(seen, wanted);
    free(seen);
}

static void test_a_run_goes_on_from_its_position(void **state)
{
    struct fixture *fixture = *state;
    struct json_object *event = NULL;

    fixture->request.positions = json_object_new_object();
    tide_json_set_text(fixture->request.positions, "numbers", "15");
    run_incremental(fixture, "\"position\": \"15\"");
    expect_rows(fixture, 16, 20, 0, "20");
    expect_seen(fixture, "position 15\nacknowledge 20\n");
    event = fixture_event(fixture, "position", 0);
    assert_string_equal(tide_json_text(event, "table"), "numbers");
    assert_string_equal(tide_json_text(event, "position"), "20");
    json_object_put(fixture->request.positions);
}

static void test_a_destination_that_lost_its_position_is_filled_again(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.positions = json_object_new_object();
    tide_json_set_text(fixture->request.positions, "numbers", "15");
    run_incremental(fixture, "");
    expect_rows(fixture, 1, 20, 0, "20");
    expect_seen(fixture, "position 15\nposition -\nacknowledge 20\n");
    json_object_put(fixture->request.positions);
}

static void test_the_destinations_position_is_believed(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.positions = json_object_new_object();
    tide_json_set_text(fixture->request.positions, "numbers", "15");
    run_incremental(fixture, "\"position\": \"18\"");
    expect_rows(fixture, 19, 20, 0, "20");
    expect_seen(fixture, "position 15\nposition 18\nacknowledge 20\n");
    json_object_put(fixture->request.positions);
}

static void test_a_run_from_scratch_has_no_position(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.incremental = 0;
    run_incremental(fixture, "\"position\": \"18\"");
    expect_rows(fixture, 1, 20, 0, "20");
    expect_seen(fixture, "position -\nacknowledge 20\n");
}

/* ---- preview and discovery ----------------------------------------------------------*/

static void note_stage(void *arg, const char *table, const char *stage,
                       const struct tide_schema *schema, const struct tide_batch *batch)
{
    tide_text_appendf(arg, "%s %s %s %lld\n", table, stage, schema->columns[1].name,
                      (long long)batch->array.length);
}

static void test_a_preview_shows_each_stage_and_writes_nothing(void **state)
{
    struct fixture *fixture = *state;
    struct tide_text stages = {0};
    struct tide_error err = {0};
    char *rows = NULL;
    struct tide_pipeline *pipeline = fixture_compile(
        fixture, "\"rows\": 100", "\"name_length\": 6",
        "\"filter\": {\"and\": [{\"field\": \"id\", \"operator\": \"is greater than\", "
        "\"values\": [2]}]}",
        "\"on_error\": \"fail\", \"transformations\": [{\"type\": \"rename_fields\", "
        "\"config\": {\"mapping\": {\"name\": \"label\"}}}, {\"type\": \"picky\", "
        "\"config\": {\"refuse_every\": 5}}]");

    if (tide_run_preview(pipeline, fixture->folder, 12, note_stage, &stages, &err) !=
        TIDE_OK) {
        fail_msg("%s", err.message);
    }
    assert_string_equal(stages.data, "numbers source name 12\n"
                                     "numbers filter name 10\n"
                                     "numbers rename_fields label 10\n"
                                     "numbers picky label 8\n"
                                     "numbers destination label 8\n");
    rows = fixture_read(fixture, "rows");
    assert_string_equal(rows, "");
    free(rows);
    tide_text_fini(&stages);
    tide_pipeline_destroy(pipeline);
}

static int note_table(void *arg, const char *table, const struct tide_schema *schema)
{
    tide_text_appendf(arg, "%s %s\n", table, schema->columns[0].name);
    return TIDE_OK;
}

static void test_tables_are_discovered(void **state)
{
    struct fixture *fixture = *state;
    struct json_object *options = json_object_new_object();
    struct tide_text tables = {0};
    struct tide_error err = {0};

    assert_int_equal(tide_run_discover(fixture->folder, TIDE_KIND_SOURCE, "script",
                                       options, fixture->folder, note_table, &tables,
                                       &err),
                     TIDE_OK);
    assert_string_equal(tables.data, "numbers id\n");
    tide_json_set_text(options, "path", "rows");
    assert_int_equal(tide_run_discover(fixture->folder, TIDE_KIND_DESTINATION, "record",
                                       options, fixture->folder, note_table, &tables,
                                       &err),
                     TIDE_E_CONFIG);
    assert_non_null(strstr(err.message, "cannot list its tables"));
    tide_text_fini(&tables);
    json_object_put(options);
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rows_pass_all_steps_in_order),
        TEST(test_a_source_rejects_at_receive),
        TEST(test_declared_types_are_checked_at_input),
        TEST(test_a_filter_drops_without_rejects),
        TEST(test_a_transform_refuses_rows),
        TEST(test_a_transformation_may_be_for_one_table),
        TEST(test_rows_that_do_not_fit_fail_at_output),
        TEST(test_a_refused_batch_is_split_until_bad_rows_stand_alone),
        TEST(test_a_destination_refuses_single_rows),
        TEST(test_every_step_at_once_adds_up),
        TEST(test_the_first_reject_fails_a_run_that_wants_that),
        TEST(test_a_refusal_by_the_destination_fails_such_a_run_too),
        TEST(test_too_many_rejects_fail_the_run),
        TEST(test_as_many_rejects_as_allowed_do_not),
        TEST(test_too_large_a_share_of_rejects_fails_the_run),
        TEST(test_rejects_beyond_the_cap_are_counted),
        TEST(test_what_breaks_is_the_error_wherever_it_is),
        TEST(test_broken_promises_of_plugins_are_found),
        TEST(test_a_cancelled_run_leaves_nothing_behind),
        TEST(test_a_failure_stays_one_when_the_run_is_stopped),
        TEST(test_a_commit_may_be_refused),
        TEST(test_columns_are_dropped_at_receive),
        TEST(test_a_column_to_include_must_be_there),
        TEST(test_a_key_goes_with_its_column_through_renames),
        TEST(test_a_key_that_is_excluded_is_refused),
        TEST(test_a_source_without_columns_moves_nothing),
        TEST(test_a_limit_cuts_a_batch_and_keeps_no_position),
        TEST(test_a_run_goes_on_from_its_position),
        TEST(test_a_destination_that_lost_its_position_is_filled_again),
        TEST(test_the_destinations_position_is_believed),
        TEST(test_a_run_from_scratch_has_no_position),
        TEST(test_a_preview_shows_each_stage_and_writes_nothing),
        TEST(test_tables_are_discovered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
