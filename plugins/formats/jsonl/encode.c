/*
 * encode - batches written as JSON lines.
 *
 * Keys are put together once, with the comma in front and the colon behind.  A scan over
 * a column's whole data counts what must be escaped: a column without any is copied, and
 * the output's bound is known before the first row, so that nothing is checked on the
 * way.
 *
 *   - Decimals and JSON are written as they are; what JSON has no number for (NaN, the
 *     infinities) is a string, as are dates and times.  bytes are base64.
 *   - A line feed between the tokens of a JSON value becomes a blank.
 */
#include <tidemill/value.h>

#include "../../shared/format/build.h"
#include "../../shared/json/text.h"
#include "jsonl.h"

/* A column of the batch in hand. */
struct output {
    int type;
    bool plain;   /* no byte of its data needs another look */
    char *prefix; /* owned, padded: ,"name": */
    size_t prefix_length;
    const uint8_t *validity; /* NULL: no nulls */
    const void *values;
    const uint8_t *data;
};

struct encoder {
    const struct jsonl_options *options;
    const struct tide_schema *schema;
    struct output *outputs;
    uint8_t *buffer;
    size_t capacity;
    const struct tide_host *host;
    bool has_warned;
};

static int init_output(struct output *output, const struct tide_column *column)
{
    size_t length = strlen(column->name);
    uint8_t *at;

    output->type = column->type;
    output->prefix = malloc(6 * length + 4 + TIDE_PADDING);
    if (!output->prefix) {
        return TIDE_E_LIMIT;
    }
    at = (uint8_t *)output->prefix;
    *at++ = ',';
    *at++ = '"';
    at = json_escape_portable(at, (const uint8_t *)column->name, length);
    *at++ = '"';
    *at++ = ':';
    output->prefix_length = (size_t)(at - (uint8_t *)output->prefix);
    return TIDE_OK;
}

int jsonl_encoder_open(const void *options, const struct tide_schema *schema,
                       const struct tide_host *host, void **state, struct tide_error *err)
{
    struct encoder *encoder = calloc(1, sizeof *encoder);
    int rc = encoder ? TIDE_OK : TIDE_E_LIMIT;

    if (encoder) {
        encoder->host = host;
        encoder->options = options;
        encoder->schema = schema;
        encoder->outputs = calloc(schema->column_count + 1, sizeof *encoder->outputs);
        rc = encoder->outputs ? TIDE_OK : TIDE_E_LIMIT;
    }
    for (size_t i = 0; rc == TIDE_OK && i < schema->column_count; i++) {
        rc = init_output(&encoder->outputs[i], &schema->columns[i]);
    }
    if (rc != TIDE_OK) {
        jsonl_encoder_close(encoder);
        return tide_error_set(err, rc, "out of memory");
    }
    *state = encoder;
    return TIDE_OK;
}

void jsonl_encoder_close(void *state)
{
    struct encoder *encoder = state;

    if (!encoder) {
        return;
    }
    for (size_t i = 0; encoder->outputs && i < encoder->schema->column_count; i++) {
        free(encoder->outputs[i].prefix);
    }
    free(encoder->outputs);
    free(encoder->buffer);
    free(encoder);
}

int jsonl_encoder_begin(void *state, bool resumes, struct tide_error *err)
{
    (void)state;
    (void)resumes;
    (void)err;
    return TIDE_OK;
}

/* ---- values ---- */

static uint8_t *put_quoted(uint8_t *out, const uint8_t *from, size_t length, bool plain)
{
    *out++ = '"';
    if (plain) {
        build_copy(out, from, length);
        out += length;
    } else {
        out = json_escape(out, from, length);
    }
    *out++ = '"';
    return out;
}

static uint8_t *put_decimal(uint8_t *out, const uint8_t *from, size_t length)
{
    size_t first = length > 1 && from[0] == '-';

    if (length == 0 || from[first] < '0' || from[first] > '9' ||
        !tide_is_decimal((const char *)from, length)) {
        return put_quoted(out, from, length, false);
    }
    build_copy(out, from, length);
    return out + length;
}

