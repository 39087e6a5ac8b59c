/*
 * postgres_cut_off_test - behind a run that was cut off no row comes twice where that
 * does harm: what cannot be gone on with is an error, and a rejected row is told once.
 */
#include <stdio.h>
#include <string.h>

#include "postgres_kit.h"

/* What a run reads, and how. */
struct way {
    const char *cursor;
    bool by_cursor_alone;
};

static const struct {
    const char *key;    /* of the table that the first run reads */
    struct way before;  /* how */
    const char *change; /* made before the second run */
    struct way after;
    const char *words; /* of the error */
} cases[] = {
    {"PRIMARY KEY", {NULL, false}, "", {"at", false}, "another cursor, or none"},
    {"PRIMARY KEY", {NULL, false}, "", {"at", true}, "another cursor, or none"},
    {"", {NULL, false}, "", {"at", false}, "another cursor, or none"},
    {"PRIMARY KEY", {"at", false}, "", {NULL, false}, "in another way"},
    {"", {"at", false}, "", {NULL, false}, "in another way"},
    {"PRIMARY KEY", {"at", true}, "", {NULL, false}, "in another way"},
    {"PRIMARY KEY", {"at", true}, "", {"id", true}, "another cursor"},
    {"PRIMARY KEY", {"at", true}, "", {"id", false}, "another cursor"},
    {"PRIMARY KEY",
     {NULL, false},
     "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (k)",
     {NULL, false},
     "primary key was changed"},
    {"PRIMARY KEY",
     {NULL, false},
     "ALTER TABLE t DROP CONSTRAINT t_pkey",
     {NULL, false},
     "in another way"},
    {"PRIMARY KEY",
     {"at", true},
     "ALTER TABLE t DROP CONSTRAINT t_pkey; ALTER TABLE t ADD PRIMARY KEY (k)",
     {"at", true},
     "primary key was changed"},
    {"PRIMARY KEY",
     {"at", true},
     "ALTER TABLE t DROP CONSTRAINT t_pkey",
     {"at", false},
     "primary key was changed"},
    {"PRIMARY KEY",
     {NULL, false},
     "CREATE TABLE u (LIKE t INCLUDING ALL); INSERT INTO u SELECT * FROM t;"
     " DROP TABLE t; ALTER TABLE u RENAME TO t",
     {NULL, false},
     "recreated"},
    {"PRIMARY KEY",
     {"at", false},
     "CREATE TABLE u (LIKE t INCLUDING ALL); INSERT INTO u SELECT * FROM t;"
     " DROP TABLE t; ALTER TABLE u RENAME TO t",
     {"at", false},
     "recreated"},
    {"PRIMARY KEY",
     {NULL, false},
     "CREATE TABLE c () INHERITS (t)",
     {NULL, false},
     "in another way"},
    {"",
     {NULL, false},
     "CREATE TABLE c () INHERITS (t)",
     {NULL, false},
     "read with it was added"},
};

static void make_table(const char *key)
{
    kit_sql("DROP TABLE IF EXISTS t CASCADE;"
            "CREATE TABLE t (id int %s, at int, k int NOT NULL);"
            "INSERT INTO t SELECT g, g / 3, -g FROM generate_series(1, 12) g",
            key);
}

static void set_way(struct kit_source *source, const struct way *way)
{
    kit_source_init(source, "t");
    source->request.cursor = way->cursor;
    source->request.batch_rows = 4;
    source->options.incremental =
        way->by_cursor_alone ? PG_INCREMENTAL_CURSOR : PG_INCREMENTAL_SNAPSHOT;
}

/* Read one batch and be cut off behind it. */
static void cut_off(const struct way *way, char *position, size_t size)
{
    struct kit_source source;

    set_way(&source, way);
    kit_source_opens(&source);
    assert_int_equal(kit_read_batch(&source), 4);
    assert_non_null(kit_position(&source));
    (void)snprintf(position, size, "%s", kit_position(&source));
    kit_source_close(&source);
}

static void is_refused(const struct way *way, const char *position, const char *words)
{
    struct kit_source source;
    int rc;

    set_way(&source, way);
    source.request.position = position;
    rc = kit_source_open(&source);
    if (rc != TIDE_E_CONFLICT || !strstr(source.err.message, words) ||
        !strstr(source.err.message, "--full")) {
        fail_msg("%s: %d, %s, not: %s", position, rc, source.err.message, words);
    }
    assert_string_equal(source.err.where, "t");
    kit_source_close(&source);
}

static void starts_over(const struct way *way, const char *position)
{
    struct kit_source source;
    int64_t values[64];

    set_way(&source, way);
    source.request.position = position;
    source.request.may_repeat = true;
    kit_source_opens(&source);
    assert_true(kit_read_all(&source, values, 64) >= 8);
    kit_source_close(&source);
}

