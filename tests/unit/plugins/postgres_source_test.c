/*
 * postgres_source_test - what the source reads, in which order, and how far it says it
 * is.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "postgres_kit.h"

/* ---- the schema ------------------------------------------------------------------ */

static void a_schema_tells_types_lengths_and_keys(void **state)
{
    struct kit_source source;
    const struct tide_column *columns;

    (void)state;
    kit_sql("CREATE TABLE facts (b text, id bigint, name varchar(20) NOT NULL,"
            " price numeric(12,2), at timestamptz, tags text[], PRIMARY KEY (id, b))");
    kit_source_init(&source, "facts");
    kit_source_opens(&source);
    columns = source.schema.columns;
    assert_int_equal(source.schema.column_count, 6);
    assert_string_equal(columns[0].name, "b");
    assert_true(columns[0].flags & TIDE_COLUMN_KEY);
    assert_true(columns[1].flags & TIDE_COLUMN_KEY);
    assert_true(columns[1].flags & TIDE_COLUMN_REQUIRED);
    assert_int_equal(columns[1].type, TIDE_TYPE_INT64);
    assert_int_equal(columns[2].max_length, 20);
    assert_true(columns[2].flags & TIDE_COLUMN_REQUIRED);
    assert_false(columns[2].flags & TIDE_COLUMN_KEY);
    assert_int_equal(columns[3].type, TIDE_TYPE_DECIMAL);
    assert_string_equal(columns[3].logical, "numeric(12,2)");
    assert_int_equal(columns[4].type, TIDE_TYPE_TIMESTAMP);
    assert_int_equal(columns[5].type, TIDE_TYPE_STRING);
    assert_string_equal(columns[5].logical, "text[]");
    kit_source_close(&source);
}

static void columns_are_chosen_by_the_server(void **state)
{
    const char *const include[] = {"id", "price", "absent", NULL};
    const char *const exclude[] = {"price", NULL};
    struct kit_source source;

    (void)state;
    kit_source_init(&source, "facts");
    source.request.include = include;
    kit_source_opens(&source);
    assert_int_equal(source.schema.column_count, 2);
    assert_string_equal(source.schema.columns[0].name, "id");
    kit_source_close(&source);
    kit_source_init(&source, "facts");
    source.request.exclude = exclude;
    kit_source_opens(&source);
    assert_int_equal(source.schema.column_count, 5);
    kit_source_close(&source);
}

/* Read from what lies behind leave_out(): the only batch of three rows. */
static void read_without(struct kit_source *source, const size_t *columns, size_t count,
                         struct tide_batch *batch)
{
    const struct tide_source *plugin = kit_source_plugin();

    kit_source_opens(source);
    assert_int_equal(plugin->leave_out(source->state, columns, count, &source->err),
                     TIDE_OK);
    assert_int_equal(plugin->read(source->state, batch, &source->err), TIDE_OK);
    assert_int_equal(batch->array.length, 3);
}

/* The server cannot even make the value of the column that is left out. */
static void columns_that_nobody_looks_at_are_not_asked_for(void **state)
{
    const size_t columns[] = {0, 2};
    struct kit_source source;
    struct tide_batch batch = {0};

    (void)state;
    kit_sql("CREATE VIEW partial AS SELECT 1 / (g - 2) AS bad, g AS id, 'x' AS t, "
            "-g AS n FROM generate_series(1, 3) g");
    kit_source_init(&source, "partial");
    read_without(&source, columns, 2, &batch);
    for (int64_t row = 0; row < 3; row++) {
        assert_true(tide_array_is_null(batch.array.children[0], row));
        assert_true(tide_array_is_null(batch.array.children[2], row));
        assert_int_equal(tide_array_int64(batch.array.children[1], row), row + 1);
        assert_int_equal(tide_array_int64(batch.array.children[3], row), -row - 1);
    }
    tide_batch_release(&batch);
    assert_int_equal(kit_source_plugin()->read(source.state, &batch, &source.err),
                     TIDE_END);
    kit_source_close(&source);
}

