/* value - the canonical text of every type, and its reading. */
#include <tidemill/value.h>

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char text[TIDE_VALUE_TEXT_MAX + 1];

/* Terminate what was formatted and give it. */
static const char *got(size_t length)
{
    assert_true(length <= TIDE_VALUE_TEXT_MAX);
    text[length] = '\0';
    return text;
}

/* A small generator with a fixed seed: splitmix64. */
static uint64_t next_random(void)
{
    static uint64_t state = 42;
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* ---- int64 ---- */

static void integers_are_written_and_read_back(void **state)
{
    static const int64_t edges[] = {
        0,    1,     -1,    9,         10,        99,        100,       999,      1000,
        9999, 10000, 99999, 123456789, INT32_MAX, INT32_MIN, INT64_MAX, INT64_MIN};
    char expected[32];
    int64_t back;

    (void)state;
    for (size_t i = 0; i < COUNT(edges) + 20000; i++) {
        int64_t value =
            i < COUNT(edges) ? edges[i] : (int64_t)next_random() >> (next_random() % 64);

        (void)snprintf(expected, sizeof expected, "%lld", (long long)value);
        assert_string_equal(got(tide_format_int64(text, value)), expected);
        assert_int_equal(tide_parse_int64(text, strlen(text), &back), TIDE_OK);
        assert_true(back == value);
    }
}

static void integers_beyond_64_bits_are_a_limit_and_others_no_integers(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t value;
    } cases[] = {
        {"9223372036854775807", TIDE_OK, INT64_MAX},
        {"9223372036854775808", TIDE_E_LIMIT, 0},
        {"-9223372036854775808", TIDE_OK, INT64_MIN},
        {"-9223372036854775809", TIDE_E_LIMIT, 0},
        {"18446744073709551615", TIDE_E_LIMIT, 0},
        {"18446744073709551616", TIDE_E_LIMIT, 0},
        {"99999999999999999999999", TIDE_E_LIMIT, 0},
        {"0000000000000000000000012", TIDE_OK, 12},
        {"+5", TIDE_OK, 5},
        {"-0", TIDE_OK, 0},
        {"", TIDE_E_DATA, 0},
        {"-", TIDE_E_DATA, 0},
        {"+", TIDE_E_DATA, 0},
        {" 1", TIDE_E_DATA, 0},
        {"1 ", TIDE_E_DATA, 0},
        {"1.0", TIDE_E_DATA, 0},
        {"1e3", TIDE_E_DATA, 0},
        {"0x10", TIDE_E_DATA, 0},
        {"--1", TIDE_E_DATA, 0},
        {"99999999999999999999999x", TIDE_E_DATA, 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int64_t value = 77;

        assert_int_equal(tide_parse_int64(cases[i].text, strlen(cases[i].text), &value),
                         cases[i].rc);
        assert_true(value == (cases[i].rc == TIDE_OK ? cases[i].value : 77));
    }
}

/* ---- float64 ---- */

static void floats_are_written_short(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0.0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {-1.5, "-1.5"},
        {0.1, "0.1"},
        {0.2, "0.2"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1.0 / 3, "0.3333333333333333"},
        {123456.789, "123456.789"},
        {999999999999999, "999999999999999"},
        {0.000001, "1e-06"},
        {0.000012345678901234567, "0.000012345678901234568"},
        {9007199254740991.0, "9007199254740991"},
        {4503599627370495.5, "4503599627370495.5"},
        {0.00001, "0.00001"},
        {0x1p-16, "0.0000152587890625"},
        {1234.56789012345, "1234.56789012345"},
        {100.1 * 3, "300.29999999999995"},
        {0.00001, "0.00001"},
        {1e15, "1000000000000000"},
        {1e16, "1e+16"},
        {1e22, "1e+22"},
        {1e23, "1e+23"},
        {9007199254740993.0, "9007199254740992"},
        {DBL_MAX, "1.7976931348623157e+308"},
        {-DBL_MAX, "-1.7976931348623157e+308"},
        {DBL_MIN, "2.2250738585072014e-308"},
        {5e-324, "5e-324"},
        {2.5e-320, "2.5e-320"},
        {0.5, "0.5"},
        {4.35, "4.35"},
        {1234567.125, "1234567.125"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(got(tide_format_float64(text, cases[i].value)),
                            cases[i].text);
    }
    assert_string_equal(got(tide_format_float64(text, __builtin_nan(""))), "NaN");
    assert_string_equal(got(tide_format_float64(text, __builtin_inf())), "Infinity");
    assert_string_equal(got(tide_format_float64(text, -__builtin_inf())), "-Infinity");
}

static void check_float(double value)
{
    double back, reference;

    (void)got(tide_format_float64(text, value));
    reference = strtod(text, NULL);
    assert_memory_equal(&reference, &value, sizeof value);
    assert_int_equal(tide_parse_float64(text, strlen(text), &back), TIDE_OK);
    assert_memory_equal(&back, &value, sizeof value);
}

static void every_float_reads_back_to_the_same_bits(void **state)
{
    (void)state;
    for (int i = 0; i < 20000; i++) {
        uint64_t bits = next_random();
        double value;

        memcpy(&value, &bits, sizeof value);
        if (value - value == 0) {
            check_float(value);
        }
        check_float((double)(int64_t)(next_random() % 100000000) / 100);
        check_float((double)(int64_t)next_random() / 1e6);
        check_float((double)(next_random() % 1000000007) * 1e-9);
    }
    for (int exponent = -1074; exponent < 1024; exponent++) {
        check_float(__builtin_ldexp(1, exponent));
        check_float(-__builtin_ldexp(1, exponent));
    }
}

/* Digits that count, without zeros at either end. */
static int significant_digits(const char *number)
{
    int digits = 0, zeros = 0;

    for (; *number && *number != 'e'; number++) {
        if (*number >= '1' && *number <= '9') {
            digits += zeros + 1;
            zeros = 0;
        } else if (*number == '0' && digits > 0) {
            zeros++;
        }
    }
    return digits;
}

static void no_shorter_text_reads_back(void **state)
{
    char shorter[40];

    (void)state;
    for (int i = 0; i < 30000; i++) {
        double value = (double)(next_random() >> 11) *
                       __builtin_ldexp(1, -(int)(next_random() % 68));
        int digits;

        (void)got(tide_format_float64(text, value));
        digits = significant_digits(text);
        if (value > 1e-5 && value < 0x1p53 && digits > 1) {
            (void)snprintf(shorter, sizeof shorter, "%.*e", digits - 2, value);
            assert_true(strtod(shorter, NULL) != value);
        }
    }
}

static void floats_read_as_the_c_library_reads_them(void **state)
{
    char number[64];

    (void)state;
    for (int i = 0; i < 50000; i++) {
        double value, reference;

        (void)snprintf(number, sizeof number, "%s%llu.%0*lluE%d", i % 2 ? "-" : "",
                       (unsigned long long)(next_random() >> (next_random() % 64)),
                       (int)(next_random() % 12 + 1),
                       (unsigned long long)(next_random() % 1000),
                       (int)(next_random() % 60) - 30);
        reference = strtod(number, NULL);
        assert_int_equal(tide_parse_float64(number, strlen(number), &value), TIDE_OK);
        assert_memory_equal(&value, &reference, sizeof value);
    }
}

static void odd_texts_of_floats(void **state)
{
    static const struct {
        const char *text;
        int rc;
        double value;
    } cases[] = {
        {"1e22", TIDE_OK, 1e22},
        {"1e23", TIDE_OK, 1e23},
        {"-0.0", TIDE_OK, -0.0},
        {".5", TIDE_OK, 0.5},
        {"5.", TIDE_OK, 5},
        {"+5", TIDE_OK, 5},
        {"1E+2", TIDE_OK, 100},
        {"0.000000000000000000000000001", TIDE_OK, 1e-27},
        {"9007199254740993", TIDE_OK, 9007199254740992.0},
        {"179769313486231570000000000000000000000e270", TIDE_OK, DBL_MAX},
        {"0e999999999999", TIDE_OK, 0},
        {"infinity", TIDE_OK, __builtin_inf()},
        {"-INF", TIDE_OK, -__builtin_inf()},
        {"1e400", TIDE_E_LIMIT, 0},
        {"-1e400", TIDE_E_LIMIT, 0},
        {"1e-400", TIDE_E_LIMIT, 0},
        {"1e99999999999999999999", TIDE_E_LIMIT, 0},
        {"", TIDE_E_DATA, 0},
        {".", TIDE_E_DATA, 0},
        {"-", TIDE_E_DATA, 0},
        {"e5", TIDE_E_DATA, 0},
        {"1e", TIDE_E_DATA, 0},
        {"1e+", TIDE_E_DATA, 0},
        {"1.2.3", TIDE_E_DATA, 0},
        {"0x1p3", TIDE_E_DATA, 0},
        {"1,5", TIDE_E_DATA, 0},
        {" 1", TIDE_E_DATA, 0},
        {"1 ", TIDE_E_DATA, 0},
        {"infinit", TIDE_E_DATA, 0},
        {"nano", TIDE_E_DATA, 0},
    };
    double value;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int rc = tide_parse_float64(cases[i].text, strlen(cases[i].text), &value);

        assert_int_equal(rc, cases[i].rc);
        if (rc == TIDE_OK) {
            assert_memory_equal(&value, &cases[i].value, sizeof value);
        }
    }
    assert_int_equal(tide_parse_float64("nan", 3, &value), TIDE_OK);
    assert_true(value != value);
}

