#include "format_harness.h"

#include <inttypes.h>
#include <json-c/json.h>
#include <setjmp.h>
#include <stdarg.h>
#include <tidemill/value.h>

#include <cmocka.h>

#include "base/memory.h"
#include "plugin/options.h"

extern const struct tide_plugin_entry tide_plugin_entry;

/* ---- the host ---- */

struct collector {
    struct tide_host host;
    FILE *rejects;
    FILE *messages;
    int64_t count;
    int64_t limit;
};

static int collect_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    struct collector *collector = host->context;

    if (collector->limit && collector->count == collector->limit) {
        return TIDE_E_LIMIT;
    }
    collector->count++;
    (void)fprintf(collector->rejects, "%s@%" PRId64 " %.*s\n", reject->code,
                  reject->position, (int)reject->raw_length, reject->raw);
    (void)fprintf(collector->messages, "%s\n", reject->message);
    return TIDE_OK;
}

static void collect_log(const struct tide_host *host, int level, const char *message)
{
    struct collector *collector = host->context;

    (void)fprintf(collector->messages, "log %d: %s\n", level, message);
}

static const void *bind_options(const char *text, struct tide_arena *arena)
{
    struct json_object *json = json_tokener_parse(text ? text : "{}");
    struct tide_error error = {0};
    const void *options = NULL;

    assert_non_null(json);
    if (tide_options_bind("", &tide_plugin_entry, json, ".", arena, &options, &error) !=
        TIDE_OK) {
        fail_msg("options %s: %s: %s", text, error.where, error.message);
    }
    json_object_put(json);
    return options;
}

/* ---- showing ---- */

static size_t format_value(const struct ArrowArray *column, int type, int64_t row,
                           char *out)
{
    switch (type) {
    case TIDE_TYPE_BOOL:
        return tide_format_bool(out, tide_array_bool(column, row));
    case TIDE_TYPE_INT64:
        return tide_format_int64(out, tide_array_int64(column, row));
    default:
        fail_msg("no decoder makes type %d", type);
        return 0;
    }
}

static void show_value(FILE *out, const struct ArrowArray *column, int type, int64_t row)
{
    char text[TIDE_VALUE_TEXT_MAX];
    const char *value = text;
    size_t length;

    if (tide_array_is_null(column, row)) {
        (void)fputs("|~", out);
        return;
    }
    if (tide_type_is_variable(type)) {
        value = tide_array_text(column, row, &length);
        assert_true(tide_is_utf8((const uint8_t *)value, length));
    } else {
        length = format_value(column, type, row, text);
    }
    (void)fputc('|', out);
    (void)fwrite(value, 1, length, out);
}

/* What every batch must keep to. */
static void check_batch(const struct tide_batch *batch, const struct tide_schema *schema)
{
    assert_int_equal(batch->array.n_children, schema->column_count);
    for (size_t i = 0; i < schema->column_count; i++) {
        const struct ArrowArray *column = batch->array.children[i];
        int64_t nulls = 0;

        assert_int_equal(column->length, batch->array.length);
        assert_int_equal(column->offset, 0);
        assert_int_equal(column->n_buffers,
                         tide_type_is_variable(schema->columns[i].type) ? 3 : 2);
        for (int64_t row = 0; row < column->length; row++) {
            nulls += tide_array_is_null(column, row);
        }
        assert_int_equal(column->null_count, nulls);
    }
}

static void show_batch(FILE *out, const struct tide_batch *batch,
                       const struct tide_schema *schema)
{
    check_batch(batch, schema);
    for (int64_t row = 0; row < batch->array.length; row++) {
        (void)fprintf(out, "%" PRId64, tide_batch_position(batch, row));
        for (size_t i = 0; i < schema->column_count; i++) {
            show_value(out, batch->array.children[i], schema->columns[i].type, row);
        }
        (void)fputc('\n', out);
    }
}

