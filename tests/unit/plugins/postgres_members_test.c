/*
 * postgres_members_test - an incremental table to which other tables with rows come, from
 * which they go, and whose rows are written anew.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "postgres_kit.h"

/* A table that is read run by run. */
struct reader {
    char position[2048];
    bool may_repeat;
    int64_t values[64];
    struct kit_source source;
};

static void begin(struct reader *reader)
{
    kit_source_init(&reader->source, "t");
    reader->source.request.cursor = "at";
    reader->source.request.may_repeat = reader->may_repeat;
    reader->source.request.position = reader->position[0] ? reader->position : NULL;
}

static size_t end(struct reader *reader)
{
    size_t count = kit_read_all(&reader->source, reader->values, 64);

    (void)snprintf(reader->position, sizeof reader->position, "%s",
                   kit_position(&reader->source));
    kit_source_close(&reader->source);
    return count;
}

static size_t read_new(struct reader *reader)
{
    begin(reader);
    kit_source_opens(&reader->source);
    return end(reader);
}

/* Read two rows, and no more. */
static void read_some(struct reader *reader)
{
    begin(reader);
    reader->source.request.batch_rows = 2;
    reader->source.request.checkpoints = true;
    kit_source_opens(&reader->source);
    assert_int_equal(kit_read_batch(&reader->source), 2);
    (void)snprintf(reader->position, sizeof reader->position, "%s",
                   kit_position(&reader->source));
    kit_source_close(&reader->source);
}

static void is_refused(struct reader *reader, const char *words)
{
    begin(reader);
    assert_int_equal(kit_source_open(&reader->source), TIDE_E_CONFLICT);
    if (!strstr(reader->source.err.message, words)) {
        fail_msg("\"%s\" does not say \"%s\"", reader->source.err.message, words);
    }
    kit_source_close(&reader->source);
}

/* A table with ten rows in a partition, and one beside it that is older than they. */
static void make(void)
{
    kit_sql("DROP TABLE IF EXISTS t, old CASCADE;"
            "CREATE TABLE t (id int PRIMARY KEY, at int) PARTITION BY RANGE (id);"
            "CREATE TABLE low PARTITION OF t FOR VALUES FROM (0) TO (100);"
            "CREATE TABLE old (id int PRIMARY KEY, at int);"
            "INSERT INTO old SELECT g, g FROM generate_series(101, 105) g");
    kit_sql("INSERT INTO t SELECT g, g FROM generate_series(1, 10) g");
}

static void attach(void)
{
    kit_sql("ALTER TABLE t ATTACH PARTITION old FOR VALUES FROM (100) TO (200)");
}

static PGconn *begin_other(const char *sql)
{
    struct tide_pg_options options = kit_options();
    PGconn *other =
        PQconnectdbParams((const char *const[]){"dbname", "dbname", NULL},
                          (const char *const[]){options.url, options.database, NULL}, 1);

    PQclear(PQexec(other, "BEGIN"));
    PQclear(PQexec(other, sql));
    assert_int_equal(PQtransactionStatus(other), PQTRANS_INTRANS);
    return other;
}

/* ---- tables that come and go ----------------------------------------------------- */

static void a_partition_that_comes_with_old_rows_is_read_whole(void **state)
{
    (void)state;
    for (int may_repeat = 0; may_repeat < 2; may_repeat++) {
        struct reader reader = {.may_repeat = may_repeat};

        make();
        assert_int_equal(read_new(&reader), 10);
        kit_sql("INSERT INTO t VALUES (11, 0)");
        attach();
        assert_int_equal(read_new(&reader), 6);
        assert_int_equal(reader.values[0], 11);
        assert_int_equal(read_new(&reader), 0);
        kit_sql("INSERT INTO t VALUES (12, 0), (106, 0)");
        assert_int_equal(read_new(&reader), 2);
    }
}

/* Nothing that was written since has ended as far as all is concerned. */
static void it_is_read_also_while_a_transaction_is_open(void **state)
{
    struct reader reader = {0};
    PGconn *other;

    (void)state;
    make();
    other = begin_other("INSERT INTO t VALUES (50, 0)");
    assert_int_equal(read_new(&reader), 10);
    attach();
    kit_sql("INSERT INTO t VALUES (106, 0)");
    assert_int_equal(read_new(&reader), 5);
    PQclear(PQexec(other, "COMMIT"));
    PQfinish(other);
    assert_int_equal(read_new(&reader), 2);
}

