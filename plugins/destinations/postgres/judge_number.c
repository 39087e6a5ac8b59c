/*
 * judge_number - whether a type of numbers keeps one as it is.
 */
#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <tidemill/value.h>

#include "judge_item.h"
#include "postgres/numeric.h"

const char *pg_judge_decimal(const struct tide_pg_type *type, const char *text,
                             size_t length)
{
    struct tide_pg_decimal decimal;

    if (!tide_pg_decimal_parse(text, length, &decimal)) {
        return pg_type;
    }
    if (decimal.kind != TIDE_PG_FINITE) {
        return decimal.kind == TIDE_PG_INFINITY && type->precision ? pg_range : NULL;
    }
    if (decimal.whole > TIDE_PG_NUMERIC_WHOLE ||
        decimal.decimals > TIDE_PG_NUMERIC_DECIMALS) {
        return pg_range;
    }
    if (type->precision && decimal.count > 0) {
        if (decimal.whole > type->precision - type->scale) {
            return pg_range;
        }
        if ((int64_t)decimal.count - decimal.whole > type->scale) {
            return pg_precision;
        }
    }
    return NULL;
}

/* Whether the shortest text that is read as this real says the same as a double. */
static bool is_shortest(float narrow, double value)
{
    int least = fpclassify(narrow) == FP_SUBNORMAL ? 1 : FLT_DIG;
    char text[32];

    for (int digits = least; digits <= FLT_DECIMAL_DIG; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, (double)narrow);
        if (strtof(text, NULL) == narrow) {
            return strtod(text, NULL) == value;
        }
    }
    return false;
}

const char *pg_judge_float4(double value)
{
    float narrow;

    if (!isfinite(value)) {
        return NULL;
    }
    if (fabs(value) > (double)FLT_MAX * 1.0000001) {
        return pg_range;
    }
    narrow = (float)value;
    if ((double)narrow == value) {
        return NULL;
    }
    if (isinf(narrow) || fpclassify(narrow) == FP_ZERO) {
        return pg_range;
    }
    return is_shortest(narrow, value) ? NULL : pg_precision;
}

/* Digit i of those that count. */
static char digit_at(const struct tide_pg_decimal *decimal, size_t i)
{
    i += decimal->leading;
    return decimal->mantissa[i < decimal->point ? i : i + 1];
}

/* Whether two finite decimals are one number. */
static bool is_equal(const struct tide_pg_decimal *a, const struct tide_pg_decimal *b)
{
    bool is_same =
        a->count == b->count &&
        (a->count == 0 || (a->whole == b->whole && a->negative == b->negative));

    for (size_t i = 0; is_same && i < a->count; i++) {
        is_same = digit_at(a, i) == digit_at(b, i);
    }
    return is_same;
}

/* A double holds a text when it is written with the same digits. */
const char *pg_judge_float(bool is_narrow, const char *text, size_t length)
{
    char written[TIDE_VALUE_TEXT_MAX];
    struct tide_pg_decimal given, held;
    double value;

    if (!tide_pg_decimal_parse(text, length, &given)) {
        return pg_type;
    }
    if (given.kind != TIDE_PG_FINITE) {
        return NULL;
    }
    if (tide_parse_float64(text, length, &value) != TIDE_OK || !isfinite(value)) {
        return pg_range;
    }
    if (!tide_pg_decimal_parse(written, tide_format_float64(written, value), &held) ||
        !is_equal(&given, &held)) {
        return pg_precision;
    }
    return is_narrow ? pg_judge_float4(value) : NULL;
}

/* Digits alone, and no more than a number of so many bits has: signs and other bases
 * wrap around, or are taken for 0. */
const char *pg_judge_whole(uint64_t most, const char *text, size_t length)
{
    uint64_t value = 0;

    for (size_t i = 0; i < length; i++) {
        unsigned digit = tide_digit_(text[i]);

        if (digit > 9 || (i > 0 && value == 0) ||
            __builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, digit, &value)) {
            return pg_range;
        }
    }
    return length > 0 && value <= most ? NULL : pg_range;
}

size_t pg_count_digits(const char *text, const char *end, const char **rest)
{
    size_t digits = 0;
    const char *at = text;

    for (; at < end && tide_digit_(*at) <= 9; at++) {
        if (*at != '0') {
            digits = (size_t)(at - text) + 1;
        }
    }
    *rest = at;
    return digits;
}

/* Cents are kept, whatever stands around them. */
const char *pg_judge_money(const char *text, size_t length)
{
    const char *point = memchr(text, '.', length);
    const char *rest;

    return point && pg_count_digits(point + 1, text + length, &rest) > 2 ? pg_precision
                                                                         : NULL;
}
