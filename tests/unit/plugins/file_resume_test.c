/*
 * Tests of the file source that goes on where a run was cut off: at every boundary of
 * batches, what was read before and what is read after are the whole table, each row and
 * each reject once.
 */
#include <stdlib.h>
#include <unistd.h>

#include "mover_harness.h"
#include "shared/compression/compression.h"

#define CSV "{\"path\": \".\", \"format\": \"csv\"}"
#define JSONL "{\"path\": \".\", \"format\": \"jsonl\"}"

static const char *rows_of(const char *table)
{
    return strchr(table, '\n') + 1;
}

/* What a read gave: the rows, and the rejects with their lines. */
struct reading {
    const char *rows;
    char *rejects;
    char *position;
};

static struct reading take(struct harness *harness, const char *options,
                           const char *table, size_t batches, const char *position)
{
    struct reading reading = {0};
    const char *text;

    harness->max_batches = batches;
    harness->source.position = position;
    text = harness_read(harness, "file", options, table);
    if (!text) {
        fail_msg("%s: %s", table, harness->plugin.err.message);
        return reading;
    }
    reading.rows = rows_of(text);
    reading.rejects = plugin_harness_rejects(&harness->plugin);
    reading.position = harness->position ? strdup(harness->position) : NULL;
    return reading;
}

static void reading_clear(struct reading *reading)
{
    free(reading->rejects);
    free(reading->position);
}

static void assert_joined(const char *whole, const char *first, const char *rest)
{
    size_t length = strlen(first);

    assert_true(strlen(whole) == length + strlen(rest));
    assert_memory_equal(whole, first, length);
    assert_string_equal(whole + length, rest);
}

/* Cut the run off behind each batch in turn; the number of places where that was. */
static size_t check_boundaries(struct harness *harness, const char *options,
                               const char *table)
{
    struct reading whole = take(harness, options, table, 0, NULL);
    size_t batches = 1;

    assert_null(whole.position);
    for (;; batches++) {
        struct reading first = take(harness, options, table, batches, NULL), rest;

        if (!first.position) {
            assert_string_equal(first.rows, whole.rows);
            reading_clear(&first);
            break;
        }
        rest = take(harness, options, table, 0, first.position);
        assert_joined(whole.rows, first.rows, rest.rows);
        assert_joined(whole.rejects, first.rejects, rest.rejects);
        reading_clear(&first);
        reading_clear(&rest);
    }
    reading_clear(&whole);
    return batches - 1;
}

static const char csv_text[] =
    "id,name\n1,\"a\n\nb\"\n2,x\nbad\n3,\"say \"\"hi\"\", \"\n\n"
    "4,\xff\n5,y\n6,z,zz\n7,last\n";

static void every_boundary_of_csv_is_a_place_to_go_on(void **state)
{
    static const char *const dialects[] = {
        CSV, "{\"path\": \".\", \"format\": \"csv\", \"escape\": \"\\\\\"}",
        "{\"path\": \".\", \"format\": \"csv\", \"header\": false}"};
    struct harness *harness = *state;

    harness_put_text("a.csv", csv_text);
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++) {
        harness->source.batch_rows = 1;
        assert_true(check_boundaries(harness, dialects[i], "a.csv") >= 4);
        harness->source.batch_rows = 2;
        assert_true(check_boundaries(harness, dialects[i], "a.csv") >= 2);
    }
}

/* The batch that a bound of bytes ends may have rejects at its end, or nothing else. */
static void a_batch_may_end_with_its_bytes(void **state)
{
    struct harness *harness = *state;

    harness_put_text("a.csv", csv_text);
    for (int64_t bytes = 1; bytes < 70; bytes += 3) {
        harness->source.batch_bytes = bytes;
        (void)check_boundaries(harness, CSV, "a.csv");
    }
}

static void marks_and_line_ends_of_other_systems_are_counted(void **state)
{
    struct harness *harness = *state;

    harness->source.batch_rows = 1;
    harness_put_text("a.csv", "\xef\xbb\xbfid,name\r\n1,\"a\r\nb\"\r\nbad\r\n2,x\r\n3,y");
    assert_int_equal(check_boundaries(harness, CSV, "a.csv"), 3);
    harness_put_text("a.jsonl", "\xef\xbb\xbf{\"id\":1}\r\n{\"id\":\"x\"}\r\n{\"id\":2}");
    assert_int_equal(check_boundaries(harness, JSONL, "a.jsonl"), 2);
}

