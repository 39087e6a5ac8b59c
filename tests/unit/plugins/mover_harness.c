/*
 * mover_harness - see its header.
 */
#include <config.h> /* makes nftw visible */

#include "mover_harness.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <tidemill/value.h>
#include <unistd.h>

#include "base/text.h"
#include "batch/batch_ops.h"

/* ---- set-up ---- */

int harness_setup(void **state)
{
    struct harness *harness = calloc(1, sizeof *harness);

    assert_non_null(harness);
    harness->arena = tide_arena_create();
    (void)snprintf(harness->folder, sizeof harness->folder, "/tmp/tide-mover-XXXXXX");
    assert_non_null(mkdtemp(harness->folder));
    harness->home = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(harness->home >= 0);
    assert_int_equal(chdir(harness->folder), 0);
    harness->source = (struct tide_source_request){
        .size = sizeof harness->source, .batch_rows = 16384, .batch_bytes = 4 << 20};
    harness->destination = (struct tide_destination_request){
        .size = sizeof harness->destination, .pipeline = "shop/orders", .run = "77"};
    *state = harness;
    return 0;
}

static int remove_entry(const char *path, const struct stat *status, int kind,
                        struct FTW *walk)
{
    (void)status;
    (void)kind;
    (void)walk;
    return remove(path);
}

int harness_teardown(void **state)
{
    struct harness *harness = *state;

    assert_int_equal(fchdir(harness->home), 0);
    (void)close(harness->home);
    assert_int_equal(nftw(harness->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    if (harness->is_loaded) {
        plugin_harness_fini(&harness->plugin);
    }
    tide_arena_destroy(harness->arena);
    free(harness->position);
    free(harness);
    return 0;
}

const struct tide_plugin_entry *harness_load(struct harness *harness, uint32_t kind,
                                             const char *name, const char *options)
{
    if (harness->is_loaded) {
        plugin_harness_fini(&harness->plugin);
    }
    plugin_harness_init(&harness->plugin, kind, name, options);
    harness->plugin.cancelled = harness->cancelled;
    harness->is_loaded = true;
    return harness->plugin.plugin;
}

/* What was built goes into the arena, so that tests need not free it. */
static char *keep(const struct harness *harness, struct tide_text *text)
{
    char *taken = tide_text_take(text);
    char *kept = tide_arena_strdup(harness->arena, taken ? taken : "");

    free(taken);
    return kept;
}

/* ---- files ---- */

void harness_put(const char *name, const void *data, size_t length)
{
    FILE *file = fopen(name, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, length, file), length);
    assert_int_equal(fclose(file), 0);
}

void harness_put_text(const char *name, const char *text)
{
    harness_put(name, text, strlen(text));
}

char *harness_get(const struct harness *harness, const char *name)
{
    FILE *file = fopen(name, "rb");
    struct tide_text text = {0};
    char piece[4096];
    size_t got;

    if (!file) {
        return NULL;
    }
    while ((got = fread(piece, 1, sizeof piece, file)) > 0) {
        tide_text_append_n(&text, piece, got);
    }
    (void)fclose(file);
    return keep(harness, &text);
}

const char *harness_names(const struct harness *harness, const char *folder)
{
    struct tide_text text = {0};
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, alphasort);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;

        if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
            tide_text_appendf(&text, "%s%s", text.length > 0 ? "," : "", name);
        }
        free(entries[i]);
    }
    free(entries);
    return keep(harness, &text);
}

/* ---- tables as text ---- */

static void append_schema(struct tide_text *text, const struct tide_schema *schema)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        tide_text_appendf(text, "%s%s %s", i > 0 ? ", " : "", schema->columns[i].name,
                          tide_type_name(schema->columns[i].type));
    }
}

static void append_value(struct tide_text *text, const struct ArrowArray *array, int type,
                         int64_t row)
{
    char value[TIDE_VALUE_TEXT_MAX];
    const char *bytes = value;
    size_t length = 0;

    switch (type) {
    case TIDE_TYPE_BOOL:
        length = tide_format_bool(value, tide_array_bool(array, row));
        break;
    case TIDE_TYPE_INT64:
        length = tide_format_int64(value, tide_array_int64(array, row));
        break;
    case TIDE_TYPE_FLOAT64:
        length = tide_format_float64(value, tide_array_float64(array, row));
        break;
    case TIDE_TYPE_DATE:
        length = tide_format_date(value, tide_array_int32(array, row));
        break;
    case TIDE_TYPE_TIME:
        length = tide_format_time(value, tide_array_int64(array, row));
        break;
    case TIDE_TYPE_TIMESTAMP:
        length = tide_format_timestamp(value, tide_array_int64(array, row));
        break;
    case TIDE_TYPE_DATETIME:
        length = tide_format_datetime(value, tide_array_int64(array, row));
        break;
    default:
        bytes = tide_array_text(array, row, &length);
    }
    tide_text_append_n(text, bytes, length);
}

static void append_rows(struct tide_text *text, const struct tide_batch *batch,
                        const struct tide_schema *schema)
{
    for (int64_t row = 0; row < batch->array.length; row++) {
        for (size_t i = 0; i < schema->column_count; i++) {
            const struct ArrowArray *array = batch->array.children[i];

            tide_text_appendf(text, "%s", i > 0 ? "|" : "");
            if (tide_array_is_null(array, row)) {
                tide_text_append(text, "NULL");
            } else {
                append_value(text, array, schema->columns[i].type, row);
            }
        }
        tide_text_append(text, "\n");
    }
}

