/*
 * Tests of the file source and destination, with the csv format and the local storage.
 */
#include <signal.h>
#include <sys/resource.h>
#include <zlib.h>

#include "mover_harness.h"

#define CSV "{\"path\": \".\", \"format\": \"csv\"}"

static const char *read_csv(struct harness *harness, const char *table)
{
    return harness_read(harness, "file", CSV, table);
}

static int write_csv(struct harness *harness, int mode, const char *table,
                     const char *rows)
{
    return harness_write(harness, "file", CSV, mode, table, rows, NULL);
}

static void put_gzip(const char *name, const char *text, size_t cut)
{
    uint8_t data[4096];
    z_stream stream = {.next_out = data, .avail_out = sizeof data};
    union {
        const char *text;
        Bytef *bytes;
    } input = {text};

    assert_int_equal(deflateInit2(&stream, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY), 0);
    stream.next_in = input.bytes;
    stream.avail_in = (uInt)strlen(text);
    assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
    harness_put(name, data, stream.total_out - cut);
    assert_int_equal(deflateEnd(&stream), 0);
}

/* ---- the source ---- */

static void a_file_is_a_table(void **state)
{
    struct harness *harness = *state;

    harness_put_text("a.csv", "id,name\n1,Ann\n2,\n");
    assert_string_equal(read_csv(harness, "a.csv"),
                        "id string, name string\n1|Ann\n2|NULL\n");
}

static void files_of_a_pattern_are_one_table(void **state)
{
    struct harness *harness = *state;

    harness_put_text("2.csv", "name,id\nBea,2\n");
    harness_put_text("1.csv", "id,name\n1,Ann\n");
    harness_put_text("3.csv", "");
    harness_put_text("4.csv", "id,name\n");
    assert_string_equal(read_csv(harness, "*.csv"),
                        "id string, name string\n1|Ann\n2|Bea\n");
}

/* The first file decides the types and the columns; a key that is absent is null. */
static void lines_of_json_keep_to_the_columns_of_the_first_file(void **state)
{
    struct harness *harness = *state;

    harness_put_text("1.jsonl", "{\"id\":1,\"name\":\"Ann\"}\n");
    harness_put_text("2.jsonl", "{\"name\":\"Bea\"}\n{\"id\":\"x\"}\n{\"id\":3}\n");
    harness_put_text("3.jsonl", "{\"id\":4,\"age\":7}\n{}\n");
    assert_string_equal(harness_read(harness, "file",
                                     "{\"path\": \".\", \"format\": \"jsonl\"}",
                                     "*.jsonl"),
                        "id int64, name string\n1|Ann\nNULL|Bea\n3|NULL\nNULL|NULL\n");
    assert_int_equal(harness->plugin.reject_count, 2);
    assert_string_equal(harness->plugin.rejects[0].code, "type_mismatch");
    assert_string_equal(harness->plugin.rejects[0].origin, "2.jsonl");
    assert_int_equal(harness->plugin.rejects[0].position, 2);
    assert_string_equal(harness->plugin.rejects[1].code, "unknown_field");
    assert_string_equal(harness->plugin.rejects[1].origin, "3.jsonl");
}

static void an_empty_file_in_front_is_passed_over(void **state)
{
    struct harness *harness = *state;

    harness_put_text("1.csv", "");
    harness_put_text("2.csv", "id\n7\n");
    assert_string_equal(read_csv(harness, "*.csv"), "id string\n7\n");
}

