/*
 * first - a source compiled against the first headers: a column of each type, rows
 * numbered from 1, and a position.
 */
#include <inttypes.h>
#include <stdio.h>
#include <tidemill/plugin.h>
#include <tidemill/row.h>

struct first {
    int64_t rows;
    const char *word;
    bool rejects;
};

static const struct tide_option first_options[] = {
    {.name = "rows",
     .type = TIDE_OPTION_INT,
     .default_value = "20",
     .minimum = 0,
     .maximum = 1000000,
     .offset = offsetof(struct first, rows),
     .help = "How many rows there are."},
    {.name = "word",
     .type = TIDE_OPTION_STRING,
     .default_value = "tide",
     .offset = offsetof(struct first, word),
     .help = "The text of each row."},
    {.name = "rejects",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct first, rejects),
     .help = "Refuse a row of each batch."},
    {0},
};

struct reading {
    const struct first *options;
    const struct tide_host *host;
    struct tide_row_builder rows;
    int64_t next; /**< number of the next row */
    char position[32];
};

static int first_schema(struct tide_schema *schema)
{
    int rc = tide_schema_add(schema, "id", TIDE_TYPE_INT64,
                             TIDE_COLUMN_KEY | TIDE_COLUMN_REQUIRED);

    for (int type = 0; rc == TIDE_OK && type < TIDE_TYPE_COUNT; type++) {
        rc = tide_schema_add(schema, tide_type_name(type), type, 0);
    }
    return rc;
}

static int first_discover(const void *options, const struct tide_host *host,
                          tide_discover_fn emit, void *arg, struct tide_error *err)
{
    struct tide_schema schema = {0};
    int rc = first_schema(&schema);

    (void)options;
    (void)host;
    rc = rc == TIDE_OK ? emit(arg, "numbers", &schema)
                       : tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    tide_schema_clear(&schema);
    return rc;
}

static void first_close(void *state)
{
    struct reading *reading = state;

    if (reading) {
        tide_row_builder_fini(&reading->rows);
        free(reading);
    }
}

static int first_open(const void *options, const struct tide_source_request *request,
                      const struct tide_host *host, void **state,
                      struct tide_schema *schema, struct tide_error *err)
{
    struct reading *reading = host->allocate(host, sizeof *reading);

    if (!reading || first_schema(schema) != TIDE_OK ||
        tide_row_builder_init(&reading->rows, schema,
                              request->batch_rows > 8 ? 8 : request->batch_rows,
                              request->batch_bytes) != TIDE_OK) {
        free(reading);
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    reading->options = options;
    reading->host = host;
    reading->next = request->position ? strtoll(request->position, NULL, 10) + 1 : 1;
    *state = reading;
    host->log(host, TIDE_LOG_INFO, request->position ? "goes on" : "begins");
    return TIDE_OK;
}

static void set_row(struct tide_row_builder *rows, int64_t id, const char *word)
{
    tide_row_set_int64(rows, 0, id);
    tide_row_set_bool(rows, 1 + TIDE_TYPE_BOOL, id % 2 == 1);
    tide_row_set_int64(rows, 1 + TIDE_TYPE_INT64, -id);
    tide_row_set_float64(rows, 1 + TIDE_TYPE_FLOAT64, (double)id / 4);
    tide_row_set_text(rows, 1 + TIDE_TYPE_DECIMAL, "-12.50");
    tide_row_set_text(rows, 1 + TIDE_TYPE_STRING, id % 5 == 0 ? NULL : word);
    tide_row_set_bytes(rows, 1 + TIDE_TYPE_BYTES, "a\0b", 3);
    tide_row_set_date(rows, 1 + TIDE_TYPE_DATE, (int32_t)id);
    tide_row_set_int64(rows, 1 + TIDE_TYPE_TIME, id * 1000000);
    tide_row_set_int64(rows, 1 + TIDE_TYPE_TIMESTAMP, id * 1000000);
    tide_row_set_text(rows, 1 + TIDE_TYPE_UUID, "6f9619ff-8b86-4011-b42d-00c04fc964ff");
    tide_row_set_text(rows, 1 + TIDE_TYPE_JSON, "{\"a\":1}");
    tide_row_set_int64(rows, 1 + TIDE_TYPE_DATETIME, id);
    tide_row_set_position(rows, id);
}

static int refuse(const struct reading *reading)
{
    const struct tide_reject reject = {.code = "no_row",
                                       .message = "this is no row",
                                       .origin = "numbers",
                                       .position = reading->next,
                                       .raw = "?",
                                       .raw_length = 1};

    return reading->host->reject(reading->host, &reject);
}

static int first_read(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct reading *reading = state;
    struct tide_row_builder *rows = &reading->rows;

    if (reading->host->cancelled(reading->host)) {
        return tide_error_set(err, TIDE_E_CANCELLED, "cancelled");
    }
    if (reading->next > reading->options->rows) {
        return TIDE_END;
    }
    if (reading->options->rejects && refuse(reading) != TIDE_OK) {
        return tide_error_set(err, TIDE_E_LIMIT, "too many bad rows");
    }
    while (reading->next <= reading->options->rows && !tide_row_builder_is_full(rows)) {
        set_row(rows, reading->next, reading->options->word);
        if (tide_row_end(rows) == TIDE_OK) {
            reading->next++;
        }
    }
    (void)snprintf(reading->position, sizeof reading->position, "%" PRId64,
                   reading->next - 1);
    if (tide_row_builder_finish(rows, batch) != TIDE_OK) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    return TIDE_OK;
}

static const char *first_position(void *state)
{
    const struct reading *reading = state;

    return reading->position[0] ? reading->position : NULL;
}

static int first_acknowledge(void *state, const char *position, struct tide_error *err)
{
    (void)state;
    (void)position;
    (void)err;
    return TIDE_OK;
}

static const struct tide_source first = {.size = sizeof first,
                                         .flags = TIDE_SOURCE_INCREMENTAL,
                                         .discover = first_discover,
                                         .open = first_open,
                                         .read = first_read,
                                         .position = first_position,
                                         .acknowledge = first_acknowledge,
                                         .close = first_close};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "first", "1.0", "Numbers, of the first headers."),
    .options = first_options, .options_size = sizeof(struct first), .source = &first};
