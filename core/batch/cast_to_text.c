/*
 * cast_to_text - values of every type as strings, in their canonical text, and as JSON.
 */
#include <string.h>

#include "batch/cast_column.h"
#include "batch/encode.h"

/* ---- values of a fixed width ---- */

typedef size_t (*format_fn)(char *out, const struct ArrowArray *column, int64_t row);

__attribute__((always_inline)) static inline int
format_each(struct tide_cast *cast, format_fn format, bool quoted)
{
    int rc = tide_cast_reserve(cast, (size_t)cast->rows * (TIDE_VALUE_TEXT_MAX + 2));

    if (rc != TIDE_OK) {
        return rc;
    }
    for (int64_t row = 0; row < cast->rows; row++) {
        size_t length = 0;

        if (tide_cast_is_live(cast, row)) {
            char *at = tide_cast_text_end(cast);

            length = format(at + quoted, cast->in, row);
            if (quoted) {
                at[0] = '"';
                at[length + 1] = '"';
                length += 2;
            }
        }
        tide_cast_close_text(cast, row, length);
    }
    return TIDE_OK;
}

static inline size_t write_bool(char *out, const struct ArrowArray *column, int64_t row)
{
    return tide_format_bool(out, tide_array_bool(column, row));
}

static inline size_t write_int64(char *out, const struct ArrowArray *column, int64_t row)
{
    return tide_format_int64(out, tide_array_int64(column, row));
}

static inline size_t write_float64(char *out, const struct ArrowArray *column,
                                   int64_t row)
{
    return tide_format_float64(out, tide_array_float64(column, row));
}

/* NaN and the infinities are texts in JSON. */
static inline size_t write_json_float64(char *out, const struct ArrowArray *column,
                                        int64_t row)
{
    double value = tide_array_float64(column, row);
    size_t length;

    if (value - value == 0) {
        return tide_format_float64(out, value);
    }
    out[0] = '"';
    length = tide_format_float64(out + 1, value);
    out[length + 1] = '"';
    return length + 2;
}

static inline size_t write_date(char *out, const struct ArrowArray *column, int64_t row)
{
    return tide_format_date(out, tide_array_int32(column, row));
}

static inline size_t write_time(char *out, const struct ArrowArray *column, int64_t row)
{
    return tide_format_time(out, tide_array_int64(column, row));
}

static inline size_t write_timestamp(char *out, const struct ArrowArray *column,
                                     int64_t row)
{
    return tide_format_timestamp(out, tide_array_int64(column, row));
}

static inline size_t write_datetime(char *out, const struct ArrowArray *column,
                                    int64_t row)
{
    return tide_format_datetime(out, tide_array_int64(column, row));
}

static int bool_to_text(struct tide_cast *cast)
{
    return format_each(cast, write_bool, false);
}

static int int64_to_text(struct tide_cast *cast)
{
    return format_each(cast, write_int64, false);
}

static int float64_to_text(struct tide_cast *cast)
{
    return format_each(cast, write_float64, false);
}

static int float64_to_json(struct tide_cast *cast)
{
    return format_each(cast, write_json_float64, false);
}

static int date_to_text(struct tide_cast *cast)
{
    return format_each(cast, write_date, false);
}

static int time_to_text(struct tide_cast *cast)
{
    return format_each(cast, write_time, false);
}

static int timestamp_to_text(struct tide_cast *cast)
{
    return format_each(cast, write_timestamp, false);
}

static int datetime_to_text(struct tide_cast *cast)
{
    return format_each(cast, write_datetime, false);
}

static int date_to_json(struct tide_cast *cast)
{
    return format_each(cast, write_date, true);
}

static int time_to_json(struct tide_cast *cast)
{
    return format_each(cast, write_time, true);
}

static int timestamp_to_json(struct tide_cast *cast)
{
    return format_each(cast, write_timestamp, true);
}

static int datetime_to_json(struct tide_cast *cast)
{
    return format_each(cast, write_datetime, true);
}