/* Neither the cursor, which gives the order, nor the key can be done without. */
static void a_place_is_told_without_the_columns_that_are_left_out(void **state)
{
    const size_t columns[] = {0, 1, 2};
    struct kit_source source;
    struct tide_batch batch = {0};

    (void)state;
    kit_sql(
        "CREATE TABLE placed (id int PRIMARY KEY, at int, t text, n int); INSERT INTO "
        "placed SELECT g, 10 * g, 'x', -g FROM generate_series(1, 3) g");
    kit_source_init(&source, "placed");
    source.request.cursor = "at";
    read_without(&source, columns, 3, &batch);
    assert_non_null(strstr(kit_position(&source), "\"cursor\": \"30\""));
    assert_non_null(strstr(kit_position(&source), "\"key\": [\"3\"]"));
    assert_true(tide_array_is_null(batch.array.children[2], 2));
    assert_int_equal(tide_array_int64(batch.array.children[3], 2), -3);
    tide_batch_release(&batch);
    kit_source_close(&source);
}

static int collect(void *arg, const char *table, const struct tide_schema *schema)
{
    char *list = arg;

    (void)snprintf(list + strlen(list), 512 - strlen(list), "%s(%zu %s) ", table,
                   schema->column_count, schema->columns[0].name);
    return TIDE_OK;
}

static void discover_lists_tables_and_views(void **state)
{
    struct tide_pg_options options = kit_options();
    struct kit_host host;
    struct tide_error err = {0};
    char list[512] = "";

    (void)state;
    kit_sql(
        "CREATE SCHEMA seen; CREATE TABLE seen.b (x int, y int);"
        "CREATE TABLE seen.\"a.b\" (z int); CREATE VIEW seen.c AS SELECT y FROM seen.b");
    kit_host_init(&host);
    options.schema = "seen";
    assert_int_equal(
        kit_source_plugin()->discover(&options, &host.host, collect, list, &err),
        TIDE_OK);
    assert_string_equal(list, "\"a.b\"(1 z) b(2 x) c(1 y) ");
}

static void expect_discovered(const char *schema, int rc, const char *says)
{
    struct tide_pg_options options = kit_options();
    struct kit_host host;
    struct tide_error err = {0};
    char list[512] = "";

    kit_host_init(&host);
    options.schema = schema;
    assert_int_equal(
        kit_source_plugin()->discover(&options, &host.host, collect, list, &err), rc);
    assert_string_equal(list, "");
    if (says && !strstr(err.message, says)) {
        fail_msg("%s", err.message);
    }
}

static void discover_tells_an_empty_schema_from_one_that_is_not_there(void **state)
{
    (void)state;
    kit_sql("CREATE SCHEMA \"Empty\"; CREATE SCHEMA empty");
    expect_discovered("Empty", TIDE_OK, NULL);
    expect_discovered("empty", TIDE_OK, NULL);
    expect_discovered("emtpy", TIDE_E_NOT_FOUND, "no schema \"emtpy\" in database");
    expect_discovered("pubic", TIDE_E_NOT_FOUND, "did you mean \"public\"?");
    expect_discovered("xyzzy", TIDE_E_NOT_FOUND, "no schema \"xyzzy\"");
}

static void odd_names_and_views_are_read(void **state)
{
    struct kit_source source;
    int64_t values[4];

    (void)state;
    kit_sql(
        "CREATE SCHEMA \"S.1\"; CREATE TABLE \"S.1\".\"t \"\" T\" (\"se\"\"lect\" int);"
        "INSERT INTO \"S.1\".\"t \"\" T\" VALUES (7);"
        "CREATE VIEW \"View\" AS SELECT 8 AS \"x y\"");
    kit_source_init(&source, "\"S.1\".\"t \"\" T\"");
    kit_source_opens(&source);
    assert_string_equal(source.schema.columns[0].name, "se\"lect");
    assert_int_equal(kit_read_all(&source, values, 4), 1);
    assert_int_equal(values[0], 7);
    kit_source_close(&source);
    kit_source_init(&source, "View");
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 4), 1);
    assert_int_equal(values[0], 8);
    kit_source_close(&source);
}