static void one_that_comes_behind_the_snapshot_is_left_to_the_next_run(void **state)
{
    struct reader reader = {0};

    (void)state;
    make();
    begin(&reader);
    kit_source_opens(&reader.source);
    attach();
    assert_int_equal(end(&reader), 10);
    assert_int_equal(read_new(&reader), 5);
    assert_int_equal(read_new(&reader), 0);
}

static void a_partition_that_goes_and_comes_back_is_read_from_where_it_left(void **state)
{
    struct reader reader = {0};

    (void)state;
    make();
    attach();
    assert_int_equal(read_new(&reader), 15);
    kit_sql("INSERT INTO t VALUES (106, 0)");
    kit_sql("ALTER TABLE t DETACH PARTITION old");
    assert_int_equal(read_new(&reader), 0);
    kit_sql("INSERT INTO old VALUES (107, 0)");
    kit_sql("INSERT INTO t VALUES (11, 0)");
    assert_int_equal(read_new(&reader), 1);
    attach();
    assert_int_equal(read_new(&reader), 2);
    assert_int_equal(reader.values[0], 106);
    assert_int_equal(reader.values[1], 107);
    assert_int_equal(read_new(&reader), 0);
    kit_sql("DROP TABLE old");
    assert_int_equal(read_new(&reader), 0);
    assert_null(strstr(reader.position, "gone"));
}

static void a_table_that_comes_to_inherit_is_read_whole(void **state)
{
    struct reader reader = {0};

    (void)state;
    make();
    kit_sql("DROP TABLE t; CREATE TABLE t (id int PRIMARY KEY, at int)");
    kit_sql("INSERT INTO t VALUES (1, 1)");
    assert_int_equal(read_new(&reader), 1);
    kit_sql("ALTER TABLE old ALTER id SET NOT NULL, INHERIT t");
    assert_int_equal(read_new(&reader), 5);
    assert_int_equal(read_new(&reader), 0);
    kit_sql("ALTER TABLE old NO INHERIT t");
    kit_sql("ANALYZE t");
    assert_int_equal(read_new(&reader), 0);
    kit_sql("INSERT INTO old VALUES (106, 0)");
    kit_sql("ALTER TABLE old INHERIT t");
    assert_int_equal(read_new(&reader), 1);
}

static void a_window_is_ended_with_the_tables_it_was_begun_with(void **state)
{
    struct reader reader = {0};

    (void)state;
    make();
    read_some(&reader);
    attach();
    assert_int_equal(read_new(&reader), 8);
    read_some(&reader);
    assert_int_equal(read_new(&reader), 3);
    assert_int_equal(read_new(&reader), 0);
}

static void what_was_read_in_part_is_missed_when_it_is_gone(void **state)
{
    struct reader reader = {0};

    (void)state;
    make();
    attach();
    read_some(&reader);
    kit_sql("ALTER TABLE t DETACH PARTITION old");
    is_refused(&reader, "a partition that was being read has been detached");
    reader.may_repeat = true;
    assert_int_equal(read_new(&reader), 8);
    attach();
    assert_int_equal(read_new(&reader), 5);
}

/* Earlier versions wrote none. */
static void a_position_without_tables_takes_them_for_known(void **state)
{
    struct reader reader = {0};

    (void)state;
    make();
    assert_int_equal(read_new(&reader), 10);
    *strstr(reader.position, ", \"parts\"") = '\0';
    (void)strcat(reader.position, "}");
    attach();
    kit_sql("INSERT INTO t VALUES (106, 0)");
    assert_int_equal(read_new(&reader), 1);
}

static void policies_are_warned_of(void **state)
{
    struct reader reader = {0};

    (void)state;
    make();
    kit_sql("DROP ROLE IF EXISTS members_reader; CREATE ROLE members_reader LOGIN;"
            "GRANT SELECT ON t TO members_reader;"
            "ALTER TABLE t ENABLE ROW LEVEL SECURITY;"
            "CREATE POLICY half ON t USING (id %% 2 = 0)");
    begin(&reader);
    reader.source.options.connection.user = "members_reader";
    kit_source_opens(&reader.source);
    assert_non_null(
        strstr(reader.source.host.log, "t has policies that choose the rows"));
    assert_int_equal(end(&reader), 5);
    assert_int_equal(read_new(&reader), 0);
    assert_string_equal(reader.source.host.log, "");
    kit_sql("DROP OWNED BY members_reader; DROP ROLE members_reader");
}

