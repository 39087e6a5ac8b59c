/*
 * replay_test - what one run rejected is run again: from each step, through another
 * definition, once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "run_fixture.h"

#define PICKY(config) "{\"type\": \"picky\", \"config\": {" config "}}"
#define TRANSFORMS(list) "\"transformations\": [" list "]"

/* ---- what is replayed ---------------------------------------------------------------*/

/* The rejects of the run that was, as the store gives them: rows are texts. */
static struct json_object *take_rejects(struct fixture *fixture)
{
    struct json_object *list = json_object_new_array();
    struct json_object *event = NULL;

    for (size_t i = 0; (event = fixture_event(fixture, "reject", i)) != NULL; i++) {
        struct json_object *row = tide_json_member(event, "row");
        struct json_object *item = json_object_new_object();

        json_object_object_foreach(event, key, value)
        {
            tide_json_set(item, key, json_object_get(value));
        }
        tide_json_set_int(item, "ordinal", (int64_t)i + 1);
        tide_json_set_text(item, "row", row ? json_object_to_json_string(row) : NULL);
        (void)json_object_array_add(list, item);
    }
    json_object_put(fixture->events);
    fixture->events = json_object_new_array();
    memset(&fixture->ledger, 0, sizeof fixture->ledger);
    return list;
}

static void forget_rows(const struct fixture *fixture)
{
    char *path = tide_strf("%s/rows", fixture->folder);
    char *position = tide_strf("%s.numbers", path);

    (void)remove(path);
    (void)remove(position);
    free(path);
    free(position);
}

struct definition {
    const char *source, *destination, *table, *more;
};

/* Run `before`, then its rejects through `after`. */
static void replay_again(struct fixture *fixture, const struct definition *before,
                         const struct definition *after, bool again)
{
    struct tide_replay replay = {.of = 41, .again = again};

    fixture_run(fixture, before->source, before->destination, before->table,
                before->more);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    replay.rejects = take_rejects(fixture);
    forget_rows(fixture);
    fixture->request.replay = &replay;
    fixture_run(fixture, after->source, after->destination, after->table, after->more);
    fixture->request.replay = NULL;
    json_object_put(replay.rejects);
}

static void replay(struct fixture *fixture, const struct definition *before,
                   const struct definition *after)
{
    replay_again(fixture, before, after, false);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
}

static void expect_written(const struct fixture *fixture, const char *wanted)
{
    char *rows = fixture_read(fixture, "rows");

    assert_string_equal(rows, wanted);
    free(rows);
}

static void expect_done(const struct fixture *fixture, const char *ordinals)
{
    struct json_object *event = fixture_event(fixture, "replayed", 0);
    struct json_object *list = tide_json_member(event, "rejects");

    assert_int_equal(fixture_count(fixture, "replayed"), 1);
    assert_string_equal(json_object_to_json_string_ext(list, JSON_C_TO_STRING_PLAIN),
                        ordinals);
}

static void expect_reject(const struct fixture *fixture, const char *step,
                          const char *code, const char *message, int64_t position)
{
    struct json_object *event = fixture_event(fixture, "reject", 0);

    assert_non_null(event);
    assert_string_equal(tide_json_text(event, "step"), step);
    assert_string_equal(tide_json_text(event, "code"), code);
    if (!strstr(tide_json_text(event, "message"), message)) {
        fail_msg("%s", tide_json_text(event, "message"));
    }
    assert_string_equal(tide_json_text(event, "origin"), "script");
    assert_int_equal(tide_json_int(event, "position", -1), position);
    assert_non_null(tide_json_text(event, "replay"));
}

/* ---- the steps ----------------------------------------------------------------------*/

static void test_what_a_transform_refused_enters_at_it(void **state)
{
    static const struct definition before = {
        "\"rows\": 20", "", "", TRANSFORMS(PICKY("") ", " PICKY("\"refuse_every\": 5"))};
    static const struct definition after = {"\"rows\": 20", "", "",
                                            TRANSFORMS(PICKY("") ", " PICKY(""))};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, ALL(4), NONE);
    expect_written(fixture, "table numbers mode 1 key\n5 name-5\n10 name-10\n15 name-15\n"
                            "20 name-20\ncommit [1,2,3,4] final\n");
    expect_done(fixture, "[1,2,3,4]");
    assert_int_equal(fixture_count(fixture, "position"), 0);
    assert_int_equal(fixture_count(fixture, "reject"), 0);
}