static void a_float_longer_than_a_kilobyte_is_a_limit(void **state)
{
    char digits[1024];
    double value;

    (void)state;
    memset(digits, '1', sizeof digits);
    digits[1] = '.';
    assert_int_equal(tide_parse_float64(digits, 1023, &value), TIDE_OK);
    assert_true(value == 1.1111111111111112);
    assert_int_equal(tide_parse_float64(digits, 1024, &value), TIDE_E_LIMIT);
}

/* ---- bool, decimal, uuid ---- */

static void bools_are_six_words(void **state)
{
    static const char *const yes[] = {"true", "TRUE", "True", "t", "T", "1"};
    static const char *const no[] = {"false", "FALSE", "False", "f", "F", "0"};
    static const char *const bad[] = {"",   "yes",   "no",   "on", "2",
                                      "tr", "truee", "\x11", " 1"};
    bool value;

    (void)state;
    for (size_t i = 0; i < COUNT(yes); i++) {
        assert_int_equal(tide_parse_bool(yes[i], strlen(yes[i]), &value), TIDE_OK);
        assert_true(value);
        assert_int_equal(tide_parse_bool(no[i], strlen(no[i]), &value), TIDE_OK);
        assert_false(value);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(tide_parse_bool(bad[i], strlen(bad[i]), &value), TIDE_E_DATA);
    }
    assert_string_equal(got(tide_format_bool(text, true)), "true");
    assert_string_equal(got(tide_format_bool(text, false)), "false");
}

