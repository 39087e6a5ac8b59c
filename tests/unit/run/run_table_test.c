/*
 * run_table_test - the columns, the key and the position of a table; previews and
 * listings.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "run_fixture.h"

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

    fixture_run(fixture, "\"is_empty\": true", "", "\"mode\": \"append\"", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, NONE, NONE);
}

static void test_a_source_without_columns_cannot_replace(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"is_empty\": true", "", "\"mode\": \"replace\"", "");
    fixture_expect_failure(fixture, TIDE_E_CONFLICT, "the source has no columns");
    assert_int_equal(fixture_count(fixture, "open"), 0);
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

    if (tide_run_preview(pipeline, fixture->folder, 12, note_stage, NULL, &stages, &err) !=
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_columns_are_dropped_at_receive),
        RUN_TEST(test_a_column_to_include_must_be_there),
        RUN_TEST(test_a_key_goes_with_its_column_through_renames),
        RUN_TEST(test_a_key_that_is_excluded_is_refused),
        RUN_TEST(test_a_source_without_columns_moves_nothing),
        RUN_TEST(test_a_source_without_columns_cannot_replace),
        RUN_TEST(test_a_limit_cuts_a_batch_and_keeps_no_position),
        RUN_TEST(test_a_run_goes_on_from_its_position),
        RUN_TEST(test_a_destination_that_lost_its_position_is_filled_again),
        RUN_TEST(test_the_destinations_position_is_believed),
        RUN_TEST(test_a_run_from_scratch_has_no_position),
        RUN_TEST(test_a_preview_shows_each_stage_and_writes_nothing),
        RUN_TEST(test_tables_are_discovered),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
