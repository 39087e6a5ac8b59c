/*
 * create - making a table for columns that come and have none yet.
 */
#include "create.h"

#include <stdlib.h>

#include "postgres/catalog.h"
#include "target.h"

/* Whether the server has a type of that name, whose values are those that come.  The
 * server parses the whole text as a type's name, so it is safe in a statement too. */
static int ask_type(struct tide_pg *pg, const struct tide_column *column, bool *usable,
                    struct tide_error *err)
{
    const char *params[] = {column->logical};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg,
                           "SELECT t.oid, t.typtype FROM pg_type t"
                           " WHERE t.oid = to_regtype($1) AND t.typtype <> 'p'",
                           params, 1, &result, err);

    *usable = false;
    if (rc == TIDE_OK && PQntuples(result) == 1) {
        uint32_t oid = (uint32_t)strtoul(PQgetvalue(result, 0, 0), NULL, 10);
        char typtype = PQgetvalue(result, 0, 1)[0];
        struct tide_pg_type type = tide_pg_type_of(oid, -1, typtype);

        *usable = typtype == 'd' || type.type == column->type;
    }
    PQclear(result);
    return rc;
}

/* The same, in a savepoint: a text that is no type's name fails the query. */
static int is_usable_type(struct tide_pg *pg, const struct tide_column *column,
                          bool *usable, struct tide_error *err)
{
    int rc;

    *usable = false;
    if (!column->logical || !(column->flags & TIDE_COLUMN_SQL_TYPE)) {
        return TIDE_OK;
    }
    rc = tide_pg_exec(pg, "SAVEPOINT tidemill_type", NULL, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    rc = ask_type(pg, column, usable, err);
    if (rc == TIDE_E_CONFIG || rc == TIDE_E_DATA || rc == TIDE_E_AUTH) {
        return tide_pg_exec(pg, "ROLLBACK TO SAVEPOINT tidemill_type", NULL, err);
    }
    return rc;
}

static int add_column(struct tide_pg *pg, const struct tide_column *column,
                      struct tide_pg_sql *sql, struct tide_error *err)
{
    bool usable;
    int rc = is_usable_type(pg, column, &usable, err);

    tide_pg_sql_identifier(sql, column->name);
    tide_pg_sql_format(sql, " %s%s",
                       usable ? column->logical : tide_pg_type_for(column->type),
                       column->flags & TIDE_COLUMN_REQUIRED ? " NOT NULL" : "");
    return rc;
}

static int build(struct tide_pg *pg, const struct tide_pg_name *name,
                 const struct tide_destination_request *request, struct tide_pg_sql *sql,
                 struct tide_error *err)
{
    const struct tide_schema *schema = request->schema;
    int rc = TIDE_OK;

    tide_pg_sql_add(sql, "CREATE TABLE IF NOT EXISTS ");
    tide_pg_sql_name(sql, name);
    tide_pg_sql_add(sql, " (");
    for (size_t i = 0; rc == TIDE_OK && i < schema->column_count; i++) {
        tide_pg_sql_add(sql, i > 0 ? ", " : "");
        rc = add_column(pg, &schema->columns[i], sql, err);
    }
    if (request->mode == TIDE_MODE_MERGE && request->key && request->key[0]) {
        tide_pg_sql_add(sql, ", PRIMARY KEY (");
        pg_target_add_names(sql, request->key);
        tide_pg_sql_add(sql, ")");
    }
    tide_pg_sql_add(sql, ")");
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
