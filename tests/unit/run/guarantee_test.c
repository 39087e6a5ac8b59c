/*
 * guarantee_test - what is promised follows from the flags of the source and from the
 * table, and says no more than the engine does.
 */
#include <string.h>

#include "run_fixture.h"

#define WITHOUT_A_KEY                                                                    \
    "; of a view, or a table without a key, rows at the last cursor value may be read "  \
    "again"

static void expect(struct fixture *fixture, const char *source, const char *options,
                   const char *table, const char *more, const char *wanted)
{
    struct tide_pipeline *pipeline = NULL;
    struct tide_text text = {0};

    fixture->source = source;
    pipeline = fixture_compile(fixture, options, "", table, more);
    tide_pipeline_guarantee(pipeline, fixture->catalog, 0, &text);
    assert_string_equal(text.data, wanted);
    tide_text_fini(&text);
    tide_pipeline_destroy(pipeline);
}

#define AT_CHECKPOINTS                                                                   \
    "rows and position are committed together, at checkpoints and at the end; an "       \
    "interrupted run resumes from the last checkpoint"
#define ONE_TRANSACTION "its rows are committed in one transaction, or none"
#define SAME_TABLE                                                                       \
    "exactly once: a run's rows are committed in one transaction, or none, and a "       \
    "repeated run leaves the same table"
#define LATE                                                                             \
    "; a row that is committed late at the source, with a cursor value below the last "  \
    "one read, is read only by a full run"

static void test_a_table_that_is_appended_whole(void **state)
{
    expect(
        *state, "script", "", "", "",
        "exactly once in each run: " AT_CHECKPOINTS
        ", or is refused when the source sees that rows came, went or moved in front of "
        "that; each run appends all rows again");
    expect(*state, "script_plain", "", "", "",
           "exactly once in each run: " ONE_TRANSACTION
           "; each run appends all rows again");
    expect(*state, "script", "", "", "\"max_rejects\": \"1%\"",
           "exactly once in each run: " ONE_TRANSACTION
           "; each run appends all rows again");
}

static void test_a_table_that_is_appended_by_its_cursor(void **state)
{
    const char *cursor = "\"cursor\": \"id\"";

    expect(*state, "script", "", cursor, "",
           "exactly once: " AT_CHECKPOINTS WITHOUT_A_KEY LATE);
    expect(
        *state, "script", "", cursor, "\"max_rejects\": \"1%\"",
        "exactly once: rows and position are committed in one transaction" WITHOUT_A_KEY
            LATE);
    expect(*state, "script_plain", "", cursor, "",
           "at least once: rows and position are committed in one transaction, and rows "
           "at the last cursor value may be read again" LATE);
}

static void test_a_table_that_is_replaced_or_merged(void **state)
{
    const char *merged = "\"mode\": \"merge\", \"key\": [\"id\"], \"cursor\": \"id\"";

    expect(*state, "script", "", "\"mode\": \"replace\"", "", SAME_TABLE);
    expect(*state, "script_ordered", "", "\"mode\": \"replace\"", "",
           "exactly once: the new rows replace the old ones in one transaction at the "
           "end; from the first checkpoint on they are staged, where the table allows "
           "it, and an interrupted run resumes from the last checkpoint, or starts over "
           "when rows already read were changed at the source");
    expect(*state, "script", "", merged, "", SAME_TABLE LATE);
    expect(*state, "script_plain", "", merged, "", SAME_TABLE LATE);
    expect(*state, "script", "", "\"mode\": \"merge\", \"key\": [\"id\"]", "",
           "exactly once: " AT_CHECKPOINTS
           "; a row that comes again replaces the one of its key");
    expect(*state, "script_ordered", "\"incremental\": \"cursor\"", merged, "",
           "exactly once: " AT_CHECKPOINTS
           "; a row that comes again replaces the one of its key; no checkpoints are "
           "made when the key is not the source's own and the cursor may be null" LATE);
}

static void test_a_source_may_see_what_is_committed_late(void **state)
{
    const char *cursor = "\"cursor\": \"id\"";

    expect(*state, "script_ordered", "", cursor, "",
           "exactly once: " AT_CHECKPOINTS WITHOUT_A_KEY
           "; a row that is committed late at the source is read by the next run, "
           "whatever its cursor value");
    expect(*state, "script_ordered", "\"incremental\": \"cursor\"", cursor, "",
           "exactly once: " AT_CHECKPOINTS WITHOUT_A_KEY LATE);
}

#define REPLACE "\"mode\": \"replace\""

static bool makes_of(struct fixture *fixture, const char *options, const char *table,
                     uint32_t source, uint32_t flags)
{
    struct tide_pipeline *pipeline = NULL;
    bool makes;

    fixture->source = "script";
    pipeline = fixture_compile(fixture, "", options, table, "");
    makes = tide_pipeline_makes_checkpoints(pipeline, 0, source, flags);
    tide_pipeline_destroy(pipeline);
    return makes;
}

static bool makes_checkpoints(struct fixture *fixture, const char *options,
                              const char *table, uint32_t flags)
{
    return makes_of(fixture, options, table, TIDE_SOURCE_RESUMABLE, flags);
}

static void test_a_replaced_table_has_them_where_both_sides_can(void **state)
{
    const uint32_t database = TIDE_DESTINATION_TRANSACTIONAL;
    const uint32_t stages = database | TIDE_DESTINATION_STAGES;
    const uint32_t exact = TIDE_SOURCE_RESUMABLE | TIDE_SOURCE_EXACT;

    assert_true(makes_of(*state, "", REPLACE, exact, stages));
    assert_false(makes_of(*state, "", REPLACE, exact, database));
    assert_false(makes_of(*state, "", REPLACE, TIDE_SOURCE_RESUMABLE, stages));
}

static void test_checkpoints_are_made_where_they_may_be_kept(void **state)
{
    const uint32_t database = TIDE_DESTINATION_TRANSACTIONAL | TIDE_DESTINATION_ATOMIC;
    const uint32_t files = TIDE_DESTINATION_ATOMIC;
    const char *parts = "\"part_size\": \"1MiB\"";

    assert_true(makes_checkpoints(*state, "", "", database));
    assert_false(makes_checkpoints(*state, "", REPLACE, database));
    assert_true(makes_checkpoints(*state, "", "", 0));
    assert_false(makes_checkpoints(*state, "", "", files));
    assert_true(makes_checkpoints(*state, parts, "", files));
    assert_false(makes_checkpoints(*state, parts, REPLACE, files));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_a_table_that_is_appended_whole),
        RUN_TEST(test_a_table_that_is_appended_by_its_cursor),
        RUN_TEST(test_a_table_that_is_replaced_or_merged),
        RUN_TEST(test_a_source_may_see_what_is_committed_late),
        RUN_TEST(test_checkpoints_are_made_where_they_may_be_kept),
        RUN_TEST(test_a_replaced_table_has_them_where_both_sides_can),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
