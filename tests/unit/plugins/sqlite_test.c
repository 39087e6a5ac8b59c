/*
 * Tests of the sqlite source and destination.
 */
#include <sqlite3.h>

#include "mover_harness.h"

#define DB "{\"path\": \"t.db\", \"busy_timeout\": \"1ms\"}"

static sqlite3 *open_db(struct harness *harness)
{
    sqlite3 *db = NULL;

    assert_int_equal(
        sqlite3_open(tide_arena_strf(harness->arena, "%s/t.db", harness->folder), &db),
        SQLITE_OK);
    return db;
}

static void run_sql(struct harness *harness, const char *sql)
{
    sqlite3 *db = open_db(harness);
    char *message = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fail_msg("%s", message);
    }
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* The first column of the first row, as text. */
static const char *ask(struct harness *harness, const char *sql)
{
    sqlite3 *db = open_db(harness);
    sqlite3_stmt *statement = NULL;
    const char *answer;

    if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
        fail_msg("%s", sqlite3_errmsg(db));
    }
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    answer = sqlite3_column_type(statement, 0) == SQLITE_NULL
                 ? "NULL"
                 : tide_arena_strdup(harness->arena,
                                     (const char *)sqlite3_column_text(statement, 0));
    assert_int_equal(sqlite3_finalize(statement), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    return answer;
}

static const char *read_table(struct harness *harness, const char *table)
{
    return harness_read(harness, "sqlite", DB, table);
}

static int write_table(struct harness *harness, int mode, const char *rows)
{
    int rc = harness_write(harness, "sqlite", DB, mode, "t", rows, NULL);

    if (rc != TIDE_OK) {
        harness->plugin.err.code = rc;
    }
    return rc;
}

static void merge_by(struct harness *harness, const char *const *key, const char *cursor)
{
    harness->destination.key = key;
    harness->destination.cursor = cursor;
}

/* ---- the source ---- */

static void declared_types_become_ours(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, b BOOLEAN, r DOUBLE, "
                     "d DECIMAL(10,2), s VARCHAR(20), x BLOB, day DATE, clock TIME, "
                     "at TIMESTAMP, dt DATETIME, u UUID, j JSON, other FOO, bare);"
                     "INSERT INTO t VALUES (1, 1, 0.5, 12.5, 'a', x'6162', '2024-11-27', "
                     "'18:22:47.5', '2024-11-27 18:22:47', '2024-11-27T18:22:47', "
                     "'00112233-4455-6677-8899-AABBCCDDEEFF', '{\"a\":1}', 7, 0.25);");
    assert_string_equal(
        read_table(harness, "t"),
        "id int64, b bool, r float64, d decimal, s string, x bytes, day date, clock "
        "time, "
        "at timestamp, dt datetime, u uuid, j json, other string, bare string\n"
        "1|true|0.5|12.5|a|ab|2024-11-27|18:22:47.5|2024-11-27T18:22:47Z|"
        "2024-11-27T18:22:47|00112233-4455-6677-8899-aabbccddeeff|{\"a\":1}|7|0.25\n");
}

static void a_value_of_another_class_is_converted_or_rejected(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (n INTEGER, day DATE);"
                     "INSERT INTO t VALUES (3.0, NULL), (1.5, NULL), ('x', NULL), "
                     "(x'00', NULL), (4, 5), (9, '2024-01-01');");
    assert_string_equal(read_table(harness, "t"),
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

    run_sql(harness, "CREATE TABLE t (s TEXT);"
                     "INSERT INTO t VALUES (CAST(x'ff41' AS TEXT)), ('ok');");
    assert_string_equal(read_table(harness, "t"), "s string\nok\n");
    assert_string_equal(harness->plugin.rejects[0].code, "invalid_utf8");
}

static void text_that_is_no_json_is_rejected(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (j JSON);"
                     "INSERT INTO t VALUES ('[1'), ('[1]'), ('x'), ('\"x\"'), (7);");
    assert_string_equal(read_table(harness, "t"), "j json\n[1]\n\"x\"\n7\n");
    assert_int_equal(harness->plugin.reject_count, 2);
    assert_string_equal(harness->plugin.rejects[1].code, "type_mismatch");
    assert_int_equal(harness->plugin.rejects[1].position, 3);
}

