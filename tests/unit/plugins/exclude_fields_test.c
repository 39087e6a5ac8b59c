/*
 * exclude_fields_test - columns go, the others stay as they are; never all of them.
 */
#include "transform_harness.h"

struct exclude_options {
    struct tide_list fields;
    bool strict;
};

static const char *const ones[] = {"1"};
static const char *const twos[] = {"2"};
static const char *const threes[] = {"3"};

static int exclude_columns(struct harness *harness, const char *const *fields,
                           size_t count, bool strict)
{
    struct exclude_options options = {{fields, count}, strict};

    harness_init(harness);
    harness_add(harness, "title", ones, 1);
    harness_add(harness, "body", twos, 1);
    harness_add(harness, "author", threes, 1);
    return harness_bind(harness, &options);
}

static void test_named_columns_go(void **unused)
{
    const char *const fields[] = {"title", "author", "title"};
    struct harness harness;

    (void)unused;
    assert_int_equal(exclude_columns(&harness, fields, 3, true), TIDE_OK);
    assert_int_equal(harness.schema.column_count, 1);
    assert_string_equal(harness.schema.columns[0].name, "body");
    harness_apply(&harness);
    harness_expect(&harness, 0, twos, 1);
    harness_fini(&harness);
}

static void test_all_columns_are_refused(void **unused)
{
    const char *const fields[] = {"title", "body", "author"};
    struct harness harness;

    (void)unused;
    assert_int_equal(exclude_columns(&harness, fields, 3, false), TIDE_E_CONFIG);
    assert_int_equal(harness.schema.column_count, 3);
    harness_fini(&harness);
}

static void test_an_absent_field_is_refused_only_when_strict(void **unused)
{
    const char *const fields[] = {"autor"};
    struct harness harness;

    (void)unused;
    assert_int_equal(exclude_columns(&harness, fields, 1, false), TIDE_OK);
    assert_int_equal(harness.schema.column_count, 3);
    harness_fini(&harness);
    assert_int_equal(exclude_columns(&harness, fields, 1, true), TIDE_E_CONFIG);
    assert_non_null(strstr(harness.err.message, "did you mean \"author\"?"));
    harness_fini(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_named_columns_go),
        cmocka_unit_test(test_all_columns_are_refused),
        cmocka_unit_test(test_an_absent_field_is_refused_only_when_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
