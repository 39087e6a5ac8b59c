/* cast - every pair of the table in cast.h, value by value, and what makes a row fail. */
#include "batch/cast.h"

#include "base/text.h"
#include "batch/batch_ops.h"
#include "make_batch.h"

/* What happened to the rows of a cast. */
struct failures {
    size_t count;
    int64_t row;
    char code[16];
    char message[512];
    int answer;
};

static int note_failure(void *arg, int64_t row, const char *code, const char *message)
{
    struct failures *failures = arg;

    failures->count++;
    failures->row = row;
    (void)snprintf(failures->code, sizeof failures->code, "%s", code);
    (void)snprintf(failures->message, sizeof failures->message, "%s", message);
    return failures->answer;
}

/* The plain text of a value, or NULL for null; malloc'ed. */
static char *value_of(const struct tide_batch *batch, int type, int64_t row)
{
    struct tide_column column = {.type = type};
    struct tide_schema schema = {&column, 1};
    struct tide_text text = {0};

    if (tide_array_is_null(batch->array.children[0], row)) {
        return NULL;
    }
    tide_batch_value_text(batch, &schema, 0, row, &text);
    return tide_text_take(&text);
}

static void assert_valid(const struct tide_batch *batch, int type)
{
    char name[] = "c";
    struct tide_column column = {.name = name, .type = type};
    struct tide_schema schema = {&column, 1};
    struct tide_error err = {0};

    if (tide_batch_validate(batch, &schema, &err) != TIDE_OK) {
        fail_msg("%s", err.message);
    }
}

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
        assert_true(tide_text_starts(failures.message, "c: "));
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

static void a_cast_that_is_not_possible_fails_every_row(void **state)
{
    static const char *const texts[] = {"1", NULL, "3"};
    char name[] = "c";
    struct tide_column to = {.name = name, .type = TIDE_TYPE_DATE};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct failures failures = {0};

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_INT64, texts, COUNT(texts));
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                      note_failure, &failures),
                     TIDE_OK);
    assert_int_equal(failures.count, 2);
    assert_string_equal(failures.code, "type");
    assert_int_equal(batch.array.children[0]->null_count, 3);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
    to.type = TIDE_TYPE_NULL;
    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, COUNT(texts));
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                      note_failure, &failures),
                     TIDE_OK);
    assert_int_equal(failures.count, 4);
    assert_valid(&batch, TIDE_TYPE_NULL);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void nulls_become_any_type(void **state)
{
    static const char *const texts[] = {NULL, NULL};

    (void)state;
    for (int type = 0; type < TIDE_TYPE_COUNT; type++) {
        char name[] = "c";
        struct tide_column to = {.name = name, .type = type};
        struct tide_schema schema = {0};
        struct tide_batch batch = {0};
        struct failures failures = {0};

        make_column(&schema, &batch, TIDE_TYPE_NULL, texts, COUNT(texts));
        assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                          note_failure, &failures),
                         TIDE_OK);
        assert_int_equal(failures.count, 0);
        assert_valid(&batch, type);
        assert_null(value_of(&batch, type, 1));
        tide_batch_release(&batch);
        tide_schema_clear(&schema);
    }
}

