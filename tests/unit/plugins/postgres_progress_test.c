/*
 * postgres_progress_test - a position that there is no memory for is an error at the end,
 * never a position that is missing.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <string.h>

#include "sources/postgres/progress.h"

static bool has_no_memory;

/* The linker puts it in the place of realloc(), whose name it tells. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_realloc(void *memory, size_t size)
{
    return has_no_memory ? NULL : __real_realloc(memory, size);
}
/* NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */

/* A table read by transactions up to number 777. */
static char column_name[] = "at";
static struct tide_pg_column column = {.name = column_name};
static const struct tide_pg_table table = {.columns = &column, .column_count = 1};
static const struct pg_plan plan = {.read = PG_READ_SNAPSHOT,
                                    .table = "1",
                                    .has_cursor = true,
                                    .order_count = 1,
                                    .window = {.to = 777}};
static const struct pg_position position;

static void the_end_without_memory_is_an_error(void **state)
{
    struct pg_progress progress = {0};
    struct tide_error err = {0};

    (void)state;
    assert_int_equal(pg_progress_begin(&progress, &plan, &table, &position, &err),
                     TIDE_OK);
    has_no_memory = true;
    assert_int_equal(pg_progress_end(&progress, &err), TIDE_E_LIMIT);
    has_no_memory = false;
    assert_non_null(strstr(err.message, "no memory"));
    pg_progress_clear(&progress);
}

static void the_end_needs_no_memory_once_it_is_written(void **state)
{
    struct pg_progress progress = {0};
    struct tide_error err = {0};

    (void)state;
    assert_int_equal(pg_progress_begin(&progress, &plan, &table, &position, &err),
                     TIDE_OK);
    assert_int_equal(pg_progress_end(&progress, &err), TIDE_OK);
    has_no_memory = true;
    assert_string_equal(
        pg_progress_text(&progress),
        "{\"read\": \"snapshot\", \"table\": 1, \"column\": \"at\", \"from\": 777}");
    has_no_memory = false;
    pg_progress_clear(&progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_without_memory_is_an_error),
        cmocka_unit_test(the_end_needs_no_memory_once_it_is_written),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
