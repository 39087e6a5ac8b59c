/*
 * postgres_shared_test - names, numerics and error classes, without a server.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/error.h>

#include "postgres/copy.h"
#include "postgres/nearest.h"
#include "postgres/numeric.h"
#include "postgres/sql.h"
#include "postgres/sqlstate.h"
#include "postgres/type.h"

/* ---- numerics -------------------------------------------------------------------- */

static char *through_wire(const char *text)
{
    struct tide_pg_decimal decimal;
    uint8_t *wire;
    size_t length;
    size_t bound;
    char *back;

    assert_true(tide_pg_decimal_parse(text, strlen(text), &decimal));
    wire = malloc(tide_pg_numeric_wire_bound(&decimal));
    length = tide_pg_numeric_wire(&decimal, wire);
    assert_true(length <= tide_pg_numeric_wire_bound(&decimal));
    bound = tide_pg_numeric_text_bound(wire, length);
    assert_true(bound > 0);
    back = malloc(bound + 1);
    length = tide_pg_numeric_text(wire, back);
    assert_true(length <= bound);
    back[length] = '\0';
    free(wire);
    return back;
}

static void a_decimal_comes_back_as_it_was(void **state)
{
    static const char *const texts[] = {
        "0",
        "1",
        "-1",
        "10",
        "9999",
        "10000",
        "10001",
        "99999999",
        "0.1",
        "0.01",
        "0.001",
        "0.0001",
        "0.00001",
        "12.50",
        "-12.50",
        "1.0",
        "0.00",
        "100000000",
        "0.10",
        "1234.5678",
        "12345.678901",
        "NaN",
        "Infinity",
        "-Infinity",
        "79228162514264337593543950335.0000000000000001",
        "0.000000000000000000001",
    };

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *back = through_wire(texts[i]);

        assert_string_equal(back, texts[i]);
        free(back);
    }
}

static void exponents_are_written_out(void **state)
{
    static const char *const pairs[][2] = {
        {"1e5", "100000"},   {"1.5e3", "1500"},   {"1.23e1", "12.3"},    {"12e-1", "1.2"},
        {"1e-5", "0.00001"}, {"120e-1", "12.0"},  {"0e10", "0"},         {"-0", "0"},
        {"-0.00", "0.00"},   {"+5", "5"},         {".5", "0.5"},         {"5.", "5"},
        {"007.10", "7.10"},  {"inf", "Infinity"}, {"-INF", "-Infinity"}, {"1E+2", "100"},
        {"0.000e2", "0.0"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char *back = through_wire(pairs[i][0]);

        assert_string_equal(back, pairs[i][1]);
        free(back);
    }
}

static void long_decimals_keep_every_digit(void **state)
{
    char text[4001];

    (void)state;
    for (size_t length = 1; length < sizeof text; length += 37) {
        char *back;

        for (size_t i = 0; i < length; i++) {
            text[i] = (char)('1' + (i * 7 + length) % 9);
        }
        if (length > 2) {
            text[length / 2] = '.';
        }
        text[length] = '\0';
        back = through_wire(text);
        assert_string_equal(back, text);
        free(back);
    }
}

static void what_is_no_decimal_is_refused(void **state)
{
    static const char *const texts[] = {"",      "-",    ".",     "e5",  "1e", "1e+",
                                        "1.2.3", "x",    "1x",    "- 1", "1 ", "nanx",
                                        "infi",  "-nan", "1e5.0", "0x10"};
    struct tide_pg_decimal decimal;

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_false(tide_pg_decimal_parse(texts[i], strlen(texts[i]), &decimal));
    }
}

static void a_huge_exponent_is_beyond_the_server(void **state)
{
    struct tide_pg_decimal decimal;

    (void)state;
    assert_true(tide_pg_decimal_parse("1e99999999999999999999", 22, &decimal));
    assert_true(decimal.whole > TIDE_PG_NUMERIC_WHOLE);
    assert_true(tide_pg_decimal_parse("1e-99999999999999999999", 23, &decimal));
    assert_true(decimal.decimals > TIDE_PG_NUMERIC_DECIMALS);
}

static void a_wire_form_that_lies_about_its_length_is_refused(void **state)
{
    static const uint8_t wire[] = {0, 2, 0, 0, 0, 0, 0, 0, 0, 1};

    (void)state;
    assert_int_equal(tide_pg_numeric_text_bound(wire, sizeof wire), 0);
    assert_int_equal(tide_pg_numeric_text_bound(wire, 3), 0);
}

