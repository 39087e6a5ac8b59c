/*
 * round_test - a run of several tables that are appended is interrupted, and the
 * definition is another one when it is resumed.
 *
 * Tables are named by one letter, definitions by those of their tables.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "run_fixture.h"

#define ROWS 4

static int next_run;

/* Run these tables; one of them ('\0': none) fails once it has read so many rows. */
static bool run_tables(struct fixture *fixture, const char *tables, char fails, int at)
{
    char first[2] = {tables[0], '\0'};
    char *source = tide_strf("\"rows\": %d, \"batch\": 1", ROWS);
    char *id = tide_strf("%d", ++next_run);
    char *list = tide_strdup("\"mode\": \"append\"");

    if (fails) {
        free(source);
        source = tide_strf("\"rows\": %d, \"batch\": 1, \"only\": \"%c\", "
                           "\"fail_after\": %d",
                           ROWS, fails, at);
    }
    for (const char *table = tables + 1; *table; table++) {
        char *longer =
            tide_strf("%s}, {\"name\": \"%c\", \"mode\": \"append\"", list, *table);

        free(list);
        list = longer;
    }
    fixture_forget(fixture);
    fixture->table = first;
    fixture->request.run_id = id;
    fixture_run(fixture, source, "", list, "");
    free(list);
    free(id);
    free(source);
    return fixture->state == TIDE_RUN_SUCCEEDED;
}

/* Each row of each of these tables is in the file that record writes so many times. */
static void expect_times(const struct fixture *fixture, const char *tables, int64_t times)
{
    char *rows = fixture_read(fixture, "rows");
    char *rest = NULL, name = '\0';
    int64_t found[128][ROWS + 1] = {{0}};

    for (char *line = strtok_r(rows, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        (void)sscanf(line, "table %c", &name);
        if (line[0] >= '0' && line[0] <= '9') {
            found[name & 127][strtoll(line, NULL, 10)]++;
        }
    }
    for (const char *table = tables; *table; table++) {
        for (int id = 1; id <= ROWS; id++) {
            assert_int_equal(found[*table & 127][id], times);
        }
    }
    free(rows);
}

static void forget_all(struct fixture *fixture)
{
    static const char *const files[] = {"rows",   "rows.a", "rows.b",
                                        "rows.c", "rows.n", "rows.m"};

    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        fixture_remove(fixture, files[i]);
    }
}

/* ---- each edit ----------------------------------------------------------------------*/

static void interrupt_abc(struct fixture *fixture)
{
    forget_all(fixture);
    assert_false(run_tables(fixture, "abc", 'c', 2));
    expect_times(fixture, "ab", 1);
}

static void test_tables_in_another_order_are_not_appended_again(void **state)
{
    struct fixture *fixture = *state;
    static const char *const orders[] = {"acb", "bac", "bca", "cab", "cba"};

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        interrupt_abc(fixture);
        assert_true(run_tables(fixture, orders[i], '\0', 0));
        expect_times(fixture, "abc", 1);
        /* That was the end of it. */
        assert_true(run_tables(fixture, orders[i], '\0', 0));
        expect_times(fixture, "abc", 2);
        assert_true(run_tables(fixture, "abc", '\0', 0));
        expect_times(fixture, "abc", 3);
    }
}

static void test_a_new_table_lets_those_that_were_done_alone(void **state)
{
    struct fixture *fixture = *state;
    static const char *const orders[] = {"nabc", "anbc", "abnc", "abcn", "mnabc"};

    for (size_t i = 0; i < sizeof orders / sizeof *orders; i++) {
        interrupt_abc(fixture);
        assert_true(run_tables(fixture, orders[i], '\0', 0));
        expect_times(fixture, "nabc", 1);
        assert_true(run_tables(fixture, orders[i], '\0', 0));
        expect_times(fixture, "nabc", 2);
    }
}

static void test_the_only_table_that_is_left_is_not_appended_again(void **state)
{
    struct fixture *fixture = *state;

    interrupt_abc(fixture);
    assert_true(run_tables(fixture, "a", '\0', 0));
    expect_times(fixture, "ab", 1);
    assert_true(run_tables(fixture, "a", '\0', 0));
    expect_times(fixture, "a", 2);
}

