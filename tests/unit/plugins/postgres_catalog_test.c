/*
 * postgres_catalog_test - what is asked in little time is what the whole query tells.
 */
#include <stdlib.h>
#include <string.h>

#include "postgres/catalog.h"
#include "postgres_kit.h"

static struct kit_host host;
static struct tide_pg *pg;

static void name_table(struct tide_pg_table *table, const char *name)
{
    struct tide_error err = {0};

    assert_int_equal(tide_pg_name_parse(name, "public", &table->name, &err), TIDE_OK);
}

static void assert_same_column(const struct tide_pg_column *a,
                               const struct tide_pg_column *b, bool has_key)
{
    assert_string_equal(a->name, b->name);
    assert_string_equal(a->type_name, b->type_name);
    assert_memory_equal(&a->type, &b->type, sizeof a->type);
    assert_int_equal(a->number, b->number);
    assert_int_equal(a->key_place, has_key ? b->key_place : 0);
    assert_int_equal(a->required, b->required);
    assert_int_equal(a->has_default, b->has_default);
    assert_int_equal(a->generated, b->generated);
}

static bool has_domain(const struct tide_pg_table *table)
{
    return strcmp(table->name.table, "bought") == 0;
}

static void assert_same(const struct tide_pg_table *a, const struct tide_pg_table *b,
                        bool has_key)
{
    assert_string_equal(a->oid, b->oid);
    assert_int_equal(a->has_triggers, b->has_triggers);
    assert_int_equal(a->column_count, b->column_count);
    for (size_t i = 0; i < a->column_count; i++) {
        assert_same_column(&a->columns[i], &b->columns[i], has_key || has_domain(a));
    }
}

/* One table in three ways. */
static void check(const char *name)
{
    struct tide_pg_table whole = {0};
    struct tide_pg_table alone = {0};
    struct tide_pg_table quick = {0};
    struct tide_error err = {0};

    name_table(&whole, name);
    name_table(&alone, name);
    name_table(&quick, name);
    assert_int_equal(tide_pg_table_load_domains(pg, &whole, &err), TIDE_OK);
    assert_int_equal(tide_pg_table_load(pg, &alone, &err), TIDE_OK);
    assert_int_equal(tide_pg_table_load_with(pg, &quick, true, NULL, NULL, &err),
                     TIDE_OK);
    assert_same(&alone, &whole, true);
    assert_same(&quick, &whole, false);
    tide_pg_table_clear(&quick);
    name_table(&quick, name);
    assert_int_equal(tide_pg_table_load_with(pg, &quick, false, NULL, NULL, &err),
                     TIDE_OK);
    assert_true(quick.has_triggers);
    quick.has_triggers = whole.has_triggers;
    assert_same(&quick, &whole, false);
    tide_pg_table_clear(&whole);
    tide_pg_table_clear(&alone);
    tide_pg_table_clear(&quick);
}

static void all_kinds_of_columns_are_told_alike(void **state)
{
    (void)state;
    kit_sql(
        "CREATE TYPE mood AS ENUM ('sad', 'glad'); CREATE TYPE pair AS (a int, b text);"
        "CREATE TABLE many (i int2, gone text, j int4 DEFAULT 7, k bigint GENERATED"
        " ALWAYS AS IDENTITY, n numeric(12, 2), m numeric, v varchar(20), c char(3),"
        " x bpchar, d date, t time(2), s timestamp(0), z timestamptz NOT NULL,"
        " m2 mood, p pair, a int[], a2 mood[], r int4range, ip inet, l interval(3),"
        " b bit varying(4), g int GENERATED ALWAYS AS (j + 1) STORED,"
        " \"Odd \"\"name\"\"\" text COLLATE \"C\");"
        "ALTER TABLE many DROP COLUMN gone");
    check("many");
}

static void the_types_of_most_columns_are_named_as_the_server_does(void **state)
{
    (void)state;
    kit_sql(
        "CREATE TABLE plain (a bool, b bytea, c name, d int8, e int2, f int4, g text,"
        " h json, i float4, j float8, k bpchar, l char, m char(77), n varchar,"
        " o varchar(10485760), p date, q time, r time(0), s timestamp, t timestamp(6),"
        " u timestamptz, v timestamptz(3), w numeric, x numeric(1000), y numeric(9, 9),"
        " z uuid, aa jsonb)");
    check("plain");
    if (atoi(kit_value("SHOW server_version_num")) >= 150000) {
        kit_sql("CREATE TABLE odd_numbers (a numeric(2, -3), b numeric(3, 5))");
        check("odd_numbers");
    }
}