/* ---- names ----------------------------------------------------------------------- */

static void check_name(const char *text, const char *schema, const char *table)
{
    struct tide_pg_name name = {0};
    struct tide_error err = {0};

    assert_int_equal(tide_pg_name_parse(text, "public", &name, &err), TIDE_OK);
    assert_string_equal(name.schema, schema);
    assert_string_equal(name.table, table);
    tide_pg_name_clear(&name);
}

static void a_name_is_taken_apart_exactly(void **state)
{
    (void)state;
    check_name("orders", "public", "orders");
    check_name("Orders", "public", "Orders");
    check_name("sales.orders", "sales", "orders");
    check_name("\"my.table\"", "public", "my.table");
    check_name("sales.\"a \"\"b\"\" c\"", "sales", "a \"b\" c");
    check_name("\"S.1\".\"T.1\"", "S.1", "T.1");
    check_name("a b", "public", "a b");
}

static void a_name_that_is_none_is_refused(void **state)
{
    static const char *const texts[] = {"",      ".",   "a.",     ".a",
                                        "a.b.c", "\"a", "\"a\"b", "\"\""};
    struct tide_pg_name name = {0};
    struct tide_error err = {0};

    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_int_equal(tide_pg_name_parse(texts[i], "public", &name, &err),
                         TIDE_E_CONFIG);
        assert_null(name.schema);
    }
}

static void identifiers_and_literals_are_quoted(void **state)
{
    struct tide_pg_sql sql = {0};

    (void)state;
    tide_pg_sql_identifier(&sql, "a\"b");
    tide_pg_sql_add(&sql, " ");
    tide_pg_sql_literal(&sql, "it's here");
    tide_pg_sql_add(&sql, " ");
    tide_pg_sql_literal(&sql, "it's \\ here");
    assert_string_equal(sql.text, "\"a\"\"b\" 'it''s here' E'it''s \\\\ here'");
    tide_pg_sql_clear(&sql);
}

/* ---- the rest -------------------------------------------------------------------- */

static void a_modifier_tells_precision_scale_and_length(void **state)
{
    struct tide_pg_type type = tide_pg_type_of(1700, ((12 << 16) | 2) + 4, 'b');

    (void)state;
    assert_int_equal(type.precision, 12);
    assert_int_equal(type.scale, 2);
    type = tide_pg_type_of(1700, ((3 << 16) | (-2 & 0x7ff)) + 4, 'b');
    assert_int_equal(type.scale, -2);
    assert_int_equal(tide_pg_type_of(1043, 24, 'b').max_length, 20);
    assert_int_equal(tide_pg_type_of(1184, 3, 'b').resolution, 1000);
    assert_int_equal(tide_pg_type_of(600, -1, 'b').form, TIDE_PG_AS_TEXT);
}

static void a_name_of_a_common_type_is_known(void **state)
{
    static const struct {
        const char *name;
        int type;
    } known[] = {
        {"text", TIDE_TYPE_STRING},
        {"smallint", TIDE_TYPE_INT64},
        {"double precision", TIDE_TYPE_FLOAT64},
        {"bpchar", TIDE_TYPE_STRING},
        {"character(3)", TIDE_TYPE_STRING},
        {"character varying(10485760)", TIDE_TYPE_STRING},
        {"numeric", TIDE_TYPE_DECIMAL},
        {"numeric(12,2)", TIDE_TYPE_DECIMAL},
        {"timestamp(3) with time zone", TIDE_TYPE_TIMESTAMP},
        {"timestamp without time zone", TIDE_TYPE_DATETIME},
        {"time(0) without time zone", TIDE_TYPE_TIME},
        {"jsonb", TIDE_TYPE_JSON},
    };

    (void)state;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct tide_pg_type type;

        assert_true(tide_pg_type_named(known[i].name, &type));
        assert_int_equal(type.type, known[i].type);
    }
}

/* Also one that some servers take, and one of the name's beginning. */
static void a_name_that_has_to_be_asked_for_is_not_known(void **state)
{
    static const char *const names[] = {
        "",
        "inet",
        "text[]",
        "numeric(12)",
        "numeric(3,-2)",
        "numeric(2,3)",
        "numeric(1001,0)",
        "numeric( 12,2)",
        "numeric(012,2)",
        "numeric(12,2",
        "numeric(99999999999999999999,2)",
        "character varying(0)",
        "character varying(10485761)",
        "character",
        "timestamp(7) without time zone",
        "timestamp",
        "time(3) with time zone",
        "integer(4)",
        "text); DROP TABLE made; --",
    };

    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct tide_pg_type type;

        assert_false(tide_pg_type_named(names[i], &type));
    }
}

