/*
 * value - the text of every type: how values are written, and how they are read back.
 *
 * Exact, independent of the locale, and made to be called millions of times a second.
 * Format functions write at most TIDE_VALUE_TEXT_MAX bytes, without terminator, and
 * return how many.  Parse functions take exactly `length` bytes, no blanks around them,
 * and return TIDE_OK, TIDE_E_DATA for a text that is no value of the type, or
 * TIDE_E_LIMIT for one that the type cannot hold; *out is set on TIDE_OK alone.
 */
#ifndef TIDEMILL_VALUE_H
#define TIDEMILL_VALUE_H

#include <tidemill/calendar.h>
#include <tidemill/float64.h>
#include <tidemill/number.h>
#include <tidemill/utf8.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- decimals ---- */

/** Whether the text is a decimal as batches carry it: a number in JSON's grammar (-12.50,
 * 1e5), or NaN, Infinity, -Infinity. */
static inline bool tide_is_decimal(const char *text, size_t length)
{
    size_t i = length > 0 && text[0] == '-' ? 1 : 0;
    size_t start = i;

    while (i < length && tide_digit_(text[i]) <= 9) {
        i++;
    }
    if (i == start) {
        return (length - i == 8 && memcmp(text + i, "Infinity", 8) == 0) ||
               (length == 3 && memcmp(text, "NaN", 3) == 0);
    }
    if (text[start] == '0' && i > start + 1) {
        return false;
    }
    if (i < length && text[i] == '.') {
        start = ++i;
        while (i < length && tide_digit_(text[i]) <= 9) {
            i++;
        }
        if (i == start) {
            return false;
        }
    }
    if (i < length && (text[i] == 'e' || text[i] == 'E')) {
        i++;
        if (i < length && (text[i] == '-' || text[i] == '+')) {
            i++;
        }
        start = i;
        while (i < length && tide_digit_(text[i]) <= 9) {
            i++;
        }
        if (i == start) {
            return false;
        }
    }
    return i == length;
}

/**
 * Read a decimal more freely written (+5, .5, 5., 007, inf, nan) and write it as
 * tide_is_decimal() wants it; no digit that counts is added or lost.  out holds
 * length + 8 bytes.
 */
static inline int tide_parse_decimal(const char *text, size_t length, char *out,
                                     size_t *out_length)
{
    struct tide_decimal_ decimal;
    double special;
    char *at = out;
    size_t i = 0;

    if (tide_is_decimal(text, length)) {
        memcpy(out, text, length);
        *out_length = length;
        return TIDE_OK;
    }
    if (!tide_scan_decimal_(text, length, &decimal)) {
        if (tide_parse_not_finite_(text, length, &special) != TIDE_OK) {
            return TIDE_E_DATA;
        }
        *out_length = tide_format_float64(out, special);
        return TIDE_OK;
    }
    if (text[0] == '-' || text[0] == '+') {
        i = 1;
    }
    if (decimal.negative) {
        *at++ = '-';
    }
    while (i + 1 < length && text[i] == '0' && tide_digit_(text[i + 1]) <= 9) {
        i++;
    }
    if (text[i] == '.') {
        *at++ = '0';
    }
    for (; i < length; i++) {
        if (text[i] == '.' && (i + 1 == length || tide_digit_(text[i + 1]) > 9)) {
            continue;
        }
        *at++ = text[i];
    }
    *out_length = (size_t)(at - out);
    return TIDE_OK;
}

/* ---- uuids ---- */

/* The value of a hexadecimal digit, or 16. */
static inline unsigned tide_hex_digit_(char c)
{
    unsigned digit = tide_digit_(c);
    unsigned letter = ((unsigned)(uint8_t)c | 0x20) - 'a';

    return digit <= 9 ? digit : letter <= 5 ? letter + 10 : 16;
}

/** 32 hexadecimal digits, hyphens after the 8th, 12th, 16th and 20th or none at all,
 * braces around it or none; out is 36 characters, lower case. */
static inline int tide_parse_uuid(const char *text, size_t length, char out[36])
{
    char canonical[36];
    size_t at = 0;
    bool hyphens;

    if (length >= 2 && text[0] == '{' && text[length - 1] == '}') {
        text++;
        length -= 2;
    }
    hyphens = length == 36;
    if (!hyphens && length != 32) {
        return TIDE_E_DATA;
    }
    for (size_t i = 0; i < 36; i++) {
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            canonical[i] = '-';
            if (hyphens && text[at++] != '-') {
                return TIDE_E_DATA;
            }
        } else {
            unsigned digit = tide_hex_digit_(text[at++]);

            if (digit > 15) {
                return TIDE_E_DATA;
            }
            canonical[i] = "0123456789abcdef"[digit];
        }
    }
    memcpy(out, canonical, sizeof canonical);
    return TIDE_OK;
}

/** Whether the text is a uuid as batches carry it. */
static inline bool tide_is_uuid(const char *text, size_t length)
{
    char canonical[36];

    return length == 36 && tide_parse_uuid(text, length, canonical) == TIDE_OK &&
           memcmp(text, canonical, 36) == 0;
}

#ifdef __cplusplus
}
#endif

#endif
