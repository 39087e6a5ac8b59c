/*
 * piece - rows that go to the server in one COPY.
 */
#include "piece.h"

#include "encode.h"

#define SAVEPOINT "tidemill_batch"

/* Rows that are looked at and then encoded. */
#define STRETCH 1024

int64_t pg_piece_count(const struct pg_load *load, int64_t start, int64_t end)
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

static int check_rows(struct pg_load *load, const struct pg_lent_batch *lent, int64_t end,
                      struct tide_error *err)
{
    struct pg_progress *progress = &load->progress;
    int rc;

    if (end <= progress->checked) {
        return TIDE_OK;
    }
    rc = pg_check_rows(&load->refusals, load->target, lent, progress->checked, end, err);
    progress->checked = end;
    return rc;
}

/* Rows of one batch, looked at and then encoded. */
static int encode_stretch(struct pg_load *load, const struct pg_lent_batch *lent,
                          int64_t end, struct tide_error *err)
{
    const struct pg_rows rows = {
        .batch = lent->batch,
        .target = load->target,
        .start = load->progress.sent - lent->first,
        .end = end - lent->first,
        .skip = load->refusals.skip + lent->first,
        .order = load->merge ? load->order + lent->first : 0,
    };
    int rc = check_rows(load, lent, end, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    return load->is_binary ? pg_encode_binary(&load->output, &rows, err)
                           : pg_encode_text(&load->output, &rows, err);
}

static int encode_rows(struct pg_load *load, int64_t end, struct tide_error *err)
{
    struct pg_progress *progress = &load->progress;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && progress->sent < end) {
        const struct pg_lent_batch *lent = pg_lent_find(&load->lent, progress->sent);
        int64_t stop = lent->first + lent->batch->array.length;

        stop = stop < end ? stop : end;
        stop = stop - progress->sent < STRETCH ? stop : progress->sent + STRETCH;
        rc = encode_stretch(load, lent, stop, err);
        progress->sent = stop;
    }
    return rc;
}

int pg_piece_send(struct pg_load *load, int64_t end, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (!load->is_open) {
        load->is_open = true;
        load->progress.sent = load->progress.next;
        rc = start_copy(load, err);
        if (rc == TIDE_OK && load->is_binary) {
            rc = pg_encode_head(&load->output, err);
        }
    }
    return rc == TIDE_OK ? encode_rows(load, end, err) : rc;
}

static int finish_copy(struct pg_load *load, int64_t sent, struct tide_error *err)
{
    int64_t taken = 0;
    int rc = load->is_binary ? pg_encode_tail(&load->output, err) : TIDE_OK;

    if (rc == TIDE_OK) {
        rc = pg_output_flush(&load->output, err);
    }
    if (rc == TIDE_OK) {
        rc = tide_pg_copy_finish(load->output.pg, &taken, err);
    }
    if (rc == TIDE_OK && taken != sent) {
        rc = tide_error_set(err, TIDE_E_DATA,
                            "the table took %lld of %lld rows: a trigger keeps rows out",
                            (long long)taken, (long long)sent);
    }
    return rc;
}

int pg_piece_finish(struct pg_load *load, int64_t end, struct tide_error *err)
{
    int64_t sent = pg_piece_count(load, load->progress.next, end);
    int rc = finish_copy(load, sent, err);

    if (rc == TIDE_OK && load->merge && !load->merge->waits) {
        rc = pg_merge_apply(load->merge, load->output.pg, sent, err);
    }
    if (rc == TIDE_OK) {
        load->is_open = false;
        load->progress.next = end;
        pg_pace_note(&load->pace, sent, 0);
        load->rows += sent;
    }
    return rc;
}

void pg_piece_undo(struct pg_load *load)
{
    struct tide_pg *pg = load->output.pg;

    pg->copying = NULL;
    tide_pg_defer(pg, "ROLLBACK TO SAVEPOINT " SAVEPOINT);
    load->savepoint = PG_SAVEPOINT_UNUSED;
    load->is_open = false;
}
