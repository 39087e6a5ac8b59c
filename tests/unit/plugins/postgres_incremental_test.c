/*
 * postgres_incremental_test - how an incremental table goes on where a run ended.
 */
#include <string.h>

#include "postgres_kit.h"

static void an_incremental_table_goes_on_at_the_cursor_inclusive(void **state)
{
    struct kit_source source;
    int64_t values[10];
    char position[512];

    (void)state;
    kit_sql("CREATE TABLE changes (id int PRIMARY KEY, at timestamptz);"
            "INSERT INTO changes VALUES (5, '2024-01-01Z'), (4, '2024-01-03Z'),"
            " (3, '2024-01-02Z'), (2, '2024-01-03Z'), (1, NULL)");
    kit_source_init(&source, "changes");
    source.request.cursor = "at";
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 10), 5);
    assert_int_equal(values[0], 5);
    assert_int_equal(values[1], 3);
    assert_int_equal(values[2], 2);
    assert_int_equal(values[3], 4);
    assert_int_equal(values[4], 1);
    (void)snprintf(position, sizeof position, "%s", kit_position(&source));
    assert_string_equal(position, "{\"column\": \"at\", \"type\": \"timestamp with time "
                                  "zone\", \"cursor\": \"2024-01-03T00:00:00Z\"}");
    kit_source_close(&source);

    kit_sql("INSERT INTO changes VALUES (6, '2024-01-03Z'), (7, '2024-01-04Z')");
    kit_source_init(&source, "changes");
    source.request.cursor = "at";
    source.request.position = position;
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 10), 4);
    assert_int_equal(values[0], 2);
    assert_int_equal(values[3], 7);
    assert_non_null(strstr(kit_position(&source), "2024-01-04"));
    kit_source_close(&source);
}

static void a_position_stays_when_nothing_is_new(void **state)
{
    struct kit_source source;
    int64_t values[10];
    const char *position =
        "{\"cursor\": \"2030-01-01\", \"column\": \"at\", \"later\": 1}";

    (void)state;
    kit_source_init(&source, "changes");
    source.request.cursor = "at";
    source.request.position = position;
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 10), 0);
    assert_string_equal(kit_position(&source), position);
    kit_source_close(&source);
}

static void a_cursor_need_not_be_among_the_columns(void **state)
{
    const char *const exclude[] = {"at", NULL};
    struct kit_source source;
    int64_t values[10];

    (void)state;
    kit_source_init(&source, "changes");
    source.request.cursor = "at";
    source.request.exclude = exclude;
    kit_source_opens(&source);
    assert_int_equal(source.schema.column_count, 1);
    assert_int_equal(kit_read_all(&source, values, 10), 7);
    assert_non_null(strstr(kit_position(&source), "2024-01-04"));
    kit_source_close(&source);
}

static void a_position_of_another_cursor_starts_over(void **state)
{
    struct kit_source source;
    int64_t values[10];

    (void)state;
    kit_source_init(&source, "changes");
    source.request.cursor = "id";
    source.request.position = "{\"column\": \"at\", \"cursor\": \"2030-01-01\"}";
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 10), 7);
    kit_source_close(&source);
}

static void a_position_that_is_none_is_refused(void **state)
{
    static const char *const positions[] = {"", "12", "{}", "{\"column\": \"at\"}", "{"};

    (void)state;
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        struct kit_source source;

        kit_source_init(&source, "changes");
        source.request.cursor = "at";
        source.request.position = positions[i];
        assert_int_equal(kit_source_open(&source), TIDE_E_CONFIG);
        kit_source_close(&source);
    }
}

/* A run that starts at the position another one left reads the last row again, whatever
 * the cursor's type. */
static void a_cursor_may_have_any_type(void **state)
{
    static const char *const types[][2] = {
        {"bigint", "9223372036854775807"},
        {"numeric", "123456789012345678901234567890.10"},
        {"real", "0.1"},
        {"double precision", "0.30000000000000004"},
        {"text", "it''s \"quoted\" \\ ħ"},
        {"varchar(9)", "abc"},
        {"date", "0044-03-15 BC"},
        {"date", "12024-03-15"},
        {"date", "infinity"},
        {"timestamp", "0044-03-15 12:00:00.5 BC"},
        {"timestamptz", "12024-03-15 12:00:00.000001Z"},
        {"time", "23:59:59.999999"},
        {"uuid", "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"},
        {"bytea", "\\x00ff5c22"},
        {"inet", "10.0.0.1"},
        {"boolean", "true"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        char position[512];
        struct kit_source source;
        int64_t values[4];

        kit_sql("DROP TABLE IF EXISTS typed; CREATE TABLE typed (id int, c %s);"
                "INSERT INTO typed VALUES (1, '%s'), (2, NULL)",
                types[i][0], types[i][1]);
        kit_source_init(&source, "typed");
        source.request.cursor = "c";
        kit_source_opens(&source);
        assert_int_equal(kit_read_all(&source, values, 4), 2);
        (void)snprintf(position, sizeof position, "%s", kit_position(&source));
        kit_source_close(&source);
        kit_source_init(&source, "typed");
        source.request.cursor = "c";
        source.request.position = position;
        kit_source_opens(&source);
        assert_int_equal(kit_read_all(&source, values, 4), 1);
        assert_int_equal(values[0], 1);
        assert_string_equal(kit_position(&source), position);
        kit_source_close(&source);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_incremental_table_goes_on_at_the_cursor_inclusive),
        cmocka_unit_test(a_position_stays_when_nothing_is_new),
        cmocka_unit_test(a_cursor_need_not_be_among_the_columns),
        cmocka_unit_test(a_position_of_another_cursor_starts_over),
        cmocka_unit_test(a_position_that_is_none_is_refused),
        cmocka_unit_test(a_cursor_may_have_any_type),
    };
    int failed;

    if (!kit_start(&failed)) {
        return failed;
    }
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    kit_stop();
    return failed;
}
