/*
 * postgres_values_test - a read that is to be of one moment goes on only where the rows
 * that were read would be read again, and say the same.
 */
#include <libpq-fe.h>
#include <stdio.h>
#include <string.h>

#include "postgres_kit.h"

enum { ROWS = 12 };

#define FILL "INSERT INTO t SELECT g, g * 10 FROM generate_series(1, 12) g;"

static const char keyed[] = "CREATE TABLE t (v int, id bigint PRIMARY KEY);" FILL;
static const char by_row[] = "CREATE TABLE t (v int, id bigint);" FILL;
static const char parted[] =
    "CREATE TABLE t (v int, id bigint) PARTITION BY RANGE (v);"
    "CREATE TABLE t1 PARTITION OF t FOR VALUES FROM (0) TO (6);"
    "CREATE TABLE t2 PARTITION OF t FOR VALUES FROM (6) TO (99);" FILL;

static void set_source(struct kit_source *source, const char *position)
{
    kit_source_init(source, "t");
    source->request.batch_rows = 2;
    source->request.exact = true;
    source->request.position = position;
}

/* Read until there is a position, and be cut off. */
static void cut_off(char *position, size_t size)
{
    struct kit_source source;

    set_source(&source, NULL);
    kit_source_opens(&source);
    do {
        assert_int_not_equal(kit_read_batch(&source), 0);
    } while (!kit_position(&source));
    (void)snprintf(position, size, "%s", kit_position(&source));
    kit_source_close(&source);
}

/* Open at a position as a user, or as ourselves. */
static int open_at(struct kit_source *source, const char *position, const char *user)
{
    set_source(source, position);
    if (user) {
        source->options.connection.user = user;
    }
    return kit_source_open(source);
}

static void goes_on(const char *position, const char *what)
{
    struct kit_source source;

    if (open_at(&source, position, NULL) != TIDE_OK) {
        fail_msg("%s: %s", what, source.err.message);
    }
    assert_string_equal(source.host.log, "");
    kit_source_close(&source);
}

static void is_refused(const char *position, const char *user, const char *what,
                       const char *words)
{
    struct kit_source source;
    int rc = open_at(&source, position, user);

    if (rc != TIDE_E_CONFLICT || !strstr(source.err.message, words)) {
        fail_msg("%s: %d %s", what, rc, source.err.message);
    }
    kit_source_close(&source);
}

static void make(const char *statements)
{
    kit_sql("DROP TABLE IF EXISTS t CASCADE; DROP SCHEMA IF EXISTS kinds CASCADE;"
            "CREATE SCHEMA kinds");
    kit_sql("%s", statements);
}

/* ---- columns --------------------------------------------------------------------- */

static const char altered[] = "were altered since";

static void a_column_made_anew_without_a_rewrite_is_seen(void **state)
{
    static const char *const tables[] = {keyed, by_row, parted};
    char position[1024];

    (void)state;
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        make(tables[i]);
        kit_sql("ALTER TABLE t ADD COLUMN part int DEFAULT 7");
        cut_off(position, sizeof position);
        goes_on(position, tables[i]);
        kit_sql("ALTER TABLE t DROP COLUMN part, ADD COLUMN part int DEFAULT 9");
        is_refused(position, NULL, tables[i], altered);
    }
}

static void what_alters_no_value_is_gone_on_with(void **state)
{
    static const char *const harmless[] = {"ANALYZE t", "VACUUM t",
                                           "CREATE INDEX ON t (v)",
                                           "CREATE TABLE kinds.other (v int DEFAULT 1)",
                                           ("CREATE TYPE kinds.another AS ENUM ('a'); "
                                            "ALTER TYPE kinds.another ADD VALUE 'b'")};
    char position[1024];

    (void)state;
    make(keyed);
    for (size_t i = 0; i < sizeof harmless / sizeof *harmless; i++) {
        cut_off(position, sizeof position);
        kit_sql("%s", harmless[i]);
        goes_on(position, harmless[i]);
    }
}

/* There a row is as it was in one of the runs. */
static void to_append_a_column_may_be_altered(void **state)
{
    struct kit_source source;
    char position[1024];

    (void)state;
    make(keyed);
    cut_off(position, sizeof position);
    kit_sql("ALTER TABLE t ADD COLUMN part int DEFAULT 9");
    set_source(&source, position);
    source.request.exact = false;
    kit_source_opens(&source);
    kit_source_close(&source);
}

/* ---- types ----------------------------------------------------------------------- */

#define ENUM "CREATE TYPE kinds.e AS ENUM ('red', 'blue');"
#define RENAME "ALTER TYPE kinds.e RENAME VALUE 'red' TO 'rot'"

