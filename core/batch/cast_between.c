/*
 * cast_between - numbers as other numbers and days as instants: exactly, or not at all.
 *
 * A float64 holds a decimal exactly when writing it gives the same digits back: 0.1 does,
 * 0.12345678901234567890 does not.
 */
#include <string.h>

#include "batch/cast_column.h"

/* ---- int64 and float64 ---- */

#define TWO_TO_63 9223372036854775808.0

static bool int64_as_float64(int64_t value, double *out)
{
    double number = (double)value;

    *out = number;
    return number < TWO_TO_63 && (int64_t)number == value;
}

static bool float64_as_int64(double value, int64_t *out)
{
    if (!(value >= -TWO_TO_63 && value < TWO_TO_63) || (double)(int64_t)value != value) {
        return false;
    }
    *out = (int64_t)value;
    return true;
}

static int int64_to_float64(struct tide_cast *cast)
{
    const int64_t *from = cast->in->buffers[1];
    double *to;
    int rc = tide_cast_reserve(cast, 0);

    to = (double *)(void *)cast->out.values;
    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++) {
        if (tide_cast_is_live(cast, row) && !int64_as_float64(from[row], &to[row])) {
            rc = tide_cast_reject(cast, row, "range",
                                  "%lld has more digits than a float64 keeps",
                                  (long long)from[row]);
        }
    }
    return rc;
}

static int float64_to_int64(struct tide_cast *cast)
{
    const double *from = cast->in->buffers[1];
    int64_t *to;
    int rc = tide_cast_reserve(cast, 0);

    to = (int64_t *)(void *)cast->out.values;
    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++) {
        if (tide_cast_is_live(cast, row) && !float64_as_int64(from[row], &to[row])) {
            char text[TIDE_VALUE_TEXT_MAX];
            size_t length = tide_format_float64(text, from[row]);

            rc = tide_cast_reject(cast, row, "range", "%.*s is no whole number of int64",
                                  (int)length, text);
        }
    }
    return rc;
}

/* ---- decimals ---- */

/* Length of the text up to its exponent, which is 0 when none is written; one that is
 * beyond all sense is cut to a billion. */
static size_t split_exponent(const char *text, size_t length, int64_t *exponent)
{
    const char *e = memchr(text, 'e', length);

    if (!e) {
        e = memchr(text, 'E', length);
    }
    *exponent = 0;
    if (!e) {
        return length;
    }
    if (tide_parse_int64(e + 1, length - (size_t)(e - text) - 1, exponent) != TIDE_OK ||
        *exponent > 1000000000 || *exponent < -1000000000) {
        *exponent = e[1] == '-' ? -1000000000 : 1000000000;
    }
    return (size_t)(e - text);
}

/* Append a digit to a number that is kept below 0, where int64 reaches further. */
static bool append_digit(int64_t *value, unsigned digit)
{
    return !__builtin_mul_overflow(*value, 10, value) &&
           !__builtin_sub_overflow(*value, (int64_t)digit, value);
}

/* `whole` digits stand before the decimal point, be they written or not; all behind it
 * must be 0. */
static int whole_digits(const char *text, size_t length, int64_t whole, int64_t *out)
{
    int64_t value = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned digit = tide_digit_(text[i]);

        if (text[i] == '.') {
            continue;
        }
        if (whole > 0 ? !append_digit(&value, digit) : digit != 0) {
            return TIDE_E_LIMIT;
        }
        whole--;
    }
    for (; whole > 0 && value != 0; whole--) {
        if (!append_digit(&value, 0)) {
            return TIDE_E_LIMIT;
        }
    }
    *out = value;
    return TIDE_OK;
}

static int decimal_as_int64(const char *text, size_t length, void *slot)
{
    bool negative = length > 0 && text[0] == '-';
    int64_t exponent, value, *out = slot;
    const char *point;
    int rc;

    if (!tide_is_decimal(text, length) || text[length - 1] > '9') {
        return TIDE_E_LIMIT; /* NaN, Infinity */
    }
    text += negative;
    length = split_exponent(text, length - negative, &exponent);
    point = memchr(text, '.', length);
    rc = whole_digits(text, length,
                      exponent + (int64_t)(point ? (size_t)(point - text) : length),
                      &value);
    if (rc != TIDE_OK || (!negative && value == INT64_MIN)) {
        return TIDE_E_LIMIT;
    }
    *out = negative ? value : -value;
    return TIDE_OK;
}

/* Take a number apart into its digits, without zeros at the end, and its exponent; false
 * when it has more than nineteen digits. */
