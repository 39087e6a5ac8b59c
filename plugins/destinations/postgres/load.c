/*
 * load - a batch into the table, past the rows that the server refuses.
 */
#include "load.h"

#include <string.h>

#include "encode.h"

#define SAVEPOINT "tidemill_batch"

/* What a piece costs by itself, in rows: a savepoint, a COPY, two round trips; for a
 * merge another statement and a truncated table. */
#define COPY_COST 45
#define MERGE_COST 1000

/* Rows that are looked at and then encoded. */
#define STRETCH 1024

/* How far a batch is.  Rows are numbers of the batch. */
struct progress {
    const struct tide_batch *batch;
    int64_t next;    /* the rows in front of it are in, or refused */
    int64_t checked; /* those in front of it were looked at */
    int64_t good;    /* the server had no fault to find with those in front of it */
    int64_t suspect; /* a bad row is in front of it, and not in front of next; 0: none */
    int64_t named;   /* the row that the server named, to be proven; -1: none */
};

/* ---- one piece ------------------------------------------------------------------- */

static int64_t count_rows(const struct pg_load *load, int64_t start, int64_t end)
{
    int64_t count = 0;

    for (int64_t row = start; row < end; row++) {
        count += !load->refusals.skip[row];
    }
    return count;
}

/* Begin a COPY, in a savepoint that takes the place of the last one. */
static int start_copy(struct pg_load *load, struct tide_error *err)
{
    struct tide_pg *pg = load->output.pg;

    if (load->savepoint == PG_SAVEPOINT_USED) {
        tide_pg_defer(pg, "RELEASE SAVEPOINT " SAVEPOINT);
    }
    if (load->savepoint != PG_SAVEPOINT_UNUSED) {
        tide_pg_defer(pg, "SAVEPOINT " SAVEPOINT);
    }
    load->savepoint = PG_SAVEPOINT_USED;
    pg->copying = load->relation.text;
    pg->failed_line = 0;
    pg->sqlstate[0] = '\0';
    pg_output_begin(&load->output);
    return tide_pg_copy_in(pg, load->copy.text, err);
}

static int check_rows(struct pg_load *load, struct progress *progress, int64_t end,
                      struct tide_error *err)
{
    int rc;

    if (end <= progress->checked) {
        return TIDE_OK;
    }
    rc = pg_check_rows(&load->refusals, load->target, progress->batch, progress->checked,
                       end, err);
    progress->checked = end;
    return rc;
}

static int encode_rows(struct pg_load *load, struct progress *progress, int64_t end,
                       struct tide_error *err)
{
    struct pg_rows rows = {.batch = progress->batch,
                           .target = load->target,
                           .end = progress->next,
                           .skip = load->refusals.skip,
                           .order = load->merge ? load->order : 0};
    int rc = TIDE_OK;

    while (rc == TIDE_OK && rows.end < end) {
        rows.start = rows.end;
        rows.end = end - rows.start < STRETCH ? end : rows.start + STRETCH;
        rc = check_rows(load, progress, rows.end, err);
        if (rc == TIDE_OK) {
            rc = load->is_binary ? pg_encode_binary(&load->output, &rows, err)
                                 : pg_encode_text(&load->output, &rows, err);
        }
    }
    return rc;
}

static int copy_rows(struct pg_load *load, struct progress *progress, int64_t end,
                     struct tide_error *err)
{
    int rc = start_copy(load, err);

    if (rc == TIDE_OK && load->is_binary) {
        rc = pg_encode_head(&load->output, err);
    }
    if (rc == TIDE_OK) {
        rc = encode_rows(load, progress, end, err);
    }
    if (rc == TIDE_OK && load->is_binary) {
        rc = pg_encode_tail(&load->output, err);
    }
    return rc == TIDE_OK ? pg_output_flush(&load->output, err) : rc;
}

static int finish_copy(struct pg_load *load, int64_t sent, struct tide_error *err)
{
    int64_t taken = 0;
    int rc = tide_pg_copy_finish(load->output.pg, &taken, err);

    if (rc == TIDE_OK && taken != sent) {
        rc = tide_error_set(err, TIDE_E_DATA,
                            "the table took %lld of %lld rows: a trigger keeps rows out",
                            (long long)taken, (long long)sent);
    }
    return rc;
}

/* The rows up to end.  TIDE_E_DATA: some are bad and none is in. */
static int send_piece(struct pg_load *load, struct progress *progress, int64_t end,
                      struct tide_error *err)
{
    int64_t sent = 0;
    int rc = copy_rows(load, progress, end, err);

