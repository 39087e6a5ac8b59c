/*
 * Tests of the sqlite source.
 */
#include "sqlite_kit.h"

static void declared_types_become_ours(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, b BOOLEAN, r DOUBLE, "
                    "d DECIMAL(10,2), s VARCHAR(20), x BLOB, day DATE, clock TIME, "
                    "at TIMESTAMP, dt DATETIME, u UUID, j JSON, other FOO, bare);"
                    "INSERT INTO t VALUES (1, 1, 0.5, 12.5, 'a', x'6162', '2024-11-27', "
                    "'18:22:47.5', '2024-11-27 18:22:47', '2024-11-27T18:22:47', "
                    "'00112233-4455-6677-8899-AABBCCDDEEFF', '{\"a\":1}', 7, 0.25);");
    assert_string_equal(
        db_read(harness, "t"),
        "id int64, b bool, r float64, d decimal, s string, x bytes, day date, clock "
        "time, "
        "at timestamp, dt datetime, u uuid, j json, other string, bare string\n"
        "1|true|0.5|12.5|a|ab|2024-11-27|18:22:47.5|2024-11-27T18:22:47Z|"
        "2024-11-27T18:22:47|00112233-4455-6677-8899-aabbccddeeff|{\"a\":1}|7|0.25\n");
}

static void a_value_of_another_class_is_converted_or_rejected(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (n INTEGER, day DATE);"
                    "INSERT INTO t VALUES (3.0, NULL), (1.5, NULL), ('x', NULL), "
                    "(x'00', NULL), (4, 5), (9, '2024-01-01');");
    assert_string_equal(db_read(harness, "t"),
                        "n int64, day date\n3|NULL\n9|2024-01-01\n");
    assert_int_equal(harness->plugin.reject_count, 4);
    assert_string_equal(harness->plugin.rejects[0].code, "type_mismatch");
    assert_string_equal(harness->plugin.rejects[0].origin, "t");
    assert_int_equal(harness->plugin.rejects[0].position, 2);
    assert_string_equal(harness->plugin.rejects[0].raw, "{\"n\":1.5,\"day\":null}");
    assert_string_equal(harness->plugin.rejects[2].raw,
                        "{\"n\":\"\\\\x00\",\"day\":null}");
    assert_non_null(
        strstr(harness->plugin.rejects[3].message, "\"day\" is read as date"));
    assert_int_equal(harness->plugin.rejects[3].position, 5);
}

static void text_that_is_no_utf8_is_rejected(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (s TEXT);"
                    "INSERT INTO t VALUES (CAST(x'ff41' AS TEXT)), ('ok');");
    assert_string_equal(db_read(harness, "t"), "s string\nok\n");
    assert_string_equal(harness->plugin.rejects[0].code, "invalid_utf8");
}

static void text_that_is_no_json_is_rejected(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (j JSON);"
                    "INSERT INTO t VALUES ('[1'), ('[1]'), ('x'), ('\"x\"'), (7);");
    assert_string_equal(db_read(harness, "t"), "j json\n[1]\n\"x\"\n7\n");
    assert_int_equal(harness->plugin.reject_count, 2);
    assert_string_equal(harness->plugin.rejects[1].code, "type_mismatch");
    assert_int_equal(harness->plugin.rejects[1].position, 3);
}

static void a_type_the_user_declares_wins(void **state)
{
    struct harness *harness = *state;
    struct tide_schema declared = {0};

    db_run(harness, "CREATE TABLE t (at TIMESTAMP); INSERT INTO t VALUES (1700000000);");
    assert_int_equal(tide_schema_add(&declared, "at", TIDE_TYPE_INT64, 0), 0);
    harness->source.declared = &declared;
    assert_string_equal(db_read(harness, "t"), "at int64\n1700000000\n");
    tide_schema_clear(&declared);
}

static void small_batches_give_the_same_rows(void **state)
{
    struct harness *harness = *state;
    const char *whole;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);"
                    "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
                    "WHERE i < 500) INSERT INTO t SELECT i, 'row ' || i FROM n;");
    whole = db_read(harness, "t");
    harness->source.batch_rows = 7;
    assert_string_equal(db_read(harness, "t"), whole);
    harness->source.batch_bytes = 1;
    assert_string_equal(db_read(harness, "t"), whole);
}

static void views_and_tables_without_row_numbers_are_read(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (k TEXT PRIMARY KEY) WITHOUT ROWID;"
                    "INSERT INTO t VALUES ('a'), ('b');"
                    "CREATE VIEW v AS SELECT k FROM t WHERE k > 'a';");
    assert_string_equal(db_read(harness, "t"), "k string\na\nb\n");
    assert_string_equal(db_read(harness, "v"), "k string\nb\n");
}

