#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "format_harness.h"

/* The same text, whatever pieces it comes in; columns come from the whole of it. */
static void expect(const char *text, const char *schema, const char *rows,
                   const char *rejects)
{
    for (size_t step = 0; step < 40; step++) {
        struct decode_how how = {.step = step};
        struct decoded out = decode(text, strlen(text), &how);

        assert_int_equal(out.code, TIDE_END);
        assert_string_equal(out.schema, schema);
        assert_string_equal(out.rows, rows);
        assert_string_equal(out.rejects, rejects);
        decoded_clear(&out);
    }
}

/* A first row of a: int64, b: string, and then this line, which is rejected. */
static void expect_reject(const char *line, const char *code, const char *message)
{
    char text[512], expected[300];
    struct decode_how how = {.batch_rows = 1};
    struct decoded out;

    (void)snprintf(text, sizeof text, "{\"a\":1,\"b\":\"x\"}\n%s\n{\"b\":\"y\"}\n", line);
    (void)snprintf(expected, sizeof expected, "%s@2 %s\n", code, line);
    out = decode(text, strlen(text), &how);
    assert_int_equal(out.code, TIDE_END);
    assert_string_equal(out.rejects, expected);
    assert_string_equal(out.rows, "1|1|x\n3|~|y\n");
    if (!strstr(out.messages, message)) {
        fail_msg("\"%s\" does not say \"%s\"", out.messages, message);
    }
    decoded_clear(&out);
}

static void columns_stand_in_the_order_of_their_keys(void **state)
{
    (void)state;
    expect("{\"b\":1,\"a\":\"x\"}\n{\"c\":true,\"a\":\"y\"}", "b:int64 a:string c:bool",
           "1|1|x|~\n2|~|y|true\n", "");
}

static void keys_may_come_in_any_order(void **state)
{
    (void)state;
    expect(
        "{\"a\":1,\"b\":2,\"c\":3}\n{\"c\":6,\"a\":4,\"b\":5}\n{ \"b\" : 8 ,\t\"c\":9}\n",
        "a:int64 b:int64 c:int64", "1|1|2|3\n2|4|5|6\n3|~|8|9\n", "");
}

static void numbers_stay_as_they_are_written(void **state)
{
    (void)state;
    expect(
        "{\"i\":-9223372036854775808,\"d\":1.10,\"n\":1}\n"
        "{\"i\":9223372036854775807,\"d\":-1E+05,\"n\":123456789012345678901234567890}\n"
        "{\"i\":0,\"d\":1e999,\"n\":9223372036854775808}\n",
        "i:int64 d:decimal n:decimal",
        "1|-9223372036854775808|1.10|1\n"
        "2|9223372036854775807|-1E+05|123456789012345678901234567890\n"
        "3|0|1e999|9223372036854775808\n",
        "");
}

static void nested_values_keep_their_bytes(void **state)
{
    (void)state;
    expect(
        "{\"o\":{ \"x\" : [1.0, {}] },\"l\":[ ]}\n{\"o\":{},\"l\":[\"}\",\"\\\"]\"]}\n",
        "o:json l:json", "1|{ \"x\" : [1.0, {}] }|[ ]\n2|{}|[\"}\",\"\\\"]\"]\n", "");
}

static void mixed_kinds_and_nothing_but_null_are_json(void **state)
{
    (void)state;
    expect("{\"m\":1,\"n\":null,\"s\":\"a\"}\n{\"m\":\"x\\n\",\"n\":null,\"s\":[1]}\n"
           "{\"m\":null,\"n\":null,\"s\":false}\n",
           "m:json n:json s:json", "1|1|~|\"a\"\n2|\"x\\n\"|~|[1]\n3|~|~|false\n", "");
}

static void strings_lose_their_escapes(void **state)
{
    (void)state;
    expect(
        "{\"s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t|\\u0041\\u00e9\\u20AC\\ud83d\\ude00|é😀\"}\n",
        "s:string", "1|\"\\/\b\f\n\r\t|Aé€😀|é😀\n", "");
    expect("{\"\\u0061\":\"\"}\n{\"a\":\"x\"}\n", "a:string", "1|\n2|x\n", "");
}