/* The transform that refused them goes, another comes in its place. */
static void test_the_transforms_behind_may_be_others(void **state)
{
    static const struct definition before = {
        "\"rows\": 10", "", "", TRANSFORMS(PICKY("") ", " PICKY("\"refuse_every\": 5"))};
    static const struct definition after = {
        "\"rows\": 10", "", "",
        TRANSFORMS(PICKY("") ", {\"type\": \"exclude_fields\", \"config\": {\"fields\": "
                             "[\"name\"]}}, " PICKY("\"refuse_every\": 10"))};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, COUNTS(2, 2, 2, 1, 1, 1), COUNTS(0, 0, 0, 1, 0, 0));
    expect_written(fixture, "table numbers mode 1 key\n5 \ncommit [1,2] final\n");
    expect_reject(fixture, "transformation", "picky", "not this one", 10);
}

static void test_a_row_whose_way_was_changed_is_rejected_again(void **state)
{
    static const struct definition before = {
        "\"rows\": 10", "", "", TRANSFORMS(PICKY("") ", " PICKY("\"refuse_every\": 5"))};
    static const struct definition after = {"\"rows\": 10", "", "",
                                            TRANSFORMS(PICKY("\"refuse_every\": 7"))};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, COUNTS(2, 2, 2, 0, 0, 0), COUNTS(0, 0, 0, 2, 0, 0));
    expect_reject(fixture, "transformation", "other_way", "restore them", 5);
    expect_done(fixture, "[1,2]");
    /* Put back, they go on: what was kept of them is what was. */
    replay(fixture, &before, &before);
    expect_reject(fixture, "transformation", "picky", "not this one", 5);
}

static void test_what_input_validation_refused_comes_as_it_was(void **state)
{
    static const struct definition before = {
        "\"rows\": 3", "", "\"types\": {\"id\": \"string\", \"amount\": \"int64\"}",
        TRANSFORMS("{\"type\": \"exclude_fields\", \"config\": {\"fields\": [\"id\"]}}")};
    static const struct definition after = {"\"rows\": 3", "", "", ""};
    static const struct definition filtered = {
        "\"rows\": 3", "",
        "\"filter\": {\"and\": [{\"field\": \"id\", \"operator\": \"is greater than\", "
        "\"values\": [2]}]}",
        ""};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, ALL(3), NONE);
    expect_written(fixture, "table numbers mode 1 key\n1 name-1\n2 name-2\n3 name-3\n"
                            "commit [1,2,3] final\n");
    replay(fixture, &before, &filtered);
    fixture_expect_counts(fixture, COUNTS(3, 3, 1, 1, 1, 1), COUNTS(0, 0, 2, 0, 0, 0));
}

static void test_what_output_validation_refused_is_validated_again(void **state)
{
    static const struct definition before = {"\"rows\": 120", "\"name_length\": 6", "",
                                             TRANSFORMS(PICKY(""))};
    static const struct definition after = {"\"rows\": 120", "\"name_length\": 7", "",
                                            TRANSFORMS(PICKY(""))};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, COUNTS(111, 111, 111, 111, 90, 90),
                          COUNTS(0, 0, 0, 0, 21, 0));
    expect_reject(fixture, "output_validation", "length", "8 characters", 100);
}

static void test_what_the_destination_refused_goes_to_it_again(void **state)
{
    static const struct definition before = {
        "\"rows\": 20", "\"refuses_row\": 8, \"refuses_batch\": 10", "", ""};
    static const struct definition after = {"\"rows\": 20", "\"refuses_batch\": 20", "",
                                            ""};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, COUNTS(4, 4, 4, 4, 4, 3), COUNTS(0, 0, 0, 0, 0, 1));
    expect_reject(fixture, "finalize", "refused", "id 20 is taken", 20);
    expect_done(fixture, "[1,2,3,4]");
}