/* ---- batches --------------------------------------------------------------------- */

static void batches_keep_to_their_bounds(void **state)
{
    struct kit_source source;
    struct tide_batch batch = {0};
    const struct tide_source *plugin = kit_source_plugin();

    (void)state;
    kit_sql("CREATE TABLE bounded AS SELECT g::bigint AS id, repeat('x', 100) AS t"
            " FROM generate_series(1, 250) g");
    kit_source_init(&source, "bounded");
    source.request.batch_rows = 100;
    kit_source_opens(&source);
    assert_int_equal(plugin->read(source.state, &batch, &source.err), TIDE_OK);
    assert_int_equal(batch.array.length, 100);
    assert_int_equal(tide_batch_position(&batch, 0), 1);
    assert_string_equal(batch.origin, "bounded");
    tide_batch_release(&batch);
    assert_int_equal(plugin->read(source.state, &batch, &source.err), TIDE_OK);
    assert_int_equal(tide_batch_position(&batch, 99), 200);
    tide_batch_release(&batch);
    kit_source_close(&source);

    kit_source_init(&source, "bounded");
    source.request.batch_bytes = 1200;
    kit_source_opens(&source);
    assert_int_equal(plugin->read(source.state, &batch, &source.err), TIDE_OK);
    assert_in_range(batch.array.length, 5, 15);
    tide_batch_release(&batch);
    kit_source_close(&source);
}

static int64_t rows_of_a_batch(int64_t bytes)
{
    struct kit_source source;
    int64_t rows;

    kit_source_init(&source, "heavy");
    source.request.batch_bytes = bytes;
    kit_source_opens(&source);
    rows = kit_read_batch(&source);
    kit_source_close(&source);
    return rows;
}

/* So that a run holds little whatever its threads do. */
static void only_who_asks_for_large_batches_gets_them(void **state)
{
    (void)state;
    kit_sql("CREATE TABLE heavy AS SELECT g AS id, repeat('x', 9950) AS t"
            " FROM generate_series(1, 500) g");
    assert_in_range(rows_of_a_batch(1 << 20), 20, 30);
    assert_in_range(rows_of_a_batch(4 << 20), 400, 450);
    assert_in_range(rows_of_a_batch(100000), 8, 12);
}

static void an_empty_table_ends_at_once(void **state)
{
    struct kit_source source;
    int64_t values[1];

    (void)state;
    kit_sql("CREATE TABLE nothing (id int)");
    kit_source_init(&source, "nothing");
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 1), 0);
    assert_null(kit_position(&source));
    kit_source_close(&source);
}

static void a_row_limit_is_kept(void **state)
{
    struct kit_source source;
    int64_t values[250];

    (void)state;
    kit_source_init(&source, "bounded");
    source.request.row_limit = 17;
    kit_source_opens(&source);
    assert_int_equal(kit_read_all(&source, values, 250), 17);
    kit_source_close(&source);
}

static void a_moment_beyond_our_calendar_is_a_rejected_row(void **state)
{
    struct kit_source source;
    struct tide_batch batch = {0};
    const struct tide_source *plugin = kit_source_plugin();

    (void)state;
    kit_sql("CREATE TABLE late (id int, at timestamp); INSERT INTO late VALUES"
            " (1, 'now'), (2, '294260-01-01'), (3, 'infinity'), (4, 'now')");
    kit_source_init(&source, "late");
    kit_source_opens(&source);
    assert_int_equal(plugin->read(source.state, &batch, &source.err), TIDE_OK);
    assert_int_equal(batch.array.length, 1);
    tide_batch_release(&batch);
    assert_int_equal(plugin->read(source.state, &batch, &source.err), TIDE_OK);
    assert_int_equal(batch.array.length, 2);
    assert_int_equal(tide_batch_position(&batch, 0), 3);
    assert_int_equal(tide_array_int64(batch.array.children[0], 0), 3);
    tide_batch_release(&batch);
    assert_int_equal(plugin->read(source.state, &batch, &source.err), TIDE_END);
    assert_int_equal(source.host.reject_count, 1);
    assert_int_equal(source.host.rejects[0].row, 2);
    assert_string_equal(source.host.rejects[0].code, "range");
    kit_source_close(&source);
}

