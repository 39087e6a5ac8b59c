/*
 * postgres_incremental_test - what a run of an incremental table reads, and what it
 * leaves to the next one.
 */
#include <stdio.h>
#include <string.h>

#include "postgres_kit.h"

/* Read `changes` from a position on by `cursor`; the position is replaced by the new one.
 * Returns how many rows came; their first columns are in values. */
static size_t read_changes(struct kit_source *source, char *position, size_t size,
                           int64_t *values)
{
    size_t count;

    source->request.cursor = source->request.cursor ? source->request.cursor : "at";
    source->request.position = position[0] ? position : NULL;
    kit_source_opens(source);
    count = kit_read_all(source, values, 64);
    assert_non_null(kit_position(source));
    (void)snprintf(position, size, "%s", kit_position(source));
    kit_source_close(source);
    return count;
}

static size_t read_new(const char *table, char *position, int64_t *values)
{
    struct kit_source source;

    kit_source_init(&source, table);
    return read_changes(&source, position, 1024, values);
}

static size_t read_new_by_cursor(const char *table, bool may_repeat, char *position,
                                 int64_t *values)
{
    struct kit_source source;

    kit_source_init(&source, table);
    source.options.incremental = PG_INCREMENTAL_CURSOR;
    source.request.may_repeat = may_repeat;
    return read_changes(&source, position, 1024, values);
}

static void make_changes(const char *key)
{
    kit_sql("DROP TABLE IF EXISTS changes;"
            "CREATE TABLE changes (id int %s, at timestamptz);"
            "INSERT INTO changes VALUES (5, '2024-01-01Z'), (4, '2024-01-03Z'),"
            " (3, '2024-01-02Z'), (2, '2024-01-03Z'), (1, NULL)",
            key);
}

/* ---- by transactions ------------------------------------------------------------- */

static void rows_come_by_cursor_and_once(void **state)
{
    static const char *const keys[] = {"PRIMARY KEY", ""};
    int64_t values[64];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char position[1024] = "";

        make_changes(keys[i]);
        assert_int_equal(read_new("changes", position, values), 5);
        assert_int_equal(values[0], 5);
        assert_int_equal(values[1], 3);
        assert_int_equal(values[2] + values[3], 6);
        assert_int_equal(values[4], 1);
        assert_int_equal(read_new("changes", position, values), 0);
        kit_sql("INSERT INTO changes VALUES (6, '2024-01-03Z'), (7, '1999-01-04Z'),"
                " (8, NULL); UPDATE changes SET at = at WHERE id = 5");
        assert_int_equal(read_new("changes", position, values), 4);
        assert_int_equal(values[0], 7);
        assert_int_equal(values[1], 5);
        assert_int_equal(values[2], 6);
        assert_int_equal(values[3], 8);
        assert_int_equal(read_new("changes", position, values), 0);
    }
}

/* The second session of a test. */
static PGconn *other_session(void)
{
    struct tide_pg_options options = kit_options();

    return PQconnectdbParams((const char *const[]){"dbname", "dbname", NULL},
                             (const char *const[]){options.url, options.database, NULL},
                             1);
}

static void run_in(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);

    if (PQresultStatus(result) != PGRES_COMMAND_OK) {
        fail_msg("%s: %s", sql, PQerrorMessage(conn));
    }
    PQclear(result);
}

static void a_row_committed_late_is_read_by_the_run_after(void **state)
{
    char position[1024] = "";
    int64_t values[64];
    PGconn *late = other_session();

    (void)state;
    make_changes("PRIMARY KEY");
    run_in(late, "BEGIN; INSERT INTO changes VALUES (100, '2024-01-02Z'); SAVEPOINT s;"
                 " INSERT INTO changes VALUES (101, '2024-01-03Z'); RELEASE s");
    assert_int_equal(read_new("changes", position, values), 5);
    run_in(late, "SAVEPOINT s; INSERT INTO changes VALUES (102, '2000-01-03Z')");
    kit_sql("INSERT INTO changes VALUES (6, '2025-01-01Z')");
    assert_int_equal(read_new("changes", position, values), 0);
    run_in(late, "COMMIT");
    assert_int_equal(read_new("changes", position, values), 4);
    assert_int_equal(values[0], 102);
    assert_int_equal(values[3], 6);
    assert_int_equal(read_new("changes", position, values), 0);
    PQfinish(late);
}

