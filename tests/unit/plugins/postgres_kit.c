/*
 * postgres_kit - a real server, and the postgres plugins as the engine would drive them.
 */
#include "postgres_kit.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

/* ---- the host -------------------------------------------------------------------- */

static void host_log(const struct tide_host *host, int level, const char *message)
{
    struct kit_host *kit = host->context;
    size_t used = strlen(kit->log);

    if (level >= TIDE_LOG_WARNING) {
        (void)snprintf(kit->log + used, sizeof kit->log - used, "%s\n", message);
    }
}

static bool host_cancelled(const struct tide_host *host)
{
    struct kit_host *kit = host->context;

    if (kit->when_asked) {
        kit->when_asked(kit);
    }
    return kit->cancelled;
}

static int note(struct kit_host *kit, int64_t row, const char *code, const char *message)
{
    struct kit_reject *reject = &kit->rejects[kit->reject_count];

    assert_true(kit->reject_count < KIT_REJECTS);
    reject->row = row;
    (void)snprintf(reject->code, sizeof reject->code, "%s", code);
    (void)snprintf(reject->message, sizeof reject->message, "%s", message);
    kit->refused += strcmp(code, "refused") == 0;
    kit->reject_count++;
    return kit->max_rejects > 0 && kit->reject_count > kit->max_rejects ? TIDE_E_LIMIT
                                                                        : TIDE_OK;
}

static int host_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    return note(host->context, reject->position, reject->code, reject->message);
}

static int host_reject_row(const struct tide_host *host, int64_t row, const char *code,
                           const char *message)
{
    return note(host->context, row, code, message);
}

static void *host_allocate(const struct tide_host *host, size_t size)
{
    (void)host;
    return calloc(1, size);
}

void kit_host_init(struct kit_host *kit)
{
    memset(kit, 0, sizeof *kit);
    kit->host = (struct tide_host){.abi = TIDE_ABI,
                                   .size = sizeof kit->host,
                                   .context = kit,
                                   .log = host_log,
                                   .cancelled = host_cancelled,
                                   .reject = host_reject,
                                   .reject_row = host_reject_row,
                                   .allocate = host_allocate};
}

static const struct tide_plugin_entry *load(const char *kind)
{
    char path[1024];
    void *handle;

    (void)snprintf(path, sizeof path, "%s/%s/postgres/postgres.so",
                   getenv("TIDEMILL_PLUGIN_DIR"), kind);
    handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        fail_msg("%s", dlerror());
    }
    return dlsym(handle, TIDE_PLUGIN_SYMBOL);
}

const struct tide_source *kit_source_plugin(void)
{
    return load("sources")->source;
}

const struct tide_destination *kit_destination_plugin(void)
{
    return load("destinations")->destination;
}

/* ---- reading --------------------------------------------------------------------- */

void kit_source_init(struct kit_source *source, const char *table)
{
    memset(source, 0, sizeof *source);
    kit_host_init(&source->host);
    source->options.connection = kit_options();
    source->request = (struct tide_source_request){.size = sizeof source->request,
                                                   .batch_rows = 1000,
                                                   .batch_bytes = 1 << 22,
                                                   .table = table,
                                                   .checkpoints = true};
}

int kit_source_open(struct kit_source *source)
{
    return kit_source_plugin()->open(&source->options, &source->request,
                                     &source->host.host, &source->state, &source->schema,
                                     &source->err);
}

void kit_source_close(struct kit_source *source)
{
    kit_source_plugin()->close(source->state);
    tide_schema_clear(&source->schema);
}

void kit_source_opens(struct kit_source *source)
{
    if (kit_source_open(source) != TIDE_OK) {
        fail_msg("%s", source->err.message);
    }
}

size_t kit_read_all(struct kit_source *source, int64_t *values, size_t capacity)
{
    struct tide_batch batch = {0};
    size_t count = 0;
    int rc;

    while ((rc = kit_source_plugin()->read(source->state, &batch, &source->err)) ==
           TIDE_OK) {
        assert_true(batch.flags & TIDE_BATCH_WRITABLE);
        for (int64_t row = 0; row < batch.array.length; row++) {
            assert_true(count < capacity);
            values[count++] = tide_array_int64(batch.array.children[0], row);
        }
        tide_batch_release(&batch);
    }
    if (rc != TIDE_END) {
        fail_msg("%s", source->err.message);
    }
    return count;
}

