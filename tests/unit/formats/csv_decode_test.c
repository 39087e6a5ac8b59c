#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

#include "format_harness.h"

static void expect_rows(const char *text, const char *options, const char *rows)
{
    char *got = decode_rows(text, options);

    assert_string_equal(got, rows);
    free(got);
}

/* The same text, whatever pieces it comes in. */
static void expect(const char *text, const char *options, const char *rows,
                   const char *rejects)
{
    for (size_t step = 0; step < 40; step++) {
        struct decode_how how = {.options = options, .step = step};
        struct decoded out = decode(text, strlen(text), &how);

        assert_int_equal(out.code, TIDE_END);
        assert_string_equal(out.rows, rows);
        assert_string_equal(out.rejects, rejects);
        decoded_clear(&out);
    }
}

static void expect_error(const char *text, size_t length, const char *options, int code,
                         const char *message)
{
    struct decode_how how = {.options = options};
    struct decoded out = decode(text, length, &how);

    assert_int_equal(out.code, code);
    if (!strstr(out.error.message, message)) {
        fail_msg("\"%s\" does not say \"%s\"", out.error.message, message);
    }
    decoded_clear(&out);
}

static void fields_are_separated_and_rows_have_their_lines(void **state)
{
    (void)state;
    expect("id,name\n1,one\n2,two\n", NULL, "2|1|one\n3|2|two\n", "");
}

static void the_header_names_the_columns(void **state)
{
    struct decoded out = decode_text("id,\"full \"\"name\"\"\",,été\n", NULL);

    (void)state;
    assert_string_equal(out.schema,
                        "id:string full \"name\":string column_3:string été:string");
    assert_int_equal(out.row_count, 0);
    decoded_clear(&out);
}

static void a_header_of_one_column_may_have_another_delimiter(void **state)
{
    static const struct {
        const char *text, *options, *message;
    } cases[] = {
        {"id;name\n1;x\n", NULL, "is the option delimiter \";\"?"},
        {"id\tname\n", NULL, "is the option delimiter \"\\t\"?"},
        {"id|name\n", NULL, "is the option delimiter \"|\"?"},
        {"id,name\n", "{\"delimiter\": \";\"}", "is the option delimiter \",\"?"},
        {"id\n1;2\n", NULL, NULL},
        {"\"a;b\"\n1\n", NULL, NULL},
        {"a;b,c\n", NULL, NULL},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct decoded out = decode_text(cases[i].text, cases[i].options);

        if (cases[i].message) {
            assert_non_null(strstr(out.messages, cases[i].message));
        } else {
            assert_string_equal(out.messages, "");
        }
        decoded_clear(&out);
    }
}

static void an_empty_file_has_no_columns(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        static const char *const texts[] = {"", "\n", "\r\n\n", "\xef\xbb\xbf"};
        struct decoded out = decode_text(texts[i], NULL);

        assert_int_equal(out.code, TIDE_END);
        assert_string_equal(out.schema, "");
        assert_int_equal(out.row_count, 0);
        decoded_clear(&out);
    }
}

static void the_last_line_may_lack_its_end(void **state)
{
    (void)state;
    expect("a,b\n1,2\n3,4", NULL, "2|1|2\n3|3|4\n", "");
    expect("a,b\n1,2\n3,", NULL, "2|1|2\n3|3|~\n", "");
    expect("a,b\n1,2\n3,\"x\"", NULL, "2|1|2\n3|3|x\n", "");
    expect("a,b\r\n1,2\r\n3,4\r", NULL, "2|1|2\n3|3|4\n", "");
    expect("a,b\n3,\"x\"\r", NULL, "2|3|x\n", "");
}

static void lines_may_end_in_cr_lf(void **state)
{
    (void)state;
    expect("a,b\r\n1,\"2\"\r\n,\r\n", NULL, "2|1|2\n3|~|~\n", "");
}

static void a_cr_elsewhere_is_text(void **state)
{
    (void)state;
    expect("a,b\n1\r2,x\ry\n", NULL, "2|1\r2|x\ry\n", "");
}

static void quotes_hide_delimiters_quotes_and_line_ends(void **state)
{
    (void)state;
    expect("a,b\n\"1,2\",\"say \"\"hi\"\"\"\n\"x\ny\r\nz\",\"\"\"\"\n3,4\n", NULL,
           "2|1,2|say \"hi\"\n3|x\ny\r\nz|\"\n6|3|4\n", "");
}

static void an_unquoted_empty_field_is_null_and_a_quoted_one_is_not(void **state)
{
    (void)state;
    expect("a,b\n,\"\"\n\"\",\n", NULL, "2|~|\n3||~\n", "");
}