/* ---- types that travel as text or bytes ---- */

typedef size_t (*show_fn)(const char *text, size_t length, char *out);

/* `factor` and `more` bound the text of n bytes: factor * n + more. */
__attribute__((always_inline)) static inline int
show_each(struct tide_cast *cast, show_fn show, size_t factor, size_t more)
{
    int rc = tide_cast_reserve(cast, factor * tide_cast_text_size(cast) +
                                         more * (size_t)cast->rows);

    if (rc != TIDE_OK) {
        return rc;
    }
    for (int64_t row = 0; row < cast->rows; row++) {
        size_t written = 0;

        if (tide_cast_is_live(cast, row)) {
            size_t length;
            const char *text = tide_cast_text(cast, row, &length);

            written = show(text, length, tide_cast_text_end(cast));
        }
        tide_cast_close_text(cast, row, written);
    }
    return TIDE_OK;
}

static inline size_t show_quoted(const char *text, size_t length, char *out)
{
    out[0] = '"';
    memcpy(out + 1, text, length);
    out[length + 1] = '"';
    return length + 2;
}

/* A decimal that is a number is its own JSON. */
static inline size_t show_decimal(const char *text, size_t length, char *out)
{
    if (length > 0 && text[length - 1] > '9') {
        return show_quoted(text, length, out);
    }
    memcpy(out, text, length);
    return length;
}

static inline size_t show_hex(const char *bytes, size_t length, char *out)
{
    tide_hex_encode((const uint8_t *)bytes, length, out);
    return tide_hex_size(length);
}

static inline size_t show_base64(const char *bytes, size_t length, char *out)
{
    size_t size = tide_base64_size(length);

    out[0] = '"';
    tide_base64_encode((const uint8_t *)bytes, length, out + 1);
    out[size + 1] = '"';
    return size + 2;
}

static int uuid_to_json(struct tide_cast *cast)
{
    return show_each(cast, show_quoted, 1, 2);
}

static int decimal_to_json(struct tide_cast *cast)
{
    return show_each(cast, show_decimal, 1, 2);
}

static int bytes_to_text(struct tide_cast *cast)
{
    return show_each(cast, show_hex, 2, 2);
}

static int bytes_to_json(struct tide_cast *cast)
{
    return show_each(cast, show_base64, 2, 6);
}

/* ---- the tables ---- */

/* NULL for those whose values are their own text. */
tide_cast_fn tide_cast_to_text(int from)
{
    switch (from) {
    case TIDE_TYPE_BOOL:
        return bool_to_text;
    case TIDE_TYPE_INT64:
        return int64_to_text;
    case TIDE_TYPE_FLOAT64:
        return float64_to_text;
    case TIDE_TYPE_BYTES:
        return bytes_to_text;
    case TIDE_TYPE_DATE:
        return date_to_text;
    case TIDE_TYPE_TIME:
        return time_to_text;
    case TIDE_TYPE_TIMESTAMP:
        return timestamp_to_text;
    case TIDE_TYPE_DATETIME:
        return datetime_to_text;
    default:
        return NULL;
    }
}

tide_cast_fn tide_cast_to_json(int from)
{
    switch (from) {
    case TIDE_TYPE_BOOL:
        return bool_to_text;
    case TIDE_TYPE_INT64:
        return int64_to_text;
    case TIDE_TYPE_FLOAT64:
        return float64_to_json;
    case TIDE_TYPE_DECIMAL:
        return decimal_to_json;
    case TIDE_TYPE_BYTES:
        return bytes_to_json;
    case TIDE_TYPE_DATE:
        return date_to_json;
    case TIDE_TYPE_TIME:
        return time_to_json;
    case TIDE_TYPE_TIMESTAMP:
        return timestamp_to_json;
    case TIDE_TYPE_DATETIME:
        return datetime_to_json;
    case TIDE_TYPE_UUID:
        return uuid_to_json;
    default:
        return NULL;
    }
}
