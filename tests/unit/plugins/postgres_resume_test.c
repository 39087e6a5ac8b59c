/*
 * postgres_resume_test - a read that was cut off goes on behind its last row: by primary
 * key, by place on disk, by cursor, for keys of any type.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_kit.h"

enum { MANY = 64 };

struct reading {
    struct kit_source source;
    char position[4096]; /* after the last batch; "": none */
    int64_t values[MANY];
    size_t count;
};

static void reading_init(struct reading *reading, const char *cursor)
{
    memset(reading, 0, sizeof *reading);
    kit_source_init(&reading->source, "t");
    reading->source.request.cursor = cursor;
    reading->source.request.batch_rows = 2;
}

/* Note the integers of the first column. */
static bool read_batch(struct reading *reading)
{
    struct tide_batch batch = {0};
    struct kit_source *source = &reading->source;
    int rc = kit_source_plugin()->read(source->state, &batch, &source->err);
    const char *position;

    if (rc != TIDE_OK && rc != TIDE_END) {
        fail_msg("%s", source->err.message);
    }
    if (rc == TIDE_OK) {
        for (int64_t row = 0; row < batch.array.length; row++) {
            assert_true(reading->count < MANY);
            reading->values[reading->count++] =
                tide_array_int64(batch.array.children[0], row);
        }
        tide_batch_release(&batch);
    }
    position = kit_position(source);
    (void)snprintf(reading->position, sizeof reading->position, "%s",
                   position ? position : "");
    return rc == TIDE_OK;
}

/* Open where the last batch ended, as another run would. */
static int reopen(struct reading *reading)
{
    static char position[sizeof reading->position];
    struct kit_source *source = &reading->source;
    struct kit_source next;

    (void)snprintf(position, sizeof position, "%s", reading->position);
    kit_source_init(&next, "t");
    next.options = source->options;
    next.request = source->request;
    next.request.position = position[0] ? position : NULL;
    *source = next;
    source->host.host.context = &source->host;
    return kit_source_open(source);
}

static void reopens(struct reading *reading)
{
    if (reopen(reading) != TIDE_OK) {
        fail_msg("%s: %s", reading->position, reading->source.err.message);
    }
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

/* All of 1..count, each once. */
static void assert_each_once(struct reading *reading, int64_t count)
{
    qsort(reading->values, reading->count, sizeof *reading->values, compare);
    assert_int_equal(reading->count, count);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(reading->values[i], i + 1);
    }
}

/* Read table t in runs that are each cut off after their first batch; its first column
 * counts from 1.  Returns the way in which it was read. */
static const char *read_in_pieces(const char *cursor, bool by_cursor_alone, int64_t rows)
{
    static char way[sizeof(struct reading)];
    struct reading reading;
    bool more = true;

    reading_init(&reading, cursor);
    reading.source.options.incremental =
        by_cursor_alone ? PG_INCREMENTAL_CURSOR : PG_INCREMENTAL_SNAPSHOT;
    while (more) {
        reopens(&reading);
        more = read_batch(&reading);
        kit_sql("CREATE TABLE elsewhere (); DROP TABLE elsewhere");
        if (more) {
            (void)snprintf(way, sizeof way, "%s", reading.position);
            assert_true(reading.position[0]);
        }
        assert_string_equal(reading.source.host.log, "");
        kit_source_close(&reading.source);
    }
    assert_each_once(&reading, rows);
    way[strcspn(way, ",")] = '\0';
    return way;
}

/* ---- the ways to read ------------------------------------------------------------ */

