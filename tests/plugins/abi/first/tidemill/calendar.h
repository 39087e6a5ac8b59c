/*
 * calendar - days, times and instants as text.
 *
 * Proleptic Gregorian; there is no year 0, 1 BC comes before 1.
 */
#ifndef TIDEMILL_CALENDAR_H
#define TIDEMILL_CALENDAR_H

#include <tidemill/number.h>
#include <tidemill/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

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
    return negative ? tide_put_word_(out, "-infinity", 9)
                    : tide_put_word_(out, "infinity", 8);
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
        out += tide_put_word_(out, " BC", 3);
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
    *us = ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * 1000000 + fraction;
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
    *offset_us = ((int64_t)hour * 3600 + (int64_t)minute * 60 + second) * 1000000;
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
