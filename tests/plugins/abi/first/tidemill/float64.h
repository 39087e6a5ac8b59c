/*
 * float64 - doubles as the shortest text that reads back, and text as the nearest double.
 *
 * The C library is asked only for what is very large, very small or has more digits than
 * whole-number arithmetic can carry.
 */
#ifndef TIDEMILL_FLOAT64_H
#define TIDEMILL_FLOAT64_H

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <tidemill/number.h>

#ifdef __cplusplus
extern "C" {
#endif

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

/* To 10^22. */
static inline tide_wide_ tide_wide_power_of_ten_(unsigned exponent)
{
    static const uint64_t powers[] = {1,
                                      10,
                                      100,
                                      1000,
                                      10000,
                                      100000,
                                      1000000,
                                      10000000,
                                      100000000,
                                      1000000000,
                                      UINT64_C(10000000000),
                                      UINT64_C(100000000000)};

    if (exponent > 22) {
        exponent = 22;
    }
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
    unsigned fraction = (unsigned)(52 - binary) & 127; /* it is 0 to 69 */
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
        return tide_put_word_(out, "NaN", 3);
    }
    if (bits != magnitude) {
        *at++ = '-';
    }
    if (magnitude == UINT64_C(0x7ff0000000000000)) {
        at += tide_put_word_(at, "Infinity", 8);
        return (size_t)(at - out);
    }
    memcpy(&positive, &magnitude, sizeof positive);
    if (positive < 9007199254740992.0 && (positive >= 1e-5 || magnitude == 0)) {
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

#ifdef __cplusplus
}
#endif

#endif
