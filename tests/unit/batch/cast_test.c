/* cast - what makes a row fail, and what happens to the others. */
#include "cast_result.h"

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
    assert_string_equal(failures.message, "column \"c\": 5 characters, and 4 fit");
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
