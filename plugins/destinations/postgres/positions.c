/*
 * positions - the table in which a destination keeps how far each pipeline has come.
 */
#include "positions.h"

#include <stdbool.h>
#include <string.h>

#define TABLE "_tidemill_positions"

/* Whoever makes the table holds this lock of the database until its commit. */
#define LOCK_NUMBER "8390872051230715241"

static int has_table(struct tide_pg *pg, const char *schema, bool *has,
                     struct tide_error *err)
{
    const char *params[] = {schema};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg,
                           "SELECT FROM pg_class c JOIN pg_namespace n"
                           " ON n.oid = c.relnamespace"
                           " WHERE n.nspname = $1 AND c.relname = '" TABLE "'",
                           params, 1, &result, err);

    *has = rc == TIDE_OK && PQntuples(result) > 0;
    PQclear(result);
    return rc;
}

static int make_table(struct tide_pg *pg, const char *schema, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    tide_pg_sql_add(&sql, "SELECT pg_advisory_xact_lock(" LOCK_NUMBER "); "
                          "CREATE TABLE IF NOT EXISTS ");
    tide_pg_sql_identifier(&sql, schema);
    tide_pg_sql_add(&sql, "." TABLE " (pipeline text PRIMARY KEY, position text NOT NULL,"
                          " run text, committed_at timestamptz NOT NULL)");
    rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    tide_pg_sql_clear(&sql);
    return rc;
}

static int query_table(struct tide_pg *pg, const char *before, const char *schema,
                       const char *after, const char *const *params, int count,
                       PGresult **result, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    tide_pg_sql_add(&sql, before);
    tide_pg_sql_identifier(&sql, schema);
    tide_pg_sql_add(&sql, after);
    rc = tide_pg_sql_check(&sql, err);
    if (rc == TIDE_OK) {
        rc = tide_pg_query(pg, sql.text, params, count, result, err);
    }
    tide_pg_sql_clear(&sql);
    return rc;
}

int pg_positions_load(struct tide_pg *pg, const char *schema, const char *pipeline,
                      char **position, struct tide_error *err)
{
    const char *params[] = {pipeline};
    PGresult *result = NULL;
    bool has;
    int rc = has_table(pg, schema, &has, err);

    if (rc != TIDE_OK || !has) {
        return rc;
    }
    rc = query_table(pg, "SELECT position FROM ", schema,
                     "." TABLE " WHERE pipeline = $1", params, 1, &result, err);
    if (rc == TIDE_OK && PQntuples(result) > 0) {
        *position = strdup(PQgetvalue(result, 0, 0));
        rc = *position ? TIDE_OK
                       : tide_error_set(err, TIDE_E_LIMIT, "no memory for a position");
    }
    PQclear(result);
    return rc;
}

int pg_positions_save(struct tide_pg *pg, const char *schema, const char *pipeline,
                      const char *run, const char *position, struct tide_error *err)
{
    const char *params[] = {pipeline, position, run};
    bool has;
    int rc = has_table(pg, schema, &has, err);

    if (rc == TIDE_OK && !has) {
        rc = make_table(pg, schema, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    return query_table(
        pg, "INSERT INTO ", schema,
        "." TABLE " AS t (pipeline, position, run, committed_at)"
        " VALUES ($1, $2, $3, clock_timestamp())"
        " ON CONFLICT (pipeline) DO UPDATE SET position = EXCLUDED.position,"
        " run = EXCLUDED.run, committed_at = EXCLUDED.committed_at",
        params, 3, NULL, err);
}