static void errors_have_their_class(void **state)
{
    (void)state;
    assert_int_equal(tide_pg_sqlstate_code("23505"), TIDE_E_DATA);
    assert_int_equal(tide_pg_sqlstate_code("28P01"), TIDE_E_AUTH);
    assert_int_equal(tide_pg_sqlstate_code("42501"), TIDE_E_AUTH);
    assert_int_equal(tide_pg_sqlstate_code("42P01"), TIDE_E_CONFIG);
    assert_int_equal(tide_pg_sqlstate_code("53100"), TIDE_E_IO);
    assert_int_equal(tide_pg_sqlstate_code("40P01"), TIDE_E_TRANSIENT);
    assert_int_equal(tide_pg_sqlstate_code(NULL), TIDE_E_TRANSIENT);
}

static void the_line_that_a_copy_failed_at_is_found(void **state)
{
    (void)state;
    assert_int_equal(tide_pg_copy_line("COPY t, line 12", "t"), 12);
    assert_int_equal(tide_pg_copy_line("COPY t, line 3, column a: \"x\"", "t"), 3);
    assert_int_equal(tide_pg_copy_line("COPY t, line 3: \"1\t2\"", "t"), 3);
    assert_int_equal(tide_pg_copy_line("COPY t, Zeile 4, Spalte a", "t"), 4);
    assert_int_equal(tide_pg_copy_line("COPY t, l\u00ednea 5", "t"), 5);
    assert_int_equal(tide_pg_copy_line("COPY odd, line 7, line 5", "odd, line 7"), 5);
    assert_int_equal(tide_pg_copy_line("PL/pgSQL function f() line 3 at RAISE\n"
                                       "COPY t, line 8",
                                       "t"),
                     8);
    assert_int_equal(
        tide_pg_copy_line("COPY t, line 6, column a: \"\nCOPY t, line 1\"", "t"), 6);
    assert_int_equal(tide_pg_copy_line("COPY t, line 2\nSQL function \"f\"\n"
                                       "COPY u, line 9",
                                       "u"),
                     9);
}

static void a_line_that_is_not_told_is_not_made_up(void **state)
{
    static const char *const contexts[] = {
        "",
        "COPY t",
        "COPY t, line",
        "COPY t, line 5a",
        "COPY tt, line 5",
        "COPY other, line 5",
        "SQL statement \"COPY t, line 5\"",
        "PL/pgSQL function f() line 3 at RAISE",
        "t: 5",
    };

    (void)state;
    assert_int_equal(tide_pg_copy_line(NULL, "t"), 0);
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        assert_int_equal(tide_pg_copy_line(contexts[i], "t"), 0);
    }
}

static void the_nearest_word_is_found(void **state)
{
    struct tide_pg_nearest nearest = {.word = "custmer_id"};

    (void)state;
    tide_pg_nearest_offer(&nearest, "name");
    assert_null(nearest.best);
    tide_pg_nearest_offer(&nearest, "customer_no");
    tide_pg_nearest_offer(&nearest, "Customer_ID");
    assert_string_equal(nearest.best, "Customer_ID");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_decimal_comes_back_as_it_was),
        cmocka_unit_test(exponents_are_written_out),
        cmocka_unit_test(long_decimals_keep_every_digit),
        cmocka_unit_test(what_is_no_decimal_is_refused),
        cmocka_unit_test(a_huge_exponent_is_beyond_the_server),
        cmocka_unit_test(a_wire_form_that_lies_about_its_length_is_refused),
        cmocka_unit_test(a_name_is_taken_apart_exactly),
        cmocka_unit_test(a_name_that_is_none_is_refused),
        cmocka_unit_test(identifiers_and_literals_are_quoted),
        cmocka_unit_test(a_modifier_tells_precision_scale_and_length),
        cmocka_unit_test(a_name_of_a_common_type_is_known),
        cmocka_unit_test(a_name_that_has_to_be_asked_for_is_not_known),
        cmocka_unit_test(errors_have_their_class),
        cmocka_unit_test(the_line_that_a_copy_failed_at_is_found),
        cmocka_unit_test(a_line_that_is_not_told_is_not_made_up),
        cmocka_unit_test(the_nearest_word_is_found),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
