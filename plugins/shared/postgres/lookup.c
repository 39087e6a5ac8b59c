/*
 * lookup - the columns of the tables that a run works with, asked for in little time.
 *
 * A new session pays for each catalog, function and operator that it meets for the first
 * time, and for each join that it plans: what a run always needs comes from plain
 * statements in one message, and the rest is asked only of tables that have it.
 */
#include <stdlib.h>
#include <string.h>

#include "postgres/catalog.h"

/* Those of the system, too: to leave them out would take an operator more. */
#define COLUMNS                                                                          \
    "SELECT attname, atttypid, atttypmod, attnum, attnotnull, attidentity, atthasdef,"   \
    " attgenerated, attrelid"                                                            \
    " FROM pg_attribute WHERE attrelid = "
#define TABLE                                                                            \
    "; SELECT relkind, relhastriggers, relhasindex, relhasrules, relrowsecurity"         \
    " FROM pg_class WHERE oid = "

enum {
    COLUMN_NAME,
    COLUMN_TYPE,
    COLUMN_MODIFIER,
    COLUMN_NUMBER,
    COLUMN_REQUIRED,
    COLUMN_IDENTITY,
    COLUMN_DEFAULT,
    COLUMN_GENERATED,
    COLUMN_TABLE
};

enum { TABLE_KIND, TABLE_TRIGGERS, TABLE_INDEX, TABLE_RULES, TABLE_SECURITY };

/* What comes back of the first question; what was not asked is NULL. */
struct answers {
    PGresult *columns;
    PGresult *table;
    PGresult *more;
};

#define TYPE_NAME_MAX 64

/* Tables, views, materialized views, foreign tables, partitioned ones. */
static const char kinds_with_rows[] = "rvmfp";

static bool get_bool(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}

static uint32_t get_oid(const PGresult *result, int row, int column)
{
    return (uint32_t)strtoul(PQgetvalue(result, row, column), NULL, 10);
}

static int no_memory(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_LIMIT, "no memory for the columns of a table");
}

/* ---- the first question ---------------------------------------------------------- */

/* to_regclass('"schema"."table"')::oid; without the cast the server goes through all of
 * its operators of that name for one that takes an oid and a regclass. */
static void add_table(struct tide_pg_sql *sql, const struct tide_pg_name *name)
{
    struct tide_pg_sql quoted = {0};

    tide_pg_sql_name(&quoted, name);
    sql->failed = sql->failed || quoted.failed;
    if (!sql->failed) {
        tide_pg_sql_add(sql, "to_regclass(");
        tide_pg_sql_literal(sql, quoted.text);
        tide_pg_sql_add(sql, ")::oid");
    }
    tide_pg_sql_clear(&quoted);
}

/* Only the statement that the caller brought can have failed: what the others tell is as
 * good in another transaction. */
static int begin_anew(struct tide_pg *pg, struct tide_error *err)
{
    int rc = tide_pg_exec(pg, "ROLLBACK", NULL, err);

    if (rc == TIDE_OK) {
        tide_pg_begin(pg, pg->words);
    }
    return rc;
}

static void build_question(const struct tide_pg_name *name, bool with_table,
                           const char *more, struct tide_pg_sql *sql)
{
    tide_pg_sql_add(sql, COLUMNS);
    add_table(sql, name);
    if (with_table) {
        tide_pg_sql_add(sql, TABLE);
        add_table(sql, name);
    }
    if (more) {
        tide_pg_sql_add(sql, "; ");
        tide_pg_sql_add(sql, more);
    }
}

static int ask(struct tide_pg *pg, const struct tide_pg_name *name, bool with_table,
               const char *more, struct answers *answers, struct tide_error *err)
{
    PGresult *results[3] = {NULL};
    size_t own = with_table ? 2 : 1;
    struct tide_pg_sql sql = {0};
    struct tide_error why = {0};
    int rc;

    build_question(name, with_table, more, &sql);
    rc = tide_pg_exec_rows(pg, &sql, results, more ? own + 1 : own, &why);
    tide_pg_sql_clear(&sql);
    answers->columns = results[0];
    answers->table = with_table ? results[1] : NULL;
    answers->more = results[own];
    if (rc != TIDE_OK && results[own - 1] &&
        PQtransactionStatus(pg->conn) == PQTRANS_INERROR) {
        return begin_anew(pg, err);
    }
    if (rc != TIDE_OK) {
        *err = why;
    }
    return rc;
}

/* ---- a row of the columns --------------------------------------------------------- */

/* Below 0 those of the system. */
static int number_of(const PGresult *columns, int row)
{
    return (int)strtol(PQgetvalue(columns, row, COLUMN_NUMBER), NULL, 10);
}

static int32_t modifier_of(const PGresult *columns, int row)
{
    return (int32_t)strtol(PQgetvalue(columns, row, COLUMN_MODIFIER), NULL, 10);
}