static const struct {
    const char *type;
    const char *values; /* of rows 1 to 6 or 7, in any order */
} keys[] = {
    {"smallint", "(1, -32768), (2, 7), (3, 0), (4, 8), (5, 32767), (6, -1)"},
    {"bigint", "(1, 9223372036854775807), (2, -9223372036854775808), (3, 0), (4, 1),"
               " (5, 2), (6, 9007199254740993)"},
    {"numeric", "(1, 'NaN'), (2, 123456789012345678901234567890.10), (3, -1e-20),"
                " (4, 1e-30), (5, 0.1), (6, 1e100)"},
    {"numeric(9, 2)", "(1, -0.01), (2, 0.01), (3, 0), (4, 1), (5, 2), (6, 1234567.89)"},
    {"real", "(1, 0.1), (2, 'Infinity'), (3, '-Infinity'), (4, 'NaN'), (5, 16777217),"
             " (6, 1e-40)"},
    {"double precision", "(1, 0.1), (2, 0.30000000000000004), (3, 0.3), (4, 'NaN'),"
                         " (5, 5e-324), (6, 1.7976931348623157e308)"},
    {"text", "(1, ''), (2, 'it''s \"quoted\" \\ \x01 ħ'), (3, E'a\\nb'), (4, 'a'),"
             " (5, 'A'), (6, '\\\\x00'), (7, '{}')"},
    {"text COLLATE \"C\"", "(1, ''), (2, 'b'), (3, 'B'), (4, 'a'), (5, 'A'), (6, 'é')"},
    {"char(3)", "(1, ''), (2, 'b'), (3, 'B '), (4, 'a'), (5, 'A'), (6, 'abc')"},
    {"varchar(4)", "(1, ''), (2, ' b'), (3, 'B '), (4, 'a'), (5, 'A'), (6, 'abcd')"},
    {"bytea", "(1, ''), (2, '\\x00'), (3, '\\xff5c22'), (4, '\\x0000'), (5, 'a'),"
              " (6, '\\x5c')"},
    {"uuid", "(1, 'f81d4fae-7dec-11d0-a765-00a0c91e6bf6'),"
             " (2, '00000000-0000-0000-0000-000000000000'),"
             " (3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'),"
             " (4, 'f81d4fae-7dec-11d0-a765-00a0c91e6bf7')"},
    {"date",
     "(1, '0044-03-15 BC'), (2, '-infinity'), (3, 'infinity'), (4, '12024-03-15'),"
     " (5, '1999-12-31')"},
    {"time",
     "(1, '23:59:59.999999'), (2, '00:00'), (3, '24:00'), (4, '12:00:00.000001')"},
    {"timetz", "(1, '12:00+02'), (2, '12:00+01'), (3, '12:00-01'), (4, '10:00:00.1Z')"},
    {"timestamp", "(1, '0044-03-15 12:00:00.5 BC'), (2, 'infinity'), (3, '-infinity'),"
                  " (4, '12024-03-15 12:00:00.000001'), (5, '2000-01-01')"},
    {"timestamp(3)", "(1, '2000-01-01 00:00:00.001'), (2, '2000-01-01'),"
                     " (3, '2000-01-01 00:00:00.999'), (4, '2000-01-01 00:00:01')"},
    {"timestamptz", "(1, '0044-03-15 12:00:00.5Z BC'), (2, 'infinity'), (3, '-infinity'),"
                    " (4, '12024-03-15 12:00:00.000001Z'), (5, '2000-01-01+05:30')"},
    {"interval", "(1, '1 mon'), (2, '-1 day'), (3, '1 year 2 mons 3 days 04:05:06.7'),"
                 " (4, '00:00:00.000001')"},
    {"boolean", "(1, true), (2, false)"},
    {"inet", "(1, '10.0.0.1'), (2, '::1'), (3, '10.0.0.0/8'), (4, '192.168.0.1/24')"},
    {"money", "(1, 1.5), (2, -12345.67), (3, 0), (4, 99)"},
    {"int[]", "(1, '{}'), (2, '{1,2}'), (3, '{1,NULL}'), (4, '{2}'), (5, '{{1},{2}}')"},
    {"text[]",
     "(1, '{}'), (2, '{\"a,b\",\"c\\\"d\"}'), (3, '{NULL,\"NULL\"}'), (4, '{b}')"},
    {"float8[]", "(1, '{0.1}'), (2, '{0.30000000000000004}'), (3, '{0.3,NaN}')"},
    {"int4range", "(1, 'empty'), (2, '[1,5)'), (3, '(,3)'), (4, '[1,)')"},
    {"tstzrange", "(1, '[2000-01-01,)'), (2, '(,infinity)'), (3, 'empty')"},
    {"jsonb", "(1, '{}'), (2, '[1, \"a\\\"\"]'), (3, 'null'), (4, '{\"a\": 1.50}')"},
    {"bit(3)", "(1, '000'), (2, '101'), (3, '111')"},
    {"varbit", "(1, '0'), (2, '101'), (3, '1110')"},
    {"pg_lsn", "(1, '0/0'), (2, 'FF/FF000000'), (3, '1/0')"},
    {"name", "(1, 'a'), (2, 'B'), (3, 'select')"},
    {"oid", "(1, 4294967295), (2, 0), (3, 77)"},
    {"mood", "(1, 'sad'), (2, 'it''s'), (3, 'happy')"},
    {"pair", "(1, '(1,\"a,b\")'), (2, '(1,)'), (3, '(0,z)')"},
    {"odd", "(1, 1), (2, 5), (3, 3)"},
    {"citizen", "(1, 'Ä'), (2, 'b'), (3, 'a'), (4, 'B')"},
};

