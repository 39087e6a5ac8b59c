/*
 * judge_moment - whether a type of dates, times and intervals keeps one as it is.
 *
 * Of dates and times only what columns of these types take is understood; what the server
 * would make of anything else is not known here.
 */
#include <string.h>
#include <strings.h>
#include <tidemill/value.h>

#include "judge_item.h"

#define MICROSECOND_DIGITS 6

/* Digits behind the point of seconds. */
static int digits_of(const struct tide_pg_type *type)
{
    int digits = type->oid == PG_OID_INTERVAL ? type->modifier & 0xffff : type->modifier;

    return type->modifier < 0 || digits > MICROSECOND_DIGITS ? MICROSECOND_DIGITS
                                                             : digits;
}

static const char *judge_micros(const struct tide_pg_type *type, int rc, int64_t micros)
{
    if (rc != TIDE_OK) {
        return rc == TIDE_E_LIMIT ? pg_range : pg_type;
    }
    if (micros == TIDE_INSTANT_INFINITY || micros == TIDE_INSTANT_MINUS_INFINITY) {
        return NULL;
    }
    return type->resolution > 1 && micros % type->resolution != 0 ? pg_precision : NULL;
}

/* A time with a zone, which has no fraction. */
const char *pg_judge_timetz(const struct tide_pg_type *type, const char *text,
                            size_t length)
{
    const char *end = text + length, *rest = NULL;
    const char *point = memchr(text, '.', length);
    size_t time = 0;
    int64_t micros;
    int rc;

    if (point && pg_count_digits(point + 1, end, &rest) > (size_t)digits_of(type)) {
        return pg_precision;
    }
    while (time < length && !strchr("+-Zz ", text[time])) {
        time++;
    }
    rc = time < length ? tide_parse_time(text, time, &micros) : TIDE_E_DATA;
    return rc == TIDE_OK ? NULL : pg_type;
}

/* Units that are not counted in seconds: so many digits are behind the point of a second
 * when one is written, or none of them, for they are years, and counted in months. */
#define IN_MONTHS 99
static const struct {
    const char *name;
    size_t digits;
} units[] = {
    {"ms", 3},        {"millis", 3},      {"us", 6},        {"mic", 6},
    {"y", IN_MONTHS}, {"dec", IN_MONTHS}, {"c", IN_MONTHS}, {"mil", IN_MONTHS},
};

static bool has_prefix(const char *text, const char *end, const char *prefix)
{
    size_t length = strlen(prefix);

    return (size_t)(end - text) >= length && strncasecmp(text, prefix, length) == 0;
}

static size_t digits_of_unit(const char *unit, const char *end)
{
    size_t digits = 0;

    while (unit < end && *unit == ' ') {
        unit++;
    }
    for (size_t i = 0; digits == 0 && i < sizeof units / sizeof *units; i++) {
        digits = has_prefix(unit, end, units[i].name) ? units[i].digits : 0;
    }
    return digits;
}

/* Of a year .5, .25 and .75 are whole months. */
static bool is_in_months(const char *fraction, size_t digits)
{
    return digits == 0 || (digits == 1 && fraction[0] == '5') ||
           (digits == 2 && fraction[1] == '5' &&
            (fraction[0] == '2' || fraction[0] == '7'));
}

/* Whether the number that begins there is kept, of the unit behind it; *rest: that. */
static bool keeps_number(const char *number, const char *end, size_t most,
                         const char **rest)
{
    const char *fraction;
    size_t digits = 0, fewer;

    (void)pg_count_digits(number, end, &fraction);
    *rest = fraction;
    if (fraction < end && *fraction == '.') {
        digits = pg_count_digits(++fraction, end, rest);
    }
    fewer = digits_of_unit(*rest, end);
    return fewer == IN_MONTHS ? is_in_months(fraction, digits) : digits + fewer <= most;
}

/* Every number in it; one with an exponent is not understood. */
const char *pg_judge_interval(const struct tide_pg_type *type, const char *text,
                              size_t length)
{
    const char *end = text + length, *at = text;

    while (at < end) {
        if (*at != '.' && tide_digit_(*at) > 9) {
            at++;
            continue;
        }
        if (!keeps_number(at, end, (size_t)digits_of(type), &at)) {
            return pg_precision;
        }
        if (at < end && (*at == 'e' || *at == 'E')) {
            return pg_type;
        }
    }
    return NULL;
}

const char *pg_judge_moment(const struct tide_pg_type *type, const char *text,
                            size_t length)
{
    int64_t micros = 0;
    int32_t days;
    int rc;

    switch (type->oid) {
    case PG_OID_DATE:
        rc = tide_parse_date(text, length, &days);
        break;
    case PG_OID_TIME:
        rc = tide_parse_time(text, length, &micros);
        break;
    case PG_OID_TIMESTAMP:
        rc = tide_parse_datetime(text, length, &micros);
        break;
    default:
        rc = tide_parse_timestamp(text, length, &micros);
        break;
    }
    return judge_micros(type, rc, micros);
}
