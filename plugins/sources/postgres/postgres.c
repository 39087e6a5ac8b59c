/*
 * postgres - source that reads tables and views of a PostgreSQL database.
 *
 * One binary COPY, in one read-only snapshot, decoded straight into columns.  A type
 * without an exact binary form of ours arrives as the server's own text, so that nothing
 * is ever rounded.  Rows come in an order in which an interrupted run can resume; what
 * is new to an incremental table is told by the transactions that wrote it.
 */
#include <string.h>
#include <tidemill/plugin.h>

#include "options.h"
#include "source.h"

static int reject_row(struct pg_source *source, const struct tide_error *why)
{
    struct tide_reject reject = {.code = source->decoder.reject_code,
                                 .message = why->message,
                                 .origin = source->origin,
                                 .position = source->row};

    return source->host->reject(source->host, &reject);
}

/* A row behind those in the builders is no part of their batch, whose position is that of
 * its last row: it belongs to the next one.  TIDE_MORE: there are such rows. */
static int reject_or_hold(struct pg_source *source, const struct tide_error *why)
{
    source->row++;
    if (source->decoder.rows == 0) {
        return reject_row(source, why);
    }
    source->held = *why;
    source->has_held = true;
    return TIDE_MORE;
}

/* Decode what one message holds: a row or the end.  TIDE_MORE: the row was rejected, so
 * that those in the builders and those to come do not follow each other. */
static int decode_message(struct pg_source *source, const uint8_t *data, size_t length,
                          struct tide_error *err)
{
    size_t header = 0;
    int rc;

    if (!source->has_header) {
        header = pg_decode_header(data, length);
        if (header == 0) {
            return tide_error_set(err, TIDE_E_INTERNAL,
                                  "the server sent no binary COPY header");
        }
        source->has_header = true;
        if (header == length) {
            return TIDE_OK;
        }
    }
    rc = pg_decode_row(&source->decoder, data + header, length - header, err);
    if (rc == TIDE_OK) {
        source->last_row = ++source->row;
    } else if (rc == TIDE_E_DATA) {
        rc = reject_or_hold(source, err);
    }
    return rc == TIDE_END ? TIDE_OK : rc;
}

/* Fill the builders up to the bounds of a batch; without a row it goes on to the end. */
static int fill(struct pg_source *source, struct tide_error *err)
{
    int64_t bytes = 0;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && source->decoder.rows < source->batch_rows &&
           (source->decoder.rows == 0 || bytes < source->batch_bytes)) {
        char *data = NULL;
        size_t length = 0;

        rc = pg_stream_get(&source->stream, &data, &length, err);
        if (rc == TIDE_OK) {
            rc = decode_message(source, (const uint8_t *)data, length, err);
            bytes += (int64_t)length;
        }
        PQfreemem(data);
    }
    source->done = rc == TIDE_END;
    return rc == TIDE_END || rc == TIDE_MORE ? TIDE_OK : rc;
}

/* Whether the statement that ended was the last. */
static bool is_last_statement(const struct pg_source *source)
{
    return source->statement + 1 >= pg_plan_statements(&source->plan);
}

static void begin_next_statement(struct pg_source *source)
{
    source->statement++;
    source->done = false;
    source->has_header = false;
}

/* Fill the builders, with rows of one statement alone.  TIDE_END: there is no row, and no
 * new place either. */
static int fill_from_statement(struct pg_source *source, struct tide_error *err)
{
    int rc = fill(source, err);
    bool has_stretches = source->plan.stretches.count > 0;
    bool at_end = rc == TIDE_OK && source->done && !is_last_statement(source);
    bool is_again;

    if (rc == TIDE_OK && source->decoder.rows == 0 && !at_end) {
        return TIDE_END;
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    is_again = source->plan.again && source->statement == 0;
    source->place_is_told = !has_stretches && !is_again;
    if (at_end) {
        begin_next_statement(source);
    }
    if (!has_stretches || is_again) {
        return TIDE_OK;
    }
    return pg_progress_stretch(&source->progress, source->statement - source->plan.again,
                               at_end, source->row, err);
}

/* The columns of the plan's order, visible or not, tell how far the batch went. */
static int note_progress(struct pg_source *source, const struct tide_batch *batch,
                         const struct ArrowArray *hidden, struct tide_error *err)
{
    const struct pg_selection *selection = &source->selection;
    const struct ArrowArray *columns[PG_ORDER_MAX] = {NULL};

    if (!source->place_is_told) {
        return TIDE_OK;
    }
    for (size_t i = 0; i < source->plan.order_count; i++) {
        size_t place = selection->order[i];

        columns[i] = place < selection->visible ? batch->array.children[place]
                                                : &hidden[place - selection->visible];
    }
    return pg_progress_advance(&source->progress, columns, source->last_row, err);
}

static int take_columns(struct pg_source *source, struct tide_batch *batch,
                        struct tide_error *err)
{
    const struct pg_selection *selection = &source->selection;
    struct ArrowArray hidden[PG_ORDER_MAX] = {{0}};
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < selection->count; i++) {
        rc = pg_decoder_take(&source->decoder, i, batch->array.length,
                             i < selection->visible ? batch->array.children[i]
                                                    : &hidden[i - selection->visible]);
    }
    rc = rc == TIDE_OK ? note_progress(source, batch, hidden, err)
                       : tide_error_set(err, rc, "no memory for a batch");
    for (size_t i = 0; i < PG_ORDER_MAX; i++) {
        if (hidden[i].release) {
            hidden[i].release(&hidden[i]);
        }
    }
    return rc;
}

