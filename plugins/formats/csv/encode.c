/*
 * encode - batches written as CSV.
 *
 * One scan over a column's whole data tells which of its values, if any, need quotes;
 * the rows are then put together without looking at a byte twice.  The output's bound is
 * reserved beforehand, so that nothing is checked on the way.
 *
 *   - null is null_string, unquoted; an empty text is a pair of quotes.
 *   - A value that reads as null_string is quoted.
 *   - bytes are written as PostgreSQL does: \x and hexadecimal digits.
 */
#include <tidemill/value.h>

#include "csv.h"
#include "quote.h"

/* A column of the batch in hand. */
struct output {
    int type;
    const uint8_t *validity; /* NULL: no nulls */
    const void *values;
    const uint8_t *data;
    uint8_t *marks; /* owned: of each row, whether its text needs quotes */
    size_t capacity;
    bool marked; /* some of marks are set */
};

struct csv_encoder {
    const struct csv_options *options;
    const struct tide_schema *schema;
    struct csv_syntax syntax;
    size_t null_length;
    struct output *outputs;
    uint8_t *buffer;
    size_t capacity;
    bool header_due;
    bool odd_syntax; /* numbers and dates may hold the delimiter or the quote */
};

int csv_encoder_open(const void *options, const struct tide_schema *schema,
                     const struct tide_host *host, void **state, struct tide_error *err)
{
    static const char plain[] = "0123456789abcdefghijklmnopqrstuvwxyz"
                                "ABCDEFGHIJKLMNOPQRSTUVWXYZ+-.:\\ ";
    struct csv_encoder *encoder = calloc(1, sizeof *encoder);
    int rc;

    (void)host;
    if (!encoder) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    encoder->options = options;
    encoder->schema = schema;
    encoder->null_length = strlen(encoder->options->null_string);
    encoder->header_due = encoder->options->header;
    encoder->outputs = calloc(schema->column_count + 1, sizeof *encoder->outputs);
    rc = encoder->outputs ? csv_syntax_init(options, &encoder->syntax, err)
                          : tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    if (rc != TIDE_OK) {
        csv_encoder_close(encoder);
        return rc;
    }
    encoder->odd_syntax = strchr(plain, encoder->syntax.delimiter) != NULL ||
                          strchr(plain, encoder->syntax.quote) != NULL;
    *state = encoder;
    return TIDE_OK;
}

void csv_encoder_close(void *state)
{
    struct csv_encoder *encoder = state;

    if (!encoder) {
        return;
    }
    for (size_t i = 0; encoder->outputs && i < encoder->schema->column_count; i++) {
        free(encoder->outputs[i].marks);
    }
    free(encoder->outputs);
    free(encoder->buffer);
    free(encoder);
}

int csv_encoder_begin(void *state, bool resumes, struct tide_error *err)
{
    struct csv_encoder *encoder = state;

    (void)err;
    encoder->header_due = encoder->options->header && !resumes;
    return TIDE_OK;
}

static int reserve(struct csv_encoder *encoder, size_t size)
{
    if (size + TIDE_PADDING > encoder->capacity) {
        free(encoder->buffer);
        encoder->capacity = size + size / 8 + TIDE_PADDING;
        encoder->buffer = malloc(encoder->capacity);
        if (!encoder->buffer) {
            encoder->capacity = 0;
            return TIDE_E_LIMIT;
        }
    }
    return TIDE_OK;
}

/* ---- values ---- */

static uint8_t *put_escaped(uint8_t *out, const uint8_t *from, size_t length,
                            const struct csv_syntax *syntax)
{
    if (syntax->escape == syntax->quote) {
        return out + csv_double(out, from, length, syntax->quote);
    }
    for (size_t i = 0; i < length; i++) {
        if (from[i] == syntax->quote || from[i] == syntax->escape) {
            *out++ = syntax->escape;
        }
        *out++ = from[i];
    }
    return out;
}

static uint8_t *put_quoted(uint8_t *out, const uint8_t *from, size_t length,
                           const struct csv_syntax *syntax)
{
    *out++ = syntax->quote;
    out = put_escaped(out, from, length, syntax);
    *out++ = syntax->quote;
    return out;
}

static inline uint8_t *put_plain(uint8_t *out, const uint8_t *from, size_t length)
{
    size_t done = 0;

    do {
        memcpy(out + done, from + done, 16);
        done += 16;
    } while (done < length);
    return out + length;
}

static inline bool reads_as_null(const struct csv_encoder *encoder, const uint8_t *from,
                                 size_t length)
{
    return length == encoder->null_length &&
           memcmp(from, encoder->options->null_string, length) == 0;
}