static void make_types(void)
{
    kit_sql("CREATE TYPE mood AS ENUM ('sad', 'it''s', 'happy');"
            "CREATE TYPE pair AS (n int, t text);"
            "CREATE DOMAIN odd AS int CHECK (VALUE %% 2 = 1);"
            "CREATE DOMAIN citizen AS varchar(5) COLLATE \"C\"");
}

static void keys_of_any_type_are_resumed(void **state)
{
    (void)state;
    make_types();
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        int64_t rows;

        kit_sql("CREATE TABLE t (id int, k %s PRIMARY KEY); INSERT INTO t VALUES %s",
                keys[i].type, keys[i].values);
        rows = strtoll(kit_value("SELECT count(*) FROM t"), NULL, 10);
        assert_string_equal(read_in_pieces(NULL, false, rows), "{\"read\": \"key\"");
        kit_sql("DROP TABLE t");
    }
}

static void cursors_of_any_type_are_resumed(void **state)
{
    static const char *const ids[] = {"id int PRIMARY KEY", "id int"};

    (void)state;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        for (size_t j = 0; j < 2; j++) {
            int64_t rows;

            kit_sql("CREATE TABLE t (%s, k %s); INSERT INTO t VALUES %s", ids[j],
                    keys[i].type, keys[i].values);
            kit_sql("INSERT INTO t SELECT id + (SELECT max(id) FROM t), k FROM t;"
                    "INSERT INTO t SELECT g + (SELECT max(id) FROM t), NULL"
                    " FROM generate_series(1, 5) g");
            rows = strtoll(kit_value("SELECT count(*) FROM t"), NULL, 10);
            assert_string_equal(read_in_pieces("k", false, rows),
                                "{\"read\": \"snapshot\"");
            kit_sql("DROP TABLE t");
        }
    }
}

static void a_key_of_many_columns_is_resumed(void **state)
{
    (void)state;
    kit_sql("CREATE TABLE t (id int, a text, \"B \"\"c\" int, d timestamptz,"
            " PRIMARY KEY (d, a, \"B \"\"c\"));"
            "INSERT INTO t SELECT g, 'x' || g %% 3, g %% 5, '2024-01-01Z'"
            " FROM generate_series(1, 15) g");
    assert_string_equal(read_in_pieces(NULL, false, 15), "{\"read\": \"key\"");
    assert_string_equal(read_in_pieces("a", false, 15), "{\"read\": \"snapshot\"");
    assert_string_equal(read_in_pieces("d", false, 15), "{\"read\": \"snapshot\"");
    assert_string_equal(read_in_pieces("d", true, 15), "{\"read\": \"cursor\"");
    kit_sql("DROP TABLE t");
}

static void a_table_without_a_key_is_read_as_it_lies(void **state)
{
    (void)state;
    kit_sql("CREATE TABLE t (id int, x text); INSERT INTO t SELECT g, repeat('x', 3000)"
            " FROM generate_series(1, 21) g; ALTER TABLE t ALTER x SET STORAGE PLAIN;"
            "UPDATE t SET x = x || 'y' WHERE id %% 2 = 0");
    assert_string_equal(read_in_pieces(NULL, false, 21), "{\"read\": \"row\"");
    kit_sql("CREATE MATERIALIZED VIEW m AS SELECT * FROM t; DROP TABLE IF EXISTS u;"
            "ALTER TABLE t RENAME TO u; ALTER MATERIALIZED VIEW m RENAME TO t");
    assert_string_equal(read_in_pieces(NULL, false, 21), "{\"read\": \"row\"");
    kit_sql("DROP TABLE u CASCADE");
}

