/* calendar - dates, times and timestamps, written and read back. */
#include "value_test.h"

#include <time.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(days_agree_with_the_c_library),
        cmocka_unit_test(dates_are_written_and_read_back),
        cmocka_unit_test(days_that_do_not_exist_are_refused),
        cmocka_unit_test(times_of_day),
        cmocka_unit_test(timestamps_are_written_and_read_back),
        cmocka_unit_test(timestamps_know_zones),
        cmocka_unit_test(datetimes_have_no_zone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