static void where_rows_may_repeat_an_open_transaction_holds_nothing_back(void **state)
{
    char position[1024] = "";
    int64_t values[64];
    struct kit_source source;
    PGconn *late = other_session();

    (void)state;
    make_changes("PRIMARY KEY");
    for (int run = 0; run < 3; run++) {
        kit_source_init(&source, "changes");
        source.request.may_repeat = true;
        if (run == 1) {
            run_in(late, "BEGIN; INSERT INTO changes VALUES (100, '2024-01-02Z')");
            kit_sql("INSERT INTO changes VALUES (6, '2025-01-01Z')");
        } else if (run == 2) {
            run_in(late, "COMMIT");
        }
        assert_int_equal(read_changes(&source, position, sizeof position, values),
                         run == 0 ? 5 : run);
        assert_string_equal(source.host.log, "");
    }
    assert_int_equal(values[0], 100);
    assert_int_equal(values[1], 6);
    PQfinish(late);
}

static void an_open_transaction_that_holds_all_back_is_told(void **state)
{
    char position[1024] = "";
    int64_t values[64];
    struct kit_source source;
    PGconn *late = other_session();

    (void)state;
    make_changes("PRIMARY KEY");
    run_in(late, "BEGIN; INSERT INTO changes VALUES (100, '2024-01-02Z')");
    assert_int_equal(read_new("changes", position, values), 5);
    kit_sql("INSERT INTO changes VALUES (6, '2025-01-01Z')");
    kit_source_init(&source, "changes");
    assert_int_equal(read_changes(&source, position, sizeof position, values), 0);
    assert_non_null(strstr(source.host.log, "is still open"));
    PQfinish(late);
}

static void a_cursor_need_not_be_among_the_columns(void **state)
{
    const char *const include[] = {"note", NULL};
    struct kit_source source;

    (void)state;
    kit_sql("CREATE TABLE narrow (id int PRIMARY KEY, at int, note int);"
            "INSERT INTO narrow SELECT g, g / 3, 100 - g FROM generate_series(1, 10) g");
    kit_source_init(&source, "narrow");
    source.request.cursor = "at";
    source.request.include = include;
    source.request.batch_rows = 4;
    kit_source_opens(&source);
    assert_int_equal(source.schema.column_count, 1);
    assert_int_equal(kit_read_batch(&source), 4);
    assert_non_null(strstr(kit_position(&source),
                           "\"cursor\": \"1\", \"columns\": [\"id\"], \"key\": [\"4\"]"));
    kit_source_close(&source);
}

static void partitions_and_tables_that_inherit_are_read_by_transactions(void **state)
{
    static const char *const tables[] = {
        "CREATE TABLE parts (id int, at int) PARTITION BY RANGE (id);"
        "CREATE TABLE p1 PARTITION OF parts FOR VALUES FROM (0) TO (5);"
        "CREATE TABLE p2 PARTITION OF parts FOR VALUES FROM (5) TO (100)",
        "CREATE TABLE parts (id int PRIMARY KEY, at int);"
        "CREATE TABLE p1 () INHERITS (parts); CREATE TABLE p2 () INHERITS (parts)"};
    int64_t values[64];

    (void)state;
    for (size_t i = 0; i < 2; i++) {
        char position[1024] = "";

        kit_sql("%s", tables[i]);
        kit_sql("INSERT INTO p1 SELECT 1, 1 FROM generate_series(1, 4);"
                "INSERT INTO p2 SELECT 9, 1 FROM generate_series(1, 4)");
        assert_int_equal(read_new("parts", position, values), 8);
        kit_sql("INSERT INTO p1 VALUES (3, 0)");
        assert_int_equal(read_new("parts", position, values), 1);
        assert_int_equal(values[0], 3);
        kit_sql("DROP TABLE parts CASCADE");
    }
}

/* ---- positions that do not fit --------------------------------------------------- */

static void a_table_made_anew_is_read_from_its_start(void **state)
{
    char position[1024] = "";
    int64_t values[64];
    struct kit_source source;

    (void)state;
    make_changes("PRIMARY KEY");
    assert_int_equal(read_new("changes", position, values), 5);
    make_changes("PRIMARY KEY");
    kit_source_init(&source, "changes");
    assert_int_equal(read_changes(&source, position, sizeof position, values), 5);
    assert_non_null(strstr(source.host.log, "made anew"));
}

static void a_position_of_another_cursor_starts_over(void **state)
{
    char position[1024] = "{\"column\": \"id\", \"cursor\": \"2030\"}";
    int64_t values[64];
    struct kit_source source;

    (void)state;
    make_changes("PRIMARY KEY");
    kit_source_init(&source, "changes");
    assert_int_equal(read_changes(&source, position, sizeof position, values), 5);
    assert_non_null(strstr(source.host.log, "another cursor"));
}