static void what_cannot_be_gone_on_with_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char position[1024];

        make_table(cases[i].key);
        cut_off(&cases[i].before, position, sizeof position);
        if (cases[i].change[0]) {
            kit_sql("%s", cases[i].change);
        }
        is_refused(&cases[i].after, position, cases[i].words);
        starts_over(&cases[i].after, position);
    }
    kit_sql("DROP TABLE t CASCADE");
}

/* A position that this server cannot have given, of a window that was begun. */
static void another_server_does_not_go_on(void **state)
{
    char position[1024];
    const struct way way = {"at", false};

    (void)state;
    make_table("PRIMARY KEY");
    (void)snprintf(position, sizeof position,
                   "{\"read\": \"snapshot\", \"table\": %s, \"column\": \"at\","
                   " \"to\": 99999999999, \"columns\": [\"id\"], \"key\": [\"4\"],"
                   " \"cursor\": \"1\"}",
                   kit_value("SELECT 't'::regclass::oid"));
    is_refused(&way, position, "another server");
    starts_over(&way, position);
    kit_sql("DROP TABLE t");
}

static void a_limit_does_not_read_again_what_was_read(void **state)
{
    char position[1024];
    struct kit_source source;
    const struct way way = {NULL, false};

    (void)state;
    make_table("PRIMARY KEY");
    cut_off(&way, position, sizeof position);
    set_way(&source, &way);
    source.request.position = position;
    source.request.row_limit = 5;
    assert_int_equal(kit_source_open(&source), TIDE_E_CONFLICT);
    assert_non_null(strstr(source.err.message, "limit"));
    kit_source_close(&source);
    kit_sql("DROP TABLE t");
}

/* ---- rejected rows --------------------------------------------------------------- */

static const char beyond[] = "294260-01-01"; /* our calendar */

/* Rows 3, 4 and 8 of 9 have a moment beyond our calendar. */
static void make_moments(void)
{
    kit_sql("CREATE TABLE t (id int PRIMARY KEY, at timestamp);"
            "INSERT INTO t SELECT g, CASE WHEN g IN (3, 4, 8) THEN '%s' ELSE 'now' END"
            "::timestamp FROM generate_series(1, 9) g",
            beyond);
}

/* A run for each batch: what lies behind a position is told by the run that reads on. */
static void a_rejected_row_is_told_by_one_run(void **state)
{
    static const int64_t rows[] = {2, 3, 1, 0};
    static const size_t rejects[] = {0, 2, 1, 0};
    char position[1024] = "";

    (void)state;
    make_moments();
    for (size_t run = 0; run < 4; run++) {
        struct kit_source source;

        kit_source_init(&source, "t");
        source.request.position = position[0] ? position : NULL;
        kit_source_opens(&source);
        assert_int_equal(kit_read_batch(&source), rows[run]);
        assert_int_equal(source.host.reject_count, rejects[run]);
        if (run < 3) {
            (void)snprintf(position, sizeof position, "%s", kit_position(&source));
        }
        kit_source_close(&source);
    }
    kit_sql("DROP TABLE t");
}

static void a_run_to_the_end_tells_each_rejected_row(void **state)
{
    int64_t values[64];
    struct kit_source source;

    (void)state;
    make_moments();
    kit_sql("INSERT INTO t VALUES (10, '%s')", beyond);
    kit_source_init(&source, "t");
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 64), 6);
    assert_int_equal(source.host.reject_count, 4);
    assert_int_equal(source.host.rejects[0].row, 3);
    assert_int_equal(source.host.rejects[1].row, 4);
    assert_int_equal(source.host.rejects[2].row, 8);
    assert_int_equal(source.host.rejects[3].row, 10);
    assert_string_equal(source.host.rejects[3].code, "range");
    assert_non_null(strstr(source.host.rejects[3].message, "at"));
    kit_source_close(&source);
    kit_sql("DROP TABLE t");
}

static void rejected_rows_larger_than_a_batch_are_no_end(void **state)
{
    int64_t values[64];
    struct kit_source source;

    (void)state;
    make_moments();
    kit_source_init(&source, "t");
    source.request.batch_bytes = 10;
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 64), 6);
    assert_int_equal(source.host.reject_count, 3);
    kit_source_close(&source);
    kit_sql("DROP TABLE t");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_cannot_be_gone_on_with_is_refused),
        cmocka_unit_test(another_server_does_not_go_on),
        cmocka_unit_test(a_limit_does_not_read_again_what_was_read),
        cmocka_unit_test(a_rejected_row_is_told_by_one_run),
        cmocka_unit_test(a_run_to_the_end_tells_each_rejected_row),
        cmocka_unit_test(rejected_rows_larger_than_a_batch_are_no_end),
    };

    return KIT_RUN(tests);
}
