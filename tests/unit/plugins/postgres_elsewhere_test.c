/*
 * postgres_elsewhere_test - an incremental table whose position is of another server, of
 * another database, or of the server before it was restored.
 */
#include <stdio.h>
#include <string.h>

#include "postgres_kit.h"

/* Open at a position, or at none. */
static void begin_at(struct kit_source *source, const char *position)
{
    kit_source_init(source, "changes");
    source->request.cursor = "at";
    source->request.position = position[0] ? position : NULL;
}

/* Read on from a position, which becomes the next one; returns how many rows came. */
static size_t read_on(struct kit_source *source, char *position, size_t size)
{
    int64_t values[64];
    size_t count;

    kit_source_opens(source);
    count = kit_read_all(source, values, 64);
    (void)snprintf(position, size, "%s", kit_position(source));
    kit_source_close(source);
    return count;
}

static size_t read_new(char *position, size_t size)
{
    struct kit_source source;

    begin_at(&source, position);
    return read_on(&source, position, size);
}

static void make_changes(char *position, size_t size)
{
    kit_sql("DROP TABLE IF EXISTS changes;"
            "CREATE TABLE changes (id int PRIMARY KEY, at int);"
            "INSERT INTO changes SELECT g, g FROM generate_series(1, 5) g");
    position[0] = '\0';
    assert_int_equal(read_new(position, size), 5);
}

/* What stands behind some words of a position. */
static char *behind(char *position, const char *words)
{
    char *found = strstr(position, words);

    assert_non_null(found);
    return found + strlen(words);
}

/* A server that says of itself that it is a standby. */
static void begin_standby(void)
{
    kit_sql("CREATE SCHEMA standby; CREATE FUNCTION standby.pg_is_in_recovery()"
            " RETURNS bool LANGUAGE sql AS 'SELECT true';"
            "DROP ROLE IF EXISTS standby_reader; CREATE ROLE standby_reader SUPERUSER"
            " LOGIN; ALTER ROLE standby_reader SET search_path = standby, pg_catalog");
}

static void end_standby(void)
{
    kit_sql("DROP SCHEMA standby CASCADE; DROP ROLE standby_reader");
}

/* At such a position append is refused, and where rows may repeat all come, with a
 * warning. */
static void read_elsewhere(char *position, size_t size, const char *words)
{
    struct kit_source source;

    begin_at(&source, position);
    assert_int_equal(kit_source_open(&source), TIDE_E_CONFLICT);
    assert_non_null(strstr(source.err.message, words));
    assert_non_null(strstr(source.err.message, "run with --full"));
    kit_source_close(&source);
    begin_at(&source, position);
    source.request.may_repeat = true;
    assert_int_equal(read_on(&source, position, size), 5);
    assert_non_null(strstr(source.host.log, words));
    assert_int_equal(read_new(position, size), 0);
}

static void a_position_ahead_of_the_server_starts_over(void **state)
{
    char position[1024];

    (void)state;
    make_changes(position, sizeof position);
    (void)snprintf(position, sizeof position,
                   "{\"read\": \"snapshot\", \"table\": %s, \"column\": \"at\","
                   " \"from\": 99999999999}",
                   kit_value("SELECT 'changes'::regclass::oid"));
    read_elsewhere(position, sizeof position, "before it was restored");
}

/* Another server, another database, a server that went back or on from a standby. */
static void a_position_of_another_server_or_life_starts_over(void **state)
{
    static const char *const others[][2] = {
        {"\"server\": \"", "another server or database"},
        {"/", "another server or database"},
        {"\"timeline\": ", "the server was restored since the last run, or a standby"}};

    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        char position[1024];
        char *sign;

        make_changes(position, sizeof position);
        sign = behind(position, others[i][0]);
        *sign = *sign == '9' ? '8' : (char)(*sign + 1);
        read_elsewhere(position, sizeof position, others[i][1]);
    }
}

static void run_in(const char *database, const char *sql)
{
    struct tide_pg_options options = kit_options();
    PGconn *conn =
        PQconnectdbParams((const char *const[]){"dbname", "dbname", NULL},
                          (const char *const[]){options.url, database, NULL}, 1);
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    }
    PQclear(result);
    PQfinish(conn);
}