static void other_columns_end_the_run(void **state)
{
    struct harness *harness = *state;

    harness_put_text("1.csv", "id,name\n1,Ann\n");
    harness_put_text("2.csv", "id,nom\n2,Bea\n");
    assert_null(read_csv(harness, "*.csv"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_DATA);
    assert_non_null(strstr(harness->plugin.err.message, "2.csv"));
    assert_non_null(strstr(harness->plugin.err.message, "\"name\" is missing"));
    harness_put_text("2.csv", "id,name,x\n2,Bea,1\n");
    assert_null(read_csv(harness, "*.csv"));
    assert_non_null(strstr(harness->plugin.err.message, "\"x\" is new"));
}

static void an_empty_file_has_no_rows_and_no_columns(void **state)
{
    struct harness *harness = *state;

    harness_put_text("a.csv", "");
    assert_string_equal(read_csv(harness, "a.csv"), "\n");
}

static void a_header_alone_has_columns_and_no_rows(void **state)
{
    struct harness *harness = *state;

    harness_put_text("a.csv", "id,name\n");
    assert_string_equal(read_csv(harness, "a.csv"), "id string, name string\n");
}

static void no_file_is_an_error_with_path_and_pattern(void **state)
{
    struct harness *harness = *state;

    assert_null(read_csv(harness, "*.csv"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_NOT_FOUND);
    assert_non_null(strstr(harness->plugin.err.message, harness->folder));
    assert_non_null(strstr(harness->plugin.err.message, "*.csv"));
}

static void compressed_files_are_read_by_extension_and_by_content(void **state)
{
    struct harness *harness = *state;

    put_gzip("a.csv.gz", "id\n1\n", 0);
    assert_string_equal(read_csv(harness, "a.csv.gz"), "id string\n1\n");
    put_gzip("b.csv", "id\n2\n", 0);
    assert_string_equal(read_csv(harness, "b.csv"), "id string\n2\n");
}

static void a_truncated_gzip_fails_with_path_and_byte(void **state)
{
    struct harness *harness = *state;

    put_gzip("a.csv.gz", "id\n1\n2\n3\n", 9);
    assert_null(read_csv(harness, "a.csv.gz"));
    assert_int_equal(harness->plugin.err.code, TIDE_E_DATA);
    assert_non_null(
        strstr(harness->plugin.err.message, "/a.csv.gz: truncated gzip stream"));
}

static void what_is_no_gzip_fails_with_its_path(void **state)
{
    struct harness *harness = *state;

    harness_put_text("a.csv.gz", "id\n1\n");
    assert_null(read_csv(harness, "a.csv.gz"));
    assert_non_null(
        strstr(harness->plugin.err.message, "/a.csv.gz: corrupt gzip stream"));
}

static void a_bad_row_is_rejected_with_its_line(void **state)
{
    struct harness *harness = *state;

    harness_put_text("a.csv", "id,name\n1,Ann\n2\n3,Cid\n");
    assert_string_equal(read_csv(harness, "a.csv"),
                        "id string, name string\n1|Ann\n3|Cid\n");
    assert_int_equal(harness->plugin.reject_count, 1);
    assert_string_equal(harness->plugin.rejects[0].code, "ragged_row");
    assert_string_equal(harness->plugin.rejects[0].origin, "a.csv");
    assert_int_equal(harness->plugin.rejects[0].position, 3);
}

/* Longer than the window the source begins with: it has to grow. */
static void a_row_may_be_longer_than_the_window(void **state)
{
    struct harness *harness = *state;
    const size_t length = (size_t)5 << 20;
    char *text = malloc(length + 64);
    const struct tide_source *source;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    void *reader = NULL;
    size_t got;

    assert_non_null(text);
    (void)memcpy(text, "id,big\n1,", 9);
    (void)memset(text + 9, 'x', length);
    (void)memcpy(text + 9 + length, "\n2,y\n", 5);
    harness_put("a.csv", text, length + 14);
    source = harness_load(harness, TIDE_KIND_SOURCE, "file", CSV)->source;
    harness->source.table = "a.csv";
    assert_int_equal(source->open(harness->plugin.options, &harness->source,
                                  &harness->plugin.host, &reader, &schema,
                                  &harness->plugin.err),
                     TIDE_OK);
    assert_int_equal(source->read(reader, &batch, &harness->plugin.err), TIDE_OK);
    (void)tide_array_text(batch.array.children[1], 0, &got);
    assert_int_equal(got, length);
    tide_batch_release(&batch);
    source->close(reader);
    tide_schema_clear(&schema);
    free(text);
}

/* The destination shall have something to do while most of the file is not read yet. */
static void the_first_rows_of_a_large_file_come_early(void **state)
{
    enum { ROWS = 100000, WIDTH = 20 };
    struct harness *harness = *state;
    struct harness_rows rows;
    char *text = malloc(ROWS * WIDTH + 1);

    assert_non_null(text);
    for (size_t i = 0; i < ROWS; i++) {
        (void)snprintf(text + i * WIDTH, WIDTH + 1, "%09zu,%09zu\n", i, i + 1);
    }
    harness_put("a.csv", text, ROWS * WIDTH);
    free(text);
    (void)harness_load(harness, TIDE_KIND_SOURCE, "file", CSV);
    assert_int_equal(plugin_harness_read(&harness->plugin, "a.csv", &rows), TIDE_OK);
    assert_int_equal(rows.count, ROWS - 1);
    assert_in_range(rows.first, 1, 65536 / WIDTH);
    assert_true(rows.most > rows.first);
    harness_rows_fini(&rows);
}

/* Small batches and many rows: what is left in the window moves and is read on. */
static void rows_come_whole_across_windows(void **state)
{
    struct harness *harness = *state;
    const struct tide_source *source;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    const size_t rows = 400000;
    char *text = malloc(rows * 16 + 16);
    size_t length = 3;
    int64_t row = 0;
    void *reader = NULL;
    int rc;

    assert_non_null(text);
    (void)memcpy(text, "id\n", 3);
    for (size_t i = 0; i < rows; i++) {
        length += (size_t)snprintf(text + length, 16, "row-%zu\n", i);
    }
    harness_put("a.csv", text, length);
    free(text);
    source = harness_load(harness, TIDE_KIND_SOURCE, "file", CSV)->source;
    harness->source.table = "a.csv";
    assert_int_equal(source->open(harness->plugin.options, &harness->source,
                                  &harness->plugin.host, &reader, &schema,
                                  &harness->plugin.err),
                     TIDE_OK);
    while ((rc = source->read(reader, &batch, &harness->plugin.err)) == TIDE_OK) {
        assert_true(batch.array.length > 0 && batch.array.length <= 16384);
        for (int64_t i = 0; i < batch.array.length; i++, row++) {
            char expected[32];
            size_t got;
            const char *value = tide_array_text(batch.array.children[0], i, &got);
            int wanted = snprintf(expected, sizeof expected, "row-%lld", (long long)row);

            assert_int_equal(got, wanted);
            assert_memory_equal(value, expected, got);
        }
        tide_batch_release(&batch);
    }
    assert_int_equal(rc, TIDE_END);
    assert_int_equal(row, rows);
    source->close(reader);
    tide_schema_clear(&schema);
}

static void discover_lists_files_of_the_format(void **state)
{
    struct harness *harness = *state;

    harness_put_text("b.csv", "id,name\n");
    put_gzip("a.csv.gz", "x\n1\n", 0);
    harness_put_text("notes.txt", "hello\n");
    harness_put_text("c.csv.gz", "no gzip");
    assert_string_equal(harness_discover(harness, TIDE_KIND_SOURCE, "file", CSV),
                        "a.csv.gz(x string)\nb.csv(id string, name string)\n");
    assert_non_null(strstr(harness->plugin.logs[0].message, "c.csv.gz"));
}

/* ---- the destination ---- */

static void a_table_becomes_a_file_of_the_format(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(write_csv(harness, TIDE_MODE_REPLACE, "out",
                               "id int64, name string\n1|Ann\n2|NULL\n"),
                     TIDE_OK);
    assert_string_equal(harness_get(harness, "out.csv"), "id,name\n1,Ann\n2,\n");
    assert_string_equal(harness_names(harness, "."), "out.csv");
}

static void replace_leaves_nothing_of_the_old(void **state)
{
    struct harness *harness = *state;

    harness_put_text("out.csv", "something\nmuch longer than the new rows\n");
    assert_int_equal(write_csv(harness, TIDE_MODE_REPLACE, "out.csv", "id int64\n1\n"),
                     0);
    assert_string_equal(harness_get(harness, "out.csv"), "id\n1\n");
}

static void append_writes_the_header_once(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(write_csv(harness, TIDE_MODE_APPEND, "out", "id int64\n1\n"), 0);
    assert_int_equal(write_csv(harness, TIDE_MODE_APPEND, "out", "id int64\n2\n"), 0);
    assert_string_equal(harness_get(harness, "out.csv"), "id\n1\n2\n");
}

static void append_to_an_empty_file_writes_the_header(void **state)
{
    struct harness *harness = *state;

    harness_put_text("out.csv", "");
    assert_int_equal(write_csv(harness, TIDE_MODE_APPEND, "out", "id int64\n1\n"), 0);
    assert_string_equal(harness_get(harness, "out.csv"), "id\n1\n");
}

static void append_to_a_file_of_another_shape_is_refused(void **state)
{
    struct harness *harness = *state;

    harness_put_text("out.csv", "name,age\nAnn,7\n");
    assert_int_equal(write_csv(harness, TIDE_MODE_APPEND, "out", "id int64\n1\n"),
                     TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "out.csv"));
    assert_non_null(strstr(harness->plugin.err.message, "\"id\""));
    assert_string_equal(harness_names(harness, "."), "out.csv");
    assert_string_equal(harness_get(harness, "out.csv"), "name,age\nAnn,7\n");
}

/* As an editor or printf may leave it. */
static void append_ends_a_last_line_that_lacks_it(void **state)
{
    struct harness *harness = *state;
    const char *crlf =
        "{\"path\": \".\", \"format\": \"csv\", \"line_ending\": \"crlf\"}";
    const char *jsonl = "{\"path\": \".\", \"format\": \"jsonl\"}";
    const char *row = "id int64\n2\n";

    harness_put_text("out.csv", "id\n1");
    assert_int_equal(write_csv(harness, TIDE_MODE_APPEND, "out", row), TIDE_OK);
    assert_string_equal(harness_get(harness, "out.csv"), "id\n1\n2\n");
    harness_put_text("out.csv", "id");
    assert_int_equal(write_csv(harness, TIDE_MODE_APPEND, "out", row), TIDE_OK);
    assert_string_equal(harness_get(harness, "out.csv"), "id\n2\n");
    harness_put_text("out.csv", "id\n1");
    assert_int_equal(write_csv(harness, TIDE_MODE_APPEND, "out", "id int64\n"), TIDE_OK);
    assert_string_equal(harness_get(harness, "out.csv"), "id\n1");
    harness_put_text("out.csv", "id\r\n1");
    assert_int_equal(
        harness_write(harness, "file", crlf, TIDE_MODE_APPEND, "out", row, NULL),
        TIDE_OK);
    assert_string_equal(harness_get(harness, "out.csv"), "id\r\n1\r\n2\r\n");
    harness_put_text("out.jsonl", "{\"id\":1}");
    assert_int_equal(
        harness_write(harness, "file", jsonl, TIDE_MODE_APPEND, "out", row, NULL),
        TIDE_OK);
    assert_string_equal(harness_get(harness, "out.jsonl"), "{\"id\":1}\n{\"id\":2}\n");
}

static void append_to_lines_that_end_otherwise_says_so(void **state)
{
    struct harness *harness = *state;

    harness_put_text("out.csv", "id\r\n1\r\n");
    assert_int_equal(write_csv(harness, TIDE_MODE_APPEND, "out", "id int64\n2\n"),
                     TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message,
                           "the line \"id\", ended as the format's options say"));
}