/* 60 MB, and few rows of it: ids 1 to 60 at both ends. */
static void make_large(void)
{
    kit_sql("CREATE TABLE t (x text, id int); ALTER TABLE t ALTER x SET STORAGE PLAIN;"
            "INSERT INTO t SELECT repeat('x', 7000), g FROM generate_series(1, 7500) g;"
            "DELETE FROM t WHERE id > 30 AND id <= 7470");
    kit_sql("UPDATE t SET id = id - 7440 WHERE id > 7470");
}

/* Where it stands is told at the end of a stretch. */
static bool read_stretch(struct reading *reading)
{
    bool more;

    do {
        more = read_batch(reading);
    } while (more && !reading->position[0]);
    return more;
}

/* 60 MB: a position stands at the end of each stretch of it alone. */
static void a_large_table_is_read_in_stretches(void **state)
{
    const char *const include[] = {"id", NULL};
    struct reading reading;
    bool more = true;
    int pieces = 0;

    (void)state;
    make_large();
    reading_init(&reading, NULL);
    reading.source.request.include = include;
    while (more) {
        reopens(&reading);
        more = read_stretch(&reading);
        kit_source_close(&reading.source);
        pieces++;
    }
    assert_each_once(&reading, 60);
    assert_int_equal(pieces, 8);
    kit_sql("DROP TABLE t");
}

/* Where no row is written, what is tidied up under a run that was cut off is no change;
 * a run sees none of what is written under it. */
static void stretches_bear_what_is_done_to_the_table(void **state)
{
    const char *const include[] = {"id", NULL};
    struct reading reading;

    (void)state;
    make_large();
    reading_init(&reading, NULL);
    reading.source.request.include = include;
    reopens(&reading);
    assert_true(read_stretch(&reading));
    kit_source_close(&reading.source);
    kit_sql("VACUUM ANALYZE t");
    reopens(&reading);
    assert_true(read_stretch(&reading));
    kit_sql("INSERT INTO t SELECT 'x', g FROM generate_series(61, 99) g;"
            "UPDATE t SET x = 'y' WHERE id = 60; DELETE FROM t WHERE id = 59");
    kit_sql("VACUUM t");
    while (read_batch(&reading)) {
    }
    kit_source_close(&reading.source);
    assert_each_once(&reading, 60);
    kit_sql("DROP TABLE t");
}

static void tables_of_no_row_and_of_one_end(void **state)
{
    static const bool checkpoints[] = {false, true};
    static const char *const ids[] = {"int", "int PRIMARY KEY"};

    (void)state;
    for (size_t i = 0; i < 8; i++) {
        struct reading reading;
        int64_t rows = i < 4 ? 0 : 1;

        kit_sql("CREATE TABLE t (id %s); INSERT INTO t SELECT generate_series(1, %d)",
                ids[i & 1], (int)rows);
        reading_init(&reading, NULL);
        reading.source.request.checkpoints = checkpoints[i >> 1 & 1];
        reopens(&reading);
        while (read_batch(&reading)) {
        }
        kit_source_close(&reading.source);
        assert_string_equal(reading.position, "");
        assert_each_once(&reading, rows);
        kit_sql("DROP TABLE t");
    }
}

static void partitions_are_resumed(void **state)
{
    (void)state;
    kit_sql("CREATE TABLE t (id int, at int) PARTITION BY RANGE (id);"
            "CREATE TABLE p1 PARTITION OF t FOR VALUES FROM (0) TO (5);"
            "CREATE TABLE p2 PARTITION OF t FOR VALUES FROM (5) TO (100);"
            "INSERT INTO t SELECT g, 1 FROM generate_series(1, 12) g");
    assert_string_equal(read_in_pieces("at", false, 12), "{\"read\": \"snapshot\"");
    kit_sql("DROP TABLE t");
}

