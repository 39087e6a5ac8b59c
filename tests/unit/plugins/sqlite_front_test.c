/*
 * Tests of the sqlite source on rows that come in front of the place where an earlier run
 * has stopped: none is lost, and none is read twice, or the run refuses.
 */
#include "base/text.h"
#include "sqlite_kit.h"

#define TEXT_KEYS                                                                        \
    "CREATE TABLE t (k TEXT PRIMARY KEY NOT NULL, v TEXT); CREATE TABLE other (n);"      \
    "INSERT INTO t VALUES ('a', ''), ('b', ''), ('c', ''), ('d', '');"

static void load_source(struct harness *harness, const char *cursor, int64_t rows)
{
    harness->source.cursor = cursor;
    harness->source.checkpoints = true;
    harness->source.batch_rows = rows;
    (void)harness_load(harness, TIDE_KIND_SOURCE, "sqlite", DB);
}

/* The rows that come from a position on; it moves on. */
static const char *rest(struct harness *harness, const char **position)
{
    struct tide_text rows = {0};
    const char *text;
    bool end = false;

    *position = db_read_some(harness, *position, 1000000, &rows, &end);
    assert_true(end);
    text = tide_arena_strdup(harness->arena, rows.data ? rows.data : "");
    tide_text_fini(&rows);
    return text;
}

static int try_to_open(struct harness *harness, const char *position)
{
    const struct tide_source *source = harness->plugin.plugin->source;
    struct tide_schema schema = {0};
    void *state = NULL;
    int rc;

    harness->source.table = "t";
    harness->source.position = position;
    rc = source->open(harness->plugin.options, &harness->source, &harness->plugin.host,
                      &state, &schema, &harness->plugin.err);
    if (rc == TIDE_OK) {
        source->close(state);
    }
    tide_schema_clear(&schema);
    return rc;
}

/* ---- read as a whole ---- */

/* Stop behind two rows of four, do something, and open again. */
static int open_behind(struct harness *harness, const char *meanwhile)
{
    struct tide_text rows = {0};
    const char *position;
    bool end = false;

    db_run(harness, "DROP TABLE IF EXISTS t; DROP TABLE IF EXISTS other;" TEXT_KEYS);
    load_source(harness, NULL, 1);
    position = db_read_some(harness, NULL, 2, &rows, &end);
    tide_text_fini(&rows);
    db_run(harness, meanwhile);
    return try_to_open(harness, position);
}

static void check_whole_reads(struct harness *harness)
{
    static const char *const harmful[] = {
        "UPDATE t SET k = 'z' WHERE k = 'a'", "UPDATE t SET k = 'a1' WHERE k = 'd'",
        "INSERT INTO t VALUES ('a1', '')", "DELETE FROM t WHERE k = 'b'",
        "DELETE FROM t WHERE k = 'a'; INSERT INTO t VALUES ('a1', '')"};

    for (size_t i = 0; i < sizeof harmful / sizeof *harmful; i++) {
        assert_int_equal(open_behind(harness, harmful[i]), TIDE_E_CONFLICT);
        assert_non_null(strstr(harness->plugin.err.message, "run with --full"));
    }
    assert_int_equal(open_behind(harness, "INSERT INTO other VALUES (1);"
                                          "UPDATE t SET v = 'x' WHERE k = 'a';"
                                          "INSERT INTO t VALUES ('b1', '');"
                                          "DELETE FROM t WHERE k = 'd'"),
                     TIDE_OK);
}

static void a_whole_read_goes_on_where_nothing_moved_past_its_place(void **state)
{
    check_whole_reads(*state);
    db_run(*state, "PRAGMA journal_mode = WAL");
    check_whole_reads(*state);
}

static void where_rows_may_come_again_a_whole_read_goes_on(void **state)
{
    struct harness *harness = *state;

    harness->source.may_repeat = true;
    assert_int_equal(open_behind(harness, "UPDATE t SET k = 'z' WHERE k = 'a'"), TIDE_OK);
}

static void a_place_of_an_earlier_version_is_gone_on_with(void **state)
{
    struct harness *harness = *state;
    const char *position = "{\"after\":[\"b\"],\"by\":[\"k\"]}";

    db_run(harness, TEXT_KEYS);
    load_source(harness, NULL, 10);
    assert_string_equal(rest(harness, &position),
                        "{\"k\":\"c\",\"v\":\"\"}\n{\"k\":\"d\",\"v\":\"\"}\n");
    load_source(harness, "v", 10);
    position = "{\"cursor\":\"\",\"key\":[\"c\"],\"by\":[\"v\",\"k\"]}";
    assert_string_equal(rest(harness, &position), "{\"k\":\"d\",\"v\":\"\"}\n");
    db_run(harness, "INSERT INTO t VALUES ('bb', '')");
    assert_string_equal(rest(harness, &position), "{\"k\":\"bb\",\"v\":\"\"}\n");
}

/* ---- from a cursor on ---- */

static void a_row_with_the_last_cursor_and_a_smaller_key_comes(void **state)
{
    struct harness *harness = *state;
    struct tide_text rows = {0};
    const char *position = NULL;
    bool end = false;

    db_run(harness, "CREATE TABLE t (k TEXT PRIMARY KEY NOT NULL, d INTEGER);"
                    "INSERT INTO t VALUES ('m', 7), ('k', 7)");
    load_source(harness, "d", 1);
    assert_non_null(rest(harness, &position));
    db_run(harness,
           "INSERT INTO t VALUES ('a', 7), ('l', 7), ('z', 7); UPDATE t SET d = 8"
           " WHERE k = 'k'");
    position = db_read_some(harness, position, 1, &rows, &end);
    assert_string_equal(rows.data, "{\"k\":\"a\",\"d\":7}\n");
    assert_string_equal(rest(harness, &position),
                        "{\"k\":\"l\",\"d\":7}\n{\"k\":\"z\",\"d\":7}\n"
                        "{\"k\":\"k\",\"d\":8}\n");
    assert_string_equal(rest(harness, &position), "");
    tide_text_fini(&rows);
}