static void append_ends_a_last_line_in_a_compressed_file(void **state)
{
    struct harness *harness = *state;
    const char *options =
        "{\"path\": \".\", \"format\": \"csv\", \"compression\": \"gzip\"}";

    assert_int_equal(system("printf 'id\\n1' | gzip >out.csv.gz"), 0);
    assert_int_equal(harness_write(harness, "file", options, TIDE_MODE_APPEND, "out",
                                   "id int64\n2\n", NULL),
                     TIDE_OK);
    assert_string_equal(read_csv(harness, "out.csv.gz"), "id string\n1\n2\n");
}

static void check_compressed_appends(struct harness *harness, const char *kind,
                                     const char *file)
{
    const char *options = tide_arena_strf(
        harness->arena, "{\"path\": \".\", \"format\": \"csv\", \"compression\": \"%s\"}",
        kind);

    assert_int_equal(harness_write(harness, "file", options, TIDE_MODE_APPEND, "out",
                                   "id int64\n1\n", NULL),
                     TIDE_OK);
    assert_int_equal(harness_write(harness, "file", options, TIDE_MODE_APPEND, "out",
                                   "id int64\n2\n", NULL),
                     TIDE_OK);
    assert_string_equal(read_csv(harness, file), "id string\n1\n2\n");
    assert_int_equal(harness_write(harness, "file", options, TIDE_MODE_APPEND, "out",
                                   "other int64\n2\n", NULL),
                     TIDE_E_CONFIG);
}