/* Line feeds in valid JSON stand between tokens only. */
static uint8_t *put_json(uint8_t *out, const uint8_t *from, size_t length, bool plain)
{
    build_copy(out, from, length);
    for (size_t i = 0; !plain && i < length; i++) {
        if (out[i] == '\n' || out[i] == '\r') {
            out[i] = ' ';
        }
    }
    return out + length;
}

static uint8_t *put_base64(uint8_t *out, const uint8_t *from, size_t length)
{
    static const char digits[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    *out++ = '"';
    for (size_t i = 0; i < length; i += 3) {
        size_t left = length - i;
        uint32_t bits = (uint32_t)from[i] << 16 |
                        (left > 1 ? (uint32_t)from[i + 1] << 8 : 0) |
                        (left > 2 ? (uint32_t)from[i + 2] : 0);

        *out++ = (uint8_t)digits[bits >> 18];
        *out++ = (uint8_t)digits[bits >> 12 & 63];
        *out++ = left > 1 ? (uint8_t)digits[bits >> 6 & 63] : '=';
        *out++ = left > 2 ? (uint8_t)digits[bits & 63] : '=';
    }
    *out++ = '"';
    return out;
}

static uint8_t *put_variable(const struct output *output, int64_t row, uint8_t *out)
{
    const int32_t *offsets = output->values;
    const uint8_t *from = output->data + offsets[row];
    size_t length = (size_t)(offsets[row + 1] - offsets[row]);

    switch (output->type) {
    case TIDE_TYPE_DECIMAL:
        return put_decimal(out, from, length);
    case TIDE_TYPE_JSON:
        return put_json(out, from, length, output->plain);
    case TIDE_TYPE_BYTES:
        return put_base64(out, from, length);
    default:
        return put_quoted(out, from, length, output->plain);
    }
}

static uint8_t *put_float64(uint8_t *out, double value)
{
    size_t length = tide_format_float64((char *)out + 1, value);
    bool finite = value - value == 0;

    if (finite) {
        memmove(out, out + 1, length);
        return out + length;
    }
    out[0] = '"';
    out[length + 1] = '"';
    return out + length + 2;
}

static size_t format_time(const struct output *output, int64_t row, char *text)
{
    switch (output->type) {
    case TIDE_TYPE_DATE:
        return tide_format_date(text, ((const int32_t *)output->values)[row]);
    case TIDE_TYPE_TIME:
        return tide_format_time(text, ((const int64_t *)output->values)[row]);
    case TIDE_TYPE_TIMESTAMP:
        return tide_format_timestamp(text, ((const int64_t *)output->values)[row]);
    default:
        return tide_format_datetime(text, ((const int64_t *)output->values)[row]);
    }
}

static uint8_t *put_fixed(const struct output *output, int64_t row, uint8_t *out)
{
    switch (output->type) {
    case TIDE_TYPE_BOOL:
        return out + tide_format_bool((char *)out, tide_bit(output->values, row));
    case TIDE_TYPE_INT64:
        return out +
               tide_format_int64((char *)out, ((const int64_t *)output->values)[row]);
    case TIDE_TYPE_FLOAT64:
        return put_float64(out, ((const double *)output->values)[row]);
    default:
        out[0] = '"';
        out += format_time(output, row, (char *)out + 1) + 1;
        out[0] = '"';
        return out + 1;
    }
}

static inline bool is_null(const struct output *output, int64_t row)
{
    return output->type == TIDE_TYPE_NULL ||
           (output->validity && !tide_bit(output->validity, row));
}

static inline uint8_t *put_field(const struct encoder *encoder,
                                 const struct output *output, int64_t row, uint8_t *out)
{
    bool null = is_null(output, row);

    if (null && encoder->options->omit_nulls) {
        return out;
    }
    build_copy(out, (const uint8_t *)output->prefix, output->prefix_length);
    out += output->prefix_length;
    if (null) {
        memcpy(out, "null", 4);
        return out + 4;
    }
    return tide_type_is_variable(output->type) ? put_variable(output, row, out)
                                               : put_fixed(output, row, out);
}

static uint8_t *put_row(const struct encoder *encoder, int64_t row, uint8_t *out)
{
    uint8_t *start = out;

    for (size_t i = 0; i < encoder->schema->column_count; i++) {
        out = put_field(encoder, &encoder->outputs[i], row, out);
    }
    if (out == start) {
        out++;
    }
    *start = '{'; /* in the place of the first comma */
    *out++ = '}';
    *out++ = '\n';
    return out;
}

/* ---- batches ---- */

/* Bytes beyond its data that a text column may take for escapes; notes if there are
 * any. */
static size_t measure_text(struct output *output, size_t length)
{
    size_t special;

    switch (output->type) {
    case TIDE_TYPE_BYTES:
        return length / 3 + 1;
    case TIDE_TYPE_JSON:
        output->plain =
            !memchr(output->data, '\n', length) && !memchr(output->data, '\r', length);
        return 0;
    default:
        special = json_count_special(output->data, length);
        output->plain = special == 0;
        return 5 * special;
    }
}

/* Look at a column; returns its share of the output's bound. */
static size_t prepare_column(struct output *output, const struct ArrowArray *array,
                             int64_t rows)
{
    static const uint8_t nothing[TIDE_PADDING];
    size_t each = output->prefix_length + 8;
    size_t length;

    output->validity =
        array->n_buffers > 0 && array->null_count ? array->buffers[0] : NULL;
    output->values = array->n_buffers > 1 ? array->buffers[1] : NULL;
    output->data =
        array->n_buffers > 2 && array->buffers[2] ? array->buffers[2] : nothing;
    if (!tide_type_is_variable(output->type)) {
        return (each + TIDE_VALUE_TEXT_MAX) * (size_t)rows;
    }
    /* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): such a column has offsets */
    length = (size_t)((const int32_t *)output->values)[rows];
    return each * (size_t)rows + length + measure_text(output, length);
}

static int prepare(struct encoder *encoder, const struct tide_batch *batch)
{
    int64_t rows = batch->array.length;
    size_t size = 4 * (size_t)rows + TIDE_PADDING;

    for (size_t i = 0; rows > 0 && i < encoder->schema->column_count; i++) {
        size += prepare_column(&encoder->outputs[i], batch->array.children[i], rows);
    }
    if (size > encoder->capacity) {
        free(encoder->buffer);
        encoder->capacity = size + size / 8;
        encoder->buffer = malloc(encoder->capacity);
        if (!encoder->buffer) {
            encoder->capacity = 0;
            return TIDE_E_LIMIT;
        }
    }
    return TIDE_OK;
}

/* The one value that this format has no spelling of its own for. */
static bool has_json_null(const struct output *output, int64_t rows)
{
    const int32_t *offsets = output->values;

    if (!memmem(output->data, (size_t)offsets[rows], "null", 4)) {
        return false;
    }
    for (int64_t row = 0; row < rows; row++) {
        if (!is_null(output, row) && offsets[row + 1] - offsets[row] == 4 &&
            memcmp(output->data + offsets[row], "null", 4) == 0) {
            return true;
        }
    }
    return false;
}

static void warn_of_json_null(struct encoder *encoder, int64_t rows)
{
    for (size_t i = 0; i < encoder->schema->column_count && !encoder->has_warned; i++) {
        const struct tide_column *column = &encoder->schema->columns[i];
        char words[200];

        if (column->type == TIDE_TYPE_JSON && has_json_null(&encoder->outputs[i], rows)) {
            encoder->has_warned = true;
            (void)snprintf(words, sizeof words,
                           "the JSON null in column \"%.60s\" is written as null, which "
                           "reads back as a missing value",
                           column->name);
            encoder->host->log(encoder->host, TIDE_LOG_WARNING, words);
        }
    }
}

int jsonl_encode(void *state, const struct tide_batch *batch, const uint8_t **data,
                 size_t *length, struct tide_error *err)
{
    struct encoder *encoder = state;
    uint8_t *out;

    *length = 0;
    *data = encoder->buffer;
    if (!batch || batch->array.length == 0) {
        return TIDE_OK;
    }
    if (prepare(encoder, batch) != TIDE_OK) {
        return tide_error_memory(err);
    }
    warn_of_json_null(encoder, batch->array.length);
    out = encoder->buffer;
    for (int64_t row = 0; row < batch->array.length; row++) {
        out = put_row(encoder, row, out);
    }
    *data = encoder->buffer;
    *length = (size_t)(out - encoder->buffer);
    return TIDE_OK;
}