    if (rc == TIDE_OK) {
        sent = count_rows(load, progress->next, end);
        rc = finish_copy(load, sent, err);
    }
    if (rc == TIDE_OK && load->merge && !load->merge->waits) {
        rc = pg_merge_apply(load->merge, load->output.pg, err);
    }
    if (rc == TIDE_OK) {
        pg_pace_note(&load->pace, sent, 0);
        load->rows += sent;
    } else if (rc == TIDE_E_DATA) {
        tide_pg_defer(load->output.pg, "ROLLBACK TO SAVEPOINT " SAVEPOINT);
        load->savepoint = PG_SAVEPOINT_UNUSED;
    }
    return rc;
}

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
static int64_t row_of_line(const struct pg_load *load, const struct progress *progress,
                           int64_t end, int64_t line)
{
    int64_t row = progress->next;

    while (row < end && (line -= !load->refusals.skip[row]) > 0) {
        row++;
    }
    return row < end && line == 0 ? row : -1;
}

/* The row that the server says it failed at, or -1.  It cannot be one that it passed
 * before. */
static int64_t find_named(const struct pg_load *load, const struct progress *progress,
                          int64_t end)
{
    const struct tide_pg *pg = load->output.pg;
    int64_t row = -1;

    if (pg->failed_line > 0 && is_of_a_row(pg->sqlstate)) {
        row = row_of_line(load, progress, end, pg->failed_line);
    }
    return row >= progress->good ? row : -1;
}

static bool is_proven(const struct pg_load *load)
{
    return strcmp(load->proven, load->output.pg->sqlstate) == 0;
}

static int refuse(struct pg_load *load, struct progress *progress, int64_t row,
                  const struct tide_error *why, struct tide_error *err)
{
    int rc;

    load->refusals.skip[row] = 1;
    progress->good = row > progress->good ? row : progress->good;
    progress->suspect = 0;
    pg_pace_note(&load->pace, 0, 1);
    rc = load->host->reject_row(load->host, row, "refused", why->message);
    return rc == TIDE_OK
               ? TIDE_OK
               : tide_error_set(err, rc, "too many rejected rows: %s", why->message);
}

/* A row that stands alone was refused: was it the one that was named? */
static void prove(struct pg_load *load, const struct progress *progress, int64_t row)
{
    if (row == progress->named) {
        memcpy(load->proven, load->output.pg->sqlstate, sizeof load->proven);
    }
}

/* Where to look for the bad row: up to end, or at the row that was named, if one was. */
static void suspect(struct progress *progress, int64_t named, int64_t end)
{
    progress->good = named < 0 ? progress->next : named;
    progress->named = named;
    progress->suspect = named < 0 ? end : named + 1;
}

/* The piece up to end was refused, and none of it is in. */
static int find_bad(struct pg_load *load, struct progress *progress, int64_t end,
                    const struct tide_error *why, struct tide_error *err)
{
    int64_t sent = count_rows(load, progress->next, end);
    int64_t row;

    if (sent == 0) {
        progress->next = end;
        progress->suspect = 0;
        return TIDE_OK;
    }
    if (sent == 1) {
        row = row_of_line(load, progress, end, 1);
        prove(load, progress, row);
        return refuse(load, progress, row, why, err);
    }
    row = find_named(load, progress, end);
    if (row >= 0 && is_proven(load)) {
        return refuse(load, progress, row, why, err);
    }
    suspect(progress, row, end);
    return TIDE_OK;
}

/* ---- a batch --------------------------------------------------------------------- */

/* Up to where rows go next. */
static int64_t choose_end(const struct pg_load *load, const struct progress *progress)
{
    int64_t left = progress->batch->array.length - progress->next;
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

static int load_rows(struct pg_load *load, struct progress *progress,
                     struct tide_error *err)
{
    struct tide_error why = {0};
    int rc = TIDE_OK;

    while (rc == TIDE_OK && progress->next < progress->batch->array.length) {
        int64_t end = choose_end(load, progress);

        if (load->host->cancelled(load->host)) {
            return tide_error_set(err, TIDE_E_CANCELLED, "the run was asked to stop");
        }
        rc = send_piece(load, progress, end, &why);
        if (rc == TIDE_OK) {
            progress->next = end;
        } else if (rc == TIDE_E_DATA) {
            rc = find_bad(load, progress, end, &why, err);
        } else {
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
}

int pg_load_batch(struct pg_load *load, const struct tide_batch *batch,
                  struct tide_error *err)
{
    struct progress progress = {.batch = batch, .named = -1};
    int rc = pg_check_begin(&load->refusals, batch->array.length, err);

    if (rc == TIDE_OK) {
        rc = load_rows(load, &progress, err);
    }
    load->order += batch->array.length;
    return rc == TIDE_OK
               ? pg_refusals_report(&load->refusals, load->target, batch, load->host, err)
               : rc;
}

void pg_load_clear(struct pg_load *load)
{
    pg_output_clear(&load->output);
    tide_pg_sql_clear(&load->relation);
    tide_pg_sql_clear(&load->copy);
    pg_refusals_clear(&load->refusals);
    memset(load, 0, sizeof *load);
}