static void null_in_a_required_column_fails_its_row_once(void **state)
{
    static const char *const texts[] = {"1", NULL, "x", NULL};
    static const uint8_t skip[] = {0, 0, 0, 1};
    char name[] = "c";
    struct tide_column to = {
        .name = name, .type = TIDE_TYPE_INT64, .flags = TIDE_COLUMN_REQUIRED};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct failures failures = {0};

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, COUNT(texts));
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, skip,
                                      note_failure, &failures),
                     TIDE_OK);
    assert_int_equal(failures.count, 2);
    assert_int_equal(failures.row, 2);
    assert_int_equal(tide_array_int64(batch.array.children[0], 0), 1);
    assert_int_equal(batch.array.children[0]->null_count, 3);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void length_is_counted_in_characters(void **state)
{
    static const char *const texts[] = {"\xc3\xa9\xc3\xa9\xc3\xa9", "abcd", NULL, "abc"};
    char name[] = "c";
    struct tide_column to = {.name = name, .type = TIDE_TYPE_STRING, .max_length = 3};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct failures failures = {0};
    const void *before;

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, COUNT(texts));
    before = batch.array.children[0]->buffers[2];
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                      note_failure, &failures),
                     TIDE_OK);
    assert_int_equal(failures.count, 1);
    assert_int_equal(failures.row, 1);
    assert_string_equal(failures.code, "length");
    assert_ptr_equal(batch.array.children[0]->buffers[2], before);
    assert_valid(&batch, TIDE_TYPE_STRING);
    assert_int_equal(batch.array.children[0]->null_count, 2);
    to.type = TIDE_TYPE_BYTES;
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
    make_column(&schema, &batch, TIDE_TYPE_BYTES, texts, COUNT(texts));
    failures.count = 0;
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                      note_failure, &failures),
                     TIDE_OK);
    assert_int_equal(failures.count, 2);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void a_number_written_out_may_be_too_long(void **state)
{
    static const char *const texts[] = {"12345", "123"};
    char name[] = "c";
    struct tide_column to = {.name = name, .type = TIDE_TYPE_STRING, .max_length = 4};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct failures failures = {0};

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_INT64, texts, COUNT(texts));
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                      note_failure, &failures),
                     TIDE_OK);
    assert_int_equal(failures.count, 1);
    assert_int_equal(failures.row, 0);
    assert_string_equal(failures.message, "c: 5 characters, and 4 fit");
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void skipped_rows_are_not_looked_at(void **state)
{
    static const char *const texts[] = {"bad", "2", "bad"};
    static const uint8_t skip[] = {1, 0, 1};

    (void)state;
    for (int type = TIDE_TYPE_BOOL; type < TIDE_TYPE_COUNT; type++) {
        char name[] = "c";
        struct tide_column to = {.name = name, .type = type};
        struct tide_schema schema = {0};
        struct tide_batch batch = {0};
        struct failures failures = {0};

        make_column(&schema, &batch, TIDE_TYPE_STRING, texts, COUNT(texts));
        assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, skip,
                                          note_failure, &failures),
                         TIDE_OK);
        assert_true(failures.count == 0 || failures.row == 1);
        assert_valid(&batch, type);
        tide_batch_release(&batch);
        tide_schema_clear(&schema);
    }
}

static void the_caller_can_stop_a_cast(void **state)
{
    static const char *const texts[] = {"a", "b"};
    char name[] = "c";
    struct tide_column to = {.name = name, .type = TIDE_TYPE_INT64};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct failures failures = {.answer = TIDE_E_LIMIT};

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, COUNT(texts));
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                      note_failure, &failures),
                     TIDE_E_LIMIT);
    assert_int_equal(failures.count, 1);
    assert_valid(&batch, TIDE_TYPE_STRING);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void values_that_stay_are_not_copied(void **state)
{
    static const struct {
        int from, to;
        const char *text;
    } cases[] = {{TIDE_TYPE_STRING, TIDE_TYPE_STRING, "a"},
                 {TIDE_TYPE_STRING, TIDE_TYPE_DECIMAL, "1.5"},
                 {TIDE_TYPE_STRING, TIDE_TYPE_JSON, "[]"},
                 {TIDE_TYPE_JSON, TIDE_TYPE_STRING, "[]"},
                 {TIDE_TYPE_DECIMAL, TIDE_TYPE_STRING, "1"},
                 {TIDE_TYPE_TIMESTAMP, TIDE_TYPE_DATETIME, "2024-11-27T18:22:47Z"},
                 {TIDE_TYPE_INT64, TIDE_TYPE_INT64, "1"}};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char name[] = "c";
        struct tide_column to = {.name = name, .type = cases[i].to};
        struct tide_schema schema = {0};
        struct tide_batch batch = {0};
        struct failures failures = {0};
        const void *before;

        make_column(&schema, &batch, cases[i].from, &cases[i].text, 1);
        before = batch.array.children[0]->buffers[1];
        assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                          note_failure, &failures),
                         TIDE_OK);
        assert_ptr_equal(batch.array.children[0]->buffers[1], before);
        tide_batch_release(&batch);
        tide_schema_clear(&schema);
    }
}

