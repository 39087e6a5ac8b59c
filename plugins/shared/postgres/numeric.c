/*
 * numeric - PostgreSQL's binary numeric and exact decimal text, each into the other.
 */
#include "postgres/numeric.h"

#include <string.h>
#include <strings.h>

#define HEADER 8
#define GROUP 4 /* decimal digits in one of base 10000 */

enum { SIGN_PLUS = 0x0000, SIGN_MINUS = 0x4000, SIGN_NAN = 0xc000 };
enum { SIGN_INFINITY = 0xd000, SIGN_MINUS_INFINITY = 0xf000 };

/* An exponent beyond this is out of any range, and adds up without overflow. */
#define EXPONENT_END INT64_C(1000000000)

static uint16_t get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static uint8_t *put16(uint8_t *bytes, int64_t value)
{
    bytes[0] = (uint8_t)((uint64_t)value >> 8);
    bytes[1] = (uint8_t)value;
    return bytes + 2;
}

/* ---- wire to text ---------------------------------------------------------------- */

/* The name of what is no finite number; returns its length, 0 for one that is. */
static size_t put_special(char *out, uint16_t sign)
{
    const char *name = sign == SIGN_NAN              ? "NaN"
                       : sign == SIGN_INFINITY       ? "Infinity"
                       : sign == SIGN_MINUS_INFINITY ? "-Infinity"
                                                     : "";
    size_t length = strlen(name);

    for (size_t i = 0; i < length; i++) {
        out[i] = name[i];
    }
    return length;
}

/* Group i of a wire form; those that are not there are 0. */
static uint16_t group_at(const uint8_t *wire, int i)
{
    return i >= 0 && i < get16(wire) ? get16(wire + HEADER + (size_t)i * 2) : 0;
}

size_t tide_pg_numeric_text_bound(const uint8_t *wire, size_t length)
{
    int16_t weight;

    if (length < HEADER || length != HEADER + (size_t)get16(wire) * 2) {
        return 0;
    }
    weight = (int16_t)get16(wire + 2);
    return 16 + (weight > 0 ? (size_t)weight * GROUP : 0) + get16(wire + 6);
}

static char *put_group(char *out, uint16_t group)
{
    out[0] = (char)('0' + group / 1000);
    out[1] = (char)('0' + group / 100 % 10);
    out[2] = (char)('0' + group / 10 % 10);
    out[3] = (char)('0' + group % 10);
    return out + GROUP;
}

/* A group at the front: without its leading zeros. */
static char *put_first_group(char *out, uint16_t group)
{
    char digits[GROUP];
    size_t skip = 0;

    put_group(digits, group);
    while (skip < GROUP - 1 && digits[skip] == '0') {
        skip++;
    }
    memcpy(out, digits + skip, GROUP - skip);
    return out + GROUP - skip;
}

size_t tide_pg_numeric_text(const uint8_t *wire, char *text)
{
    int weight = (int16_t)get16(wire + 2);
    uint16_t sign = get16(wire + 4);
    size_t decimals = get16(wire + 6);
    size_t special = put_special(text, sign);
    char *out = text;

    if (special) {
        return special;
    }
    if (sign == SIGN_MINUS) {
        *out++ = '-';
    }
    out = put_first_group(out, weight >= 0 ? group_at(wire, 0) : 0);
    for (int i = 1; i <= weight; i++) {
        out = put_group(out, group_at(wire, i));
    }
    if (decimals > 0) {
        char *point = out;

        *out++ = '.';
        for (int i = weight + 1; out <= point + decimals; i++) {
            out = put_group(out, group_at(wire, i));
        }
        out = point + 1 + decimals;
    }
    return (size_t)(out - text);
}

/* ---- text to wire ---------------------------------------------------------------- */

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool parse_special(const char *text, size_t length, struct tide_pg_decimal *out)
{
    if (length == 3 && strncasecmp(text, "nan", 3) == 0) {
        out->kind = TIDE_PG_NAN;
        return !out->negative;
    }
    out->kind = TIDE_PG_INFINITY;
    return (length == 3 && strncasecmp(text, "inf", 3) == 0) ||
           (length == 8 && strncasecmp(text, "infinity", 8) == 0);
}

