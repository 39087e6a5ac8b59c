/* show, validate, export, json_check - what is said of a batch and of its promises. */
#include "base/json.h"
#include "base/text.h"
#include "batch/batch_ops.h"
#include "batch/json_check.h"
#include "make_batch.h"

/* ---- rows and values as text ---- */

static void assert_row(int type, const char *value, const char *json, const char *plain)
{
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct tide_text text = {0};

    make_column(&schema, &batch, type, &value, 1);
    tide_batch_row_json(&batch, &schema, 0, &text);
    assert_string_equal(text.data, json);
    tide_text_reset(&text);
    tide_batch_value_text(&batch, &schema, 0, 0, &text);
    assert_string_equal(text.data, plain);
    tide_text_fini(&text);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void a_row_is_a_json_object(void **state)
{
    static const struct {
        int type;
        const char *value, *json, *plain;
    } cases[] = {
        {TIDE_TYPE_NULL, NULL, "{\"c\":null}", ""},
        {TIDE_TYPE_STRING, NULL, "{\"c\":null}", ""},
        {TIDE_TYPE_BOOL, "true", "{\"c\":true}", "true"},
        {TIDE_TYPE_INT64, "-5", "{\"c\":-5}", "-5"},
        {TIDE_TYPE_FLOAT64, "1e22", "{\"c\":1e+22}", "1e+22"},
        {TIDE_TYPE_FLOAT64, "NaN", "{\"c\":\"NaN\"}", "NaN"},
        {TIDE_TYPE_FLOAT64, "-Infinity", "{\"c\":\"-Infinity\"}", "-Infinity"},
        {TIDE_TYPE_DECIMAL, "1.10", "{\"c\":1.10}", "1.10"},
        {TIDE_TYPE_DECIMAL, "NaN", "{\"c\":\"NaN\"}", "NaN"},
        {TIDE_TYPE_DECIMAL, "1,5", "{\"c\":\"1,5\"}", "1,5"},
        {TIDE_TYPE_STRING, "a\"\n", "{\"c\":\"a\\\"\\n\"}", "a\"\n"},
        {TIDE_TYPE_BYTES, "hello", "{\"c\":\"aGVsbG8=\"}", "\\x68656c6c6f"},
        {TIDE_TYPE_BYTES, "", "{\"c\":\"\"}", "\\x"},
        {TIDE_TYPE_DATE, "infinity", "{\"c\":\"infinity\"}", "infinity"},
        {TIDE_TYPE_TIME, "01:02:03", "{\"c\":\"01:02:03\"}", "01:02:03"},
        {TIDE_TYPE_TIMESTAMP, "2024-11-27T18:22:47Z", "{\"c\":\"2024-11-27T18:22:47Z\"}",
         "2024-11-27T18:22:47Z"},
        {TIDE_TYPE_JSON, "{\"a\":\r\n1}", "{\"c\":{\"a\":\r\n1}}", "{\"a\":\r\n1}"},
        {TIDE_TYPE_JSON, "{broken", "{\"c\":\"{broken\"}", "{broken"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct json_object *value = NULL;

        assert_int_equal(
            tide_json_parse(cases[i].json, strlen(cases[i].json), &value, NULL), TIDE_OK);
        (void)json_object_put(value);
        assert_row(cases[i].type, cases[i].value, cases[i].json, cases[i].plain);
    }
}

static void bytes_are_what_the_values_take(void **state)
{
    static const char *const texts[] = {"abc", NULL, "de"};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, 3);
    assert_int_equal(tide_batch_bytes(&batch, &schema), 5 + 4 * 4 + 1);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
    make_column(&schema, &batch, TIDE_TYPE_BOOL, texts + 1, 1);
    assert_int_equal(tide_batch_bytes(&batch, &schema), 2);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

/* ---- validate ---- */

static void assert_broken(const struct tide_batch *batch,
                          const struct tide_schema *schema, const char *message)
{
    struct tide_error err = {0};

    assert_int_equal(tide_batch_validate(batch, schema, &err), TIDE_E_INTERNAL);
    if (!strstr(err.message, message)) {
        fail_msg("\"%s\" does not say \"%s\"", err.message, message);
    }
}

static void every_type_passes(void **state)
{
    uint64_t seed = 9;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct tide_error err = {0};

    (void)state;
    make_every_type(&schema, &batch, 1000, &seed);
    if (tide_batch_validate(&batch, &schema, &err) != TIDE_OK) {
        fail_msg("%s", err.message);
    }
    tide_batch_release(&batch);
    assert_broken(&batch, &schema, "empty");
    tide_schema_clear(&schema);
}

static void values_that_break_their_type_are_named(void **state)
{
    static const struct {
        int type;
        const char *value, *message;
    } cases[] = {
        {TIDE_TYPE_STRING, "a\xff", "column 0 (c, string), row 1: it is not UTF-8"},
        {TIDE_TYPE_DECIMAL, "1,5", "row 1: it is not a decimal"},
        {TIDE_TYPE_UUID, "01234567-89AB-cdef-0123-456789abcdef", "not a lower case uuid"},
        {TIDE_TYPE_JSON, "{a}", "row 1: it is not a JSON text"},
    };
    static const char *texts[] = {NULL, NULL};

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tide_schema schema = {0};
        struct tide_batch batch = {0};

        texts[1] = cases[i].value;
        make_column(&schema, &batch, cases[i].type, texts, 2);
        assert_broken(&batch, &schema, cases[i].message);
        tide_batch_release(&batch);
        tide_schema_clear(&schema);
    }
}

/* Change one number of the column, see that it is noticed, and put it back. */
static void assert_noticed(const struct tide_batch *batch,
                           const struct tide_schema *schema, int64_t *number,
                           int64_t wrong, const char *message)
{
    int64_t right = *number;

    *number = wrong;
    assert_broken(batch, schema, message);
    *number = right;
    assert_int_equal(tide_batch_validate(batch, schema, NULL), TIDE_OK);
}

static void structure_that_is_wrong_is_named(void **state)
{
    static const char *const texts[] = {"abc", NULL, "de"};
    static const int32_t falling[] = {0, 3, 2, 5}, negative[] = {-1, 3, 3, 5};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct ArrowArray *column;
    const void *kept;

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, 3);
    column = batch.array.children[0];
    assert_noticed(&batch, &schema, &column->length, 2, "2 values in a batch of 3 rows");
    assert_noticed(&batch, &schema, &column->offset, 1, "its offset is 1");
    assert_noticed(&batch, &schema, &column->n_buffers, 2, "2 buffers, not 3");
    assert_noticed(&batch, &schema, &column->null_count, 0, "null_count is 0, and 1");
    assert_noticed(&batch, &schema, &batch.array.n_children, 0,
                   "0 columns, its schema 1");
    assert_noticed(&batch, &schema, &batch.array.offset, 1, "struct array");
    kept = column->buffers[1];
    column->buffers[1] = NULL;
    assert_broken(&batch, &schema, "no offsets");
    column->buffers[1] = falling;
    assert_broken(&batch, &schema, "row 1: its offsets go back from 3 to 2");
    column->buffers[1] = negative;
    assert_broken(&batch, &schema, "below 0");
    column->buffers[1] = kept;
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void a_time_beyond_the_day_is_named(void **state)
{
    static const char *const texts[] = {"2024-01-01"};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_DATETIME, texts, 1);
    schema.columns[0].type = TIDE_TYPE_TIME;
    assert_broken(&batch, &schema, "no time of a day");
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

/* ---- JSON texts ---- */

static void json_texts_are_recognised_to_the_letter(void **state)
{
    static const char *const good[] = {"null",
                                       " true ",
                                       "false",
                                       "0",
                                       "-0",
                                       "-1.5e+10",
                                       "\"\"",
                                       "[]",
                                       "{}",
                                       "[1,2]",
                                       "[[],{}]",
                                       "{\"a\":{\"b\":[null]}}",
                                       "\"\\u00e9\\\"\\\\\\/\"",
                                       "\n[\t1\r]",
                                       "\"\\ud83c\\udf0a\"",
                                       "{\"a\":1,\"a\":2}",
                                       "\"\xc3\xa9\""};
    static const char *const bad[] = {"",
                                      " ",
                                      "nul",
                                      "True",
                                      "01",
                                      "+1",
                                      ".5",
                                      "5.",
                                      "1e",
                                      "-",
                                      "\"",
                                      "\"\t\"",
                                      "[1,]",
                                      "[,1]",
                                      "[1 2]",
                                      "{1:2}",
                                      "{\"a\"}",
                                      "{\"a\":}",
                                      "{\"a\":1,}",
                                      "{,}",
                                      "[",
                                      "]",
                                      "{]",
                                      "[}",
                                      "1 2",
                                      "[]]",
                                      "\"\\x\"",
                                      "\"\\ud800\"",
                                      "\"\\udc00\"",
                                      "\"\\ud800\\u0041\"",
                                      "\"\\u12\"",
                                      "'a'",
                                      "NaN",
                                      "\"\xff\"",
                                      "\"\xed\xa0\x80\"",
                                      "// x",
                                      ("\xef\xbb\xbf"
                                       "1"),
                                      "[1}",
                                      "{\"a\":1]"};

    (void)state;
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_true(tide_json_is_valid(good[i], strlen(good[i])));
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        assert_false(tide_json_is_valid(bad[i], strlen(bad[i])));
    }
    assert_false(tide_json_is_valid("\"\0\"", 3));
}

static void json_texts_are_bounded_in_depth(void **state)
{
    char text[2 * (TIDE_JSON_CHECK_DEPTH + 1)];

    (void)state;
    for (size_t depth = TIDE_JSON_CHECK_DEPTH; depth <= TIDE_JSON_CHECK_DEPTH + 1;
         depth++) {
        memset(text, '[', depth);
        memset(text + depth, ']', depth);
        assert_int_equal(tide_json_is_valid(text, 2 * depth),
                         depth == TIDE_JSON_CHECK_DEPTH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_row_is_a_json_object),
        cmocka_unit_test(bytes_are_what_the_values_take),
        cmocka_unit_test(every_type_passes),
        cmocka_unit_test(values_that_break_their_type_are_named),
        cmocka_unit_test(structure_that_is_wrong_is_named),
        cmocka_unit_test(a_time_beyond_the_day_is_named),
        cmocka_unit_test(json_texts_are_recognised_to_the_letter),
        cmocka_unit_test(json_texts_are_bounded_in_depth),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