static bool take_apart(const char *text, size_t length, struct tide_decimal_ *parts)
{
    unsigned seen = 0;

    if (!tide_scan_decimal_(text, length, parts)) {
        return false;
    }
    for (size_t i = 0; i < length && (text[i] | 0x20) != 'e' && parts->count > 19; i++) {
        unsigned digit = tide_digit_(text[i]);

        if (digit <= 9 && (seen > 0 || digit > 0) && ++seen > 19 && digit != 0) {
            return false;
        }
    }
    while (parts->digits != 0 && parts->digits % 10 == 0) {
        parts->digits /= 10;
        parts->exponent++;
    }
    return true;
}

static int decimal_as_float64(const char *text, size_t length, void *slot)
{
    struct tide_decimal_ parts, back;
    char again[TIDE_VALUE_TEXT_MAX];
    double value, *out = slot;
    int rc = tide_parse_float64(text, length, &value);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (value - value == 0) {
        if (!take_apart(text, length, &parts)) {
            return TIDE_E_LIMIT;
        }
        if (parts.digits > UINT64_C(999999999999999) || value * value == 0) {
            length = tide_format_float64(again, value);
            if (!take_apart(again, length, &back) || back.digits != parts.digits ||
                (parts.digits != 0 && back.exponent != parts.exponent)) {
                return TIDE_E_LIMIT;
            }
        }
    }
    *out = value;
    return TIDE_OK;
}

typedef int (*read_fn)(const char *text, size_t length, void *slot);

/* Both targets are 8 bytes wide. */
__attribute__((always_inline)) static inline int read_decimals(struct tide_cast *cast,
                                                               read_fn read)
{
    uint8_t *slot;
    int rc = tide_cast_reserve(cast, 0);

    slot = cast->out.values;
    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++, slot += 8) {
        if (tide_cast_is_live(cast, row)) {
            size_t length;
            const char *text = tide_cast_text(cast, row, &length);

            rc = read(text, length, slot);
            if (rc != TIDE_OK) {
                rc = tide_cast_reject_text(cast, row, text, length, TIDE_E_LIMIT);
            }
        }
    }
    return rc;
}

static int decimal_to_int64(struct tide_cast *cast)
{
    return read_decimals(cast, decimal_as_int64);
}

static int decimal_to_float64(struct tide_cast *cast)
{
    return read_decimals(cast, decimal_as_float64);
}

/* ---- days and instants ---- */

static int date_to_instant(struct tide_cast *cast)
{
    const int32_t *from = cast->in->buffers[1];
    int64_t *to;
    int rc = tide_cast_reserve(cast, 0);

    to = (int64_t *)(void *)cast->out.values;
    for (int64_t row = 0; row < cast->rows && rc == TIDE_OK; row++) {
        int32_t days = from[row];

        if (!tide_cast_is_live(cast, row)) {
            continue;
        }
        if (days == TIDE_DATE_INFINITY || days == TIDE_DATE_MINUS_INFINITY) {
            to[row] = days > 0 ? TIDE_INSTANT_INFINITY : TIDE_INSTANT_MINUS_INFINITY;
        } else if (__builtin_mul_overflow((int64_t)days, TIDE_DAY_US, &to[row])) {
            char text[TIDE_VALUE_TEXT_MAX];

            to[row] = 0;
            rc = tide_cast_reject_text(cast, row, text, tide_format_date(text, days),
                                       TIDE_E_LIMIT);
        }
    }
    return rc;
}

tide_cast_fn tide_cast_between(int from, int to)
{
    if (from == TIDE_TYPE_INT64 && to == TIDE_TYPE_FLOAT64) {
        return int64_to_float64;
    }
    if (from == TIDE_TYPE_FLOAT64 && to == TIDE_TYPE_INT64) {
        return float64_to_int64;
    }
    if ((from == TIDE_TYPE_INT64 || from == TIDE_TYPE_FLOAT64) &&
        to == TIDE_TYPE_DECIMAL) {
        return tide_cast_to_text(from); /* the text of a number is a decimal */
    }
    if (from == TIDE_TYPE_DECIMAL && to == TIDE_TYPE_INT64) {
        return decimal_to_int64;
    }
    if (from == TIDE_TYPE_DECIMAL && to == TIDE_TYPE_FLOAT64) {
        return decimal_to_float64;
    }
    if (from == TIDE_TYPE_DATE &&
        (to == TIDE_TYPE_TIMESTAMP || to == TIDE_TYPE_DATETIME)) {
        return date_to_instant;
    }
    return NULL;
}