static void decimals_are_json_numbers_or_three_words(void **state)
{
    static const char *const good[] = {"0",
                                       "-0",
                                       "12",
                                       "-12.50",
                                       "1e5",
                                       "1E-5",
                                       "0.0",
                                       "NaN",
                                       "1e+5",
                                       "10",
                                       "Infinity",
                                       "-Infinity",
                                       "123456789012345678901234567890.000000000001"};
    static const char *const bad[] = {"",     "-",   "+1", "01", ".5",  "5.",
                                      "1e",   "1e+", "-.", "1a", "nan", "infinity",
                                      "-NaN", "0x1", "1 ", "--1"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(tide_is_decimal(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(tide_is_decimal(bad[i], strlen(bad[i])));
    }
}

static void loose_decimals_become_strict_without_a_digit_lost(void **state)
{
    static const struct {
        const char *text, *decimal;
    } cases[] = {
        {"12.50", "12.50"},
        {"+5", "5"},
        {".5", "0.5"},
        {"-.50", "-0.50"},
        {"5.", "5"},
        {"5.e3", "5e3"},
        {"007", "7"},
        {"-000.10", "-0.10"},
        {"+00", "0"},
        {"1E5", "1E5"},
        {"nan", "NaN"},
        {"inf", "Infinity"},
        {"-inf", "-Infinity"},
        {"00123456789012345678901234567890", "123456789012345678901234567890"},
    };
    static const char *const bad[] = {"", ".", "+", "1,5", "abc", "1e", "- 1"};
    char out[64];
    size_t length;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(
            tide_parse_decimal(cases[i].text, strlen(cases[i].text), out, &length),
            TIDE_OK);
        assert_int_equal(length, strlen(cases[i].decimal));
        assert_memory_equal(out, cases[i].decimal, length);
        assert_true(tide_is_decimal(out, length));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(tide_parse_decimal(bad[i], strlen(bad[i]), out, &length),
                         TIDE_E_DATA);
    }
}

static void uuids_become_lower_case_with_hyphens(void **state)
{
    static const char canonical[] = "0123abcd-4567-89ef-0123-456789abcdef";
    static const char *const good[] = {
        "0123abcd-4567-89ef-0123-456789abcdef", "0123ABCD-4567-89EF-0123-456789ABCDEF",
        "0123abcd456789ef0123456789abcdef", "{0123abcd-4567-89ef-0123-456789abcdef}"};
    static const char *const bad[] = {"",
                                      "0123abcd-4567-89ef-0123-456789abcdeg",
                                      "0123abcd-4567-89ef-0123-456789abcde",
                                      "0123abcd4-567-89ef-0123-456789abcdef",
                                      "{0123abcd-4567-89ef-0123-456789abcdef",
                                      "0123abcd 4567 89ef 0123 456789abcdef"};
    char out[37] = {0};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(tide_parse_uuid(good[i], strlen(good[i]), out), TIDE_OK);
        assert_string_equal(out, canonical);
        assert_int_equal(tide_is_uuid(good[i], strlen(good[i])), i == 0);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(tide_parse_uuid(bad[i], strlen(bad[i]), out), TIDE_E_DATA);
    }
}

