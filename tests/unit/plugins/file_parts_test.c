/*
 * Tests of the file destination that writes parts and a manifest: what the manifest lists
 * is the table, at every moment at which a run may be cut off.
 */
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mover_harness.h"

#define PARTS "{\"path\": \".\", \"format\": \"csv\", \"part_size\": \"1KiB\"}"
#define EACH "{\"path\": \".\", \"format\": \"csv\", \"part_size\": 1}"
#define PLAIN "{\"path\": \".\", \"format\": \"csv\"}"

/* ---- one load, step by step ---- */

struct load {
    struct harness *harness;
    const struct tide_destination *destination;
    struct tide_schema schema, accepted;
    void *state;
    char *position;
};

static int load_open(struct load *load, struct harness *harness, const char *options,
                     int mode, const char *columns)
{
    memset(load, 0, sizeof *load);
    load->harness = harness;
    load->destination =
        harness_load(harness, TIDE_KIND_DESTINATION, "file", options)->destination;
    harness_schema(columns, &load->schema);
    harness->destination.mode = mode;
    harness->destination.schema = &load->schema;
    return load->destination->open(harness->plugin.options, &harness->destination,
                                   &harness->plugin.host, &load->state, &load->accepted,
                                   &load->position, &harness->plugin.err);
}

static void load_close(struct load *load)
{
    if (load->state) {
        load->destination->close(load->state);
    }
    tide_schema_clear(&load->schema);
    tide_schema_clear(&load->accepted);
    free(load->position);
}

static void load_start(struct load *load, struct harness *harness, const char *options,
                       int mode)
{
    if (load_open(load, harness, options, mode, "id int64") != TIDE_OK) {
        fail_msg("%s", harness->plugin.err.message);
    }
}

static void load_write(struct load *load, const char *rows)
{
    struct tide_batch batch = {0};

    harness_batch(&load->accepted, rows, &batch);
    assert_int_equal(
        load->destination->write(load->state, &batch, &load->harness->plugin.err),
        TIDE_OK);
    tide_batch_release(&batch);
}

static int load_commit(struct load *load, const char *position, bool final)
{
    return load->destination->commit(load->state, position, final,
                                     &load->harness->plugin.err);
}

/* Write one batch and commit it as final. */
static void load_all(struct harness *harness, const char *options, int mode,
                     const char *rows, const char *position)
{
    struct load load;

    load_start(&load, harness, options, mode);
    if (rows[0]) {
        load_write(&load, rows);
    }
    assert_int_equal(load_commit(&load, position, true), TIDE_OK);
    load_close(&load);
}

static const char *read_parts(struct harness *harness)
{
    return harness_read(harness, "file", PLAIN, "out/part-*.csv");
}

static bool manifest_has(struct harness *harness, const char *text)
{
    const char *manifest = harness_get(harness, "out/manifest.json");

    return manifest && strstr(manifest, text);
}

static int setup(void **state)
{
    int rc = harness_setup(state);
    struct harness *harness = *state;

    harness->destination.table = "out";
    return rc;
}

/* ---- the folder ---- */