static uint8_t *put_null(const struct csv_encoder *encoder, uint8_t *out)
{
    memcpy(out, encoder->options->null_string, encoder->null_length);
    return out + encoder->null_length;
}

static inline uint8_t *put_text(const struct csv_encoder *encoder,
                                const struct output *output, int64_t row, uint8_t *out)
{
    const int32_t *offsets = output->values;
    const uint8_t *from = output->data + offsets[row];
    size_t length = (size_t)(offsets[row + 1] - offsets[row]);

    if (length == 0) {
        out[0] = encoder->syntax.quote;
        out[1] = encoder->syntax.quote;
        return out + 2;
    }
    if ((output->marked && output->marks[row]) || reads_as_null(encoder, from, length)) {
        return put_quoted(out, from, length, &encoder->syntax);
    }
    return put_plain(out, from, length);
}

static uint8_t *put_bytes(const struct csv_encoder *encoder, const struct output *output,
                          int64_t row, uint8_t *out)
{
    static const char digits[] = "0123456789abcdef";
    const int32_t *offsets = output->values;
    uint8_t *at = out;

    (void)encoder;
    *at++ = '\\';
    *at++ = 'x';
    for (int32_t i = offsets[row]; i < offsets[row + 1]; i++) {
        *at++ = (uint8_t)digits[output->data[i] >> 4];
        *at++ = (uint8_t)digits[output->data[i] & 15];
    }
    return at;
}

static size_t format_fixed(const struct output *output, int64_t row, char *text)
{
    switch (output->type) {
    case TIDE_TYPE_BOOL:
        return tide_format_bool(text, tide_bit(output->values, row));
    case TIDE_TYPE_INT64:
        return tide_format_int64(text, ((const int64_t *)output->values)[row]);
    case TIDE_TYPE_FLOAT64:
        return tide_format_float64(text, ((const double *)output->values)[row]);
    case TIDE_TYPE_DATE:
        return tide_format_date(text, ((const int32_t *)output->values)[row]);
    case TIDE_TYPE_TIME:
        return tide_format_time(text, ((const int64_t *)output->values)[row]);
    case TIDE_TYPE_TIMESTAMP:
        return tide_format_timestamp(text, ((const int64_t *)output->values)[row]);
    case TIDE_TYPE_DATETIME:
        return tide_format_datetime(text, ((const int64_t *)output->values)[row]);
    default:
        return 0;
    }
}

/* A text that has just been put at `at`, for which nothing was marked. */
static uint8_t *quote_if_needed(const struct csv_encoder *encoder, uint8_t *at,
                                uint8_t *end)
{
    const struct csv_syntax *syntax = &encoder->syntax;
    size_t length = (size_t)(end - at);
    uint8_t *copy;

    if (!reads_as_null(encoder, at, length) &&
        (!encoder->odd_syntax || csv_next_special(at, end, syntax) == end)) {
        return end;
    }
    copy = at + 2 * length + 2;
    memcpy(copy, at, length);
    return put_quoted(at, copy, length, syntax);
}

static inline uint8_t *put_value(const struct csv_encoder *encoder,
                                 const struct output *output, int64_t row, uint8_t *out)
{
    uint8_t *end;

    if (output->type == TIDE_TYPE_NULL ||
        (output->validity && !tide_bit(output->validity, row))) {
        return put_null(encoder, out);
    }
    if (output->type == TIDE_TYPE_BYTES) {
        end = put_bytes(encoder, output, row, out);
    } else if (tide_type_is_variable(output->type)) {
        return put_text(encoder, output, row, out);
    } else {
        end = out + format_fixed(output, row, (char *)out);
    }
    return encoder->odd_syntax || encoder->null_length
               ? quote_if_needed(encoder, out, end)
               : end;
}

static uint8_t *put_line_end(const struct csv_encoder *encoder, uint8_t *out)
{
    if (encoder->options->line_ending == CSV_CRLF) {
        *out++ = '\r';
    }
    *out++ = '\n';
    return out;
}

/* ---- the header ---- */

static size_t header_bound(const struct csv_encoder *encoder)
{
    size_t bound = 2;

    for (size_t i = 0; i < encoder->schema->column_count; i++) {
        bound += 2 * strlen(encoder->schema->columns[i].name) + 3;
    }
    return bound;
}

static uint8_t *put_name(uint8_t *out, const char *name, const struct csv_syntax *syntax)
{
    char special[] = {(char)syntax->delimiter, (char)syntax->quote, '\r', '\n', '\0'};
    bool quoted = name[strcspn(name, special)] != '\0';

    if (quoted) {
        *out++ = syntax->quote;
    }
    for (const char *at = name; *at; at++) {
        uint8_t byte = (uint8_t)*at;

        if (quoted && (byte == syntax->quote || byte == syntax->escape)) {
            *out++ = syntax->escape;
        }
        *out++ = byte;
    }
    if (quoted) {
        *out++ = syntax->quote;
    }
    return out;
}