static void blank_lines_and_the_byte_order_mark_are_skipped(void **state)
{
    (void)state;
    expect("\xef\xbb\xbf\n  \r\n{\"a\":1}\r\n\n\t{\"a\":2} \n", "a:int64", "3|1\n5|2\n",
           "");
}

static void an_empty_file_has_no_columns(void **state)
{
    (void)state;
    expect("", "", "", "");
    expect("\n \n", "", "", "");
}

static void an_empty_object_is_a_row_of_nulls(void **state)
{
    (void)state;
    expect("{\"a\":1}\n{}\n{ }\n", "a:int64", "1|1\n2|~\n3|~\n", "");
}

static void utf16_is_refused_with_advice(void **state)
{
    struct decode_how how = {0};
    struct decoded out = decode("\xff\xfe{\0", 4, &how);

    (void)state;
    assert_int_equal(out.code, TIDE_E_DATA);
    assert_non_null(strstr(out.error.message, "convert it to UTF-8"));
    decoded_clear(&out);
}

static void a_key_that_comes_later_is_rejected(void **state)
{
    (void)state;
    expect_reject("{\"a\":2,\"new\":3}", "unknown_field", "had no \"new\"; declare");
    expect_reject("{\"\":3}", "unknown_field", "had no \"\"");
}

static void a_value_of_another_type_is_rejected(void **state)
{
    (void)state;
    expect_reject("{\"a\":\"2\"}", "type_mismatch", "\"a\" is a string, where");
    expect_reject("{\"a\":1.0}", "type_mismatch", "made the column int64; declare");
    expect_reject("{\"a\":9223372036854775808}", "type_mismatch", "beyond 64 bits");
    expect_reject("{\"b\":2}", "type_mismatch", "\"b\" is an integer");
    expect_reject("{\"b\":{}}", "type_mismatch", "an object or array");
    expect_reject("{\"b\":\"ok\",\"a\":true}", "type_mismatch", "true or false");
}

static void a_key_that_stands_twice_is_rejected(void **state)
{
    (void)state;
    expect_reject("{\"a\":1,\"a\":1}", "duplicate_key", "\"a\" stands in the line twice");
    expect_reject("{\"b\":\"1\",\"a\":1,\"b\":null}", "duplicate_key", "\"b\"");
}

static void what_is_no_object_is_rejected(void **state)
{
    (void)state;
    expect_reject("[1]", "not_an_object", "but an array");
    expect_reject("\"x\"", "not_an_object", "but a single value");
    expect_reject("null", "not_an_object", "but a single value");
}

static void what_is_no_json_is_rejected_with_its_byte(void **state)
{
    (void)state;
    expect_reject("{\"a\":1", "malformed_json", "byte 7: a comma or } is expected");
    expect_reject("{\"a\":1}}", "malformed_json", "byte 8: something stands behind");
    expect_reject("{\"a\":1} x", "malformed_json", "byte 9: something stands behind");
    expect_reject("{\"a\":1,}", "malformed_json", "byte 8: a key in quotes");
    expect_reject("{\"a\"}", "malformed_json", "byte 5: a colon");
    expect_reject("{\"a\":}", "malformed_json", "byte 6: a value");
    expect_reject("{\"b\":\"x}", "malformed_json", "byte 9: a string is not closed");
    expect_reject("{\"b\":\"\t\"}", "malformed_json", "byte 7: a control character");
    expect_reject("{\"b\":\"\\x\"}", "malformed_json", "byte 7: a backslash");
    expect_reject("{\"a\":01}", "malformed_json", "may not start with 0");
    expect_reject("{\"a\":1.}", "malformed_json", "byte 8: a digit");
    expect_reject("{\"a\":.5}", "malformed_json", "a value");
    expect_reject("{\"a\":+1}", "malformed_json", "a value");
    expect_reject("{\"a\":1e}", "malformed_json", "a digit");
    expect_reject("{\"a\":-}", "malformed_json", "a digit");
    expect_reject("{\"a\":nul}", "malformed_json", "a value");
    expect_reject("{\"a\":NaN}", "malformed_json", "a value");
    expect_reject("{\"a\":[1,]}", "malformed_json", "a value");
    expect_reject("{\"a\":{\"b\":}}", "malformed_json", "a value");
    expect_reject("{\"a\":{\"b\" 1}}", "malformed_json", "a colon");
    expect_reject("{\"a\":[1}", "malformed_json", "a comma or ]");
    expect_reject("{\"a\":{\"b\":1]}", "malformed_json", "a comma or }");
    expect_reject("{'a':1}", "malformed_json", "a key in quotes");
    expect_reject("a,b", "malformed_json", "byte 1: a value");
}