static void test_bytes_that_were_no_row_are_rejected_again(void **state)
{
    static const struct definition both = {"\"rows\": 10, \"bad_every\": 5", "", "", ""};
    struct fixture *fixture = *state;

    replay(fixture, &both, &both);
    fixture_expect_counts(fixture, NONE, COUNTS(2, 0, 0, 0, 0, 0));
    expect_reject(fixture, "receive", "no_row", "cannot make a row", 5);
    assert_string_equal(tide_json_text(fixture_event(fixture, "reject", 0), "raw"),
                        "raw bytes");
}

/* One row does not stand for the whole table. */
static void test_a_table_that_is_replaced_is_added_to(void **state)
{
    static const struct definition before = {"\"rows\": 2", "\"refuses_row\": 2",
                                             "\"mode\": \"replace\"", ""};
    static const struct definition after = {"\"rows\": 2", "", "\"mode\": \"replace\"",
                                            ""};
    struct fixture *fixture = *state;
    struct json_object *tables = NULL;

    replay(fixture, &before, &after);
    expect_written(fixture, "table numbers mode 1 key\n2 name-2\ncommit [1] final\n");
    assert_string_equal(tide_json_text(fixture_event(fixture, "table", 0), "mode"),
                        "append");
    tables = tide_json_member(fixture->end, "tables");
    assert_string_equal(tide_json_text(json_object_array_get_idx(tables, 0), "mode"),
                        "append");
}

/* ---- columns ------------------------------------------------------------------------*/

static void test_a_column_that_is_excluded_now_is_left_out(void **state)
{
    static const struct definition before = {"\"rows\": 2", "",
                                             "\"types\": {\"amount\": \"int64\"}", ""};
    static const struct definition after = {
        "\"rows\": 2", "", "\"columns\": {\"exclude\": [\"amount\", \"name\"]}", ""};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    expect_written(fixture, "table numbers mode 1 key\n1 \n2 \ncommit [1,2] final\n");
}

static void test_a_column_that_is_new_cannot_be_filled(void **state)
{
    static const struct definition before = {
        "\"rows\": 2", "\"refuses_row\": 2",
        "\"columns\": {\"exclude\": [\"amount\", \"name\"]}", ""};
    static const struct definition after = {"\"rows\": 2", "", "", ""};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, COUNTS(1, 1, 1, 1, 0, 0), COUNTS(0, 0, 0, 0, 1, 0));
    expect_reject(fixture, "output_validation", "new_column", "\"name\" is new", 2);
}

static void test_a_column_that_is_gone_does_not_vanish(void **state)
{
    static const struct definition before = {"\"rows\": 2", "\"refuses_row\": 2", "", ""};
    static const struct definition after = {
        "\"rows\": 2", "", "",
        TRANSFORMS("{\"type\": \"rename_fields\", \"config\": {\"mapping\": {\"name\": "
                   "\"label\"}}}")};
    static const struct definition renamed = {
        "\"rows\": 2", "\"refuses_row\": 2", "",
        TRANSFORMS("{\"type\": \"rename_fields\", \"config\": {\"mapping\": {\"name\": "
                   "\"title\"}}}")};
    struct fixture *fixture = *state;

    /* A transform that is new is applied; it was not passed. */
    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, ALL(1), NONE);
    expect_written(fixture, "table numbers mode 1 key\n2 \ncommit [1] final\n");
    replay(fixture, &renamed, &after);
    expect_reject(fixture, "transformation", "other_way", "restore them", 2);
}

static void test_a_table_that_is_gone_keeps_its_rows(void **state)
{
    static const struct definition before = {
        "\"rows\": 4", "\"refuses_row\": 2",
        "\"mode\": \"append\"}, {\"name\": \"others\", \"mode\": \"append\"", ""};
    static const struct definition after = {"\"rows\": 4", "", "", ""};
    struct fixture *fixture = *state;
    struct json_object *event = NULL;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, ALL(2), COUNTS(2, 0, 0, 0, 0, 0));
    event = fixture_event(fixture, "reject", 1);
    assert_string_equal(tide_json_text(event, "table"), "others");
    assert_string_equal(tide_json_text(event, "code"), "no_table");
    assert_int_equal(fixture_count(fixture, "table"), 1);
    assert_int_equal(fixture_count(fixture, "replayed"), 3);
}

/* ---- once ---------------------------------------------------------------------------*/

