#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "format_harness.h"

static struct tide_schema columns(size_t count, const int *types)
{
    struct tide_schema schema = {0};

    for (size_t i = 0; i < count; i++) {
        char name[] = {(char)('a' + i), '\0'};

        assert_int_equal(tide_schema_add(&schema, name, types[i], 0), TIDE_OK);
    }
    return schema;
}

/* Rows of text columns, as many as there are. */
static void expect_text(size_t count, const char *const *values, int64_t rows,
                        const char *options, const char *expected)
{
    static const int types[8] = {TIDE_TYPE_STRING, TIDE_TYPE_STRING, TIDE_TYPE_STRING,
                                 TIDE_TYPE_STRING, TIDE_TYPE_STRING, TIDE_TYPE_STRING,
                                 TIDE_TYPE_STRING, TIDE_TYPE_STRING};
    struct tide_schema schema = columns(count, types);
    char *text = encode_values(&schema, values, rows, options);

    assert_string_equal(text, expected);
    free(text);
    tide_schema_clear(&schema);
}

static void values_that_need_no_quotes_get_none(void **state)
{
    static const char *const values[] = {
        "1", "plain text of some length", "é ü", " pad ", "a'b", "\\N"};

    (void)state;
    expect_text(3, values, 2, NULL,
                "a,b,c\n1,plain text of some length,é ü\n pad ,a'b,\\N\n");
}

static void delimiters_quotes_and_line_ends_are_quoted(void **state)
{
    static const char *const values[] = {"a,b", "say \"hi\"", "x\ny", "x\ry",
                                         "\"",  "no",         ",",    "\"\"\"\""};

    (void)state;
    expect_text(2, values, 4, NULL,
                "a,b\n\"a,b\",\"say \"\"hi\"\"\"\n\"x\ny\",\"x\ry\"\n\"\"\"\",no\n"
                "\",\",\"\"\"\"\"\"\"\"\"\"\n");
}

static void null_empty_and_null_string_stay_apart(void **state)
{
    static const char *const values[] = {NULL, "", "NULL", "null"};

    (void)state;
    expect_text(2, values, 2, NULL, "a,b\n,\"\"\nNULL,null\n");
    expect_text(2, values, 2, "{\"null_string\": \"NULL\"}",
                "a,b\nNULL,\"\"\n\"NULL\",null\n");
}

static void the_header_is_quoted_where_it_must(void **state)
{
    struct tide_schema schema = {0};
    char *text;

    (void)state;
    assert_int_equal(tide_schema_add(&schema, "a,b", TIDE_TYPE_INT64, 0), TIDE_OK);
    assert_int_equal(tide_schema_add(&schema, "\"q\"", TIDE_TYPE_INT64, 0), TIDE_OK);
    assert_int_equal(tide_schema_add(&schema, "c", TIDE_TYPE_INT64, 0), TIDE_OK);
    text = encode_values(&schema, NULL, 0, NULL);
    assert_string_equal(text, "\"a,b\",\"\"\"q\"\"\",c\n");
    free(text);
    text = encode_values(&schema, NULL, 0, "{\"escape\": \"\\\\\"}");
    assert_string_equal(text, "\"a,b\",\"\\\"q\\\"\",c\n");
    free(text);
    tide_schema_clear(&schema);
}

static void a_header_is_written_once_or_not_at_all(void **state)
{
    static const char *const values[] = {"x"};
    static const int types[] = {TIDE_TYPE_STRING};
    struct tide_schema schema = columns(1, types);
    struct tide_batch batches[2];
    size_t length;
    char *text;

    (void)state;
    batch_make(&batches[0], &schema, values, 1);
    batch_make(&batches[1], &schema, values, 1);
    text = encode(&schema, batches, 2, NULL, &length);
    assert_string_equal(text, "a\nx\nx\n");
    free(text);
    text = encode(&schema, batches, 2, "{\"header\": false}", &length);
    assert_string_equal(text, "x\nx\n");
    free(text);
    text = encode(&schema, NULL, 0, NULL, &length);
    assert_string_equal(text, "a\n");
    free(text);
    tide_batch_release(&batches[0]);
    tide_batch_release(&batches[1]);
    tide_schema_clear(&schema);
}