/* Neither dropped nor the system's. */
static bool is_column(const PGresult *columns, int row)
{
    return get_oid(columns, row, COLUMN_TYPE) != 0 && number_of(columns, row) > 0;
}

/* ---- types that are not known here ------------------------------------------------ */

enum { TYPE_NUMBER, TYPE_NAME, TYPE_TYPTYPE };

static bool has_unknown(const PGresult *columns)
{
    char name[TYPE_NAME_MAX];

    for (int row = 0; row < PQntuples(columns); row++) {
        if (is_column(columns, row) &&
            !tide_pg_type_name(get_oid(columns, row, COLUMN_TYPE),
                               modifier_of(columns, row), name, sizeof name)) {
            return true;
        }
    }
    return false;
}

/* Of all columns; *types stays NULL where each is known without asking. */
static int ask_types(struct tide_pg *pg, const PGresult *columns, const char *table,
                     PGresult **types, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    if (!has_unknown(columns)) {
        return TIDE_OK;
    }
    tide_pg_sql_format(&sql,
                       "SELECT a.attnum, format_type(a.atttypid, a.atttypmod), t.typtype"
                       " FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid"
                       " WHERE a.attrelid = '%s'",
                       table);
    rc = tide_pg_exec_sql(pg, &sql, types, err);
    tide_pg_sql_clear(&sql);
    return rc;
}

/* The row of a column. */
static int find_type(const PGresult *types, int number)
{
    int row = 0;

    while (row < PQntuples(types) &&
           strtol(PQgetvalue(types, row, TYPE_NUMBER), NULL, 10) != number) {
        row++;
    }
    return row;
}

static bool has_domain(const PGresult *types)
{
    for (int row = 0; types && row < PQntuples(types); row++) {
        if (PQgetvalue(types, row, TYPE_TYPTYPE)[0] == 'd') {
            return true;
        }
    }
    return false;
}

/* ---- the columns ----------------------------------------------------------------- */

static void read_type(const PGresult *columns, int row, const PGresult *types,
                      struct tide_pg_column *column)
{
    uint32_t oid = get_oid(columns, row, COLUMN_TYPE);
    int32_t modifier = modifier_of(columns, row);
    char name[TYPE_NAME_MAX];
    int found = types ? find_type(types, number_of(columns, row)) : 0;

    if (types && found < PQntuples(types)) {
        column->type_name = strdup(PQgetvalue(types, found, TYPE_NAME));
        column->type =
            tide_pg_type_of(oid, modifier, PQgetvalue(types, found, TYPE_TYPTYPE)[0]);
    } else if (tide_pg_type_name(oid, modifier, name, sizeof name)) {
        column->type_name = strdup(name);
        column->type = tide_pg_type_of(oid, modifier, 'b');
    }
}

static int read_column(const PGresult *columns, int row, const PGresult *types,
                       struct tide_pg_column *column)
{
    column->name = strdup(PQgetvalue(columns, row, COLUMN_NAME));
    read_type(columns, row, types, column);
    column->number = number_of(columns, row);
    column->required = get_bool(columns, row, COLUMN_REQUIRED);
    column->generated = PQgetvalue(columns, row, COLUMN_GENERATED)[0] != '\0';
    column->has_default = PQgetvalue(columns, row, COLUMN_IDENTITY)[0] != '\0' ||
                          (get_bool(columns, row, COLUMN_DEFAULT) && !column->generated);
    return column->name && column->type_name ? TIDE_OK : TIDE_E_LIMIT;
}

static int by_number(const void *a, const void *b)
{
    const struct tide_pg_column *first = a;
    const struct tide_pg_column *second = b;

    return first->number - second->number;
}

static int read_columns(const PGresult *columns, const PGresult *types,
                        struct tide_pg_table *table, struct tide_error *err)
{
    size_t rows = (size_t)PQntuples(columns);
    int rc = TIDE_OK;

    table->columns = calloc(rows + 1, sizeof *table->columns);
    if (!table->columns) {
        return no_memory(err);
    }
    for (int row = 0; rc == TIDE_OK && row < (int)rows; row++) {
        if (is_column(columns, row)) {
            rc = read_column(columns, row, types, &table->columns[table->column_count++]);
        }
    }
    qsort(table->columns, table->column_count, sizeof *table->columns, by_number);
    return rc == TIDE_OK ? TIDE_OK : no_memory(err);
}

/* ---- the table ------------------------------------------------------------------- */

static bool has_rows(const struct answers *answers)
{
    const PGresult *facts = answers->table;

    if (PQntuples(answers->columns) == 0) {
        return false;
    }
    return !facts || (PQntuples(facts) > 0 &&
                      strchr(kinds_with_rows, PQgetvalue(facts, 0, TABLE_KIND)[0]));
}