static char *show_schema(const struct tide_schema *schema)
{
    char *text;
    size_t size;
    FILE *out = open_memstream(&text, &size);

    for (size_t i = 0; i < schema->column_count; i++) {
        (void)fprintf(out, "%s%s:%s", i ? " " : "", schema->columns[i].name,
                      tide_type_name(schema->columns[i].type));
    }
    (void)fclose(out);
    return text;
}

/* ---- decoding ---- */

/* A decoder at work on a text, of which it sees [pos, seen). */
struct drive {
    const struct tide_format *format;
    const uint8_t *text;
    size_t length, step;
    size_t pos, seen;
    void *state;
    struct tide_schema schema;
    struct decoded *out;
    int (*take)(void *arg, const struct tide_batch *batch);
    void *arg;
    uint8_t *copy;
};

static struct tide_span make_span(struct drive *drive)
{
    size_t length = drive->seen - drive->pos;

    free(drive->copy);
    drive->copy = malloc(length + TIDE_PADDING);
    assert_non_null(drive->copy);
    memcpy(drive->copy, drive->text + drive->pos, length);
    memset(drive->copy + length, length % 2 ? '"' : '\n', TIDE_PADDING);
    return (struct tide_span){
        .data = drive->copy, .length = length, .last = drive->seen == drive->length};
}

static void see_more(struct drive *drive)
{
    assert_true(drive->seen < drive->length);
    drive->seen = drive->step && drive->length - drive->seen > drive->step
                      ? drive->seen + drive->step
                      : drive->length;
}

static int drive_schema(struct drive *drive)
{
    int rc = TIDE_MORE;

    drive->seen = 0;
    if (drive->length > 0) {
        see_more(drive);
    }
    while (rc == TIDE_MORE) {
        struct tide_span span = make_span(drive);

        rc = drive->format->decoder_schema(drive->state, &span, &drive->schema,
                                           &drive->out->error);
        if (rc == TIDE_MORE) {
            see_more(drive);
        }
    }
    return rc;
}