/* ---- dates and times ---- */

static void days_agree_with_the_c_library(void **state)
{
    (void)state;
    for (int64_t day = -800000; day < 3000000; day += 97) {
        time_t seconds = (time_t)(day * 86400);
        struct tm tm;
        int64_t year;
        unsigned month, month_day;

        assert_non_null(gmtime_r(&seconds, &tm));
        tide_civil_from_days(day, &year, &month, &month_day);
        assert_int_equal(year, tm.tm_year + 1900);
        assert_int_equal(month, tm.tm_mon + 1);
        assert_int_equal(month_day, tm.tm_mday);
        assert_int_equal(tide_days_from_civil(year, month, month_day), day);
    }
}

static void dates_are_written_and_read_back(void **state)
{
    static const struct {
        int32_t days;
        const char *text;
    } cases[] = {{0, "1970-01-01"},
                 {-1, "1969-12-31"},
                 {20054, "2024-11-27"},
                 {19782, "2024-02-29"},
                 {11016, "2000-02-29"},
                 {-25509, "1900-02-28"},
                 {2932896, "9999-12-31"},
                 {2932897, "10000-01-01"},
                 {-719162, "0001-01-01"},
                 {-719163, "0001-12-31 BC"},
                 {-735160, "0044-03-15 BC"},
                 {INT32_MAX - 1, "5881580-07-10"},
                 {INT32_MIN + 1, "5877642-06-24 BC"},
                 {TIDE_DATE_INFINITY, "infinity"},
                 {TIDE_DATE_MINUS_INFINITY, "-infinity"}};
    int32_t back;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(got(tide_format_date(text, cases[i].days)), cases[i].text);
        assert_int_equal(tide_parse_date(text, strlen(text), &back), TIDE_OK);
        assert_int_equal(back, cases[i].days);
    }
}

