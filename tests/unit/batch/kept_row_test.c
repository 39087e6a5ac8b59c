/* kept_row - what is written of a row when it is rejected gives the row back. */
#include "base/text.h"
#include "batch/batch_ops.h"
#include "batch/kept_row.h"
#include "make_batch.h"

struct text_and_types {
    struct tide_text row, types;
};

static void write_row(const struct tide_batch *batch, const struct tide_schema *schema,
                      int64_t row, struct text_and_types *out)
{
    tide_text_reset(&out->row);
    tide_text_reset(&out->types);
    tide_batch_row_json(batch, schema, row, &out->row);
    tide_kept_row_types(batch, schema, row, &out->types);
}

static void fini(struct text_and_types *texts)
{
    tide_text_fini(&texts->row);
    tide_text_fini(&texts->types);
}

static void assert_same_value(const struct tide_batch *a, const struct tide_schema *from,
                              int64_t row, const struct tide_batch *b, size_t column)
{
    char buffers[2][TIDE_VALUE_TEXT_MAX];
    size_t lengths[2];
    int type = from->columns[column].type;
    const char *want =
        tide_array_value(a->array.children[column], type, row, buffers[0], &lengths[0]);
    const char *have = tide_array_value(b->array.children[column], want ? type : 0, 0,
                                        buffers[1], &lengths[1]);

    assert_int_equal(want != NULL, have != NULL);
    assert_int_equal(lengths[0], lengths[1]);
    if (want) {
        assert_memory_equal(want, have, lengths[0]);
    }
}

/* Written, read, and every value the same, of the same type. */
static void assert_comes_back(const struct tide_batch *batch,
                              const struct tide_schema *schema, int64_t row)
{
    struct text_and_types kept = {{0}, {0}};
    struct tide_schema back = {0};
    struct tide_batch read = {0};
    struct tide_error err = {0};

    write_row(batch, schema, row, &kept);
    if (tide_kept_row_read(kept.row.data, kept.row.length, kept.types.data, &back, &read,
                           &err) != TIDE_OK) {
        fail_msg("%s %s: %s", kept.row.data, kept.types.data, err.message);
    }
    assert_int_equal(back.column_count, schema->column_count);
    for (size_t i = 0; i < schema->column_count; i++) {
        bool is_null = tide_array_is_null(batch->array.children[i], row);

        assert_string_equal(back.columns[i].name, schema->columns[i].name);
        assert_int_equal(back.columns[i].type, is_null ? 0 : schema->columns[i].type);
        assert_same_value(batch, schema, row, &read, i);
    }
    assert_int_equal(tide_batch_validate(&read, &back, &err), TIDE_OK);
    tide_batch_release(&read);
    tide_schema_clear(&back);
    fini(&kept);
}

static void rows_of_every_type_come_back(void **state)
{
    uint64_t seed = 20;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};

    (void)state;
    make_every_type(&schema, &batch, 500, &seed);
    for (int64_t row = 0; row < 500; row++) {
        assert_comes_back(&batch, &schema, row);
    }
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void the_ends_of_every_type_come_back(void **state)
{
    static const struct {
        int type;
        const char *value;
    } cases[] = {
        {TIDE_TYPE_INT64, "-9223372036854775808"},
        {TIDE_TYPE_INT64, "9223372036854775807"},
        {TIDE_TYPE_FLOAT64, "NaN"},
        {TIDE_TYPE_FLOAT64, "-Infinity"},
        {TIDE_TYPE_FLOAT64, "-0"},
        {TIDE_TYPE_FLOAT64, "5e-324"},
        {TIDE_TYPE_FLOAT64, "0.1"},
        {TIDE_TYPE_DECIMAL, "123456789012345678901234567890.10"},
        {TIDE_TYPE_DECIMAL, "1e5"},
        {TIDE_TYPE_DECIMAL, "NaN"},
        {TIDE_TYPE_STRING, ""},
        {TIDE_TYPE_STRING, "null"},
        {TIDE_TYPE_STRING, "007"},
        {TIDE_TYPE_STRING, "a\"\\\n\t\x01\xf0\x9f\x8c\x8a"},
        {TIDE_TYPE_BYTES, ""},
        {TIDE_TYPE_BYTES, "\\x00"},
        {TIDE_TYPE_BYTES, "\xff\xfe"},
        {TIDE_TYPE_DATE, "infinity"},
        {TIDE_TYPE_DATE, "-infinity"},
        {TIDE_TYPE_TIME, "23:59:59.999999"},
        {TIDE_TYPE_TIMESTAMP, "infinity"},
        {TIDE_TYPE_TIMESTAMP, "2024-11-27T18:22:47.000001Z"},
        {TIDE_TYPE_DATETIME, "-infinity"},
        {TIDE_TYPE_JSON, "null"},
        {TIDE_TYPE_JSON, "\"null\""},
        {TIDE_TYPE_JSON, " {\"a\":\r\n1.10,\"a\":[{}]} "},
        {TIDE_TYPE_JSON, "\"\\u0000}\""},
        {TIDE_TYPE_JSON, "12345678901234567890123"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tide_schema schema = {0};
        struct tide_batch batch = {0};

        make_column(&schema, &batch, cases[i].type, &cases[i].value, 1);
        assert_comes_back(&batch, &schema, 0);
        tide_batch_release(&batch);
        tide_schema_clear(&schema);
    }
}

/* A JSON text that is none was shown as a string, and is one when it comes back. */
static void what_is_no_json_comes_back_as_a_string(void **state)
{
    static const char *const broken = "{broken";
    struct text_and_types kept = {{0}, {0}};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_JSON, &broken, 1);
    write_row(&batch, &schema, 0, &kept);
    assert_string_equal(kept.types.data, "s");
    fini(&kept);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void what_is_no_row_is_refused(void **state)
{
    static const struct {
        const char *row, *types, *message;
    } cases[] = {
        {"", "", "the text ends too early"},
        {"[]", "", "this is no row"},
        {"{\"a\":1}", "", "there is no type for this column"},
        {"{\"a\":1}", "?", "there is no type for this column"},
        {"{\"a\":1}", "ii", "there are more types than columns"},
        {"{\"a\":1", "i", "the text ends too early"},
        {"{\"a\":1}x", "i", "there is more behind the row"},
        {"{\"a\":\"x\" \"b\":2}", "si", "is missing"},
        {"{\"a\":1 \"b\":2}", "i", "is no int64"},
        {"{\"a\":}", "i", "a value is missing"},
        {"{\"\":1}", "i", "a name is empty"},
        {"{\"a\":\"x}", "s", "the text ends too early"},
        {"{\"a\":1}", "-", "this is not null"},
        {"{\"a\":\"x\"}", "i", "\"x\" is no int64"},
        {"{\"a\":\"x\"}", "x", "is no bytes"},
        {"{\"a\":{]}", "j", "json"},
        {"{\"a\":\"\\ud800\"}", "s", "surrogate"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct tide_schema schema = {0};
        struct tide_batch batch = {0};
        struct tide_error err = {0};
        int rc = tide_kept_row_read(cases[i].row, strlen(cases[i].row), cases[i].types,
                                    &schema, &batch, &err);

        if (rc != TIDE_E_DATA || !strstr(err.message, cases[i].message)) {
            fail_msg("%s: %d, %s", cases[i].row, rc, err.message);
        }
        assert_int_equal(schema.column_count, 0);
        assert_null(batch.array.release);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_every_type_come_back),
        cmocka_unit_test(the_ends_of_every_type_come_back),
        cmocka_unit_test(what_is_no_json_comes_back_as_a_string),
        cmocka_unit_test(what_is_no_row_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
