/*
 * Tests of the sqlite destination.
 */
#include "sqlite_kit.h"

static void merge_by(struct harness *harness, const char *const *key, const char *cursor)
{
    harness->destination.key = key;
    harness->destination.cursor = cursor;
}

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

    assert_int_equal(db_write(harness, TIDE_MODE_APPEND, rows), TIDE_OK);
    assert_string_equal(db_read(harness, "t"), rows);
    assert_int_equal(harness->plugin.reject_count, 0);
}

static void append_adds_and_replace_replaces(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(db_write(harness, TIDE_MODE_APPEND, "n int64\n1\n"), TIDE_OK);
    assert_int_equal(db_write(harness, TIDE_MODE_APPEND, "n int64\n1\n"), TIDE_OK);
    assert_string_equal(db_ask(harness, "SELECT count(*) FROM t"), "2");
    db_run(harness, "CREATE INDEX by_n ON t (n)");
    assert_int_equal(db_write(harness, TIDE_MODE_REPLACE, "n int64\n7\n"), TIDE_OK);
    assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM t"), "7");
    assert_string_equal(db_ask(harness, "SELECT name FROM sqlite_schema WHERE type = "
                                        "'index'"),
                        "by_n");
}

static void merge_updates_by_key_and_the_later_row_wins(void **state)
{
    static const char *const key[] = {"id", NULL};
    struct harness *harness = *state;

    merge_by(harness, key, NULL);
    assert_int_equal(
        db_write(harness, TIDE_MODE_MERGE, "id int64, s string\n1|old\n2|kept\n1|new\n"),
        TIDE_OK);
    assert_int_equal(db_write(harness, TIDE_MODE_MERGE, "id int64, s string\n1|newer\n"),
                     TIDE_OK);
    assert_string_equal(db_read(harness, "t"), "id int64, s string\n1|newer\n2|kept\n");
}

static void merge_with_a_cursor_keeps_the_highest(void **state)
{
    static const char *const key[] = {"a", "b", NULL};
    struct harness *harness = *state;

    merge_by(harness, key, "v");
    assert_int_equal(db_write(harness, TIDE_MODE_MERGE,
                              "a int64, b string, v int64, s string\n"
                              "1|x|NULL|none\n1|x|5|high\n1|x|3|low\n1|x|5|tie\n"
                              "1|y|1|other\n"),
                     TIDE_OK);
    assert_string_equal(db_read(harness, "t"),
                        "a int64, b string, v int64, s string\n1|x|5|tie\n1|y|1|other\n");
    assert_int_equal(db_write(harness, TIDE_MODE_MERGE,
                              "a int64, b string, v int64, s string\n1|x|2|next run\n"),
                     TIDE_OK);
    assert_string_equal(db_ask(harness, "SELECT s FROM t WHERE b = 'x'"), "next run");
}

static void merge_of_a_key_alone_adds_it_once(void **state)
{
    static const char *const key[] = {"id", NULL};
    struct harness *harness = *state;

    merge_by(harness, key, NULL);
    assert_int_equal(db_write(harness, TIDE_MODE_MERGE, "id int64\n1\n1\n2\n"), TIDE_OK);
    assert_string_equal(db_ask(harness, "SELECT group_concat(id) FROM t"), "1,2");
}

static void merge_without_a_unique_index_is_explained(void **state)
{
    static const char *const key[] = {"id", NULL};
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER, s TEXT)");
    merge_by(harness, key, NULL);
    assert_int_equal(db_write(harness, TIDE_MODE_MERGE, "id int64, s string\n1|a\n"),
                     TIDE_E_CONFIG);
    assert_non_null(
        strstr(harness->plugin.err.message, "needs a unique index on (\"id\")"));
}

static void a_row_that_violates_a_constraint_is_refused_alone(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER UNIQUE, n INTEGER CHECK (n < 10), "
                    "s TEXT NOT NULL DEFAULT '');");
    assert_int_equal(db_write(harness, TIDE_MODE_APPEND,
                              "id int64, n int64, s string\n1|1|a\n1|2|b\n3|99|c\n"
                              "4|4|NULL\n5|5|e\n"),
                     TIDE_OK);
    assert_string_equal(db_ask(harness, "SELECT group_concat(id) FROM t"), "1,5");
    assert_int_equal(harness->plugin.reject_count, 3);
    assert_string_equal(harness->plugin.rejects[0].code, "unique_violation");
    assert_int_equal(harness->plugin.rejects[0].row, 1);
    assert_non_null(strstr(harness->plugin.rejects[0].message, "t.id"));
    assert_string_equal(harness->plugin.rejects[1].code, "check_violation");
    assert_string_equal(harness->plugin.rejects[2].code, "not_null_violation");
}

