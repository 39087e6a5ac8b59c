/* cast - every pair of the table in cast.h, value by value. */
#include "cast_result.h"

struct pair {
    int from;
    const char *text; /* as make_batch reads it */
    int to;
    const char *result; /* "!code" when the row fails; NULL: the same text */
};

static const struct pair pairs[] = {
    /* to string */
    {TIDE_TYPE_BOOL, "true", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_BOOL, "false", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_INT64, "-9223372036854775808", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_FLOAT64, "0.1", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_FLOAT64, "NaN", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_FLOAT64, "-Infinity", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_DECIMAL, "-12.50", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_BYTES, "a\xff", TIDE_TYPE_STRING, "\\x61ff"},
    {TIDE_TYPE_BYTES, "", TIDE_TYPE_STRING, "\\x"},
    {TIDE_TYPE_DATE, "0044-03-15 BC", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_DATE, "infinity", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_TIME, "24:00:00", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_TIMESTAMP, "2024-11-27T18:22:47.937Z", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_DATETIME, "2024-11-27T18:22:47.937", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_UUID, "01234567-89ab-cdef-0123-456789abcdef", TIDE_TYPE_STRING, NULL},
    {TIDE_TYPE_JSON, "{\"a\": 1}", TIDE_TYPE_STRING, NULL},
    /* from string */
    {TIDE_TYPE_STRING, "T", TIDE_TYPE_BOOL, "true"},
    {TIDE_TYPE_STRING, "0", TIDE_TYPE_BOOL, "false"},
    {TIDE_TYPE_STRING, "yes", TIDE_TYPE_BOOL, "!format"},
    {TIDE_TYPE_STRING, "", TIDE_TYPE_BOOL, "!format"},
    {TIDE_TYPE_STRING, "9223372036854775807", TIDE_TYPE_INT64, NULL},
    {TIDE_TYPE_STRING, "9223372036854775808", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_STRING, "12x", TIDE_TYPE_INT64, "!format"},
    {TIDE_TYPE_STRING, "", TIDE_TYPE_INT64, "!format"},
    {TIDE_TYPE_STRING, "1.5e3", TIDE_TYPE_FLOAT64, "1500"},
    {TIDE_TYPE_STRING, "1e999", TIDE_TYPE_FLOAT64, "!range"},
    {TIDE_TYPE_STRING, "abc", TIDE_TYPE_FLOAT64, "!format"},
    {TIDE_TYPE_STRING, "123456789012345678901234567890.10", TIDE_TYPE_DECIMAL, NULL},
    {TIDE_TYPE_STRING, "+007.50", TIDE_TYPE_DECIMAL, "7.50"},
    {TIDE_TYPE_STRING, ".5", TIDE_TYPE_DECIMAL, "0.5"},
    {TIDE_TYPE_STRING, "1,5", TIDE_TYPE_DECIMAL, "!format"},
    {TIDE_TYPE_STRING, "\\x00fF", TIDE_TYPE_BYTES, "\\x00ff"},
    {TIDE_TYPE_STRING, "\\x0", TIDE_TYPE_BYTES, "!format"},
    {TIDE_TYPE_STRING, "\\x0g", TIDE_TYPE_BYTES, "!format"},
    {TIDE_TYPE_STRING, "aGVsbG8=", TIDE_TYPE_BYTES, "\\x68656c6c6f"},
    {TIDE_TYPE_STRING, "aGVsbG8h", TIDE_TYPE_BYTES, "\\x68656c6c6f21"},
    {TIDE_TYPE_STRING, "aA==", TIDE_TYPE_BYTES, "\\x68"},
    {TIDE_TYPE_STRING, "aB==", TIDE_TYPE_BYTES, "!format"},
    {TIDE_TYPE_STRING, "a===", TIDE_TYPE_BYTES, "!format"},
    {TIDE_TYPE_STRING, "hello", TIDE_TYPE_BYTES, "!format"},
    {TIDE_TYPE_STRING, "", TIDE_TYPE_BYTES, "\\x"},
    {TIDE_TYPE_STRING, "2024-02-29", TIDE_TYPE_DATE, NULL},
    {TIDE_TYPE_STRING, "2023-02-29", TIDE_TYPE_DATE, "!format"},
    {TIDE_TYPE_STRING, "9999999-01-01", TIDE_TYPE_DATE, "!range"},
    {TIDE_TYPE_STRING, "18:22", TIDE_TYPE_TIME, "18:22:00"},
    {TIDE_TYPE_STRING, "25:00", TIDE_TYPE_TIME, "!format"},
    {TIDE_TYPE_STRING, "12:00:00.0000001", TIDE_TYPE_TIME, "!range"},
    {TIDE_TYPE_STRING, "2024-11-27 18:22:47+02", TIDE_TYPE_TIMESTAMP,
     "2024-11-27T16:22:47Z"},
    {TIDE_TYPE_STRING, "yesterday", TIDE_TYPE_TIMESTAMP, "!format"},
    {TIDE_TYPE_STRING, "2024-11-27T18:22:47", TIDE_TYPE_DATETIME, NULL},
    {TIDE_TYPE_STRING, "2024-11-27T18:22:47Z", TIDE_TYPE_DATETIME, "!format"},
    {TIDE_TYPE_STRING, "{0123456789ABCDEF0123456789abcdef}", TIDE_TYPE_UUID,
     "01234567-89ab-cdef-0123-456789abcdef"},
    {TIDE_TYPE_STRING, "01234567", TIDE_TYPE_UUID, "!format"},
    {TIDE_TYPE_STRING, " [1, {\"a\":\"\\ud83c\\udf0a\"}] ", TIDE_TYPE_JSON, NULL},
    {TIDE_TYPE_STRING, "{\"a\":1,}", TIDE_TYPE_JSON, "!format"},
    {TIDE_TYPE_STRING, "", TIDE_TYPE_JSON, "!format"},
    /* numbers */
    {TIDE_TYPE_INT64, "-42", TIDE_TYPE_DECIMAL, NULL},
    {TIDE_TYPE_INT64, "9007199254740992", TIDE_TYPE_FLOAT64, NULL},
    {TIDE_TYPE_INT64, "9007199254740993", TIDE_TYPE_FLOAT64, "!range"},
    {TIDE_TYPE_INT64, "9223372036854775807", TIDE_TYPE_FLOAT64, "!range"},
    {TIDE_TYPE_INT64, "-9223372036854775808", TIDE_TYPE_FLOAT64,
     "-9.223372036854776e+18"},
    {TIDE_TYPE_FLOAT64, "-3", TIDE_TYPE_INT64, NULL},
    {TIDE_TYPE_FLOAT64, "1e18", TIDE_TYPE_INT64, "1000000000000000000"},
    {TIDE_TYPE_FLOAT64, "9.3e18", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_FLOAT64, "-9223372036854775808", TIDE_TYPE_INT64, "-9223372036854775808"},
    {TIDE_TYPE_FLOAT64, "0.5", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_FLOAT64, "NaN", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_FLOAT64, "Infinity", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_FLOAT64, "0.1", TIDE_TYPE_DECIMAL, NULL},
    {TIDE_TYPE_FLOAT64, "NaN", TIDE_TYPE_DECIMAL, NULL},
    {TIDE_TYPE_DECIMAL, "12.00", TIDE_TYPE_INT64, "12"},
    {TIDE_TYPE_DECIMAL, "-1.5e1", TIDE_TYPE_INT64, "-15"},
    {TIDE_TYPE_DECIMAL, "1e3", TIDE_TYPE_INT64, "1000"},
    {TIDE_TYPE_DECIMAL, "12000E-3", TIDE_TYPE_INT64, "12"},
    {TIDE_TYPE_DECIMAL, "0e999999999999999999999", TIDE_TYPE_INT64, "0"},
    {TIDE_TYPE_DECIMAL, "0.00000000000000000000000000001e29", TIDE_TYPE_INT64, "1"},
    {TIDE_TYPE_DECIMAL, "1.00000000000000000000000000000", TIDE_TYPE_INT64, "1"},
    {TIDE_TYPE_DECIMAL, "-9223372036854775808.0", TIDE_TYPE_INT64,
     "-9223372036854775808"},
    {TIDE_TYPE_DECIMAL, "9223372036854775808", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_DECIMAL, "1e99999999999999999999", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_DECIMAL, "1e-1", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_DECIMAL, "12.01", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_DECIMAL, "NaN", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_DECIMAL, "-Infinity", TIDE_TYPE_INT64, "!range"},
    {TIDE_TYPE_DECIMAL, "0.1", TIDE_TYPE_FLOAT64, NULL},
    {TIDE_TYPE_DECIMAL, "0.30000000000000004", TIDE_TYPE_FLOAT64, NULL},
    {TIDE_TYPE_DECIMAL, "0.300000000000000040", TIDE_TYPE_FLOAT64, "0.30000000000000004"},
    {TIDE_TYPE_DECIMAL, "0.30000000000000003", TIDE_TYPE_FLOAT64, "!range"},
    {TIDE_TYPE_DECIMAL, "9007199254740993", TIDE_TYPE_FLOAT64, "!range"},
    {TIDE_TYPE_DECIMAL, "123456789012345678901", TIDE_TYPE_FLOAT64, "!range"},
    {TIDE_TYPE_DECIMAL, "1.00000000000000000000000000000", TIDE_TYPE_FLOAT64, "1"},
    {TIDE_TYPE_DECIMAL, "0.1000000000000000000000000001", TIDE_TYPE_FLOAT64, "!range"},
    {TIDE_TYPE_DECIMAL, "5e-324", TIDE_TYPE_FLOAT64, NULL},
    {TIDE_TYPE_DECIMAL, "5.5e-324", TIDE_TYPE_FLOAT64, "!range"},
    {TIDE_TYPE_DECIMAL, "1e-400", TIDE_TYPE_FLOAT64, "!range"},
    {TIDE_TYPE_DECIMAL, "0", TIDE_TYPE_FLOAT64, NULL},
    {TIDE_TYPE_DECIMAL, "0.000", TIDE_TYPE_FLOAT64, "0"},
    {TIDE_TYPE_DECIMAL, "NaN", TIDE_TYPE_FLOAT64, NULL},
    {TIDE_TYPE_DECIMAL, "-Infinity", TIDE_TYPE_FLOAT64, NULL},
    /* days and instants */
    {TIDE_TYPE_DATE, "2024-11-27", TIDE_TYPE_TIMESTAMP, "2024-11-27T00:00:00Z"},
    {TIDE_TYPE_DATE, "2024-11-27", TIDE_TYPE_DATETIME, "2024-11-27T00:00:00"},
    {TIDE_TYPE_DATE, "-infinity", TIDE_TYPE_TIMESTAMP, NULL},
    {TIDE_TYPE_DATE, "infinity", TIDE_TYPE_DATETIME, NULL},
    {TIDE_TYPE_DATE, "400000-01-01", TIDE_TYPE_TIMESTAMP, "!range"},
    {TIDE_TYPE_TIMESTAMP, "2024-11-27T18:22:47Z", TIDE_TYPE_DATETIME,
     "2024-11-27T18:22:47"},
    {TIDE_TYPE_DATETIME, "2024-11-27T18:22:47", TIDE_TYPE_TIMESTAMP,
     "2024-11-27T18:22:47Z"},
    /* to json */
    {TIDE_TYPE_BOOL, "true", TIDE_TYPE_JSON, NULL},
    {TIDE_TYPE_INT64, "-5", TIDE_TYPE_JSON, NULL},
    {TIDE_TYPE_FLOAT64, "1e22", TIDE_TYPE_JSON, "1e+22"},
    {TIDE_TYPE_FLOAT64, "NaN", TIDE_TYPE_JSON, "\"NaN\""},
    {TIDE_TYPE_DECIMAL, "1.10", TIDE_TYPE_JSON, NULL},
    {TIDE_TYPE_DECIMAL, "-Infinity", TIDE_TYPE_JSON, "\"-Infinity\""},
    {TIDE_TYPE_BYTES, "hell", TIDE_TYPE_JSON, "\"aGVsbA==\""},
    {TIDE_TYPE_BYTES, "", TIDE_TYPE_JSON, "\"\""},
    {TIDE_TYPE_DATE, "2024-11-27", TIDE_TYPE_JSON, "\"2024-11-27\""},
    {TIDE_TYPE_TIME, "18:22:47.5", TIDE_TYPE_JSON, "\"18:22:47.5\""},
    {TIDE_TYPE_TIMESTAMP, "infinity", TIDE_TYPE_JSON, "\"infinity\""},
    {TIDE_TYPE_DATETIME, "2024-11-27T00:00:00", TIDE_TYPE_JSON,
     "\"2024-11-27T00:00:00\""},
    {TIDE_TYPE_UUID, "01234567-89ab-cdef-0123-456789abcdef", TIDE_TYPE_JSON,
     "\"01234567-89ab-cdef-0123-456789abcdef\""},
};

