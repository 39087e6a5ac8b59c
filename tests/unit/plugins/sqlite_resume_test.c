/*
 * Tests of the sqlite source and destination on reads that were cut off: wherever a run
 * ends, the next one reads the rest, each row once.
 */
#include "base/text.h"
#include "sqlite_kit.h"

/* ---- the source ---- */

/* Cut the read of table t at every batch, and again at every batch of the rest.  Behind
 * the last batch there is no position either, but the rows are all there then. */
static void check_every_cut(struct harness *harness)
{
    struct tide_text whole = {0}, parts = {0};
    bool end = false;

    harness->source.batch_rows = 2;
    harness->source.checkpoints = true;
    (void)harness_load(harness, TIDE_KIND_SOURCE, "sqlite", DB);
    (void)db_read_some(harness, NULL, 1000, &whole, &end);
    assert_true(end);
    for (int first = 1; first <= 6; first++) {
        const char *position = NULL;

        tide_text_reset(&parts);
        end = false;
        for (int runs = 0; !end; runs++) {
            const char *after = db_read_some(harness, position, first, &parts, &end);

            assert_true(runs < 1000);
            end = end || !after;
            position = after;
        }
        assert_string_equal(parts.data, whole.data);
    }
    assert_true(whole.length > 0);
    tide_text_fini(&whole);
    tide_text_fini(&parts);
}

static void a_table_with_an_integer_key_is_read_on(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT);"
                    "INSERT INTO t VALUES (-3, 'a'), (9007199254740993, 'b'), (7, 'c'),"
                    "(1, NULL), (2, 'd'), (4, 'e'), (5, 'f');");
    check_every_cut(harness);
}

static void a_table_without_a_key_is_read_on_by_row_number(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (name TEXT);"
                    "INSERT INTO t VALUES ('a'), ('a'), (NULL), (NULL), ('b'), ('a');");
    check_every_cut(harness);
}

static void a_key_that_may_be_null_is_not_trusted(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (k TEXT PRIMARY KEY, n INTEGER);"
                    "INSERT INTO t VALUES (NULL, 1), (NULL, 2), ('x', 3), (NULL, 4),"
                    "('a', 5);");
    check_every_cut(harness);
}

static void keys_of_all_classes_survive_the_position(void **state)
{
    struct harness *harness = *state;

    db_run(harness,
           "CREATE TABLE t (k, l TEXT NOT NULL, PRIMARY KEY (k, l)) WITHOUT ROWID;"
           "INSERT INTO t VALUES (1, 'x'), (0.1 + 0.2, 'x'), (0.3, 'x'), ('q\"\\', 'x'),"
           "(x'00ff', 'x'), (x'00ff', 'y'), ('', 'x'), (1e999, 'x'), (-1e999, 'x'),"
           "(9223372036854775807, 'x'), ('é' || char(10), 'x'), (x'', 'z');");
    check_every_cut(harness);
}

static void ties_and_nulls_of_a_cursor_are_read_on(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER);"
                    "INSERT INTO t (at) VALUES (5), (5), (NULL), (5), (NULL), (5), (5),"
                    "(NULL), (7), (NULL), (NULL), (7), (3), (5);");
    harness->source.cursor = "at";
    check_every_cut(harness);
}

static void what_ties_with_the_last_row_comes_next_or_again(void **state)
{
    struct harness *harness = *state;
    struct tide_text rows = {0};
    const char *position;
    bool end = false;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY, at INTEGER);"
                    "INSERT INTO t VALUES (1, 5), (2, 5);");
    harness->source.cursor = "at";
    harness->source.batch_rows = 100;
    (void)harness_load(harness, TIDE_KIND_SOURCE, "sqlite", DB);
    position = db_read_some(harness, NULL, 100, &rows, &end);
    assert_non_null(
        strstr(position, "{\"cursor\":5,\"key\":[2],\"by\":[\"at\",\"id\"],\"keys\":\""));
    db_run(harness, "INSERT INTO t VALUES (3, 5), (4, 6)");
    tide_text_reset(&rows);
    (void)db_read_some(harness, position, 100, &rows, &end);
    assert_string_equal(rows.data, "{\"id\":3,\"at\":5}\n{\"id\":4,\"at\":6}\n");
    harness->source.may_repeat = true;
    tide_text_reset(&rows);
    (void)db_read_some(harness, position, 100, &rows, &end);
    assert_string_equal(rows.data, "{\"id\":1,\"at\":5}\n{\"id\":2,\"at\":5}\n"
                                   "{\"id\":3,\"at\":5}\n{\"id\":4,\"at\":6}\n");
    tide_text_fini(&rows);
}

