/*
 * filter_test - every operator over every type, nulls, groups, and what is refused.
 *
 * A case says which of a column's rows are kept, as a text: "x" kept, "." dropped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <math.h>

#include "run/filter.h"

#define ROWS 4

struct fixture {
    struct tide_schema schema;
    struct tide_batch batch;
};

static void add(struct fixture *fixture, size_t i, const char *name, int type,
                struct tide_builder *builder)
{
    assert_int_equal(tide_schema_add(&fixture->schema, name, type, 0), TIDE_OK);
    assert_int_equal(tide_builder_finish(builder, fixture->batch.array.children[i]),
                     TIDE_OK);
}

static void add_texts(struct fixture *fixture, size_t i, const char *name, int type,
                      const char *const values[ROWS])
{
    struct tide_builder builder;

    tide_builder_init(&builder, type);
    for (size_t row = 0; row < ROWS; row++) {
        assert_int_equal(values[row] ? tide_append_text(&builder, values[row])
                                     : tide_append_null(&builder),
                         TIDE_OK);
    }
    add(fixture, i, name, type, &builder);
}

/* INT64_MIN + 1 stands for null. */
#define NONE (INT64_MIN + 1)

static int append_integer(struct tide_builder *builder, int64_t value)
{
    if (value == NONE) {
        return tide_append_null(builder);
    }
    if (builder->type == TIDE_TYPE_BOOL) {
        return tide_append_bool(builder, value != 0);
    }
    if (builder->type == TIDE_TYPE_DATE) {
        return tide_append_int32(builder, (int32_t)value);
    }
    return tide_append_int64(builder, value);
}

static void add_integers(struct fixture *fixture, size_t i, const char *name, int type,
                         const int64_t values[ROWS])
{
    struct tide_builder builder;

    tide_builder_init(&builder, type);
    for (size_t row = 0; row < ROWS; row++) {
        assert_int_equal(append_integer(&builder, values[row]), TIDE_OK);
    }
    add(fixture, i, name, type, &builder);
}

static void add_doubles(struct fixture *fixture, size_t i, const char *name,
                        const double values[ROWS])
{
    struct tide_builder builder;

    tide_builder_init(&builder, TIDE_TYPE_FLOAT64);
    for (size_t row = 0; row < ROWS; row++) {
        assert_int_equal(tide_append_float64(&builder, values[row]), TIDE_OK);
    }
    add(fixture, i, name, TIDE_TYPE_FLOAT64, &builder);
}

#define DAY (INT64_C(86400) * 1000000)
#define COLUMNS 13

static int set_up(void **state)
{
    static struct fixture fixture;

    assert_int_equal(tide_batch_init(&fixture.batch, COLUMNS, ROWS), TIDE_OK);
    add_integers(&fixture, 0, "int", TIDE_TYPE_INT64, (int64_t[]){-5, 0, 7, NONE});
    add_doubles(&fixture, 1, "float", (double[]){-2.5, 0.1, NAN, -0.0});
    add_texts(&fixture, 2, "decimal", TIDE_TYPE_DECIMAL,
              (const char *[]){"-1.50", "10", "9", NULL});
    add_texts(&fixture, 3, "text", TIDE_TYPE_STRING,
              (const char *[]){"apple", "", "Zebra", NULL});
    add_integers(&fixture, 4, "bool", TIDE_TYPE_BOOL, (int64_t[]){1, 0, 1, NONE});
    add_integers(&fixture, 5, "date", TIDE_TYPE_DATE, (int64_t[]){0, 1, 365, NONE});
    add_integers(&fixture, 6, "stamp", TIDE_TYPE_TIMESTAMP,
                 (int64_t[]){0, DAY, DAY + 1, NONE});
    add_integers(&fixture, 7, "moment", TIDE_TYPE_DATETIME,
                 (int64_t[]){0, DAY, DAY + 1, NONE});
    add_integers(&fixture, 8, "time", TIDE_TYPE_TIME,
                 (int64_t[]){0, 3600000000, 7200000000, NONE});
    add_texts(&fixture, 9, "uuid", TIDE_TYPE_UUID,
              (const char *[]){"00000000-0000-0000-0000-000000000000",
                               "aaaaaaaa-0000-0000-0000-000000000000",
                               "ffffffff-0000-0000-0000-000000000000", NULL});
    add_texts(&fixture, 10, "json", TIDE_TYPE_JSON,
              (const char *[]){"{ }", "[]", "[1]", NULL});
    add_texts(&fixture, 11, "bytes", TIDE_TYPE_BYTES,
              (const char *[]){"a\xff", "", "b", NULL});
    add_integers(&fixture, 12, "null", TIDE_TYPE_NULL,
                 (int64_t[]){NONE, NONE, NONE, NONE});
    *state = &fixture;
    return 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;

    tide_schema_clear(&fixture->schema);
    tide_batch_release(&fixture->batch);
    return 0;
}

