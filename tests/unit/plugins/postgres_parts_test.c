/*
 * postgres_parts_test - a table of many is read one by one: a run that was cut off goes
 * on in the middle of them, and only where each may be read with the rows it has as a
 * part.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_kit.h"

enum { MANY = 64 };

/* Runs over table t that are cut off, and what all of them read. */
struct load {
    char position[1024]; /* of the last run; "": none */
    int64_t values[MANY];
    size_t count;
    bool may_repeat, exact;
};

static void set_source(struct load *load, struct kit_source *source)
{
    static const char *const include[] = {"id", NULL};

    kit_source_init(source, "t");
    source->request.batch_rows = 5;
    source->request.include = include;
    source->request.may_repeat = load->may_repeat;
    source->request.position = load->position[0] ? load->position : NULL;
    source->request.exact = load->exact;
}

/* False: all was read. */
static bool read_batch(struct load *load, struct kit_source *source)
{
    struct tide_batch batch = {0};
    int rc = kit_source_plugin()->read(source->state, &batch, &source->err);

    if (rc != TIDE_OK && rc != TIDE_END) {
        fail_msg("%s", source->err.message);
    }
    for (int64_t row = 0; rc == TIDE_OK && row < batch.array.length; row++) {
        assert_true(load->count < MANY);
        load->values[load->count++] = tide_array_int64(batch.array.children[0], row);
    }
    if (rc == TIDE_OK) {
        tide_batch_release(&batch);
    }
    return rc == TIDE_OK;
}

/* Read up to the next place, and be cut off there. */
static bool read_piece(struct load *load)
{
    struct kit_source source;
    const char *position = NULL;
    bool more = true;

    set_source(load, &source);
    kit_source_opens(&source);
    assert_string_equal(source.host.log, "");
    while (more && !position) {
        more = read_batch(load, &source);
        position = kit_position(&source);
    }
    (void)snprintf(load->position, sizeof load->position, "%s", position ? position : "");
    kit_source_close(&source);
    return more;
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return x < y ? -1 : x > y;
}

static void has_each_once(struct load *load, int64_t count)
{
    qsort(load->values, load->count, sizeof *load->values, compare);
    assert_int_equal(load->count, count);
    for (int64_t i = 0; i < count; i++) {
        assert_int_equal(load->values[i], i + 1);
    }
}

/* ---- tables of parts ------------------------------------------------------------- */

static void make_partitions(void)
{
    kit_sql("DROP TABLE IF EXISTS t CASCADE; DROP TABLE IF EXISTS none, \"odd \"\"one\";"
            "CREATE TABLE t (id int, x text) PARTITION BY RANGE (id);"
            "CREATE TABLE p1 PARTITION OF t FOR VALUES FROM (0) TO (8);"
            "CREATE TABLE none PARTITION OF t FOR VALUES FROM (1000) TO (2000);"
            "CREATE TABLE \"odd \"\"one\" (x text, id int);"
            "ALTER TABLE t ATTACH PARTITION \"odd \"\"one\" FOR VALUES FROM (20) TO (30);"
            "CREATE TABLE p2 PARTITION OF t FOR VALUES FROM (8) TO (20)"
            " PARTITION BY LIST (id);"
            "CREATE TABLE p2a PARTITION OF p2 FOR VALUES IN (8, 9, 10, 11);"
            "CREATE TABLE p2b PARTITION OF p2 DEFAULT;"
            "CREATE TABLE rest PARTITION OF t DEFAULT;"
            "INSERT INTO t SELECT g, 'x' FROM generate_series(1, 40) g");
}

/* Six tables with rows, one without. */
static void partitions_are_read_one_by_one(void **state)
{
    struct load load = {0};
    int pieces = 1;

    (void)state;
    make_partitions();
    while (read_piece(&load)) {
        assert_non_null(strstr(load.position, "\"columns\": [\"tableoid\", \"ctid\"]"));
        pieces++;
    }
    has_each_once(&load, 40);
    assert_int_equal(pieces, 6);
    assert_string_equal(load.position, "");
}

static void tables_that_inherit_are_read_one_by_one(void **state)
{
    struct load load = {0};
    int pieces = 1;

    (void)state;
    kit_sql("DROP TABLE IF EXISTS t CASCADE;"
            "CREATE TABLE t (id int PRIMARY KEY, x text);"
            "CREATE TABLE child (more int) INHERITS (t);"
            "INSERT INTO t SELECT g FROM generate_series(1, 9) g;"
            "INSERT INTO child SELECT g FROM generate_series(10, 19) g");
    while (read_piece(&load)) {
        pieces++;
    }
    has_each_once(&load, 19);
    assert_int_equal(pieces, 2);
}

