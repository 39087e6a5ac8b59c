/*
 * staging_move - a replacing load that went straight into its table is staged.
 */
#include "staging_move.h"

#include <stdio.h>
#include <stdlib.h>

#include "output.h"
#include "staging_end.h"

/* What decides whether a row is refused, and what fills in columns that do not come. */
#define LIKE_IT                                                                          \
    " INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING IDENTITY INCLUDING GENERATED"   \
    " INCLUDING INDEXES INCLUDING STORAGE)"

/* ---- the table ------------------------------------------------------------------- */

static int ask_oid(struct tide_pg *pg, const char *title, char *oid, size_t size,
                   struct tide_error *err)
{
    const char *params[] = {title};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg, "SELECT to_regclass($1)::oid", params, 1, &result, err);

    if (rc == TIDE_OK) {
        (void)snprintf(oid, size, "%s", PQgetvalue(result, 0, 0));
    }
    PQclear(result);
    return rc;
}

/* Whoever else works with one of that name is not waited for without end: he may wait for
 * our other session. */
static int make(struct pg_staging *staging, struct tide_pg *pg,
                const struct pg_target *target, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    tide_pg_sql_format(&sql,
                       "SET LOCAL lock_timeout = '3s'; DROP TABLE IF EXISTS %s; "
                       "CREATE UNLOGGED TABLE %s (LIKE %s" LIKE_IT
                       " WITH (autovacuum_enabled = false); "
                       "SET LOCAL lock_timeout TO DEFAULT",
                       staging->title.text, staging->title.text, target->title.text);
    rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    tide_pg_sql_clear(&sql);
    return rc;
}

/* ---- the rows -------------------------------------------------------------------- */

/* "COPY table (columns)": all that can be written, also those that did not come. */
static void begin_copy(struct tide_pg_sql *sql, const char *title,
                       const struct pg_target *target)
{
    const char *comma = "";

    tide_pg_sql_format(sql, "COPY %s (", title);
    for (size_t i = 0; i < target->table.column_count; i++) {
        if (!target->table.columns[i].generated) {
            tide_pg_sql_add(sql, comma);
            tide_pg_sql_identifier(sql, target->table.columns[i].name);
            comma = ", ";
        }
    }
    tide_pg_sql_add(sql, ")");
}

static int begin_both(struct tide_pg *from, struct tide_pg *to,
                      const struct pg_staging *staging, const struct pg_target *target,
                      struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    begin_copy(&sql, staging->title.text, target);
    tide_pg_sql_add(&sql, " FROM STDIN");
    rc = tide_pg_sql_check(&sql, err);
    if (rc == TIDE_OK) {
        rc = tide_pg_copy_in(to, sql.text, err);
    }
    tide_pg_sql_reset(&sql);
    begin_copy(&sql, target->title.text, target);
    tide_pg_sql_add(&sql, " TO STDOUT");
    if (rc == TIDE_OK) {
        rc = tide_pg_exec_sql(from, &sql, NULL, err);
    }
    tide_pg_sql_clear(&sql);
    return rc;
}