/* Whether a read that must be exact goes on behind two rows, after something was done. */
static bool goes_on_exactly(struct harness *harness, const char *position,
                            const char *meanwhile)
{
    struct tide_text rows = {0};
    bool end = false;

    if (meanwhile) {
        db_run(harness, meanwhile);
    }
    harness->source.position = position;
    harness->max_batches = 0;
    if (!harness_read(harness, "sqlite", DB, "t")) {
        assert_int_equal(harness->plugin.err.code, TIDE_E_CONFLICT);
        return false;
    }
    harness->source.position = NULL;
    (void)db_read_some(harness, position, 100, &rows, &end);
    assert_string_equal(rows.data, "{\"id\":3}\n");
    tide_text_fini(&rows);
    return true;
}

static void where_it_must_be_exact_nothing_may_have_been_written(void **state)
{
    struct harness *harness = *state;
    struct tide_text rows = {0};
    bool end = false;
    char *position;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY);"
                    "INSERT INTO t VALUES (1), (2), (3); CREATE TABLE other (n);");
    harness->source.exact = true;
    harness->source.batch_rows = 1;
    (void)harness_load(harness, TIDE_KIND_SOURCE, "sqlite", DB);
    position = strdup(db_read_some(harness, NULL, 2, &rows, &end));
    assert_true(goes_on_exactly(harness, position, NULL));
    assert_true(goes_on_exactly(harness, position, "SELECT * FROM t"));
    assert_false(goes_on_exactly(harness, position, "DELETE FROM t WHERE id = 1"));
    assert_false(goes_on_exactly(harness, position,
                                 "INSERT INTO t VALUES (1); DELETE FROM other"));
    free(position);
    db_run(harness, "PRAGMA journal_mode = WAL");
    assert_null(db_read_some(harness, NULL, 2, &rows, &end));
    tide_text_fini(&rows);
}

static void a_view_knows_no_place_within(void **state)
{
    struct harness *harness = *state;
    struct tide_text rows = {0};
    bool end = false;

    db_run(harness, "CREATE TABLE b (n INTEGER); INSERT INTO b VALUES (1), (2), (3);"
                    "CREATE VIEW t AS SELECT n FROM b;");
    harness->source.cursor = "n";
    harness->source.batch_rows = 2;
    (void)harness_load(harness, TIDE_KIND_SOURCE, "sqlite", DB);
    assert_null(db_read_some(harness, NULL, 1, &rows, &end));
    assert_string_equal(db_read_some(harness, NULL, 100, &rows, &end),
                        "{\"cursor\":3,\"by\":[\"n\"]}");
    tide_text_fini(&rows);
}

static void a_place_of_another_reading_is_refused(void **state)
{
    static const char *const positions[] = {"{\"cursor\":5,\"key\":[2]}",
                                            "{\"after\":[]}",
                                            "{\"after\":[{\"blob\":\"0g\"}]}",
                                            "nonsense",
                                            "{\"after\":[{}]}",
                                            "{\"after\":[1],\"by\":[\"name\"]}",
                                            "{\"after\":[1],\"by\":[\"id\",\"n\"]}"};
    struct harness *harness = *state;
    const struct tide_source *source;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY)");
    source = harness_load(harness, TIDE_KIND_SOURCE, "sqlite", DB)->source;
    harness->source.table = "t";
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        struct tide_schema schema = {0};
        void *reader = NULL;

        harness->source.position = positions[i];
        assert_int_equal(source->open(harness->plugin.options, &harness->source,
                                      &harness->plugin.host, &reader, &schema,
                                      &harness->plugin.err),
                         TIDE_E_CONFIG);
        assert_non_null(strstr(harness->plugin.err.message, "--full"));
        tide_schema_clear(&schema);
    }
}

static void another_key_starts_over_where_that_does_no_harm(void **state)
{
    struct harness *harness = *state;
    struct tide_text rows = {0};
    bool end = false;

    db_run(harness, "CREATE TABLE t (id INTEGER PRIMARY KEY); INSERT INTO t VALUES (1)");
    harness->source.may_repeat = true;
    harness->source.batch_rows = 100;
    (void)harness_load(harness, TIDE_KIND_SOURCE, "sqlite", DB);
    (void)db_read_some(harness, "{\"after\":[9],\"by\":[\"name\"]}", 100, &rows, &end);
    assert_string_equal(rows.data, "{\"id\":1}\n");
    assert_int_equal(harness->plugin.log_count, 1);
    tide_text_fini(&rows);
}