static void days_that_do_not_exist_are_refused(void **state)
{
    static const struct {
        const char *text;
        int rc;
    } cases[] = {
        {"2023-02-29", TIDE_E_DATA},
        {"1900-02-29", TIDE_E_DATA},
        {"2024-02-30", TIDE_E_DATA},
        {"2024-04-31", TIDE_E_DATA},
        {"2024-13-01", TIDE_E_DATA},
        {"2024-00-01", TIDE_E_DATA},
        {"2024-01-00", TIDE_E_DATA},
        {"2024-01-32", TIDE_E_DATA},
        {"0000-01-01", TIDE_E_DATA},
        {"0000-01-01 BC", TIDE_E_DATA},
        {"0001-02-29 BC", TIDE_OK},
        {"0002-02-29 BC", TIDE_E_DATA},
        {"24-01-01", TIDE_E_DATA},
        {"2024-1-1", TIDE_E_DATA},
        {"2024/01/01", TIDE_E_DATA},
        {"20240101", TIDE_E_DATA},
        {"2024-01-01 ", TIDE_E_DATA},
        {" 2024-01-01", TIDE_E_DATA},
        {"2024-01-01T", TIDE_E_DATA},
        {"-2024-01-01", TIDE_E_DATA},
        {"", TIDE_E_DATA},
        {"2024-01-01 AD", TIDE_E_DATA},
        {"5881580-07-11", TIDE_E_LIMIT},
        {"5881580-07-12", TIDE_E_LIMIT},
        {"99999999999-01-01", TIDE_E_LIMIT},
        {"5877642-06-22 BC", TIDE_E_LIMIT},
        {"Infinity", TIDE_OK},
        {"+infinity", TIDE_E_DATA},
    };
    int32_t days;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(tide_parse_date(cases[i].text, strlen(cases[i].text), &days),
                         cases[i].rc);
    }
}

static void times_of_day(void **state)
{
    static const struct {
        const char *text;
        int rc;
        int64_t us;
        const char *canonical;
    } cases[] = {
        {"00:00:00", TIDE_OK, 0, "00:00:00"},
        {"18:22:47.5", TIDE_OK, INT64_C(66167500000), "18:22:47.5"},
        {"18:22", TIDE_OK, INT64_C(66120000000), "18:22:00"},
        {"23:59:59.999999", TIDE_OK, INT64_C(86399999999), "23:59:59.999999"},
        {"00:00:00.000001", TIDE_OK, 1, "00:00:00.000001"},
        {"00:00:00.10000000", TIDE_OK, 100000, "00:00:00.1"},
        {"24:00:00", TIDE_OK, INT64_C(86400000000), "24:00:00"},
        {"24:00:01", TIDE_E_DATA, 0, NULL},
        {"25:00:00", TIDE_E_DATA, 0, NULL},
        {"12:60:00", TIDE_E_DATA, 0, NULL},
        {"12:00:60", TIDE_E_DATA, 0, NULL},
        {"12:00:00.", TIDE_E_DATA, 0, NULL},
        {"12:00:00.0000001", TIDE_E_LIMIT, 0, NULL},
        {"1:00:00", TIDE_E_DATA, 0, NULL},
        {"12", TIDE_E_DATA, 0, NULL},
        {"12:00:00Z", TIDE_E_DATA, 0, NULL},
        {"", TIDE_E_DATA, 0, NULL},
    };
    int64_t us;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int rc = tide_parse_time(cases[i].text, strlen(cases[i].text), &us);

        assert_int_equal(rc, cases[i].rc);
        if (rc == TIDE_OK) {
            assert_true(us == cases[i].us);
            assert_string_equal(got(tide_format_time(text, us)), cases[i].canonical);
        }
    }
}