static void what_is_new_does_not_depend_on_which_column_is_the_cursor(void **state)
{
    char position[1024] = "";
    int64_t values[64];
    struct kit_source source;

    (void)state;
    make_changes("PRIMARY KEY");
    assert_int_equal(read_new("changes", position, values), 5);
    kit_source_init(&source, "changes");
    source.request.cursor = "id";
    assert_int_equal(read_changes(&source, position, sizeof position, values), 0);
}

static void a_position_that_is_none_is_refused(void **state)
{
    static const char *const positions[] = {
        "",
        "12",
        "{}",
        "{\"column\": \"at\"}",
        "{",
        "{\"read\": \"backwards\"}",
        "{\"read\": \"cursor\"}",
        "{\"read\": \"key\", \"table\": 1}",
        "{\"read\": \"key\", \"table\": 1, \"columns\": [\"a\", \"b\"], \"key\": [1]}",
        "{\"read\": \"key\", \"table\": 1, \"columns\": [\"a\"], \"key\": [null]}",
        "{\"read\": \"row\", \"columns\": [\"ctid\"], \"key\": [\"(0,1)\"]}",
        "{\"read\": \"snapshot\", \"table\": 1}",
        "{\"read\": \"snapshot\", \"table\": 1, \"from\": -5}",
        "{\"read\": \"snapshot\", \"table\": 1, \"from\": \"5x\"}",
        "{\"read\": \"snapshot\", \"table\": 1, \"from\": 99999999999999999999999}",
        "{\"read\": \"snapshot\", \"table\": 1, \"to\": 5, \"column\": \"at\"}",
        "{\"read\": \"key\", \"columns\": {\"a\": 1}, \"key\": 7}"};

    (void)state;
    for (size_t i = 0; i < sizeof positions / sizeof *positions; i++) {
        struct kit_source source;

        kit_source_init(&source, "changes");
        source.request.cursor = "at";
        source.request.position = positions[i];
        assert_int_equal(kit_source_open(&source), TIDE_E_CONFIG);
        assert_non_null(strstr(source.err.message, "no position of this source"));
        kit_source_close(&source);
    }
}

/* ---- by cursor alone ------------------------------------------------------------- */

static void by_cursor_alone_the_key_tells_equal_cursors_apart(void **state)
{
    char position[1024] = "";
    int64_t values[64];

    (void)state;
    make_changes("PRIMARY KEY");
    assert_int_equal(read_new_by_cursor("changes", false, position, values), 5);
    assert_string_equal(position, "{\"read\": \"cursor\", \"column\": \"at\", "
                                  "\"cursor\": \"2024-01-03T00:00:00Z\", "
                                  "\"columns\": [\"id\"], \"key\": [\"4\"]}");
    assert_int_equal(read_new_by_cursor("changes", false, position, values), 0);
    kit_sql("INSERT INTO changes VALUES (6, '2024-01-03Z'), (7, '2024-01-04Z'),"
            " (8, NULL)");
    assert_int_equal(read_new_by_cursor("changes", false, position, values), 2);
    assert_int_equal(values[0], 6);
    assert_int_equal(values[1], 7);
    kit_sql("INSERT INTO changes VALUES (0, '2024-01-04Z')");
    assert_int_equal(read_new_by_cursor("changes", true, position, values), 2);
    assert_int_equal(values[0], 0);
}

static void without_a_key_equal_cursors_are_read_again(void **state)
{
    char position[1024] = "";
    int64_t values[64];
    struct kit_source source;

    (void)state;
    make_changes("PRIMARY KEY");
    kit_sql("CREATE VIEW seen AS SELECT * FROM changes");
    kit_source_init(&source, "seen");
    assert_int_equal(read_changes(&source, position, sizeof position, values), 5);
    assert_non_null(strstr(source.host.log, "seen is no table"));
    kit_source_init(&source, "seen");
    source.options.incremental = PG_INCREMENTAL_CURSOR;
    assert_int_equal(read_changes(&source, position, sizeof position, values), 2);
    assert_non_null(strstr(source.host.log, "at least once"));
    assert_int_equal(values[0] + values[1], 6);
    kit_source_init(&source, "seen");
    source.options.incremental = PG_INCREMENTAL_CURSOR;
    source.request.may_repeat = true;
    assert_int_equal(read_changes(&source, position, sizeof position, values), 2);
    assert_string_equal(source.host.log, "");
    kit_sql("DROP VIEW seen");
}

