/*
 * moment - the snapshot that a table is read in, and the lock in front of it.
 */
#include "moment.h"

#include <string.h>

/* How often a table may be rewritten in front of a lock that waits. */
#define TRIES 5

/* What this session holds locks on, with the files as the snapshot and as the lock has
 * them.  What has no file of its own has none here either. */
#define IS_REWRITTEN                                                                     \
    "SELECT EXISTS (SELECT FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"        \
    " WHERE l.pid = pg_backend_pid() AND l.locktype = 'relation'"                        \
    " AND c.relfilenode <> 0 AND c.relfilenode <> pg_relation_filenode(c.oid))"

/* A database in SQL_ASCII holds any bytes.  They are taken as they are and looked at
 * here, where a row can be rejected: the server would refuse the whole COPY. */
bool pg_moment_has_no_encoding(const struct tide_pg *pg)
{
    const char *encoding = PQparameterStatus(pg->conn, "server_encoding");

    return encoding && strcmp(encoding, "SQL_ASCII") == 0;
}

static void begin(struct tide_pg *pg)
{
    tide_pg_begin(pg, pg_moment_has_no_encoding(pg)
                          ? "ISOLATION LEVEL REPEATABLE READ READ ONLY; "
                            "SET LOCAL timezone = 'UTC'; "
                            "SET LOCAL client_encoding = 'SQL_ASCII'"
                          : "ISOLATION LEVEL REPEATABLE READ READ ONLY; "
                            "SET LOCAL timezone = 'UTC'");
}

static int begin_locked(struct tide_pg *pg, const struct tide_pg_name *name,
                        struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    begin(pg);
    tide_pg_sql_add(&sql, "LOCK TABLE ");
    tide_pg_sql_name(&sql, name);
    tide_pg_sql_add(&sql, " IN ACCESS SHARE MODE");
    rc = tide_pg_sql_check(&sql, err);
    if (rc == TIDE_OK) {
        tide_pg_defer(pg, sql.text);
    }
    tide_pg_sql_clear(&sql);
    return rc;
}

/* Whether LOCK was refused, which says less well what is wrong, or nothing is. */
static bool is_refused(const struct tide_pg *pg)
{
    static const char *const refusals[] = {
        "42501", /* no right to the table as a whole, or to what a view is made of */
        "42809", /* neither a table nor a view */
        "42P01", /* no such table */
        "3F000"  /* no such schema */
    };

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (PQtransactionStatus(pg->conn) == PQTRANS_INERROR &&
            strcmp(pg->sqlstate, refusals[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* A query that needs rights to one column alone, and reads nothing. */
static int lock_by_query(struct tide_pg *pg, const struct tide_pg_name *name,
                         bool *is_rewritten, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    int rc;

    begin(pg);
    tide_pg_sql_add(&sql, "SELECT FROM ");
    tide_pg_sql_name(&sql, name);
    tide_pg_sql_add(&sql, " LIMIT 0; " IS_REWRITTEN);
    rc = tide_pg_exec_sql(pg, &sql, &result, err);
    if (rc == TIDE_OK) {
        *is_rewritten = PQgetvalue(result, 0, 0)[0] == 't';
    }
    PQclear(result);
    tide_pg_sql_clear(&sql);
    return rc;
}

static int begin_without_right(struct tide_pg *pg, const struct tide_pg_name *name,
                               struct tide_error *err)
{
    for (int i = 0; i < TRIES; i++) {
        bool is_rewritten = false;
        int rc = lock_by_query(pg, name, &is_rewritten, err);

        if (rc != TIDE_OK || !is_rewritten) {
            return rc;
        }
        rc = tide_pg_exec(pg, "ROLLBACK", NULL, err);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return tide_error_set(err, TIDE_E_TRANSIENT,
                          "table %s.%s was emptied or rewritten again and again while "
                          "the run began to read it; run again, or grant SELECT on the "
                          "table as a whole, so that the run can lock it",
                          name->schema, name->table);
}

static int begin_without_lock(struct tide_pg *pg, const struct tide_pg_name *name,
                              struct tide_error *err)
{
    bool has_no_right = strcmp(pg->sqlstate, "42501") == 0;
    int rc = tide_pg_exec(pg, "ROLLBACK", NULL, err);

    if (rc == TIDE_OK && has_no_right) {
        return begin_without_right(pg, name, err);
    }
    begin(pg);
    return rc;
}

int pg_moment_open(struct tide_pg *pg, struct tide_pg_table *table, const char *question,
                   PGresult **answer, struct tide_error *err)
{
    int rc = begin_locked(pg, &table->name, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    rc = tide_pg_table_load_about(pg, table, question, answer, err);
    if (rc != TIDE_OK && table->oid[0] == '\0' && is_refused(pg)) {
        rc = begin_without_lock(pg, &table->name, err);
        if (rc == TIDE_OK) {
            rc = tide_pg_table_load_about(pg, table, question, answer, err);
        }
    }
    return rc == TIDE_E_NOT_FOUND ? tide_pg_table_missing(pg, &table->name, err) : rc;
}