static void check_condition(const struct fixture *fixture,
                            const struct tide_condition *condition, const char *what,
                            const char *kept)
{
    struct tide_filter *filter = NULL;
    struct tide_error err = {0};
    uint8_t drop[ROWS];
    char found[ROWS + 1] = "";
    int64_t dropped = 0;

    if (tide_filter_create(condition, &fixture->schema, &filter, &err) != TIDE_OK) {
        fail_msg("%s: %s", what, err.message);
    }
    dropped = tide_filter_apply(filter, &fixture->batch, drop);
    for (size_t i = 0; i < ROWS; i++) {
        found[i] = drop[i] ? '.' : 'x';
        dropped -= drop[i];
    }
    tide_filter_destroy(filter);
    assert_int_equal(dropped, 0);
    if (strcmp(found, kept) != 0) {
        fail_msg("%s: kept %s, not %s", what, found, kept);
    }
}

static struct tide_condition make_test(const char *field, enum tide_operator op,
                                       const char *const *values, size_t count)
{
    return (struct tide_condition){.kind = TIDE_CONDITION_TEST,
                                   .field = field,
                                   .op = op,
                                   .values = values,
                                   .value_count = count};
}

static void check(const struct fixture *fixture, const char *field, enum tide_operator op,
                  const char *value, const char *kept)
{
    const struct tide_condition test = make_test(field, op, &value, value ? 1 : 0);
    char what[128];

    (void)snprintf(what, sizeof what, "%s, operator %d, \"%s\"", field, (int)op,
                   value ? value : "");
    check_condition(fixture, &test, what, kept);
}

static void check_two(const struct fixture *fixture, const char *field,
                      enum tide_operator op, const char *low, const char *high,
                      const char *kept)
{
    const char *values[] = {low, high};
    const struct tide_condition test = make_test(field, op, values, 2);

    check_condition(fixture, &test, field, kept);
}

static void check_refused(const struct fixture *fixture, const char *field,
                          enum tide_operator op, const char *value, const char *message)
{
    const struct tide_condition test = make_test(field, op, &value, value ? 1 : 0);
    struct tide_filter *filter = NULL;
    struct tide_error err = {0};

    assert_int_equal(tide_filter_create(&test, &fixture->schema, &filter, &err),
                     TIDE_E_CONFIG);
    assert_null(filter);
    if (!strstr(err.message, message)) {
        fail_msg("\"%s\" is not in \"%s\"", message, err.message);
    }
}

/* The rows that are known and not among these. */
static void turn_round(const char *rows, const char *known, char out[ROWS + 1])
{
    for (int row = 0; row < ROWS; row++) {
        out[row] = rows[row] == 'x' || known[row] == '.' ? '.' : 'x';
    }
    out[ROWS] = '\0';
}

/* The six comparisons with one value. */
static void check_order(const struct fixture *fixture, const char *field,
                        const char *value, const char *below, const char *same,
                        const char *above, const char *known)
{
    char turned[ROWS + 1];

    check(fixture, field, TIDE_OP_LESS, value, below);
    check(fixture, field, TIDE_OP_IS, value, same);
    check(fixture, field, TIDE_OP_GREATER, value, above);
    turn_round(below, known, turned);
    check(fixture, field, TIDE_OP_GREATER_OR_EQUAL, value, turned);
    turn_round(same, known, turned);
    check(fixture, field, TIDE_OP_IS_NOT, value, turned);
    turn_round(above, known, turned);
    check(fixture, field, TIDE_OP_LESS_OR_EQUAL, value, turned);
}

static void test_comparisons_of_numbers(void **state)
{
    check_order(*state, "int", "0", "x...", ".x..", "..x.", "xxx.");
    check_order(*state, "int", "0.5", "xx..", "....", "..x.", "xxx.");
    check_order(*state, "int", "-4.5", "x...", "....", ".xx.", "xxx.");
    check_order(*state, "int", "1e30", "xxx.", "....", "....", "xxx.");
    check_order(*state, "int", "-1e30", "....", "....", "xxx.", "xxx.");
    check_order(*state, "float", "0", "x...", "...x", ".xx.", "xxxx");
    check_order(*state, "float", "0.1", "x..x", ".x..", "..x.", "xxxx");
    check_order(*state, "float", "NaN", "xx.x", "..x.", "....", "xxxx");
    check_order(*state, "decimal", "9.0", "x...", "..x.", ".x..", "xxx.");
    check_order(*state, "decimal", "-1.5", "....", "x...", ".xx.", "xxx.");
}

