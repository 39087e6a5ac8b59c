#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "format_harness.h"
#include "shared/json/text.h"

static void add(struct tide_schema *schema, const char *name, int type)
{
    assert_int_equal(tide_schema_add(schema, name, type, 0), TIDE_OK);
}

static void expect_json(int type, const char *value, const char *json)
{
    struct tide_schema schema = {0};
    char expected[200];
    char *text;

    add(&schema, "v", type);
    text = encode_values(&schema, &value, 1, NULL);
    (void)snprintf(expected, sizeof expected, "{\"v\":%s}\n", json);
    assert_string_equal(text, expected);
    free(text);
    tide_schema_clear(&schema);
}

static void rows_are_objects_in_the_order_of_the_columns(void **state)
{
    static const char *const values[] = {"1", "x", NULL, "y"};
    struct tide_schema schema = {0};
    char *text;

    (void)state;
    add(&schema, "n", TIDE_TYPE_INT64);
    add(&schema, "say \"x\"\n", TIDE_TYPE_STRING);
    text = encode_values(&schema, values, 2, NULL);
    assert_string_equal(text, "{\"n\":1,\"say \\\"x\\\"\\n\":\"x\"}\n"
                              "{\"n\":null,\"say \\\"x\\\"\\n\":\"y\"}\n");
    free(text);
    tide_schema_clear(&schema);
}

static void nulls_may_be_left_out(void **state)
{
    static const char *const values[] = {NULL, "1", NULL, NULL, "2", NULL};
    struct tide_schema schema = {0};
    char *text;

    (void)state;
    add(&schema, "a", TIDE_TYPE_INT64);
    add(&schema, "b", TIDE_TYPE_INT64);
    text = encode_values(&schema, values, 3, "{\"omit_nulls\": true}");
    assert_string_equal(text, "{\"b\":1}\n{}\n{\"a\":2}\n");
    free(text);
    tide_schema_clear(&schema);
}

static void every_type_has_its_json(void **state)
{
    (void)state;
    expect_json(TIDE_TYPE_NULL, NULL, "null");
    expect_json(TIDE_TYPE_BOOL, "true", "true");
    expect_json(TIDE_TYPE_INT64, "-9223372036854775808", "-9223372036854775808");
    expect_json(TIDE_TYPE_FLOAT64, "0.1", "0.1");
    expect_json(TIDE_TYPE_FLOAT64, "1e300", "1e+300");
    expect_json(TIDE_TYPE_FLOAT64, "NaN", "\"NaN\"");
    expect_json(TIDE_TYPE_FLOAT64, "-Infinity", "\"-Infinity\"");
    expect_json(TIDE_TYPE_DECIMAL, "-1.50", "-1.50");
    expect_json(TIDE_TYPE_DECIMAL, "123456789012345678901234567890e5",
                "123456789012345678901234567890e5");
    expect_json(TIDE_TYPE_DECIMAL, "NaN", "\"NaN\"");
    expect_json(TIDE_TYPE_DECIMAL, "-Infinity", "\"-Infinity\"");
    expect_json(TIDE_TYPE_DECIMAL, "007", "\"007\"");
    expect_json(TIDE_TYPE_STRING, "", "\"\"");
    expect_json(TIDE_TYPE_BYTES, "", "\"\"");
    expect_json(TIDE_TYPE_BYTES, "f", "\"Zg==\"");
    expect_json(TIDE_TYPE_BYTES, "fo", "\"Zm8=\"");
    expect_json(TIDE_TYPE_BYTES, "foo\xff\xfe", "\"Zm9v//4=\"");
    expect_json(TIDE_TYPE_DATE, "2024-11-27", "\"2024-11-27\"");
    expect_json(TIDE_TYPE_DATE, "infinity", "\"infinity\"");
    expect_json(TIDE_TYPE_TIME, "18:22:47.5", "\"18:22:47.5\"");
    expect_json(TIDE_TYPE_TIMESTAMP, "2024-11-27T18:22:47.937Z",
                "\"2024-11-27T18:22:47.937Z\"");
    expect_json(TIDE_TYPE_DATETIME, "2024-11-27T18:22:47", "\"2024-11-27T18:22:47\"");
    expect_json(TIDE_TYPE_UUID, "6f2c0de4-6b1f-4a43-9d6e-0b5c1a1c7b11",
                "\"6f2c0de4-6b1f-4a43-9d6e-0b5c1a1c7b11\"");
    expect_json(TIDE_TYPE_JSON, "{\"k\" : [1.0]}", "{\"k\" : [1.0]}");
}

