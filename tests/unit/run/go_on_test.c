/*
 * go_on_test - a run that was cut off is gone on with: no row is lost and none is there
 * twice.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "run_fixture.h"

/* ---- going on -----------------------------------------------------------------------*/

static void test_a_run_that_was_cut_off_is_gone_on_with(void **state)
{
    struct fixture *fixture = *state;
    int64_t durable = 0;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 80, \"batch\": 2, \"fails_acknowledged\": true", "",
                "", "");
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    durable = fixture->ledger.passed[TIDE_STEP_FINALIZE];
    assert_true(durable > 0 && durable < 80);
    expect_ids(fixture, 1, durable);

    fixture_forget(fixture);
    fixture_run(fixture, "\"rows\": 80, \"batch\": 3", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(80 - durable), NONE);
    assert_true(is_resumed(fixture));
    expect_ids(fixture, 1, 80);
    expect_file(fixture, "rows.numbers", "80");
}

/* Whether it succeeded. */
static bool run_at(struct fixture *fixture, int64_t batch, int64_t fail_after,
                   int64_t fails_commit, const char *table)
{
    char *source = tide_strf("\"rows\": 12, \"batch\": %lld, \"fail_after\": %lld",
                             (long long)batch, (long long)fail_after);
    char *destination = tide_strf("\"fails_commit\": %lld", (long long)fails_commit);

    fixture_forget(fixture);
    fixture_run(fixture, source, destination, table, "");
    free(source);
    free(destination);
    return fixture->state == TIDE_RUN_SUCCEEDED;
}

/* Runs that fail at a row and at commits, and are repeated until one does not. */
static void expect_once_each(struct fixture *fixture, const char *table)
{
    for (int64_t batch = 1; batch <= 13; batch += batch < 5 ? 1 : 4) {
        for (int64_t at = 1; at <= 12; at++) {
            if (!run_at(fixture, batch, at, 0, table) &&
                !run_at(fixture, batch, 0, at % 4 + 1, table) &&
                !run_at(fixture, batch, at, at % 3 + 1, table)) {
                assert_true(run_at(fixture, batch, 0, 0, table));
            }
            expect_ids(fixture, 1, 12);
            fixture_remove(fixture, "rows");
            fixture_remove(fixture, "rows.numbers");
        }
    }
}

static void test_wherever_it_fails_each_row_is_there_once(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture->source = "script_ordered";
    expect_once_each(fixture, "\"cursor\": \"id\"");
    expect_once_each(fixture, "\"mode\": \"merge\", \"key\": [\"id\"]");
}