int64_t kit_read_batch(struct kit_source *source)
{
    struct tide_batch batch = {0};
    int rc = kit_source_plugin()->read(source->state, &batch, &source->err);
    int64_t rows = batch.array.length;

    if (rc == TIDE_OK) {
        tide_batch_release(&batch);
        return rows;
    }
    if (rc != TIDE_END) {
        fail_msg("%s", source->err.message);
    }
    return 0;
}

const char *kit_position(struct kit_source *source)
{
    return kit_source_plugin()->position(source->state);
}

/* ---- loading --------------------------------------------------------------------- */

void kit_destination_init(struct kit_destination *destination, const char *table,
                          int mode, const struct tide_schema *schema)
{
    memset(destination, 0, sizeof *destination);
    kit_host_init(&destination->host);
    destination->options = kit_options();
    destination->request =
        (struct tide_destination_request){.size = sizeof destination->request,
                                          .mode = mode,
                                          .table = table,
                                          .schema = schema,
                                          .pipeline = "test",
                                          .run = "77"};
}

int kit_destination_open(struct kit_destination *destination)
{
    return kit_destination_plugin()->open(&destination->options, &destination->request,
                                          &destination->host.host, &destination->state,
                                          &destination->accepted, &destination->position,
                                          &destination->err);
}

void kit_destination_close(struct kit_destination *destination)
{
    kit_destination_plugin()->close(destination->state);
    tide_schema_clear(&destination->accepted);
    free(destination->position);
}

int kit_write(struct kit_destination *destination, const struct tide_batch *batch)
{
    return kit_destination_plugin()->write(destination->state, batch, &destination->err);
}

static void copy_batches(struct kit_source *source, struct kit_destination *destination)
{
    struct tide_batch batch = {0};
    int rc;

    while ((rc = kit_source_plugin()->read(source->state, &batch, &source->err)) ==
           TIDE_OK) {
        if (kit_write(destination, &batch) != TIDE_OK) {
            fail_msg("write: %s", destination->err.message);
        }
        tide_batch_release(&batch);
    }
    if (rc != TIDE_END) {
        fail_msg("read: %s", source->err.message);
    }
}

void kit_copy(const char *from, const char *to, int mode, const char *const *key)
{
    struct kit_source source;
    struct kit_destination destination;

    kit_source_init(&source, from);
    if (kit_source_open(&source) != TIDE_OK) {
        fail_msg("open %s: %s", from, source.err.message);
    }
    kit_destination_init(&destination, to, mode, &source.schema);
    destination.request.key = key;
    if (kit_destination_open(&destination) != TIDE_OK) {
        fail_msg("open %s: %s", to, destination.err.message);
    }
    for (size_t i = 0; i < source.schema.column_count; i++) {
        assert_int_equal(source.schema.columns[i].type,
                         destination.accepted.columns[i].type);
    }
    copy_batches(&source, &destination);
    if (kit_destination_plugin()->commit(destination.state, NULL, true,
                                         &destination.err) != TIDE_OK) {
        fail_msg("commit: %s", destination.err.message);
    }
    assert_int_equal(destination.host.reject_count, 0);
    assert_int_equal(source.host.reject_count, 0);
    kit_destination_close(&destination);
    kit_source_close(&source);
}

/* ---- batches from text ----------------------------------------------------------- */