static void what_is_appended_to_a_compressed_file_reads_on(void **state)
{
    check_compressed_appends(*state, "gzip", "out.csv.gz");
    check_compressed_appends(*state, "zstd", "out.csv.zst");
}

static void the_name_of_the_table_may_choose_the_compression(void **state)
{
    struct harness *harness = *state;
    const uint8_t *data;

    assert_int_equal(write_csv(harness, TIDE_MODE_REPLACE, "out.gz", "id int64\n1\n"), 0);
    data = (const uint8_t *)harness_get(harness, "out.csv.gz");
    assert_non_null(data);
    assert_int_equal(data[0] << 8 | data[1], 0x1f8b);
}

static void a_table_without_rows_still_becomes_a_file(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(write_csv(harness, TIDE_MODE_REPLACE, "out", "id int64, n date\n"),
                     0);
    assert_string_equal(harness_get(harness, "out.csv"), "id,n\n");
    harness_put_text("none.csv", "old\n");
    assert_int_equal(write_csv(harness, TIDE_MODE_REPLACE, "none", "\n"), 0);
    assert_string_equal(harness_get(harness, "none.csv"), "");
}

static void a_run_that_fails_leaves_no_trace(void **state)
{
    struct harness *harness = *state;

    harness_put_text("out.csv", "id\n1\n");
    assert_int_equal(harness_write_and_fail(harness, "file", CSV, TIDE_MODE_APPEND, "out",
                                            "id int64\n2\n"),
                     TIDE_OK);
    assert_string_equal(harness_names(harness, "."), "out.csv");
    assert_string_equal(harness_get(harness, "out.csv"), "id\n1\n");
}

