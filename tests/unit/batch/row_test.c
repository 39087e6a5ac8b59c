/* row - the SDK's rows, and the example plugins that are made of them. */
#include <dlfcn.h>
#include <stdio.h>
#include <tidemill/plugin.h>

#include "batch/batch_ops.h"
#include "make_batch.h"

/* ---- builder and reader ---- */

static void bytes_grow_by_doubling_as_far_as_offsets_reach(void **state)
{
    const size_t most = INT32_MAX;

    (void)state;
    assert_int_equal(tide_builder_growth_(256, 257), 512);
    assert_int_equal(tide_builder_growth_(256, 1000), 1000);
    assert_int_equal(tide_builder_growth_(most / 2 - 1, most / 2), most - 3);
    assert_int_equal(tide_builder_growth_(most / 2, most / 2 + 1), most);
    assert_int_equal(tide_builder_growth_(most, most + 1), most + 1);
}

static void make_schema(struct tide_schema *schema)
{
    for (int type = 0; type < TIDE_TYPE_COUNT; type++) {
        assert_int_equal(tide_schema_add(schema, tide_type_name(type), type, 0), TIDE_OK);
    }
}

static void rows_are_read_as_they_were_built(void **state)
{
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct tide_row_builder built, *rows = &built;
    struct tide_row_reader row;
    char text[16];
    size_t length;

    (void)state;
    make_schema(&schema);
    assert_int_equal(tide_row_builder_init(rows, &schema, 10, 0), TIDE_OK);
    tide_row_set_bool(rows, TIDE_TYPE_BOOL, true);
    tide_row_set_int64(rows, TIDE_TYPE_INT64, -7);
    tide_row_set_int64(rows, TIDE_TYPE_TIMESTAMP, 0);
    tide_row_set_float64(rows, TIDE_TYPE_FLOAT64, 0.5);
    tide_row_set_date(rows, TIDE_TYPE_DATE, 1);
    tide_row_set_text(rows, TIDE_TYPE_STRING, "first");
    tide_row_set_text(rows, TIDE_TYPE_STRING, "second");
    tide_row_set_bytes(rows, TIDE_TYPE_BYTES, "\0\1", 2);
    tide_row_set_null(rows, TIDE_TYPE_JSON);
    tide_row_set_position(rows, 17);
    assert_int_equal(tide_row_end(rows), TIDE_OK);
    assert_int_equal(tide_row_end(rows), TIDE_OK);
    assert_int_equal(tide_row_builder_finish(rows, &batch), TIDE_OK);
    assert_true(batch.flags & TIDE_BATCH_WRITABLE);
    assert_int_equal(tide_batch_validate(&batch, &schema, NULL), TIDE_OK);

    row = tide_rows_of(&batch, &schema);
    assert_true(tide_row_next(&row));
    assert_true(tide_row_bool(&row, TIDE_TYPE_BOOL));
    assert_int_equal(tide_row_int64(&row, TIDE_TYPE_INT64), -7);
    assert_true(tide_row_float64(&row, TIDE_TYPE_FLOAT64) == 0.5);
    assert_int_equal(tide_row_date(&row, TIDE_TYPE_DATE), 1);
    assert_memory_equal(tide_row_text(&row, TIDE_TYPE_STRING, &length), "second", 6);
    assert_int_equal(length, 6);
    assert_true(tide_row_is_null(&row, TIDE_TYPE_JSON));
    assert_true(tide_row_is_null(&row, TIDE_TYPE_NULL));
    assert_int_equal(tide_row_position(&row), 17);
    assert_string_equal(tide_row_show(&row, TIDE_TYPE_TIMESTAMP, text, sizeof text),
                        "1970-01-01T00:0");
    assert_string_equal(tide_row_show(&row, TIDE_TYPE_JSON, text, sizeof text), "null");
    assert_string_equal(tide_row_show(&row, TIDE_TYPE_JSON, text, 1), "");
    text[0] = 'x';
    assert_string_equal(tide_row_show(&row, TIDE_TYPE_JSON, text, 0), "");
    assert_int_equal(text[0], 'x');
    assert_true(tide_row_next(&row));
    for (size_t i = 0; i < schema.column_count; i++) {
        assert_true(tide_row_is_null(&row, i));
    }
    assert_int_equal(tide_row_position(&row), 0);
    assert_false(tide_row_next(&row));
    tide_row_builder_fini(rows);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void a_half_built_row_is_undone(void **state)
{
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct tide_row_builder rows;

    (void)state;
    make_schema(&schema);
    assert_int_equal(tide_row_builder_init(&rows, &schema, 10, 0), TIDE_OK);
    for (int64_t i = 0; i < 6; i++) {
        tide_row_set_int64(&rows, TIDE_TYPE_INT64, i);
        tide_row_set_text(&rows, TIDE_TYPE_STRING, i % 2 ? "odd" : "even");
        tide_row_set_null(&rows, TIDE_TYPE_BOOL);
        if (i % 2) {
            tide_row_undo(&rows);
        } else {
            assert_int_equal(tide_row_end(&rows), TIDE_OK);
        }
    }
    tide_row_set_int64(&rows, TIDE_TYPE_INT64, 99);
    assert_int_equal(tide_row_builder_finish(&rows, &batch), TIDE_OK);
    assert_int_equal(batch.array.length, 3);
    assert_int_equal(tide_batch_validate(&batch, &schema, NULL), TIDE_OK);
    for (int64_t i = 0; i < 3; i++) {
        assert_int_equal(tide_array_int64(batch.array.children[TIDE_TYPE_INT64], i),
                         2 * i);
    }
    tide_row_builder_fini(&rows);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static void a_builder_is_full_at_its_rows_or_bytes(void **state)
{
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct tide_row_builder rows;

    (void)state;
    assert_int_equal(tide_schema_add(&schema, "t", TIDE_TYPE_STRING, 0), TIDE_OK);
    assert_int_equal(tide_row_builder_init(&rows, &schema, 3, 100), TIDE_OK);
    while (!tide_row_builder_is_full(&rows)) {
        tide_row_set_text(&rows, 0, "x");
        tide_row_end(&rows);
    }
    assert_int_equal(rows.rows, 3);
    assert_int_equal(tide_row_builder_finish(&rows, &batch), TIDE_OK);
    tide_batch_release(&batch);
    tide_row_set_bytes(&rows, 0, "01234567890123456789012345678901234567890123456789",
                       50);
    tide_row_end(&rows);
    assert_false(tide_row_builder_is_full(&rows));
    tide_row_set_bytes(&rows, 0, "01234567890123456789012345678901234567890123456789",
                       50);
    tide_row_end(&rows);
    assert_true(tide_row_builder_is_full(&rows));
    assert_int_equal(rows.total, 5);
    assert_int_equal(tide_row_builder_finish(&rows, &batch), TIDE_OK);
    assert_int_equal(batch.array.length, 2);
    assert_null(batch.positions);
    tide_batch_release(&batch);
    tide_row_builder_fini(&rows);
    tide_row_builder_fini(&rows);
    tide_schema_clear(&schema);
}

static void a_mistake_is_kept_until_finish(void **state)
{
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct tide_row_builder rows;

    (void)state;
    assert_int_equal(tide_schema_add(&schema, "i", TIDE_TYPE_INT64, 0), TIDE_OK);
    assert_int_equal(tide_row_builder_init(&rows, &schema, 3, 0), TIDE_OK);
    tide_row_set_text(&rows, 0, "no number");
    tide_row_set_int64(&rows, 0, 1);
    assert_true(tide_row_builder_is_full(&rows));
    assert_int_equal(tide_row_end(&rows), TIDE_E_INTERNAL);
    assert_int_equal(tide_row_builder_finish(&rows, &batch), TIDE_E_INTERNAL);
    assert_null(batch.array.release);
    tide_row_set_int64(&rows, 1, 1);
    assert_int_equal(tide_row_end(&rows), TIDE_E_INTERNAL);
    assert_int_equal(tide_row_builder_finish(&rows, &batch), TIDE_E_INTERNAL);
    for (int i = 0; i < 3; i++) {
        tide_row_set_int64(&rows, 0, i);
        assert_int_equal(tide_row_end(&rows), TIDE_OK);
    }
    assert_int_equal(tide_row_end(&rows), TIDE_E_LIMIT);
    tide_row_builder_fini(&rows);
    tide_schema_clear(&schema);
}

static int shout(void *arg, int64_t row, const char *text, size_t length,
                 struct tide_builder *out)
{
    size_t *calls = arg;
    char loud[16];

    (*calls)++;
    assert_true(length < sizeof loud && row >= 0);
    for (size_t i = 0; i < length; i++) {
        loud[i] = (char)(text[i] & ~0x20);
    }
    return length == 0 ? TIDE_E_DATA : tide_append_bytes(out, loud, length);
}

static void a_map_replaces_texts_and_keeps_nulls(void **state)
{
    static const char *const texts[] = {"abc", NULL, "de"};
    static const char *const bad[] = {"abc", ""};
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    size_t calls = 0, length;

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, 3);
    assert_int_equal(tide_batch_map_text(&batch, 0, TIDE_TYPE_STRING, shout, &calls),
                     TIDE_OK);
    assert_int_equal(calls, 2);
    assert_int_equal(tide_batch_validate(&batch, &schema, NULL), TIDE_OK);
    assert_true(tide_array_is_null(batch.array.children[0], 1));
    assert_memory_equal(tide_array_text(batch.array.children[0], 2, &length), "DE", 2);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
    make_column(&schema, &batch, TIDE_TYPE_STRING, bad, 2);
    assert_int_equal(tide_batch_map_text(&batch, 0, TIDE_TYPE_STRING, shout, &calls),
                     TIDE_E_DATA);
    assert_memory_equal(tide_array_text(batch.array.children[0], 0, &length), "abc", 3);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

/* ---- the examples ---- */

static char logged[200];

static void host_log(const struct tide_host *host, int level, const char *message)
{
    (void)host;
    assert_int_equal(level, TIDE_LOG_INFO);
    (void)snprintf(logged + strlen(logged), sizeof logged - strlen(logged), "%s;",
                   message);
}

static void *host_allocate(const struct tide_host *host, size_t size)
{
    (void)host;
    return calloc(1, size);
}

static const struct tide_host host = {
    .abi = TIDE_ABI, .size = sizeof host, .log = host_log, .allocate = host_allocate};

static const struct tide_plugin_entry *load(const char *name)
{
    const char *folder = getenv("top_builddir");
    const struct tide_plugin_entry *entry;
    char path[512];
    void *object;

    (void)snprintf(path, sizeof path, "%s/plugins/examples/%s/%s.so",
                   folder ? folder : ".", name, name);
    object = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object) {
        fail_msg("%s", dlerror());
    }
    entry = dlsym(object, TIDE_PLUGIN_SYMBOL);
    assert_non_null(entry);
    assert_int_equal(entry->abi, TIDE_ABI);
    assert_int_equal(entry->size, sizeof *entry);
    assert_string_equal(entry->name, name);
    return entry;
}

static void the_examples_say_hello(void **state)
{
    const struct tide_source *source = load("hello_source")->source;
    const struct tide_transform *transform = load("hello_transform")->transform;
    const struct tide_destination *destination = load("hello_destination")->destination;
    struct tide_source_request wanted = {
        .size = sizeof wanted, .batch_rows = 2, .batch_bytes = 1000};
    struct tide_schema schema = {0}, accepted = {0};
    struct tide_destination_request brought = {.size = sizeof brought, .schema = &schema};
    void *from = NULL, *through = NULL, *to = NULL;
    struct tide_batch batch = {0};
    struct tide_error err = {0};
    char *position = NULL;
    int batches = 0;

    (void)state;
    logged[0] = '\0';
    assert_int_equal(source->open(NULL, &wanted, &host, &from, &schema, &err), TIDE_OK);
    assert_int_equal(transform->bind(NULL, &host, &schema, &through, &err),
                     TIDE_E_CONFIG);
    assert_int_equal(
        destination->open(NULL, &brought, &host, &to, &accepted, &position, &err),
        TIDE_OK);
    while (source->read(from, &batch, &err) == TIDE_OK) {
        batches++;
        assert_int_equal(tide_batch_validate(&batch, &schema, &err), TIDE_OK);
        assert_int_equal(destination->write(to, &batch, &err), TIDE_OK);
        tide_batch_release(&batch);
    }
    assert_int_equal(destination->commit(to, NULL, true, &err), TIDE_OK);
    assert_int_equal(batches, 2);
    assert_string_equal(logged, "1;2;3;");
    source->close(from);
    source->close(NULL);
    transform->close(through);
    destination->close(to);
    tide_schema_clear(&accepted);
    tide_schema_clear(&schema);
}

static void the_example_transform_makes_empty_texts_null(void **state)
{
    static const char *const texts[] = {"", "x", NULL};
    const struct tide_transform *transform = load("hello_transform")->transform;
    struct tide_schema schema = {0};
    struct tide_batch batch = {0};
    struct tide_error err = {0};
    void *through = NULL;

    (void)state;
    make_column(&schema, &batch, TIDE_TYPE_STRING, texts, 3);
    assert_int_equal(transform->bind(NULL, &host, &schema, &through, &err), TIDE_OK);
    assert_int_equal(transform->apply(through, &batch, &err), TIDE_OK);
    assert_int_equal(batch.array.children[0]->null_count, 2);
    assert_int_equal(tide_batch_validate(&batch, &schema, NULL), TIDE_OK);
    transform->close(through);
    tide_batch_release(&batch);
    tide_schema_clear(&schema);
}

static int count_lines(const char *name)
{
    const char *folder = getenv("top_srcdir");
    char path[512];
    int lines = 0, c;
    FILE *file;

    (void)snprintf(path, sizeof path, "%s/plugins/examples/%s/%s.c",
                   folder ? folder : ".", name, name);
    file = fopen(path, "r");
    assert_non_null(file);
    while ((c = getc(file)) != EOF) {
        lines += c == '\n';
    }
    (void)fclose(file);
    return lines;
}

static void the_examples_are_as_short_as_promised(void **state)
{
    (void)state;
    assert_in_range(count_lines("hello_source"), 1, 40);
    assert_in_range(count_lines("hello_transform"), 1, 30);
    assert_in_range(count_lines("hello_destination"), 1, 45);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_grow_by_doubling_as_far_as_offsets_reach),
        cmocka_unit_test(rows_are_read_as_they_were_built),
        cmocka_unit_test(a_half_built_row_is_undone),
        cmocka_unit_test(a_builder_is_full_at_its_rows_or_bytes),
        cmocka_unit_test(a_mistake_is_kept_until_finish),
        cmocka_unit_test(a_map_replaces_texts_and_keeps_nulls),
        cmocka_unit_test(the_examples_say_hello),
        cmocka_unit_test(the_example_transform_makes_empty_texts_null),
        cmocka_unit_test(the_examples_are_as_short_as_promised),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
