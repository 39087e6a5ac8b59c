/*
 * go_on_replace_test - a replacing load that was cut off is gone on with by a run that
 * makes its rows the same way, else begun anew.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "run_fixture.h"

#define REPLACE "\"mode\": \"replace\""

/* A replacing load that is cut off at its third commit, and run again. */
static void cut_off_and_again(struct fixture *fixture, const char *then)
{
    char *source = tide_strf("\"rows\": 9, \"batch\": 2, \"seen\": \"%s/seen\"%s",
                             fixture->folder, then);

    fixture->source = "script_ordered";
    fixture->request.checkpoint = 0;
    fixture_run(fixture, source, "\"fails_commit\": 3", REPLACE, "");
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    fixture_remove(fixture, "seen");
    fixture_forget(fixture);
    fixture_run(fixture, source, "", REPLACE, "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    free(source);
}

static void test_a_replacing_load_is_gone_on_with_where_its_rows_are_aside(void **state)
{
    struct fixture *fixture = *state;

    cut_off_and_again(fixture, "");
    assert_true(is_resumed(fixture));
    fixture_expect_counts(fixture, ALL(5), NONE);
    assert_int_equal(count_lines(fixture, "seen", "exact position 4"), 1);
    assert_int_equal(count_lines(fixture, "rows", "resumed"), 1);
}

static void test_a_replacing_load_begins_anew_when_the_source_has_changed(void **state)
{
    struct fixture *fixture = *state;

    cut_off_and_again(fixture, ", \"has_changed\": true");
    assert_false(is_resumed(fixture));
    fixture_expect_counts(fixture, ALL(9), NONE);
    assert_int_equal(count_lines(fixture, "rows", "resumed"), 0);
}

static void test_a_replacing_load_begins_anew_by_another_definition(void **state)
{
    struct fixture *fixture = *state;

    fixture->source = "script_ordered";
    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 9, \"batch\": 2", "\"fails_commit\": 3", REPLACE, "");
    fixture_forget(fixture);
    fixture_run(fixture, "\"rows\": 9, \"batch\": 2", "",
                REPLACE ", \"columns\": {\"exclude\": [\"amount\"]}", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    assert_false(is_resumed(fixture));
    fixture_expect_counts(fixture, ALL(9), NONE);
}

/* Whether a replacing load that was cut off with a variable of one value is gone on with
 * when it has another. */
static bool goes_on_with(struct fixture *fixture, const char *before, const char *now,
                         const char *source, const char *more)
{
    fixture->source = "script_ordered";
    fixture->request.checkpoint = 0;
    fixture_forget(fixture);
    assert_int_equal(setenv("TIDEMILL_TEST_WORD", before, 1), 0);
    fixture_run(fixture, source, "\"fails_commit\": 3", REPLACE, more);
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    fixture_forget(fixture);
    assert_int_equal(setenv("TIDEMILL_TEST_WORD", now, 1), 0);
    fixture_run(fixture, source, "", REPLACE, more);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_remove(fixture, "rows");
    return is_resumed(fixture);
}

#define ROWS_OF(more_) "\"rows\": 9, \"batch\": 2" more_
#define RENAMED                                                                          \
    "\"transformations\": [{\"type\": \"rename_fields\", \"config\": {\"mapping\": "     \
    "{\"name\": \"called\", \"nobody\": \"${TIDEMILL_TEST_WORD}\"}}}]"

static void test_a_replacing_load_begins_anew_by_another_value_of_a_variable(void **state)
{
    static const char only[] = ROWS_OF(", \"only\": \"${TIDEMILL_TEST_WORD}\"");

    assert_false(goes_on_with(*state, "one", "other", only, ""));
    assert_true(goes_on_with(*state, "one", "one", only, ""));
    assert_false(goes_on_with(*state, "one", "other", ROWS_OF(""), RENAMED));
    assert_true(goes_on_with(*state, "one", "one", ROWS_OF(""), RENAMED));
}

static void test_a_replacing_load_is_gone_on_with_by_another_password(void **state)
{
    assert_true(goes_on_with(*state, "one", "other",
                             ROWS_OF(", \"password\": \"${TIDEMILL_TEST_WORD}\""), ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_a_replacing_load_is_gone_on_with_where_its_rows_are_aside),
        RUN_TEST(test_a_replacing_load_begins_anew_when_the_source_has_changed),
        RUN_TEST(test_a_replacing_load_begins_anew_by_another_definition),
        RUN_TEST(test_a_replacing_load_begins_anew_by_another_value_of_a_variable),
        RUN_TEST(test_a_replacing_load_is_gone_on_with_by_another_password),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
