/*
 * load - rows into the table, past those that the server refuses.
 */
#include "load.h"

#include <stdio.h>
#include <string.h>

#include "encode.h"
#include "piece.h"

/* What a piece costs by itself, in rows: a savepoint, a COPY, two round trips; for a
 * merge another statement and a truncated table. */
#define COPY_COST 45
#define MERGE_COST 1000

/* ---- bad rows -------------------------------------------------------------------- */

/* Errors that are raised while the row that they name is in hand.  Others, as those of
 * the storage, come when rows are written by the page. */
static bool is_of_a_row(const char *sqlstate)
{
    static const char *const classes[] = {"22", "23", "44", "P0"};

    for (size_t i = 0; i < sizeof classes / sizeof *classes; i++) {
        if (strncmp(sqlstate, classes[i], 2) == 0) {
            return true;
        }
    }
    return false;
}

/* The row that was sent as a line of the piece up to end, from 1; -1: none was. */
static int64_t row_of_line(const struct pg_load *load, int64_t end, int64_t line)
{
    int64_t row = load->progress.next;

    while (row < end && (line -= !load->refusals.skip[row]) > 0) {
        row++;
    }
    return row < end && line == 0 ? row : -1;
}

/* The row that the server says it failed at, or -1.  It cannot be one that it passed
 * before. */
static int64_t find_named(const struct pg_load *load, int64_t end)
{
    const struct tide_pg *pg = load->output.pg;
    int64_t row = -1;

    if (pg->failed_line > 0 && is_of_a_row(pg->sqlstate)) {
        row = row_of_line(load, end, pg->failed_line);
    }
    return row >= load->progress.good ? row : -1;
}

static bool is_proven(const struct pg_load *load)
{
    return strcmp(load->proven, load->output.pg->sqlstate) == 0;
}

/* The server's message, with the target's name for that of the table that it stands for:
 * nobody else knows that one. */
static void name_target(const struct pg_load *load, const char *message, char *told,
                        size_t size)
{
    const char *name = load->relation.text, *target = load->target->table.name.table;
    const char *at;
    size_t used = 0;

    while ((at = strstr(message, name)) != NULL && used < size) {
        used += (size_t)snprintf(told + used, size - used, "%.*s%s", (int)(at - message),
                                 message, target);
        message = at + strlen(name);
    }
    if (used < size) {
        (void)snprintf(told + used, size - used, "%s", message);
    }
}

static int refuse(struct pg_load *load, int64_t row, const struct tide_error *why,
                  struct tide_error *err)
{
    struct pg_progress *progress = &load->progress;
    char message[sizeof why->message];
    int rc;

    load->refusals.skip[row] = 1;
    progress->good = row > progress->good ? row : progress->good;
    progress->suspect = 0;
    pg_pace_note(&load->pace, 0, 1);
    name_target(load, why->message, message, sizeof message);
    rc = load->host->reject_row(load->host, row, "refused", message);
    return rc == TIDE_OK ? TIDE_OK
                         : tide_error_set(err, rc, "too many rejected rows: %s", message);
}

/* A row that stands alone was refused: was it the one that was named? */
static void prove(struct pg_load *load, int64_t row)
{
    if (row + 1 == load->progress.named) {
        memcpy(load->proven, load->output.pg->sqlstate, sizeof load->proven);
    }
}

/* Where to look for the bad row: up to end, or at the row that was named, if one was. */
static void suspect(struct pg_progress *progress, int64_t named, int64_t end)
{
    progress->good = named < 0 ? progress->next : named;
    progress->named = named + 1;
    progress->suspect = named < 0 ? end : named + 1;
}

/* The piece up to end was refused, and none of it is in. */
static int find_bad(struct pg_load *load, int64_t end, const struct tide_error *why,
                    struct tide_error *err)
{
    struct pg_progress *progress = &load->progress;
    int64_t sent = pg_piece_count(load, progress->next, end);
    int64_t row;

    if (sent == 0) {
        progress->next = end;
        progress->suspect = 0;
        return TIDE_OK;
    }
    if (sent == 1) {
        row = row_of_line(load, end, 1);
        prove(load, row);
        return refuse(load, row, why, err);
    }
    row = find_named(load, end);
    if (row >= 0 && is_proven(load)) {
        return refuse(load, row, why, err);
    }
    suspect(progress, row, end);
    return TIDE_OK;
}

/* ---- all of them ----------------------------------------------------------------- */

/* Up to where the piece goes. */
static int64_t choose_end(const struct pg_load *load)
{
    const struct pg_progress *progress = &load->progress;
    int64_t left = load->lent.rows - progress->next;
    int64_t suspects = progress->suspect - progress->next;
    int64_t proven = progress->good - progress->next;
    int64_t rows = pg_pace_rows(&load->pace);

    if (suspects == 1) {
        return progress->suspect;
    }
    if (suspects > 1) {
        return progress->next + (proven > 0 ? proven : suspects / 2);
    }
    rows = rows > proven ? rows : proven;
    return progress->next + (rows < left ? rows : left);
}

