/*
 * Tests of the sqlite destination on what others do to a table between two transactions
 * of one load, and on what a replacing load leaves there.
 */
#include "sqlite_kit.h"

/* ---- between two transactions ---- */

/* What another connection runs in the moment in which the plugin, behind a checkpoint,
 * asks for the write lock again, and what goes wrong. */
static struct {
    struct harness *harness;
    const char *sql;
    bool no_room; /* for a temporary database */
} meanwhile;

static int on_statement(unsigned kind, void *arg, void *statement, void *text)
{
    const char *sql = meanwhile.sql;

    (void)kind;
    (void)arg;
    (void)statement;
    if (sql && strcmp(text, "BEGIN IMMEDIATE") == 0) {
        meanwhile.sql = NULL;
        db_run(meanwhile.harness, sql);
    }
    return 0;
}

/* A database without a name is a temporary one. */
static int on_open(sqlite3 *handle, const char **message, const void *api)
{
    (void)message;
    (void)api;
    if (meanwhile.no_room && sqlite3_db_filename(handle, "main")[0] == '\0') {
        return SQLITE_FULL;
    }
    return sqlite3_trace_v2(handle, SQLITE_TRACE_STMT, on_statement, NULL);
}

static int watch_setup(void **state)
{
    (void)sqlite3_auto_extension((void (*)(void))on_open);
    return harness_setup(state);
}

static int watch_teardown(void **state)
{
    meanwhile.no_room = false;
    (void)sqlite3_cancel_auto_extension((void (*)(void))on_open);
    return harness_teardown(state);
}

#define COLUMNS "id int64, name string"

/* A load of two rows, with a checkpoint between them, and something that is done behind
 * it, or within it when it takes old rows back.  The first result that is not TIDE_OK. */
static int load_across(struct harness *harness, int mode, const char *sql)
{
    struct load load;
    int rc;

    harness->destination.checkpoints = true;
    load_begin(harness, &load, "t", COLUMNS, mode);
    load_write(harness, &load, "1|001.10\n");
    meanwhile.harness = harness;
    meanwhile.sql = sql;
    rc = load_commit(harness, &load, "one", false);
    assert_null(meanwhile.sql);
    if (rc == TIDE_OK) {
        rc = load_try(harness, &load, "2|002.20\n");
    }
    if (rc == TIDE_OK) {
        rc = load_commit(harness, &load, NULL, true);
    }
    load_close(&load);
    return rc;
}

#define NAMES "SELECT group_concat(name) FROM t"

static void a_column_that_becomes_another_ends_an_append(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER, name TEXT)");
    assert_int_equal(load_across(harness, TIDE_MODE_APPEND,
                                 "DROP TABLE t; CREATE TABLE t (id INTEGER,"
                                 " name NUMERIC)"),
                     TIDE_E_CONFLICT);
    assert_non_null(strstr(harness->plugin.err.message,
                           "column \"name\" was \"TEXT\" and is \"NUMERIC\""));
    assert_string_equal(db_ask(harness, NAMES), "NULL");
}

static void a_column_or_table_that_is_gone_ends_an_append(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER, name TEXT)");
    assert_int_equal(load_across(harness, TIDE_MODE_APPEND,
                                 "ALTER TABLE t RENAME COLUMN name TO other"),
                     TIDE_E_CONFLICT);
    assert_non_null(
        strstr(harness->plugin.err.message, "column \"name\" was \"TEXT\" and is gone"));
    db_run(harness, "DROP TABLE t; CREATE TABLE t (id INTEGER, name TEXT)");
    assert_int_equal(load_across(harness, TIDE_MODE_APPEND, "DROP TABLE t"),
                     TIDE_E_CONFLICT);
}

static void an_append_goes_on_where_its_columns_are_the_same(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    assert_int_equal(load_across(harness, TIDE_MODE_APPEND,
                                 "ALTER TABLE t ADD COLUMN more DEFAULT 7;"
                                 "CREATE INDEX i ON t (name); CREATE TABLE u (n)"),
                     TIDE_OK);
    assert_string_equal(db_ask(harness, NAMES), "001.10,002.20");
}

