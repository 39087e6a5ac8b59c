/* text - growing, JSON strings, nearest names, durations, sizes, times. */
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static void a_text_grows_and_stays_terminated(void **state)
{
    struct tide_text text = {0};
    char *taken;

    (void)state;
    for (int i = 0; i < 1000; i++) {
        tide_text_append(&text, "ab");
        tide_text_append_char(&text, 'c');
    }
    assert_int_equal(text.length, 3000);
    assert_int_equal(strlen(text.data), 3000);
    tide_text_reset(&text);
    tide_text_appendf(&text, "%d-%s", 7, "x");
    assert_string_equal(text.data, "7-x");
    taken = tide_text_take(&text);
    assert_string_equal(taken, "7-x");
    assert_null(text.data);
    free(taken);
    tide_text_fini(&text);
}

static void taking_an_empty_text_gives_an_empty_string(void **state)
{
    struct tide_text text = {0};
    char *taken = tide_text_take(&text);

    (void)state;
    assert_string_equal(taken, "");
    free(taken);
}

static void json_strings_escape_what_json_forbids(void **state)
{
    static const struct {
        const char *bytes;
        size_t length;
        const char *json;
    } cases[] = {
        {"", 0, "\"\""},
        {"a\"b\\c/", 6, "\"a\\\"b\\\\c/\""},
        {"\b\t\n\f\r\v", 6, "\"\\b\\t\\n\\f\\r\\u000b\""},
        {"\0\x1f\x7f", 3, "\"\\u0000\\u001f\x7f\""},
        {"\xc3\xa9\xf0\x9f\x8c\x8a", 6, "\"\xc3\xa9\xf0\x9f\x8c\x8a\""},
        {"a\xff\xc3", 3, "\"a\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xed\xa0\x80", 3, "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tide_text text = {0};

        tide_text_append_json(&text, cases[i].bytes, cases[i].length);
        assert_string_equal(text.data, cases[i].json);
        tide_text_fini(&text);
    }
}

/* A byte is escaped the same wherever it stands: alone, and among many. */
static void json_strings_escape_a_byte_in_any_place(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char c = (char)byte;
        struct tide_text alone = {0};

        tide_text_append_json(&alone, &c, 1);
        for (size_t at = 0; at < 20; at++) {
            char around[] = "aaaaaaaaaaaaaaaaaaaaaaa";
            struct tide_text text = {0};

            around[at] = c;
            tide_text_append_json(&text, around, sizeof around - 1);
            assert_int_equal(text.length, sizeof around - 2 + alone.length);
            assert_memory_equal(text.data + 1 + at, alone.data + 1, alone.length - 2);
            tide_text_fini(&text);
        }
        tide_text_fini(&alone);
    }
}

static void the_nearest_name_is_within_a_third(void **state)
{
    static const char *const names[] = {"mapping", "strict", "fields", "find", "key"};
    static const struct {
        const char *name, *nearest;
    } cases[] = {
        {"maping", "mapping"}, {"mappings", "mapping"}, {"field", "fields"},
        {"fidn", "find"},      {"ky", "key"},           {"strict", "strict"},
        {"srtict", "strict"},  {"table", NULL},         {"", NULL},
        {"x", NULL},           {"kye", "key"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *found = tide_text_nearest(cases[i].name, names, COUNT(names));

        if (cases[i].nearest) {
            assert_non_null(found);
            assert_string_equal(found, cases[i].nearest);
        } else {
            assert_null(found);
        }
    }
}

static void a_very_long_name_has_no_nearest(void **state)
{
    char name[2000];
    const char *const names[] = {"a", name};

    (void)state;
    memset(name, 'a', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    assert_null(tide_text_nearest(name, names, 2));
    assert_string_equal(tide_text_nearest("a", names, 2), "a");
}

static void durations_are_a_number_and_a_unit(void **state)
{
    static const struct {
        const char *text;
        int64_t us;
    } good[] = {{"500ms", 500000},
                {"30s", 30000000},
                {"5m", 300000000},
                {"1h", INT64_C(3600000000)},
                {"24h", INT64_C(86400000000)},
                {"7d", INT64_C(604800000000)},
                {"0s", 0}};
    static const char *const bad[] = {"",
                                      "5",
                                      "m",
                                      "-5m",
                                      "5 m",
                                      "5M",
                                      "1.5h",
                                      "5min",
                                      "99999999999999999999s",
                                      "9223372036854775807d"};
    struct tide_error err = {0};
    int64_t us = -1;

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(tide_duration_parse(good[i].text, &us, &err), TIDE_OK);
        assert_int_equal(us, good[i].us);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        us = -1;
        assert_int_equal(tide_duration_parse(bad[i], &us, &err), TIDE_E_CONFIG);
        assert_int_equal(us, -1);
        assert_non_null(strstr(err.message, "as in 30s"));
    }
    assert_int_equal(tide_duration_parse("0", &us, &err), TIDE_E_CONFIG);
    assert_non_null(strstr(err.message, "write \"0s\""));
}

static void sizes_are_bytes_or_binary_units(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes;
    } good[] = {{"0", 0},
                {"4096", 4096},
                {"64KiB", 65536},
                {"4MiB", 4194304},
                {"1GiB", INT64_C(1073741824)}};
    static const char *const bad[] = {"",   "KiB",  "4KB", "4 MiB",
                                      "-1", "4mib", "1e3", "9223372036854775807KiB"};
    struct tide_error err = {0};
    int64_t bytes = -1;

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(tide_size_parse(good[i].text, &bytes, &err), TIDE_OK);
        assert_int_equal(bytes, good[i].bytes);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_int_equal(tide_size_parse(bad[i], &bytes, &err), TIDE_E_CONFIG);
        assert_non_null(strstr(err.message, "4MiB"));
    }
}

static void times_have_milliseconds(void **state)
{
    static const struct {
        int64_t us;
        const char *text;
    } cases[] = {{0, "1970-01-01T00:00:00.000Z"},
                 {INT64_C(1732731767937000), "2024-11-27T18:22:47.937Z"},
                 {-1000, "1969-12-31T23:59:59.999Z"}};
    char text[32];

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        tide_time_format_ms(cases[i].us, text);
        assert_string_equal(text, cases[i].text);
    }
    tide_time_format_ms(INT64_MAX, text);
    assert_string_equal(text, "294247-01-10T04:00:54.775Z");
    tide_time_format_ms(INT64_MIN, text);
    assert_non_null(strstr(text, " BC"));
}

static void starts_and_ends_compare_bytes(void **state)
{
    (void)state;
    assert_true(tide_text_starts("api_x", "api_"));
    assert_false(tide_text_starts("api", "api_"));
    assert_true(tide_text_ends("a.csv", ".csv"));
    assert_false(tide_text_ends("csv", ".csv"));
    assert_true(tide_text_ends("", ""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_grows_and_stays_terminated),
        cmocka_unit_test(taking_an_empty_text_gives_an_empty_string),
        cmocka_unit_test(json_strings_escape_what_json_forbids),
        cmocka_unit_test(json_strings_escape_a_byte_in_any_place),
        cmocka_unit_test(the_nearest_name_is_within_a_third),
        cmocka_unit_test(a_very_long_name_has_no_nearest),
        cmocka_unit_test(durations_are_a_number_and_a_unit),
        cmocka_unit_test(sizes_are_bytes_or_binary_units),
        cmocka_unit_test(times_have_milliseconds),
        cmocka_unit_test(starts_and_ends_compare_bytes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
