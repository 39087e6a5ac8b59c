/*
 * postgres_moment_test - a table that others empty or rewrite while a run begins.
 */
#include <string.h>

#include "postgres_kit.h"

#define FILL(word_)                                                                      \
    "INSERT INTO fresh SELECT g, '" word_ "' FROM generate_series(1, 10) g"

/* What is to be ended as soon as a run waits for it; one at a time. */
static PGconn *other;

static void run_in_other(const char *sql)
{
    PGresult *result = PQexec(other, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(other));
    }
    PQclear(result);
}

/* Called while a run waits for the server. */
static void commit_other(struct kit_host *host)
{
    const char *waiting = kit_value("SELECT count(*) FROM pg_locks WHERE NOT granted"
                                    " AND database = (SELECT oid FROM pg_database"
                                    " WHERE datname = current_database())");

    if (strcmp(waiting, "0") != 0) {
        host->when_asked = NULL;
        run_in_other("COMMIT");
    }
}

static void begin_other(const char *sql)
{
    struct tide_pg_options options = kit_options();

    other =
        PQconnectdbParams((const char *const[]){"dbname", "dbname", NULL},
                          (const char *const[]){options.url, options.database, NULL}, 1);
    run_in_other("BEGIN");
    run_in_other(sql);
}

/* Open while the other transaction is open, which ends once it is waited for. */
static void opens_behind_other(struct kit_source *source)
{
    source->host.when_asked = commit_other;
    kit_source_opens(source);
    assert_null(source->host.when_asked);
    PQfinish(other);
}

static void make_fresh(void)
{
    kit_sql("DROP TABLE IF EXISTS fresh CASCADE;"
            "CREATE TABLE fresh (id int PRIMARY KEY, v text); " FILL("old"));
}

static size_t read_behind(const char *table, const char *user, const char *sql)
{
    static const char *const columns[] = {"id", NULL};
    struct kit_source source;
    int64_t values[64];
    size_t count;

    begin_other(sql);
    kit_source_init(&source, table);
    source.options.connection.user = user ? user : source.options.connection.user;
    source.request.include = columns;
    opens_behind_other(&source);
    count = kit_read_all(&source, values, 64);
    kit_source_close(&source);
    return count;
}

static void a_table_that_is_emptied_and_filled_again_is_read_as_it_is_then(void **state)
{
    (void)state;
    make_fresh();
    assert_int_equal(
        read_behind("fresh", NULL, "TRUNCATE fresh; INSERT INTO fresh VALUES (1, 'new')"),
        1);
}

static void a_table_that_is_rewritten_is_read_as_it_is_then(void **state)
{
    (void)state;
    make_fresh();
    assert_int_equal(
        read_behind("fresh", NULL,
                    "ALTER TABLE fresh ADD x timestamptz DEFAULT clock_timestamp()"),
        10);
}

static void what_a_view_is_made_of_is_locked_with_it(void **state)
{
    (void)state;
    make_fresh();
    kit_sql("CREATE VIEW seen AS SELECT * FROM (SELECT * FROM fresh) f");
    assert_int_equal(read_behind("seen", NULL, "TRUNCATE fresh; " FILL("new")), 10);
}

static void the_parts_of_a_table_are_locked_with_it(void **state)
{
    (void)state;
    kit_sql(
        "DROP TABLE IF EXISTS fresh CASCADE;"
        "CREATE TABLE fresh (id int, v text) PARTITION BY RANGE (id);"
        "CREATE TABLE low PARTITION OF fresh FOR VALUES FROM (0) TO (100); " FILL("old"));
    assert_int_equal(read_behind("fresh", NULL, "TRUNCATE low; " FILL("new")), 10);
}

/* LOCK wants a right to the table as a whole. */
static void rights_to_columns_are_enough(void **state)
{
    (void)state;
    make_fresh();
    kit_sql("DROP ROLE IF EXISTS moment_reader; CREATE ROLE moment_reader LOGIN;"
            "GRANT USAGE ON SCHEMA public TO moment_reader;"
            "GRANT SELECT (id) ON fresh TO moment_reader;"
            "CREATE VIEW seen AS SELECT * FROM fresh;"
            "GRANT SELECT (id) ON seen TO moment_reader");
    assert_int_equal(
        read_behind("fresh", "moment_reader", "TRUNCATE fresh; " FILL("new")), 10);
    assert_int_equal(read_behind("seen", "moment_reader", "TRUNCATE fresh; " FILL("new")),
                     10);
    kit_sql("DROP OWNED BY moment_reader; DROP ROLE moment_reader");
}

static void what_cannot_be_locked_is_read_all_the_same(void **state)
{
    struct kit_source source;
    int64_t values[64];

    (void)state;
    make_fresh();
    kit_sql("CREATE MATERIALIZED VIEW kept AS SELECT * FROM fresh;"
            "CREATE FOREIGN DATA WRAPPER nowhere; CREATE SERVER nowhere FOREIGN DATA"
            " WRAPPER nowhere; CREATE FOREIGN TABLE away (id int) SERVER nowhere");
    kit_source_init(&source, "kept");
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 64), 10);
    kit_source_close(&source);
    kit_source_init(&source, "away");
    kit_source_opens(&source);
    assert_int_equal(source.schema.column_count, 1);
    kit_source_close(&source);
}

static void a_materialized_view_that_is_refreshed_is_not_empty(void **state)
{
    struct kit_source source;
    int64_t values[64];

    (void)state;
    begin_other("REFRESH MATERIALIZED VIEW kept");
    kit_source_init(&source, "kept");
    source.request.checkpoints = true;
    opens_behind_other(&source);
    assert_int_equal(kit_read_all(&source, values, 64), 10);
    kit_source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_that_is_emptied_and_filled_again_is_read_as_it_is_then),
        cmocka_unit_test(a_table_that_is_rewritten_is_read_as_it_is_then),
        cmocka_unit_test(what_a_view_is_made_of_is_locked_with_it),
        cmocka_unit_test(the_parts_of_a_table_are_locked_with_it),
        cmocka_unit_test(rights_to_columns_are_enough),
        cmocka_unit_test(what_cannot_be_locked_is_read_all_the_same),
        cmocka_unit_test(a_materialized_view_that_is_refreshed_is_not_empty),
    };

    return KIT_RUN(tests);
}