/* The value stands between others, one null among them, to see that neighbours stay. */
static void check_pair(const struct pair *pair)
{
    char sample[64];
    const char *other = sample_text(pair->from, 4, sample, sizeof sample);
    const char *texts[] = {NULL, pair->text, NULL};
    char name[] = "c";
    struct tide_column to = {.name = name, .type = pair->to};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct failures failures = {0};
    const char *wanted = pair->result ? pair->result : pair->text;
    char *value;

    (void)other;
    assert_true(tide_cast_is_possible(pair->from, pair->to));
    make_column(&schema, &batch, pair->from, texts, COUNT(texts));
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                      note_failure, &failures),
                     TIDE_OK);
    assert_valid(&batch, pair->to);
    value = value_of(&batch, pair->to, 1);
    if (wanted[0] == '!') {
        assert_null(value);
        assert_int_equal(failures.count, 1);
        assert_int_equal(failures.row, 1);
        assert_string_equal(failures.code, wanted + 1);
        assert_true(tide_text_starts(failures.message, "column \"c\": "));
    } else {
        if (failures.count > 0) {
            fail_msg("%s", failures.message);
        }
        assert_non_null(value);
        assert_string_equal(value, wanted);
    }
    assert_null(value_of(&batch, pair->to, 0));
    assert_null(value_of(&batch, pair->to, 2));
    free(value);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void every_pair_of_the_table_is_exact_or_fails(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(pairs); i++) {
        check_pair(&pairs[i]);
    }
}