static void strings_are_escaped(void **state)
{
    (void)state;
    expect_json(TIDE_TYPE_STRING, "a\"b\\c/d", "\"a\\\"b\\\\c/d\"");
    expect_json(TIDE_TYPE_STRING, "\b\t\n\f\r\x01\x1f\x7f",
                "\"\\b\\t\\n\\f\\r\\u0001\\u001f\x7f\"");
    expect_json(TIDE_TYPE_STRING, "é😀 a text that is longer than a block",
                "\"é😀 a text that is longer than a block\"");
}

static void json_stays_on_one_line(void **state)
{
    (void)state;
    expect_json(TIDE_TYPE_JSON, "{\n  \"k\":\r\n 1}", "{   \"k\":   1}");
}

#if defined(__SSE2__)

static void the_two_ways_to_escape_agree(void **state)
{
    uint64_t seed = 987654321;
    uint8_t text[300 + 64], one[2000], two[2000];

    (void)state;
    for (int round = 0; round < 30000; round++) {
        size_t length = (size_t)(random_next(&seed) % 300), size;

        for (size_t i = 0; i < length; i++) {
            text[i] = (uint8_t)(random_next(&seed) % (round & 1 ? 256 : 40) + 28);
        }
        memset(text + length, '"', 64);
        assert_ptr_equal(json_find_special_sse2(text, text + length),
                         json_find_special_portable(text, text + length));
        assert_int_equal(json_count_special_sse2(text, length),
                         json_count_special_portable(text, length));
        size = (size_t)(json_escape_portable(one, text, length) - one);
        assert_int_equal(json_escape_sse2(two, text, length) - two, size);
        assert_memory_equal(one, two, size);
        memset(one + size, '"', 64);
        assert_int_equal(json_unescape(two, one, size), length);
        assert_memory_equal(two, text, length);
    }
}

#endif

/* A line with each kind of value, at random. */
static size_t random_line(uint64_t *seed, char *out)
{
    static const char *const numbers[] = {"0", "-1.50", "1e5", "123456789012345678901"};
    static const char *const nested[] = {"{}", "[1, \"]\"]", "{\"x\": {\"y\": null}}"};
    static const char *const strings[] = {"", "plain", "\\\"q\\\" \\\\ \\n\\u0001", "é😀"};

    return (size_t)sprintf(
        out, "{\"i\":%d,\"d\":%s,\"s\":\"%s\",\"b\":%s,\"j\":%s,\"z\":%s}\n",
        (int)(random_next(seed) % 2000) - 1000, numbers[random_next(seed) % 4],
        strings[random_next(seed) % 4], random_next(seed) % 2 ? "true" : "null",
        nested[random_next(seed) % 3], random_next(seed) % 2 ? "null" : "1.0");
}

static void what_was_read_is_written_byte_for_byte(void **state)
{
    uint64_t seed = 5555;

    (void)state;
    for (int round = 0; round < 1000; round++) {
        char text[8000];
        size_t length = 0, again;
        char *second;

        for (int line = 0; line < 30; line++) {
            length += random_line(&seed, text + length);
        }
        second = recode(text, length, NULL, &again);
        assert_string_equal(second, text);
        assert_int_equal(again, length);
        free(second);
    }
}

static void no_rows_make_an_empty_file(void **state)
{
    struct tide_schema schema = {0};
    char *text;

    (void)state;
    add(&schema, "a", TIDE_TYPE_INT64);
    text = encode_values(&schema, NULL, 0, NULL);
    assert_string_equal(text, "");
    free(text);
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_objects_in_the_order_of_the_columns),
        cmocka_unit_test(nulls_may_be_left_out),
        cmocka_unit_test(every_type_has_its_json),
        cmocka_unit_test(strings_are_escaped),
        cmocka_unit_test(json_stays_on_one_line),
#if defined(__SSE2__)
        cmocka_unit_test(the_two_ways_to_escape_agree),
#endif
        cmocka_unit_test(what_was_read_is_written_byte_for_byte),
        cmocka_unit_test(no_rows_make_an_empty_file),
    };

    return cmocka_run_group_tests_name("jsonl_encode", tests, NULL, NULL);
}
