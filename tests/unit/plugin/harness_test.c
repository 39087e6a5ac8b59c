/*
 * harness_test - the harness that drives plugins in other tests, driving real ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants the four above first. */
#include <cmocka.h>
#include <stdlib.h>

#include "support/plugin_harness.h"

static void rows_of_every_type_survive_the_way_there_and_back(void **state)
{
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    char *lines, *columns;

    (void)state;
    harness_schema(
        "i int64 key, f float64, b bool, d decimal, s string required, x bytes, "
        "day date, t time, at timestamp, local datetime, u uuid, j json",
        &schema);
    harness_batch(&schema,
                  "1|1.5|true|12.50|a\\|b|\\x00\\xff|2024-02-29|18:22:47.5|"
                  "2024-11-27T18:22:47.937Z|2024-11-27T00:00:00|"
                  "6f9619ff-8b86-d011-b42d-00c04fc964ff|{\"a\": 1}\n"
                  "NULL|NULL|NULL|NULL||NULL|NULL|NULL|NULL|NULL|NULL|NULL\n",
                  &batch);
    lines = harness_lines(&batch, &schema);
    assert_string_equal(
        lines,
        "{\"i\":1,\"f\":1.5,\"b\":true,\"d\":12.50,\"s\":\"a|b\",\"x\":\"\\\\x00ff\","
        "\"day\":\"2024-02-29\",\"t\":\"18:22:47.5\",\"at\":\"2024-11-27T18:22:47.937Z\","
        "\"local\":\"2024-11-27T00:00:00\",\"u\":\"6f9619ff-8b86-d011-b42d-"
        "00c04fc964ff\","
        "\"j\":{\"a\": 1}}\n"
        "{\"i\":null,\"f\":null,\"b\":null,\"d\":null,\"s\":\"\",\"x\":null,\"day\":null,"
        "\"t\":null,\"at\":null,\"local\":null,\"u\":null,\"j\":null}\n");
    columns = harness_columns(&schema);
    assert_string_equal(
        columns, "i int64 key, f float64, b bool, d decimal, s string required, x "
                 "bytes, day date, t time, at timestamp, local datetime, u uuid, j "
                 "json");
    free(columns);
    free(lines);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void a_source_is_read_to_its_end(void **state)
{
    struct plugin_harness harness;
    struct harness_rows rows;

    (void)state;
    plugin_harness_init(&harness, TIDE_KIND_SOURCE, "generate",
                        "{\"rows\": 20000, \"columns\": {\"id\": \"id\"}}");
    assert_int_equal(plugin_harness_read(&harness, "any", &rows), TIDE_OK);
    assert_int_equal(rows.count, 20000);
    assert_true(rows.batches >= 2);
    assert_true(rows.most <= 16384);
    assert_memory_equal(rows.lines, "{\"id\":1}\n{\"id\":2}\n", 18);
    harness_rows_fini(&rows);
    plugin_harness_fini(&harness);
}

static void a_destination_is_written_once(void **state)
{
    const char *const key[] = {"id", NULL};
    struct plugin_harness harness;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct tide_destination_request request = {.mode = TIDE_MODE_APPEND,
                                               .table = "t",
                                               .schema = &schema,
                                               .key = key,
                                               .pipeline = "p",
                                               .run = "1"};

    (void)state;
    harness_schema("id int64", &schema);
    harness_batch(&schema, "1\n2\n", &batch);
    plugin_harness_init(&harness, TIDE_KIND_DESTINATION, "null", NULL);
    assert_int_equal(plugin_harness_write(&harness, &request, &batch, NULL), TIDE_OK);
    plugin_harness_fini(&harness);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void the_host_remembers_and_stops(void **state)
{
    const struct tide_reject reject = {.code = "ragged_row",
                                       .message = "2 fields, not 3",
                                       .origin = "in.csv",
                                       .position = 7,
                                       .raw = "a,bc",
                                       .raw_length = 3};
    struct plugin_harness harness;
    const struct tide_host *host = &harness.host;
    char *rejects;

    (void)state;
    plugin_harness_init(&harness, TIDE_KIND_DESTINATION, "null", NULL);
    harness.reject_limit = 2;
    harness.allocations_left = 1;
    assert_int_equal(host->reject(host, &reject), TIDE_OK);
    assert_int_equal(host->reject_row(host, 3, "match_limit", "too hard"), TIDE_E_LIMIT);
    rejects = plugin_harness_rejects(&harness);
    assert_string_equal(rejects, "in.csv:7 ragged_row\nrow 3 match_limit\n");
    assert_string_equal(harness.rejects[0].raw, "a,b");
    free(rejects);
    free(host->allocate(host, 8));
    assert_null(host->allocate(host, 8));
    assert_false(host->cancelled(host));
    harness.cancelled = true;
    assert_true(host->cancelled(host));
    plugin_harness_fini(&harness);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_of_every_type_survive_the_way_there_and_back),
        cmocka_unit_test(a_source_is_read_to_its_end),
        cmocka_unit_test(a_destination_is_written_once),
        cmocka_unit_test(the_host_remembers_and_stops),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
