/*
 * encode_rows - the rows of a batch, value by value.
 *
 *   - null is null_string, unquoted; an empty text is a pair of quotes.
 *   - A value that reads as null_string is quoted, or as the end of a COPY.
 *   - bytes are written as PostgreSQL does: \x and hexadecimal digits.
 */
#include <tidemill/value.h>

#include "../../shared/format/build.h"
#include "encode.h"
#include "quote.h"

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
                                const struct csv_output *output, int64_t row,
                                uint8_t *out)
{
    const int32_t *offsets = output->values;
    const uint8_t *from = output->data + offsets[row];
    size_t length = (size_t)(offsets[row + 1] - offsets[row]);

    if (length == 0) {
        out[0] = encoder->syntax.quote;
        out[1] = encoder->syntax.quote;
        return out + 2;
    }
    if ((output->marked && output->marks[row]) || reads_as_null(encoder, from, length) ||
        csv_ends_copy(encoder, from, length)) {
        return put_quoted(out, from, length, &encoder->syntax);
    }
    build_copy(out, from, length);
    return out + length;
}

static uint8_t *put_bytes(const struct csv_output *output, int64_t row, uint8_t *out)
{
    static const char digits[] = "0123456789abcdef";
    const int32_t *offsets = output->values;
    uint8_t *at = out;

    *at++ = '\\';
    *at++ = 'x';
    for (int32_t i = offsets[row]; i < offsets[row + 1]; i++) {
        *at++ = (uint8_t)digits[output->data[i] >> 4];
        *at++ = (uint8_t)digits[output->data[i] & 15];
    }
    return at;
}

static size_t format_fixed(const struct csv_output *output, int64_t row, char *text)
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

/* Most values are this. */
static inline uint8_t *put_plain(const struct csv_output *output, int64_t row,
                                 uint8_t quote, uint8_t *out)
{
    const int32_t *offsets = output->values;
    size_t length = (size_t)(offsets[row + 1] - offsets[row]);

    if (length == 0) {
        out[0] = out[1] = quote;
        return out + 2;
    }
    build_copy(out, output->data + offsets[row], length);
    return out + length;
}

static inline uint8_t *put_value(const struct csv_encoder *encoder,
                                 const struct csv_output *output, int64_t row,
                                 uint8_t *out)
{
    uint8_t *end;

    if (output->type == TIDE_TYPE_NULL ||
        (output->validity && !tide_bit(output->validity, row))) {
        return put_null(encoder, out);
    }
    if (output->type == TIDE_TYPE_BYTES) {
        end = put_bytes(output, row, out);
    } else if (tide_type_is_variable(output->type)) {
        return put_text(encoder, output, row, out);
    } else {
        end = out + format_fixed(output, row, (char *)out);
    }
    return encoder->odd_syntax || encoder->null_length
               ? quote_if_needed(encoder, out, end)
               : end;
}

uint8_t *csv_put_rows(const struct csv_encoder *encoder, int64_t rows, uint8_t *out)
{
    size_t count = encoder->schema->column_count;

    for (int64_t row = 0; row < rows; row++) {
        for (size_t i = 0; i < count; i++) {
            if (i > 0) {
                *out++ = encoder->syntax.delimiter;
            }
            out = encoder->outputs[i].is_plain
                      ? put_plain(&encoder->outputs[i], row, encoder->syntax.quote, out)
                      : put_value(encoder, &encoder->outputs[i], row, out);
        }
        out = csv_put_line_end(encoder, out);
    }
    return out;
}