static void what_cannot_be_resumed_has_no_position(void **state)
{
    static const char *const cursors[] = {NULL, "at"};
    struct reading reading;

    (void)state;
    kit_sql("CREATE VIEW t AS SELECT g AS id, 1 AS at FROM generate_series(1, 9) g");
    for (size_t i = 0; i < 2; i++) {
        reading_init(&reading, cursors[i]);
        reopens(&reading);
        assert_true(read_batch(&reading));
        assert_string_equal(reading.position, "");
        kit_source_close(&reading.source);
    }
    kit_sql("DROP VIEW t");
}

/* What the reading asks the server for. */
static const char *statement(void)
{
    return kit_value("SELECT query FROM pg_stat_activity WHERE query LIKE '%%COPY%%'"
                     " AND datname = current_database() AND pid <> pg_backend_pid()");
}

static void where_no_place_is_kept_it_is_read_plain(void **state)
{
    static const char *const tables[] = {
        "id int PRIMARY KEY, x text DEFAULT repeat('x', 300)",
        "id int, x text DEFAULT repeat('x', 300)"};
    struct reading reading;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        kit_sql("CREATE TABLE t (%s); INSERT INTO t (id)"
                " SELECT generate_series(1, 120000); ANALYZE t",
                tables[i]);
        reading_init(&reading, NULL);
        reading.source.request.checkpoints = false;
        reopens(&reading);
        assert_true(read_batch(&reading));
        assert_string_equal(reading.position, "");
        assert_string_equal(statement(),
                            "COPY (SELECT t.\"id\", t.\"x\" FROM \"public\".\"t\" AS t)"
                            " TO STDOUT (FORMAT binary)");
        kit_source_close(&reading.source);
        kit_sql("DROP TABLE t");
    }
}

/* A run makes no checkpoints any more, and goes on with one that did. */
static void what_was_begun_with_places_is_ended_without(void **state)
{
    static const char *const tables[] = {"id int PRIMARY KEY", "id int"};

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct reading reading;

        kit_sql("CREATE TABLE t (%s); INSERT INTO t SELECT generate_series(1, 12)",
                tables[i]);
        reading_init(&reading, NULL);
        reopens(&reading);
        assert_true(read_batch(&reading));
        assert_true(read_batch(&reading));
        kit_source_close(&reading.source);
        reading.source.request.checkpoints = false;
        reopens(&reading);
        while (read_batch(&reading)) {
        }
        kit_source_close(&reading.source);
        assert_each_once(&reading, 12);
        kit_sql("DROP TABLE t");
    }
}

/* ---- tables that change in between ----------------------------------------------- */

/* Begin to read t: four rows in two batches. */
static void begin_reading(struct reading *reading, const char *cursor)
{
    reading_init(reading, cursor);
    reopens(reading);
    assert_true(read_batch(reading));
    assert_true(read_batch(reading));
    kit_source_close(&reading->source);
    assert_int_equal(reading->count, 4);
}

static void read_rest(struct reading *reading)
{
    while (read_batch(reading)) {
    }
    kit_source_close(&reading->source);
}

static void make_table(const char *key)
{
    kit_sql("DROP TABLE IF EXISTS t; CREATE TABLE t (id int %s, at int);"
            "INSERT INTO t SELECT g, g / 3 FROM generate_series(1, 12) g",
            key);
}

/* Statements one by one, for VACUUM's sake. */
static void run_each(const char *statements)
{
    char text[256];
    char *rest = text;

    (void)snprintf(text, sizeof text, "%s", statements);
    for (char *one = strtok_r(text, ";", &rest); one; one = strtok_r(NULL, ";", &rest)) {
        kit_sql("%s", one);
    }
}