static void a_full_disk_fails_the_run_and_keeps_the_old_file(void **state)
{
    struct harness *harness = *state;
    struct rlimit old, small;
    int rc;

    harness_put_text("out.csv", "id\n1\n");
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
    small = old;
    small.rlim_cur = 2;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = write_csv(harness, TIDE_MODE_REPLACE, "out", "id int64\n123456789\n");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
    assert_int_equal(rc, TIDE_E_IO);
    assert_non_null(strstr(harness->plugin.err.message, "/out.csv: File too large"));
    assert_string_equal(harness_names(harness, "."), "out.csv");
    assert_string_equal(harness_get(harness, "out.csv"), "id\n1\n");
}

static void placeholders_are_of_the_runs_start(void **state)
{
    struct harness *harness = *state;

    harness->destination.started_at = INT64_C(1732731767937000);
    assert_int_equal(write_csv(harness, TIDE_MODE_REPLACE,
                               "d/${today}_${now}_${unix}_${run}", "id int64\n1\n"),
                     TIDE_OK);
    assert_string_equal(harness_names(harness, "d"),
                        "2024-11-27_20241127T182247Z_1732731767_77.csv");
}

static void an_unknown_placeholder_is_named(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(write_csv(harness, TIDE_MODE_REPLACE, "a-${week}", "id int64\n1\n"),
                     TIDE_E_CONFIG);
    assert_non_null(strstr(harness->plugin.err.message, "${week}"));
    assert_non_null(strstr(harness->plugin.err.message, "${today}"));
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_a_table),
        TEST(files_of_a_pattern_are_one_table),
        TEST(the_first_rows_of_a_large_file_come_early),
        TEST(lines_of_json_keep_to_the_columns_of_the_first_file),
        TEST(an_empty_file_in_front_is_passed_over),
        TEST(other_columns_end_the_run),
        TEST(an_empty_file_has_no_rows_and_no_columns),
        TEST(a_header_alone_has_columns_and_no_rows),
        TEST(no_file_is_an_error_with_path_and_pattern),
        TEST(compressed_files_are_read_by_extension_and_by_content),
        TEST(a_truncated_gzip_fails_with_path_and_byte),
        TEST(what_is_no_gzip_fails_with_its_path),
        TEST(a_bad_row_is_rejected_with_its_line),
        TEST(a_row_may_be_longer_than_the_window),
        TEST(rows_come_whole_across_windows),
        TEST(discover_lists_files_of_the_format),
        TEST(a_table_becomes_a_file_of_the_format),
        TEST(replace_leaves_nothing_of_the_old),
        TEST(append_writes_the_header_once),
        TEST(append_to_an_empty_file_writes_the_header),
        TEST(append_to_a_file_of_another_shape_is_refused),
        TEST(append_ends_a_last_line_that_lacks_it),
        TEST(append_to_lines_that_end_otherwise_says_so),
        TEST(append_ends_a_last_line_in_a_compressed_file),
        TEST(what_is_appended_to_a_compressed_file_reads_on),
        TEST(the_name_of_the_table_may_choose_the_compression),
        TEST(a_table_without_rows_still_becomes_a_file),
        TEST(a_run_that_fails_leaves_no_trace),
        TEST(a_full_disk_fails_the_run_and_keeps_the_old_file),
        TEST(placeholders_are_of_the_runs_start),
        TEST(an_unknown_placeholder_is_named),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