static void null_string_is_null_when_unquoted(void **state)
{
    (void)state;
    expect("a,b,c\nNULL,\"NULL\",\nnull,NULLS,NUL\n", "{\"null_string\": \"NULL\"}",
           "2|~|NULL|\n3|null|NULLS|NUL\n", "");
}

static void dialects_have_their_own_characters(void **state)
{
    (void)state;
    expect("a;b\n'1;''x';2,3\n", "{\"delimiter\": \";\", \"quote\": \"'\"}",
           "2|1;'x|2,3\n", "");
    expect("a\tb\n 1\t\"x\ty\"\n", "{\"delimiter\": \"\\t\"}", "2| 1|x\ty\n", "");
}

static void an_escape_of_its_own_stands_in_front_of_quotes(void **state)
{
    (void)state;
    expect("a,b\n\"x \\\"y\\\" \\\\ \\n\",\\\"z\n\"\\\\\",2\n", "{\"escape\": \"\\\\\"}",
           "2|x \"y\" \\ \\n|\\\"z\n3|\\|2\n", "");
    expect("a,b\n\"x\"\"y\",2\n3,4\n", "{\"escape\": \"\\\\\"}", "3|3|4\n",
           "malformed_quote@2 \"x\"\"y\",2\n");
}

static void trim_drops_blanks_outside_quotes(void **state)
{
    (void)state;
    expect("a, b\n  1 ,\t\" 2 \" \n ,x y\t\n", "{\"trim\": true}", "2|1| 2 \n3|~|x y\n",
           "");
    expect("a\tb\n 1 \t\n", "{\"trim\": true, \"delimiter\": \"\\t\"}", "2|1|~\n", "");
    expect("a,b\n 1 , x \n", NULL, "2| 1 | x \n", "");
}

static void a_file_may_have_no_header(void **state)
{
    (void)state;
    expect("1,2\n3,4\n", "{\"header\": false}", "1|1|2\n2|3|4\n", "");
    expect("1,2\n3\n", "{\"header\": false, \"columns\": [\"x\", \"y\"]}", "1|1|2\n",
           "ragged_row@2 3\n");
    expect("\xef\xbb\xbf\n1,2\n", "{\"header\": false}", "2|1|2\n", "");
}

static void columns_without_a_header_are_numbered_or_named(void **state)
{
    struct decoded out = decode_text("1,2\n", "{\"header\": false}");

    (void)state;
    assert_string_equal(out.schema, "column_1:string column_2:string");
    decoded_clear(&out);
    out = decode_text("", "{\"header\": false, \"columns\": [\"x\"]}");
    assert_string_equal(out.schema, "x:string");
    decoded_clear(&out);
}

static void blank_lines_are_skipped_and_counted(void **state)
{
    (void)state;
    expect("\n\r\na,b\n\n1,2\n\r\n\n3,4\n\n", NULL, "5|1|2\n8|3|4\n", "");
}

static void in_one_column_a_blank_line_is_null(void **state)
{
    (void)state;
    expect("a\n1\n\n\"\"\n2\n", NULL, "2|1\n3|~\n4|\n5|2\n", "");
    expect("\n1\n", "{\"header\": false}", "1|~\n2|1\n", "");
}

static void the_byte_order_mark_is_skipped(void **state)
{
    struct decoded out = decode_text("\xef\xbb\xbf\"a\",b\n1,2\n", NULL);

    (void)state;
    assert_string_equal(out.schema, "a:string b:string");
    assert_string_equal(out.rows, "2|1|2\n");
    decoded_clear(&out);
}

static void utf16_is_refused_with_advice(void **state)
{
    (void)state;
    expect_error("\xff\xfe"
                 "a\0,\0",
                 6, NULL, TIDE_E_DATA, "convert it to UTF-8");
    expect_error("\xfe\xff\0a", 4, NULL, TIDE_E_DATA, "convert it to UTF-8");
}

static void headers_that_cannot_be_names_are_refused(void **state)
{
    (void)state;
    expect_error("a,b,a\n", 6, NULL, TIDE_E_DATA, "columns 1 and 3 are both named \"a\"");
    expect_error("a,b\xff\n", 5, NULL, TIDE_E_DATA, "column 2 is not UTF-8");
    expect_error("a\0b,c\n", 6, NULL, TIDE_E_DATA, "column 1 is not UTF-8");
    expect_error("a,\"b\n1,2\n", 9, NULL, TIDE_E_DATA, "never closed");
    expect_error("\"a\"b,c\n", 7, NULL, TIDE_E_DATA, "behind a closing quote");
    expect_error("a,b\r1,2\r", 8, NULL, TIDE_E_DATA, "CR that is not followed by LF");
}

