/* JSON lines: the pieces in which a text comes make no difference, what was read is
 * written so that it reads the same, and json-c takes every line that we take. */
#include "fuzz.h"

#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "../unit/formats/format_harness.h"

static void check_line(struct json_tokener *tokener, const char *line, int length)
{
    struct json_object *object;

    json_tokener_reset(tokener);
    object = json_tokener_parse_ex(tokener, line, length);
    if (!object) {
        fail_msg("json-c: %s: %.*s",
                 json_tokener_error_desc(json_tokener_get_error(tokener)), length, line);
    }
    assert_true(json_object_is_type(object, json_type_object));
    json_object_put(object);
}

static void check_written(const char *text, size_t length)
{
    struct json_tokener *tokener = json_tokener_new_ex(2000);
    const char *end = text + length;

    assert_non_null(tokener);
    while (text < end) {
        const char *line = memchr(text, '\n', (size_t)(end - text));

        assert_non_null(line);
        check_line(tokener, text, (int)(line - text) + 1);
        text = line + 1;
    }
    json_tokener_free(tokener);
}

static void check_round_trip(const uint8_t *data, size_t size)
{
    size_t once, twice;
    char *first = recode(data, size, NULL, &once);
    char *second = recode(first, once, NULL, &twice);

    check_written(first, once);
    assert_int_equal(once, twice);
    assert_memory_equal(first, second, once);
    free(first);
    free(second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct decode_how whole = {.batch_rows = 400}, pieces = {.batch_rows = 400};
    struct decoded a, b;

    if (size < 1) {
        return 0;
    }
    pieces.step = (size_t)data[0] % 100 + 1;
    a = decode(data + 1, size - 1, &whole);
    b = decode(data + 1, size - 1, &pieces);
    decoded_expect_same(&a, &b);
    if (a.code == TIDE_END && a.rejects[0] == '\0') {
        check_round_trip(data + 1, size - 1);
    }
    decoded_clear(&a);
    decoded_clear(&b);
    return 0;
}
