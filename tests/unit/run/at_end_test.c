/*
 * at_end_test - a source that knows early that it has no more, and one that is wrong.
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_a_source_that_is_over_with_its_first_batch_needs_no_thread),
        RUN_TEST(test_rows_behind_an_end_that_is_none_come_all_the_same),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