static void options_that_contradict_each_other_are_refused(void **state)
{
    (void)state;
    expect_error("", 0, "{\"delimiter\": \"\\\"\"}", TIDE_E_CONFIG, "must differ");
    expect_error("", 0, "{\"quote\": \"\\n\"}", TIDE_E_CONFIG, "ASCII character");
    expect_error("", 0, "{\"null_string\": \"a,b\"}", TIDE_E_CONFIG, "unquoted");
    expect_error("", 0, "{\"columns\": [\"a\"]}", TIDE_E_CONFIG, "header: false");
}

static void ragged_rows_are_rejected_alone(void **state)
{
    struct decoded out;

    (void)state;
    expect("a,b\n1\n2,3\n4,5,6\r\n\"7\n\",8,9\n10,11", NULL, "3|2|3\n7|10|11\n",
           "ragged_row@2 1\nragged_row@4 4,5,6\nragged_row@5 \"7\n\",8,9\n");
    out = decode_text("a,b\n1\n4,5,6\n", NULL);
    assert_string_equal(out.messages, "the row has 1 field where 2 are expected\n"
                                      "the row has 3 fields where 2 are expected\n");
    decoded_clear(&out);
}

static void rows_that_are_not_utf8_are_rejected_alone(void **state)
{
    struct decoded out;

    (void)state;
    expect("a,b\n1,é\n2,\xff\n\xc3,4\n5,\xe2\x82\n6,ok\n", NULL, "2|1|é\n6|6|ok\n",
           "invalid_utf8@3 2,\xff\ninvalid_utf8@4 \xc3,4\ninvalid_utf8@5 5,\xe2\x82\n");
    out = decode_text("a,b\n1,\xff\n", NULL);
    assert_string_equal(out.messages, "column \"b\" is not valid UTF-8\n");
    decoded_clear(&out);
}

static void a_quote_within_an_unquoted_field_is_text(void **state)
{
    (void)state;
    expect("a,b\n5\" disk,x\n1,2 \"y\"\nz\"\"z,\"3\"\n", NULL,
           "2|5\" disk|x\n3|1|2 \"y\"\n4|z\"\"z|3\n", "");
}

static void text_behind_a_closing_quote_is_rejected_to_the_end_of_its_line(void **state)
{
    (void)state;
    expect("a,b\n\"x\"y,1\n2,3\n\"v\nw\" ,4\n5,6\n\"7\"\r8,9\n", NULL, "3|2|3\n6|5|6\n",
           "malformed_quote@2 \"x\"y,1\nmalformed_quote@4 \"v\nw\" ,4\n"
           "malformed_quote@7 \"7\"\r8,9\n");
}

static void an_unclosed_quote_costs_one_line_not_the_file(void **state)
{
    (void)state;
    expect("a,b\n1,\"open\n2,x\n3,y\n", NULL, "3|2|x\n4|3|y\n",
           "malformed_quote@2 1,\"open\n");
    expect("a,b\n1,2\n3,\"", NULL, "2|1|2\n", "malformed_quote@3 3,\"\n");
}

static void a_nul_is_text(void **state)
{
    struct decode_how how = {0};
    struct decoded out = decode("a,b\nx\0y,\0\n", 10, &how);

    (void)state;
    assert_int_equal(out.row_count, 1);
    assert_memory_equal(out.rows, "2|x\0y|\0\n", 9);
    decoded_clear(&out);
}

static void rows_beyond_the_limit_are_rejected(void **state)
{
    enum { SIZE = 200000 };
    char *text = malloc(SIZE + 64);
    struct decode_how how = {.options = "{\"max_row_size\": 65536}"};

    (void)state;
    assert_non_null(text);
    for (size_t step = 0; step < 70000; step += 30011) {
        struct decoded out;
        size_t length;

        how.step = step;
        memset(text, 'x', SIZE);
        memcpy(text, "a,b\n1,2\n\"", 9);
        text[100] = '\n';
        memcpy(text + SIZE, "\",y\n3,4\n", 8);
        out = decode(text, SIZE + 8, &how);
        assert_int_equal(out.code, TIDE_END);
        assert_string_equal(out.rows, "2|1|2\n5|3|4\n");
        assert_memory_equal(out.rejects, "row_too_long@3 \"xxx", 19);
        decoded_clear(&out);

        text[8] = 'x';
        text[100] = 'x';
        memcpy(text + SIZE, ",y\n3,4\n", 7);
        length = SIZE + 7;
        out = decode(text, length, &how);
        assert_string_equal(out.rows, "2|1|2\n4|3|4\n");
        assert_memory_equal(out.rejects, "row_too_long@3 xxx", 18);
        decoded_clear(&out);
    }
    free(text);
}