/* The next row; TIDE_END: there is none. */
static int get_row(struct tide_pg *from, char **row, int *length, struct tide_error *err)
{
    int rc;

    while ((*length = PQgetCopyData(from->conn, row, 1)) == 0) {
        rc = tide_pg_wait_input(from, err);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    if (*length > 0) {
        return TIDE_OK;
    }
    rc = *length == -1 ? tide_pg_receive(from, NULL, err) : tide_pg_lost(from, err);
    return rc == TIDE_OK ? TIDE_END : rc;
}

static int pump(struct tide_pg *from, struct pg_output *output, struct tide_error *err)
{
    char *row = NULL;
    int length = 0;
    int rc;

    while ((rc = get_row(from, &row, &length, err)) == TIDE_OK) {
        rc = pg_output_bytes(output, row, (size_t)length, err);
        PQfreemem(row);
        row = NULL;
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return rc == TIDE_END ? pg_output_flush(output, err) : rc;
}

/* *moved: how many these were. */
static int move_rows(struct tide_pg *from, struct tide_pg *to,
                     const struct pg_staging *staging, const struct pg_target *target,
                     int64_t *moved, struct tide_error *err)
{
    struct pg_output output = {.pg = to};
    int rc = begin_both(from, to, staging, target, err);

    if (rc == TIDE_OK) {
        pg_output_begin(&output);
        rc = pump(from, &output, err);
    }
    if (rc == TIDE_OK) {
        rc = tide_pg_copy_finish(to, moved, err);
    }
    pg_output_clear(&output);
    return rc;
}

/* ---- another session ------------------------------------------------------------- */

/* Say why, and leave all for the final commit. */
static int refuse(struct pg_staging *staging, struct tide_pg *pg, const char *why)
{
    char message[640];

    staging->is_refused = true;
    (void)snprintf(message, sizeof message,
                   "no checkpoints are made while the table is replaced: %.500s", why);
    pg->host->log(pg->host, TIDE_LOG_WARNING, message);
    return TIDE_OK;
}

static int open_other(struct pg_staging *staging, const struct tide_host *host,
                      const struct tide_pg_options *options,
                      const struct pg_target *target, struct tide_pg **other,
                      struct tide_error *err)
{
    int rc = tide_pg_open(options, host, other, err);

    if (rc == TIDE_OK) {
        tide_pg_begin(*other, "ISOLATION LEVEL READ COMMITTED");
        rc = make(staging, *other, target, err);
    }
    return rc == TIDE_OK ? ask_oid(*other, staging->title.text, staging->oid,
                                   sizeof staging->oid, err)
                         : rc;
}

/* It could not make the table.  Who keeps it from that may be another run of the
 * pipeline, which waits for this one to end, and has gone further than it: *err says so.
 */
static bool is_overtaken(const struct pg_positions *positions, struct tide_pg *other,
                         struct tide_error *err)
{
    bool is_in = false;
    int rc;

    if (!other || tide_pg_exec(other, "ROLLBACK", NULL, err) != TIDE_OK) {
        return false;
    }
    other->sqlstate[0] = '\0';
    rc = pg_positions_find(positions, other, &is_in, err);
    return rc == TIDE_E_TRANSIENT && other->sqlstate[0] == '\0' &&
           PQstatus(other->conn) == CONNECTION_OK;
}

static int give_up(struct pg_staging *staging, struct tide_pg *pg, struct tide_pg *other,
                   const struct pg_positions *positions, const struct tide_error *why,
                   struct tide_error *err)
{
    struct tide_error later = {0};
    int rc;

    if (why->code == TIDE_E_CANCELLED) {
        *err = *why;
        rc = why->code;
    } else if (is_overtaken(positions, other, &later)) {
        *err = later;
        rc = later.code;
    } else {
        rc = refuse(staging, pg, why->message);
    }
    tide_pg_close(other);
    return rc;
}

static int move_to_other(struct pg_staging *staging, struct tide_pg **pg,
                         const struct tide_pg_options *options,
                         const struct pg_target *target,
                         const struct pg_positions *positions, int64_t rows,
                         struct tide_error *err)
{
    struct tide_error why = {0};
    struct tide_pg *other = NULL;
    int64_t moved = 0;
    int rc = open_other(staging, (*pg)->host, options, target, &other, &why);

    if (rc != TIDE_OK) {
        return give_up(staging, *pg, other, positions, &why, err);
    }
    rc = move_rows(*pg, other, staging, target, &moved, err);
    if (rc == TIDE_OK && moved == rows) {
        tide_pg_close(*pg);
        *pg = other;
        staging->is_on = true;
        return TIDE_OK;
    }
    tide_pg_close(other);
    return rc == TIDE_OK ? refuse(staging, *pg, "others write to it meanwhile") : rc;
}

/* ---- a new target ---------------------------------------------------------------- */

/* Nobody has seen it: it becomes the staging table, and another one takes its place. */
static int set_new_aside(struct pg_staging *staging, struct tide_pg *pg,
                         struct pg_target *target, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    char *comment = NULL;
    int rc = pg_staging_drop(staging, pg, err);

    if (rc != TIDE_OK || staging->is_stuck) {
        return rc == TIDE_OK
                   ? refuse(staging, pg, "that of an earlier run cannot be dropped")
                   : rc;
    }
    tide_pg_sql_format(
        &sql,
        "ALTER TABLE %s SET (autovacuum_enabled = false); ALTER TABLE %s RENAME TO ",
        target->title.text, target->title.text);
    tide_pg_sql_identifier(&sql, staging->name.table);
    tide_pg_sql_format(&sql, "; CREATE TABLE %s (LIKE %s" LIKE_IT, target->title.text,
                       staging->title.text);
    rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    tide_pg_sql_clear(&sql);
    if (rc == TIDE_OK) {
        rc = ask_oid(pg, target->title.text, target->table.oid, sizeof target->table.oid,
                     err);
    }
    if (rc == TIDE_OK) {
        rc = pg_staging_look(staging, pg, target, &comment, err);
        free(comment);
    }
    staging->is_on = rc == TIDE_OK;
    return rc;
}

int pg_staging_move(struct pg_staging *staging, struct tide_pg **pg,
                    const struct tide_pg_options *options, struct pg_target *target,
                    const struct pg_positions *positions, int64_t rows,
                    struct tide_error *err)
{
    char *comment = NULL;
    int rc = pg_staging_look(staging, *pg, target, &comment, err);

    free(comment);
    if (rc != TIDE_OK || staging->is_refused) {
        return rc;
    }
    rc = target->is_new
             ? set_new_aside(staging, *pg, target, err)
             : move_to_other(staging, pg, options, target, positions, rows, err);
    staging->rows = staging->is_on ? rows : 0;
    return rc;
}
