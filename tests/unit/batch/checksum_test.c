/*
 * Tests of sums over columns: what is equal, what is not, and how sums add up.
 */
#include "batch/checksum.h"
#include "make_batch.h"

static uint64_t hash_of(int type, const char *text)
{
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    uint64_t hash;

    make_column(&schema, &batch, type, &text, 1);
    hash = tide_value_hash(&batch, &schema, 0, 0);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
    return hash;
}

static void check_equal(int type, const char *a, const char *b)
{
    if (hash_of(type, a) != hash_of(type, b)) {
        fail_msg("%s and %s should be equal", a, b);
    }
}

static void check_unequal(int type, const char *a, const char *b)
{
    if (hash_of(type, a) == hash_of(type, b)) {
        fail_msg("%s and %s should differ", a, b);
    }
}

static void numbers_are_equal_however_they_are_written(void **state)
{
    static const char *const same[][2] = {
        {"1.50", "1.5"},       {"100", "1e2"},    {"0.001", "1E-3"},   {"-0.0", "0"},
        {"+7", "7"},           {"007.10", "7.1"}, {"1000.0", "1e+3"},  {"NaN", "nan"},
        {"-Infinity", "-inf"}, {".5", "0.5"},     {"120e-1", "12.00"}, {"0e9", "0.00"},
    };
    static const char *const other[][2] = {
        {"1.5", "15"},
        {"1.5", "-1.5"},
        {"100", "10"},
        {"0.01", "0.001"},
        {"NaN", "Infinity"},
        {"Infinity", "-Infinity"},
        {"1e1000", "1e1001"},
        {"105", "1.05"},
        {"0", "1"},
        {"12", "1.2e0"},
        {"9007199254740993", "9007199254740992"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT(same); i++) {
        check_equal(TIDE_TYPE_DECIMAL, same[i][0], same[i][1]);
    }
    for (size_t i = 0; i < COUNT(other); i++) {
        check_unequal(TIDE_TYPE_DECIMAL, other[i][0], other[i][1]);
    }
    check_equal(TIDE_TYPE_FLOAT64, "-0", "0");
    check_unequal(TIDE_TYPE_FLOAT64, "0.1", "0.10000000000000002");
}

static void json_is_equal_however_it_is_written(void **state)
{
    (void)state;
    check_equal(TIDE_TYPE_JSON, "{\"a\":1.0,\"b\":[true,null]}",
                " {\"b\" : [true, null], \"a\": 1} ");
    check_equal(TIDE_TYPE_JSON, "\"\\u00e9\"", "\"\xc3\xa9\"");
    check_unequal(TIDE_TYPE_JSON, "[1,2]", "[2,1]");
    check_unequal(TIDE_TYPE_JSON, "{\"a\":1,\"b\":2}", "{\"a\":2,\"b\":1}");
    check_unequal(TIDE_TYPE_JSON, "\"1\"", "1");
    check_unequal(TIDE_TYPE_JSON, "[]", "{}");
    check_unequal(TIDE_TYPE_JSON, "null", "false");
    check_unequal(TIDE_TYPE_JSON, "12345678901234567890123", "12345678901234567890124");
}

static void null_is_not_the_empty_text(void **state)
{
    (void)state;
    assert_true(hash_of(TIDE_TYPE_STRING, NULL) == 0);
    assert_true(hash_of(TIDE_TYPE_STRING, "") != 0);
    check_unequal(TIDE_TYPE_STRING, "a", "b");
    check_unequal(TIDE_TYPE_INT64, "0", "1");
    check_unequal(TIDE_TYPE_BOOL, "true", "false");
    check_unequal(TIDE_TYPE_DATE, "2024-01-01", "2024-01-02");
    check_unequal(TIDE_TYPE_TIMESTAMP, "2024-01-01T00:00:00Z", "2024-01-01T00:00:01Z");
}

/* Two columns of texts, "ab" is a row of a and b. */
static void make_pairs(struct tide_schema *schema, struct tide_batch *batch,
                       const char *const *pairs, size_t count)
{
    struct tide_row_builder rows;

    assert_int_equal(tide_schema_add(schema, "x", TIDE_TYPE_STRING, 0), TIDE_OK);
    assert_int_equal(tide_schema_add(schema, "y", TIDE_TYPE_STRING, 0), TIDE_OK);
    assert_int_equal(tide_row_builder_init(&rows, schema, (int64_t)count, 0), TIDE_OK);
    for (size_t i = 0; i < count; i++) {
        char x[2] = {pairs[i][0]}, y[2] = {pairs[i][1]};

        tide_row_set_text(&rows, 0, x);
        tide_row_set_text(&rows, 1, y);
        assert_int_equal(tide_row_end(&rows), TIDE_OK);
    }
    assert_int_equal(tide_row_builder_finish(&rows, batch), TIDE_OK);
    tide_row_builder_fini(&rows);
}

static struct tide_checksum sum_of(const char *const *pairs, size_t count,
                                   const uint8_t *skip)
{
    struct tide_checksum sum;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};

    make_pairs(&schema, &batch, pairs, count);
    tide_checksum_init(&sum, 2);
    tide_checksum_add(&sum, &batch, &schema, NULL, skip);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
    return sum;
}

static bool same(const struct tide_checksum *a, const struct tide_checksum *b)
{
    return a->rows == b->rows && a->whole == b->whole && a->columns[0] == b->columns[0] &&
           a->columns[1] == b->columns[1];
}

static void order_does_not_matter_and_rows_do(void **state)
{
    static const char *const rows[] = {"ab", "cd", "ef"}, *const turned[] = {"ef", "ab",
                                                                             "cd"};
    static const char *const mixed[] = {"ad", "cb", "ef"};
    struct tide_checksum a = sum_of(rows, 3, NULL), b = sum_of(turned, 3, NULL);
    struct tide_checksum c = sum_of(mixed, 3, NULL);

    (void)state;
    assert_true(same(&a, &b));
    assert_true(a.columns[0] == c.columns[0] && a.columns[1] == c.columns[1]);
    assert_true(a.whole != c.whole);
    tide_checksum_fini(&a);
    tide_checksum_fini(&b);
    tide_checksum_fini(&c);
}

static void sums_of_parts_are_taken_from_the_whole(void **state)
{
    static const char *const rows[] = {"ab", "cd", "ef", "ab"}, *const part[] = {"ab"};
    static const uint8_t skip[] = {1, 0, 0, 0};
    struct tide_checksum all = sum_of(rows, 4, NULL), one = sum_of(part, 1, NULL);
    struct tide_checksum rest = sum_of(rows, 4, skip);

    (void)state;
    tide_checksum_subtract(&all, &one);
    assert_int_equal(all.rows, 3);
    assert_true(same(&all, &rest));
    tide_checksum_fini(&all);
    tide_checksum_fini(&one);
    tide_checksum_fini(&rest);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_equal_however_they_are_written),
        cmocka_unit_test(json_is_equal_however_it_is_written),
        cmocka_unit_test(null_is_not_the_empty_text),
        cmocka_unit_test(order_does_not_matter_and_rows_do),
        cmocka_unit_test(sums_of_parts_are_taken_from_the_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