static int append_field(struct tide_builder *builder, const char *text, size_t length)
{
    int64_t integer = 0;
    double real = 0;

    if (length == 2 && memcmp(text, "\\N", 2) == 0) {
        return tide_append_null(builder);
    }
    if (tide_type_is_variable(builder->type)) {
        return tide_append_bytes(builder, text, length);
    }
    switch (builder->type) {
    case TIDE_TYPE_BOOL:
        return tide_append_bool(builder, text[0] == 't');
    case TIDE_TYPE_FLOAT64:
        assert_int_equal(tide_parse_float64(text, length, &real), TIDE_OK);
        return tide_append_float64(builder, real);
    case TIDE_TYPE_TIMESTAMP:
        assert_int_equal(tide_parse_timestamp(text, length, &integer), TIDE_OK);
        return tide_append_int64(builder, integer);
    case TIDE_TYPE_DATETIME:
        assert_int_equal(tide_parse_datetime(text, length, &integer), TIDE_OK);
        return tide_append_int64(builder, integer);
    default:
        assert_int_equal(tide_parse_int64(text, length, &integer), TIDE_OK);
        return builder->type == TIDE_TYPE_DATE
                   ? tide_append_int32(builder, (int32_t)integer)
                   : tide_append_int64(builder, integer);
    }
}

void kit_batch(const struct tide_schema *schema, const char *const *lines, size_t count,
               struct tide_batch *batch)
{
    assert_int_equal(tide_batch_init(batch, schema->column_count, (int64_t)count),
                     TIDE_OK);
    batch->first_position = 1;
    for (size_t i = 0; i < schema->column_count; i++) {
        struct tide_builder builder;

        tide_builder_init(&builder, schema->columns[i].type);
        for (size_t row = 0; row < count; row++) {
            const char *field = lines[row];

            for (size_t skip = 0; skip < i; skip++) {
                field += strcspn(field, "|") + 1;
            }
            assert_int_equal(append_field(&builder, field, strcspn(field, "|")), TIDE_OK);
        }
        assert_int_equal(tide_builder_finish(&builder, batch->array.children[i]),
                         TIDE_OK);
    }
}

void kit_schema(struct tide_schema *schema, const char *columns)
{
    memset(schema, 0, sizeof *schema);
    while (*columns) {
        size_t name = strcspn(columns, ":");
        const char *type = columns + name + 1;
        size_t length = strcspn(type, " !");
        bool required = type[length] == '!';
        int number = 0;

        while (strlen(tide_type_name(number)) != length ||
               strncmp(tide_type_name(number), type, length) != 0) {
            number++;
        }
        assert_int_equal(tide_schema_add_n(schema, columns, name, number,
                                           required ? TIDE_COLUMN_REQUIRED : 0),
                         TIDE_OK);
        columns = type + length + required;
        columns += strspn(columns, " ");
    }
}

void kit_destination_opens(struct kit_destination *destination)
{
    if (kit_destination_open(destination) != TIDE_OK) {
        fail_msg("%s", destination->err.message);
    }
}

void kit_destination_fails(struct kit_destination *destination, int code,
                           const char *words)
{
    assert_int_equal(kit_destination_open(destination), code);
    if (!strstr(destination->err.message, words)) {
        fail_msg("\"%s\" does not say \"%s\"", destination->err.message, words);
    }
    assert_null(destination->state);
    assert_null(destination->position);
    assert_int_equal(destination->accepted.column_count, 0);
    kit_destination_close(destination);
}

void kit_write_lines(struct kit_destination *destination, const char *const *lines,
                     size_t count)
{
    struct tide_batch batch;
    struct tide_batch *written = &batch;

    if (destination->request.lends) {
        assert_true(destination->lent_count < sizeof destination->lent / sizeof batch);
        written = &destination->lent[destination->lent_count++];
    }
    kit_batch(&destination->accepted, lines, count, written);
    if (kit_write(destination, written) != TIDE_OK) {
        fail_msg("%s", destination->err.message);
    }
    if (!destination->request.lends) {
        tide_batch_release(written);
    }
}

int kit_settle(struct kit_destination *destination)
{
    int rc = kit_destination_plugin()->settle(destination->state, &destination->err);

    for (size_t i = 0; i < destination->lent_count; i++) {
        tide_batch_release(&destination->lent[i]);
    }
    destination->lent_count = 0;
    return rc;
}

void kit_commit(struct kit_destination *destination)
{
    if (kit_destination_plugin()->commit(destination->state, NULL, true,
                                         &destination->err) != TIDE_OK) {
        fail_msg("%s", destination->err.message);
    }
}