static void cursors_that_sqlite_takes_for_one_are_one(void **state)
{
    static const char *const tables[] = {
        "CREATE TABLE t (id INTEGER PRIMARY KEY, d); INSERT INTO t VALUES (1, 1), (2, "
        "1.0),"
        "(3, 1), (4, 1.0)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, d TEXT COLLATE NOCASE);"
        "INSERT INTO t VALUES (1, 'a'), (2, 'A'), (3, 'a'), (4, 'A')",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, d); INSERT INTO t (id) VALUES (1), (2)",
        "CREATE TABLE t (id INTEGER PRIMARY KEY, d BLOB);"
        "INSERT INTO t VALUES (1, x''), (2, x''), (3, x'00'), (4, x'00')"};
    struct harness *harness = *state;

    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        const char *position = NULL;

        db_run(harness, "DROP TABLE IF EXISTS t");
        db_run(harness, tables[i]);
        harness->source.declared = NULL;
        load_source(harness, "d", 100);
        (void)rest(harness, &position);
        assert_string_equal(rest(harness, &position), "");
        db_run(harness, "INSERT INTO t SELECT 0, d FROM t ORDER BY id DESC LIMIT 1");
        assert_non_null(strstr(rest(harness, &position), "{\"id\":0,"));
        assert_string_equal(rest(harness, &position), "");
    }
}

/* More than a position tells one by one. */
static const char *read_many(struct harness *harness)
{
    const char *position = NULL;

    db_run(harness,
           "DROP TABLE IF EXISTS t;"
           "CREATE TABLE t (id INTEGER PRIMARY KEY, d INTEGER);"
           "WITH n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
           "INSERT INTO t SELECT i, 7 FROM n");
    load_source(harness, "d", 300);
    (void)rest(harness, &position);
    assert_true(strlen(position) < 200);
    return position;
}

static void of_very_many_ties_new_ones_are_refused(void **state)
{
    struct harness *harness = *state;
    const char *position = read_many(harness);

    db_run(harness, "INSERT INTO t VALUES (5001, 7)");
    assert_string_equal(rest(harness, &position), "{\"id\":5001,\"d\":7}\n");
    db_run(harness, "UPDATE t SET d = 8 WHERE id = 5");
    assert_string_equal(rest(harness, &position), "{\"id\":5,\"d\":8}\n");
    assert_int_equal(harness->plugin.log_count, 1);
    position = read_many(harness);
    db_run(harness, "INSERT INTO t VALUES (-1, 7)");
    assert_int_equal(try_to_open(harness, position), TIDE_E_CONFLICT);
    assert_non_null(strstr(harness->plugin.err.message, "mode merge"));
    db_run(harness, "DELETE FROM t WHERE id = 9");
    assert_int_equal(try_to_open(harness, position), TIDE_E_CONFLICT);
}

/* ---- all of it, by chance ---- */

static unsigned chance(unsigned below)
{
    static unsigned seed = 1;

    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

static void each_row_comes_once_whatever_key_it_has(void **state)
{
    struct harness *harness = *state;
    struct tide_text rows = {0};
    const char *position = NULL;
    int cursor = 0;
    bool end = false;

    db_run(harness, "CREATE TABLE t (k INTEGER PRIMARY KEY, d INTEGER);"
                    "CREATE INDEX i ON t (d)");
    load_source(harness, "d", 2);
    for (int turn = 0; turn < 300; turn++) {
        cursor += chance(4) == 0;
        for (unsigned i = chance(5); i > 0; i--) {
            db_run(harness, tide_arena_strf(harness->arena,
                                            "INSERT OR IGNORE INTO t VALUES (%u, %d)",
                                            chance(100000), cursor));
        }
        position = db_read_some(harness, position, (int)chance(4) + 1, &rows, &end);
    }
    position = db_read_some(harness, position, 1000000, &rows, &end);
    db_run(harness, "CREATE TABLE came (line)");
    for (char *line = strtok(rows.data, "\n"); line; line = strtok(NULL, "\n")) {
        db_run(harness,
               tide_arena_strf(harness->arena, "INSERT INTO came VALUES ('%s')", line));
    }
    assert_string_equal(
        db_ask(harness, "SELECT count(*) - count(DISTINCT line) FROM came"), "0");
    assert_string_equal(db_ask(harness, "SELECT (SELECT count(*) FROM t) -"
                                        " (SELECT count(*) FROM came)"),
                        "0");
    tide_text_fini(&rows);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_whole_read_goes_on_where_nothing_moved_past_its_place),
        TEST(where_rows_may_come_again_a_whole_read_goes_on),
        TEST(a_place_of_an_earlier_version_is_gone_on_with),
        TEST(a_row_with_the_last_cursor_and_a_smaller_key_comes),
        TEST(cursors_that_sqlite_takes_for_one_are_one),
        TEST(of_very_many_ties_new_ones_are_refused),
        TEST(each_row_comes_once_whatever_key_it_has),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