static void by_place_a_table_that_was_rewritten_is_noticed(void **state)
{
    static const char *const changes[] = {"VACUUM FULL t", "TRUNCATE t"};
    struct reading reading;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        make_table("");
        begin_reading(&reading, NULL);
        kit_sql("%s", changes[i]);
        assert_int_equal(reopen(&reading), TIDE_E_CONFLICT);
        assert_non_null(strstr(reading.source.err.message, "rewritten since"));
        kit_source_close(&reading.source);
        reading.source.request.may_repeat = true;
        reopens(&reading);
        assert_non_null(strstr(reading.source.host.log, "from its start"));
        kit_source_close(&reading.source);
    }
    kit_sql("DROP TABLE t");
}

/* Four rows were read: 1 to 4. */
static const struct {
    const char *change;
    int64_t rows; /* of all runs in append; 0: refused */
    bool again;   /* row 2, where it lies in front: merge reads it once more */
} by_place[] = {
    {"UPDATE t SET at = 7 WHERE id = 2", 0, true},
    {"DELETE FROM t WHERE id = 2; INSERT INTO t VALUES (2, 7)", 0, true},
    {"DELETE FROM t WHERE id = 2; VACUUM t; INSERT INTO t VALUES (2, 1)", 0, true},
    {"DELETE FROM t WHERE id = 12; VACUUM t; UPDATE t SET at = 7 WHERE id = 2", 0, true},
    {"UPDATE t SET at = 7 WHERE id = 12", 12, false},
    {"INSERT INTO t VALUES (13, 1)", 13, false},
    {"DELETE FROM t WHERE id = 12; VACUUM t; INSERT INTO t VALUES (12, 1)", 12, false},
};

static void by_place_a_change_in_front_is_noticed(void **state)
{
    struct reading reading;

    (void)state;
    for (size_t i = 0; i < sizeof by_place / sizeof *by_place; i++) {
        make_table("");
        begin_reading(&reading, NULL);
        run_each(by_place[i].change);
        if (by_place[i].rows > 0) {
            reopens(&reading);
            read_rest(&reading);
            assert_each_once(&reading, by_place[i].rows);
        } else {
            assert_int_equal(reopen(&reading), TIDE_E_CONFLICT);
            assert_non_null(strstr(reading.source.err.message, "changed since"));
            kit_source_close(&reading.source);
        }
    }
    kit_sql("DROP TABLE t");
}

/* What comes behind the four rows: all that is new in front, and all the rest.  Where row
 * 2 is put is VACUUM's to say, which cannot clear its place while somebody looks on. */
static void by_place_what_changed_in_front_is_merged(void **state)
{
    struct reading reading;

    (void)state;
    for (size_t i = 0; i < sizeof by_place / sizeof *by_place; i++) {
        make_table("");
        reading_init(&reading, NULL);
        reading.source.request.may_repeat = true;
        reopens(&reading);
        assert_true(read_batch(&reading));
        assert_true(read_batch(&reading));
        kit_source_close(&reading.source);
        run_each(by_place[i].change);
        reading.count = 0;
        reopens(&reading);
        assert_string_equal(reading.source.host.log, "");
        read_rest(&reading);
        assert_string_equal(kit_value("SELECT count(*) FROM t WHERE ctid > '(0,4)'%s",
                                      by_place[i].again ? " OR id = 2" : ""),
                            kit_value("SELECT %d", (int)reading.count));
    }
    kit_sql("DROP TABLE t");
}

static void by_place_what_others_do_elsewhere_does_not_matter(void **state)
{
    struct reading reading;

    (void)state;
    make_table("");
    begin_reading(&reading, NULL);
    kit_sql("CREATE TABLE elsewhere (id int); INSERT INTO elsewhere VALUES (1);"
            "DELETE FROM t WHERE id IN (1, 12)");
    kit_sql("BEGIN");
    kit_sql("INSERT INTO t VALUES (99)");
    kit_sql("ROLLBACK");
    kit_sql("VACUUM t");
    reopens(&reading);
    read_rest(&reading);
    assert_each_once(&reading, 11);
    kit_sql("DROP TABLE t, elsewhere");
}

