/*
 * decimal - numbers written as text, compared exactly; see decimal.h.
 *
 * A number is seen as 0.d1d2d3... times ten to an exponent, d1 not zero; its digits are
 * read where they stand, skipping the point.
 */
#include "run/decimal.h"

#include <string.h>
#include <strings.h>

/* Exponents beyond this make no difference to a comparison with a number that fits in
 * memory. */
#define EXPONENT_MAX INT64_C(1000000000000)

enum rank { RANK_MINUS_INFINITY, RANK_FINITE, RANK_INFINITY, RANK_NAN, RANK_NONE };

struct decimal {
    enum rank rank;
    int sign;           /**< -1, 0, 1 of a finite number */
    const char *digits; /**< from the first that is not zero */
    const char *end;    /**< behind the last digit */
    int64_t exponent;
};

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return length == strlen(word) && strncasecmp(text, word, length) == 0;
}

static enum rank word_rank(const char *text, size_t length, bool is_negative)
{
    if (is_word(text, length, "nan")) {
        return RANK_NAN;
    }
    if (is_word(text, length, "inf") || is_word(text, length, "infinity")) {
        return is_negative ? RANK_MINUS_INFINITY : RANK_INFINITY;
    }
    return RANK_NONE;
}

/* The part behind "e"; false when it is no whole number. */
static bool read_exponent(const char *at, const char *end, int64_t *exponent)
{
    bool is_negative = at < end && *at == '-';
    int64_t value = 0;

    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (at == end) {
        return false;
    }
    for (; at < end; at++) {
        if (!is_digit(*at)) {
            return false;
        }
        value = value < EXPONENT_MAX ? value * 10 + (*at - '0') : value;
    }
    *exponent += is_negative ? -value : value;
    return true;
}

/* The digits and the point; returns where they end, or NULL when there is no digit. */
static const char *read_digits(const char *at, const char *end, struct decimal *out)
{
    bool has_point = false, has_digit = false;

    for (; at < end && (is_digit(*at) || (*at == '.' && !has_point)); at++) {
        if (*at == '.') {
            has_point = true;
            continue;
        }
        has_digit = true;
        if (!out->digits && *at != '0') {
            out->digits = at;
        }
        if (out->digits && !has_point) {
            out->exponent++;
        } else if (!out->digits && has_point) {
            out->exponent--;
        }
    }
    out->end = at;
    return has_digit ? at : NULL;
}

static void parse(const char *text, size_t length, struct decimal *out)
{
    const char *end = text + length;
    const char *at = text;
    bool is_negative = length > 0 && *text == '-';

    memset(out, 0, sizeof *out);
    out->rank = RANK_FINITE;
    if (at < end && (*at == '-' || *at == '+')) {
        at++;
    }
    if (at < end && !is_digit(*at) && *at != '.') {
        out->rank = word_rank(at, (size_t)(end - at), is_negative);
        return;
    }
    at = read_digits(at, end, out);
    if (at && at < end && (*at == 'e' || *at == 'E')) {
        at = read_exponent(at + 1, end, &out->exponent) ? end : NULL;
    }
    if (at != end || length == 0) {
        out->rank = RANK_NONE;
        return;
    }
    out->sign = !out->digits ? 0 : is_negative ? -1 : 1;
}

bool tide_decimal_is_valid(const char *text, size_t length)
{
    struct decimal number;

    parse(text, length, &number);
    return number.rank != RANK_NONE;
}

/* The next digit, '0' for ever at the end. */
static char next_digit(const char **at, const char *end)
{
    if (*at < end && **at == '.') {
        (*at)++;
    }
    if (*at == end) {
        return '0';
    }
    return *(*at)++;
}

static int compare_magnitude(const struct decimal *a, const struct decimal *b)
{
    const char *left = a->digits, *right = b->digits;

    if (a->exponent != b->exponent) {
        return a->exponent < b->exponent ? -1 : 1;
    }
    while (left < a->end || right < b->end) {
        int difference = next_digit(&left, a->end) - next_digit(&right, b->end);

        if (difference != 0) {
            return difference;
        }
    }
    return 0;
}

int tide_decimal_compare(const char *a, size_t a_length, const char *b, size_t b_length)
{
    struct decimal left, right;

    parse(a, a_length, &left);
    parse(b, b_length, &right);
    if (left.rank != right.rank) {
        return left.rank < right.rank ? -1 : 1;
    }
    if (left.rank != RANK_FINITE || left.sign != right.sign) {
        return left.sign - right.sign;
    }
    return left.sign == 0 ? 0 : left.sign * compare_magnitude(&left, &right);
}

/* The digits before the point as an integer; *is_exact: nothing but zeros behind.  False
 * when they do not fit. */
static bool whole_part(const struct decimal *number, uint64_t *whole, bool *is_exact)
{
    const char *at = number->digits;

    *whole = 0;
    *is_exact = true;
    if (number->exponent > 19) {
        return false;
    }
    for (int64_t i = 0; i < number->exponent; i++) {
        *whole = *whole * 10 + (uint64_t)(next_digit(&at, number->end) - '0');
    }
    while (at < number->end) {
        *is_exact = next_digit(&at, number->end) == '0' && *is_exact;
    }
    return true;
}

static void locate_finite(const struct decimal *number, struct tide_decimal_place *out)
{
    uint64_t whole = 0;
    const uint64_t limit = (uint64_t)INT64_MAX + (number->sign < 0 ? 1 : 0);

    if (number->sign == 0) {
        return;
    }
    if (!whole_part(number, &whole, &out->is_exact) || whole > limit ||
        (number->sign < 0 && whole == limit && !out->is_exact)) {
        out->side = number->sign;
        out->is_exact = false;
        return;
    }
    if (number->sign > 0) {
        out->floor = (int64_t)whole;
    } else {
        out->floor = (int64_t)(0 - whole) - (out->is_exact ? 0 : 1);
    }
}

bool tide_decimal_locate(const char *text, size_t length, struct tide_decimal_place *out)
{
    struct decimal number;

    parse(text, length, &number);
    *out = (struct tide_decimal_place){.is_exact = true};
    if (number.rank == RANK_NONE) {
        return false;
    }
    if (number.rank == RANK_FINITE) {
        locate_finite(&number, out);
    } else {
        out->side = number.rank == RANK_MINUS_INFINITY ? -1 : 1;
        out->is_exact = false;
    }
    return true;
}