/* Of three rows the second is rejected, in every mode, and all that was there stays. */
static void check_rejected(struct harness *harness, const char *table, const char *code)
{
    static const char *const key[] = {"id", NULL};
    static const int modes[] = {TIDE_MODE_APPEND, TIDE_MODE_MERGE, TIDE_MODE_REPLACE};

    for (size_t i = 0; i < 3; i++) {
        db_run(harness, "DROP TABLE IF EXISTS t");
        db_run(harness, table);
        merge_by(harness, modes[i] == TIDE_MODE_MERGE ? key : NULL, NULL);
        assert_int_equal(
            db_write(harness, modes[i], "id int64, s string\n1|a\n2|a\n3|c\n"), TIDE_OK);
        assert_int_equal(harness->plugin.reject_count, 1);
        assert_string_equal(harness->plugin.rejects[0].code, code);
        assert_int_equal(harness->plugin.rejects[0].row, 1);
        assert_string_equal(db_ask(harness, "SELECT group_concat(id || s) FROM t"),
                            modes[i] == TIDE_MODE_REPLACE ? "1a,3c" : "0z,1a,3c");
    }
}

static void a_row_that_the_table_would_ignore_is_rejected(void **state)
{
    check_rejected(*state,
                   "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);"
                   "INSERT INTO t VALUES (0, 'z');"
                   "CREATE TRIGGER g BEFORE INSERT ON t WHEN NEW.id = 2 BEGIN"
                   " SELECT RAISE(IGNORE); END",
                   "ignored");
    check_rejected(*state,
                   "CREATE TABLE t (id INTEGER PRIMARY KEY,"
                   " s TEXT UNIQUE ON CONFLICT IGNORE); INSERT INTO t VALUES (0, 'z')",
                   "unique_violation");
}

static void a_row_that_would_take_others_away_is_rejected(void **state)
{
    check_rejected(*state,
                   "CREATE TABLE t (id INTEGER PRIMARY KEY,"
                   " s TEXT UNIQUE ON CONFLICT REPLACE); INSERT INTO t VALUES (0, 'z')",
                   "unique_violation");
    check_rejected(*state,
                   "CREATE TABLE t (id INTEGER PRIMARY KEY ON CONFLICT REPLACE,"
                   " s TEXT CHECK (id <> 2)); INSERT INTO t VALUES (0, 'z')",
                   "check_violation");
}

static void an_update_that_a_trigger_ignores_is_rejected(void **state)
{
    static const char *const key[] = {"id", NULL};
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, s TEXT);"
                    "INSERT INTO t VALUES (1, 'old'), (2, 'old');"
                    "CREATE TRIGGER g BEFORE UPDATE ON t WHEN NEW.id = 2 BEGIN"
                    " SELECT RAISE(IGNORE); END");
    merge_by(harness, key, NULL);
    assert_int_equal(
        db_write(harness, TIDE_MODE_MERGE, "id int64, s string\n1|new\n2|new\n"),
        TIDE_OK);
    assert_int_equal(harness->plugin.reject_count, 1);
    assert_string_equal(harness->plugin.rejects[0].code, "ignored");
    assert_string_equal(db_ask(harness, "SELECT group_concat(s) FROM t"), "new,old");
}

static void what_triggers_do_by_themselves_is_theirs(void **state)
{
    struct harness *harness = *state;

    db_run(harness,
           "CREATE TABLE real (n INTEGER PRIMARY KEY); CREATE TABLE log (n UNIQUE);"
           "CREATE VIEW t AS SELECT n FROM real;"
           "CREATE TRIGGER g INSTEAD OF INSERT ON t WHEN NEW.n <> 3 BEGIN"
           " INSERT INTO real VALUES (NEW.n); END;"
           "CREATE TRIGGER l AFTER INSERT ON real BEGIN"
           " INSERT OR IGNORE INTO log VALUES ('last');"
           " INSERT OR REPLACE INTO log VALUES ('last'); END");
    assert_int_equal(db_write(harness, TIDE_MODE_APPEND, "n int64\n1\n2\n3\n"), TIDE_OK);
    assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM real"), "1,2");
    assert_string_equal(db_ask(harness, "SELECT count(*) FROM log"), "1");
    assert_int_equal(harness->plugin.reject_count, 1);
    assert_string_equal(harness->plugin.rejects[0].code, "ignored");
}

static void a_column_that_is_missing_comes_with_the_nearest(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER, full_name TEXT)");
    assert_int_equal(
        db_write(harness, TIDE_MODE_APPEND, "id int64, fullname string\n1|a\n"),
        TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "no column \"fullname\""));
    assert_non_null(strstr(harness->plugin.err.message, "\"full_name\""));
}