static void text_that_is_not_utf8_is_a_rejected_row(void **state)
{
    struct kit_source source;
    struct tide_batch batch = {0};
    char database[80];
    PGconn *conn;

    (void)state;
    (void)snprintf(database, sizeof database, "%s_ascii", kit_options().database);
    kit_sql("CREATE DATABASE %s ENCODING 'SQL_ASCII' TEMPLATE template0"
            " LC_COLLATE 'C' LC_CTYPE 'C'",
            database);
    conn = PQconnectdbParams((const char *const[]){"dbname", "dbname", NULL},
                             (const char *const[]){kit_options().url, database, NULL}, 1);
    PQclear(PQexec(conn, "CREATE TABLE raw AS SELECT 1 AS id, E'ok \\303\\245' AS t"
                         " UNION ALL SELECT 2, E'bad \\303' UNION ALL SELECT 3, ''"));
    PQfinish(conn);
    kit_source_init(&source, "raw");
    source.options.connection.database = database;
    kit_source_opens(&source);
    assert_int_equal(kit_source_plugin()->read(source.state, &batch, &source.err),
                     TIDE_OK);
    assert_int_equal(batch.array.length, 1);
    tide_batch_release(&batch);
    assert_int_equal(kit_source_plugin()->read(source.state, &batch, &source.err),
                     TIDE_OK);
    assert_int_equal(tide_batch_position(&batch, 0), 3);
    tide_batch_release(&batch);
    assert_int_equal(source.host.reject_count, 1);
    assert_int_equal(source.host.rejects[0].row, 2);
    assert_string_equal(source.host.rejects[0].code, "invalid_utf8");
    kit_source_close(&source);
    kit_sql("DROP DATABASE %s WITH (FORCE)", database);
}

static void a_run_sees_one_moment_of_the_table(void **state)
{
    struct kit_source source;
    int64_t values[300];

    (void)state;
    kit_source_init(&source, "bounded");
    kit_source_opens(&source);
    kit_sql("INSERT INTO bounded SELECT 1000 + g FROM generate_series(1, 20) g");
    assert_int_equal(kit_read_all(&source, values, 300), 250);
    kit_source_close(&source);
}

/* ---- what goes wrong ------------------------------------------------------------- */

static void assert_refused(struct kit_source *source, int code, const char *words)
{
    assert_int_equal(kit_source_open(source), code);
    if (!strstr(source->err.message, words)) {
        fail_msg("\"%s\" does not say \"%s\"", source->err.message, words);
    }
    assert_null(source->state);
    kit_source_close(source);
}

static void a_missing_name_comes_with_the_nearest(void **state)
{
    struct kit_source source;

    (void)state;
    kit_sql("CREATE TABLE changes (id int, at timestamptz)");
    kit_source_init(&source, "change");
    assert_refused(&source, TIDE_E_NOT_FOUND, "did you mean \"changes\"?");
    kit_source_init(&source, "elsewhere.changes");
    assert_refused(&source, TIDE_E_NOT_FOUND, "no schema \"elsewhere\"");
    kit_source_init(&source, "changes");
    source.request.cursor = "At";
    assert_refused(&source, TIDE_E_CONFIG, "did you mean \"at\"?");
    kit_source_init(&source, "a.b.c");
    assert_refused(&source, TIDE_E_CONFIG, "not a table's name");
}