static int make_batch(struct pg_source *source, struct tide_batch *batch,
                      struct tide_error *err)
{
    int64_t rows = source->decoder.rows;
    int rc = tide_batch_init(batch, source->selection.visible, rows);

    if (rc != TIDE_OK) {
        return tide_error_set(err, rc, "no memory for a batch");
    }
    batch->first_position = source->last_row - rows + 1;
    batch->origin = source->origin;
    batch->flags = TIDE_BATCH_WRITABLE;
    source->decoder.rows = 0;
    rc = take_columns(source, batch, err);
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
    }
    return rc;
}

/* The statement that is next, and some behind it. */
static int send_copy(struct pg_source *source, struct tide_error *err)
{
    int rc;

    source->stream.pg = source->pg;
    tide_pg_sql_reset(&source->copy);
    source->sent = pg_query_build(&source->copy, &source->table, &source->selection,
                                  &source->plan, source->row_limit, source->statement);
    rc = tide_pg_sql_check(&source->copy, err);
    return rc == TIDE_OK ? pg_stream_begin(&source->stream, source->copy.text, err) : rc;
}

/* Begin to read, or go on with what the last batch left. */
static int go_on(struct pg_source *source, struct tide_error *err)
{
    if (source->statement == source->sent) {
        return send_copy(source, err);
    }
    if (source->has_held) {
        source->has_held = false;
        return reject_row(source, &source->held);
    }
    return TIDE_OK;
}

static int source_read(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct pg_source *source = state;
    int rc = source->done ? TIDE_END : go_on(source, err);

    if (rc == TIDE_OK) {
        rc = fill_from_statement(source, err);
    }
    if (rc == TIDE_END) {
        rc = pg_progress_end(&source->progress, err);
        return rc == TIDE_OK ? TIDE_END : rc;
    }
    return rc == TIDE_OK ? make_batch(source, batch, err) : rc;
}

static bool source_at_end(void *state)
{
    const struct pg_source *source = state;

    return source->done;
}

/* They are not asked for. */
static int source_leave_out(void *state, const size_t *columns, size_t count,
                            struct tide_error *err)
{
    struct pg_source *source = state;

    (void)err;
    pg_selection_leave_out(&source->selection, &source->plan, columns, count);
    for (size_t i = 0; i < source->selection.visible; i++) {
        if (source->selection.left_out[i]) {
            pg_decoder_leave_out(&source->decoder, i);
        }
    }
    return TIDE_OK;
}

static const char *source_position(void *state)
{
    struct pg_source *source = state;

    return pg_progress_text(&source->progress);
}

static const struct tide_source postgres_source = {
    .size = sizeof postgres_source,
    .flags = TIDE_SOURCE_INCREMENTAL | TIDE_SOURCE_RESUMABLE | TIDE_SOURCE_ORDERED |
             TIDE_SOURCE_SEES_LATE | TIDE_SOURCE_EXACT,
    .discover = tide_pg_discover,
    .open = pg_source_open,
    .read = source_read,
    .position = source_position,
    .close = pg_source_close,
    .leave_out = source_leave_out,
    .at_end = source_at_end,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "postgres", "1.0",
                     "Reads tables and views of a PostgreSQL database."),
    .options = pg_source_option_table,
    .options_size = sizeof(struct pg_source_options),
    .source = &postgres_source,
    .check = tide_pg_check,
};