static void a_table_becomes_parts_and_a_manifest(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_start(&load, harness, EACH, TIDE_MODE_APPEND);
    load_write(&load, "1\n2\n");
    load_write(&load, "3\n");
    assert_int_equal(load_commit(&load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_string_equal(harness_names(harness, "out"),
                        "manifest.json,part-00001.csv,part-00002.csv");
    assert_string_equal(harness_get(harness, "out/part-00002.csv"), "id\n3\n");
    assert_string_equal(harness_get(harness, "out/manifest.json"),
                        "{\n  \"version\": 1,\n  \"complete\": true,\n"
                        "  \"pipeline\": \"shop/orders\", \"run\": \"77\",\n"
                        "  \"format\": \"csv\",\n"
                        "  \"columns\": [{\"name\": \"id\", \"type\": \"int64\"}],\n"
                        "  \"rows\": 3, \"bytes\": 12,\n"
                        "  \"parts\": [\n"
                        "    {\"name\": \"part-00001.csv\", \"rows\": 2, \"bytes\": 7, "
                        "\"xxh64\": \"3fa4b4265753cde9\"},\n"
                        "    {\"name\": \"part-00002.csv\", \"rows\": 1, \"bytes\": 5, "
                        "\"xxh64\": \"dbdd23f256a8e3c0\"}\n"
                        "  ],\n"
                        "  \"positions\": []\n}\n");
    assert_string_equal(read_parts(harness), "id string\n1\n2\n3\n");
}

static void a_part_is_ended_at_its_size(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_start(&load, harness, PARTS, TIDE_MODE_APPEND);
    for (int i = 0; i < 1000; i++) {
        load_write(&load, "1234567\n");
    }
    assert_int_equal(load_commit(&load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_true(manifest_has(harness, "\"rows\": 1000, \"bytes\": 8024"));
    assert_non_null(harness_get(harness, "out/part-00008.csv"));
    assert_null(harness_get(harness, "out/part-00009.csv"));
    assert_int_equal(strlen(harness_get(harness, "out/part-00001.csv")), 1027);
}

static void parts_are_compressed_each_for_itself(void **state)
{
    struct harness *harness = *state;

    harness->destination.table = "out-${run}.gz/";
    load_all(harness, EACH, TIDE_MODE_APPEND, "1\n", NULL);
    load_all(harness, EACH, TIDE_MODE_APPEND, "2\n", NULL);
    assert_string_equal(harness_names(harness, "out-77.gz"),
                        "manifest.json,part-00001.csv.gz,part-00002.csv.gz");
    assert_string_equal(harness_read(harness, "file", PLAIN, "out-77.gz/part-*"),
                        "id string\n1\n2\n");
}

static void a_table_without_rows_still_has_a_part(void **state)
{
    struct harness *harness = *state;

    load_all(harness, PARTS, TIDE_MODE_REPLACE, "", NULL);
    assert_string_equal(read_parts(harness), "id string\n");
    load_all(harness, PARTS, TIDE_MODE_APPEND, "", NULL);
    assert_string_equal(harness_names(harness, "out"), "manifest.json,part-00001.csv");
}

/* ---- checkpoints ---- */

static void a_checkpoint_lists_its_rows_with_their_position(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_start(&load, harness, PARTS, TIDE_MODE_APPEND);
    load_write(&load, "1\n");
    assert_int_equal(load_commit(&load, "at \"1\"", false), TIDE_OK);
    assert_true(manifest_has(harness, "\"complete\": false"));
    assert_string_equal(harness_get(harness, "out/part-00001.csv"), "id\n1\n");
    load_close(&load);
    load_start(&load, harness, PARTS, TIDE_MODE_APPEND);
    assert_string_equal(load.position, "at \"1\"");
    load_write(&load, "2\n");
    assert_int_equal(load_commit(&load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_true(manifest_has(harness, "\"complete\": true"));
    assert_string_equal(read_parts(harness), "id string\n1\n2\n");
    load_start(&load, harness, PARTS, TIDE_MODE_APPEND);
    assert_null(load.position);
    load_close(&load);
}

static void each_pipeline_has_its_own_position(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_all(harness, PARTS, TIDE_MODE_APPEND, "1\n", "a");
    harness->destination.pipeline = "other/orders";
    load_all(harness, PARTS, TIDE_MODE_APPEND, "2\n", "b");
    load_all(harness, PARTS, TIDE_MODE_APPEND, "3\n", "c");
    harness->destination.pipeline = "shop/orders";
    load_start(&load, harness, PARTS, TIDE_MODE_APPEND);
    assert_string_equal(load.position, "a");
    load_close(&load);
    load_all(harness, PARTS, TIDE_MODE_REPLACE, "4\n", "d");
    harness->destination.pipeline = "other/orders";
    load_start(&load, harness, PARTS, TIDE_MODE_APPEND);
    assert_null(load.position);
    load_close(&load);
}

/* One file cannot be had in part. */
static void one_file_waits_for_the_final_commit(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_start(&load, harness, PLAIN, TIDE_MODE_APPEND);
    load_write(&load, "1\n");
    assert_int_equal(load_commit(&load, "1", false), TIDE_MORE);
    assert_null(harness_get(harness, "out.csv"));
    assert_int_equal(load_commit(&load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_string_equal(harness_get(harness, "out.csv"), "id\n1\n");
}

/* ---- replacing ---- */

static void what_is_replaced_is_listed_until_the_end(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_all(harness, EACH, TIDE_MODE_APPEND, "1\n", NULL);
    load_start(&load, harness, EACH, TIDE_MODE_REPLACE);
    load_write(&load, "2\n");
    assert_int_equal(load_commit(&load, "2", false), TIDE_MORE);
    load_write(&load, "3\n");
    assert_true(manifest_has(harness, "part-00001.csv"));
    assert_false(manifest_has(harness, "part-00002.csv"));
    assert_int_equal(load_commit(&load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_string_equal(harness_names(harness, "out"),
                        "manifest.json,part-00002.csv,part-00003.csv");
    assert_string_equal(read_parts(harness), "id string\n2\n3\n");
}

static void other_columns_may_replace(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_all(harness, EACH, TIDE_MODE_APPEND, "1\n", NULL);
    assert_int_equal(load_open(&load, harness, EACH, TIDE_MODE_REPLACE, "name string"),
                     TIDE_OK);
    load_write(&load, "Ann\n");
    assert_int_equal(load_commit(&load, NULL, true), TIDE_OK);
    load_close(&load);
    assert_true(manifest_has(harness, "\"name\": \"name\", \"type\": \"string\""));
    assert_string_equal(read_parts(harness), "name string\nAnn\n");
}

/* ---- runs that fail, and runs that are cut off ---- */

static void a_run_that_fails_leaves_no_trace(void **state)
{
    struct harness *harness = *state;
    struct load load;

    load_start(&load, harness, EACH, TIDE_MODE_APPEND);
    load_write(&load, "1\n");
    load_close(&load);
    assert_string_equal(harness_names(harness, "."), "");
    load_all(harness, EACH, TIDE_MODE_APPEND, "1\n", NULL);
    load_start(&load, harness, PARTS, TIDE_MODE_REPLACE);
    load_write(&load, "2\n");
    load_close(&load);
    assert_string_equal(harness_names(harness, "out"), "manifest.json,part-00001.csv");
    assert_string_equal(read_parts(harness), "id string\n1\n");
}

/* Step 0 opens, an odd step writes a row, an even one commits the rows so far; the last
 * is the final commit. */
#define STEPS 9

static void take_steps(struct harness *harness, const char *options, int mode, int steps)
{
    struct load load;
    char text[32];
    int row = 0;

    load_start(&load, harness, options, mode);
    row = load.position ? atoi(load.position) : 0;
    for (int step = 1; step <= steps; step++) {
        if (step % 2 == 1) {
            (void)snprintf(text, sizeof text, "%d\n", ++row);
            load_write(&load, text);
        } else {
            (void)snprintf(text, sizeof text, "%d", row);
            assert_true(load_commit(&load, text, false) >= 0);
        }
    }
    if (steps == STEPS) {
        assert_int_equal(load_commit(&load, NULL, true), TIDE_OK);
        load_close(&load);
    }
}

/* As if it was killed: a process that ends without a word. */
static void cut_off_behind(struct harness *harness, const char *options, int mode,
                           int steps)
{
    pid_t child = fork();
    int status = 0;

    assert_true(child >= 0);
    if (child == 0) {
        take_steps(harness, options, mode, steps);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* Rows committed before the cut are not written again, those behind it were lost. */
static void a_run_cut_off_at_any_step_goes_on(void **state)
{
    static const char *const sizes[] = {EACH, PARTS};
    struct harness *harness = *state;
    char expected[256] = "id string\n";

    for (size_t size = 0; size < 2; size++) {
        for (int steps = 0; steps < STEPS; steps++) {
            int committed = steps / 2;
            char name[32];

            (void)snprintf(name, sizeof name, "out-%zu-%d", size, steps);
            harness->destination.table = name;
            cut_off_behind(harness, sizes[size], TIDE_MODE_APPEND, steps);
            take_steps(harness, sizes[size], TIDE_MODE_APPEND, STEPS);
            (void)snprintf(expected, sizeof expected, "id string\n");
            for (int row = 1; row <= committed + (STEPS + 1) / 2; row++) {
                (void)snprintf(expected + strlen(expected), 16, "%d\n", row);
            }
            (void)snprintf(name + strlen(name), 16, "/part-*.csv");
            assert_string_equal(harness_read(harness, "file", PLAIN, name), expected);
            *strchr(name, '/') = '\0';
            assert_null(strstr(harness_names(harness, name), "tidemill"));
        }
    }
}

static void a_replacing_run_cut_off_at_any_step_leaves_what_was(void **state)
{
    struct harness *harness = *state;

    load_all(harness, EACH, TIDE_MODE_APPEND, "7\n", "x");
    for (int steps = 0; steps < STEPS; steps++) {
        struct load load;

        cut_off_behind(harness, EACH, TIDE_MODE_REPLACE, steps);
        assert_true(manifest_has(harness, "\"rows\": 1,"));
        load_start(&load, harness, EACH, TIDE_MODE_APPEND);
        assert_string_equal(load.position, "x");
        load_close(&load);
        assert_string_equal(harness_names(harness, "out"),
                            "manifest.json,part-00001.csv");
        assert_string_equal(read_parts(harness), "id string\n7\n");
    }
}

/* The source goes by the manifest as well, and only by it. */
static void what_is_not_listed_is_not_read(void **state)
{
    struct harness *harness = *state;

    cut_off_behind(harness, EACH, TIDE_MODE_APPEND, 3);
    assert_non_null(harness_get(harness, "out/part-00002.csv"));
    assert_string_equal(read_parts(harness), "id string\n1\n");
    assert_null(harness_read(harness, "file", PLAIN, "o*/part-*2.csv"));
    assert_string_equal(harness_read(harness, "file", PLAIN, "out/part-00002.csv"),
                        "id string\n2\n");
    harness_put_text("out/extra.csv", "id\n8\n");
    assert_string_equal(harness_read(harness, "file", PLAIN, "*/*.csv"),
                        "id string\n8\n1\n");
    harness_put_text("out/manifest.json", "{\"parts\": 7}");
    assert_null(read_parts(harness));
    assert_non_null(strstr(harness->plugin.err.message, "out/manifest.json"));
    assert_int_equal(unlink("out/manifest.json"), 0);
    assert_string_equal(read_parts(harness), "id string\n1\n2\n");
}

static void a_folder_may_be_named_like_a_pattern(void **state)
{
    struct harness *harness = *state;

    harness->destination.table = "o[u]t*";
    cut_off_behind(harness, EACH, TIDE_MODE_APPEND, 3);
    load_all(harness, EACH, TIDE_MODE_APPEND, "5\n", NULL);
    assert_string_equal(harness_names(harness, "o[u]t*"),
                        "manifest.json,part-00001.csv,part-00002.csv");
}

/* ---- what is refused ---- */

static void expect_refusal(struct harness *harness, const char *columns, int code,
                           const char *message)
{
    struct load load;

    assert_int_equal(load_open(&load, harness, EACH, TIDE_MODE_APPEND, columns), code);
    assert_non_null(strstr(harness->plugin.err.message, message));
    load_close(&load);
}

static void two_runs_cannot_fill_one_folder(void **state)
{
    struct harness *harness = *state;
    struct plugin_harness first;
    struct load load, second;

    load_start(&load, harness, EACH, TIDE_MODE_APPEND);
    load_write(&load, "1\n");
    first = harness->plugin;
    harness->is_loaded = false;
    harness->destination.run = "78";
    assert_int_equal(load_open(&second, harness, EACH, TIDE_MODE_APPEND, "id int64"),
                     TIDE_E_TRANSIENT);
    load_close(&second);
    assert_int_equal(load.destination->commit(load.state, NULL, true, &first.err),
                     TIDE_OK);
    load_close(&load);
    plugin_harness_fini(&first);
    assert_string_equal(read_parts(harness), "id string\n1\n");
}

static void other_columns_and_dialects_are_not_appended(void **state)
{
    struct harness *harness = *state;

    load_all(harness, EACH, TIDE_MODE_APPEND, "1\n", NULL);
    expect_refusal(harness, "id string", TIDE_E_CONFIG, "cannot append to");
    expect_refusal(harness, "id int64, name string", TIDE_E_CONFIG,
                   "\"type\": \"int64\"");
    assert_int_equal(
        harness_write(harness, "file",
                      "{\"path\": \".\", \"format\": \"csv\", \"part_size\": 1, "
                      "\"quote\": \"i\"}",
                      TIDE_MODE_APPEND, "out", "id int64\n1\n", NULL),
        TIDE_E_CONFIG);
    assert_string_equal(harness_names(harness, "out"), "manifest.json,part-00001.csv");
}

static void parts_of_others_are_left_alone(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(mkdir("out", 0777), 0);
    harness_put_text("out/part-7.csv", "mine");
    expect_refusal(harness, "id int64", TIDE_E_CONFLICT, "filled by something else");
    assert_string_equal(harness_names(harness, "out"), "part-7.csv");
    assert_int_equal(rename("out/part-7.csv", "out/part-of-it"), 0);
    load_all(harness, EACH, TIDE_MODE_REPLACE, "1\n", NULL);
    assert_string_equal(harness_get(harness, "out/part-of-it"), "mine");
}

static void a_damaged_manifest_is_not_written_over(void **state)
{
    static const char *const texts[] = {"", "{}", "{\"version\": 2}",
                                        "{\"version\": 1, \"parts\": [{}]}",
                                        ("{\"version\": 1, \"parts\": 7, \"positions\": "
                                         "[], \"format\": \"csv\", \"columns\": []}")};
    struct harness *harness = *state;

    assert_int_equal(mkdir("out", 0777), 0);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        harness_put_text("out/manifest.json", texts[i]);
        expect_refusal(harness, "id int64", TIDE_E_CONFLICT, "out/manifest.json");
        assert_string_equal(harness_get(harness, "out/manifest.json"), texts[i]);
        assert_string_equal(harness_names(harness, "out"), "manifest.json");
    }
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_table_becomes_parts_and_a_manifest),
        TEST(a_part_is_ended_at_its_size),
        TEST(parts_are_compressed_each_for_itself),
        TEST(a_table_without_rows_still_has_a_part),
        TEST(a_checkpoint_lists_its_rows_with_their_position),
        TEST(each_pipeline_has_its_own_position),
        TEST(one_file_waits_for_the_final_commit),
        TEST(what_is_replaced_is_listed_until_the_end),
        TEST(other_columns_may_replace),
        TEST(a_run_that_fails_leaves_no_trace),
        TEST(a_run_cut_off_at_any_step_goes_on),
        TEST(a_replacing_run_cut_off_at_any_step_leaves_what_was),
        TEST(what_is_not_listed_is_not_read),
        TEST(a_folder_may_be_named_like_a_pattern),
        TEST(two_runs_cannot_fill_one_folder),
        TEST(other_columns_and_dialects_are_not_appended),
        TEST(parts_of_others_are_left_alone),
        TEST(a_damaged_manifest_is_not_written_over),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
