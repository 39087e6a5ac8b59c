/*
 * decode - batches of rows from a stretch of CSV.
 *
 * Window by window: index, check, copy by columns.  Where a window has no complete plain
 * row at its front, one record is read by the full rules, and the windows go on behind
 * it.  A row that cannot be used is rejected with its bytes; the others are not held up.
 */
#include <inttypes.h>
#include <tidemill/value.h>

#include "../../shared/format/utf8.h"
#include "csv.h"

static const uint8_t *find_line_end(const uint8_t *data, size_t length)
{
    return memchr(data, '\n', length);
}

int64_t csv_count_lines(const uint8_t *data, size_t length)
{
    const uint8_t *end = data + length;
    int64_t lines = 0;

    for (;;) {
        const uint8_t *line = find_line_end(data, (size_t)(end - data));

        if (!line) {
            return lines;
        }
        lines++;
        data = line + 1;
    }
}

/* ---- opening and closing ---- */

int csv_decoder_open(const void *options, const struct tide_decoder_request *request,
                     const struct tide_host *host, void **state, struct tide_error *err)
{
    struct csv_decoder *decoder = calloc(1, sizeof *decoder);
    int rc;

    if (!decoder) {
        return tide_error_memory(err);
    }
    decoder->options = options;
    decoder->host = host;
    decoder->request = *request;
    decoder->line = 1;
    decoder->null_length = strlen(decoder->options->null_string);
    rc = csv_syntax_init(options, &decoder->syntax, err);
    if (rc == TIDE_OK && csv_index_init(&decoder->index) != TIDE_OK) {
        rc = tide_error_memory(err);
    }
    if (rc != TIDE_OK) {
        csv_decoder_close(decoder);
        return rc;
    }
    *state = decoder;
    return TIDE_OK;
}

void csv_decoder_close(void *state)
{
    struct csv_decoder *decoder = state;

    if (!decoder) {
        return;
    }
    for (size_t i = 0; decoder->columns && i < decoder->schema.column_count; i++) {
        tide_builder_clear(&decoder->columns[i]);
    }
    free(decoder->columns);
    free(decoder->expected);
    free(decoder->positions);
    csv_index_fini(&decoder->index);
    csv_record_fini(&decoder->record);
    tide_schema_clear(&decoder->schema);
    free(decoder);
}

/* ---- leaving and going on ---- */

/* The mark is the number of the line to read next. */
int csv_decoder_mark(void *state, int64_t *mark)
{
    const struct csv_decoder *decoder = state;

    if (decoder->skipping) {
        return TIDE_MORE;
    }
    *mark = decoder->line;
    return TIDE_OK;
}

int csv_decoder_resume(void *state, int64_t mark, struct tide_error *err)
{
    struct csv_decoder *decoder = state;

    if (mark < 1) {
        return tide_error_set(err, TIDE_E_DATA, "there is no line %" PRId64, mark);
    }
    decoder->line = mark;
    decoder->started = true;
    csv_record_reset(&decoder->record);
    return TIDE_OK;
}

/* ---- plain rows, a window at a time ---- */

static size_t row_start(const struct csv_index *index, size_t row)
{
    return index->separators[index->rows[row]] + 1u;
}

static size_t row_end(const struct csv_index *index, size_t row)
{
    return index->separators[index->rows[row + 1]];
}

static size_t row_fields(const struct csv_index *index, size_t row)
{
    return index->rows[row + 1] - index->rows[row];
}

static bool is_blank_row(const struct csv_index *index, const uint8_t *data, size_t row)
{
    size_t length = row_end(index, row) - row_start(index, row);

    return row_fields(index, row) == 1 &&
           (length == 0 || (length == 1 && data[row_start(index, row)] == '\r'));
}

/* The column whose value is not UTF-8, or TIDE_NO_COLUMN. */
static size_t find_bad_column(const struct csv_index *index, const uint8_t *data,
                              size_t row)
{
    const uint32_t *separator = index->separators + index->rows[row];

    for (size_t c = 0; c < row_fields(index, row); c++) {
        size_t start = separator[c] + 1u;

        if (!tide_is_utf8(data + start, separator[c + 1] - start)) {
            return c;
        }
    }
    return TIDE_NO_COLUMN;
}

/* A window on its way through the columns. */
struct window {
    const uint8_t *data;
    size_t rows;   /* that may be taken */
    size_t row;    /* next */
    size_t quoted; /* next of index->quoted_lines */
    bool is_utf8;  /* all of it */
};

/* Lines of the row at hand, which is passed by. */
static int64_t pass_lines(const struct csv_index *index, struct window *window)
{
    size_t end = row_end(index, window->row);
    int64_t lines = 1;

    while (window->quoted < index->quoted_count &&
           index->quoted_lines[window->quoted] < end) {
        window->quoted++;
        lines++;
    }
    return lines;
}

/* Reject the row at hand, or pass it by if it is blank; 0 is returned for a good row. */
static int judge_row(struct csv_decoder *decoder, struct window *window, bool *good,
                     struct tide_error *err)
{
    const struct csv_index *index = &decoder->index;
    size_t start = row_start(index, window->row);
    size_t length =
        csv_shown_length(window->data + start, row_end(index, window->row) - start);
    size_t fields = row_fields(index, window->row);
    size_t bad;

    *good = false;
    if (fields != decoder->schema.column_count) {
        return is_blank_row(index, window->data, window->row)
                   ? TIDE_OK
                   : csv_reject_ragged(decoder, window->data + start, length, fields,
                                       err);
    }
    if (!window->is_utf8) {
        bad = find_bad_column(index, window->data, window->row);
        if (bad != TIDE_NO_COLUMN) {
            return csv_reject_utf8(decoder, window->data + start, length, bad, err);
        }
    }
    *good = true;
    return TIDE_OK;
}