static void columns_that_differ_in_case_alone_are_told_apart_by_nobody(void **state)
{
    struct harness *harness = *state;

    for (int is_there = 0; is_there < 2; is_there++) {
        assert_int_equal(
            db_write(harness, TIDE_MODE_APPEND, "id int64, s string, ID int64\n1|a|2\n"),
            TIDE_E_CONFIG);
        assert_non_null(strstr(harness->plugin.err.message, "SQLite ignores case"));
        assert_non_null(strstr(harness->plugin.err.message, "rename or exclude \"ID\""));
        db_run(harness, "CREATE TABLE IF NOT EXISTS t (id INTEGER, s TEXT)");
    }
}

static void a_required_column_that_does_not_come_is_named(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT NOT NULL, "
                    "b TEXT NOT NULL DEFAULT 'x', s TEXT)");
    assert_int_equal(db_write(harness, TIDE_MODE_APPEND, "s string\nx\n"), TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "\"a\""));
    assert_int_equal(db_write(harness, TIDE_MODE_APPEND, "A string\nx\n"), TIDE_OK);
    assert_string_equal(db_ask(harness, "SELECT id || a || b FROM t"), "1xx");
}

static void accepted_are_the_real_columns(void **state)
{
    struct harness *harness = *state;
    const struct tide_destination *destination =
        harness_load(harness, TIDE_KIND_DESTINATION, "sqlite", DB)->destination;
    struct tide_schema schema = {0}, accepted = {0};
    void *writer = NULL;
    char *position = NULL;

    db_run(harness, "CREATE TABLE t (s TEXT NOT NULL, n INTEGER DEFAULT 4, f BOOLEAN, "
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

    db_run(harness, "CREATE TABLE t (d DECIMAL(30,10))");
    assert_int_equal(db_write(harness, TIDE_MODE_APPEND,
                              "d decimal\n12.50\n1234567890.1234567\n"
                              "9223372036854775807\n9223372036854775808\n"),
                     TIDE_OK);
    assert_int_equal(harness->plugin.reject_count, 2);
    assert_string_equal(harness->plugin.rejects[0].code, "inexact");
    assert_int_equal(harness->plugin.rejects[0].row, 1);
    assert_int_equal(harness->plugin.rejects[1].row, 3);
    assert_string_equal(db_read(harness, "t"), "d decimal\n12.5\n9223372036854775807\n");
}

static void a_run_that_fails_leaves_nothing(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE old (n INTEGER); INSERT INTO old VALUES (1);");
    assert_int_equal(harness_write_and_fail(harness, "sqlite", DB, TIDE_MODE_REPLACE,
                                            "old", "n int64\n2\n"),
                     TIDE_OK);
    assert_int_equal(harness_write_and_fail(harness, "sqlite", DB, TIDE_MODE_APPEND,
                                            "fresh", "n int64\n2\n"),
                     TIDE_OK);
    assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM old"), "1");
    assert_string_equal(db_ask(harness, "SELECT count(*) FROM sqlite_schema"), "1");
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
    assert_string_equal(db_ask(harness, "SELECT position FROM _tidemill_positions"),
                        "{\"cursor\":2}");
}

static void a_locked_database_may_be_tried_again(void **state)
{
    struct harness *harness = *state;
    sqlite3 *other;

    db_run(harness, "CREATE TABLE t (n INTEGER)");
    other = db_open(harness);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(db_write(harness, TIDE_MODE_APPEND, "n int64\n1\n"),
                     TIDE_E_TRANSIENT);
    assert_non_null(strstr(harness->plugin.err.message, "database is locked"));
    assert_int_equal(sqlite3_close(other), SQLITE_OK);
}

static void a_source_without_columns_makes_no_table(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(db_write(harness, TIDE_MODE_REPLACE, "\n"), TIDE_OK);
    assert_string_equal(db_ask(harness, "SELECT count(*) FROM sqlite_schema"), "0");
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_type_comes_back_as_it_was),
        TEST(append_adds_and_replace_replaces),
        TEST(merge_updates_by_key_and_the_later_row_wins),
        TEST(merge_with_a_cursor_keeps_the_highest),
        TEST(merge_of_a_key_alone_adds_it_once),
        TEST(merge_without_a_unique_index_is_explained),
        TEST(a_row_that_violates_a_constraint_is_refused_alone),
        TEST(a_row_that_the_table_would_ignore_is_rejected),
        TEST(a_row_that_would_take_others_away_is_rejected),
        TEST(an_update_that_a_trigger_ignores_is_rejected),
        TEST(what_triggers_do_by_themselves_is_theirs),
        TEST(a_column_that_is_missing_comes_with_the_nearest),
        TEST(columns_that_differ_in_case_alone_are_told_apart_by_nobody),
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
