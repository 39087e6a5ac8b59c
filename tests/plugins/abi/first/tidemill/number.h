/*
 * number - integers and bools as text: the small parts that the text of every type needs.
 *
 * See value.h for what all format and parse functions have in common.
 */
#ifndef TIDEMILL_NUMBER_H
#define TIDEMILL_NUMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tidemill/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Room enough for the text of any value of a fixed type. */
#define TIDE_VALUE_TEXT_MAX 48

/* ---- integers ---- */

/* Two decimal digits, 0 to 99. */
static inline char *tide_put_two_(char *out, unsigned value)
{
    static const char digits[] = "00010203040506070809101112131415161718192021222324"
                                 "25262728293031323334353637383940414243444546474849"
                                 "50515253545556575859606162636465666768697071727374"
                                 "75767778798081828384858687888990919293949596979899";

    memcpy(out, digits + (size_t)value * 2, 2);
    return out + 2;
}

static inline size_t tide_digit_count_(uint64_t value)
{
    size_t count = 1;

    while (value >= 10000) {
        value /= 10000;
        count += 4;
    }
    return count + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* At least `width` digits, with zeros in front. */
static inline char *tide_put_digits_(char *out, uint64_t value, size_t width)
{
    size_t count = tide_digit_count_(value);
    size_t at;

    if (count < width) {
        count = width;
    }
    for (at = count; at >= 2; at -= 2) {
        (void)tide_put_two_(out + at - 2, (unsigned)(value % 100));
        value /= 100;
    }
    if (at == 1) {
        out[0] = (char)('0' + value % 10);
    }
    return out + count;
}

/** "-12" */
static inline size_t tide_format_int64(char *out, int64_t value)
{
    uint64_t magnitude = value < 0 ? ~(uint64_t)value + 1 : (uint64_t)value;
    char *at = out;

    if (value < 0) {
        *at++ = '-';
    }
    return (size_t)(tide_put_digits_(at, magnitude, 1) - out);
}

static inline unsigned tide_digit_(char c)
{
    return (unsigned)(uint8_t)c - '0';
}

/** Digits with an optional sign. */
static inline int tide_parse_int64(const char *text, size_t length, int64_t *out)
{
    bool negative = length > 0 && text[0] == '-';
    size_t i = length > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
    size_t safe = length - i > 18 ? i + 18 : length;
    uint64_t value = 0;
    bool fits = true;

    if (i == length) {
        return TIDE_E_DATA;
    }
    for (; i < safe; i++) {
        unsigned digit = tide_digit_(text[i]);

        if (digit > 9) {
            return TIDE_E_DATA;
        }
        value = value * 10 + digit;
    }
    for (; i < length; i++) {
        unsigned digit = tide_digit_(text[i]);

        if (digit > 9) {
            return TIDE_E_DATA;
        }
        if (value > (UINT64_MAX - digit) / 10) {
            fits = false;
        }
        value = value * 10 + digit;
    }
    if (!fits || value > (uint64_t)INT64_MAX + negative) {
        return TIDE_E_LIMIT;
    }
    *out = negative ? (int64_t)(~value + 1) : (int64_t)value;
    return TIDE_OK;
}

/* ---- words ---- */

/* Whether the text is `word` (lower case letters) in any case. */
static inline bool tide_is_word_(const char *text, size_t length, const char *word)
{
    if (length != strlen(word)) {
        return false;
    }
    for (size_t i = 0; i < length; i++) {
        if ((char)((uint8_t)text[i] | 0x20) != word[i]) {
            return false;
        }
    }
    return true;
}

static inline size_t tide_put_word_(char *out, const char *word, size_t length)
{
    memcpy(out, word, length);
    return length;
}

/** "true" or "false" */
static inline size_t tide_format_bool(char *out, bool value)
{
    return value ? tide_put_word_(out, "true", 4) : tide_put_word_(out, "false", 5);
}

/** true, false, t, f in any case; 1, 0. */
static inline int tide_parse_bool(const char *text, size_t length, bool *out)
{
    if (length == 1) {
        char c = (char)((uint8_t)text[0] | 0x20);

        if (c != 't' && c != 'f' && text[0] != '1' && text[0] != '0') {
            return TIDE_E_DATA;
        }
        *out = c == 't' || text[0] == '1';
        return TIDE_OK;
    }
    if (tide_is_word_(text, length, "true")) {
        *out = true;
        return TIDE_OK;
    }
    if (tide_is_word_(text, length, "false")) {
        *out = false;
        return TIDE_OK;
    }
    return TIDE_E_DATA;
}

#ifdef __cplusplus
}
#endif

#endif