static void timestamps_are_written_and_read_back(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00Z"},
                 {INT64_C(1732731767937000), "2024-11-27T18:22:47.937Z"},
                 {-1, "1969-12-31T23:59:59.999999Z"},
                 {INT64_C(253402300800000000), "10000-01-01T00:00:00Z"},
                 {INT64_C(-63517780800000000), "0044-03-15T12:00:00Z BC"},
                 {INT64_MAX - 1, "294247-01-10T04:00:54.775806Z"},
                 {INT64_MIN + 1, "290309-12-21T19:59:05.224193Z BC"},
                 {INT64_MAX, "infinity"},
                 {INT64_MIN, "-infinity"}};
    int64_t back;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_string_equal(got(tide_format_timestamp(text, cases[i].us)), cases[i].text);
        assert_int_equal(tide_parse_timestamp(text, strlen(text), &back), TIDE_OK);
        assert_true(back == cases[i].us);
    }
    for (int i = 0; i < 20000; i++) {
        int64_t us = (int64_t)next_random() >> (next_random() % 20);

        (void)got(tide_format_timestamp(text, us));
        assert_int_equal(tide_parse_timestamp(text, strlen(text), &back), TIDE_OK);
        assert_true(back == us);
        (void)got(tide_format_datetime(text, us));
        assert_int_equal(tide_parse_datetime(text, strlen(text), &back), TIDE_OK);
        assert_true(back == us);
    }
}

static void timestamps_know_zones(void **state)
{
    static const struct {
        const char *text;
        int rc;
        const char *canonical;
    } cases[] = {
        {"2024-11-27 18:22:47+00", TIDE_OK, "2024-11-27T18:22:47Z"},
        {"2024-11-27T18:22:47+02", TIDE_OK, "2024-11-27T16:22:47Z"},
        {"2024-11-27T18:22:47-0530", TIDE_OK, "2024-11-27T23:52:47Z"},
        {"2024-11-27T18:22:47.25+05:45", TIDE_OK, "2024-11-27T12:37:47.25Z"},
        {"1880-01-01 00:00:00+00:53:28", TIDE_OK, "1879-12-31T23:06:32Z"},
        {"2024-11-27T18:22:47", TIDE_OK, "2024-11-27T18:22:47Z"},
        {"2024-11-27T18:22Z", TIDE_OK, "2024-11-27T18:22:00Z"},
        {"2024-11-27", TIDE_OK, "2024-11-27T00:00:00Z"},
        {"2024-11-27t18:22:47z", TIDE_OK, "2024-11-27T18:22:47Z"},
        {"2024-11-27T24:00:00Z", TIDE_OK, "2024-11-28T00:00:00Z"},
        {"0044-03-15 BC", TIDE_OK, "0044-03-15T00:00:00Z BC"},
        {"0044-03-15 12:00:00+00 BC", TIDE_OK, "0044-03-15T12:00:00Z BC"},
        {"2024-11-27T18:22:47+16", TIDE_E_DATA, NULL},
        {"2024-11-27T18:22:47+0", TIDE_E_DATA, NULL},
        {"2024-11-27T18:22:47+02:", TIDE_E_DATA, NULL},
        {"2024-11-27T18:22:47 Z", TIDE_E_DATA, NULL},
        {"2024-11-27T18:22:47Zx", TIDE_E_DATA, NULL},
        {"2024-11-27T", TIDE_E_DATA, NULL},
        {"2024-11-27 ", TIDE_E_DATA, NULL},
        {"2024-11-27Z", TIDE_E_DATA, NULL},
        {"2024-11-27X18:22:47", TIDE_E_DATA, NULL},
        {"2024-11-27T18:22:47.1234567Z", TIDE_E_LIMIT, NULL},
        {"294247-01-10T04:00:54.775807Z", TIDE_E_LIMIT, NULL},
        {"294248-01-01T00:00:00Z", TIDE_E_LIMIT, NULL},
        {"999999999-01-01T00:00:00Z", TIDE_E_LIMIT, NULL},
        {"now", TIDE_E_DATA, NULL},
        {"", TIDE_E_DATA, NULL},
    };
    int64_t us;

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        int rc = tide_parse_timestamp(cases[i].text, strlen(cases[i].text), &us);

        assert_int_equal(rc, cases[i].rc);
        if (rc == TIDE_OK) {
            assert_string_equal(got(tide_format_timestamp(text, us)), cases[i].canonical);
        }
    }
}