static void test_comparisons_of_texts_are_by_bytes(void **state)
{
    check_order(*state, "text", "a", ".xx.", "....", "x...", "xxx.");
    check_order(*state, "text", "", "....", ".x..", "x.x.", "xxx.");
    check_order(*state, "bytes", "b", "xx..", "..x.", "....", "xxx.");
    check_order(*state, "uuid", "AAAAAAAA-0000-0000-0000-000000000000", "x...", ".x..",
                "..x.", "xxx.");
    check_order(*state, "json", "[]", "..x.", ".x..", "x...", "xxx.");
}

static void test_comparisons_of_dates_and_times(void **state)
{
    check_order(*state, "date", "1970-01-02", "x...", ".x..", "..x.", "xxx.");
    check_order(*state, "stamp", "1970-01-02T00:00:00Z", "x...", ".x..", "..x.", "xxx.");
    check_order(*state, "stamp", "1970-01-02", "x...", ".x..", "..x.", "xxx.");
    check_order(*state, "moment", "1970-01-02T00:00:00", "x...", ".x..", "..x.", "xxx.");
    check_order(*state, "time", "01:00", "x...", ".x..", "..x.", "xxx.");
    check(*state, "date", TIDE_OP_BEFORE, "1970-01-02", "x...");
    check(*state, "date", TIDE_OP_ON_OR_BEFORE, "1970-01-02", "xx..");
    check(*state, "stamp", TIDE_OP_AFTER, "1970-01-02", "..x.");
    check(*state, "stamp", TIDE_OP_ON_OR_AFTER, "1970-01-02", ".xx.");
}

static void test_between_has_both_ends(void **state)
{
    check_two(*state, "int", TIDE_OP_BETWEEN, "0", "7", ".xx.");
    check_two(*state, "int", TIDE_OP_BETWEEN, "0.5", "6.5", "....");
    check_two(*state, "int", TIDE_OP_BETWEEN, "7", "0", "....");
    check_two(*state, "int", TIDE_OP_NOT_BETWEEN, "0", "7", "x...");
    check_two(*state, "decimal", TIDE_OP_BETWEEN, "9", "10.0", ".xx.");
    check_two(*state, "text", TIDE_OP_BETWEEN, "A", "b", "x.x.");
    check_two(*state, "date", TIDE_OP_NOT_BETWEEN, "1970-01-01", "1970-01-02", "..x.");
}

static void test_one_of_is_any_of_the_values(void **state)
{
    check_two(*state, "int", TIDE_OP_ONE_OF, "-5", "7", "x.x.");
    check_two(*state, "int", TIDE_OP_NOT_ONE_OF, "-5", "7", ".x..");
    check_two(*state, "text", TIDE_OP_ONE_OF, "apple", "", "xx..");
    check_two(*state, "decimal", TIDE_OP_NOT_ONE_OF, "10.00", "-1.5", "..x.");
    check_two(*state, "bool", TIDE_OP_ONE_OF, "true", "false", "xxx.");
}

static void test_searches_in_texts(void **state)
{
    check(*state, "text", TIDE_OP_CONTAINS, "e", "x.x.");
    check(*state, "text", TIDE_OP_CONTAINS, "", "xxx.");
    check(*state, "text", TIDE_OP_NOT_CONTAINS, "e", ".x..");
    check(*state, "text", TIDE_OP_STARTS_WITH, "app", "x...");
    check(*state, "text", TIDE_OP_ENDS_WITH, "bra", "..x.");
    check(*state, "text", TIDE_OP_ENDS_WITH, "a longer text than any", "....");
    check(*state, "bytes", TIDE_OP_CONTAINS, "\xff", "x...");
    check(*state, "uuid", TIDE_OP_STARTS_WITH, "AAAA", ".x..");
}

static void test_bools(void **state)
{
    check(*state, "bool", TIDE_OP_TRUE, NULL, "x.x.");
    check(*state, "bool", TIDE_OP_FALSE, NULL, ".x..");
    check(*state, "bool", TIDE_OP_IS, "true", "x.x.");
    check(*state, "bool", TIDE_OP_IS_NOT, "true", ".x..");
}