static void what_is_possible_is_the_table_of_the_header(void **state)
{
    static const struct {
        int from, to;
    } impossible[] = {
        {TIDE_TYPE_BOOL, TIDE_TYPE_INT64},      {TIDE_TYPE_INT64, TIDE_TYPE_BOOL},
        {TIDE_TYPE_INT64, TIDE_TYPE_TIMESTAMP}, {TIDE_TYPE_FLOAT64, TIDE_TYPE_DATE},
        {TIDE_TYPE_TIMESTAMP, TIDE_TYPE_DATE},  {TIDE_TYPE_DATE, TIDE_TYPE_TIME},
        {TIDE_TYPE_JSON, TIDE_TYPE_INT64},      {TIDE_TYPE_UUID, TIDE_TYPE_BYTES},
        {TIDE_TYPE_STRING, TIDE_TYPE_NULL},     {TIDE_TYPE_BYTES, TIDE_TYPE_UUID},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(impossible); i++) {
        assert_false(tide_cast_is_possible(impossible[i].from, impossible[i].to));
    }
    for (int type = 0; type < TIDE_TYPE_COUNT; type++) {
        assert_true(tide_cast_is_possible(type, type));
        assert_true(tide_cast_is_possible(TIDE_TYPE_NULL, type));
        assert_true(tide_cast_is_possible(type, TIDE_TYPE_STRING));
        assert_true(tide_cast_is_possible(type, TIDE_TYPE_JSON));
        assert_true(type == TIDE_TYPE_NULL ||
                    tide_cast_is_possible(TIDE_TYPE_STRING, type));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_the_table_is_exact_or_fails),
        cmocka_unit_test(what_is_possible_is_the_table_of_the_header),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
