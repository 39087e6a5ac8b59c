/*
 * value - the text of every type: how values are written, and how they are read back.
 *
 * Exact, independent of the locale, and made to be called millions of times a second.
 * Format functions write at most TIDE_VALUE_TEXT_MAX bytes, without terminator, and
 * return how many.  Parse functions take exactly `length` bytes, no blanks around them,
 * and return TIDE_OK, TIDE_E_DATA for a text that is no value of the type, or
 * TIDE_E_LIMIT for one that the type cannot hold; *out is set on TIDE_OK alone.
 *
 * Calendar: proleptic Gregorian; there is no year 0, 1 BC comes before 1.
 */
#ifndef TIDEMILL_VALUE_H
#define TIDEMILL_VALUE_H

#include <locale.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/error.h>
#include <tidemill/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Room enough for the text of any value of a fixed type. */
#define TIDE_VALUE_TEXT_MAX 48

/* ---- UTF-8 ---- */

/** Length of the well-formed sequence at the start of `at` (1 to 4), or 0: cut short,
 * overlong, a surrogate, beyond U+10FFFF, or `length` is 0. */
static inline size_t tide_utf8_step(const uint8_t *at, size_t length)
{
    uint8_t least = 0x80, most = 0xbf;
    size_t size;

    if (length == 0) {
        return 0;
    }
    if (at[0] < 0x80) {
        return 1;
    }
    size = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length < size) {
        return 0;
    }
    switch (at[0]) {
    case 0xe0:
        least = 0xa0;
        break;
    case 0xed:
        most = 0x9f;
        break;
    case 0xf0:
        least = 0x90;
        break;
    case 0xf4:
        most = 0x8f;
        break;
    default:
        break;
    }
    if (at[1] < least || at[1] > most) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return size;
}