static void half_a_surrogate_pair_is_malformed(void **state)
{
    (void)state;
    expect_reject("{\"b\":\"\\ud800\"}", "malformed_json", "surrogate");
    expect_reject("{\"b\":\"\\ude00\"}", "malformed_json", "surrogate");
    expect_reject("{\"b\":\"\\ud800\\u0041\"}", "malformed_json", "surrogate");
    expect_reject("{\"b\":\"\\u12g4\"}", "malformed_json", "hexadecimal");
}

static void a_line_that_is_not_utf8_is_rejected(void **state)
{
    (void)state;
    expect_reject("{\"b\":\"\xff\"}", "invalid_utf8", "not valid UTF-8");
    expect_reject("{\"b\":\"\xc3\"}", "invalid_utf8", "not valid UTF-8");
}

static void deep_nesting_has_an_end(void **state)
{
    char text[5000] = "{\"a\":";
    size_t at = 5;
    struct decoded out;

    (void)state;
    memset(text + at, '[', 1024);
    memset(text + at + 1024, ']', 1024);
    memcpy(text + at + 2048, "}\n", 3);
    out = decode_text(text, NULL);
    assert_int_equal(out.row_count, 1);
    decoded_clear(&out);
    memset(text + at, '[', 1025);
    memset(text + at + 1025, ']', 1025);
    memcpy(text + at + 2050, "}\n", 3);
    out = decode_text(text, NULL);
    assert_int_equal(out.row_count, 0);
    assert_non_null(strstr(out.messages, "nested too deeply"));
    decoded_clear(&out);
}

static void declared_columns_are_there_and_take_any_value_as_text(void **state)
{
    struct tide_schema declared = {0};
    struct decode_how how = {.declared = &declared, .batch_rows = 1};
    const char *text =
        "{\"n\":1,\"x\":\"a\\n\",\"j\":1}\n{\"late\":\"2024-11-27\",\"n\":1.50}\n"
        "{\"n\":\"12\",\"x\":true}\n{\"x\":[1, 2],\"j\":{\"k\":\"v\"}}\n";
    struct decoded out;

    (void)state;
    assert_int_equal(tide_schema_add(&declared, "late", TIDE_TYPE_DATE, 0), TIDE_OK);
    assert_int_equal(tide_schema_add(&declared, "n", TIDE_TYPE_DECIMAL, 0), TIDE_OK);
    assert_int_equal(tide_schema_add(&declared, "x", TIDE_TYPE_STRING, 0), TIDE_OK);
    assert_int_equal(tide_schema_add(&declared, "j", TIDE_TYPE_JSON, 0), TIDE_OK);
    out = decode(text, strlen(text), &how);
    assert_string_equal(out.schema, "n:string x:string j:json late:string");
    assert_string_equal(out.rows, "1|1|a\n|1|~\n2|1.50|~|~|2024-11-27\n3|12|true|~|~\n"
                                  "4|~|[1, 2]|{\"k\":\"v\"}|~\n");
    assert_string_equal(out.rejects, "");
    decoded_clear(&out);
    tide_schema_clear(&declared);
}