static void a_missing_table_comes_with_the_nearest(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE orders (a); CREATE TABLE users (a);");
    assert_null(db_read(harness, "order"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_NOT_FOUND);
    assert_non_null(strstr(harness->plugin.err.message, "the nearest is \"orders\""));
}

static void what_is_no_database_is_named(void **state)
{
    struct harness *harness = *state;

    assert_null(db_read(harness, "t"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_NOT_FOUND);
    assert_non_null(strstr(harness->plugin.err.message, "/t.db: No such file"));
    harness_put_text("t.db", "this is certainly not a database, is it? no, no\n");
    assert_null(db_read(harness, "t"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "/t.db"));
}

/* Behind it comes what stands there. */
static void check_place(const struct harness *harness, const char *place)
{
    const char *rest = strstr(harness->position, place);

    assert_ptr_equal(rest, harness->position);
    assert_int_equal(strncmp(rest + strlen(place), ",\"keys\":\"", 9), 0);
}

static void a_cursor_reads_on_from_the_last_value(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT);"
                    "INSERT INTO t VALUES (1, 'b\"'), (2, 'a'), (3, NULL);");
    harness->source.cursor = "at";
    assert_string_equal(db_read(harness, "t"),
                        "id int64, at string\n3|NULL\n2|a\n1|b\"\n");
    check_place(harness, "{\"cursor\":\"b\\\"\",\"key\":[1],\"by\":[\"at\",\"id\"]");
    db_run(harness, "INSERT INTO t VALUES (4, 'a'), (5, 'b\"'), (6, 'c');");
    harness->source.position = tide_arena_strdup(harness->arena, harness->position);
    assert_string_equal(db_read(harness, "t"), "id int64, at string\n5|b\"\n6|c\n");
    check_place(harness, "{\"cursor\":\"c\",\"key\":[6],\"by\":[\"at\",\"id\"]");
}

static void a_cursor_with_nothing_new_keeps_its_position(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (5);");
    harness->source.cursor = "n";
    harness->source.position = "{\"cursor\":9}";
    assert_string_equal(db_read(harness, "t"), "n int64\n");
    assert_string_equal(harness->position, "{\"cursor\":9}");
}

static void a_real_cursor_survives_to_the_last_bit(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (r REAL); INSERT INTO t VALUES (0.1 + 0.2), (0.3);");
    harness->source.cursor = "r";
    assert_non_null(db_read(harness, "t"));
    check_place(harness, "{\"cursor\":0.30000000000000004,\"key\":[1],"
                         "\"by\":[\"r\",\"_rowid_\"],\"schema\":1");
    harness->source.position = "{\"cursor\":0.30000000000000004}";
    assert_string_equal(db_read(harness, "t"), "r float64\n0.30000000000000004\n");
}

static void a_cursor_that_is_not_there_is_named(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER, updated_at TEXT)");
    harness->source.cursor = "update_at";
    assert_null(db_read(harness, "t"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "\"updated_at\""));
}

static void a_position_of_something_else_is_refused(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (n INTEGER)");
    harness->source.cursor = "n";
    harness->source.position = "{\"offset\":9}";
    assert_null(db_read(harness, "t"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
}

static void discover_lists_tables_and_views(void **state)
{
    struct harness *harness = *state;
    static const char expected[] = "a b(id int64, \"q string)\nv(id int64)\n";

    db_run(harness, "CREATE TABLE \"a b\" (id INTEGER PRIMARY KEY, \"\"\"q\" TEXT);"
                    "CREATE VIEW v AS SELECT id FROM \"a b\";"
                    "CREATE TABLE _tidemill_positions (pipeline, position);");
    assert_string_equal(harness_discover(harness, TIDE_KIND_SOURCE, "sqlite", DB),
                        expected);
    assert_string_equal(harness_discover(harness, TIDE_KIND_DESTINATION, "sqlite", DB),
                        expected);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(declared_types_become_ours),
        TEST(a_value_of_another_class_is_converted_or_rejected),
        TEST(text_that_is_no_utf8_is_rejected),
        TEST(text_that_is_no_json_is_rejected),
        TEST(a_type_the_user_declares_wins),
        TEST(small_batches_give_the_same_rows),
        TEST(views_and_tables_without_row_numbers_are_read),
        TEST(a_missing_table_comes_with_the_nearest),
        TEST(what_is_no_database_is_named),
        TEST(a_cursor_reads_on_from_the_last_value),
        TEST(a_cursor_with_nothing_new_keeps_its_position),
        TEST(a_real_cursor_survives_to_the_last_bit),
        TEST(a_cursor_that_is_not_there_is_named),
        TEST(a_position_of_something_else_is_refused),
        TEST(discover_lists_tables_and_views),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
