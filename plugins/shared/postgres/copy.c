/*
 * copy - the COPY protocol, in both directions, without blocking.
 */
#include "postgres/copy.h"

#include <stdlib.h>

static int begin_copy(struct tide_pg *pg, const char *sql, ExecStatusType wanted,
                      struct tide_error *err)
{
    PGresult *result = NULL;
    int rc = tide_pg_exec(pg, sql, &result, err);

    if (rc == TIDE_OK && PQresultStatus(result) != wanted) {
        rc = tide_error_set(err, TIDE_E_INTERNAL, "%s did not begin a COPY", pg->place);
    }
    PQclear(result);
    return rc;
}

int tide_pg_copy_in(struct tide_pg *pg, const char *sql, struct tide_error *err)
{
    return begin_copy(pg, sql, PGRES_COPY_IN, err);
}

int tide_pg_copy_out(struct tide_pg *pg, const char *sql, struct tide_error *err)
{
    return begin_copy(pg, sql, PGRES_COPY_OUT, err);
}

int tide_pg_copy_put(struct tide_pg *pg, const void *data, size_t length,
                     struct tide_error *err)
{
    const char *bytes = data;

    while (length > 0) {
        size_t piece = length < TIDE_PG_CHUNK ? length : TIDE_PG_CHUNK;
        int rc;

        if (PQputCopyData(pg->conn, bytes, (int)piece) != 1) {
            return tide_pg_lost(pg, err);
        }
        rc = tide_pg_flush(pg, err);
        if (rc != TIDE_OK) {
            return rc;
        }
        bytes += piece;
        length -= piece;
    }
    return TIDE_OK;
}

int tide_pg_copy_finish(struct tide_pg *pg, int64_t *rows, struct tide_error *err)
{
    PGresult *result = NULL;
    int rc;

    if (PQputCopyEnd(pg->conn, NULL) != 1) {
        return tide_pg_lost(pg, err);
    }
    rc = tide_pg_flush(pg, err);
    if (rc == TIDE_OK) {
        rc = tide_pg_receive(pg, &result, err);
    }
    if (rc == TIDE_OK) {
        *rows = strtoll(PQcmdTuples(result), NULL, 10);
    }
    PQclear(result);
    return rc;
}

int tide_pg_copy_get(struct tide_pg *pg, char **data, size_t *length,
                     struct tide_error *err)
{
    int got;
    int rc;

    while ((got = PQgetCopyData(pg->conn, data, 1)) == 0) {
        rc = tide_pg_wait_input(pg, err);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    if (got > 0) {
        *length = (size_t)got;
        return TIDE_OK;
    }
    rc = got == -1 ? tide_pg_receive(pg, NULL, err) : tide_pg_lost(pg, err);
    return rc == TIDE_OK ? TIDE_END : rc;
}