static void every_boundary_of_jsonl_is_a_place_to_go_on(void **state)
{
    struct harness *harness = *state;

    harness->source.batch_rows = 1;
    harness_put_text("a.jsonl", "{\"id\":1,\"name\":\"Ann\"}\n\nnonsense\n{\"id\":2}\n"
                                "{\"id\":\"x\"}\n{\"id\":3,\"name\":\"\\n\"}\n{}\n");
    assert_int_equal(check_boundaries(harness, JSONL, "a.jsonl"), 4);
}

/* ---- larger than the window ---- */

static int push_to_file(void *arg, const uint8_t *data, size_t length,
                        struct tide_error *err)
{
    (void)err;
    return fwrite(data, 1, length, arg) == length ? TIDE_OK : TIDE_E_IO;
}

static void put_large(const char *name, enum compression kind)
{
    FILE *file = fopen(name, "wb");
    struct compression_writer *writer = NULL;
    struct tide_error err = {0};
    char line[256];

    assert_non_null(file);
    assert_int_equal(
        compression_writer_create(kind, 0, push_to_file, file, &writer, &err), TIDE_OK);
    for (int i = 0; i < 30000; i++) {
        int length = snprintf(line, sizeof line, i ? "%d,\"%0*d\n%c\"\n" : "id,text\n", i,
                              100 + i % 97, i, i % 26 + 'a');

        assert_int_equal(compression_write(writer, (uint8_t *)line, (size_t)length, &err),
                         TIDE_OK);
    }
    assert_int_equal(compression_finish(writer, &err), TIDE_OK);
    compression_writer_destroy(writer);
    assert_int_equal(fclose(file), 0);
}

static void a_place_far_behind_is_found_again(void **state)
{
    struct harness *harness = *state;

    harness->source.batch_rows = 4000;
    put_large("a.csv", COMPRESSION_NONE);
    assert_true(check_boundaries(harness, CSV, "a.csv") >= 7);
    put_large("a.csv.gz", COMPRESSION_GZIP);
    assert_true(check_boundaries(harness, CSV, "a.csv.gz") >= 7);
    put_large("a.csv.zst", COMPRESSION_ZSTD);
    assert_true(check_boundaries(harness, CSV, "a.csv.zst") >= 7);
}

/* ---- several files ---- */

static void put_three(void)
{
    harness_put_text("1.csv", "");
    harness_put_text("2.csv", "id,name\n1,a\n2,b\n");
    harness_put_text("3.csv", "name,id\nc,3\nbad\nd,4\n");
    harness_put_text("4.csv", "id,name\n");
    harness_put_text("5.csv", "id,name\n5,e");
}

static void the_files_of_a_pattern_are_gone_through(void **state)
{
    struct harness *harness = *state;

    put_three();
    harness->source.batch_rows = 1;
    assert_int_equal(check_boundaries(harness, CSV, "*.csv"), 5);
}

static void files_that_came_since_are_read_and_those_done_are_not(void **state)
{
    struct harness *harness = *state;
    struct reading first, rest;

    put_three();
    harness->source.batch_rows = 1;
    first = take(harness, CSV, "*.csv", 3, NULL);
    harness_put_text("0.csv", "id,name\n6,f\n");
    harness_put_text("2.csv", "id,name\n1,a\n2,b\n7,too late\n");
    harness_put_text("3.csv", "name,id\nc,3\nbad\nd,4\ng,8\n");
    rest = take(harness, CSV, "*.csv", 0, first.position);
    assert_string_equal(rest.rows, "4|d\n8|g\n6|f\n5|e\n");
    reading_clear(&first);
    reading_clear(&rest);
}

/* The bytes behind the last line end may be half a row: they belong to the run that took
 * them for one. */
static void a_file_read_to_its_end_is_done_although_it_grows(void **state)
{
    struct harness *harness = *state;
    struct reading first, rest;

    harness_put_text("a.csv", "id\n1\n2");
    first = take(harness, CSV, "*.csv", 1, NULL);
    harness_put_text("a.csv", "id\n1\n23\n4\n");
    rest = take(harness, CSV, "*.csv", 0, first.position);
    assert_string_equal(first.rows, "1\n2\n");
    assert_string_equal(rest.rows, "");
    reading_clear(&first);
    reading_clear(&rest);
}

/* ---- files that changed ---- */