static void lines_beyond_the_limit_are_rejected(void **state)
{
    enum { SIZE = 200000 };
    char *text = malloc(SIZE + 64);

    (void)state;
    assert_non_null(text);
    memset(text, 'x', SIZE);
    memcpy(text, "{\"a\":\"1\"}\n{\"a\":\"", 16);
    memcpy(text + SIZE, "\"}\n{\"a\":\"2\"}", 13);
    for (size_t step = 0; step < 90000; step += 30011) {
        struct decode_how how = {.options = "{\"max_row_size\": 65536}", .step = step};
        struct decoded out = decode(text, SIZE + 12, &how);

        assert_int_equal(out.code, TIDE_END);
        assert_string_equal(out.rows, "1|1\n3|2\n");
        assert_memory_equal(out.rejects, "row_too_long@2 {\"a", 18);
        decoded_clear(&out);
    }
    free(text);
}

static void bad_lines_in_the_sample_do_not_make_columns(void **state)
{
    (void)state;
    expect("{\"bad\":1\n[2]\n{\"a\":1}\n{\"worse\":1}x\n", "a:int64", "3|1\n",
           "malformed_json@1 {\"bad\":1\nnot_an_object@2 [2]\n"
           "malformed_json@4 {\"worse\":1}x\n");
}

static void rejects_beyond_what_the_run_takes_end_it(void **state)
{
    struct decode_how how = {.reject_limit = 1};
    struct decoded out = decode("1\n2\n", 4, &how);

    (void)state;
    assert_int_equal(out.code, TIDE_E_LIMIT);
    assert_non_null(strstr(out.error.message, "line 2"));
    decoded_clear(&out);
}

static void many_columns_are_found_by_name(void **state)
{
    char text[60000];
    size_t at = 0;
    struct decoded out;
    const char *second;

    (void)state;
    for (int line = 0; line < 2; line++) {
        for (int i = 0; i < 1500; i++) {
            int column = line ? 1499 - i : i;

            at += (size_t)snprintf(text + at, sizeof text - at, "%c\"key_%d\":%d",
                                   i ? ',' : '{', column, column);
        }
        at += (size_t)snprintf(text + at, sizeof text - at, "}\n");
    }
    out = decode(text, at, &(struct decode_how){0});
    assert_string_equal(out.rejects, "");
    assert_int_equal(out.row_count, 2);
    second = strchr(out.rows, '\n') + 1;
    assert_memory_equal(out.rows + 1, second + 1, (size_t)(second - out.rows) - 1);
    decoded_clear(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_in_the_order_of_their_keys),
        cmocka_unit_test(keys_may_come_in_any_order),
        cmocka_unit_test(numbers_stay_as_they_are_written),
        cmocka_unit_test(nested_values_keep_their_bytes),
        cmocka_unit_test(mixed_kinds_and_nothing_but_null_are_json),
        cmocka_unit_test(strings_lose_their_escapes),
        cmocka_unit_test(blank_lines_and_the_byte_order_mark_are_skipped),
        cmocka_unit_test(an_empty_file_has_no_columns),
        cmocka_unit_test(an_empty_object_is_a_row_of_nulls),
        cmocka_unit_test(utf16_is_refused_with_advice),
        cmocka_unit_test(a_key_that_comes_later_is_rejected),
        cmocka_unit_test(a_value_of_another_type_is_rejected),
        cmocka_unit_test(a_key_that_stands_twice_is_rejected),
        cmocka_unit_test(what_is_no_object_is_rejected),
        cmocka_unit_test(what_is_no_json_is_rejected_with_its_byte),
        cmocka_unit_test(half_a_surrogate_pair_is_malformed),
        cmocka_unit_test(a_line_that_is_not_utf8_is_rejected),
        cmocka_unit_test(deep_nesting_has_an_end),
        cmocka_unit_test(declared_columns_are_there_and_take_any_value_as_text),
        cmocka_unit_test(lines_beyond_the_limit_are_rejected),
        cmocka_unit_test(bad_lines_in_the_sample_do_not_make_columns),
        cmocka_unit_test(rejects_beyond_what_the_run_takes_end_it),
        cmocka_unit_test(many_columns_are_found_by_name),
    };

    return cmocka_run_group_tests_name("jsonl_decode", tests, NULL, NULL);
}