static void expect_decimals(const char *const *texts, const char *const *results,
                            size_t count, bool stay)
{
    char name[] = "c";
    struct tide_column to = {.name = name, .type = TIDE_TYPE_DECIMAL};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct failures failures = {0};
    const void *before;
    size_t bad = 0;

    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, count);
    before = batch.array.children[0]->buffers[1];
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                      note_failure, &failures),
                     TIDE_OK);
    assert_int_equal(batch.array.children[0]->buffers[1] == before, stay);
    assert_valid(&batch, TIDE_TYPE_DECIMAL);
    for (size_t row = 0; row < count; row++) {
        char *value = value_of(&batch, TIDE_TYPE_DECIMAL, (int64_t)row);

        bad += results[row] ? 0 : 1;
        assert_int_equal(value == NULL, results[row] == NULL);
        assert_true(!value || strcmp(value, results[row]) == 0);
        free(value);
    }
    assert_int_equal(failures.count, bad);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void a_value_that_fails_leaves_the_others_where_they_are(void **state)
{
    static const char *const plain[] = {"1.5", "x", "2.5", "1,5"};
    static const char *const plain_results[] = {"1.5", NULL, "2.5", NULL};
    static const char *const odd[] = {"1.5", "x", "2.5", "+3", "y", "4"};
    static const char *const odd_results[] = {"1.5", NULL, "2.5", "3", NULL, "4"};

    (void)state;
    expect_decimals(plain, plain_results, COUNT(plain), true);
    expect_decimals(odd, odd_results, COUNT(odd), false);
}

static void free_casts_have_nothing_to_check(void **state)
{
    struct tide_column from = {.type = TIDE_TYPE_STRING}, to = {.type = TIDE_TYPE_STRING};

    (void)state;
    assert_true(tide_cast_is_free(&from, &to));
    to.max_length = 5;
    assert_false(tide_cast_is_free(&from, &to));
    from.max_length = 5;
    assert_true(tide_cast_is_free(&from, &to));
    to.flags = TIDE_COLUMN_REQUIRED;
    assert_false(tide_cast_is_free(&from, &to));
    to.flags = 0;
    to.max_length = 0;
    to.type = TIDE_TYPE_DECIMAL;
    assert_false(tide_cast_is_free(&from, &to));
    from.type = TIDE_TYPE_DECIMAL;
    to.type = TIDE_TYPE_STRING;
    assert_true(tide_cast_is_free(&from, &to));
}

static void a_text_in_a_message_is_cut_between_characters(void **state)
{
    static const char *const texts[] = {
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9"
        "x\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
        "\xa9"
        "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3"
        "\xa9"};
    char name[] = "c";
    struct tide_column to = {.name = name, .type = TIDE_TYPE_INT64};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct failures failures = {0};

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, 1);
    assert_int_equal(tide_cast_column(&batch, 0, &schema.columns[0], &to, NULL,
                                      note_failure, &failures),
                     TIDE_OK);
    assert_true(tide_text_is_utf8(failures.message, strlen(failures.message)));
    assert_non_null(strstr(failures.message, "..."));
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_pair_of_the_table_is_exact_or_fails),
        cmocka_unit_test(what_is_possible_is_the_table_of_the_header),
        cmocka_unit_test(a_cast_that_is_not_possible_fails_every_row),
        cmocka_unit_test(nulls_become_any_type),
        cmocka_unit_test(null_in_a_required_column_fails_its_row_once),
        cmocka_unit_test(length_is_counted_in_characters),
        cmocka_unit_test(a_number_written_out_may_be_too_long),
        cmocka_unit_test(skipped_rows_are_not_looked_at),
        cmocka_unit_test(the_caller_can_stop_a_cast),
        cmocka_unit_test(values_that_stay_are_not_copied),
        cmocka_unit_test(a_value_that_fails_leaves_the_others_where_they_are),
        cmocka_unit_test(free_casts_have_nothing_to_check),
        cmocka_unit_test(a_text_in_a_message_is_cut_between_characters),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
