/* json - strict in, valid out, members by name. */
#include "base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"

static struct json_object *parse(const char *text)
{
    struct json_object *value = NULL;
    struct tide_error err = {0};

    if (tide_json_parse(text, strlen(text), &value, &err) != TIDE_OK) {
        fail_msg("%s", err.message);
    }
    return value;
}

static void assert_same(const char *text, const char *json)
{
    struct json_object *value = parse(text);
    char *formatted = tide_json_format(value);

    assert_string_equal(formatted, json);
    free(formatted);
    (void)json_object_put(value);
}

static void numbers_are_written_as_they_were_read(void **state)
{
    static const char numbers[] =
        "[0,-0,12,-9223372036854775808,9223372036854775808,0.10,1E+5,1e999,"
        "123456789012345678901234567890.000000000000000000001]";

    (void)state;
    assert_same(numbers, numbers);
}

static void texts_keep_slashes_and_nul(void **state)
{
    (void)state;
    assert_same("\"a/b\\u0000c\"", "\"a/b\\u0000c\"");
    assert_same("\"\\/\"", "\"/\"");
}

static void failures_have_a_place(void **state)
{
    struct json_object *value = NULL;
    struct tide_error err = {0};

    (void)state;
    assert_int_equal(tide_json_parse("{\n \"a\": x}", 10, &value, &err), TIDE_E_DATA);
    assert_null(value);
    assert_string_equal(err.where, "2:7");
    assert_string_equal(err.message, "line 2, column 7: a value is missing");
    assert_int_equal(tide_json_parse("{\"a\":1,\"a\":2}", 13, &value, &err), TIDE_E_DATA);
    assert_int_equal(tide_json_parse("1", 0, &value, NULL), TIDE_E_DATA);
}

static void members_of_another_type_are_absent(void **state)
{
    struct json_object *value =
        parse("{\"t\":\"x\",\"i\":5,\"b\":true,\"n\":null,\"f\":1.5}");

    (void)state;
    assert_string_equal(tide_json_text(value, "t"), "x");
    assert_null(tide_json_text(value, "i"));
    assert_null(tide_json_text(value, "absent"));
    assert_int_equal(tide_json_int(value, "i", 7), 5);
    assert_int_equal(tide_json_int(value, "t", 7), 7);
    assert_int_equal(tide_json_int(value, "f", 7), 7);
    assert_true(tide_json_bool(value, "b", false));
    assert_true(tide_json_bool(value, "i", true));
    assert_null(tide_json_member(value, "n"));
    assert_null(tide_json_member(NULL, "n"));
    assert_null(tide_json_member(tide_json_member(value, "t"), "n"));
    (void)json_object_put(value);
}

static void members_are_set_and_always_utf8(void **state)
{
    struct json_object *value = json_object_new_object();
    char *text;

    (void)state;
    tide_json_set_text(value, "t", "a\"/");
    tide_json_set_text(value, "z", NULL);
    tide_json_set_text(value, "bad", "x\xff\xc3");
    tide_json_set_int(value, "i", INT64_MIN);
    tide_json_set_bool(value, "b", false);
    tide_json_set(value, "l", json_object_new_array());
    text = tide_json_format(value);
    assert_string_equal(
        text, "{\"t\":\"a\\\"/\",\"z\":null,\"bad\":\"x\xef\xbf\xbd\xef\xbf\xbd\","
              "\"i\":-9223372036854775808,\"b\":false,\"l\":[]}");
    free(text);
    text = tide_strdup(tide_json_pretty(value));
    assert_non_null(strstr(text, "\n  \"b\": false"));
    free(text);
    (void)json_object_put(value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_written_as_they_were_read),
        cmocka_unit_test(texts_keep_slashes_and_nul),
        cmocka_unit_test(failures_have_a_place),
        cmocka_unit_test(members_of_another_type_are_absent),
        cmocka_unit_test(members_are_set_and_always_utf8),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