static int flush_run(struct csv_decoder *decoder, const struct window *window,
                     size_t first)
{
    const struct csv_index *index = &decoder->index;
    struct csv_run run = {.data = window->data,
                          .separators = index->separators + index->rows[first],
                          .rows = (int64_t)(window->row - first)};

    return run.rows ? csv_columns_append(decoder, &run) : TIDE_OK;
}

/* Take the rows of the window: good ones in runs, for the columns to copy. */
static int take_rows(struct csv_decoder *decoder, struct window *window,
                     struct tide_error *err)
{
    size_t first = window->row;
    int rc = TIDE_OK;

    for (; window->row < window->rows; window->row++) {
        bool good;

        rc = judge_row(decoder, window, &good, err);
        if (rc != TIDE_OK) {
            return rc;
        }
        if (good) {
            int64_t row = decoder->rows + (int64_t)(window->row - first);

            decoder->positions[row] = decoder->line;
        } else {
            rc = flush_run(decoder, window, first);
            first = window->row + 1;
        }
        if (rc != TIDE_OK) {
            return tide_error_set(err, rc, "out of memory");
        }
        decoder->line += pass_lines(&decoder->index, window);
    }
    rc = flush_run(decoder, window, first);
    return rc == TIDE_OK ? rc : tide_error_set(err, rc, "out of memory");
}

/* Index the next window and take its rows; *taken: the bytes that are done with. */
static int decode_window(struct csv_decoder *decoder, const struct tide_span *span,
                         size_t pos, size_t *taken, struct tide_error *err)
{
    const struct csv_index *index = &decoder->index;
    size_t left = span->length - pos;
    size_t room = (size_t)(decoder->most - decoder->rows);
    struct window window = {.data = span->data + pos, .is_utf8 = true};
    int rc;

    *taken = 0;
    if (decoder->syntax.escape != decoder->syntax.quote) {
        return TIDE_OK;
    }
    csv_scan(window.data, left < CSV_WINDOW ? left : CSV_WINDOW, &decoder->syntax,
             &decoder->index);
    window.rows = index->row_count < room ? index->row_count : room;
    if (window.rows == 0) {
        return TIDE_OK;
    }
    *taken = row_end(index, window.rows - 1) + 1;
    if (!index->ascii) {
        window.is_utf8 = utf8_is_valid(window.data, *taken);
    }
    rc = take_rows(decoder, &window, err);
    return rc;
}

/* ---- batches ---- */

/* Pass what stands in front of the first row. */
static int pass_lead(struct csv_decoder *decoder, const struct tide_span *span,
                     size_t *pos)
{
    if (decoder->started) {
        return TIDE_OK;
    }
    if (span->length < decoder->lead) {
        return TIDE_MORE;
    }
    *pos = decoder->lead;
    decoder->line = 1 + decoder->lead_lines;
    decoder->started = true;
    csv_record_reset(&decoder->record);
    return TIDE_OK;
}

static void skip_line(struct csv_decoder *decoder, const struct tide_span *span,
                      size_t *pos)
{
    const uint8_t *line = find_line_end(span->data + *pos, span->length - *pos);

    if (line) {
        *pos = (size_t)(line - span->data) + 1;
        decoder->skipping = false;
        decoder->line++;
    } else {
        *pos = span->length;
    }
}

static int decode_some(struct csv_decoder *decoder, const struct tide_span *span,
                       size_t *pos, struct tide_error *err)
{
    size_t taken;
    int rc;

    if (decoder->skipping) {
        skip_line(decoder, span, pos);
        return TIDE_OK;
    }
    rc = decode_window(decoder, span, *pos, &taken, err);
    *pos += taken;
    if (taken > 0) {
        csv_record_reset(&decoder->record); /* it may have been waiting for more */
    } else if (rc == TIDE_OK) {
        rc = csv_decode_record(decoder, span, pos, err);
    }
    return rc;
}

static bool is_full(const struct csv_decoder *decoder, size_t pos)
{
    return decoder->rows >= decoder->most || (int64_t)pos >= decoder->request.batch_bytes;
}

/* A file without a first record has no columns; all it can hold is blank lines. */
static int decode_nothing(const struct tide_span *span, size_t *consumed)
{
    *consumed = span->length;
    if (span->length) {
        return TIDE_OK;
    }
    return span->last ? TIDE_END : TIDE_MORE;
}

int csv_decode(void *state, const struct tide_span *span, size_t *consumed,
               struct tide_batch *batch, struct tide_error *err)
{
    struct csv_decoder *decoder = state;
    size_t pos = 0;
    int rc;

    *consumed = 0;
    if (decoder->schema.column_count == 0) {
        return decode_nothing(span, consumed);
    }
    if (csv_columns_start(decoder, span->length) != TIDE_OK) {
        return tide_error_memory(err);
    }
    rc = pass_lead(decoder, span, &pos);
    while (rc == TIDE_OK && pos < span->length && !is_full(decoder, pos)) {
        rc = decode_some(decoder, span, &pos, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (decoder->rows == 0 && pos == 0) {
        return span->last && span->length == 0 ? TIDE_END : TIDE_MORE;
    }
    *consumed = pos;
    if (csv_columns_finish(decoder, batch) != TIDE_OK) {
        return tide_error_memory(err);
    }
    return TIDE_OK;
}
