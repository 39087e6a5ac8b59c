/*
 * cast_from_text - strings read by the grammar of each type.
 *
 * This is the hot path from CSV to typed columns: one loop a type, with the parser
 * inlined into it and every value written to its place.
 */
#include <string.h>

#include "batch/bits.h"
#include "batch/cast_column.h"
#include "batch/encode.h"
#include "batch/json_check.h"

/* ---- values of a fixed width ---- */

typedef int (*parse_fn)(const char *text, size_t length, void *slot);

__attribute__((always_inline)) static inline int parse_each(struct tide_cast *cast,
                                                            parse_fn parse, size_t width)
{
    uint8_t *slot;
    int rc = tide_cast_reserve(cast, 0);

    slot = cast->out.values;
    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++, slot += width) {
        const char *text;
        size_t length;

        if (!tide_cast_is_live(cast, row)) {
            continue;
        }
        text = tide_cast_text(cast, row, &length);
        rc = parse(text, length, slot);
        if (rc != TIDE_OK) {
            rc = tide_cast_reject_text(cast, row, text, length, rc);
        }
    }
    return rc;
}

static inline int read_int64(const char *text, size_t length, void *slot)
{
    return tide_parse_int64(text, length, slot);
}

static inline int read_float64(const char *text, size_t length, void *slot)
{
    return tide_parse_float64(text, length, slot);
}

static inline int read_date(const char *text, size_t length, void *slot)
{
    return tide_parse_date(text, length, slot);
}

static inline int read_time(const char *text, size_t length, void *slot)
{
    return tide_parse_time(text, length, slot);
}

static inline int read_timestamp(const char *text, size_t length, void *slot)
{
    return tide_parse_timestamp(text, length, slot);
}

static inline int read_datetime(const char *text, size_t length, void *slot)
{
    return tide_parse_datetime(text, length, slot);
}

static int text_to_int64(struct tide_cast *cast)
{
    return parse_each(cast, read_int64, sizeof(int64_t));
}

static int text_to_float64(struct tide_cast *cast)
{
    return parse_each(cast, read_float64, sizeof(double));
}

static int text_to_date(struct tide_cast *cast)
{
    return parse_each(cast, read_date, sizeof(int32_t));
}

static int text_to_time(struct tide_cast *cast)
{
    return parse_each(cast, read_time, sizeof(int64_t));
}

static int text_to_timestamp(struct tide_cast *cast)
{
    return parse_each(cast, read_timestamp, sizeof(int64_t));
}

static int text_to_datetime(struct tide_cast *cast)
{
    return parse_each(cast, read_datetime, sizeof(int64_t));
}

static int text_to_bool(struct tide_cast *cast)
{
    int rc = tide_cast_reserve(cast, 0);

    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++) {
        const char *text;
        size_t length;
        bool value;

        if (!tide_cast_is_live(cast, row)) {
            continue;
        }
        text = tide_cast_text(cast, row, &length);
        rc = tide_parse_bool(text, length, &value);
        if (rc != TIDE_OK) {
            rc = tide_cast_reject_text(cast, row, text, length, rc);
        } else if (value) {
            tide_bit_set(cast->out.values, row);
        }
    }
    return rc;
}

/* ---- types that travel as text ---- */

typedef bool (*is_fn)(const char *text, size_t length);

/* The first row from `row` on whose value does not stand as the type wants it. */
__attribute__((always_inline)) static inline int64_t
next_odd(const struct tide_cast *cast, is_fn is, int64_t row)
{
    for (; row < cast->rows; row++) {
        size_t length;

        if (tide_cast_is_live(cast, row)) {
            const char *text = tide_cast_text(cast, row, &length);

            if (!is(text, length)) {
                break;
            }
        }
    }
    return row;
}

typedef int (*rewrite_fn)(const char *text, size_t length, char *out, size_t *out_length);

