/*
 * Tests of what plugins share and no plugin's own test sees whole: the hash, and the
 * small JSON documents.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "shared/hash/xxh64.h"
#include "shared/json/document.h"

/* As the reference implementation has them. */
static void the_hash_is_the_published_one(void **state)
{
    static const char text[] = "Nobody inspects the spammish repetition";

    (void)state;
    assert_true(xxh64_of("", 0) == UINT64_C(0xef46db3751d8e999));
    assert_true(xxh64_of("a", 1) == UINT64_C(0xd24ec4f1a98c6e5b));
    assert_true(xxh64_of("abc", 3) == UINT64_C(0x44bc2cf5ad770999));
    assert_true(xxh64_of(text, strlen(text)) == UINT64_C(0xfbcea83c8a378bf1));
}

static void the_hash_of_pieces_is_that_of_the_whole(void **state)
{
    uint8_t data[200];

    (void)state;
    for (size_t i = 0; i < sizeof data; i++) {
        data[i] = (uint8_t)(i * 37);
    }
    for (size_t cut = 0; cut <= sizeof data; cut++) {
        struct xxh64 hash;

        xxh64_init(&hash);
        xxh64_add(&hash, data, cut / 2);
        xxh64_add(&hash, data + cut / 2, cut - cut / 2);
        assert_true(xxh64_value(&hash) == xxh64_of(data, cut));
        xxh64_add(&hash, data + cut, sizeof data - cut);
        assert_true(xxh64_value(&hash) == xxh64_of(data, sizeof data));
    }
}

static void a_document_is_read_as_it_was_written(void **state)
{
    struct json_out out = {0};
    struct json_document document;
    struct json_value list, element;
    struct json_text place = {0};
    int64_t number = 0;
    char *text;

    (void)state;
    json_out_raw(&out, " {\"list\": [1, \"two\", [3]], \"t\\\"\": 0, \"text\": ");
    json_out_string(&out, "a \"b\"\\\n\x01 \xc3\xa9");
    json_out_raw(&out, ", \"least\": ");
    json_out_int(&out, INT64_MIN);
    json_out_raw(&out, ", \"none\": ");
    json_out_string(&out, NULL);
    json_out_raw(&out, ", \"large\": 9223372036854775808} ");
    assert_false(out.failed);
    assert_null(json_document_open(&document, out.text, out.length));
    text = json_member_string(&document.root, "text");
    assert_string_equal(text, "a \"b\"\\\n\x01 \xc3\xa9");
    assert_true(json_member_int(&document.root, "least", &number));
    assert_true(number == INT64_MIN);
    assert_false(json_member_int(&document.root, "large", &number));
    assert_false(json_member_int(&document.root, "text", &number));
    assert_null(json_member_string(&document.root, "none"));
    assert_null(json_member_string(&document.root, "absent"));
    assert_false(json_member_array(&document.root, "text", &list));
    assert_true(json_member_array(&document.root, "list", &list));
    for (size_t i = 0; i < 3; i++) {
        assert_true(json_element(&list, &place, &element));
    }
    assert_false(json_element(&list, &place, &element));
    assert_null(place.fault);
    free(text);
    json_document_close(&document);
    json_out_fini(&out);
}

static void what_is_no_document_is_told(void **state)
{
    static const char *const texts[] = {"",     "{",         "{} {}",
                                        "[1,]", "{\"a\" 1}", "\"\\u12\""};
    struct json_document document;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_non_null(json_document_open(&document, texts[i], strlen(texts[i])));
        json_document_close(&document);
    }
}

/* A NUL would end the text early. */
static void a_string_with_a_nul_is_no_text(void **state)
{
    struct json_document document;

    (void)state;
    assert_null(json_document_open(&document, "\"a\\u0000b\"", 10));
    assert_null(json_string(&document.root));
    json_document_close(&document);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_hash_is_the_published_one),
        cmocka_unit_test(the_hash_of_pieces_is_that_of_the_whole),
        cmocka_unit_test(a_document_is_read_as_it_was_written),
        cmocka_unit_test(what_is_no_document_is_told),
        cmocka_unit_test(a_string_with_a_nul_is_no_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
