/*
 * decode - batches of rows from a stretch of JSON lines.
 */
#include <inttypes.h>
#include <tidemill/value.h>

#include "../../shared/format/build.h"
#include "../../shared/format/utf8.h"
#include "jsonl.h"

/* Rows to make room for in the first batch: more take room as they come, for a table may
 * have many columns and lines that are long. */
#define FIRST_ROWS 256

/* That bytes are UTF-8 is checked for so many at once. */
#define WINDOW ((size_t)65536)

int jsonl_decoder_open(const void *options, const struct tide_decoder_request *request,
                       const struct tide_host *host, void **state, struct tide_error *err)
{
    struct jsonl_decoder *decoder = calloc(1, sizeof *decoder);

    if (!decoder) {
        return tide_error_memory(err);
    }
    decoder->options = options;
    decoder->host = host;
    decoder->request = *request;
    decoder->line = 1;
    decoder->expected = FIRST_ROWS;
    *state = decoder;
    return TIDE_OK;
}

void jsonl_decoder_close(void *state)
{
    struct jsonl_decoder *decoder = state;

    if (!decoder) {
        return;
    }
    for (size_t i = 0; decoder->columns && i < decoder->schema.column_count; i++) {
        tide_builder_clear(&decoder->columns[i].builder);
        free(decoder->columns[i].quoted);
    }
    free(decoder->columns);
    free(decoder->positions);
    free(decoder->scratch);
    names_fini(&decoder->names);
    tide_schema_clear(&decoder->schema);
    free(decoder);
}

int jsonl_read_mark(const struct jsonl_decoder *decoder, const struct tide_span *span,
                    size_t *mark, struct tide_error *err)
{
    const uint8_t *data = span->data;

    *mark = 0;
    if (span->length >= 2 &&
        ((data[0] == 0xff && data[1] == 0xfe) || (data[0] == 0xfe && data[1] == 0xff))) {
        return tide_error_at(err, TIDE_E_DATA, decoder->request.origin,
                             "the file is in UTF-16 or UTF-32, as its byte order mark "
                             "says: convert it to UTF-8, for instance with iconv");
    }
    if (span->length >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0) {
        *mark = 3;
    }
    return TIDE_OK;
}

/* ---- leaving and going on ---- */

/* The mark is the number of the line to read next. */
int jsonl_decoder_mark(void *state, int64_t *mark)
{
    const struct jsonl_decoder *decoder = state;

    if (decoder->skipping) {
        return TIDE_MORE;
    }
    *mark = decoder->line;
    return TIDE_OK;
}

int jsonl_decoder_resume(void *state, int64_t mark, struct tide_error *err)
{
    struct jsonl_decoder *decoder = state;

    if (mark < 1) {
        return tide_error_set(err, TIDE_E_DATA, "there is no line %" PRId64, mark);
    }
    decoder->line = mark;
    decoder->started = true;
    return TIDE_OK;
}

/* ---- batches ---- */

static int start_batch(struct jsonl_decoder *decoder)
{
    int64_t rows = decoder->request.batch_rows;
    int rc = TIDE_OK;

    decoder->room = decoder->expected < rows ? decoder->expected : rows;
    for (size_t i = 0; i < decoder->schema.column_count && rc == TIDE_OK; i++) {
        struct jsonl_column *column = &decoder->columns[i];

        rc = build_start(&column->builder, decoder->room, column->expected);
    }
    if (rc == TIDE_OK && !decoder->positions) {
        decoder->positions = malloc((size_t)rows * sizeof *decoder->positions);
        rc = decoder->positions ? TIDE_OK : TIDE_E_LIMIT;
    }
    decoder->rows = 0;
    return rc;
}

int jsonl_grow(struct jsonl_decoder *decoder)
{
    int64_t most = decoder->request.batch_rows;
    int64_t room = decoder->room < most / 2 ? decoder->room * 2 : most;
    int rc = TIDE_OK;

    for (size_t i = 0; i < decoder->schema.column_count && rc == TIDE_OK; i++) {
        rc = tide_builder_reserve(&decoder->columns[i].builder, room, 0);
    }
    decoder->room = room;
    return rc;
}

static int finish_batch(struct jsonl_decoder *decoder, struct tide_batch *batch)
{
    size_t count = decoder->schema.column_count;
    int rc = tide_batch_init(batch, count, decoder->rows);

    for (size_t i = 0; i < count && rc == TIDE_OK; i++) {
        struct jsonl_column *column = &decoder->columns[i];
        size_t length = column->builder.data_length;

        column->expected = length + length / 8 + 256;
        rc = build_finish(&column->builder, batch->array.children[i]);
    }
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
        return rc;
    }
    decoder->expected = decoder->rows + decoder->rows / 8 + 1;
    build_positions(batch, &decoder->positions, decoder->rows);
    batch->origin = decoder->request.origin;
    batch->flags = TIDE_BATCH_WRITABLE;
    return TIDE_OK;
}