static void read_facts(const PGresult *facts, struct tide_pg_table *table)
{
    table->kind = facts ? PQgetvalue(facts, 0, TABLE_KIND)[0] : '\0';
    table->has_triggers = !facts || get_bool(facts, 0, TABLE_TRIGGERS);
    table->has_rules =
        !facts || get_bool(facts, 0, TABLE_RULES) || get_bool(facts, 0, TABLE_SECURITY);
}

/* TIDE_E_NOT_FOUND without a message: what has the name has no rows. */
static int read_table(struct tide_pg *pg, const struct answers *answers,
                      struct tide_pg_table *table, struct tide_error *err)
{
    const PGresult *columns = answers->columns;
    PGresult *types = NULL;
    int rc;

    if (!has_rows(answers)) {
        return TIDE_E_NOT_FOUND;
    }
    (void)snprintf(table->oid, sizeof table->oid, "%s",
                   PQgetvalue(columns, 0, COLUMN_TABLE));
    rc = ask_types(pg, columns, table->oid, &types, err);
    if (rc == TIDE_OK) {
        rc = has_domain(types) ? tide_pg_table_load_domains(pg, table, err)
                               : read_columns(columns, types, table, err);
    }
    read_facts(answers->table, table);
    PQclear(types);
    return rc;
}

static void clear_answers(struct answers *answers)
{
    PQclear(answers->columns);
    PQclear(answers->table);
    PQclear(answers->more);
}

int tide_pg_table_load_with(struct tide_pg *pg, struct tide_pg_table *table,
                            bool with_triggers, const char *statement, PGresult **rows,
                            struct tide_error *err)
{
    struct answers answers = {0};
    int rc = ask(pg, &table->name, with_triggers, statement, &answers, err);

    if (rc == TIDE_OK) {
        rc = read_table(pg, &answers, table, err);
    }
    if (rc == TIDE_OK && statement) {
        *rows = answers.more;
        answers.more = NULL;
    }
    clear_answers(&answers);
    return rc;
}

/* ---- the key --------------------------------------------------------------------- */

/* Of a primary key each column is required. */
static bool may_have_key(const struct tide_pg_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].required) {
            return true;
        }
    }
    return false;
}

/* "3 1 2" are the numbers of an index's columns, of which the first `count` are its
 * key. */
static void read_key(struct tide_pg_table *table, const char *numbers, int count)
{
    char *rest = NULL;

    for (int place = 1; place <= count; place++) {
        int number = (int)strtol(numbers, &rest, 10);

        numbers = rest;
        for (size_t i = 0; i < table->column_count; i++) {
            if (table->columns[i].number == number) {
                table->columns[i].key_place = place;
            }
        }
    }
}

/* What is asked of a table that was found: its key, when it may have one, and what the
 * caller wants to know. */
static int ask_more(struct tide_pg *pg, struct tide_pg_table *table, bool with_key,
                    const char *statement, PGresult **rows, struct tide_error *err)
{
    PGresult *results[2] = {NULL};
    size_t count = (with_key ? 1U : 0U) + (statement ? 1U : 0U);
    struct tide_pg_sql sql = {0};
    int rc;

    if (count == 0) {
        return TIDE_OK;
    }
    if (with_key) {
        tide_pg_sql_format(&sql,
                           "SELECT indkey, indnkeyatts FROM pg_index"
                           " WHERE indisprimary AND indrelid = '%s'",
                           table->oid);
    }
    if (statement) {
        tide_pg_sql_format(&sql, "%s%s'%s'", with_key ? "; " : "", statement, table->oid);
    }
    rc = tide_pg_exec_rows(pg, &sql, results, count, err);
    if (rc == TIDE_OK && with_key && PQntuples(results[0]) > 0) {
        read_key(table, PQgetvalue(results[0], 0, 0),
                 (int)strtol(PQgetvalue(results[0], 0, 1), NULL, 10));
    }
    if (rc == TIDE_OK && statement) {
        *rows = results[count - 1];
        results[count - 1] = NULL;
    }
    PQclear(results[0]);
    PQclear(results[1]);
    tide_pg_sql_clear(&sql);
    return rc;
}

int tide_pg_table_load_about(struct tide_pg *pg, struct tide_pg_table *table,
                             const char *statement, PGresult **rows,
                             struct tide_error *err)
{
    struct answers answers = {0};
    int rc = ask(pg, &table->name, true, NULL, &answers, err);

    if (rc == TIDE_OK) {
        rc = read_table(pg, &answers, table, err);
    }
    if (rc == TIDE_OK) {
        bool with_key = get_bool(answers.table, 0, TABLE_INDEX) && may_have_key(table);

        rc = ask_more(pg, table, with_key, statement, rows, err);
    }
    clear_answers(&answers);
    return rc;
}

int tide_pg_table_load(struct tide_pg *pg, struct tide_pg_table *table,
                       struct tide_error *err)
{
    return tide_pg_table_load_about(pg, table, NULL, NULL, err);
}