static void a_value_may_be_longer_than_any_window(void **state)
{
    enum { SIZE = 1000000 };
    char *text = malloc(SIZE + 32);
    struct decode_how how = {.step = 70001};
    struct decoded out;

    (void)state;
    assert_non_null(text);
    memset(text, 'v', SIZE);
    memcpy(text, "a,b\n1,\"", 7);
    memcpy(text + SIZE, "\"\n2,x\n", 6);
    out = decode(text, SIZE + 6, &how);
    assert_int_equal(out.code, TIDE_END);
    assert_int_equal(out.row_count, 2);
    assert_int_equal(strlen(out.rows), SIZE - 7 + 5 + 6);
    assert_string_equal(out.rejects, "");
    decoded_clear(&out);
    free(text);
}

static void batches_keep_their_bounds(void **state)
{
    struct decode_how how = {.batch_rows = 3};
    const char *text = "a\n1\n2\n3\n4\n5\n6\n7\n";
    struct decoded out = decode(text, strlen(text), &how);

    (void)state;
    assert_string_equal(out.rows, "2|1\n3|2\n4|3\n5|4\n6|5\n7|6\n8|7\n");
    assert_int_equal(out.batch_count, 3);
    decoded_clear(&out);
}

static void rejects_beyond_what_the_run_takes_end_it(void **state)
{
    const char *text = "a,b\n1\n2\n3\n";
    struct decode_how how = {.reject_limit = 2};
    struct decoded out = decode(text, strlen(text), &how);

    (void)state;
    assert_int_equal(out.code, TIDE_E_LIMIT);
    assert_string_equal(out.error.where, "in.txt");
    assert_non_null(strstr(out.error.message, "line 4"));
    decoded_clear(&out);
}

static void a_message_shows_where_a_quote_went_wrong(void **state)
{
    struct decoded out = decode_text("a,b\n1,\"x\ny\"z\n", NULL);

    (void)state;
    assert_non_null(strstr(out.messages, "in line 3, field 2"));
    decoded_clear(&out);
    expect_rows("a\n1\n", NULL, "2|1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_are_separated_and_rows_have_their_lines),
        cmocka_unit_test(the_header_names_the_columns),
        cmocka_unit_test(a_header_of_one_column_may_have_another_delimiter),
        cmocka_unit_test(an_empty_file_has_no_columns),
        cmocka_unit_test(the_last_line_may_lack_its_end),
        cmocka_unit_test(lines_may_end_in_cr_lf),
        cmocka_unit_test(a_cr_elsewhere_is_text),
        cmocka_unit_test(quotes_hide_delimiters_quotes_and_line_ends),
        cmocka_unit_test(an_unquoted_empty_field_is_null_and_a_quoted_one_is_not),
        cmocka_unit_test(null_string_is_null_when_unquoted),
        cmocka_unit_test(dialects_have_their_own_characters),
        cmocka_unit_test(an_escape_of_its_own_stands_in_front_of_quotes),
        cmocka_unit_test(trim_drops_blanks_outside_quotes),
        cmocka_unit_test(a_file_may_have_no_header),
        cmocka_unit_test(columns_without_a_header_are_numbered_or_named),
        cmocka_unit_test(blank_lines_are_skipped_and_counted),
        cmocka_unit_test(in_one_column_a_blank_line_is_null),
        cmocka_unit_test(the_byte_order_mark_is_skipped),
        cmocka_unit_test(utf16_is_refused_with_advice),
        cmocka_unit_test(headers_that_cannot_be_names_are_refused),
        cmocka_unit_test(options_that_contradict_each_other_are_refused),
        cmocka_unit_test(ragged_rows_are_rejected_alone),
        cmocka_unit_test(rows_that_are_not_utf8_are_rejected_alone),
        cmocka_unit_test(a_quote_within_an_unquoted_field_is_text),
        cmocka_unit_test(text_behind_a_closing_quote_is_rejected_to_the_end_of_its_line),
        cmocka_unit_test(an_unclosed_quote_costs_one_line_not_the_file),
        cmocka_unit_test(a_nul_is_text),
        cmocka_unit_test(rows_beyond_the_limit_are_rejected),
        cmocka_unit_test(a_value_may_be_longer_than_any_window),
        cmocka_unit_test(batches_keep_their_bounds),
        cmocka_unit_test(rejects_beyond_what_the_run_takes_end_it),
        cmocka_unit_test(a_message_shows_where_a_quote_went_wrong),
    };

    return cmocka_run_group_tests_name("csv_decode", tests, NULL, NULL);
}
