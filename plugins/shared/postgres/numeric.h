/*
 * numeric - PostgreSQL's binary numeric and exact decimal text, each into the other.
 *
 * The wire form is a sign, a weight, a display scale and digits in base 10000, all
 * 16-bit big-endian.  No value is rounded and the number of decimals is kept.
 *
 * Layer: the postgres plugins' shared part; libc alone.
 */
#ifndef TIDE_POSTGRES_NUMERIC_H
#define TIDE_POSTGRES_NUMERIC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** What the server can hold: digits before and after the point. */
#define TIDE_PG_NUMERIC_WHOLE 131072
#define TIDE_PG_NUMERIC_DECIMALS 16383

/** Bytes that tide_pg_numeric_text() may write for these wire bytes; 0: not a numeric. */
size_t tide_pg_numeric_text_bound(const uint8_t *wire, size_t length);

/** Write the text of a numeric that has a bound; returns its length, not terminated. */
size_t tide_pg_numeric_text(const uint8_t *wire, char *text);

enum tide_pg_decimal_kind { TIDE_PG_FINITE, TIDE_PG_NAN, TIDE_PG_INFINITY };

/** Decimal text, taken apart.  Digits are counted from the first that is not 0. */
struct tide_pg_decimal {
    enum tide_pg_decimal_kind kind;
    bool negative;
    const char *mantissa; /**< borrowed: digits, with or without a point */
    size_t point;         /**< digits in front of the mantissa's point */
    size_t leading;       /**< zeros in front of the first digit */
    size_t count;         /**< digits up to the last that is not 0; 0 for zero */
    int64_t whole;    /**< of these, those of the value's whole part; below 0 for 0.0x */
    int64_t decimals; /**< behind the value's point as written: the display scale */
};

/** Take apart -12.50, 1e5, .5, NaN, Infinity, -inf; false: it is none. */
bool tide_pg_decimal_parse(const char *text, size_t length, struct tide_pg_decimal *out);

/** Bytes that tide_pg_numeric_wire() may write. */
size_t tide_pg_numeric_wire_bound(const struct tide_pg_decimal *decimal);

/** Write the wire form of a decimal whose digits are within the server's limits; returns
 * its length. */
size_t tide_pg_numeric_wire(const struct tide_pg_decimal *decimal, uint8_t *wire);

#endif