/* Write each value anew; `bytes` is room enough for all of them. */
__attribute__((always_inline)) static inline int
rewrite_each(struct tide_cast *cast, rewrite_fn rewrite, size_t bytes)
{
    int rc = tide_cast_reserve(cast, bytes);

    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++) {
        size_t written = 0;

        if (tide_cast_is_live(cast, row)) {
            size_t length;
            const char *text = tide_cast_text(cast, row, &length);

            rc = rewrite(text, length, tide_cast_text_end(cast), &written);
            if (rc != TIDE_OK) {
                rc = tide_cast_reject_text(cast, row, text, length, rc);
                written = 0;
            }
        }
        tide_cast_close_text(cast, row, written);
    }
    return rc;
}

/* Leave the values where they are if they stand as the type wants them, all but those
 * that are none of it at all; else write each anew. */
__attribute__((always_inline)) static inline int
keep_or_rewrite(struct tide_cast *cast, is_fn is, rewrite_fn rewrite, size_t bytes)
{
    int64_t row = next_odd(cast, is, 0);
    int rc = row < cast->rows ? tide_cast_reserve(cast, bytes) : TIDE_OK;

    while (rc == TIDE_OK && row < cast->rows) {
        size_t length, written;
        const char *text = tide_cast_text(cast, row, &length);

        rc = rewrite(text, length, tide_cast_text_end(cast), &written);
        if (rc == TIDE_OK) {
            return rewrite_each(cast, rewrite, bytes);
        }
        rc = tide_cast_reject_text(cast, row, text, length, rc);
        cast->live = cast->validity;
        row = next_odd(cast, is, row + 1);
    }
    cast->keep = true;
    return rc;
}

static inline int rewrite_uuid(const char *text, size_t length, char *out,
                               size_t *out_length)
{
    *out_length = 36;
    return tide_parse_uuid(text, length, out);
}

static inline int rewrite_bytes(const char *text, size_t length, char *out,
                                size_t *out_length)
{
    return tide_bytes_parse(text, length, (uint8_t *)out, out_length);
}

static int text_to_decimal(struct tide_cast *cast)
{
    return keep_or_rewrite(cast, tide_is_decimal, tide_parse_decimal,
                           tide_cast_text_size(cast) + 8 * (size_t)cast->rows);
}

static int text_to_uuid(struct tide_cast *cast)
{
    return keep_or_rewrite(cast, tide_is_uuid, rewrite_uuid, 36 * (size_t)cast->rows);
}

static int text_to_bytes(struct tide_cast *cast)
{
    return rewrite_each(cast, rewrite_bytes, tide_cast_text_size(cast));
}

/* The bytes stay as the source gave them; they are only checked. */
static int text_to_json(struct tide_cast *cast)
{
    int rc = TIDE_OK;

    cast->keep = true;
    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++) {
        if (tide_cast_is_live(cast, row)) {
            size_t length;
            const char *text = tide_cast_text(cast, row, &length);

            if (!tide_json_is_valid(text, length)) {
                rc = tide_cast_reject_text(cast, row, text, length, TIDE_E_DATA);
            }
        }
    }
    return rc;
}

tide_cast_fn tide_cast_from_text(int to)
{
    switch (to) {
    case TIDE_TYPE_BOOL:
        return text_to_bool;
    case TIDE_TYPE_INT64:
        return text_to_int64;
    case TIDE_TYPE_FLOAT64:
        return text_to_float64;
    case TIDE_TYPE_DECIMAL:
        return text_to_decimal;
    case TIDE_TYPE_BYTES:
        return text_to_bytes;
    case TIDE_TYPE_DATE:
        return text_to_date;
    case TIDE_TYPE_TIME:
        return text_to_time;
    case TIDE_TYPE_TIMESTAMP:
        return text_to_timestamp;
    case TIDE_TYPE_DATETIME:
        return text_to_datetime;
    case TIDE_TYPE_UUID:
        return text_to_uuid;
    case TIDE_TYPE_JSON:
        return text_to_json;
    default:
        return NULL;
    }
}