static void a_type_the_user_declares_wins(void **state)
{
    struct harness *harness = *state;
    struct tide_schema declared = {0};

    run_sql(harness, "CREATE TABLE t (at TIMESTAMP); INSERT INTO t VALUES (1700000000);");
    assert_int_equal(tide_schema_add(&declared, "at", TIDE_TYPE_INT64, 0), 0);
    harness->source.declared = &declared;
    assert_string_equal(read_table(harness, "t"), "at int64\n1700000000\n");
    tide_schema_clear(&declared);
}

static void small_batches_give_the_same_rows(void **state)
{
    struct harness *harness = *state;
    const char *whole;

    run_sql(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);"
                     "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n "
                     "WHERE i < 500) INSERT INTO t SELECT i, 'row ' || i FROM n;");
    whole = read_table(harness, "t");
    harness->source.batch_rows = 7;
    assert_string_equal(read_table(harness, "t"), whole);
    harness->source.batch_bytes = 1;
    assert_string_equal(read_table(harness, "t"), whole);
}

static void views_and_tables_without_row_numbers_are_read(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (k TEXT PRIMARY KEY) WITHOUT ROWID;"
                     "INSERT INTO t VALUES ('a'), ('b');"
                     "CREATE VIEW v AS SELECT k FROM t WHERE k > 'a';");
    assert_string_equal(read_table(harness, "t"), "k string\na\nb\n");
    assert_string_equal(read_table(harness, "v"), "k string\nb\n");
}

static void a_missing_table_comes_with_the_nearest(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE orders (a); CREATE TABLE users (a);");
    assert_null(read_table(harness, "order"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_NOT_FOUND);
    assert_non_null(strstr(harness->plugin.err.message, "the nearest is \"orders\""));
}

static void what_is_no_database_is_named(void **state)
{
    struct harness *harness = *state;

    assert_null(read_table(harness, "t"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_NOT_FOUND);
    assert_non_null(strstr(harness->plugin.err.message, "/t.db: No such file"));
    harness_put_text("t.db", "this is certainly not a database, is it? no, no\n");
    assert_null(read_table(harness, "t"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "/t.db"));
}

static void a_cursor_reads_on_from_the_last_value(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, at TEXT);"
                     "INSERT INTO t VALUES (1, 'b\"'), (2, 'a'), (3, NULL);");
    harness->source.cursor = "at";
    assert_string_equal(read_table(harness, "t"),
                        "id int64, at string\n3|NULL\n2|a\n1|b\"\n");
    assert_string_equal(harness->position,
                        "{\"cursor\":\"b\\\"\",\"key\":[1],\"by\":[\"at\",\"id\"]}");
    run_sql(harness, "INSERT INTO t VALUES (4, 'a'), (5, 'b\"'), (6, 'c');");
    harness->source.position = tide_arena_strdup(harness->arena, harness->position);
    assert_string_equal(read_table(harness, "t"), "id int64, at string\n5|b\"\n6|c\n");
    assert_string_equal(harness->position,
                        "{\"cursor\":\"c\",\"key\":[6],\"by\":[\"at\",\"id\"]}");
}

static void a_cursor_with_nothing_new_keeps_its_position(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (5);");
    harness->source.cursor = "n";
    harness->source.position = "{\"cursor\":9}";
    assert_string_equal(read_table(harness, "t"), "n int64\n");
    assert_string_equal(harness->position, "{\"cursor\":9}");
}

static void a_real_cursor_survives_to_the_last_bit(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (r REAL); INSERT INTO t VALUES (0.1 + 0.2), (0.3);");
    harness->source.cursor = "r";
    assert_non_null(read_table(harness, "t"));
    assert_string_equal(harness->position, "{\"cursor\":0.30000000000000004,\"key\":[1],"
                                           "\"by\":[\"r\",\"_rowid_\"],\"schema\":1}");
    harness->source.position = "{\"cursor\":0.30000000000000004}";
    assert_string_equal(read_table(harness, "t"), "r float64\n0.30000000000000004\n");
}

static void a_cursor_that_is_not_there_is_named(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (id INTEGER, updated_at TEXT)");
    harness->source.cursor = "update_at";
    assert_null(read_table(harness, "t"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "\"updated_at\""));
}

