/*
 * columns - the values of indexed rows, copied column by column into Arrow buffers.
 *
 * A column at a time, because its values are alike: whether they are quoted, null or
 * short is then well predicted, and each buffer is written from front to end.  Values are
 * copied in steps of 16 bytes, which may run past their end: every buffer involved has
 * TIDE_PADDING bytes to spare.
 */
#include "csv.h"
#include "quote.h"

/* The offsets of a column of text. */
static int32_t *offsets_of(const struct tide_builder *column)
{
    return (int32_t *)(void *)column->values;
}

static int reserve_data(struct tide_builder *column, size_t bytes)
{
    size_t wanted = column->data_capacity * 2 > bytes ? column->data_capacity * 2 : bytes;
    uint8_t *data;

    if (bytes > (size_t)INT32_MAX) {
        return TIDE_E_LIMIT;
    }
    wanted = wanted > (size_t)INT32_MAX ? (size_t)INT32_MAX : wanted;
    data = realloc(column->data, wanted + TIDE_PADDING);
    if (!data) {
        return TIDE_E_LIMIT;
    }
    column->data = data;
    column->data_capacity = wanted;
    return TIDE_OK;
}

static int start_column(struct tide_builder *column, int64_t rows, size_t bytes)
{
    if (!column->values) {
        column->values = malloc(((size_t)rows + 1) * sizeof(int32_t) + TIDE_PADDING);
        if (!column->values) {
            return TIDE_E_LIMIT;
        }
        offsets_of(column)[0] = 0;
        column->capacity = rows;
    }
    return column->data ? TIDE_OK : reserve_data(column, bytes);
}

int csv_columns_start(struct csv_decoder *decoder)
{
    int rc = TIDE_OK;

    for (size_t i = 0; i < decoder->schema.column_count && rc == TIDE_OK; i++) {
        rc = start_column(&decoder->columns[i], decoder->request.batch_rows,
                          decoder->expected[i]);
    }
    if (rc == TIDE_OK && !decoder->positions) {
        decoder->positions =
            malloc((size_t)decoder->request.batch_rows * sizeof *decoder->positions);
        rc = decoder->positions ? TIDE_OK : TIDE_E_LIMIT;
    }
    decoder->rows = 0;
    return rc;
}

static int mark_null(struct tide_builder *column, int64_t row)
{
    if (!column->validity) {
        size_t size = ((size_t)column->capacity + 7) / 8 + TIDE_PADDING;

        column->validity = malloc(size);
        if (!column->validity) {
            return TIDE_E_LIMIT;
        }
        memset(column->validity, 0xff, size);
    }
    column->validity[row >> 3] &= (uint8_t) ~(1u << (row & 7));
    column->null_count++;
    return TIDE_OK;
}

static inline void copy_short_steps(uint8_t *to, const uint8_t *from, size_t length)
{
    size_t done = 0;

    do {
        memcpy(to + done, from + done, 16);
        done += 16;
    } while (done < length);
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
    int64_t row = column->length;
    int rc = TIDE_OK;

    if (decoder->syntax.trim) {
        trim(&decoder->syntax, &from, &length);
    }
    if (length && *from == decoder->syntax.quote) {
        column->data_length += csv_unquote(column->data + column->data_length, from + 1,
                                           length - 2, decoder->syntax.quote);
    } else if (is_null(decoder, from, length)) {
        rc = mark_null(column, row);
    } else {
        copy_short_steps(column->data + column->data_length, from, length);
        column->data_length += length;
    }
    offsets_of(column)[row + 1] = (int32_t)column->data_length;
    column->length = row + 1;
    return rc;
}

static int append_run(const struct csv_decoder *decoder, struct tide_builder *column,
                      const struct csv_run *run, size_t c)
{
    size_t stride = decoder->schema.column_count;
    const uint32_t *separator = run->separators + c;
    bool ends_row = c + 1 == stride;

    for (int64_t i = 0; i < run->rows; i++, separator += stride) {
        uint32_t start = separator[0] + 1, end = separator[1];
        size_t length = end - start;
        int rc = TIDE_OK;

        if (ends_row && length && run->data[end - 1] == '\r') {
            length--;
        }
        if (length > column->data_capacity - column->data_length) {
            rc = reserve_data(column, column->data_length + length);
        }
        if (rc == TIDE_OK) {
            rc = append_field(decoder, column, run->data + start, length);
        }
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return TIDE_OK;
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
    int rc = TIDE_OK;

    if (length > column->data_capacity - column->data_length) {
        rc = reserve_data(column, column->data_length + length);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    if (field->quoted) {
        column->data_length += csv_unescape(column->data + column->data_length, from,
                                            length, &decoder->syntax);
    } else if (is_null(decoder, from, length)) {
        rc = mark_null(column, column->length);
    } else {
        memcpy(column->data + column->data_length, from, length);
        column->data_length += length;
    }
    offsets_of(column)[++column->length] = (int32_t)column->data_length;
    return rc;
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

/* Bits behind the last row, and the bytes that nothing was copied to. */
static void finish_column(struct tide_builder *column)
{
    memset(column->data + column->data_length, 0, TIDE_PADDING);
    for (int64_t i = column->length; column->validity && (i & 7); i++) {
        column->validity[i >> 3] &= (uint8_t) ~(1u << (i & 7));
    }
}

/* Rows of consecutive lines need no list: it is kept for the next batch. */
static void finish_positions(struct csv_decoder *decoder, struct tide_batch *batch)
{
    int64_t rows = decoder->rows;

    if (rows == 0) {
        return;
    }
    if (decoder->positions[rows - 1] - decoder->positions[0] == rows - 1) {
        batch->first_position = decoder->positions[0];
        return;
    }
    batch->positions = decoder->positions;
    decoder->positions = NULL;
}

int csv_columns_finish(struct csv_decoder *decoder, struct tide_batch *batch)
{
    size_t count = decoder->schema.column_count;
    int rc = tide_batch_init(batch, count, decoder->rows);

    for (size_t i = 0; i < count && rc == TIDE_OK; i++) {
        struct tide_builder *column = &decoder->columns[i];

        finish_column(column);
        decoder->expected[i] = column->data_length + column->data_length / 8 + 256;
        rc = tide_builder_finish(column, batch->array.children[i]);
    }
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
        return rc;
    }
    finish_positions(decoder, batch);
    batch->origin = decoder->request.origin;
    return TIDE_OK;
}