/** Whether all bytes are well-formed UTF-8. */
static inline bool tide_is_utf8(const uint8_t *at, size_t length)
{
    const uint8_t *end = at + length;

    while (at < end) {
        size_t step;
        uint64_t word;

        while ((size_t)(end - at) >= sizeof word) {
            memcpy(&word, at, sizeof word);
            if (word & UINT64_C(0x8080808080808080)) {
                break;
            }
            at += sizeof word;
        }
        if (at == end) {
            break;
        }
        step = tide_utf8_step(at, (size_t)(end - at));
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

/** Characters (code points) of well-formed UTF-8. */
static inline size_t tide_utf8_count(const char *text, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++) {
        count += ((uint8_t)text[i] & 0xc0) != 0x80;
    }
    return count;
}

/* ---- integers ---- */

/* Two decimal digits, 0 to 99. */
static inline char *tide_put_two_(char *out, unsigned value)
{
    static const char digits[] = "00010203040506070809101112131415161718192021222324"
                                 "25262728293031323334353637383940414243444546474849"
                                 "50515253545556575859606162636465666768697071727374"
                                 "75767778798081828384858687888990919293949596979899";

    memcpy(out, digits + 2 * value, 2);
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

/** "true" or "false" */
static inline size_t tide_format_bool(char *out, bool value)
{
    memcpy(out, value ? "true" : "false", value ? 4 : 5);
    return value ? 4 : 5;
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

/* ---- floating point ---- */

static inline double tide_power_of_ten_(unsigned exponent)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                    1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                    1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

    return powers[exponent];
}

/* Digits with a point before the last `places` of them. */
static inline char *tide_put_fixed_(char *out, uint64_t digits, unsigned places)
{
    char *end = tide_put_digits_(out, digits, places + 1);

    if (places > 0) {
        memmove(end - places + 1, end - places, places);
        end[-(int)places] = '.';
        end++;
    }
    return end;
}

/* A number below 1e15 with few decimals.  The quotient of two exact doubles is rounded
 * once, as reading its text is: what divides back to the same number also reads back to
 * it.  NULL when there are more than nine decimals or fifteen digits. */
static inline char *tide_put_short_decimal_(char *out, double value)
{
    for (unsigned places = 0; places <= 9; places++) {
        double power = tide_power_of_ten_(places);
        double scaled = value * power, whole;
        uint64_t digits;

        if (scaled >= 1e15) {
            return NULL;
        }
        digits = (uint64_t)(scaled + 0.5);
        whole = (double)digits;
        if (scaled - whole <= scaled * 4e-16 && whole - scaled <= scaled * 4e-16 &&
            whole / power == value) {
            return tide_put_fixed_(out, digits, places);
        }
    }
    return NULL;
}

__extension__ typedef unsigned __int128 tide_wide_;

static inline tide_wide_ tide_wide_power_of_ten_(unsigned exponent)
{
    static const uint64_t powers[] = {
        UINT64_C(1),          UINT64_C(10),          UINT64_C(100),
        UINT64_C(1000),       UINT64_C(10000),       UINT64_C(100000),
        UINT64_C(1000000),    UINT64_C(10000000),    UINT64_C(100000000),
        UINT64_C(1000000000), UINT64_C(10000000000), UINT64_C(100000000000)};

    return exponent <= 11 ? powers[exponent]
                          : (tide_wide_)powers[11] * powers[exponent - 11];
}

/* Whether the whole number c, times 2^shift, is so near to the number `exact` that the
 * double which that is reads back from it: nearer than half the gap to the next double
 * (which is half as wide below a power of two). */
static inline bool tide_reads_back_(uint64_t c, unsigned shift, tide_wide_ exact,
                                    tide_wide_ half_gap, uint64_t mantissa)
{
    tide_wide_ wide = (tide_wide_)c << shift;

    if (wide >= exact) {
        return wide - exact < half_gap || (wide - exact == half_gap && mantissa % 2 == 0);
    }
    if (mantissa == UINT64_C(1) << 52) {
        return (exact - wide) * 2 < half_gap;
    }
    return exact - wide < half_gap || (exact - wide == half_gap && mantissa % 2 == 0);
}

/* The multiple of unit nearest to the number, of two equally near the even one, in *out;
 * false when none reads back. */
static inline bool tide_round_to_(uint64_t unit, unsigned shift, tide_wide_ exact,
                                  tide_wide_ half_gap, uint64_t mantissa, uint64_t *out)
{
    uint64_t low = (uint64_t)(exact >> shift) / unit * unit, high = low + unit;
    bool low_fits = tide_reads_back_(low, shift, exact, half_gap, mantissa);
    bool high_fits = tide_reads_back_(high, shift, exact, half_gap, mantissa);
    tide_wide_ below = exact - ((tide_wide_)low << shift);
    tide_wide_ above = ((tide_wide_)high << shift) - exact;
    bool low_is_nearer = below < above || (below == above && low / unit % 2 == 0);

    *out = low_fits && (low_is_nearer || !high_fits) ? low : high;
    return low_fits || high_fits;
}

/*
 * The fewest digits that read back to a number from 1e-5 to below 2^53, in whole numbers
 * of 128 bits.  value = mantissa / 2^fraction; times 10^places it has seventeen digits
 * before the point, of which as many are dropped as the gap between doubles allows.
 */
static inline char *tide_put_exact_decimal_(char *out, uint64_t bits)
{
    int binary = (int)(bits >> 52) - 1023; /* 2^binary <= value */
    uint64_t mantissa = (bits & ((UINT64_C(1) << 52) - 1)) | UINT64_C(1) << 52;
    unsigned fraction = (unsigned)(52 - binary);
    /* 1233/4096 is log10(2), a hair less: at most one place too many, seen below. */
    unsigned places = (unsigned)(16 - (binary * 1233 + 4096 * 64) / 4096 + 64);
    tide_wide_ power = tide_wide_power_of_ten_(places), exact;
    uint64_t digits, unit = 1;

    if ((mantissa * power) >> fraction >= UINT64_C(100000000000000000)) {
        power = tide_wide_power_of_ten_(--places);
    }
    exact = mantissa * power * 2; /* so that half the gap, `power`, is a whole number */
    (void)tide_round_to_(1, fraction + 1, exact, power, mantissa, &digits);
    while (places > 0) {
        uint64_t shorter;

        if (!tide_round_to_(unit * 10, fraction + 1, exact, power, mantissa, &shorter)) {
            break;
        }
        digits = shorter;
        unit *= 10;
        places--;
    }
    return tide_put_fixed_(out, digits / unit, places);
}

/* The decimal point of the process's locale, which snprintf and strtod obey. */
static inline char tide_locale_point_(void)
{
    return localeconv()->decimal_point[0];
}

/* By the C library: the fewest digits that read back the same, from `least` on. */
static inline size_t tide_format_digits_(char *out, double value, int least)
{
    char text[TIDE_VALUE_TEXT_MAX];
    size_t length = 0;
    char *point;

    for (int digits = least; digits <= 17; digits++) {
        length = (size_t)snprintf(text, sizeof text, "%.*g", digits, value);
        if (digits == 17 || strtod(text, NULL) == value) {
            break;
        }
    }
    point = (char *)memchr(text, tide_locale_point_(), length);
    if (point) {
        *point = '.';
    }
    memcpy(out, text, length);
    return length;
}

/**
 * The shortest text that reads back to the same number: 0.1, -0, 1e+22, and NaN,
 * Infinity, -Infinity.  From 1e-5 to 2^53 there is no exponent.  Outside of that range
 * some powers of two take one digit more than they must.
 */
static inline size_t tide_format_float64(char *out, double value)
{
    uint64_t bits, magnitude;
    char *at = out, *end;
    double positive;

    memcpy(&bits, &value, sizeof bits);
    magnitude = bits & ~(UINT64_C(1) << 63);
    if (magnitude > UINT64_C(0x7ff0000000000000)) {
        memcpy(out, "NaN", 3);
        return 3;
    }
    if (bits != magnitude) {
        *at++ = '-';
    }
    if (magnitude == UINT64_C(0x7ff0000000000000)) {
        memcpy(at, "Infinity", 8);
        return (size_t)(at + 8 - out);
    }
    memcpy(&positive, &magnitude, sizeof positive);
    if (positive < 0x1p53 && (positive >= 1e-5 || magnitude == 0)) {
        end = tide_put_short_decimal_(at, positive);
        if (!end) {
            end = tide_put_exact_decimal_(at, magnitude);
        }
        return (size_t)(end - out);
    }
    at += tide_format_digits_(at, positive,
                              magnitude < UINT64_C(0x0010000000000000) ? 1 : 15);
    return (size_t)(at - out);
}

/* A number taken apart: digits (the first 19 that count) times ten to the exponent. */
struct tide_decimal_ {
    uint64_t digits;
    unsigned count; /* of significant digits, in all */
    int64_t exponent;
    bool negative;
};

/* Scan [+-] digits [. digits] [e [+-] digits], with a digit before or after the point. */
static inline bool tide_scan_decimal_(const char *text, size_t length,
                                      struct tide_decimal_ *out)
{
    size_t i = 0;
    bool any = false, point = false;

    out->digits = 0;
    out->count = 0;
    out->exponent = 0;
    out->negative = length > 0 && text[0] == '-';
    if (length > 0 && (text[0] == '-' || text[0] == '+')) {
        i = 1;
    }
    for (; i < length; i++) {
        unsigned digit = tide_digit_(text[i]);

        if (digit > 9) {
            if (text[i] != '.' || point) {
                break;
            }
            point = true;
            continue;
        }
        any = true;
        out->exponent -= point;
        if (out->count > 0 || digit > 0) {
            out->count++;
        }
        if (out->count <= 19) {
            out->digits = out->digits * 10 + digit;
        } else {
            out->exponent++;
        }
    }
    if (any && i < length && (text[i] == 'e' || text[i] == 'E')) {
        bool minus = i + 1 < length && text[i + 1] == '-';
        int64_t exponent = 0;

        i += i + 1 < length && (minus || text[i + 1] == '+') ? 2 : 1;
        if (i == length) {
            return false;
        }
        for (; i < length && tide_digit_(text[i]) <= 9; i++) {
            if (exponent < 1000000000) {
                exponent = exponent * 10 + tide_digit_(text[i]);
            }
        }
        out->exponent += minus ? -exponent : exponent;
    }
    return any && i == length;
}

/* By the C library, on a copy with the locale's decimal point. */
static inline int tide_parse_float64_slow_(const char *text, size_t length, bool zero,
                                           double *out)
{
    char copy[1024];
    char *point;
    double value;

    if (length >= sizeof copy) {
        return TIDE_E_LIMIT;
    }
    memcpy(copy, text, length);
    copy[length] = '\0';
    point = (char *)memchr(copy, '.', length);
    if (point) {
        *point = tide_locale_point_();
    }
    value = strtod(copy, NULL);
    if (value - value != 0 || (value == 0 && !zero)) {
        return TIDE_E_LIMIT;
    }
    *out = value;
    return TIDE_OK;
}

/* nan, inf, infinity in any case, with an optional sign. */
static inline int tide_parse_not_finite_(const char *text, size_t length, double *out)
{
    bool negative = length > 0 && text[0] == '-';

    if (length > 0 && (text[0] == '-' || text[0] == '+')) {
        text++;
        length--;
    }
    if (tide_is_word_(text, length, "infinity") || tide_is_word_(text, length, "inf")) {
        *out = negative ? -__builtin_inf() : __builtin_inf();
        return TIDE_OK;
    }
    if (tide_is_word_(text, length, "nan")) {
        *out = __builtin_nan("");
        return TIDE_OK;
    }
    return TIDE_E_DATA;
}

/** The nearest double of a decimal text (12, -1.5e3, .5), or NaN, inf, Infinity in any
 * case.  TIDE_E_LIMIT: too large, so small that it would become 0, or longer than 1023
 * bytes. */
static inline int tide_parse_float64(const char *text, size_t length, double *out)
{
    struct tide_decimal_ decimal;
    double value;

    if (!tide_scan_decimal_(text, length, &decimal)) {
        return tide_parse_not_finite_(text, length, out);
    }
    if (decimal.digits > (UINT64_C(1) << 53) || decimal.count > 19 ||
        decimal.exponent > 22 || decimal.exponent < -22) {
        return tide_parse_float64_slow_(text, length, decimal.digits == 0, out);
    }
    value = (double)decimal.digits;
    if (decimal.exponent < 0) {
        value /= tide_power_of_ten_((unsigned)-decimal.exponent);
    } else {
        value *= tide_power_of_ten_((unsigned)decimal.exponent);
    }
    *out = decimal.negative ? -value : value;
    return TIDE_OK;
}

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

/* ---- the calendar ---- */

#define TIDE_DAY_US INT64_C(86400000000)

/** Quotient rounded down; divisor above 0. */
static inline int64_t tide_floor_div(int64_t value, int64_t divisor)
{
    return value / divisor - (value % divisor < 0);
}

/*
 * Years are counted here from March, so that the leap day is the last of its year, and in
 * eras of 400 years, which all have 146,097 days.  The method is Howard Hinnant's,
 * "chrono -Compatible Low-Level Date Algorithms",
 * https://howardhinnant.github.io/date_algorithms.html
 */

/** Days since 1970-01-01 of a date whose year is astronomical (0 is 1 BC). */
static inline int64_t tide_days_from_civil(int64_t year, unsigned month, unsigned day)
{
    int64_t shifted = year - (month <= 2);
    int64_t era = tide_floor_div(shifted, 400);
    int64_t year_of_era = shifted - era * 400;
    int64_t month_from_march = month > 2 ? month - 3 : month + 9;
    int64_t day_of_year = (153 * month_from_march + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
           day_of_year - 719468;
}

/** The reverse. */
static inline void tide_civil_from_days(int64_t days, int64_t *year, unsigned *month,
                                        unsigned *day)
{
    int64_t era = tide_floor_div(days + 719468, 146097);
    unsigned day_of_era = (unsigned)(days + 719468 - era * 146097);
    unsigned year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
    unsigned day_of_year =
        day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    unsigned month_from_march = (5 * day_of_year + 2) / 153;

    *day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    *month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
    *year = era * 400 + year_of_era + (*month <= 2);
}

/** Days of a month; the year is astronomical. */
static inline unsigned tide_days_in_month(int64_t year, unsigned month)
{
    if (month == 2) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28;
    }
    return 30 + ((month + (month > 7)) & 1);
}

/* ---- writing dates and times ---- */

static inline size_t tide_put_infinity_(char *out, bool negative)
{
    memcpy(out, negative ? "-infinity" : "infinity", negative ? 9 : 8);
    return negative ? 9 : 8;
}

/* "2024-11-27"; *bc tells that " BC" belongs at the end of the whole. */
static inline char *tide_put_date_(char *out, int64_t days, bool *bc)
{
    unsigned month, day;
    int64_t year;

    tide_civil_from_days(days, &year, &month, &day);
    *bc = year <= 0;
    out = tide_put_digits_(out, (uint64_t)(*bc ? 1 - year : year), 4);
    *out++ = '-';
    out = tide_put_two_(out, month);
    *out++ = '-';
    return tide_put_two_(out, day);
}

static inline char *tide_put_bc_(char *out, bool bc)
{
    if (bc) {
        memcpy(out, " BC", 3);
        out += 3;
    }
    return out;
}

/* "18:22:47.5": as many decimals as there are. */
static inline char *tide_put_time_(char *out, uint64_t us)
{
    unsigned second = (unsigned)(us / 1000000 % 60);
    unsigned fraction = (unsigned)(us % 1000000);

    out = tide_put_digits_(out, us / UINT64_C(3600000000), 2);
    *out++ = ':';
    out = tide_put_two_(out, (unsigned)(us / 60000000 % 60));
    *out++ = ':';
    out = tide_put_two_(out, second);
    if (fraction > 0) {
        *out++ = '.';
        out = tide_put_digits_(out, fraction, 6);
        while (out[-1] == '0') {
            out--;
        }
    }
    return out;
}

/** Days since 1970-01-01 as "2024-11-27", "0044-03-15 BC", "infinity", "-infinity". */
static inline size_t tide_format_date(char *out, int32_t days)
{
    char *at;
    bool bc;

    if (days == TIDE_DATE_INFINITY || days == TIDE_DATE_MINUS_INFINITY) {
        return tide_put_infinity_(out, days < 0);
    }
    at = tide_put_date_(out, days, &bc);
    return (size_t)(tide_put_bc_(at, bc) - out);
}

/** Microseconds since midnight as "18:22:47.5"; the end of the day is "24:00:00". */
static inline size_t tide_format_time(char *out, int64_t us)
{
    return (size_t)(tide_put_time_(out, (uint64_t)us) - out);
}

static inline size_t tide_format_instant_(char *out, int64_t us, bool zone)
{
    int64_t days = tide_floor_div(us, TIDE_DAY_US);
    char *at;
    bool bc;

    if (us == TIDE_INSTANT_INFINITY || us == TIDE_INSTANT_MINUS_INFINITY) {
        return tide_put_infinity_(out, us < 0);
    }
    at = tide_put_date_(out, days, &bc);
    *at++ = 'T';
    at = tide_put_time_(at, (uint64_t)us - (uint64_t)days * (uint64_t)TIDE_DAY_US);
    if (zone) {
        *at++ = 'Z';
    }
    return (size_t)(tide_put_bc_(at, bc) - out);
}

/** Microseconds since 1970 UTC as "2024-11-27T18:22:47.937Z", "0044-03-15T12:00:00Z BC",
 * "infinity", "-infinity". */
static inline size_t tide_format_timestamp(char *out, int64_t us)
{
    return tide_format_instant_(out, us, true);
}

/** The same without a zone: "2024-11-27T18:22:47.937". */
static inline size_t tide_format_datetime(char *out, int64_t us)
{
    return tide_format_instant_(out, us, false);
}

/* ---- reading dates and times ---- */

/* What is left of a text. */
struct tide_scan_ {
    const char *at, *end;
};

static inline bool tide_scan_char_(struct tide_scan_ *scan, char c)
{
    if (scan->at < scan->end && *scan->at == c) {
        scan->at++;
        return true;
    }
    return false;
}

static inline bool tide_scan_two_(struct tide_scan_ *scan, unsigned *out)
{
    unsigned high, low;

    if (scan->end - scan->at < 2) {
        return false;
    }
    high = tide_digit_(scan->at[0]);
    low = tide_digit_(scan->at[1]);
    if (high > 9 || low > 9) {
        return false;
    }
    *out = high * 10 + low;
    scan->at += 2;
    return true;
}

static inline bool tide_scan_digit_(const struct tide_scan_ *scan)
{
    return scan->at < scan->end && tide_digit_(*scan->at) <= 9;
}

struct tide_civil_ {
    int64_t year; /* as written; made astronomical at the end */
    unsigned month, day;
};

/* Year of four digits or more, month, day; the day is checked when the era is known. */
static inline int tide_scan_date_(struct tide_scan_ *scan, struct tide_civil_ *civil)
{
    const char *start = scan->at;

    civil->year = 0;
    while (tide_scan_digit_(scan)) {
        if (civil->year < 1000000000) {
            civil->year = civil->year * 10 + tide_digit_(*scan->at);
        }
        scan->at++;
    }
    if (scan->at - start < 4 || civil->year == 0 || !tide_scan_char_(scan, '-') ||
        !tide_scan_two_(scan, &civil->month) || !tide_scan_char_(scan, '-') ||
        !tide_scan_two_(scan, &civil->day)) {
        return TIDE_E_DATA;
    }
    return TIDE_OK;
}

/* After everything else: " BC", the end, and whether there is such a day. */
static inline int tide_scan_date_end_(struct tide_scan_ *scan, struct tide_civil_ *civil,
                                      int64_t *days)
{
    if (scan->end - scan->at == 3 && memcmp(scan->at, " BC", 3) == 0) {
        scan->at += 3;
        civil->year = 1 - civil->year;
    }
    if (scan->at != scan->end || civil->month - 1 > 11 || civil->day == 0 ||
        civil->day > tide_days_in_month(civil->year, civil->month)) {
        return TIDE_E_DATA;
    }
    *days = tide_days_from_civil(civil->year, civil->month, civil->day);
    return TIDE_OK;
}

/* Digits behind the point of seconds; those behind the sixth must be 0. */
static inline int tide_scan_fraction_(struct tide_scan_ *scan, int64_t *us)
{
    int64_t unit = 100000;
    bool lost = false;

    if (!tide_scan_digit_(scan)) {
        return TIDE_E_DATA;
    }
    *us = 0;
    for (; tide_scan_digit_(scan); scan->at++) {
        *us += unit * tide_digit_(*scan->at);
        lost = lost || (unit == 0 && *scan->at != '0');
        unit /= 10;
    }
    return lost ? TIDE_E_LIMIT : TIDE_OK;
}

/* hh:mm[:ss[.ffffff]], to 24:00:00. */
static inline int tide_scan_time_(struct tide_scan_ *scan, int64_t *us)
{
    unsigned hour, minute, second = 0;
    int64_t fraction = 0;

    if (!tide_scan_two_(scan, &hour) || !tide_scan_char_(scan, ':') ||
        !tide_scan_two_(scan, &minute)) {
        return TIDE_E_DATA;
    }
    if (tide_scan_char_(scan, ':')) {
        if (!tide_scan_two_(scan, &second)) {
            return TIDE_E_DATA;
        }
        if (tide_scan_char_(scan, '.')) {
            int rc = tide_scan_fraction_(scan, &fraction);

            if (rc != TIDE_OK) {
                return rc;
            }
        }
    }
    if (hour > 24 || minute > 59 || second > 59) {
        return TIDE_E_DATA;
    }
    *us = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000 + fraction;
    return *us <= TIDE_DAY_US ? TIDE_OK : TIDE_E_DATA;
}

/* Z, +hh, +hhmm, +hh:mm, +hh:mm:ss, or nothing, which is UTC. */
static inline int tide_scan_zone_(struct tide_scan_ *scan, int64_t *offset_us)
{
    unsigned hour, minute = 0, second = 0;
    bool negative;

    *offset_us = 0;
    if (scan->at == scan->end || *scan->at == ' ' || tide_scan_char_(scan, 'Z') ||
        tide_scan_char_(scan, 'z')) {
        return TIDE_OK;
    }
    negative = *scan->at == '-';
    if ((!tide_scan_char_(scan, '+') && !tide_scan_char_(scan, '-')) ||
        !tide_scan_two_(scan, &hour)) {
        return TIDE_E_DATA;
    }
    if (tide_scan_char_(scan, ':')) {
        if (!tide_scan_two_(scan, &minute) ||
            (tide_scan_char_(scan, ':') && !tide_scan_two_(scan, &second))) {
            return TIDE_E_DATA;
        }
    } else if (tide_scan_digit_(scan) && !tide_scan_two_(scan, &minute)) {
        return TIDE_E_DATA;
    }
    if (hour > 15 || minute > 59 || second > 59) {
        return TIDE_E_DATA;
    }
    *offset_us = ((int64_t)hour * 3600 + minute * 60 + second) * 1000000;
    if (negative) {
        *offset_us = -*offset_us;
    }
    return TIDE_OK;
}

/* infinity and -infinity in any case: 1, -1, else 0. */
static inline int tide_scan_infinity_(const char *text, size_t length)
{
    if (length == 8 && tide_is_word_(text, length, "infinity")) {
        return 1;
    }
    if (length == 9 && text[0] == '-' && tide_is_word_(text + 1, 8, "infinity")) {
        return -1;
    }
    return 0;
}

/** "2024-11-27", years of four digits or more, "0044-03-15 BC", "infinity",
 * "-infinity". */
static inline int tide_parse_date(const char *text, size_t length, int32_t *out)
{
    struct tide_scan_ scan = {text, text + length};
    struct tide_civil_ civil;
    int infinity = tide_scan_infinity_(text, length);
    int64_t days;

    if (infinity != 0) {
        *out = infinity > 0 ? TIDE_DATE_INFINITY : TIDE_DATE_MINUS_INFINITY;
        return TIDE_OK;
    }
    if (tide_scan_date_(&scan, &civil) != TIDE_OK ||
        tide_scan_date_end_(&scan, &civil, &days) != TIDE_OK) {
        return TIDE_E_DATA;
    }
    if (days >= TIDE_DATE_INFINITY || days <= TIDE_DATE_MINUS_INFINITY) {
        return TIDE_E_LIMIT;
    }
    *out = (int32_t)days;
    return TIDE_OK;
}

/** "18:22:47.937", "18:22", to "24:00:00".  TIDE_E_LIMIT: finer than a microsecond. */
static inline int tide_parse_time(const char *text, size_t length, int64_t *out)
{
    struct tide_scan_ scan = {text, text + length};
    int64_t us;
    int rc = tide_scan_time_(&scan, &us);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (scan.at != scan.end) {
        return TIDE_E_DATA;
    }
    *out = us;
    return TIDE_OK;
}

/* days and us of the day as one number. */
static inline int tide_join_instant_(int64_t days, int64_t us, int64_t *out)
{
    int64_t value;

    if (days < 0) { /* from the day's end, so that the first day there is fits too */
        days++;
        us -= TIDE_DAY_US;
    }
    if (__builtin_mul_overflow(days, TIDE_DAY_US, &value) ||
        __builtin_add_overflow(value, us, &value) || value == TIDE_INSTANT_INFINITY ||
        value == TIDE_INSTANT_MINUS_INFINITY) {
        return TIDE_E_LIMIT;
    }
    *out = value;
    return TIDE_OK;
}

static inline int tide_parse_instant_(const char *text, size_t length, bool zone,
                                      int64_t *out)
{
    struct tide_scan_ scan = {text, text + length};
    struct tide_civil_ civil;
    int infinity = tide_scan_infinity_(text, length);
    int64_t days, us = 0, offset = 0;
    int rc;

    if (infinity != 0) {
        *out = infinity > 0 ? TIDE_INSTANT_INFINITY : TIDE_INSTANT_MINUS_INFINITY;
        return TIDE_OK;
    }
    rc = tide_scan_date_(&scan, &civil);
    if (rc != TIDE_OK) {
        return rc;
    }
    if (scan.end - scan.at > 3 || (scan.at < scan.end && *scan.at != ' ')) {
        if (*scan.at != 'T' && *scan.at != ' ' && *scan.at != 't') {
            return TIDE_E_DATA;
        }
        scan.at++;
        rc = tide_scan_time_(&scan, &us);
        if (rc == TIDE_OK && zone) {
            rc = tide_scan_zone_(&scan, &offset);
        }
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    rc = tide_scan_date_end_(&scan, &civil, &days);
    return rc == TIDE_OK ? tide_join_instant_(days, us - offset, out) : rc;
}

/** An instant: date, T or a blank, time, then Z, +hh, +hhmm, +hh:mm or +hh:mm:ss; UTC
 * when there is no zone, midnight when there is no time. TIDE_E_LIMIT: finer than a
 * microsecond, or too far away. */
static inline int tide_parse_timestamp(const char *text, size_t length, int64_t *out)
{
    return tide_parse_instant_(text, length, true, out);
}

/** The same with no zone, which is refused. */
static inline int tide_parse_datetime(const char *text, size_t length, int64_t *out)
{
    return tide_parse_instant_(text, length, false, out);
}

#ifdef __cplusplus
}
#endif

#endif