static void vacuum_makes_row_numbers_worthless(void **state)
{
    struct harness *harness = *state;
    struct tide_text rows = {0};
    struct tide_schema schema = {0};
    const struct tide_source *source;
    const char *cursor_place, *place;
    void *reader = NULL;
    bool end = false;

    db_run(harness, "CREATE TABLE t (at INTEGER); INSERT INTO t VALUES (1), (1), (2),"
                    "(5), (5); DELETE FROM t WHERE at = 1");
    harness->source.batch_rows = 2;
    source = harness_load(harness, TIDE_KIND_SOURCE, "sqlite", DB)->source;
    place = db_read_some(harness, NULL, 1, &rows, &end);
    harness->source.cursor = "at";
    cursor_place = db_read_some(harness, NULL, 100, &rows, &end);
    db_run(harness, "VACUUM; INSERT INTO t VALUES (5)");
    tide_text_reset(&rows);
    (void)db_read_some(harness, cursor_place, 100, &rows, &end);
    assert_string_equal(rows.data, "{\"at\":5}\n{\"at\":5}\n{\"at\":5}\n");
    harness->source.cursor = NULL;
    harness->source.position = place;
    assert_int_equal(source->open(harness->plugin.options, &harness->source,
                                  &harness->plugin.host, &reader, &schema,
                                  &harness->plugin.err),
                     TIDE_E_CONFIG);
    tide_schema_clear(&schema);
    tide_text_fini(&rows);
}

/* ---- the destination ---- */

static void load_open_table(struct harness *harness, struct load *load, const char *table,
                            int mode)
{
    load_begin(harness, load, table, "n int64", mode);
}

static void load_open(struct harness *harness, struct load *load, int mode)
{
    load_open_table(harness, load, "t", mode);
}

