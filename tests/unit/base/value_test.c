/* value - the text of integers, words, decimals, uuids, and UTF-8. */
#include "value_test.h"

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
        cmocka_unit_test(bools_are_six_words),
        cmocka_unit_test(decimals_are_json_numbers_or_three_words),
        cmocka_unit_test(loose_decimals_become_strict_without_a_digit_lost),
        cmocka_unit_test(uuids_become_lower_case_with_hyphens),
        cmocka_unit_test(utf8_is_checked_to_the_letter),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