static void expect_begin(struct fixture *fixture, const char *kept, const char *table,
                         const char *wanted)
{
    char *source = tide_strf("\"rows\": 20, \"seen\": \"%s/seen\"", fixture->folder);
    char *destination = tide_strf("\"position\": \"%s\"", kept);

    fixture_forget(fixture);
    fixture_run(fixture, source, destination, table, "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    expect_file(fixture, "seen", wanted);
    fixture_remove(fixture, "seen");
    fixture_remove(fixture, "rows.numbers");
    free(source);
    free(destination);
}

static void test_a_checkpoint_is_gone_on_from_with_and_without_a_cursor(void **state)
{
    const char *kept = "{\\\"checkpoint\\\":\\\"18\\\"}";

    expect_begin(*state, kept, "", "position -\nposition 18\nacknowledge 20\n");
    assert_true(is_resumed(*state));
    expect_begin(*state, kept, "\"cursor\": \"id\"",
                 "position -\nposition 18\nacknowledge 20\n");
    expect_begin(*state, kept, "\"mode\": \"merge\", \"key\": [\"id\"]",
                 "repeatable position -\nrepeatable position 18\nacknowledge 20\n");
    expect_begin(*state, kept, "\"mode\": \"replace\"",
                 "plain repeatable position -\nacknowledge 20\n");
}

static void test_the_end_of_a_run_is_gone_on_from_with_a_cursor_alone(void **state)
{
    expect_begin(*state, "18", "", "position -\nacknowledge 20\n");
    expect_begin(*state, "18", "\"cursor\": \"id\"",
                 "position -\nposition 18\nacknowledge 20\n");
    assert_false(is_resumed(*state));
}

static void test_a_run_from_scratch_does_not_go_on(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.incremental = 0;
    expect_begin(fixture, "{\\\"checkpoint\\\":\\\"18\\\"}", "\"cursor\": \"id\"",
                 "position -\nacknowledge 20\n");
    expect_ids(fixture, 1, 20);
    assert_false(is_resumed(fixture));
}

static void test_words_like_a_checkpoint_are_the_sources_own(void **state)
{
    expect_begin(*state, "{\\\"position\\\":\\\"18\\\"}", "\"cursor\": \"id\"",
                 "position -\nposition 18\nacknowledge 20\n");
    assert_false(is_resumed(*state));
}

static void test_a_source_that_cannot_go_on_does_not_double_rows(void **state)
{
    struct fixture *fixture = *state;

    fixture->source = "script_plain";
    fixture_run(fixture, "\"rows\": 20",
                "\"position\": \"{\\\"checkpoint\\\":\\\"18\\\"}\"", "", "");
    fixture_expect_failure(fixture, TIDE_E_CONFLICT, "cannot resume behind them");
    expect_begin(fixture, "{\\\"checkpoint\\\":\\\"18\\\"}",
                 "\"mode\": \"merge\", \"key\": [\"id\"]",
                 "plain repeatable position -\nacknowledge 20\n");
}

static void test_the_source_is_told_whether_there_will_be_checkpoints(void **state)
{
    struct fixture *fixture = *state;

    expect_begin(fixture, "", "", "position -\nacknowledge 20\n");
    expect_begin(fixture, "", "\"mode\": \"replace\"",
                 "plain repeatable position -\nacknowledge 20\n");
    fixture->request.row_limit = 20;
    expect_begin(fixture, "", "", "plain position -\n");
}

static void test_an_end_without_a_position_forgets_the_one_before(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 2, \"forgets\": true", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    /* The last batch has no position, and no checkpoint of its own. */
    assert_int_equal(fixture_count(fixture, "checkpoint"), 2);
    assert_int_equal(count_lines(fixture, "rows", "commit - final"), 1);
    expect_file(fixture, "rows.numbers", "");
    assert_int_equal(fixture_count(fixture, "position"), 1);
    assert_null(tide_json_text(fixture_event(fixture, "position", 0), "position"));
    expect_ids(fixture, 1, 6);
}

/* ---- tables that are not what they were ---------------------------------------------*/

static void expect_begin_with(struct fixture *fixture, const char *destination,
                              const char *table, const char *wanted)
{
    char *source = tide_strf("\"rows\": 20, \"seen\": \"%s/seen\"", fixture->folder);

    fixture_forget(fixture);
    fixture_run(fixture, source, destination, table, "");
    if (wanted) {
        fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
        expect_file(fixture, "seen", wanted);
        fixture_remove(fixture, "rows.numbers");
    } else {
        fixture_expect_state(fixture, TIDE_RUN_FAILED);
        assert_int_equal(fixture->err.code, TIDE_E_CONFLICT);
    }
    fixture_remove(fixture, "seen");
    free(source);
}

#define CUT(more)                                                                        \
    "\"position\": \"{\\\"checkpoint\\\":\\\"18\\\",\\\"rows\\\":3" more "}\""
#define AT_START "position -\nacknowledge 20\n"

static void test_a_load_whose_rows_are_gone_begins_anew(void **state)
{
    expect_begin_with(*state, CUT("") ", \"is_empty\": true", "", AT_START);
    assert_false(is_resumed(*state));
    expect_begin_with(*state, CUT("") ", \"is_empty\": false", "",
                      "position -\nposition 18\nacknowledge 20\n");
    /* A checkpoint that covers no rows, or was kept before they were counted. */
    expect_begin_with(*state,
                      "\"position\": \"{\\\"checkpoint\\\":\\\"18\\\"}\", "
                      "\"is_empty\": true",
                      "", "position -\nposition 18\nacknowledge 20\n");
}

static void test_what_was_loaded_before_that_load_is_believed(void **state)
{
    expect_begin_with(*state, CUT(",\\\"from\\\":\\\"15\\\"") ", \"is_empty\": true",
                      "\"cursor\": \"id\"", "position -\nposition 15\nacknowledge 20\n");
    /* Without a cursor there is no place to begin at but the start. */
    expect_begin_with(*state, CUT(",\\\"from\\\":\\\"15\\\"") ", \"is_empty\": true", "",
                      AT_START);
}

static void test_a_load_that_came_to_its_end_is_believed_of_an_empty_table(void **state)
{
    expect_begin_with(*state, "\"position\": \"18\", \"is_empty\": true",
                      "\"cursor\": \"id\"", "position -\nposition 18\nacknowledge 20\n");
}

static void test_a_table_made_anew_is_filled_from_the_start(void **state)
{
    const char *cursor = "\"cursor\": \"id\"";
    const char *merge = "\"mode\": \"merge\", \"key\": [\"id\"], \"cursor\": \"id\"";
    const char *empty = "\"position\": \"18\", \"is_remade\": true, \"is_empty\": true";
    const char *full = "\"position\": \"18\", \"is_remade\": true";

    expect_begin_with(*state, empty, cursor, AT_START);
    expect_begin_with(*state, full, cursor, NULL);
    assert_non_null(strstr(((struct fixture *)*state)->err.message, "has rows"));
    expect_begin_with(*state, full, merge, "plain repeatable " AT_START);
    expect_begin_with(*state, CUT("") ", \"is_remade\": true", "", NULL);
    expect_begin_with(*state, full, "", AT_START);
}

static void test_a_checkpoint_keeps_where_its_load_began(void **state)
{
    struct fixture *fixture = *state;
    const char *table = "\"cursor\": \"id\"";
    char *kept = NULL;

    fixture->source = "script_ordered";
    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 4, \"batch\": 2", "", table, "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    for (int i = 0; i < 2; i++) {
        fixture_forget(fixture);
        fixture_run(fixture, "\"rows\": 60, \"batch\": 1, \"fails_acknowledged\": true",
                    "", table, "");
        fixture_expect_state(fixture, TIDE_RUN_FAILED);
    }
    kept = fixture_read(fixture, "rows.numbers");
    assert_non_null(strstr(kept, ",\"from\":\"4\"}"));
    free(kept);
    fixture_forget(fixture);
    fixture_run(fixture, "\"rows\": 60, \"batch\": 3", "\"is_empty\": true", table, "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(56), NONE);
}

/* ---- the limit of rejects -----------------------------------------------------------*/

/* Rows 3, 6, ... are rejected by the source.  Whether the run succeeded. */
static bool run_bad(struct fixture *fixture, const char *more, const char *limit)
{
    char *source = tide_strf("\"rows\": 30, \"batch\": 2, \"bad_every\": 3%s", more);

    fixture_forget(fixture);
    fixture->request.checkpoint = 0;
    fixture_run(fixture, source, "", "", limit);
    free(source);
    return fixture->state == TIDE_RUN_SUCCEEDED;
}

static void test_the_limit_of_rejects_holds_over_what_is_gone_on_with(void **state)
{
    struct fixture *fixture = *state;
    const char *cut = ", \"fail_after\": 20";

    assert_false(run_bad(fixture, cut, "\"max_rejects\": 9"));
    assert_int_equal(fixture->err.code, TIDE_E_IO);
    assert_false(run_bad(fixture, "", "\"max_rejects\": 9"));
    assert_true(is_resumed(fixture));
    assert_int_equal(fixture->err.code, TIDE_E_DATA);
    assert_non_null(strstr(fixture->err.message, "max_rejects"));
    /* Nor does another attempt begin to count anew. */
    assert_false(run_bad(fixture, "", "\"max_rejects\": 9"));
    assert_true(run_bad(fixture, "", "\"max_rejects\": 10"));
    assert_true(is_resumed(fixture));
    /* Another load, another count. */
    assert_true(run_bad(fixture, "", "\"max_rejects\": 10"));
    assert_false(is_resumed(fixture));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_a_run_that_was_cut_off_is_gone_on_with),
        RUN_TEST(test_wherever_it_fails_each_row_is_there_once),
        RUN_TEST(test_a_checkpoint_is_gone_on_from_with_and_without_a_cursor),
        RUN_TEST(test_the_end_of_a_run_is_gone_on_from_with_a_cursor_alone),
        RUN_TEST(test_a_run_from_scratch_does_not_go_on),
        RUN_TEST(test_words_like_a_checkpoint_are_the_sources_own),
        RUN_TEST(test_a_source_that_cannot_go_on_does_not_double_rows),
        RUN_TEST(test_the_source_is_told_whether_there_will_be_checkpoints),
        RUN_TEST(test_an_end_without_a_position_forgets_the_one_before),
        RUN_TEST(test_the_limit_of_rejects_holds_over_what_is_gone_on_with),
        RUN_TEST(test_a_load_whose_rows_are_gone_begins_anew),
        RUN_TEST(test_what_was_loaded_before_that_load_is_believed),
        RUN_TEST(test_a_load_that_came_to_its_end_is_believed_of_an_empty_table),
        RUN_TEST(test_a_table_made_anew_is_filled_from_the_start),
        RUN_TEST(test_a_checkpoint_keeps_where_its_load_began),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