static void test_what_the_destination_has_does_not_go_to_it_again(void **state)
{
    static const struct definition before = {"\"rows\": 20", "\"refuses_row\": 5", "",
                                             ""};
    static const struct definition after = {"\"rows\": 20", "\"position\": \"[2,3,9]\"",
                                            "", ""};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, ALL(2), NONE);
    expect_written(fixture, "table numbers mode 1 key\n5 name-5\n20 name-20\n"
                            "commit [1,2,3,4,9] final\n");
    expect_done(fixture, "[1,2,3,4]");
    replay_again(fixture, &before, &after, true);
    fixture_expect_counts(fixture, ALL(4), NONE);
}

static void test_a_replay_that_fails_has_done_nothing(void **state)
{
    static const struct definition before = {"\"rows\": 20", "\"refuses_row\": 5", "",
                                             ""};
    static const struct definition after = {"\"rows\": 20", "\"fails_commit\": 1", "",
                                            ""};
    struct fixture *fixture = *state;

    replay_again(fixture, &before, &after, false);
    fixture_expect_failure(fixture, TIDE_E_IO, "the disk is full");
    assert_int_equal(fixture_count(fixture, "replayed"), 0);
}

static void test_a_row_that_cannot_be_kept_again_stays_where_it_is(void **state)
{
    static const struct definition both = {"\"rows\": 20", "\"refuses_row\": 5", "", ""};
    struct tide_replay replay = {.of = 41};
    struct fixture *fixture = *state;

    fixture_run(fixture, both.source, both.destination, both.table, both.more);
    replay.rejects = take_rejects(fixture);
    fixture->request.replay = &replay;
    fixture->request.reject_count = 1;
    fixture_run(fixture, both.source, both.destination, both.table, both.more);
    fixture_expect_counts(fixture, COUNTS(4, 4, 4, 4, 4, 0), COUNTS(0, 0, 0, 0, 0, 4));
    expect_done(fixture, "[1]");
    json_object_put(replay.rejects);
}

/* A limit on rejects is for what the source gives. */
static void test_rejects_do_not_end_a_replay(void **state)
{
    static const struct definition before = {"\"rows\": 20", "\"refuses_row\": 5", "",
                                             ""};
    static const struct definition after = {"\"rows\": 20", "\"refuses_row\": 10", "",
                                            "\"on_error\": \"fail\""};
    struct fixture *fixture = *state;

    replay(fixture, &before, &after);
    fixture_expect_counts(fixture, COUNTS(4, 4, 4, 4, 4, 2), COUNTS(0, 0, 0, 0, 0, 2));
}

static void test_a_source_without_columns_says_so(void **state)
{
    static const struct definition before = {"\"rows\": 20", "\"refuses_row\": 5", "",
                                             ""};
    static const struct definition after = {"\"is_empty\": true", "", "", ""};
    struct fixture *fixture = *state;

    replay_again(fixture, &before, &after, false);
    fixture_expect_failure(fixture, TIDE_E_CONFIG, "the source has no columns now");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_what_a_transform_refused_enters_at_it),
        RUN_TEST(test_the_transforms_behind_may_be_others),
        RUN_TEST(test_a_row_whose_way_was_changed_is_rejected_again),
        RUN_TEST(test_what_input_validation_refused_comes_as_it_was),
        RUN_TEST(test_what_output_validation_refused_is_validated_again),
        RUN_TEST(test_what_the_destination_refused_goes_to_it_again),
        RUN_TEST(test_bytes_that_were_no_row_are_rejected_again),
        RUN_TEST(test_a_table_that_is_replaced_is_added_to),
        RUN_TEST(test_a_column_that_is_excluded_now_is_left_out),
        RUN_TEST(test_a_column_that_is_new_cannot_be_filled),
        RUN_TEST(test_a_column_that_is_gone_does_not_vanish),
        RUN_TEST(test_a_table_that_is_gone_keeps_its_rows),
        RUN_TEST(test_what_the_destination_has_does_not_go_to_it_again),
        RUN_TEST(test_a_replay_that_fails_has_done_nothing),
        RUN_TEST(test_a_row_that_cannot_be_kept_again_stays_where_it_is),
        RUN_TEST(test_rejects_do_not_end_a_replay),
        RUN_TEST(test_a_source_without_columns_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
