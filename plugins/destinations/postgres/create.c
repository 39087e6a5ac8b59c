/*
 * create - making a table for columns that come and have none yet.
 */
#include "create.h"

#include <stdlib.h>

#include "postgres/catalog.h"
#include "target.h"

/* ---- types ----------------------------------------------------------------------- */

/* Which columns can have the type that comes with them. */
struct types {
    const struct tide_schema *schema; /* borrowed */
    bool *usable;                     /* owned; by column */
    size_t *asked; /* owned; columns of types that are not known here */
    size_t count;  /* of these */
};

static void types_clear(struct types *types)
{
    free(types->usable);
    free(types->asked);
}

/* What the columns say themselves. */
static int types_init(struct types *types, const struct tide_schema *schema,
                      struct tide_error *err)
{
    types->schema = schema;
    types->usable = calloc(schema->column_count + 1, sizeof *types->usable);
    types->asked = calloc(schema->column_count + 1, sizeof *types->asked);
    if (!types->usable || !types->asked) {
        return tide_error_memory(err);
    }
    for (size_t i = 0; i < schema->column_count; i++) {
        const struct tide_column *column = &schema->columns[i];
        struct tide_pg_type type;

        if (!column->logical || !(column->flags & TIDE_COLUMN_SQL_TYPE)) {
            continue;
        }
        if (tide_pg_type_named(column->logical, &type)) {
            types->usable[i] = type.type == column->type;
        } else {
            types->asked[types->count++] = i;
        }
    }
    return TIDE_OK;
}

/* The server parses a whole text as a type's name, so it is safe in a statement too. */
static void build_question(struct tide_pg_sql *sql, const struct types *types,
                           size_t first, size_t end)
{
    tide_pg_sql_add(sql, "SAVEPOINT tidemill_type; SELECT asked.number, t.oid, t.typtype"
                         " FROM (VALUES ");
    for (size_t i = first; i < end; i++) {
        tide_pg_sql_format(sql, "%s(%zu, to_regtype(", i > first ? ", " : "",
                           types->asked[i]);
        tide_pg_sql_literal(sql, types->schema->columns[types->asked[i]].logical);
        tide_pg_sql_add(sql, "))");
    }
    tide_pg_sql_add(sql, ") AS asked(number, type) JOIN pg_type t ON t.oid = asked.type"
                         " WHERE t.typtype <> 'p'; RELEASE SAVEPOINT tidemill_type");
}

/* Those that the server has, and whose values are those that come. */
static void take_answers(struct types *types, const PGresult *rows)
{
    for (int row = 0; row < PQntuples(rows); row++) {
        size_t column = (size_t)strtoul(PQgetvalue(rows, row, 0), NULL, 10);
        uint32_t oid = (uint32_t)strtoul(PQgetvalue(rows, row, 1), NULL, 10);
        char typtype = PQgetvalue(rows, row, 2)[0];
        struct tide_pg_type type = tide_pg_type_of(oid, -1, typtype);

        types->usable[column] =
            typtype == 'd' || type.type == types->schema->columns[column].type;
    }
}

/* *understood: no text was among them that is no type's name, which fails them all. */
static int ask(struct tide_pg *pg, struct types *types, size_t first, size_t end,
               bool *understood, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    struct tide_error why = {0};
    PGresult *rows = NULL;
    int rc;

    build_question(&sql, types, first, end);
    rc = tide_pg_exec_rows(pg, &sql, &rows, 1, &why);
    tide_pg_sql_clear(&sql);
    *understood = rc == TIDE_OK;
    if (rc == TIDE_OK) {
        take_answers(types, rows);
    } else if (rc == TIDE_E_CONFIG || rc == TIDE_E_DATA || rc == TIDE_E_AUTH) {
        tide_pg_defer(pg, "ROLLBACK TO SAVEPOINT tidemill_type;"
                          " RELEASE SAVEPOINT tidemill_type");
        rc = TIDE_OK;
    } else {
        *err = why;
    }
    PQclear(rows);
    return rc;
}

/* All of them at once, and one by one when that fails. */
static int ask_types(struct tide_pg *pg, struct types *types, struct tide_error *err)
{
    bool understood = true;
    int rc =
        types->count > 0 ? ask(pg, types, 0, types->count, &understood, err) : TIDE_OK;

    if (understood || types->count == 1) {
        return rc;
    }
    for (size_t i = 0; rc == TIDE_OK && i < types->count; i++) {
        rc = ask(pg, types, i, i + 1, &understood, err);
    }
    return rc;
}

/* ---- the table ------------------------------------------------------------------- */

static void add_column(const struct types *types, size_t i, struct tide_pg_sql *sql)
{
    const struct tide_column *column = &types->schema->columns[i];

    tide_pg_sql_add(sql, i > 0 ? ", " : "");
    tide_pg_sql_identifier(sql, column->name);
    tide_pg_sql_format(
        sql, " %s%s", types->usable[i] ? column->logical : tide_pg_type_for(column->type),
        column->flags & TIDE_COLUMN_REQUIRED ? " NOT NULL" : "");
}

static int build(struct tide_pg *pg, const struct tide_pg_name *name,
                 const struct tide_destination_request *request, struct tide_pg_sql *sql,
                 struct tide_error *err)
{
    struct types types = {0};
    int rc = types_init(&types, request->schema, err);

    if (rc == TIDE_OK) {
        rc = ask_types(pg, &types, err);
    }
    tide_pg_sql_add(sql, "CREATE TABLE IF NOT EXISTS ");
    tide_pg_sql_name(sql, name);
    tide_pg_sql_add(sql, " (");
    for (size_t i = 0; rc == TIDE_OK && i < request->schema->column_count; i++) {
        add_column(&types, i, sql);
    }
    if (request->mode == TIDE_MODE_MERGE && request->key && request->key[0]) {
        tide_pg_sql_add(sql, ", PRIMARY KEY (");
        pg_target_add_names(sql, request->key);
        tide_pg_sql_add(sql, ")");
    }
    tide_pg_sql_add(sql, ")");
    types_clear(&types);
    return rc;
}

/* A table's entry is as old as its maker: one of this transaction, which may have made it
 * behind a savepoint, has an age of zero or less. */
static int ask_maker(struct tide_pg *pg, const struct tide_pg_name *name, bool *is_new,
                     struct tide_error *err)
{
    const char *params[] = {name->schema, name->table};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg,
                           "SELECT FROM pg_class WHERE relname = $2 AND age(xmin) <= 0"
                           " AND relnamespace = (SELECT oid FROM pg_namespace"
                           " WHERE nspname = $1)",
                           params, 2, &result, err);

    *is_new = rc == TIDE_OK && PQntuples(result) > 0;
    PQclear(result);
    return rc;
}

int pg_create_table(struct tide_pg *pg, const struct tide_pg_name *name,
                    const struct tide_destination_request *request, bool *is_new,
                    struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc = build(pg, name, request, &sql, err);

    if (rc == TIDE_OK) {
        rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    }
    tide_pg_sql_clear(&sql);
    if (rc == TIDE_E_DATA) {
        /* Their entries in the catalog are the same. */
        return tide_error_set(err, TIDE_E_TRANSIENT,
                              "another run is making table %s.%s; run again",
                              name->schema, name->table);
    }
    if (rc == TIDE_OK) {
        return ask_maker(pg, name, is_new, err);
    }
    (void)tide_error_wrap(err, "cannot create table %s.%s", name->schema, name->table);
    err->code = rc;
    return rc;
}