static void a_position_of_something_else_is_refused(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (n INTEGER)");
    harness->source.cursor = "n";
    harness->source.position = "{\"offset\":9}";
    assert_null(read_table(harness, "t"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
}

static void discover_lists_tables_and_views(void **state)
{
    struct harness *harness = *state;
    static const char expected[] = "a b(id int64, \"q string)\nv(id int64)\n";

    run_sql(harness, "CREATE TABLE \"a b\" (id INTEGER PRIMARY KEY, \"\"\"q\" TEXT);"
                     "CREATE VIEW v AS SELECT id FROM \"a b\";"
                     "CREATE TABLE _tidemill_positions (pipeline, position);");
    assert_string_equal(harness_discover(harness, TIDE_KIND_SOURCE, "sqlite", DB),
                        expected);
    assert_string_equal(harness_discover(harness, TIDE_KIND_DESTINATION, "sqlite", DB),
                        expected);
}

/* ---- the destination ---- */

static void every_type_comes_back_as_it_was(void **state)
{
    static const char rows[] =
        "b bool, i int64, r float64, d decimal, s string, x bytes, day date, clock time, "
        "at timestamp, dt datetime, u uuid, j json\n"
        "true|9223372036854775807|0.1|12.50|007|ab|2024-11-27|18:22:47.5|"
        "2024-11-27T18:22:47.937Z|2024-11-27T18:22:47|"
        "00112233-4455-6677-8899-aabbccddeeff|1.10\n"
        "false|-9223372036854775808|NaN|NaN|NaN|NaN|infinity|00:00:00|infinity|"
        "-infinity|00112233-4455-6677-8899-aabbccddeeff|[1, 2]\n"
        "NULL|0|-Infinity|123456789012345678901234567890.123456789|1e5|NULL|0044-03-15 "
        "BC|NULL|"
        "12024-01-01T00:00:00Z|NULL|NULL|123456789012345678901234567890\n"
        "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL\n";
    struct harness *harness = *state;

    assert_int_equal(write_table(harness, TIDE_MODE_APPEND, rows), TIDE_OK);
    assert_string_equal(read_table(harness, "t"), rows);
    assert_int_equal(harness->plugin.reject_count, 0);
    assert_int_equal(harness->plugin.reject_count, 0);
}

static void append_adds_and_replace_replaces(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(write_table(harness, TIDE_MODE_APPEND, "n int64\n1\n"), TIDE_OK);
    assert_int_equal(write_table(harness, TIDE_MODE_APPEND, "n int64\n1\n"), TIDE_OK);
    assert_string_equal(ask(harness, "SELECT count(*) FROM t"), "2");
    run_sql(harness, "CREATE INDEX by_n ON t (n)");
    assert_int_equal(write_table(harness, TIDE_MODE_REPLACE, "n int64\n7\n"), TIDE_OK);
    assert_string_equal(ask(harness, "SELECT group_concat(n) FROM t"), "7");
    assert_string_equal(ask(harness, "SELECT name FROM sqlite_schema WHERE type = "
                                     "'index'"),
                        "by_n");
}

static void merge_updates_by_key_and_the_later_row_wins(void **state)
{
    static const char *const key[] = {"id", NULL};
    struct harness *harness = *state;

    merge_by(harness, key, NULL);
    assert_int_equal(write_table(harness, TIDE_MODE_MERGE,
                                 "id int64, s string\n1|old\n2|kept\n1|new\n"),
                     TIDE_OK);
    assert_int_equal(
        write_table(harness, TIDE_MODE_MERGE, "id int64, s string\n1|newer\n"), TIDE_OK);
    assert_string_equal(read_table(harness, "t"),
                        "id int64, s string\n1|newer\n2|kept\n");
}

static void merge_with_a_cursor_keeps_the_highest(void **state)
{
    static const char *const key[] = {"a", "b", NULL};
    struct harness *harness = *state;

    merge_by(harness, key, "v");
    assert_int_equal(write_table(harness, TIDE_MODE_MERGE,
                                 "a int64, b string, v int64, s string\n"
                                 "1|x|NULL|none\n1|x|5|high\n1|x|3|low\n1|x|5|tie\n"
                                 "1|y|1|other\n"),
                     TIDE_OK);
    assert_string_equal(read_table(harness, "t"),
                        "a int64, b string, v int64, s string\n1|x|5|tie\n1|y|1|other\n");
    assert_int_equal(
        write_table(harness, TIDE_MODE_MERGE,
                    "a int64, b string, v int64, s string\n1|x|2|next run\n"),
        TIDE_OK);
    assert_string_equal(ask(harness, "SELECT s FROM t WHERE b = 'x'"), "next run");
}

static void merge_of_a_key_alone_adds_it_once(void **state)
{
    static const char *const key[] = {"id", NULL};
    struct harness *harness = *state;

    merge_by(harness, key, NULL);
    assert_int_equal(write_table(harness, TIDE_MODE_MERGE, "id int64\n1\n1\n2\n"),
                     TIDE_OK);
    assert_string_equal(ask(harness, "SELECT group_concat(id) FROM t"), "1,2");
}

static void merge_without_a_unique_index_is_explained(void **state)
{
    static const char *const key[] = {"id", NULL};
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (id INTEGER, s TEXT)");
    merge_by(harness, key, NULL);
    assert_int_equal(write_table(harness, TIDE_MODE_MERGE, "id int64, s string\n1|a\n"),
                     TIDE_E_CONFIG);
    assert_non_null(
        strstr(harness->plugin.err.message, "needs a unique index on (\"id\")"));
}

static void a_row_that_violates_a_constraint_is_refused_alone(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (id INTEGER UNIQUE, n INTEGER CHECK (n < 10), "
                     "s TEXT NOT NULL DEFAULT '');");
    assert_int_equal(write_table(harness, TIDE_MODE_APPEND,
                                 "id int64, n int64, s string\n1|1|a\n1|2|b\n3|99|c\n"
                                 "4|4|NULL\n5|5|e\n"),
                     TIDE_OK);
    assert_string_equal(ask(harness, "SELECT group_concat(id) FROM t"), "1,5");
    assert_int_equal(harness->plugin.reject_count, 3);
    assert_string_equal(harness->plugin.rejects[0].code, "unique_violation");
    assert_int_equal(harness->plugin.rejects[0].row, 1);
    assert_non_null(strstr(harness->plugin.rejects[0].message, "t.id"));
    assert_string_equal(harness->plugin.rejects[1].code, "check_violation");
    assert_string_equal(harness->plugin.rejects[2].code, "not_null_violation");
}

static void a_column_that_is_missing_comes_with_the_nearest(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (id INTEGER, full_name TEXT)");
    assert_int_equal(
        write_table(harness, TIDE_MODE_APPEND, "id int64, fullname string\n1|a\n"),
        TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "no column \"fullname\""));
    assert_non_null(strstr(harness->plugin.err.message, "\"full_name\""));
}

static void a_required_column_that_does_not_come_is_named(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, "
                     "b TEXT NOT NULL DEFAULT 'x', s TEXT)");
    assert_int_equal(write_table(harness, TIDE_MODE_APPEND, "s string\nx\n"),
                     TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "\"a\""));
    assert_int_equal(write_table(harness, TIDE_MODE_APPEND, "A string\nx\n"), TIDE_OK);
    assert_string_equal(ask(harness, "SELECT id || a || b FROM t"), "1xx");
}