static void test_emptiness(void **state)
{
    check(*state, "text", TIDE_OP_EMPTY, NULL, ".x..");
    check(*state, "text", TIDE_OP_NOT_EMPTY, NULL, "x.x.");
    check(*state, "json", TIDE_OP_EMPTY, NULL, "xx..");
    check(*state, "json", TIDE_OP_NOT_EMPTY, NULL, "..x.");
    check(*state, "bytes", TIDE_OP_EMPTY, NULL, ".x..");
}

static void test_nulls_are_unknown_to_all_but_those_who_ask(void **state)
{
    check(*state, "int", TIDE_OP_NULL, NULL, "...x");
    check(*state, "int", TIDE_OP_NOT_NULL, NULL, "xxx.");
    check(*state, "float", TIDE_OP_NULL, NULL, "....");
    check(*state, "null", TIDE_OP_NULL, NULL, "xxxx");
    check(*state, "null", TIDE_OP_IS, "1", "....");
    check(*state, "null", TIDE_OP_IS_NOT, "1", "....");
    check(*state, "null", TIDE_OP_EMPTY, NULL, "....");
}

static void test_existence_is_of_the_column(void **state)
{
    check(*state, "int", TIDE_OP_EXISTS, NULL, "xxxx");
    check(*state, "int", TIDE_OP_NOT_EXISTS, NULL, "....");
    check(*state, "absent", TIDE_OP_EXISTS, NULL, "....");
    check(*state, "absent", TIDE_OP_NOT_EXISTS, NULL, "xxxx");
}

static void test_groups_follow_three_valued_logic(void **state)
{
    const char *zero = "0", *e = "e";
    struct tide_condition either[] = {
        make_test("int", TIDE_OP_GREATER, &zero, 1),
        make_test("int", TIDE_OP_NULL, NULL, 0),
    };
    struct tide_condition any = {
        .kind = TIDE_CONDITION_OR, .children = either, .child_count = 2};
    struct tide_condition both[] = {any, make_test("text", TIDE_OP_CONTAINS, &e, 1)};
    struct tide_condition all = {
        .kind = TIDE_CONDITION_AND, .children = both, .child_count = 2};
    struct tide_condition last[] = {all, make_test("bool", TIDE_OP_FALSE, NULL, 0)};
    struct tide_condition root = {
        .kind = TIDE_CONDITION_OR, .children = last, .child_count = 2};

    check_condition(*state, &any, "greater or null", "..xx");
    check_condition(*state, &all, "and contains", "..x.");
    check_condition(*state, &root, "or false", ".xx.");
}

static void test_what_makes_no_sense_is_refused(void **state)
{
    check_refused(*state, "txt", TIDE_OP_IS, "a", "did you mean \"text\"?");
    check_refused(*state, "int", TIDE_OP_IS, "abc", "\"abc\" is no value of type int64");
    check_refused(*state, "float", TIDE_OP_LESS, "1x", "no value of type float64");
    check_refused(*state, "decimal", TIDE_OP_LESS, "one", "\"one\" is no number");
    check_refused(*state, "date", TIDE_OP_BEFORE, "1970-02-30", "no value of type date");
    check_refused(*state, "bool", TIDE_OP_LESS, "true", "does not go with");
    check_refused(*state, "bool", TIDE_OP_IS, "yes", "no value of type bool");
    check_refused(*state, "int", TIDE_OP_CONTAINS, "1", "does not go with");
    check_refused(*state, "decimal", TIDE_OP_STARTS_WITH, "1", "does not go with");
    check_refused(*state, "text", TIDE_OP_TRUE, NULL, "\"is true\" does not go with");
    check_refused(*state, "date", TIDE_OP_EMPTY, NULL, "does not go with");
    check_refused(*state, "int", TIDE_OP_BETWEEN, "1", "does not take 1 values");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_comparisons_of_numbers),
        cmocka_unit_test(test_comparisons_of_texts_are_by_bytes),
        cmocka_unit_test(test_comparisons_of_dates_and_times),
        cmocka_unit_test(test_between_has_both_ends),
        cmocka_unit_test(test_one_of_is_any_of_the_values),
        cmocka_unit_test(test_searches_in_texts),
        cmocka_unit_test(test_bools),
        cmocka_unit_test(test_emptiness),
        cmocka_unit_test(test_nulls_are_unknown_to_all_but_those_who_ask),
        cmocka_unit_test(test_existence_is_of_the_column),
        cmocka_unit_test(test_groups_follow_three_valued_logic),
        cmocka_unit_test(test_what_makes_no_sense_is_refused),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