/* The number behind an e, up to end; false: there is none. */
static bool parse_exponent(const char *p, const char *end, int64_t *exponent)
{
    bool negative = p < end && *p == '-';
    int64_t value = 0;

    if (p < end && (*p == '-' || *p == '+')) {
        p++;
    }
    if (p == end) {
        return false;
    }
    for (; p < end; p++) {
        if (!is_digit(*p)) {
            return false;
        }
        value = value < EXPONENT_END ? value * 10 + (*p - '0') : EXPONENT_END;
    }
    *exponent = negative ? -value : value;
    return true;
}

/* The digit at index of the mantissa, counted without the point. */
static char digit_at(const struct tide_pg_decimal *decimal, size_t index)
{
    return decimal->mantissa[index < decimal->point ? index : index + 1];
}

/* Count what lies between the zeros in front and those behind. */
static void trim_zeros(struct tide_pg_decimal *out, size_t digits)
{
    size_t end = digits;

    while (out->leading < digits && digit_at(out, out->leading) == '0') {
        out->leading++;
    }
    while (end > out->leading && digit_at(out, end - 1) == '0') {
        end--;
    }
    out->count = end - out->leading;
}

bool tide_pg_decimal_parse(const char *text, size_t length, struct tide_pg_decimal *out)
{
    const char *end = text + length;
    const char *p = text;
    int64_t exponent = 0;
    size_t digits;
    size_t fraction = 0;

    memset(out, 0, sizeof *out);
    if (p < end && (*p == '-' || *p == '+')) {
        out->negative = *p++ == '-';
    }
    if (p < end && *p != '.' && !is_digit(*p)) {
        return parse_special(p, (size_t)(end - p), out);
    }
    out->mantissa = p;
    while (p < end && is_digit(*p)) {
        p++;
    }
    out->point = (size_t)(p - out->mantissa);
    if (p < end && *p == '.') {
        for (p++; p < end && is_digit(*p); p++) {
            fraction++;
        }
    }
    digits = out->point + fraction;
    if (digits == 0) {
        return false;
    }
    if (p < end && !((*p == 'e' || *p == 'E') && parse_exponent(p + 1, end, &exponent))) {
        return false;
    }
    trim_zeros(out, digits);
    out->whole = (int64_t)out->point + exponent - (int64_t)out->leading;
    out->decimals = (int64_t)fraction > exponent ? (int64_t)fraction - exponent : 0;
    return true;
}

size_t tide_pg_numeric_wire_bound(const struct tide_pg_decimal *decimal)
{
    return HEADER + (decimal->count / GROUP + 2) * 2;
}

static uint16_t special_sign(const struct tide_pg_decimal *decimal)
{
    if (decimal->kind == TIDE_PG_NAN) {
        return SIGN_NAN;
    }
    return decimal->negative ? SIGN_MINUS_INFINITY : SIGN_INFINITY;
}

/* Where the group of the first digit stands: the power of 10000 that it counts. */
static int64_t weight_of(int64_t whole)
{
    return whole > 0 ? (whole - 1) / GROUP : -((GROUP - whole) / GROUP);
}

/* The digits, `first` of them in the first group, zeros to fill the last one. */
static uint8_t *put_digits(const struct tide_pg_decimal *decimal, int64_t first,
                           uint8_t *out)
{
    int64_t left = first;
    int64_t group = 0;

    for (size_t i = 0; i < decimal->count; i++) {
        group = group * 10 + (digit_at(decimal, decimal->leading + i) - '0');
        if (--left == 0) {
            out = put16(out, group);
            group = 0;
            left = GROUP;
        }
    }
    if (left == GROUP || decimal->count == 0) {
        return out;
    }
    for (; left > 0; left--) {
        group *= 10;
    }
    return put16(out, group);
}

size_t tide_pg_numeric_wire(const struct tide_pg_decimal *decimal, uint8_t *wire)
{
    bool is_finite = decimal->kind == TIDE_PG_FINITE;
    int64_t weight = decimal->count > 0 ? weight_of(decimal->whole) : 0;
    bool is_minus = decimal->negative && decimal->count > 0;
    uint16_t sign = is_minus ? SIGN_MINUS : SIGN_PLUS;
    uint8_t *end = wire + HEADER;

    if (is_finite) {
        end = put_digits(decimal, decimal->whole - weight * GROUP, end);
    }
    put16(wire, (end - wire - HEADER) / 2);
    put16(wire + 2, is_finite ? weight : 0);
    put16(wire + 4, is_finite ? sign : special_sign(decimal));
    put16(wire + 6, is_finite ? decimal->decimals : 0);
    return (size_t)(end - wire);
}