/* Cut off behind the first row of a.csv, which then becomes `text`, or goes if NULL. */
static const char *resume_changed(struct harness *harness, const char *text)
{
    struct reading first;
    const char *rest;

    harness_put_text("a.csv", "id\n1\n2\n3\n");
    harness_put_text("b.csv", "id\n4\n");
    harness->source.batch_rows = 1;
    first = take(harness, CSV, "*.csv", 1, NULL);
    if (text) {
        harness_put_text("a.csv", text);
    } else {
        assert_int_equal(unlink("a.csv"), 0);
    }
    harness->source.position = first.position;
    harness->max_batches = 0;
    rest = harness_read(harness, "file", CSV, "*.csv");
    reading_clear(&first);
    harness->source.position = NULL;
    return rest;
}

static void a_file_that_changed_is_refused(void **state)
{
    static const char *const texts[] = {"id\n0\n2\n3\n", "id\n1", "", NULL};
    struct harness *harness = *state;

    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_null(resume_changed(harness, texts[i]));
        assert_int_equal(harness->plugin.err.code, TIDE_E_CONFLICT);
        assert_non_null(strstr(harness->plugin.err.message, "/a.csv was changed"));
        assert_non_null(strstr(harness->plugin.err.message, "up to its byte 5"));
        assert_non_null(strstr(harness->plugin.err.message, "--full"));
    }
}

static void a_file_that_changed_is_read_again_where_rows_may_repeat(void **state)
{
    struct harness *harness = *state;

    harness->source.may_repeat = true;
    assert_string_equal(resume_changed(harness, "id\n0\n2\n3\n"),
                        "id string\n0\n2\n3\n4\n");
    assert_int_equal(harness->plugin.log_count, 1);
    assert_string_equal(resume_changed(harness, ""), "id string\n4\n");
    assert_string_equal(resume_changed(harness, NULL), "id string\n4\n");
    assert_int_equal(harness->plugin.log_count, 1);
    assert_string_equal(resume_changed(harness, "id\n1\n2\n"), "id string\n2\n4\n");
    assert_int_equal(harness->plugin.log_count, 0);
}