/* Send what is there; with `all`, to the last verdict, else the last piece may stay open
 * for more rows. */
static int load_rows(struct pg_load *load, bool all, struct tide_error *err)
{
    struct tide_error why = {0};
    int rc = TIDE_OK;

    while (rc == TIDE_OK && load->progress.next < load->lent.rows) {
        int64_t end = choose_end(load);
        bool may_grow = !all && end == load->lent.rows && load->progress.suspect == 0;

        if (load->host->cancelled(load->host)) {
            return tide_error_cancelled(err);
        }
        rc = pg_piece_send(load, end, &why);
        if (rc == TIDE_OK && may_grow) {
            return TIDE_OK;
        }
        if (rc == TIDE_OK) {
            rc = pg_piece_finish(load, end, &why);
        }
        if (rc == TIDE_E_DATA) {
            pg_piece_undo(load);
            rc = find_bad(load, end, &why, err);
        } else if (rc != TIDE_OK) {
            *err = why;
        }
    }
    return rc;
}

/* ---- interface ------------------------------------------------------------------- */

/* Behind the table's name. */
static void add_rest(struct pg_load *load)
{
    struct tide_pg_sql *sql = &load->copy;

    tide_pg_sql_add(sql, " (");
    pg_target_add_columns(load->target, sql);
    if (load->merge) {
        tide_pg_sql_add(sql, ", " PG_ORDER_COLUMN);
    }
    tide_pg_sql_format(sql, ") FROM STDIN (FORMAT %s)",
                       load->is_binary ? "binary" : "text");
}

static int check_copy(const struct pg_load *load, struct tide_error *err)
{
    int rc = tide_pg_sql_check(&load->copy, err);

    return rc == TIDE_OK ? tide_pg_sql_check(&load->relation, err) : rc;
}

static int copy_into_merge(struct pg_load *load, const char *run, struct tide_error *err)
{
    tide_pg_sql_add(&load->copy, "COPY ");
    pg_merge_add_name(&load->copy, run);
    tide_pg_sql_format(&load->relation, PG_STAGING_NAME, run);
    add_rest(load);
    return check_copy(load, err);
}

int pg_load_into(struct pg_load *load, const struct tide_pg_name *table,
                 struct tide_error *err)
{
    tide_pg_sql_reset(&load->copy);
    tide_pg_sql_reset(&load->relation);
    tide_pg_sql_add(&load->copy, "COPY ");
    tide_pg_sql_name(&load->copy, table);
    tide_pg_sql_add(&load->relation, table->table);
    add_rest(load);
    return check_copy(load, err);
}

int pg_load_init(struct pg_load *load, const struct tide_host *host,
                 const struct pg_target *target, struct pg_merge *merge,
                 const struct tide_destination_request *request, struct tide_error *err)
{
    load->host = host;
    load->target = target;
    load->merge = merge;
    load->lends = request->lends;
    load->order = 1;
    load->pace.cost = merge ? MERGE_COST : COPY_COST;
    load->is_binary = pg_encode_is_binary(target);
    return merge ? copy_into_merge(load, request->run, err)
                 : pg_load_into(load, &target->table.name, err);
}

void pg_load_begin(struct pg_load *load, struct tide_pg *pg)
{
    load->output.pg = pg;
    load->savepoint = PG_SAVEPOINT_NONE;
    load->rows = 0;
    load->is_open = false;
}

int pg_load_batch(struct pg_load *load, const struct tide_batch *batch,
                  struct tide_error *err)
{
    int rc = pg_lent_add(&load->lent, batch, err);

    if (rc == TIDE_OK) {
        rc = pg_refusals_extend(&load->refusals, load->lent.rows, err);
    }
    if (rc == TIDE_OK) {
        rc = load_rows(load, false, err);
    }
    return rc == TIDE_OK && !load->lends ? pg_load_settle(load, err) : rc;
}

int pg_load_settle(struct pg_load *load, struct tide_error *err)
{
    int rc = load_rows(load, true, err);

    if (rc == TIDE_OK) {
        rc = pg_refusals_report(&load->refusals, load->target, &load->lent, load->host,
                                err);
    }
    load->order += load->lent.rows;
    pg_lent_return(&load->lent);
    pg_refusals_reset(&load->refusals);
    load->progress = (struct pg_progress){0};
    return rc;
}

void pg_load_clear(struct pg_load *load)
{
    pg_output_clear(&load->output);
    tide_pg_sql_clear(&load->relation);
    tide_pg_sql_clear(&load->copy);
    pg_refusals_clear(&load->refusals);
    pg_lent_clear(&load->lent);
    memset(load, 0, sizeof *load);
}