/* A run that came to its end is over, whatever becomes of its first table. */
static void test_behind_a_run_that_ended_the_first_table_may_go(void **state)
{
    struct fixture *fixture = *state;

    forget_all(fixture);
    assert_true(run_tables(fixture, "abc", '\0', 0));
    assert_true(run_tables(fixture, "bc", '\0', 0));
    expect_times(fixture, "bc", 2);
    interrupt_abc(fixture);
    assert_true(run_tables(fixture, "nabc", '\0', 0));
    assert_true(run_tables(fixture, "b", '\0', 0));
    expect_times(fixture, "b", 2);
}

static void expect_refused(struct fixture *fixture, const char *tables)
{
    assert_false(run_tables(fixture, tables, '\0', 0));
    assert_int_equal(fixture->err.code, TIDE_E_CONFLICT);
    assert_non_null(strstr(fixture->err.message, "4 rows were appended to b by a run "
                                                 "that began with table \"a\""));
    assert_non_null(strstr(fixture->err.message, "for one run, or run with --full"));
}

static void test_without_the_first_table_the_run_is_refused(void **state)
{
    struct fixture *fixture = *state;

    interrupt_abc(fixture);
    expect_refused(fixture, "bc");
    expect_refused(fixture, "b");
    expect_refused(fixture, "nbc");
    expect_times(fixture, "b", 1);
    assert_true(run_tables(fixture, "bca", '\0', 0));
    expect_times(fixture, "abc", 1);
    interrupt_abc(fixture);
    fixture->request.incremental = 0;
    assert_true(run_tables(fixture, "bc", '\0', 0));
    fixture->request.incremental = -1;
    expect_times(fixture, "b", 2);
    assert_true(run_tables(fixture, "bc", '\0', 0));
    expect_times(fixture, "b", 3);
}

/* ---- and more than one --------------------------------------------------------------*/

static void come_to_the_end(struct fixture *fixture, const char *tables,
                            const char *before)
{
    if (!run_tables(fixture, tables, '\0', 0)) {
        assert_non_null(strstr(fixture->err.message, "put the table back"));
        tables = before;
        assert_true(run_tables(fixture, tables, '\0', 0));
    }
    expect_times(fixture, tables, 1);
    assert_true(run_tables(fixture, tables, '\0', 0));
    expect_times(fixture, tables, 2);
}

static void
test_each_row_comes_once_whatever_is_edited_between_two_interruptions(void **state)
{
    struct fixture *fixture = *state;
    static const char *const definitions[] = {"bca", "cba", "nbac"};
    size_t count = sizeof definitions / sizeof *definitions;

    fixture->request.checkpoint = 0;
    for (size_t i = 0; i < count * count; i++) {
        const char *second = definitions[i / count], *third = definitions[i % count];

        for (const char *fails = second; *fails; fails++) {
            interrupt_abc(fixture);
            (void)run_tables(fixture, second, *fails, 3);
            if (fixture->state != TIDE_RUN_SUCCEEDED) {
                come_to_the_end(fixture, third, second);
            }
        }
    }
}

static int stop_at(void *left, struct tide_error *err)
{
    return (*(int *)left)-- == 0
               ? tide_error_set(err, TIDE_E_IO, "interrupted in front of a commit")
               : TIDE_OK;
}

/* Tables are taken over by commits of their own: the run may be interrupted between any
 * two of them. */
static void
test_a_run_that_takes_tables_over_is_resumed_from_between_any_commits(void **state)
{
    struct fixture *fixture = *state;
    bool is_through = false;

    for (int at = 0; !is_through; at++) {
        int left = at;

        interrupt_abc(fixture);
        fixture->request.before_commit = stop_at;
        fixture->request.guard = &left;
        is_through = run_tables(fixture, "nbac", '\0', 0);
        fixture->request.before_commit = NULL;
        assert_true(is_through || run_tables(fixture, "nbac", '\0', 0));
        expect_times(fixture, "nabc", 1);
        assert_true(run_tables(fixture, "nbac", '\0', 0));
        expect_times(fixture, "nabc", 2);
        assert_true(at < 5 || is_through);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_tables_in_another_order_are_not_appended_again),
        RUN_TEST(test_a_new_table_lets_those_that_were_done_alone),
        RUN_TEST(test_the_only_table_that_is_left_is_not_appended_again),
        RUN_TEST(test_behind_a_run_that_ended_the_first_table_may_go),
        RUN_TEST(test_without_the_first_table_the_run_is_refused),
        RUN_TEST(test_each_row_comes_once_whatever_is_edited_between_two_interruptions),
        RUN_TEST(test_a_run_that_takes_tables_over_is_resumed_from_between_any_commits),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