static void a_checkpoint_keeps_rows_and_position(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_open(harness, &load, TIDE_MODE_APPEND);
    load_write(harness, &load, "1\n2\n");
    assert_int_equal(load_commit(harness, &load, "two", false), TIDE_OK);
    load_write(harness, &load, "3\n");
    load_close(&load);
    assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM t"), "1,2");
    load_open(harness, &load, TIDE_MODE_APPEND);
    assert_string_equal(load.position, "two");
    load_write(harness, &load, "3\n4\n");
    assert_int_equal(load_commit(harness, &load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM t"), "1,2,3,4");
    load_open(harness, &load, TIDE_MODE_APPEND);
    assert_null(load.position);
    load_close(&load);
}

/* Load a row into a table and make a checkpoint, expecting to be told of one (may be
 * NULL). */
static void load_from(struct harness *harness, const char *table, const char *pipeline,
                      const char *expected, const char *position)
{
    struct load load;

    harness->destination.pipeline = pipeline;
    load_open_table(harness, &load, table, TIDE_MODE_APPEND);
    if (expected) {
        assert_string_equal(load.position, expected);
    } else {
        assert_null(load.position);
    }
    load_write(harness, &load, "1\n");
    assert_int_equal(load_commit(harness, &load, position, false), TIDE_OK);
    load_close(&load);
}

static void a_position_is_one_of_its_table(void **state)
{
    struct harness *harness = *state;

    db_run(harness, "CREATE TABLE a (n INTEGER); CREATE TABLE b (n INTEGER)");
    load_from(harness, "a", "p", NULL, "one");
    load_from(harness, "A", "p", "one", "two");
    load_from(harness, "b", "p", NULL, "three");
    load_from(harness, "b", "p", "three", "four");
    load_from(harness, "A", "p", "two", "five");
    load_from(harness, "b", "p", "four", "six");
    load_from(harness, "c", "p", NULL, "seven");
    assert_string_equal(db_ask(harness, "SELECT count(*) FROM _tidemill_positions"), "3");
}

/* A pipeline that was run under the name of another, too. */
static void a_position_taken_over_is_that_of_the_table(void **state)
{
    struct harness *harness = *state;

    harness->destination.name = "p";
    load_from(harness, "a", "p", NULL, "one");
    load_from(harness, "b", "p", NULL, "two");
    load_from(harness, "a", "7", "one", "three");
    load_from(harness, "b", "p", "two", "four");
    load_from(harness, "a", "p", "three", "five");
    assert_string_equal(db_ask(harness, "SELECT group_concat(pipeline || target) FROM"
                                        " (SELECT * FROM _tidemill_positions ORDER BY"
                                        " target)"),
                        "7a,pb");
}

static void a_table_that_is_made_anew_has_no_position(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_from(harness, "t", "p", NULL, "one");
    load_from(harness, "t", "q", NULL, "other");
    load_from(harness, "kept", "r", NULL, "kept");
    db_run(harness, "DROP TABLE t");
    load_from(harness, "t", "p", NULL, "two");
    load_from(harness, "t", "p", "two", "three");
    load_from(harness, "T", "q", NULL, "again");
    db_run(harness, "DROP TABLE t");
    harness->destination.pipeline = "p";
    load_open(harness, &load, TIDE_MODE_APPEND);
    assert_int_equal(load_commit(harness, &load, NULL, true), TIDE_OK);
    load_close(&load);
    load_from(harness, "t", "q", NULL, "last");
    load_from(harness, "kept", "r", "kept", "kept");
}

static void a_position_of_an_earlier_version_is_believed(void **state)
{
    static const char *const more[] = {"", ", target TEXT", ", target TEXT, name TEXT"};
    struct harness *harness = *state;

    for (int version = 0; version < 3; version++) {
        db_run(harness,
               tide_arena_strf(
                   harness->arena,
                   "DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS _tidemill_positions;"
                   "CREATE TABLE t (n INTEGER); CREATE TABLE _tidemill_positions"
                   " (pipeline TEXT PRIMARY KEY, position TEXT NOT NULL, run TEXT,"
                   " committed_at TEXT%s); INSERT INTO _tidemill_positions (pipeline,"
                   " position, run, committed_at) VALUES ('p', 'kept', 'r', 'then'),"
                   " ('q', 'also', 'r', 'then');"
                   "CREATE VIEW IF NOT EXISTS places AS SELECT * FROM"
                   " _tidemill_positions",
                   more[version]));
        load_from(harness, "t", "p", "kept", "next");
        assert_string_equal(
            db_ask(harness,
                   "SELECT group_concat(position || ifnull(target, '-'))"
                   " FROM (SELECT * FROM _tidemill_positions ORDER BY pipeline)"),
            "nextt,also-");
        assert_string_equal(db_ask(harness, "SELECT committed_at FROM _tidemill_positions"
                                            " WHERE pipeline = 'q'"),
                            "then");
        load_from(harness, "t", "q", "also", "next");
        load_from(harness, "u", "q", NULL, "other");
        load_from(harness, "t", "q", "next", "last");
        db_run(harness, "DROP TABLE u");
    }
    assert_string_equal(db_ask(harness, "SELECT count(*) FROM sqlite_schema WHERE name"
                                        " LIKE '%older'"),
                        "0");
}

static void a_replacing_load_waits_for_its_end(void **state)
{
    struct harness *harness = *state;
    struct load load;

    db_run(harness, "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (9)");
    load_open(harness, &load, TIDE_MODE_REPLACE);
    load_write(harness, &load, "1\n");
    assert_int_equal(load_commit(harness, &load, "one", false), TIDE_MORE);
    load_write(harness, &load, "2\n");
    load_close(&load);
    assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM t"), "9");
}

static void a_reader_of_the_same_database_puts_a_checkpoint_off(void **state)
{
    struct harness *harness = *state;
    sqlite3_stmt *reading = NULL;
    struct load load;
    sqlite3 *db;

    db_run(harness, "CREATE TABLE t (n INTEGER); INSERT INTO t VALUES (8), (9)");
    load_open(harness, &load, TIDE_MODE_APPEND);
    db = db_open(harness);
    assert_int_equal(sqlite3_prepare_v2(db, "SELECT n FROM t", -1, &reading, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(reading), SQLITE_ROW);
    load_write(harness, &load, "1\n");
    assert_int_equal(load_commit(harness, &load, "one", false), TIDE_MORE);
    load_write(harness, &load, "2\n");
    assert_int_equal(sqlite3_finalize(reading), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    assert_int_equal(load_commit(harness, &load, "two", false), TIDE_OK);
    load_close(&load);
    assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM t"), "8,9,1,2");
    assert_string_equal(db_ask(harness, "SELECT position FROM _tidemill_positions"),
                        "two");
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_table_with_an_integer_key_is_read_on),
        TEST(a_table_without_a_key_is_read_on_by_row_number),
        TEST(a_key_that_may_be_null_is_not_trusted),
        TEST(keys_of_all_classes_survive_the_position),
        TEST(ties_and_nulls_of_a_cursor_are_read_on),
        TEST(what_ties_with_the_last_row_comes_next_or_again),
        TEST(where_it_must_be_exact_nothing_may_have_been_written),
        TEST(a_view_knows_no_place_within),
        TEST(a_place_of_another_reading_is_refused),
        TEST(another_key_starts_over_where_that_does_no_harm),
        TEST(vacuum_makes_row_numbers_worthless),
        TEST(a_checkpoint_keeps_rows_and_position),
        TEST(a_position_is_one_of_its_table),
        TEST(a_position_taken_over_is_that_of_the_table),
        TEST(a_table_that_is_made_anew_has_no_position),
        TEST(a_position_of_an_earlier_version_is_believed),
        TEST(a_replacing_load_waits_for_its_end),
        TEST(a_reader_of_the_same_database_puts_a_checkpoint_off),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