static void every_type_has_its_text(void **state)
{
    static const int types[] = {TIDE_TYPE_BOOL,      TIDE_TYPE_INT64, TIDE_TYPE_FLOAT64,
                                TIDE_TYPE_DECIMAL,   TIDE_TYPE_BYTES, TIDE_TYPE_DATE,
                                TIDE_TYPE_TIME,      TIDE_TYPE_UUID,  TIDE_TYPE_JSON,
                                TIDE_TYPE_TIMESTAMP, TIDE_TYPE_NULL,  TIDE_TYPE_DATETIME};
    static const char *const values[] = {
        "true",       "-9223372036854775808",
        "0.1",        "1.50",
        "\x01\xfeZ",  "2024-11-27",
        "18:22:47.5", "6f2c0de4-6b1f-4a43-9d6e-0b5c1a1c7b11",
        "{\"k\": 1}", "2024-11-27T18:22:47.937Z",
        NULL,         "0044-03-15T00:00:00 BC"};
    struct tide_schema schema = columns(12, types);
    char *text = encode_values(&schema, values, 1, "{\"header\": false}");

    (void)state;
    assert_string_equal(text, "true,-9223372036854775808,0.1,1.50,\\x01fe5a,2024-11-27,"
                              "18:22:47.5,6f2c0de4-6b1f-4a43-9d6e-0b5c1a1c7b11,"
                              "\"{\"\"k\"\": 1}\",2024-11-27T18:22:47.937Z,,"
                              "0044-03-15T00:00:00 BC\n");
    free(text);
    tide_schema_clear(&schema);
}

static void numbers_and_dates_are_quoted_when_the_dialect_clashes(void **state)
{
    static const int types[] = {TIDE_TYPE_INT64, TIDE_TYPE_DATE, TIDE_TYPE_BYTES,
                                TIDE_TYPE_BOOL};
    static const char *const values[] = {"-1", "2024-11-27", "-", "true"};
    struct tide_schema schema = columns(4, types);
    char *text = encode_values(&schema, values, 1,
                               "{\"header\": false, \"delimiter\": \"-\", "
                               "\"null_string\": \"true\"}");

    (void)state;
    assert_string_equal(text, "\"-1\"-\"2024-11-27\"-\\x2d-\"true\"\n");
    free(text);
    tide_schema_clear(&schema);
}

static void lines_end_as_asked(void **state)
{
    static const char *const values[] = {"1", "2"};

    (void)state;
    expect_text(2, values, 1, "{\"line_ending\": \"crlf\"}", "a,b\r\n1,2\r\n");
}

static void an_escape_of_its_own_is_escaped_too(void **state)
{
    static const char *const values[] = {"x \"y\", \\z", "a\\b"};

    (void)state;
    expect_text(2, values, 1, "{\"header\": false, \"escape\": \"\\\\\"}",
                "\"x \\\"y\\\", \\\\z\",\"a\\\\b\"\n");
}

static void what_would_end_a_copy_is_quoted_when_it_is_alone_in_its_line(void **state)
{
    static const char *const values[] = {"\\.", "\\.x", "\\."};

    (void)state;
    expect_text(1, values, 3, "{\"header\": false}", "\"\\.\"\n\\.x\n\"\\.\"\n");
    expect_text(3, values, 1, "{\"header\": false}", "\\.,\\.x,\\.\n");
}

static void a_value_that_looks_like_a_byte_order_mark_stays(void **state)
{
    static const char *const values[] = {"\xef\xbb\xbfx"};
    char *text;
    size_t length;

    (void)state;
    expect_text(1, values, 1, "{\"header\": false}", "\xef\xbb\xbf\xef\xbb\xbfx\n");
    text = recode("\xef\xbb\xbf\xef\xbb\xbfx\n", 8, "{\"header\": false}", &length);
    assert_string_equal(text, "\xef\xbb\xbf\xef\xbb\xbfx\n");
    free(text);
}