static void accepted_are_the_real_columns(void **state)
{
    struct harness *harness = *state;
    const struct tide_destination *destination =
        harness_load(harness, TIDE_KIND_DESTINATION, "sqlite", DB)->destination;
    struct tide_schema schema = {0}, accepted = {0};
    void *writer = NULL;
    char *position = NULL;

    run_sql(harness, "CREATE TABLE t (s TEXT NOT NULL, n INTEGER DEFAULT 4, f BOOLEAN, "
                     "bare)");
    assert_int_equal(tide_schema_add(&schema, "n", TIDE_TYPE_STRING, 0), 0);
    assert_int_equal(tide_schema_add(&schema, "s", TIDE_TYPE_INT64, 0), 0);
    assert_int_equal(tide_schema_add(&schema, "f", TIDE_TYPE_INT64, 0), 0);
    assert_int_equal(tide_schema_add(&schema, "bare", TIDE_TYPE_DATE, 0), 0);
    harness->destination.mode = TIDE_MODE_APPEND;
    harness->destination.table = "t";
    harness->destination.schema = &schema;
    assert_int_equal(destination->open(harness->plugin.options, &harness->destination,
                                       &harness->plugin.host, &writer, &accepted,
                                       &position, &harness->plugin.err),
                     TIDE_OK);
    assert_int_equal(accepted.columns[0].type, TIDE_TYPE_INT64);
    assert_int_equal(accepted.columns[0].flags, TIDE_COLUMN_DEFAULT);
    assert_int_equal(accepted.columns[1].type, TIDE_TYPE_STRING);
    assert_int_equal(accepted.columns[1].flags, TIDE_COLUMN_REQUIRED);
    assert_int_equal(accepted.columns[2].type, TIDE_TYPE_INT64);
    assert_int_equal(accepted.columns[3].type, TIDE_TYPE_DATE);
    destination->close(writer);
    tide_schema_clear(&schema);
    tide_schema_clear(&accepted);
}

