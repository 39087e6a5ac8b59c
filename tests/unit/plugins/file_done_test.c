/*
 * Tests of the files that a run which was interrupted had read to their end: one of the
 * same name may be another by now, as where logs are rotated.
 */
#include <stdlib.h>
#include <unistd.h>

#include "mover_harness.h"
#include "shared/compression/compression.h"

#define CSV "{\"path\": \".\", \"format\": \"csv\"}"
#define LARGE_ROWS 20000

/* The position of a run that is interrupted behind so many rows; to be freed. */
static char *interrupt(struct harness *harness, const char *table, size_t rows)
{
    char *position = NULL;

    harness->source.position = NULL;
    harness->source.batch_rows = 1;
    harness->max_batches = rows;
    assert_non_null(harness_read(harness, "file", CSV, table));
    assert_non_null(harness->position);
    position = strdup(harness->position);
    harness->max_batches = 0;
    return position;
}

/* The rows of the run that resumes it, or NULL. */
static const char *resume(struct harness *harness, const char *table,
                          const char *position)
{
    const char *rows;

    harness->source.position = position;
    rows = harness_read(harness, "file", CSV, table);
    return rows ? strchr(rows, '\n') + 1 : NULL;
}

static void expect_refused(struct harness *harness, const char *position,
                           const char *what)
{
    assert_null(resume(harness, "*.csv*", position));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFLICT);
    assert_non_null(strstr(harness->plugin.err.message, what));
    assert_non_null(strstr(harness->plugin.err.message, "--full"));
}

static void put_three(void)
{
    harness_put_text("a.csv", "id\n1\n2\n");
    harness_put_text("b.csv", "id\n3\n");
    harness_put_text("c.csv", "id\n4\n5\n");
}

/* ---- another file under the name ----------------------------------------------------*/

static void a_done_file_that_was_replaced_is_refused(void **state)
{
    static const char *const texts[] = {"id\n9\n8\n", "id\n1\n8\n", "id\n1\n", ""};
    struct harness *harness = *state;
    char *position = NULL;

    put_three();
    position = interrupt(harness, "*.csv", 4);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        harness_put_text("a.csv", texts[i]);
        expect_refused(harness, position,
                       "/a.csv was changed since the last run was interrupted, "
                       "which had read it up to its byte 7");
    }
    free(position);
}

static void a_done_file_that_was_replaced_is_read_where_rows_may_repeat(void **state)
{
    struct harness *harness = *state;
    char *position = NULL;

    put_three();
    position = interrupt(harness, "*.csv", 4);
    harness->source.may_repeat = true;
    harness_put_text("a.csv", "id\n9\n");
    assert_string_equal(resume(harness, "*.csv", position), "5\n9\n");
    assert_int_equal(harness->plugin.log_count, 1);
    harness_put_text("b.csv", "id\n7\n");
    assert_string_equal(resume(harness, "*.csv", position), "5\n9\n7\n");
    free(position);
}

/* The newest is always log.0.csv, and is the first that is read. */
static void rows_of_logs_that_were_rotated_all_come(void **state)
{
    struct harness *harness = *state;
    char *position = NULL;

    harness_put_text("log.0.csv", "id\n3\n4\n");
    harness_put_text("log.1.csv", "id\n1\n2\n");
    position = interrupt(harness, "log.*.csv", 3);
    assert_int_equal(rename("log.1.csv", "log.2.csv"), 0);
    assert_int_equal(rename("log.0.csv", "log.1.csv"), 0);
    harness_put_text("log.0.csv", "id\n5\n");
    assert_null(resume(harness, "log.*.csv", position));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFLICT);
    harness->source.may_repeat = true;
    assert_string_equal(resume(harness, "log.*.csv", position), "3\n4\n5\n1\n2\n");
    free(position);
}

/* ---- files of any size --------------------------------------------------------------*/

static int push_to_file(void *arg, const uint8_t *data, size_t length,
                        struct tide_error *err)
{
    (void)err;
    return fwrite(data, 1, length, arg) == length ? TIDE_OK : TIDE_E_IO;
}