static void a_table_one_may_not_read_is_an_auth_error(void **state)
{
    struct kit_source source;
    char role[64];

    (void)state;
    (void)snprintf(role, sizeof role, "kit_reader_%d", (int)getpid());
    kit_sql("CREATE ROLE %s LOGIN; GRANT USAGE ON SCHEMA public TO %s", role, role);
    kit_source_init(&source, "changes");
    source.options.connection.user = role;
    assert_refused(&source, TIDE_E_AUTH, "permission denied for table changes");
    kit_sql("DROP OWNED BY %s; DROP ROLE %s", role, role);
}

static void a_terminated_session_is_transient(void **state)
{
    struct kit_source source;
    struct tide_batch batch = {0};
    int rc;

    (void)state;
    kit_sql("CREATE TABLE big AS SELECT g AS id, repeat('x', 1000) AS t"
            " FROM generate_series(1, 50000) g");
    kit_source_init(&source, "big");
    source.request.batch_rows = 10;
    kit_source_opens(&source);
    assert_int_equal(kit_source_plugin()->read(source.state, &batch, &source.err),
                     TIDE_OK);
    tide_batch_release(&batch);
    kit_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'tidemill' AND datname = current_database()");
    while ((rc = kit_source_plugin()->read(source.state, &batch, &source.err)) ==
           TIDE_OK) {
        tide_batch_release(&batch);
    }
    assert_int_equal(rc, TIDE_E_TRANSIENT);
    kit_source_close(&source);
}

static void cancel(struct kit_host *host)
{
    host->cancelled = true;
}

static void a_long_query_is_cancelled(void **state)
{
    struct kit_source source;
    struct tide_batch batch = {0};

    (void)state;
    kit_sql("CREATE VIEW endless AS SELECT 1 AS id, pg_sleep(3600)::text");
    kit_source_init(&source, "endless");
    kit_source_opens(&source);
    source.host.when_asked = cancel;
    assert_int_equal(kit_source_plugin()->read(source.state, &batch, &source.err),
                     TIDE_E_CANCELLED);
    kit_source_close(&source);
}

static void a_statement_timeout_ends_a_query(void **state)
{
    struct kit_source source;
    struct tide_batch batch = {0};

    (void)state;
    kit_source_init(&source, "endless");
    source.options.connection.statement_timeout = 500000;
    kit_source_opens(&source);
    assert_int_equal(kit_source_plugin()->read(source.state, &batch, &source.err),
                     TIDE_E_TRANSIENT);
    assert_non_null(strstr(source.err.message, "statement timeout"));
    kit_source_close(&source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_schema_tells_types_lengths_and_keys),
        cmocka_unit_test(columns_are_chosen_by_the_server),
        cmocka_unit_test(columns_that_nobody_looks_at_are_not_asked_for),
        cmocka_unit_test(a_place_is_told_without_the_columns_that_are_left_out),
        cmocka_unit_test(discover_lists_tables_and_views),
        cmocka_unit_test(discover_tells_an_empty_schema_from_one_that_is_not_there),
        cmocka_unit_test(odd_names_and_views_are_read),
        cmocka_unit_test(batches_keep_to_their_bounds),
        cmocka_unit_test(only_who_asks_for_large_batches_gets_them),
        cmocka_unit_test(an_empty_table_ends_at_once),
        cmocka_unit_test(a_row_limit_is_kept),
        cmocka_unit_test(a_moment_beyond_our_calendar_is_a_rejected_row),
        cmocka_unit_test(text_that_is_not_utf8_is_a_rejected_row),
        cmocka_unit_test(a_run_sees_one_moment_of_the_table),
        cmocka_unit_test(a_missing_name_comes_with_the_nearest),
        cmocka_unit_test(a_table_one_may_not_read_is_an_auth_error),
        cmocka_unit_test(a_terminated_session_is_transient),
        cmocka_unit_test(a_long_query_is_cancelled),
        cmocka_unit_test(a_statement_timeout_ends_a_query),
    };

    return KIT_RUN(tests);
}
