/*
 * rename_fields_test - names move in order, collisions are refused, values stay.
 */
#include "transform_harness.h"

struct rename_options {
    struct tide_map mapping;
    bool strict;
};

static const char *const one[] = {"1"};

static int rename_columns(struct harness *harness, const struct tide_pair *pairs,
                          size_t count, bool strict)
{
    struct rename_options options = {{pairs, count}, strict};

    harness_init(harness);
    harness_add(harness, "a", one, 1);
    harness_add(harness, "c", one, 1);
    return harness_bind(harness, &options);
}

static void test_pairs_apply_in_order(void **unused)
{
    const struct tide_pair pairs[] = {{"a", "b"}, {"b", "d"}};
    struct harness harness;
    const void *values = NULL;

    (void)unused;
    assert_int_equal(rename_columns(&harness, pairs, 2, false), TIDE_OK);
    assert_string_equal(harness.schema.columns[0].name, "d");
    assert_string_equal(harness.schema.columns[1].name, "c");
    values = harness.batch.array.children[0]->buffers[2];
    harness_apply(&harness);
    assert_ptr_equal(harness.batch.array.children[0]->buffers[2], values);
    harness_fini(&harness);
}

static void test_two_names_swap_through_a_third(void **unused)
{
    const struct tide_pair pairs[] = {{"a", "t"}, {"c", "a"}, {"t", "c"}};
    struct harness harness;

    (void)unused;
    assert_int_equal(rename_columns(&harness, pairs, 3, true), TIDE_OK);
    assert_string_equal(harness.schema.columns[0].name, "c");
    assert_string_equal(harness.schema.columns[1].name, "a");
    harness_fini(&harness);
}

static void test_a_taken_name_is_refused(void **unused)
{
    const struct tide_pair pairs[] = {{"a", "c"}};
    struct harness harness;

    (void)unused;
    assert_int_equal(rename_columns(&harness, pairs, 1, false), TIDE_E_CONFIG);
    assert_non_null(strstr(harness.err.message, "already a column"));
    harness_fini(&harness);
}

static void test_an_empty_name_is_refused(void **unused)
{
    const struct tide_pair pairs[] = {{"a", ""}};
    struct harness harness;

    (void)unused;
    assert_int_equal(rename_columns(&harness, pairs, 1, false), TIDE_E_CONFIG);
    harness_fini(&harness);
}

static void test_an_absent_field_is_refused_only_when_strict(void **unused)
{
    const struct tide_pair pairs[] = {{"b", "x"}};
    struct harness harness;

    (void)unused;
    assert_int_equal(rename_columns(&harness, pairs, 1, false), TIDE_OK);
    harness_fini(&harness);
    assert_int_equal(rename_columns(&harness, pairs, 1, true), TIDE_E_CONFIG);
    assert_non_null(strstr(harness.err.message, "no column \"b\""));
    harness_fini(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pairs_apply_in_order),
        cmocka_unit_test(test_two_names_swap_through_a_third),
        cmocka_unit_test(test_a_taken_name_is_refused),
        cmocka_unit_test(test_an_empty_name_is_refused),
        cmocka_unit_test(test_an_absent_field_is_refused_only_when_strict),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