static int drive_rows(struct drive *drive)
{
    for (;;) {
        struct tide_span span = make_span(drive);
        struct tide_batch batch = {0};
        size_t consumed = 0;
        int rc = drive->format->decode(drive->state, &span, &consumed, &batch,
                                       &drive->out->error);

        if (rc == TIDE_MORE) {
            see_more(drive);
            continue;
        }
        if (rc != TIDE_OK) {
            assert_null(batch.array.release);
            return rc;
        }
        assert_true(consumed <= span.length);
        assert_true(consumed > 0 || batch.array.length > 0);
        assert_true(batch.array.length == 0 || batch.flags & TIDE_BATCH_WRITABLE);
        drive->pos += consumed;
        drive->out->row_count += batch.array.length;
        drive->out->batch_count++;
        rc = drive->take(drive->arg, &batch);
        tide_batch_release(&batch);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
}

/* Open, find the columns, take all rows; start is called with the schema in between. */
static void drive_all(struct drive *drive, const struct decode_how *how,
                      struct collector *collector, void (*start)(struct drive *))
{
    struct tide_arena *arena = tide_arena_create();
    struct tide_decoder_request request = {
        .size = sizeof request,
        .batch_rows = how->batch_rows ? how->batch_rows : 16384,
        .batch_bytes = how->batch_bytes ? how->batch_bytes : 4 << 20,
        .origin = "in.txt",
        .declared = how->declared};
    const void *options;
    int rc;

    options = bind_options(how->options, arena);
    drive->format = tide_plugin_entry.format;
    drive->step = how->step;
    rc = drive->format->decoder_open(options, &request, &collector->host, &drive->state,
                                     &drive->out->error);
    if (rc == TIDE_OK) {
        rc = drive_schema(drive);
    }
    if (rc == TIDE_OK) {
        start(drive);
        rc = drive_rows(drive);
    }
    drive->out->code = rc;
    drive->format->decoder_close(drive->state);
    free(drive->copy);
    tide_arena_destroy(arena);
}

struct shower {
    FILE *out;
    const struct tide_schema *schema;
};

static int take_shown(void *arg, const struct tide_batch *batch)
{
    const struct shower *shower = arg;

    show_batch(shower->out, batch, shower->schema);
    return TIDE_OK;
}

static void start_showing(struct drive *drive)
{
    free(drive->out->schema);
    drive->out->schema = show_schema(&drive->schema);
}

struct decoded decode(const void *text, size_t length, const struct decode_how *how)
{
    struct decoded out = {.schema = strdup("")};
    size_t sizes[3];
    struct collector collector = {.limit = how->reject_limit};
    struct shower shower = {.out = open_memstream(&out.rows, &sizes[0])};
    struct drive drive = {
        .text = text, .length = length, .out = &out, .take = take_shown, .arg = &shower};

    collector.host = (struct tide_host){.abi = TIDE_ABI,
                                        .size = sizeof collector.host,
                                        .context = &collector,
                                        .log = collect_log,
                                        .reject = collect_reject};
    collector.rejects = open_memstream(&out.rejects, &sizes[1]);
    collector.messages = open_memstream(&out.messages, &sizes[2]);
    shower.schema = &drive.schema;
    drive_all(&drive, how, &collector, start_showing);
    (void)fclose(shower.out);
    (void)fclose(collector.rejects);
    (void)fclose(collector.messages);
    tide_schema_clear(&drive.schema);
    return out;
}

struct decoded decode_text(const char *text, const char *options)
{
    struct decode_how how = {.options = options};

    return decode(text, strlen(text), &how);
}

void decoded_clear(struct decoded *decoded)
{
    free(decoded->schema);
    free(decoded->rows);
    free(decoded->rejects);
    free(decoded->messages);
    memset(decoded, 0, sizeof *decoded);
}

void decoded_expect_same(const struct decoded *a, const struct decoded *b)
{
    assert_int_equal(a->code, b->code);
    assert_string_equal(a->schema, b->schema);
    assert_string_equal(a->rows, b->rows);
    assert_string_equal(a->rejects, b->rejects);
}

char *decode_rows(const char *text, const char *options)
{
    struct decoded out = decode_text(text, options);
    char *rows = out.rows;

    assert_int_equal(out.code, TIDE_END);
    assert_string_equal(out.rejects, "");
    out.rows = NULL;
    decoded_clear(&out);
    return rows;
}

/* ---- encoding ---- */

static int append_parsed(struct tide_builder *builder, const char *text)
{
    size_t length = strlen(text);
    int64_t wide = 0;
    int32_t narrow = 0;
    double number = 0;
    bool flag = false;

    switch (builder->type) {
    case TIDE_TYPE_BOOL:
        assert_int_equal(tide_parse_bool(text, length, &flag), TIDE_OK);
        return tide_append_bool(builder, flag);
    case TIDE_TYPE_INT64:
        assert_int_equal(tide_parse_int64(text, length, &wide), TIDE_OK);
        return tide_append_int64(builder, wide);
    case TIDE_TYPE_FLOAT64:
        assert_int_equal(tide_parse_float64(text, length, &number), TIDE_OK);
        return tide_append_float64(builder, number);
    case TIDE_TYPE_DATE:
        assert_int_equal(tide_parse_date(text, length, &narrow), TIDE_OK);
        return tide_append_int32(builder, narrow);
    case TIDE_TYPE_TIME:
        assert_int_equal(tide_parse_time(text, length, &wide), TIDE_OK);
        return tide_append_int64(builder, wide);
    case TIDE_TYPE_TIMESTAMP:
        assert_int_equal(tide_parse_timestamp(text, length, &wide), TIDE_OK);
        return tide_append_int64(builder, wide);
    case TIDE_TYPE_DATETIME:
        assert_int_equal(tide_parse_datetime(text, length, &wide), TIDE_OK);
        return tide_append_int64(builder, wide);
    default:
        return tide_append_bytes(builder, text, length);
    }
}

void batch_make(struct tide_batch *batch, const struct tide_schema *schema,
                const char *const *values, int64_t rows)
{
    size_t count = schema->column_count;

    assert_int_equal(tide_batch_init(batch, count, rows), TIDE_OK);
    for (size_t i = 0; i < count; i++) {
        struct tide_builder builder;

        tide_builder_init(&builder, schema->columns[i].type);
        for (int64_t row = 0; row < rows; row++) {
            const char *text = values[(size_t)row * count + i];
            int rc = text ? append_parsed(&builder, text) : tide_append_null(&builder);

            assert_int_equal(rc, TIDE_OK);
        }
        assert_int_equal(tide_builder_finish(&builder, batch->array.children[i]),
                         TIDE_OK);
    }
}

/* An encoder that writes to a stream. */
struct writer {
    void *state;
    FILE *out;
    struct tide_arena *arena;
    const char *options;
    char *text;
    size_t length;
};

static int writer_take(void *arg, const struct tide_batch *batch)
{
    struct writer *writer = arg;
    struct tide_error error = {0};
    const uint8_t *data;
    size_t length;

    assert_int_equal(
        tide_plugin_entry.format->encode(writer->state, batch, &data, &length, &error),
        TIDE_OK);
    if (length > 0) {
        assert_int_equal(fwrite(data, 1, length, writer->out), length);
    }
    return TIDE_OK;
}

static void writer_open(struct writer *writer, const struct tide_schema *schema)
{
    static const struct tide_host host = {.abi = TIDE_ABI, .size = sizeof host};
    const struct tide_format *format = tide_plugin_entry.format;
    struct tide_error error = {0};

    writer->arena = tide_arena_create();
    if (format->encoder_open(bind_options(writer->options, writer->arena), schema, &host,
                             &writer->state, &error) != TIDE_OK) {
        fail_msg("encoder_open: %s", error.message);
    }
    assert_int_equal(format->encoder_begin(writer->state, false, &error), TIDE_OK);
    writer->out = open_memstream(&writer->text, &writer->length);
}

static char *writer_close(struct writer *writer, size_t *length)
{
    (void)writer_take(writer, NULL);
    (void)fclose(writer->out);
    tide_plugin_entry.format->encoder_close(writer->state);
    tide_arena_destroy(writer->arena);
    *length = writer->length;
    return writer->text;
}

char *encode(const struct tide_schema *schema, const struct tide_batch *batches,
             size_t batch_count, const char *options, size_t *length)
{
    struct writer writer = {.options = options};

    writer_open(&writer, schema);
    for (size_t i = 0; i < batch_count; i++) {
        (void)writer_take(&writer, &batches[i]);
    }
    return writer_close(&writer, length);
}

char *encode_values(const struct tide_schema *schema, const char *const *values,
                    int64_t rows, const char *options)
{
    struct tide_batch batch;
    size_t length;
    char *text;

    batch_make(&batch, schema, values, rows);
    text = encode(schema, &batch, 1, options, &length);
    tide_batch_release(&batch);
    return text;
}

static void start_writing(struct drive *drive)
{
    writer_open(drive->arg, &drive->schema);
}

static int refuse_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    (void)host;
    fail_msg("line %" PRId64 ": %s", reject->position, reject->message);
    return TIDE_OK;
}

static void pass_log(const struct tide_host *host, int level, const char *message)
{
    (void)host;
    (void)level;
    (void)message;
}

char *recode(const void *text, size_t length, const char *options, size_t *out_length)
{
    struct decode_how how = {.options = options};
    struct decoded out = {0};
    struct collector collector = {
        .host = {.abi = TIDE_ABI, .log = pass_log, .reject = refuse_reject}};
    struct writer writer = {.options = options};
    struct drive drive = {
        .text = text, .length = length, .out = &out, .take = writer_take, .arg = &writer};
    char *result;

    drive_all(&drive, &how, &collector, start_writing);
    assert_int_equal(out.code, TIDE_END);
    result = writer_close(&writer, out_length);
    tide_schema_clear(&drive.schema);
    return result;
}

uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}