static void keys_are_told_alike(void **state)
{
    (void)state;
    kit_sql("CREATE TABLE keyed (a int, b text, c int, d int NOT NULL,"
            " PRIMARY KEY (c, a) INCLUDE (b));"
            "CREATE TABLE unkeyed (a int NOT NULL UNIQUE);"
            "CREATE TABLE other (a int REFERENCES unkeyed (a))");
    check("keyed");
    check("unkeyed");
    check("other");
}

static void domains_are_seen_through(void **state)
{
    (void)state;
    kit_sql("CREATE DOMAIN price AS numeric(8, 2) DEFAULT 0;"
            "CREATE DOMAIN fair AS price NOT NULL;"
            "CREATE TABLE bought (id int PRIMARY KEY, p fair, q price[])");
    check("bought");
}

static void all_that_has_rows_is_a_table(void **state)
{
    (void)state;
    kit_sql("CREATE TABLE parts (a int, b text) PARTITION BY LIST (a);"
            "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1);"
            "CREATE VIEW seen AS SELECT a, b FROM parts;"
            "CREATE MATERIALIZED VIEW kept AS SELECT a, b FROM parts;"
            "CREATE TABLE bare (); CREATE SCHEMA \"Far.off\";"
            "CREATE TABLE \"Far.off\".\"it's\" (a int)");
    check("parts");
    check("parts_1");
    check("seen");
    check("kept");
    check("\"Far.off\".\"it's\"");
}

static void what_has_no_rows_is_not_found(void **state)
{
    static const char *const names[] = {"counter", "keyed_pkey", "pair", "nothing",
                                        "nowhere.nothing"};

    (void)state;
    kit_sql("CREATE SEQUENCE counter");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tide_pg_table table = {0};
        struct tide_error err = {0};

        name_table(&table, names[i]);
        assert_int_equal(tide_pg_table_load(pg, &table, &err), TIDE_E_NOT_FOUND);
        assert_int_equal(table.column_count, 0);
        tide_pg_table_clear(&table);
    }
}

static size_t columns_with(const char *statement, PGresult **rows)
{
    struct tide_pg_table table = {0};
    struct tide_error err = {0};
    size_t count;

    name_table(&table, "keyed");
    assert_int_equal(tide_pg_table_load_with(pg, &table, false, statement, rows, &err),
                     TIDE_OK);
    count = table.column_count;
    tide_pg_table_clear(&table);
    return count;
}

static void what_is_asked_along_may_fail(void **state)
{
    PGresult *rows = NULL;
    struct tide_error err = {0};

    (void)state;
    tide_pg_begin(pg, "");
    assert_int_equal(columns_with("SELECT * FROM nothing", &rows), 4);
    assert_null(rows);
    assert_int_equal(columns_with("SELECT 6 * 7", &rows), 4);
    assert_string_equal(PQgetvalue(rows, 0, 0), "42");
    PQclear(rows);
    assert_int_equal(PQtransactionStatus(pg->conn), PQTRANS_INTRANS);
    assert_int_equal(tide_pg_exec(pg, "COMMIT", NULL, &err), TIDE_OK);
}

static int open_session(void **state)
{
    struct tide_pg_options options = kit_options();
    struct tide_error err = {0};

    (void)state;
    kit_host_init(&host);
    return tide_pg_open(&options, &host.host, &pg, &err);
}

static int close_session(void **state)
{
    (void)state;
    tide_pg_close(pg);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_kinds_of_columns_are_told_alike),
        cmocka_unit_test(the_types_of_most_columns_are_named_as_the_server_does),
        cmocka_unit_test(keys_are_told_alike),
        cmocka_unit_test(domains_are_seen_through),
        cmocka_unit_test(all_that_has_rows_is_a_table),
        cmocka_unit_test(what_has_no_rows_is_not_found),
        cmocka_unit_test(what_is_asked_along_may_fail),
    };
    int failed;

    if (!kit_start(&failed)) {
        return failed;
    }
    failed = cmocka_run_group_tests(tests, open_session, close_session);
    kit_stop();
    return failed;
}