static const struct {
    const char *type, *column, *value, *change;
} types[] = {
    {ENUM, "kinds.e", "red", RENAME},
    {ENUM, "kinds.e[]", "{red}", RENAME},
    {(ENUM "CREATE DOMAIN kinds.d AS kinds.e;"), "kinds.d", "red", RENAME},
    {(ENUM "CREATE TYPE kinds.c AS (a int, b kinds.e);"), "kinds.c[]", "{\"(1,red)\"}",
     RENAME},
    {(ENUM "CREATE TYPE kinds.r AS RANGE (subtype = kinds.e);"), "kinds.r", "[red,red]",
     RENAME},
    {"CREATE TYPE kinds.c AS (a int, b int);", "kinds.c", "(1,2)",
     "ALTER TYPE kinds.c DROP ATTRIBUTE b"},
};

static void another_label_or_member_of_a_type_is_seen(void **state)
{
    char position[1024];

    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        make("SELECT 1");
        kit_sql("%s CREATE TABLE t (v int, id bigint PRIMARY KEY, k %s);"
                "INSERT INTO t SELECT g, g, '%s' FROM generate_series(1, %d) g",
                types[i].type, types[i].column, types[i].value, ROWS);
        cut_off(position, sizeof position);
        goes_on(position, types[i].column);
        kit_sql("%s", types[i].change);
        is_refused(position, NULL, types[i].column, altered);
    }
}

/* ---- who is shown what ----------------------------------------------------------- */

static void under_policies_there_is_no_place(void **state)
{
    struct kit_source source;
    char position[1024];

    (void)state;
    make(keyed);
    kit_sql("DROP ROLE IF EXISTS values_reader; CREATE ROLE values_reader LOGIN;"
            "GRANT SELECT ON t TO values_reader; CREATE POLICY p ON t USING (v <> 3)");
    cut_off(position, sizeof position);
    goes_on(position, "no policies");
    kit_sql("ALTER TABLE t ENABLE ROW LEVEL SECURITY");
    goes_on(position, "the owner's eyes");
    is_refused(position, "values_reader", "policies", "in another way");
    assert_int_equal(open_at(&source, NULL, "values_reader"), TIDE_OK);
    assert_int_equal(kit_read_batch(&source), 2);
    assert_null(kit_position(&source));
    kit_source_close(&source);
    kit_sql("DROP OWNED BY values_reader; DROP ROLE values_reader");
}

/* A server is not asked for its number: what is connected to tells. */
static void another_server_is_another_table(void **state)
{
    char position[1024];
    char *sign;

    (void)state;
    make(keyed);
    cut_off(position, sizeof position);
    sign = strstr(position, "\"server\": \"");
    assert_non_null(sign);
    sign += strlen("\"server\": \"");
    *sign = *sign == '0' ? '1' : '0';
    is_refused(position, NULL, "server", "another server");
}

/* ---- what hides the answer ------------------------------------------------------- */

static void an_open_transaction_that_hides_the_answer_is_named(void **state)
{
    struct tide_pg_options options = kit_options();
    PGconn *open =
        PQconnectdbParams((const char *const[]){"dbname", "dbname", NULL},
                          (const char *const[]){options.url, options.database, NULL}, 1);
    char position[1024];
    char words[128];

    (void)state;
    make("CREATE TABLE t (v int, id bigint PRIMARY KEY)");
    PQclear(PQexec(open, "BEGIN; CREATE TABLE kinds.own (v int)"));
    kit_sql(FILL);
    cut_off(position, sizeof position);
    (void)snprintf(words, sizeof words, "since transaction %s began, which is still open",
                   kit_value("SELECT backend_xid FROM pg_stat_activity WHERE state ="
                             " 'idle in transaction' AND datname = current_database()"));
    is_refused(position, NULL, "open", words);
    PQclear(PQexec(open, "ROLLBACK"));
    PQfinish(open);
    is_refused(position, NULL, "ended", "while a transaction was open");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_column_made_anew_without_a_rewrite_is_seen),
        cmocka_unit_test(what_alters_no_value_is_gone_on_with),
        cmocka_unit_test(to_append_a_column_may_be_altered),
        cmocka_unit_test(another_label_or_member_of_a_type_is_seen),
        cmocka_unit_test(under_policies_there_is_no_place),
        cmocka_unit_test(another_server_is_another_table),
        cmocka_unit_test(an_open_transaction_that_hides_the_answer_is_named),
    };

    return KIT_RUN(tests);
}