/* ---- moving ---- */

/* What a source gives must keep every rule of a batch. */
static void check_batch(const struct tide_batch *batch, const struct tide_schema *schema)
{
    struct tide_error err = {0};

    if (tide_batch_validate(batch, schema, &err) != TIDE_OK) {
        fail_msg("%s", err.message);
    }
}

static void keep_position(struct harness *harness, void *state)
{
    const char *position = harness->plugin.plugin->source->position(state);

    free(harness->position);
    harness->position = position ? tide_strdup(position) : NULL;
}

static int read_all(struct harness *harness, void *state,
                    const struct tide_schema *schema, struct tide_text *text)
{
    const struct tide_source *source = harness->plugin.plugin->source;
    struct tide_batch batch = {0};
    size_t batches = 0;
    int rc;

    append_schema(text, schema);
    tide_text_append(text, "\n");
    while ((rc = source->read(state, &batch, &harness->plugin.err)) == TIDE_OK) {
        check_batch(&batch, schema);
        assert_true(batch.array.length == 0 || batch.flags & TIDE_BATCH_WRITABLE);
        append_rows(text, &batch, schema);
        tide_batch_release(&batch);
        if (++batches == harness->max_batches) {
            break;
        }
    }
    keep_position(harness, state);
    return rc == TIDE_OK ? TIDE_END : rc;
}

const char *harness_read(struct harness *harness, const char *plugin, const char *options,
                         const char *table)
{
    const struct tide_source *source =
        harness_load(harness, TIDE_KIND_SOURCE, plugin, options)->source;
    struct tide_text text = {0};
    struct tide_schema schema = {0};
    void *state = NULL;
    const char *kept;
    int rc;

    harness->source.table = table;
    rc = source->open(harness->plugin.options, &harness->source, &harness->plugin.host,
                      &state, &schema, &harness->plugin.err);
    if (rc == TIDE_OK) {
        rc = read_all(harness, state, &schema, &text);
        source->close(state);
    }
    tide_schema_clear(&schema);
    kept = keep(harness, &text);
    return rc == TIDE_END ? kept : NULL;
}

static void parse_table(const char *text, struct tide_schema *schema, const char **rows)
{
    size_t length = strcspn(text, "\n");
    char *header = tide_strndup(text, length);

    harness_schema(header, schema);
    free(header);
    *rows = text + length + 1;
}

static int write_rows(struct harness *harness, void *state,
                      const struct tide_schema *accepted, const char *rows)
{
    const struct tide_destination *destination = harness->plugin.plugin->destination;
    struct tide_batch batch = {0};
    int rc = TIDE_OK;

    assert_int_equal(accepted->column_count, harness->destination.schema->column_count);
    if (rows[0]) {
        harness_batch(accepted, rows, &batch);
        rc = destination->write(state, &batch, &harness->plugin.err);
    }
    tide_batch_release(&batch);
    return rc;
}

static int write_table(struct harness *harness, const char *text, bool commit,
                       const char *position)
{
    const struct tide_destination *destination = harness->plugin.plugin->destination;
    struct tide_schema schema = {0}, accepted = {0};
    const char *rows;
    void *state = NULL;
    int rc;

    parse_table(text, &schema, &rows);
    harness->destination.schema = &schema;
    free(harness->position);
    harness->position = NULL;
    rc = destination->open(harness->plugin.options, &harness->destination,
                           &harness->plugin.host, &state, &accepted, &harness->position,
                           &harness->plugin.err);
    if (rc == TIDE_OK) {
        rc = write_rows(harness, state, &accepted, rows);
        if (rc == TIDE_OK && commit) {
            rc = destination->commit(state, position, true, &harness->plugin.err);
        }
        destination->close(state);
    }
    tide_schema_clear(&accepted);
    tide_schema_clear(&schema);
    return rc;
}

int harness_write(struct harness *harness, const char *plugin, const char *options,
                  int mode, const char *table, const char *rows, const char *position)
{
    (void)harness_load(harness, TIDE_KIND_DESTINATION, plugin, options);
    harness->destination.mode = mode;
    harness->destination.table = table;
    return write_table(harness, rows, true, position);
}

int harness_write_and_fail(struct harness *harness, const char *plugin,
                           const char *options, int mode, const char *table,
                           const char *rows)
{
    (void)harness_load(harness, TIDE_KIND_DESTINATION, plugin, options);
    harness->destination.mode = mode;
    harness->destination.table = table;
    return write_table(harness, rows, false, NULL);
}

static int note_table(void *arg, const char *table, const struct tide_schema *schema)
{
    struct tide_text *text = arg;

    tide_text_appendf(text, "%s(", table);
    append_schema(text, schema);
    tide_text_append(text, ")\n");
    return TIDE_OK;
}

const char *harness_discover(struct harness *harness, uint32_t kind, const char *plugin,
                             const char *options)
{
    const struct tide_plugin_entry *entry = harness_load(harness, kind, plugin, options);
    struct tide_text text = {0};
    const char *kept;
    int rc =
        kind == TIDE_KIND_SOURCE
            ? entry->source->discover(harness->plugin.options, &harness->plugin.host,
                                      note_table, &text, &harness->plugin.err)
            : entry->destination->discover(harness->plugin.options, &harness->plugin.host,
                                           note_table, &text, &harness->plugin.err);

    kept = keep(harness, &text);
    return rc == TIDE_OK ? kept : NULL;
}