static void long_values_are_whole(void **state)
{
    enum { SIZE = 100000 };
    char *value = malloc(SIZE + 1);
    const char *values[1] = {value};
    char *expected = malloc(2 * SIZE + 8);
    char *at = expected;

    (void)state;
    assert_non_null(value);
    assert_non_null(expected);
    *at++ = '"';
    for (size_t i = 0; i < SIZE; i++) {
        value[i] = i % 3 ? 'x' : '"';
        *at++ = value[i];
        if (i % 3 == 0) {
            *at++ = '"';
        }
    }
    value[SIZE] = '\0';
    memcpy(at, "\"\n", 3);
    expect_text(1, values, 1, "{\"header\": false}", expected);
    free(value);
    free(expected);
}

/* Text of letters that matter, in three columns. */
static char *random_batch(uint64_t *seed, const struct tide_schema *schema,
                          const char *options, size_t *length)
{
    static const char letters[] = "ab,\"\n\r; \\N\xc3\xa9";
    char texts[90][40];
    const char *values[90];
    struct tide_batch batch;
    int64_t rows = (int64_t)(random_next(seed) % 30) + 1;
    char *text;

    for (size_t i = 0; i < 90; i++) {
        size_t size = random_next(seed) % 30, at = 0;

        while (at < size) {
            size_t letter = random_next(seed) % 11;

            memcpy(texts[i] + at, letters + letter, letter == 10 ? 2 : 1);
            at += letter == 10 ? 2 : 1;
        }
        texts[i][at] = '\0';
        values[i] = random_next(seed) % 5 ? texts[i] : NULL;
    }
    batch_make(&batch, schema, values, rows);
    text = encode(schema, &batch, 1, options, length);
    tide_batch_release(&batch);
    return text;
}

static void what_is_written_reads_back_the_same(void **state)
{
    static const char *const dialects[] = {
        NULL,
        "{\"delimiter\": \";\", \"null_string\": \"\\\\N\", \"line_ending\": \"crlf\"}",
        "{\"escape\": \"\\\\\", \"quote\": \"'\", \"null_string\": \"a\"}"};
    static const int types[] = {TIDE_TYPE_STRING, TIDE_TYPE_STRING, TIDE_TYPE_STRING};
    struct tide_schema schema = columns(3, types);
    uint64_t seed = 123456789;

    (void)state;
    for (int round = 0; round < 3000; round++) {
        const char *options = dialects[round % 3];
        size_t length, again;
        char *text = random_batch(&seed, &schema, options, &length);
        char *second = recode(text, length, options, &again);

        assert_int_equal(again, length);
        assert_memory_equal(second, text, length);
        free(text);
        free(second);
    }
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_that_need_no_quotes_get_none),
        cmocka_unit_test(delimiters_quotes_and_line_ends_are_quoted),
        cmocka_unit_test(null_empty_and_null_string_stay_apart),
        cmocka_unit_test(the_header_is_quoted_where_it_must),
        cmocka_unit_test(a_header_is_written_once_or_not_at_all),
        cmocka_unit_test(every_type_has_its_text),
        cmocka_unit_test(numbers_and_dates_are_quoted_when_the_dialect_clashes),
        cmocka_unit_test(lines_end_as_asked),
        cmocka_unit_test(an_escape_of_its_own_is_escaped_too),
        cmocka_unit_test(what_would_end_a_copy_is_quoted_when_it_is_alone_in_its_line),
        cmocka_unit_test(a_value_that_looks_like_a_byte_order_mark_stays),
        cmocka_unit_test(long_values_are_whole),
        cmocka_unit_test(what_is_written_reads_back_the_same),
    };

    return cmocka_run_group_tests_name("csv_encode", tests, NULL, NULL);
}