static void a_window_is_ended_before_the_next_begins(void **state)
{
    static const char *const ids[] = {"PRIMARY KEY", ""};
    struct reading reading;

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        make_table(ids[i]);
        begin_reading(&reading, "at");
        kit_sql("INSERT INTO t VALUES (13, 0), (14, 99), (15, NULL)");
        reopens(&reading);
        read_rest(&reading);
        assert_each_once(&reading, 12);
        reopens(&reading);
        read_rest(&reading);
        assert_each_once(&reading, 15);
        kit_sql("DROP TABLE t");
    }
}

static void a_window_by_place_on_disk_needs_the_same_file(void **state)
{
    struct reading reading;

    (void)state;
    make_table("");
    begin_reading(&reading, "at");
    kit_sql("VACUUM FULL t");
    assert_int_equal(reopen(&reading), TIDE_E_CONFLICT);
    assert_non_null(strstr(reading.source.err.message, "rewritten"));
    kit_source_close(&reading.source);
    reading.source.request.may_repeat = true;
    reopens(&reading);
    read_rest(&reading);
    assert_in_range(reading.count, 12, 14);
    make_table("PRIMARY KEY");
    begin_reading(&reading, "at");
    kit_sql("VACUUM FULL t");
    reopens(&reading);
    read_rest(&reading);
    assert_each_once(&reading, 12);
    kit_sql("DROP TABLE t");
}

static void a_window_is_ended_with_the_cursor_that_began_it(void **state)
{
    struct reading reading;

    (void)state;
    make_table("PRIMARY KEY");
    begin_reading(&reading, "at");
    reading.source.request.cursor = "id";
    assert_int_equal(reopen(&reading), TIDE_E_CONFLICT);
    kit_source_close(&reading.source);
    reading.source.request.may_repeat = true;
    reopens(&reading);
    read_rest(&reading);
    assert_int_equal(reading.count, 4 + 12);
    kit_sql("DROP TABLE t");
}

static void a_large_table_that_is_not_in_key_order_is_read_as_it_lies(void **state)
{
    struct reading reading;

    (void)state;
    kit_sql("CREATE TABLE t (id int PRIMARY KEY, x text);"
            "INSERT INTO t SELECT (g * 7919) %% 20011, repeat('x', 1000)"
            " FROM generate_series(1, 20000) g; ANALYZE t");
    reading_init(&reading, NULL);
    reopens(&reading);
    assert_true(read_batch(&reading));
    assert_non_null(strstr(reading.position, "{\"read\": \"row\""));
    kit_source_close(&reading.source);
    kit_sql("CLUSTER t USING t_pkey; ANALYZE t");
    reading_init(&reading, NULL);
    reopens(&reading);
    assert_true(read_batch(&reading));
    assert_non_null(strstr(reading.position, "{\"read\": \"key\""));
    kit_source_close(&reading.source);
    kit_sql("DROP TABLE t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_of_any_type_are_resumed),
        cmocka_unit_test(cursors_of_any_type_are_resumed),
        cmocka_unit_test(a_key_of_many_columns_is_resumed),
        cmocka_unit_test(a_table_without_a_key_is_read_as_it_lies),
        cmocka_unit_test(a_large_table_is_read_in_stretches),
        cmocka_unit_test(stretches_bear_what_is_done_to_the_table),
        cmocka_unit_test(tables_of_no_row_and_of_one_end),
        cmocka_unit_test(partitions_are_resumed),
        cmocka_unit_test(what_cannot_be_resumed_has_no_position),
        cmocka_unit_test(where_no_place_is_kept_it_is_read_plain),
        cmocka_unit_test(what_was_begun_with_places_is_ended_without),
        cmocka_unit_test(by_place_a_table_that_was_rewritten_is_noticed),
        cmocka_unit_test(by_place_a_change_in_front_is_noticed),
        cmocka_unit_test(by_place_what_changed_in_front_is_merged),
        cmocka_unit_test(by_place_what_others_do_elsewhere_does_not_matter),
        cmocka_unit_test(a_window_is_ended_before_the_next_begins),
        cmocka_unit_test(a_window_by_place_on_disk_needs_the_same_file),
        cmocka_unit_test(a_window_is_ended_with_the_cursor_that_began_it),
        cmocka_unit_test(a_large_table_that_is_not_in_key_order_is_read_as_it_lies),
    };

    return KIT_RUN(tests);
}
