/*
 * postgres_progress_test - how a key is written down, and that a position for which there
 * is no memory is an error at the end, never a position that is missing.
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
static int pieces;

/* The linker puts it in the place of realloc(), whose name it tells. */
/* NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp) */
void *__real_realloc(void *memory, size_t size);
void *__wrap_realloc(void *memory, size_t size);

void *__wrap_realloc(void *memory, size_t size)
{
    return has_no_memory ? NULL : __real_realloc(memory, size);
}

/* The same of what a text is copied with. */
void __real_tide_pg_sql_add_n(struct tide_pg_sql *sql, const char *text, size_t length);
void __wrap_tide_pg_sql_add_n(struct tide_pg_sql *sql, const char *text, size_t length);

void __wrap_tide_pg_sql_add_n(struct tide_pg_sql *sql, const char *text, size_t length)
{
    pieces++;
    __real_tide_pg_sql_add_n(sql, text, length);
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

/* ---- values ---------------------------------------------------------------------- */

#define LONG "a key of many letters: abcdefghijklmnopqrstuvwxyz \xc3\xa9"

/* The text of a position behind a row whose key is this one. */
static void advance(struct pg_progress *progress, int type, const char *key,
                    size_t length)
{
    static char name[] = "id", oid[] = "1";
    static struct tide_pg_column id = {.name = name};
    static const struct tide_pg_table keyed = {.columns = &id, .column_count = 1};
    static const struct pg_plan by_key = {
        .read = PG_READ_KEY, .table = oid, .order_count = 1, .may_repeat = true};
    struct tide_builder builder;
    struct ArrowArray column_values = {0};
    const struct ArrowArray *columns[] = {&column_values};
    struct tide_error err = {0};

    id.type.type = type;
    tide_builder_init(&builder, type);
    assert_int_equal(tide_append_bytes(&builder, key, length), TIDE_OK);
    assert_int_equal(tide_builder_finish(&builder, &column_values), TIDE_OK);
    assert_int_equal(pg_progress_begin(progress, &by_key, &keyed, &position, &err),
                     TIDE_OK);
    pieces = 0;
    assert_int_equal(pg_progress_advance(progress, columns, 1, &err), TIDE_OK);
    column_values.release(&column_values);
    tide_builder_clear(&builder);
}

static void a_key_is_written_as_json(void **state)
{
    struct pg_progress progress = {0};
    static const char key[] = "\"a\" \\ \n\x01" LONG "\t";

    (void)state;
    advance(&progress, TIDE_TYPE_STRING, key, sizeof key - 1);
    assert_non_null(strstr(pg_progress_text(&progress),
                           "\"key\": [\"\\\"a\\\" \\\\ \\u000a\\u0001" LONG
                           "\\u0009\"]"));
    pg_progress_clear(&progress);
    advance(&progress, TIDE_TYPE_BYTES, "\x00\x9f\xff", 3);
    assert_non_null(strstr(pg_progress_text(&progress), "\"key\": [\"\\\\x009fff\"]"));
    pg_progress_clear(&progress);
}

/* It is done for each batch: name and key in one piece each. */
static void a_key_is_copied_whole(void **state)
{
    struct pg_progress progress = {0};

    (void)state;
    advance(&progress, TIDE_TYPE_STRING, LONG, sizeof LONG - 1);
    assert_int_equal(pieces, 2);
    pg_progress_clear(&progress);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_end_without_memory_is_an_error),
        cmocka_unit_test(the_end_needs_no_memory_once_it_is_written),
        cmocka_unit_test(a_key_is_written_as_json),
        cmocka_unit_test(a_key_is_copied_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
