/*
 * copy - COPY ... FROM STDIN without blocking.
 */
#include "postgres/copy.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A shorter one goes out with what follows it; libpq sends longer ones by itself. */
#define SMALL_PIECE ((size_t)8 * 1024)

/* Wait for a COPY that was sent. */
static int await_copy(struct tide_pg *pg, struct tide_error *err)
{
    PGresult *result = NULL;
    int rc;

    if (!pg->copy_begins) {
        return TIDE_OK;
    }
    pg->copy_begins = false;
    rc = tide_pg_receive(pg, &result, err);
    if (rc == TIDE_OK && PQresultStatus(result) != PGRES_COPY_IN) {
        rc = tide_error_set(err, TIDE_E_INTERNAL, "%s did not begin a COPY", pg->place);
    }
    PQclear(result);
    return rc;
}

int tide_pg_copy_in(struct tide_pg *pg, const char *sql, struct tide_error *err)
{
    pg->copy_begins = true;
    return tide_pg_send(pg, sql, err);
}

int tide_pg_copy_put(struct tide_pg *pg, const void *data, size_t length,
                     struct tide_error *err)
{
    const char *bytes = data;
    int rc = await_copy(pg, err);

    while (rc == TIDE_OK && length > 0) {
        size_t piece = length < TIDE_PG_CHUNK ? length : TIDE_PG_CHUNK;

        if (PQputCopyData(pg->conn, bytes, (int)piece) != 1) {
            return tide_pg_lost(pg, err);
        }
        rc = piece < SMALL_PIECE ? TIDE_OK : tide_pg_flush(pg, err);
        bytes += piece;
        length -= piece;
    }
    return rc;
}

static int finish(struct tide_pg *pg, int64_t *rows, struct tide_error *err)
{
    PGresult *result = NULL;
    int rc = await_copy(pg, err);

    if (rc != TIDE_OK) {
        return rc;
    }
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

int tide_pg_copy_finish(struct tide_pg *pg, int64_t *rows, struct tide_error *err)
{
    int rc = finish(pg, rows, err);

    pg->copying = NULL;
    return rc;
}

/* ---- where it failed ------------------------------------------------------------- */

/* What stands behind "COPY table, " at the start of a line, or NULL. */
static const char *behind_table(const char *line, const char *table)
{
    size_t length = strlen(table);

    if (strncmp(line, "COPY ", 5) != 0 || strncmp(line + 5, table, length) != 0 ||
        strncmp(line + 5 + length, ", ", 2) != 0) {
        return NULL;
    }
    return line + 5 + length + 2;
}

/* A value may stand at the end of the first line and have lines of its own, so that one
 * goes first; else the outermost is the last. */
static const char *find_copy(const char *context, const char *table)
{
    const char *found = behind_table(context, table);
    const char *line = context;

    if (found) {
        return found;
    }
    while ((line = strchr(line, '\n'))) {
        const char *next = behind_table(++line, table);

        found = next ? next : found;
    }
    return found;
}

static bool is_word(char c)
{
    return c == ' ' || isalpha((unsigned char)c) || (unsigned char)c >= 0x80;
}

int64_t tide_pg_copy_line(const char *context, const char *table)
{
    const char *digits = context ? find_copy(context, table) : NULL;
    char *end = NULL;
    long long line;

    if (!digits) {
        return 0;
    }
    while (is_word(*digits)) {
        digits++;
    }
    if (!isdigit((unsigned char)*digits)) {
        return 0;
    }
    line = strtoll(digits, &end, 10);
    return isalnum((unsigned char)*end) ? 0 : (int64_t)line;
}
