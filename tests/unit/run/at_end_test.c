/*
 * at_end_test - a source that knows early that it has no more, and one that is wrong; and
 * answers that are none.
 */
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "run_fixture.h"

/* All the rows come, and the last read is on that kind of thread. */
static void expect_end(struct fixture *fixture, int rows, int batch, int ends_at,
                       const char *where)
{
    char *source =
        tide_strf("\"rows\": %d, \"batch\": %d, \"ends_at\": %d, \"seen\": \"%s/seen\"",
                  rows, batch, ends_at, fixture->folder);
    char *commit = tide_strf("%d", rows), *seen;

    fixture_forget(fixture);
    fixture_remove(fixture, "seen");
    fixture_remove(fixture, "rows");
    fixture_run(fixture, source, "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(rows), NONE);
    expect_rows(fixture, 1, rows, 0, commit);
    seen = fixture_read(fixture, "seen");
    assert_non_null(strstr(seen, where));
    free(seen);
    free(commit);
    free(source);
}

static void test_a_source_that_is_over_with_its_first_batch_needs_no_thread(void **state)
{
    struct fixture *fixture = *state;

    expect_end(fixture, 3, 3, 3, "end alone\n");
    expect_end(fixture, 3, 3, -1, "end in a thread\n");
    expect_end(fixture, 3, 2, 3, "end in a thread\n");
}

static void test_rows_behind_an_end_that_is_none_come_all_the_same(void **state)
{
    struct fixture *fixture = *state;

    expect_end(fixture, 5, 2, 2, "end in a thread\n");
    expect_end(fixture, 4, 2, 2, "end in a thread\n");
}

/* Whether it is found on this thread or on another, and with rows or without. */
static void test_an_answer_that_is_none_fails_the_run(void **state)
{
    static const char *const sources[] = {
        "\"rows\": 3, \"ends_at\": 3, \"answers\": 2",
        "\"rows\": 3, \"answers\": 2",
        "\"rows\": 0, \"answers\": 7",
        "\"is_empty\": true, \"answers\": 2",
    };
    struct fixture *fixture = *state;

    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        fixture_forget(fixture);
        fixture_run(fixture, sources[i], "", "", "");
        fixture_expect_failure(fixture, TIDE_E_INTERNAL,
                               i == 2 ? "source script: read returned 7"
                                      : "source script: read returned 2");
    }
}

static void test_a_final_commit_that_is_put_off_fails_the_run(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 3", "\"waits_for_ever\": true", "", "");
    fixture_expect_failure(fixture, TIDE_E_INTERNAL,
                           "destination record: commit returned 2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_a_source_that_is_over_with_its_first_batch_needs_no_thread),
        RUN_TEST(test_rows_behind_an_end_that_is_none_come_all_the_same),
        RUN_TEST(test_an_answer_that_is_none_fails_the_run),
        RUN_TEST(test_a_final_commit_that_is_put_off_fails_the_run),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