/* ---- rows that are written anew -------------------------------------------------- */

static void make_plain(const char *more)
{
    kit_sql("DROP TABLE IF EXISTS t CASCADE;"
            "CREATE TABLE t (id int PRIMARY KEY, at int); %s",
            more);
}

static const char ten[] = "INSERT INTO t SELECT g, g FROM generate_series(1, 10) g";

static void rows_that_are_written_anew_are_not_new(void **state)
{
    static const char *const ways[] = {
        "ALTER TABLE t ALTER at TYPE bigint",
        "ALTER TABLE t ADD x timestamptz DEFAULT clock_timestamp()",
        ("CREATE TABLE copy AS SELECT * FROM t; TRUNCATE t; INSERT INTO t SELECT * FROM"
         " copy; DROP TABLE copy")};

    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct reader reader = {0};

        make_plain(ten);
        assert_int_equal(read_new(&reader), 10);
        kit_sql("%s", ways[i]);
        is_refused(&reader, "are newer than the last run");
        is_refused(&reader, "run with --full");
        reader.may_repeat = true;
        assert_int_equal(read_new(&reader), 10);
        reader.may_repeat = false;
        assert_int_equal(read_new(&reader), 0);
    }
}

static void nor_are_those_of_one_partition_or_of_a_window_in_hand(void **state)
{
    struct reader reader = {0};
    struct reader other = {0};

    (void)state;
    make();
    attach();
    assert_int_equal(read_new(&reader), 15);
    read_some(&other);
    kit_sql("CREATE TABLE copy AS SELECT * FROM old; TRUNCATE old;"
            "INSERT INTO old SELECT * FROM copy; DROP TABLE copy");
    is_refused(&reader, "are newer than the last run");
    is_refused(&other, "are newer than the last run");
}

static void a_table_that_is_only_moved_or_emptied_goes_on(void **state)
{
    static const char *const ways[] = {"VACUUM FULL t", "CLUSTER t USING t_pkey",
                                       "VACUUM FREEZE t", "TRUNCATE t"};
    struct reader reader = {0};

    (void)state;
    make_plain(ten);
    assert_int_equal(read_new(&reader), 10);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        kit_sql("%s", ways[i]);
        kit_sql("INSERT INTO t SELECT %d, 1 WHERE EXISTS (SELECT FROM t)", 20 + (int)i);
        assert_int_equal(read_new(&reader), i < 3 ? 1 : 0);
    }
    kit_sql("INSERT INTO t VALUES (1, 1)");
    assert_int_equal(read_new(&reader), 1);
}

/* Of a table without rows none was read. */
static void what_was_empty_may_get_a_new_file(void **state)
{
    struct reader reader = {0};

    (void)state;
    make_plain("");
    assert_int_equal(read_new(&reader), 0);
    kit_sql("ALTER TABLE t ALTER at TYPE bigint");
    kit_sql("%s", ten);
    assert_int_equal(read_new(&reader), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_partition_that_comes_with_old_rows_is_read_whole),
        cmocka_unit_test(it_is_read_also_while_a_transaction_is_open),
        cmocka_unit_test(one_that_comes_behind_the_snapshot_is_left_to_the_next_run),
        cmocka_unit_test(a_partition_that_goes_and_comes_back_is_read_from_where_it_left),
        cmocka_unit_test(a_table_that_comes_to_inherit_is_read_whole),
        cmocka_unit_test(a_window_is_ended_with_the_tables_it_was_begun_with),
        cmocka_unit_test(what_was_read_in_part_is_missed_when_it_is_gone),
        cmocka_unit_test(a_position_without_tables_takes_them_for_known),
        cmocka_unit_test(policies_are_warned_of),
        cmocka_unit_test(rows_that_are_written_anew_are_not_new),
        cmocka_unit_test(nor_are_those_of_one_partition_or_of_a_window_in_hand),
        cmocka_unit_test(a_table_that_is_only_moved_or_emptied_goes_on),
        cmocka_unit_test(what_was_empty_may_get_a_new_file),
    };

    return KIT_RUN(tests);
}