static void a_merge_is_looked_after_too(void **state)
{
    static const char *const key[] = {"id", NULL};
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT)");
    harness->destination.key = key;
    assert_int_equal(load_across(harness, TIDE_MODE_MERGE,
                                 "DROP TABLE t; CREATE TABLE t (id INTEGER PRIMARY KEY,"
                                 " name REAL)"),
                     TIDE_E_CONFLICT);
}

static void a_target_that_was_made_anew_is_not_replaced(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER, name TEXT)");
    assert_int_equal(load_across(harness, TIDE_MODE_REPLACE,
                                 "DROP TABLE t; CREATE TABLE t (id INTEGER,"
                                 " name NUMERIC); INSERT INTO t VALUES (9, 'old')"),
                     TIDE_E_CONFLICT);
    assert_non_null(strstr(harness->plugin.err.message, "recreated by another program"));
    assert_string_equal(db_ask(harness, NAMES), "old");
    assert_int_equal(load_across(harness, TIDE_MODE_REPLACE,
                                 "CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT 1;"
                                 " END"),
                     TIDE_E_CONFLICT);
}

static void a_target_beside_which_something_was_made_is_replaced(void **state)
{
    struct harness *harness = *state;

    db_run(harness,
           "CREATE TABLE t (id INTEGER, name TEXT); INSERT INTO t VALUES (9, 9)");
    assert_int_equal(load_across(harness, TIDE_MODE_REPLACE,
                                 "CREATE TABLE u (n); INSERT INTO t VALUES (8, 8)"),
                     TIDE_OK);
    assert_string_equal(db_ask(harness, NAMES), "001.10,002.20");
}

/* ---- what is left ---- */

static void check_replaced(struct harness *harness, const char *before)
{
    struct load load;

    harness->destination.checkpoints = true;
    load_begin(harness, &load, "t", COLUMNS, TIDE_MODE_REPLACE);
    load_write(harness, &load, "1|c\n2|a\n3|NULL\n");
    load_write(harness, &load, "4|007\n");
    assert_int_equal(load_commit(harness, &load, "four", false), TIDE_OK);
    assert_string_equal(db_ask(harness, NAMES), before);
    load_write(harness, &load, "5|b\n");
    assert_int_equal(load_commit(harness, &load, "five", false), TIDE_OK);
    load_close(&load);
    load_begin(harness, &load, "t", COLUMNS, TIDE_MODE_REPLACE);
    assert_string_equal(load.position, "five");
    assert_int_equal(load.plugin->resume(load.state, &harness->plugin.err), TIDE_OK);
    load_write(harness, &load, "6|0\n");
    assert_string_equal(db_ask(harness, NAMES), before);
    assert_int_equal(load_commit(harness, &load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_string_equal(db_ask(harness,
                               "SELECT group_concat(id || ifnull(name, '-') || wide) FROM"
                               " (SELECT * FROM t ORDER BY rowid)"),
                        "1cw,2aw,3-w,4007w,5bw,60w");
}

static void replaced_rows_keep_their_values_and_their_order(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER, name TEXT, wide TEXT DEFAULT 'w');"
                    "CREATE INDEX i ON t (name, id)");
    check_replaced(harness, "NULL");
    db_run(harness, "DELETE FROM t; INSERT INTO t VALUES (9, 'old', '')");
    check_replaced(harness, "old");
}

