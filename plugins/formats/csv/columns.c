/*
 * columns - the values of indexed rows, copied column by column into Arrow buffers.
 *
 * A column at a time, because its values are alike: whether they are quoted, null or
 * short is then well predicted, and each buffer is written from front to end.  Values are
 * copied in steps of 16 bytes, which may run past their end: every buffer involved has
 * TIDE_PADDING bytes to spare.
 */
#include "../../shared/format/build.h"
#include "csv.h"
#include "quote.h"

/* Each value of a row has a separator behind it, so that a span of few bytes, or of many
 * columns, has few rows; the last row may lack its line end. */
static int64_t most_rows(const struct csv_decoder *decoder, size_t length)
{
    size_t fit = length / decoder->schema.column_count + 1;

    return fit < (size_t)decoder->request.batch_rows ? (int64_t)fit
                                                     : decoder->request.batch_rows;
}

int csv_columns_start(struct csv_decoder *decoder, size_t length)
{
    int rc = TIDE_OK;

    decoder->most = most_rows(decoder, length);
    for (size_t i = 0; i < decoder->schema.column_count && rc == TIDE_OK; i++) {
        rc = build_start(&decoder->columns[i], decoder->most, decoder->expected[i]);
    }
    if (rc == TIDE_OK && !decoder->positions) {
        decoder->positions =
            malloc((size_t)decoder->request.batch_rows * sizeof *decoder->positions);
        rc = decoder->positions ? TIDE_OK : TIDE_E_LIMIT;
    }
    decoder->rows = 0;
    return rc;
}

static inline bool is_blank(const struct csv_syntax *syntax, uint8_t byte)
{
    return (byte == ' ' || byte == '\t') && byte != syntax->delimiter;
}

static void trim(const struct csv_syntax *syntax, const uint8_t **from, size_t *length)
{
    while (*length && is_blank(syntax, (*from)[*length - 1])) {
        (*length)--;
    }
    while (*length && is_blank(syntax, **from)) {
        (*from)++;
        (*length)--;
    }
}

static inline bool is_null(const struct csv_decoder *decoder, const uint8_t *from,
                           size_t length)
{
    return length == decoder->null_length &&
           (length == 0 || memcmp(from, decoder->options->null_string, length) == 0);
}

/* Append one field as it stands in the row; there is room for its bytes. */
static inline int append_field(const struct csv_decoder *decoder,
                               struct tide_builder *column, const uint8_t *from,
                               size_t length)
{
    uint8_t *to = column->data + column->data_length;

    if (decoder->syntax.trim) {
        trim(&decoder->syntax, &from, &length);
    }
    if (length && *from == decoder->syntax.quote) {
        column->data_length +=
            csv_unquote(to, from + 1, length - 2, decoder->syntax.quote);
    } else if (is_null(decoder, from, length)) {
        return tide_append_null(column);
    } else {
        build_copy(to, from, length);
        column->data_length += length;
    }
    build_end_text(column);
    return TIDE_OK;
}

/* A value of a run; its carriage return at the end of a line is none of it.  What stands
 * in front of the first field is -1, and wraps. */
static inline const uint8_t *value_at(const struct csv_run *run,
                                      const uint32_t *separator, bool ends_row,
                                      size_t *length)
{
    uint32_t start = separator[0] + 1, end = separator[1];

    *length = end - start - (ends_row && end > start && run->data[end - 1] == '\r');
    return run->data + start;
}

/* Append values from `row` on that are copied as they are; returns the first row whose
 * value is not: quoted, perhaps null, or one for which there is no room.  All that
 * changes is kept in locals: bytes that are written might else be any of it. */
static int64_t append_plain(const struct csv_decoder *decoder,
                            struct tide_builder *column, const struct csv_run *run,
                            size_t c, int64_t row)
{
    size_t stride = decoder->schema.column_count, null_length = decoder->null_length;
    const uint32_t *separator = run->separators + c + (size_t)row * stride;
    size_t used = column->data_length, capacity = column->data_capacity;
    int64_t at = column->length;
    int32_t *offsets = build_offsets(column);
    uint8_t *data = column->data, *validity = column->validity;
    uint8_t quote = decoder->syntax.quote;
    bool ends_row = c + 1 == stride;

    for (; row < run->rows; row++, separator += stride) {
        size_t length;
        const uint8_t *from = value_at(run, separator, ends_row, &length);

        if (length == null_length || *from == quote || length > capacity - used) {
            break;
        }
        build_copy(data + used, from, length);
        used += length;
        if (validity) {
            validity[at >> 3] |= (uint8_t)(1u << (at & 7));
        }
        offsets[++at] = (int32_t)used;
    }
    column->data_length = used;
    column->length = at;
    return row;
}

static int append_run(const struct csv_decoder *decoder, struct tide_builder *column,
                      const struct csv_run *run, size_t c)
{
    size_t stride = decoder->schema.column_count;
    int64_t row = 0;

    for (;; row++) {
        const uint8_t *from;
        size_t length;

        if (!decoder->syntax.trim) {
            row = append_plain(decoder, column, run, c, row);
        }
        if (row >= run->rows) {
            return TIDE_OK;
        }
        from = value_at(run, run->separators + c + (size_t)row * stride, c + 1 == stride,
                        &length);
        if (build_room(column, length) != TIDE_OK ||
            append_field(decoder, column, from, length) != TIDE_OK) {
            return TIDE_E_LIMIT;
        }
    }
}

int csv_columns_append(struct csv_decoder *decoder, const struct csv_run *run)
{
    int rc = TIDE_OK;

    for (size_t c = 0; c < decoder->schema.column_count && rc == TIDE_OK; c++) {
        rc = append_run(decoder, &decoder->columns[c], run, c);
    }
    decoder->rows += run->rows;
    return rc;
}

static int append_record_field(const struct csv_decoder *decoder,
                               struct tide_builder *column, const uint8_t *data,
                               const struct csv_field *field)
{
    const uint8_t *from = data + field->start;
    size_t length = field->end - field->start;

    if (build_room(column, length) != TIDE_OK) {
        return TIDE_E_LIMIT;
    }
    if (field->quoted) {
        column->data_length += csv_unescape(column->data + column->data_length, from,
                                            length, &decoder->syntax);
    } else if (is_null(decoder, from, length)) {
        return tide_append_null(column);
    } else {
        memcpy(column->data + column->data_length, from, length);
        column->data_length += length;
    }
    build_end_text(column);
    return TIDE_OK;
}

int csv_columns_append_record(struct csv_decoder *decoder, const uint8_t *data)
{
    int rc = TIDE_OK;

    for (size_t c = 0; c < decoder->schema.column_count && rc == TIDE_OK; c++) {
        rc = append_record_field(decoder, &decoder->columns[c], data,
                                 &decoder->record.fields[c]);
    }
    decoder->rows++;
    return rc;
}

int csv_columns_finish(struct csv_decoder *decoder, struct tide_batch *batch)
{
    size_t count = decoder->schema.column_count;
    int rc = tide_batch_init(batch, count, decoder->rows);

    for (size_t i = 0; i < count && rc == TIDE_OK; i++) {
        struct tide_builder *column = &decoder->columns[i];

        decoder->expected[i] = column->data_length + column->data_length / 8 + 256;
        rc = build_finish(column, batch->array.children[i]);
    }
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
        return rc;
    }
    build_positions(batch, &decoder->positions, decoder->rows);
    batch->origin = decoder->request.origin;
    batch->flags = TIDE_BATCH_WRITABLE;
    return TIDE_OK;
}