static void datetimes_have_no_zone(void **state)
{
    int64_t us;

    (void)state;
    assert_int_equal(tide_parse_datetime("2024-11-27 18:22:47.5", 21, &us), TIDE_OK);
    assert_string_equal(got(tide_format_datetime(text, us)), "2024-11-27T18:22:47.5");
    assert_int_equal(tide_parse_datetime("2024-11-27T18:22:47Z", 20, &us), TIDE_E_DATA);
    assert_int_equal(tide_parse_datetime("2024-11-27T18:22:47+02", 22, &us), TIDE_E_DATA);
    assert_int_equal(tide_parse_datetime("2024-11-27", 10, &us), TIDE_OK);
    assert_int_equal(tide_parse_datetime("0044-03-15T12:00:00 BC", 22, &us), TIDE_OK);
}

/* ---- UTF-8 ---- */

static void utf8_is_checked_to_the_letter(void **state)
{
    static const char *const good[] = {"",
                                       "plain ascii of some length",
                                       "\x7f",
                                       "\xc2\x80",
                                       "\xdf\xbf",
                                       "\xe0\xa0\x80",
                                       "\xed\x9f\xbf",
                                       "\xee\x80\x80",
                                       "\xef\xbf\xbf",
                                       "\xf0\x90\x80\x80",
                                       "\xf4\x8f\xbf\xbf",
                                       ("12345678\xc3\xa9"
                                        "12345678")};
    static const char *const bad[] = {"\x80",
                                      "\xbf",
                                      "\xc0\x80",
                                      "\xc1\xbf",
                                      "\xc2",
                                      "\xc2\x41",
                                      "\xe0\x9f\xbf",
                                      "\xe0\xa0",
                                      "\xed\xa0\x80",
                                      "\xef\xbf",
                                      "\xf0\x8f\xbf\xbf",
                                      "\xf0\x90\x80",
                                      "\xf5\x80\x80\x80",
                                      "\xf4\x90\x80\x80",
                                      "\xff",
                                      "12345678\xc3",
                                      ("1234567\x80"
                                       "1234567890")};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(tide_is_utf8((const uint8_t *)good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(tide_is_utf8((const uint8_t *)bad[i], strlen(bad[i])));
    }
    assert_int_equal(tide_utf8_count("a\xc3\xa9\xf0\x9f\x8c\x8a", 7), 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_are_written_and_read_back),
        cmocka_unit_test(integers_beyond_64_bits_are_a_limit_and_others_no_integers),
        cmocka_unit_test(floats_are_written_short),
        cmocka_unit_test(every_float_reads_back_to_the_same_bits),
        cmocka_unit_test(no_shorter_text_reads_back),
        cmocka_unit_test(floats_read_as_the_c_library_reads_them),
        cmocka_unit_test(odd_texts_of_floats),
        cmocka_unit_test(a_float_longer_than_a_kilobyte_is_a_limit),
        cmocka_unit_test(bools_are_six_words),
        cmocka_unit_test(decimals_are_json_numbers_or_three_words),
        cmocka_unit_test(loose_decimals_become_strict_without_a_digit_lost),
        cmocka_unit_test(uuids_become_lower_case_with_hyphens),
        cmocka_unit_test(days_agree_with_the_c_library),
        cmocka_unit_test(dates_are_written_and_read_back),
        cmocka_unit_test(days_that_do_not_exist_are_refused),
        cmocka_unit_test(times_of_day),
        cmocka_unit_test(timestamps_are_written_and_read_back),
        cmocka_unit_test(timestamps_know_zones),
        cmocka_unit_test(datetimes_have_no_zone),
        cmocka_unit_test(utf8_is_checked_to_the_letter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