/* ---- lines ---- */

/* A span on its way through the decoder. */
struct walk {
    const struct tide_span *span;
    size_t pos;     /* of the next line */
    size_t checked; /* up to here, whether it is UTF-8 is known */
    bool is_utf8;
};

static size_t shown_length(const uint8_t *data, size_t length)
{
    return length && data[length - 1] == '\r' ? length - 1 : length;
}

/* Check the lines that begin within a window from here, as one. */
static void check_utf8(struct walk *walk, size_t line_end)
{
    const uint8_t *data = walk->span->data + walk->pos;
    size_t length = walk->span->length - walk->pos;
    const uint8_t *last;

    if (line_end <= walk->checked) {
        return;
    }
    length = length < WINDOW ? length : WINDOW;
    last = memrchr(data, '\n', length);
    walk->checked = last ? (size_t)(last - walk->span->data) : line_end;
    if (walk->checked < line_end) {
        walk->checked = line_end;
    }
    walk->is_utf8 = utf8_is_valid(data, walk->checked - walk->pos);
}

static int reject_long(struct jsonl_decoder *decoder, const struct jsonl_line *line,
                       struct tide_error *err)
{
    return jsonl_reject(decoder, line, err, "row_too_long",
                        "the line is longer than max_row_size (%" PRId64 " bytes)",
                        decoder->options->max_row_size);
}

/* The rest of the span holds no line feed. */
static int read_rest(struct jsonl_decoder *decoder, struct walk *walk, size_t *length,
                     struct tide_error *err)
{
    struct jsonl_line line = {.data = walk->span->data + walk->pos,
                              .length = walk->span->length - walk->pos};

    *length = line.length;
    if (walk->span->last) {
        return TIDE_OK;
    }
    if ((int64_t)line.length <= decoder->options->max_row_size) {
        decoder->searched = line.length;
        return TIDE_MORE;
    }
    decoder->skipping = true;
    walk->pos = walk->span->length;
    return reject_long(decoder, &line, err);
}

static int read_one(struct jsonl_decoder *decoder, struct walk *walk, size_t length,
                    struct tide_error *err)
{
    const uint8_t *data = walk->span->data + walk->pos;
    struct jsonl_line line = {.data = data, .length = shown_length(data, length)};

    if ((int64_t)length > decoder->options->max_row_size) {
        return reject_long(decoder, &line, err);
    }
    check_utf8(walk, walk->pos + length);
    return jsonl_read_line(decoder, &line, walk->is_utf8, err);
}

static int next_line(struct jsonl_decoder *decoder, struct walk *walk,
                     struct tide_error *err)
{
    const struct tide_span *span = walk->span;
    const uint8_t *data = span->data + walk->pos;
    size_t left = span->length - walk->pos;
    const uint8_t *end = memchr(data + decoder->searched, '\n', left - decoder->searched);
    size_t length = end ? (size_t)(end - data) : left;
    int rc = TIDE_OK;

    decoder->searched = 0;
    if (!end && !decoder->skipping) {
        rc = read_rest(decoder, walk, &length, err);
        if (rc != TIDE_OK || decoder->skipping) {
            return rc;
        }
    }
    if (!decoder->skipping) {
        rc = read_one(decoder, walk, length, err);
    }
    walk->pos += length + (end != NULL);
    decoder->line += end != NULL;
    decoder->skipping = decoder->skipping && !end;
    return rc;
}

static bool is_full(const struct jsonl_decoder *decoder, size_t pos)
{
    return decoder->rows >= decoder->request.batch_rows ||
           (int64_t)pos >= decoder->request.batch_bytes;
}

int jsonl_decode(void *state, const struct tide_span *span, size_t *consumed,
                 struct tide_batch *batch, struct tide_error *err)
{
    struct jsonl_decoder *decoder = state;
    struct walk walk = {.span = span};
    int rc = TIDE_OK;

    *consumed = 0;
    if (start_batch(decoder) != TIDE_OK) {
        return tide_error_memory(err);
    }
    if (!decoder->started) {
        rc = jsonl_read_mark(decoder, span, &walk.pos, err);
        decoder->started = rc == TIDE_OK && (span->length >= 3 || span->last);
    }
    while (rc == TIDE_OK && walk.pos < span->length && !is_full(decoder, walk.pos)) {
        rc = next_line(decoder, &walk, err);
    }
    if (rc < 0) {
        return rc;
    }
    if (decoder->rows == 0 && walk.pos == 0) {
        return span->last && span->length == 0 ? TIDE_END : TIDE_MORE;
    }
    *consumed = walk.pos;
    if (finish_batch(decoder, batch) != TIDE_OK) {
        return tide_error_memory(err);
    }
    return TIDE_OK;
}