static void where_rows_cannot_be_moved_they_stay_for_the_final_commit(void **state)
{
    struct harness *harness = *state;
    struct load load;

    db_run(harness,
           "CREATE TABLE t (id INTEGER, name TEXT); INSERT INTO t VALUES (9, 9)");
    harness->destination.checkpoints = true;
    meanwhile.no_room = true;
    load_begin(harness, &load, "t", COLUMNS, TIDE_MODE_REPLACE);
    load_write(harness, &load, "1|a\n");
    assert_int_equal(load_commit(harness, &load, "one", false), TIDE_MORE);
    assert_int_equal(harness->plugin.log_count, 1);
    load_write(harness, &load, "2|b\n");
    assert_int_equal(load_commit(harness, &load, "two", false), TIDE_MORE);
    assert_string_equal(db_ask(harness, NAMES), "9");
    assert_int_equal(load_commit(harness, &load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_string_equal(db_ask(harness, NAMES), "a,b");
    assert_string_equal(db_ask(harness, "SELECT count(*) FROM sqlite_schema"), "1");
}

static void a_load_without_a_checkpoint_writes_each_row_once(void **state)
{
    struct harness *harness = *state;
    struct load load;

    db_run(harness, "CREATE TABLE t (id INTEGER, name TEXT)");
    harness->destination.checkpoints = true;
    load_begin(harness, &load, "t", COLUMNS, TIDE_MODE_REPLACE);
    load_write(harness, &load, "1|a\n");
    assert_int_equal(load_commit(harness, &load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_string_equal(db_ask(harness, NAMES), "a");
    assert_string_equal(db_ask(harness, "PRAGMA freelist_count"), "0");
}

static void a_table_that_would_let_rows_go_is_replaced_in_one_transaction(void **state)
{
    struct harness *harness = *state;
    struct load load;

    for (int ignore = 0; ignore < 2; ignore++) {
        db_run(harness, ignore ? "DROP TABLE t; CREATE TABLE t (id INTEGER,"
                                 " name TEXT UNIQUE ON  CONFLICT ignore)"
                               : "CREATE TABLE t (id INTEGER, name TEXT UNIQUE"
                                 " ON /**/ conflict REPLACE)");
        harness->destination.checkpoints = true;
        load_begin(harness, &load, "t", COLUMNS, TIDE_MODE_REPLACE);
        load_write(harness, &load, "1|a\n2|b\n3|c\n");
        assert_int_equal(load_commit(harness, &load, "three", false), TIDE_MORE);
        load_write(harness, &load, "4|b\n");
        assert_int_equal(load_commit(harness, &load, NULL, true), TIDE_OK);
        load_close(&load);
        assert_string_equal(db_ask(harness, "SELECT group_concat(id || name) FROM"
                                            " (SELECT * FROM t ORDER BY rowid)"),
                            "1a,2b,3c");
    }
}

/* That named it after the pipeline alone. */
static void what_an_earlier_version_set_aside_is_resumed(void **state)
{
    const char *earlier = "_tidemill_staging_0ca8769e242d5c63", *name;
    struct harness *harness = *state;
    struct load load;

    harness->destination.checkpoints = true;
    load_begin(harness, &load, "t", COLUMNS, TIDE_MODE_REPLACE);
    load_write(harness, &load, "1|a\n");
    assert_int_equal(load_commit(harness, &load, "one", false), TIDE_OK);
    load_close(&load);
    name = db_ask(harness, "SELECT name FROM sqlite_schema WHERE name LIKE"
                           " '%staging%'");
    assert_string_not_equal(name, earlier);
    db_run(harness, tide_arena_strf(harness->arena,
                                    "ALTER TABLE %s RENAME TO %s; UPDATE"
                                    " _tidemill_positions SET target ="
                                    " replace(target, '%s', '%s')",
                                    name, earlier, name, earlier));
    load_begin(harness, &load, "t", COLUMNS, TIDE_MODE_REPLACE);
    assert_string_equal(load.position, "one");
    assert_int_equal(load.plugin->resume(load.state, &harness->plugin.err), TIDE_OK);
    load_write(harness, &load, "2|b\n");
    assert_int_equal(load_commit(harness, &load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_string_equal(db_ask(harness, NAMES), "a,b");
    assert_string_equal(
        db_ask(harness, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%staging%'"),
        "0");
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, watch_setup, watch_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_column_that_becomes_another_ends_an_append),
        TEST(a_column_or_table_that_is_gone_ends_an_append),
        TEST(an_append_goes_on_where_its_columns_are_the_same),
        TEST(a_merge_is_looked_after_too),
        TEST(a_target_that_was_made_anew_is_not_replaced),
        TEST(a_target_beside_which_something_was_made_is_replaced),
        TEST(replaced_rows_keep_their_values_and_their_order),
        TEST(where_rows_cannot_be_moved_they_stay_for_the_final_commit),
        TEST(a_load_without_a_checkpoint_writes_each_row_once),
        TEST(a_table_that_would_let_rows_go_is_replaced_in_one_transaction),
        TEST(what_an_earlier_version_set_aside_is_resumed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