static void a_decimal_that_the_column_would_round_is_refused(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE t (d DECIMAL(30,10))");
    assert_int_equal(write_table(harness, TIDE_MODE_APPEND,
                                 "d decimal\n12.50\n1234567890.1234567\n"
                                 "9223372036854775807\n9223372036854775808\n"),
                     TIDE_OK);
    assert_int_equal(harness->plugin.reject_count, 2);
    assert_string_equal(harness->plugin.rejects[0].code, "inexact");
    assert_int_equal(harness->plugin.rejects[0].row, 1);
    assert_int_equal(harness->plugin.rejects[1].row, 3);
    assert_string_equal(read_table(harness, "t"),
                        "d decimal\n12.5\n9223372036854775807\n");
}

static void a_run_that_fails_leaves_nothing(void **state)
{
    struct harness *harness = *state;

    run_sql(harness, "CREATE TABLE old (n INTEGER); INSERT INTO old VALUES (1);");
    assert_int_equal(harness_write_and_fail(harness, "sqlite", DB, TIDE_MODE_REPLACE,
                                            "old", "n int64\n2\n"),
                     TIDE_OK);
    assert_int_equal(harness_write_and_fail(harness, "sqlite", DB, TIDE_MODE_APPEND,
                                            "fresh", "n int64\n2\n"),
                     TIDE_OK);
    assert_string_equal(ask(harness, "SELECT group_concat(n) FROM old"), "1");
    assert_string_equal(ask(harness, "SELECT count(*) FROM sqlite_schema"), "1");
}

static void the_position_is_kept_with_the_rows(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(harness_write(harness, "sqlite", DB, TIDE_MODE_APPEND, "t",
                                   "n int64\n1\n", "{\"cursor\":1}"),
                     TIDE_OK);
    assert_null(harness->position);
    assert_int_equal(harness_write(harness, "sqlite", DB, TIDE_MODE_APPEND, "t",
                                   "n int64\n2\n", "{\"cursor\":2}"),
                     TIDE_OK);
    assert_string_equal(harness->position, "{\"cursor\":1}");
    harness->destination.pipeline = "shop/other";
    assert_int_equal(
        harness_write(harness, "sqlite", DB, TIDE_MODE_APPEND, "t", "n int64\n", NULL),
        TIDE_OK);
    assert_null(harness->position);
    assert_string_equal(ask(harness, "SELECT position FROM _tidemill_positions"),
                        "{\"cursor\":2}");
}

static void a_locked_database_may_be_tried_again(void **state)
{
    struct harness *harness = *state;
    sqlite3 *other;

    run_sql(harness, "CREATE TABLE t (n INTEGER)");
    other = open_db(harness);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(write_table(harness, TIDE_MODE_APPEND, "n int64\n1\n"),
                     TIDE_E_TRANSIENT);
    assert_non_null(strstr(harness->plugin.err.message, "database is locked"));
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void a_source_without_columns_makes_no_table(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(write_table(harness, TIDE_MODE_REPLACE, "\n"), TIDE_OK);
    assert_string_equal(ask(harness, "SELECT count(*) FROM sqlite_schema"), "0");
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
        TEST(every_type_comes_back_as_it_was),
        TEST(append_adds_and_replace_replaces),
        TEST(merge_updates_by_key_and_the_later_row_wins),
        TEST(merge_with_a_cursor_keeps_the_highest),
        TEST(merge_of_a_key_alone_adds_it_once),
        TEST(merge_without_a_unique_index_is_explained),
        TEST(a_row_that_violates_a_constraint_is_refused_alone),
        TEST(a_column_that_is_missing_comes_with_the_nearest),
        TEST(a_required_column_that_does_not_come_is_named),
        TEST(accepted_are_the_real_columns),
        TEST(a_decimal_that_the_column_would_round_is_refused),
        TEST(a_run_that_fails_leaves_nothing),
        TEST(the_position_is_kept_with_the_rows),
        TEST(a_locked_database_may_be_tried_again),
        TEST(a_source_without_columns_makes_no_table),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