static uint8_t *put_header(const struct csv_encoder *encoder, uint8_t *out)
{
    for (size_t i = 0; i < encoder->schema->column_count; i++) {
        if (i > 0) {
            *out++ = encoder->syntax.delimiter;
        }
        out = put_name(out, encoder->schema->columns[i].name, &encoder->syntax);
    }
    return put_line_end(encoder, out);
}

/* ---- batches ---- */

/* Mark the values that hold special bytes.  Returns their length in all, or -1 when
 * memory is out. */
static int64_t mark_column(const struct csv_encoder *encoder, struct output *output,
                           int64_t rows)
{
    const int32_t *offsets = output->values;
    const uint8_t *end = output->data + offsets[rows];
    const uint8_t *at = csv_next_special(output->data, end, &encoder->syntax);
    int64_t row = 0, marked = 0;

    output->marked = at < end;
    if (!output->marked) {
        return 0;
    }
    if ((size_t)rows > output->capacity) {
        free(output->marks);
        output->capacity = (size_t)rows;
        output->marks = malloc(output->capacity);
        if (!output->marks) {
            output->capacity = 0;
            return -1;
        }
    }
    memset(output->marks, 0, (size_t)rows);
    while (at < end) {
        while (output->data + offsets[row + 1] <= at) {
            row++;
        }
        output->marks[row] = 1;
        marked += offsets[row + 1] - offsets[row];
        at = csv_next_special(output->data + offsets[row + 1], end, &encoder->syntax);
    }
    return marked;
}

/* Look at a column; its share of the output's bound is added to *bound. */
static int prepare_column(struct csv_encoder *encoder, struct output *output,
                          const struct ArrowArray *array, int64_t rows, size_t *bound)
{
    static const uint8_t nothing[TIDE_PADDING];
    size_t each = encoder->null_length + 3;
    int64_t marked = 0;

    output->validity =
        array->n_buffers > 0 && array->null_count ? array->buffers[0] : NULL;
    output->values = array->n_buffers > 1 ? array->buffers[1] : NULL;
    output->data =
        array->n_buffers > 2 && array->buffers[2] ? array->buffers[2] : nothing;
    output->marked = false;
    if (output->type == TIDE_TYPE_BYTES) {
        *bound += 6 * (size_t)((const int32_t *)output->values)[rows];
        each += 16;
    } else if (tide_type_is_variable(output->type)) {
        marked = mark_column(encoder, output, rows);
        *bound += (size_t)((const int32_t *)output->values)[rows];
    } else {
        each += (size_t)TIDE_VALUE_TEXT_MAX * 3;
    }
    if (marked < 0) {
        return TIDE_E_LIMIT;
    }
    *bound += (size_t)marked + each * (size_t)rows;
    return TIDE_OK;
}

static int prepare(struct csv_encoder *encoder, const struct tide_batch *batch)
{
    int64_t rows = batch->array.length;
    size_t bound = header_bound(encoder) + 2 * (size_t)rows;
    int rc = TIDE_OK;

    for (size_t i = 0; rows > 0 && i < encoder->schema->column_count && rc == TIDE_OK;
         i++) {
        encoder->outputs[i].type = encoder->schema->columns[i].type;
        rc = prepare_column(encoder, &encoder->outputs[i], batch->array.children[i], rows,
                            &bound);
    }
    return rc == TIDE_OK ? reserve(encoder, bound) : rc;
}

static uint8_t *put_rows(const struct csv_encoder *encoder, int64_t rows, uint8_t *out)
{
    size_t count = encoder->schema->column_count;

    for (int64_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < count; i++) {
            if (i > 0) {
                *out++ = encoder->syntax.delimiter;
            }
            out = put_value(encoder, &encoder->outputs[i], row, out);
        }
        out = put_line_end(encoder, out);
    }
    return out;
}

int csv_encode(void *state, const struct tide_batch *batch, const uint8_t **data,
               size_t *length, struct tide_error *err)
{
    struct csv_encoder *encoder = state;
    int rc = batch ? prepare(encoder, batch) : reserve(encoder, header_bound(encoder));
    uint8_t *out = encoder->buffer;

    if (rc != TIDE_OK) {
        return tide_error_set(err, rc, "out of memory");
    }
    if (encoder->header_due && encoder->schema->column_count) {
        out = put_header(encoder, out);
        encoder->header_due = false;
    }
    if (batch) {
        out = put_rows(encoder, batch->array.length, out);
    }
    *data = encoder->buffer;
    *length = (size_t)(out - encoder->buffer);
    return TIDE_OK;
}