/* 36 MB in one partition, and a few rows in front and behind. */
static void a_large_partition_is_read_in_stretches(void **state)
{
    struct load load = {0};
    int pieces = 1;

    (void)state;
    kit_sql("DROP TABLE IF EXISTS t CASCADE;"
            "CREATE TABLE t (id int, x text) PARTITION BY RANGE (id);"
            "CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (5);"
            "CREATE TABLE large PARTITION OF t FOR VALUES FROM (5) TO (100000);"
            "CREATE TABLE high PARTITION OF t FOR VALUES FROM (100000) TO (200000);"
            "ALTER TABLE large ALTER x SET STORAGE PLAIN;"
            "INSERT INTO t SELECT g, 'x' FROM generate_series(1, 4) g;"
            "INSERT INTO t SELECT g, repeat('x', 7000) FROM generate_series(5, 4604) g;"
            "INSERT INTO t SELECT 100000 + g, 'x' FROM generate_series(31, 34) g;"
            "DELETE FROM large WHERE id BETWEEN 18 AND 4591");
    while (read_piece(&load)) {
        pieces++;
    }
    assert_int_equal(pieces, 2 + 4600 / 1024 + 1);
    for (size_t i = 0; i < load.count; i++) {
        load.values[i] -= load.values[i] > 100000 ? 100000 : 0;
        load.values[i] -= load.values[i] > 4000 ? 4574 : 0;
    }
    has_each_once(&load, 34);
}

/* ---- what happens in between ----------------------------------------------------- */

static const char *const rewrites[] = {
    "CREATE TABLE p4 PARTITION OF t FOR VALUES FROM (50) TO (60)",
    "ALTER TABLE t DETACH PARTITION none",
    "DROP TABLE p2b",
    "TRUNCATE p1",
    "VACUUM FULL p1",
};

static void cannot_go_on(struct load *load, const char *change, const char *words)
{
    struct kit_source source;

    set_source(load, &source);
    assert_int_equal(kit_source_open(&source), TIDE_E_CONFLICT);
    if (!strstr(source.err.message, words) || !strstr(source.err.message, "--full")) {
        fail_msg("%s: %s", change, source.err.message);
    }
    kit_source_close(&source);
}

static void starts_over(struct load *load)
{
    struct kit_source source;

    load->may_repeat = true;
    load->count = 0;
    set_source(load, &source);
    kit_source_opens(&source);
    assert_non_null(strstr(source.host.log, "read from its start"));
    while (read_batch(load, &source)) {
    }
    assert_int_equal(load->count, atoi(kit_value("SELECT count(*) FROM t")));
    kit_source_close(&source);
}

static void other_parts_are_not_gone_on_with(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rewrites / sizeof *rewrites; i++) {
        struct load load = {0};

        make_partitions();
        assert_true(read_piece(&load));
        kit_sql("%s", rewrites[i]);
        cannot_go_on(&load, rewrites[i], "added, taken away or rewritten");
        starts_over(&load);
    }
}

/* Rows 1 to 7, of the first one, were read. */
static const struct {
    const char *change;
    int64_t rows;  /* of all runs in append; 0: refused */
    int64_t again; /* that merge reads beside those behind */
} changes[] = {
    {"UPDATE t SET x = 'y' WHERE id = 3", 0, 1},
    {"UPDATE t SET id = 45 WHERE id = 7", 0, 0},
    {"UPDATE t SET id = 0 WHERE id = 25", 0, 1},
    {"INSERT INTO t VALUES (0, 'x')", 0, 1},
    {"DELETE FROM t WHERE id = 1; INSERT INTO t VALUES (50, 'x')", 0, 0},
    {"DELETE FROM t WHERE id IN (1, 2, 40)", 39, 0},
    {"UPDATE t SET x = 'y' WHERE id = 25", 40, 0},
    {"INSERT INTO t VALUES (41, 'x')", 41, 0},
    {"BEGIN; UPDATE t SET x = 'y'; ROLLBACK", 40, 0},
};