static void rows_without_a_cursor_alone_are_read_once(void **state)
{
    char position[1024] = "";
    int64_t values[64];

    (void)state;
    kit_sql("CREATE TABLE blank (id int PRIMARY KEY, at int);"
            "INSERT INTO blank VALUES (1), (2)");
    assert_int_equal(read_new_by_cursor("blank", false, position, values), 2);
    assert_int_equal(read_new_by_cursor("blank", false, position, values), 0);
    kit_sql("INSERT INTO blank VALUES (3, 3)");
    assert_int_equal(read_new_by_cursor("blank", false, position, values), 1);
}

static void a_position_stays_when_nothing_is_new(void **state)
{
    char position[1024] =
        "{\"cursor\": \"2030-01-01\", \"column\": \"at\", \"later\": 1}";
    int64_t values[64];

    (void)state;
    make_changes("PRIMARY KEY");
    assert_int_equal(read_new_by_cursor("changes", false, position, values), 0);
    assert_string_equal(position, "{\"read\": \"cursor\", \"column\": \"at\", "
                                  "\"cursor\": \"2030-01-01\"}");
}

static void a_position_of_the_first_version_is_understood(void **state)
{
    char position[1024] = "{\"column\": \"at\", \"type\": \"timestamp with time zone\","
                          " \"cursor\": \"2024-01-03T00:00:00Z\"}";
    int64_t values[64];

    (void)state;
    make_changes("PRIMARY KEY");
    assert_int_equal(read_new("changes", position, values), 2);
    assert_int_equal(values[0], 2);
    assert_int_equal(values[1], 4);
    kit_sql("INSERT INTO changes VALUES (9, '1999-01-01Z')");
    assert_int_equal(read_new("changes", position, values), 1);
}

static void a_table_read_by_transactions_cannot_go_on_by_cursor(void **state)
{
    char position[1024] = "";
    int64_t values[64];
    struct kit_source source;

    (void)state;
    make_changes("PRIMARY KEY");
    assert_int_equal(read_new("changes", position, values), 5);
    kit_source_init(&source, "changes");
    source.options.incremental = PG_INCREMENTAL_CURSOR;
    source.request.cursor = "at";
    source.request.position = position;
    assert_int_equal(kit_source_open(&source), TIDE_E_CONFIG);
    assert_non_null(strstr(source.err.message, "incremental: snapshot"));
    kit_source_close(&source);
}

static void a_matter_of_rights_is_told(void **state)
{
    char position[1024] = "";
    int64_t values[64];
    struct kit_source source;

    (void)state;
    make_changes("PRIMARY KEY");
    kit_sql("DROP ROLE IF EXISTS narrow_reader; CREATE ROLE narrow_reader LOGIN;"
            "GRANT USAGE ON SCHEMA public TO narrow_reader;"
            "GRANT SELECT (id, at) ON changes TO narrow_reader");
    kit_source_init(&source, "changes");
    source.options.connection.user = "narrow_reader";
    assert_int_equal(read_changes(&source, position, sizeof position, values), 5);
    assert_non_null(strstr(source.host.log, "not all columns"));
    kit_sql("DROP OWNED BY narrow_reader; DROP ROLE narrow_reader");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_by_cursor_and_once),
        cmocka_unit_test(a_row_committed_late_is_read_by_the_run_after),
        cmocka_unit_test(where_rows_may_repeat_an_open_transaction_holds_nothing_back),
        cmocka_unit_test(an_open_transaction_that_holds_all_back_is_told),
        cmocka_unit_test(a_cursor_need_not_be_among_the_columns),
        cmocka_unit_test(partitions_and_tables_that_inherit_are_read_by_transactions),
        cmocka_unit_test(a_table_made_anew_is_read_from_its_start),
        cmocka_unit_test(a_position_of_another_cursor_starts_over),
        cmocka_unit_test(what_is_new_does_not_depend_on_which_column_is_the_cursor),
        cmocka_unit_test(a_position_that_is_none_is_refused),
        cmocka_unit_test(by_cursor_alone_the_key_tells_equal_cursors_apart),
        cmocka_unit_test(without_a_key_equal_cursors_are_read_again),
        cmocka_unit_test(rows_without_a_cursor_alone_are_read_once),
        cmocka_unit_test(a_position_stays_when_nothing_is_new),
        cmocka_unit_test(a_position_of_the_first_version_is_understood),
        cmocka_unit_test(a_table_read_by_transactions_cannot_go_on_by_cursor),
        cmocka_unit_test(a_matter_of_rights_is_told),
    };

    return KIT_RUN(tests);
}
