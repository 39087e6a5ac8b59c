/*
 * Tests of the generate source and the null destination.
 */
#include "mover_harness.h"

static void columns_cover_every_type(void **state)
{
    struct harness *harness = *state;
    const char *text = harness_read(harness, "generate", "{\"rows\": 0}", "rows");

    assert_string_equal(
        text, "id int64, active bool, quantity int64, score float64, price decimal, "
              "name string, email string, phone string, notes string, "
              "payload bytes, birthday date, opens_at time, local datetime, "
              "updated_at timestamp, token uuid, attributes json\n");
}

static void rows_do_not_depend_on_the_size_of_batches(void **state)
{
    static const char options[] = "{\"rows\": 1000, \"seed\": 3, \"nulls\": 0.2}";
    struct harness *harness = *state;
    const char *whole, *pieces;

    whole = harness_read(harness, "generate", options, "rows");
    harness->source.batch_rows = 7;
    harness->source.batch_bytes = 500;
    pieces = harness_read(harness, "generate", options, "rows");
    assert_non_null(whole);
    assert_string_equal(whole, pieces);
}

static void another_seed_makes_other_rows(void **state)
{
    struct harness *harness = *state;
    const char *one = harness_read(harness, "generate", "{\"rows\": 5}", "rows");
    const char *two =
        harness_read(harness, "generate", "{\"rows\": 5, \"seed\": 2}", "rows");

    assert_string_not_equal(one, two);
}

static void a_column_keeps_its_values_in_another_place(void **state)
{
    struct harness *harness = *state;
    const char *alone = harness_read(
        harness, "generate", "{\"rows\": 3, \"columns\": {\"n\": \"int64\"}}", "rows");
    const char *behind = harness_read(
        harness, "generate",
        "{\"rows\": 3, \"columns\": {\"id\": \"id\", \"n\": \"int64\"}}", "rows");
    char expected[256] = "id int64, n int64\n";
    int row = 0;

    for (const char *at = strchr(alone, '\n') + 1; *at; at = strchr(at, '\n') + 1) {
        size_t used = strlen(expected);

        (void)snprintf(expected + used, sizeof expected - used, "%d|%.*s\n", ++row,
                       (int)strcspn(at, "\n"), at);
    }
    assert_int_equal(row, 3);
    assert_string_equal(behind, expected);
}

static void nulls_spare_the_id(void **state)
{
    struct harness *harness = *state;
    const char *text = harness_read(
        harness, "generate",
        "{\"rows\": 2, \"nulls\": 1, \"columns\": {\"id\": \"id\", \"s\": \"text\"}}",
        "rows");

    assert_string_equal(text, "id int64, s string\n1|NULL\n2|NULL\n");
}

static void an_unknown_kind_of_value_is_named(void **state)
{
    struct harness *harness = *state;

    assert_null(
        harness_read(harness, "generate", "{\"columns\": {\"a\": \"colour\"}}", "rows"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "\"colour\""));
    assert_non_null(strstr(harness->plugin.err.message, "timestamp"));
}

static void a_share_beyond_one_is_refused(void **state)
{
    struct harness *harness = *state;

    assert_null(harness_read(harness, "generate", "{\"nulls\": 1.5}", "rows"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
}

static void a_cancelled_run_ends(void **state)
{
    struct harness *harness = *state;

    harness->cancelled = true;
    assert_null(harness_read(harness, "generate", "{\"delay\": \"1h\"}", "rows"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CANCELLED);
}

static void discover_lists_the_table(void **state)
{
    struct harness *harness = *state;

    assert_string_equal(harness_discover(harness, TIDE_KIND_SOURCE, "generate",
                                         "{\"columns\": {\"id\": \"id\"}}"),
                        "rows(id int64)\n");
}

static void null_counts_and_drops(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(harness_write(harness, "null", "{}", TIDE_MODE_MERGE, "any",
                                   "a int64, b json\n1|{}\n2|NULL\n", NULL),
                     TIDE_OK);
    assert_string_equal(harness->plugin.logs[0].message, "dropped 2 rows in 1 batches");
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(columns_cover_every_type),
        TEST(rows_do_not_depend_on_the_size_of_batches),
        TEST(another_seed_makes_other_rows),
        TEST(a_column_keeps_its_values_in_another_place),
        TEST(nulls_spare_the_id),
        TEST(an_unknown_kind_of_value_is_named),
        TEST(a_share_beyond_one_is_refused),
        TEST(a_cancelled_run_ends),
        TEST(discover_lists_the_table),
        TEST(null_counts_and_drops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