/* As databases made from one template have it. */
static void a_table_of_the_same_number_in_another_database_is_another(void **state)
{
    char names[2][80];
    char position[1024] = "";
    struct kit_source source;

    (void)state;
    for (int i = 0; i < 2; i++) {
        (void)snprintf(names[i], sizeof names[i], "%s_%d",
                       kit_value("SELECT current_database()"), i);
    }
    kit_sql("CREATE DATABASE %s", names[0]);
    run_in(names[0], "CREATE TABLE changes (id int PRIMARY KEY, at int)");
    kit_sql("CREATE DATABASE %s TEMPLATE %s", names[1], names[0]);
    run_in(names[1], "INSERT INTO changes VALUES (1, 1), (2, 2)");
    for (int i = 0; i < 2; i++) {
        begin_at(&source, position);
        source.options.connection.database = names[i];
        source.request.may_repeat = true;
        assert_int_equal(read_on(&source, position, sizeof position), i == 0 ? 0 : 2);
    }
    kit_sql("DROP DATABASE %s WITH (FORCE)", names[0]);
    kit_sql("DROP DATABASE %s WITH (FORCE)", names[1]);
}

/* Begun on another server, a window is not ended here, nor is a full read. */
static void what_was_begun_elsewhere_is_not_ended_here(void **state)
{
    char position[1024];

    (void)state;
    for (int by_cursor = 0; by_cursor < 2; by_cursor++) {
        struct kit_source source;

        make_changes(position, sizeof position);
        begin_at(&source, "");
        source.request.cursor = by_cursor ? "at" : NULL;
        source.request.checkpoints = true;
        source.request.batch_rows = 2;
        kit_source_opens(&source);
        assert_int_equal(kit_read_batch(&source), 2);
        (void)snprintf(position, sizeof position, "%s", kit_position(&source));
        kit_source_close(&source);
        *behind(position, "\"server\": \"") = '0';
        begin_at(&source, position);
        source.request.cursor = by_cursor ? "at" : NULL;
        assert_int_equal(kit_source_open(&source), TIDE_E_CONFLICT);
        assert_non_null(strstr(source.err.message, "cannot be resumed"));
        assert_non_null(strstr(source.err.message, "another server"));
        kit_source_close(&source);
    }
}

static void a_standby_may_be_of_an_earlier_life_than_the_position(void **state)
{
    char position[1024];
    struct kit_source source;

    (void)state;
    make_changes(position, sizeof position);
    *behind(position, "\"timeline\": ") = '9';
    begin_standby();
    begin_at(&source, position);
    source.options.connection.user = "standby_reader";
    assert_int_equal(kit_source_open(&source), TIDE_E_TRANSIENT);
    assert_non_null(strstr(source.err.message, "standby"));
    kit_source_close(&source);
    end_standby();
}

/* A position of its kind, as earlier versions wrote it too, goes on, and so does one that
 * tells more. */
static void a_server_that_does_not_tell_which_it_is_is_read_all_the_same(void **state)
{
    char position[1024];
    struct kit_source source;

    (void)state;
    make_changes(position, sizeof position);
    kit_sql("DROP ROLE IF EXISTS blind_reader; CREATE ROLE blind_reader LOGIN;"
            "GRANT SELECT ON changes TO blind_reader;"
            "REVOKE EXECUTE ON FUNCTION pg_control_system() FROM PUBLIC");
    for (int run = 0; run < 3; run++) {
        begin_at(&source, position);
        source.options.connection.user = run < 2 ? "blind_reader" : NULL;
        kit_sql("INSERT INTO changes VALUES (%d, 1)", 10 + run);
        assert_int_equal(read_on(&source, position, sizeof position), 1);
        assert_string_equal(source.host.log, "");
        assert_int_equal(strstr(position, "\"server\"") != NULL, run == 2);
    }
    kit_sql("GRANT EXECUTE ON FUNCTION pg_control_system() TO PUBLIC;"
            "DROP OWNED BY blind_reader; DROP ROLE blind_reader");
}

static void a_standby_that_lags_behind_is_tried_again(void **state)
{
    char position[1024];
    struct kit_source source;

    (void)state;
    make_changes(position, sizeof position);
    begin_standby();
    (void)snprintf(position, sizeof position,
                   "{\"read\": \"snapshot\", \"table\": %s, \"column\": \"at\","
                   " \"from\": 99999999999}",
                   kit_value("SELECT 'changes'::regclass::oid"));
    begin_at(&source, position);
    source.options.connection.user = "standby_reader";
    assert_int_equal(kit_source_open(&source), TIDE_E_TRANSIENT);
    assert_non_null(strstr(source.err.message, "standby"));
    kit_source_close(&source);
    end_standby();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_position_ahead_of_the_server_starts_over),
        cmocka_unit_test(a_position_of_another_server_or_life_starts_over),
        cmocka_unit_test(a_table_of_the_same_number_in_another_database_is_another),
        cmocka_unit_test(what_was_begun_elsewhere_is_not_ended_here),
        cmocka_unit_test(a_standby_may_be_of_an_earlier_life_than_the_position),
        cmocka_unit_test(a_standby_that_lags_behind_is_tried_again),
        cmocka_unit_test(a_server_that_does_not_tell_which_it_is_is_read_all_the_same),
    };

    return KIT_RUN(tests);
}