/* The row `another` is another than it is else. */
static void put_large(const char *name, enum compression kind, int another)
{
    FILE *file = fopen(name, "wb");
    struct compression_writer *writer = NULL;
    struct tide_error err = {0};
    char line[64];

    assert_non_null(file);
    assert_int_equal(
        compression_writer_create(kind, 0, push_to_file, file, &writer, &err), TIDE_OK);
    for (int i = 0; i < LARGE_ROWS; i++) {
        int length = snprintf(line, sizeof line, i ? "%09d\n" : "id\n",
                              i == another ? LARGE_ROWS : i);

        assert_int_equal(compression_write(writer, (uint8_t *)line, (size_t)length, &err),
                         TIDE_OK);
    }
    assert_int_equal(compression_finish(writer, &err), TIDE_OK);
    compression_writer_destroy(writer);
    assert_int_equal(fclose(file), 0);
}

static void a_large_file_is_known_by_its_first_and_its_last_bytes(void **state)
{
    struct harness *harness = *state;
    char *position = NULL;

    put_large("a.csv", COMPRESSION_NONE, 0);
    harness_put_text("b.csv", "id\nx\ny\n");
    position = interrupt(harness, "*.csv", LARGE_ROWS);
    assert_string_equal(resume(harness, "*.csv", position), "y\n");
    put_large("a.csv", COMPRESSION_NONE, 7);
    expect_refused(harness, position, "/a.csv was changed");
    put_large("a.csv", COMPRESSION_NONE, LARGE_ROWS - 1);
    expect_refused(harness, position, "/a.csv was changed");
    assert_int_equal(truncate("a.csv", 190000), 0);
    expect_refused(harness, position, "/a.csv was changed");
    free(position);
}

static void a_large_compressed_file_is_known_by_its_first_bytes(void **state)
{
    struct harness *harness = *state;
    char *position = NULL;

    put_large("a.csv.gz", COMPRESSION_GZIP, 0);
    harness_put_text("b.csv", "id\nx\ny\n");
    position = interrupt(harness, "*.csv*", LARGE_ROWS);
    assert_string_equal(resume(harness, "*.csv*", position), "y\n");
    put_large("a.csv.gz", COMPRESSION_GZIP, 7);
    expect_refused(harness, position, "/a.csv.gz was changed");
    harness->source.may_repeat = true;
    assert_string_equal(resume(harness, "b.csv", position), "y\n");
    free(position);
}

/* ---- and the same files -------------------------------------------------------------*/

static void done_files_that_grew_or_are_gone_let_the_run_go_on(void **state)
{
    struct harness *harness = *state;
    char *position = NULL;

    put_three();
    position = interrupt(harness, "*.csv", 4);
    harness_put_text("b.csv", "id\n3\n7\n");
    assert_string_equal(resume(harness, "*.csv", position), "5\n");
    assert_int_equal(unlink("a.csv"), 0);
    assert_string_equal(resume(harness, "*.csv", position), "5\n");
    harness_put_text("b.csv", "id\n8\n");
    expect_refused(harness, position, "/b.csv was changed");
    free(position);
}

/* What is known of a file stays with the position of the run that resumes. */
static void a_run_that_is_interrupted_again_still_knows_its_files(void **state)
{
    struct harness *harness = *state;
    char *first = NULL, *second = NULL;

    put_three();
    first = interrupt(harness, "*.csv", 2);
    harness->max_batches = 2;
    assert_string_equal(resume(harness, "*.csv", first), "3\n4\n");
    second = strdup(harness->position);
    harness->max_batches = 0;
    assert_string_equal(resume(harness, "*.csv", second), "5\n");
    harness_put_text("a.csv", "id\n9\n8\n");
    expect_refused(harness, second, "/a.csv was changed");
    free(first);
    free(second);
}

/* They kept the names of files alone, and those are believed. */
static void a_position_of_an_earlier_version_is_believed(void **state)
{
    struct harness *harness = *state;

    char *position = NULL, *done = NULL;

    put_three();
    position = interrupt(harness, "*.csv", 3);
    done = strstr(position, "[{");
    assert_non_null(done);
    (void)strcpy(done, "[\"a.csv\", \"b.csv\"]}");
    harness_put_text("a.csv", "id\n9\n8\n");
    assert_string_equal(resume(harness, "*.csv", position), "4\n5\n");
    free(position);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_done_file_that_was_replaced_is_refused),
        TEST(a_done_file_that_was_replaced_is_read_where_rows_may_repeat),
        TEST(rows_of_logs_that_were_rotated_all_come),
        TEST(a_large_file_is_known_by_its_first_and_its_last_bytes),
        TEST(a_large_compressed_file_is_known_by_its_first_bytes),
        TEST(done_files_that_grew_or_are_gone_let_the_run_go_on),
        TEST(a_run_that_is_interrupted_again_still_knows_its_files),
        TEST(a_position_of_an_earlier_version_is_believed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