/* Write other bytes over the beginning of a file. */
static void overwrite(const char *name, const char *bytes)
{
    FILE *file = fopen(name, "r+b");

    assert_non_null(file);
    assert_true(fputs(bytes, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

/* Large enough that the header is far in front of the bytes at the place. */
static void a_header_that_changed_is_another_file(void **state)
{
    struct harness *harness = *state;
    struct reading first, rest;

    harness->source.batch_rows = 4000;
    put_large("a.csv", COMPRESSION_NONE);
    first = take(harness, CSV, "a.csv", 3, NULL);
    overwrite("a.csv", "text,id\n");
    harness->source.position = first.position;
    harness->max_batches = 0;
    assert_null(harness_read(harness, "file", CSV, "a.csv"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_CONFLICT);
    harness->source.may_repeat = true;
    assert_non_null(harness_read(harness, "file", CSV, "a.csv"));
    assert_int_equal(harness->plugin.log_count, 1);
    harness->source.may_repeat = false;
    overwrite("a.csv", "id,text\n");
    rest = take(harness, CSV, "a.csv", 0, first.position);
    assert_true(rest.rows[0] != '\0');
    reading_clear(&first);
    reading_clear(&rest);
}

/* Where a replacing load goes on, all that was read must be there, and nothing else. */
static void where_it_must_be_exact_every_byte_counts(void **state)
{
    static const char *const changed[][2] = {{"id\n1\n9\n", "id\n4\n5\n"},
                                             {"id\n1\n2\n3\n", "id\n4\n5\n"},
                                             {NULL, "id\n4\n5\n"},
                                             {"id\n1\n2\n", "id\n5\n4\n"},
                                             {"id\n1\n2\n", NULL}};
    struct harness *harness = *state;
    struct reading first, rest;

    harness->source.exact = true;
    harness->source.batch_rows = 1;
    for (size_t i = 0; i < sizeof changed / sizeof *changed; i++) {
        harness_put_text("a.csv", "id\n1\n2\n");
        harness_put_text("b.csv", "id\n4\n5\n");
        first = take(harness, CSV, "*.csv", 3, NULL);
        harness_put_text("c.csv", "id\n6\n");
        rest = take(harness, CSV, "*.csv", 0, first.position);
        assert_string_equal(rest.rows, "5\n6\n");
        reading_clear(&rest);
        (void)unlink("c.csv");
        for (size_t j = 0; j < 2; j++) {
            const char *name = j == 0 ? "a.csv" : "b.csv";

            (void)unlink(name);
            if (changed[i][j]) {
                harness_put_text(name, changed[i][j]);
            }
        }
        harness->max_batches = 0;
        harness->source.position = first.position;
        assert_null(harness_read(harness, "file", CSV, "*.csv"));
        assert_int_equal(harness->plugin.err.code, TIDE_E_CONFLICT);
        reading_clear(&first);
    }
}

static void every_boundary_is_a_place_to_go_on_exactly(void **state)
{
    struct harness *harness = *state;

    harness->source.exact = true;
    harness->source.batch_rows = 1;
    harness_put_text("a.csv", csv_text);
    harness_put_text("b.csv", csv_text);
    assert_true(check_boundaries(harness, CSV, "a.csv") >= 4);
    assert_true(check_boundaries(harness, CSV, "*.csv") >= 8);
}

/* Up to where a place has no hash of the first bytes, as earlier versions kept it. */
static void a_place_of_an_earlier_version_is_gone_on_with(void **state)
{
    struct harness *harness = *state;
    struct reading first, rest;
    char *head;

    harness_put_text("a.csv", "id\n1\n2\n3\n");
    harness->source.batch_rows = 1;
    first = take(harness, CSV, "a.csv", 1, NULL);
    head = strstr(first.position, ", \"head\"");
    assert_non_null(head);
    memcpy(head, "}", 2);
    rest = take(harness, CSV, "a.csv", 0, first.position);
    assert_string_equal(rest.rows, "2\n3\n");
    reading_clear(&first);
    reading_clear(&rest);
}

static void a_position_of_others_is_refused(void **state)
{
    static const char *const texts[] = {
        "",
        "{",
        "[]",
        "{\"lsn\": 7}",
        "{\"path\": \".\", \"done\": [7]}",
        "{\"path\": \".\", \"done\": {}}",
        "{\"path\": \".\", \"done\": [], \"file\": \"a.csv\"}",
        "{\"path\": \"./other\", \"done\": []}",
        ("{\"path\": \".\", \"done\": [], \"file\": \"a.csv\", \"offset\": -1, "
         "\"mark\": 1, \"tail\": \"00\"}"),
        ("{\"path\": \".\", \"done\": [], \"file\": \"a.csv\", \"offset\": 3, "
         "\"mark\": 1, \"tail\": \"00\", \"head\": 7}")};
    struct harness *harness = *state;

    harness_put_text("a.csv", "id\n1\n");
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        harness->source.position = texts[i];
        harness->source.may_repeat = false;
        assert_null(harness_read(harness, "file", CSV, "a.csv"));
        assert_int_equal(harness->plugin.err.code, TIDE_E_CONFIG);
        assert_non_null(strstr(harness->plugin.err.message, "--full"));
        harness->source.may_repeat = true;
        assert_string_equal(harness_read(harness, "file", CSV, "a.csv"),
                            "id string\n1\n");
    }
}

/* A name that is no text cannot be kept, and so there is no position. */
static void names_that_are_no_text_are_read_without_a_position(void **state)
{
    struct harness *harness = *state;
    struct reading reading;

    harness_put_text("a\xff.csv", "id\n1\n2\n");
    harness->source.batch_rows = 1;
    reading = take(harness, CSV, "*.csv", 1, NULL);
    assert_string_equal(reading.rows, "1\n");
    assert_null(reading.position);
    reading_clear(&reading);
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(every_boundary_of_csv_is_a_place_to_go_on),
        TEST(a_batch_may_end_with_its_bytes),
        TEST(marks_and_line_ends_of_other_systems_are_counted),
        TEST(every_boundary_of_jsonl_is_a_place_to_go_on),
        TEST(a_place_far_behind_is_found_again),
        TEST(the_files_of_a_pattern_are_gone_through),
        TEST(files_that_came_since_are_read_and_those_done_are_not),
        TEST(a_file_read_to_its_end_is_done_although_it_grows),
        TEST(a_file_that_changed_is_refused),
        TEST(a_file_that_changed_is_read_again_where_rows_may_repeat),
        TEST(where_it_must_be_exact_every_byte_counts),
        TEST(every_boundary_is_a_place_to_go_on_exactly),
        TEST(a_header_that_changed_is_another_file),
        TEST(a_place_of_an_earlier_version_is_gone_on_with),
        TEST(a_position_of_others_is_refused),
        TEST(names_that_are_no_text_are_read_without_a_position),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