static void changes_are_noticed_where_they_would_be_lost(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct load load = {0};

        make_partitions();
        assert_true(read_piece(&load));
        kit_sql("%s", changes[i].change);
        if (changes[i].rows == 0) {
            cannot_go_on(&load, changes[i].change, "changed since");
            continue;
        }
        while (read_piece(&load)) {
        }
        has_each_once(&load, changes[i].rows);
    }
}

/* The second run is cut off among what it reads again, if there is something. */
static void changes_in_front_are_merged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        struct load load = {.may_repeat = true};
        struct kit_source source;

        make_partitions();
        assert_true(read_piece(&load));
        kit_sql("%s", changes[i].change);
        if (changes[i].again > 0) {
            assert_true(read_piece(&load));
        }
        load.count = 0;
        set_source(&load, &source);
        kit_source_opens(&source);
        assert_string_equal(source.host.log, "");
        while (read_batch(&load, &source)) {
        }
        kit_source_close(&source);
        assert_string_equal(
            kit_value("SELECT %d + count(*) FROM t WHERE tableoid <> 'p1'::regclass",
                      (int)changes[i].again),
            kit_value("SELECT %d", (int)load.count));
    }
}

/* A row that was deleted makes a difference to a load that replaces. */
static void a_load_that_replaces_goes_on_with_the_same_rows_alone(void **state)
{
    struct load load = {.exact = true};
    struct kit_source source;

    (void)state;
    make_partitions();
    assert_true(read_piece(&load));
    kit_sql("DELETE FROM t WHERE id = 40");
    set_source(&load, &source);
    kit_source_opens(&source);
    while (read_batch(&load, &source)) {
    }
    kit_source_close(&source);
    has_each_once(&load, 39);
    kit_sql("DELETE FROM t WHERE id = 1");
    set_source(&load, &source);
    assert_int_equal(kit_source_open(&source), TIDE_E_CONFLICT);
    kit_source_close(&source);
}

/* Those that are not read yet cannot go before they are. */
static void no_part_is_dropped_under_a_run(void **state)
{
    struct load load = {0};
    struct kit_source source;

    (void)state;
    make_partitions();
    set_source(&load, &source);
    kit_source_opens(&source);
    assert_true(read_batch(&load, &source));
    assert_string_equal(kit_value("SELECT count(*) FROM pg_locks WHERE mode ="
                                  " 'AccessShareLock' AND relation IN ('p1'::regclass,"
                                  " 'p2b'::regclass, 'rest'::regclass)"),
                        "3");
    kit_source_close(&source);
}

/* ---- who may not read them one by one -------------------------------------------- */

static void assert_read_whole(const char *role, int64_t rows)
{
    struct load load = {0};
    struct kit_source source;

    set_source(&load, &source);
    source.options.connection.user = role;
    kit_source_opens(&source);
    while (read_batch(&load, &source)) {
        assert_null(kit_position(&source));
    }
    kit_source_close(&source);
    has_each_once(&load, rows);
}

static void parts_are_read_by_those_alone_who_see_the_same_rows(void **state)
{
    (void)state;
    make_partitions();
    kit_sql("DROP ROLE IF EXISTS parts_reader; CREATE ROLE parts_reader LOGIN;"
            "GRANT SELECT ON t TO parts_reader");
    assert_read_whole("parts_reader", 40);
    kit_sql("GRANT SELECT ON ALL TABLES IN SCHEMA public TO parts_reader;"
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            "CREATE POLICY few ON t USING (id <= 10)");
    assert_read_whole("parts_reader", 10);
    kit_sql("ALTER TABLE t DISABLE ROW LEVEL SECURITY;"
            "ALTER TABLE p1 ENABLE ROW LEVEL SECURITY;");
    assert_read_whole("parts_reader", 40);
    kit_sql("DROP TABLE t; DROP OWNED BY parts_reader; DROP ROLE parts_reader");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(partitions_are_read_one_by_one),
        cmocka_unit_test(tables_that_inherit_are_read_one_by_one),
        cmocka_unit_test(a_large_partition_is_read_in_stretches),
        cmocka_unit_test(other_parts_are_not_gone_on_with),
        cmocka_unit_test(changes_are_noticed_where_they_would_be_lost),
        cmocka_unit_test(changes_in_front_are_merged),
        cmocka_unit_test(a_load_that_replaces_goes_on_with_the_same_rows_alone),
        cmocka_unit_test(no_part_is_dropped_under_a_run),
        cmocka_unit_test(parts_are_read_by_those_alone_who_see_the_same_rows),
    };

    return KIT_RUN(tests);
}
