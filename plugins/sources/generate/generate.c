/*
 * generate - source that makes rows from a seed, for trials, tests and benchmarks.
 *
 * Row i of column c is a function of (seed, c, i) alone: the same options give the same
 * rows on every machine, in batches of any size.
 */
#include <tidemill/plugin.h>
#include <time.h>

#include "values.h"

struct generate {
    int64_t rows;
    int64_t seed;
    double nulls;
    int64_t delay;
    struct tide_map columns;
};

struct generated_column {
    const struct generator *generator;
    uint64_t salt;
    struct tide_builder builder;
};

struct reader {
    const struct generate *options;
    const struct tide_source_request *request;
    const struct tide_host *host;
    struct generated_column *columns;
    size_t column_count;
    uint64_t null_below; /* a value is null when its 32-bit number is below this */
    int64_t next_row;
    int64_t rows_per_batch;
};

static const struct tide_option generate_options[] = {
    {.name = "rows",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct generate, rows),
     .default_value = "1000",
     .maximum = INT64_MAX,
     .help = "How many rows to make."},
    {.name = "seed",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct generate, seed),
     .default_value = "1",
     .help = "The same seed makes the same rows."},
    {.name = "columns",
     .type = TIDE_OPTION_MAP,
     .offset = offsetof(struct generate, columns),
     .help = "Column name to kind of value: " GENERATOR_WORDS
             ". Without it, a table with a column of every type.",
     .example = "{id: id, customer: name, price: decimal}"},
    {.name = "nulls",
     .type = TIDE_OPTION_FLOAT,
     .offset = offsetof(struct generate, nulls),
     .default_value = "0",
     .help = "The share of values that are null, from 0 to 1; an id never is."},
    {.name = "delay",
     .type = TIDE_OPTION_DURATION,
     .offset = offsetof(struct generate, delay),
     .default_value = "0s",
     .maximum = INT64_MAX,
     .help = "How long to wait before each batch.",
     .example = "100ms"},
    {0},
};

static const struct tide_pair default_columns[] = {
    {"id", "id"},           {"active", "bool"},          {"quantity", "int64"},
    {"score", "float64"},   {"price", "decimal"},        {"name", "name"},
    {"email", "email"},     {"phone", "phone"},          {"notes", "text"},
    {"payload", "bytes"},   {"birthday", "date"},        {"opens_at", "time"},
    {"local", "datetime"},  {"updated_at", "timestamp"}, {"token", "uuid"},
    {"attributes", "json"},
};

static struct tide_map columns_of(const struct generate *options)
{
    struct tide_map map = {default_columns,
                           sizeof default_columns / sizeof default_columns[0]};

    return options->columns.count > 0 ? options->columns : map;
}

static int check_column(const struct tide_pair *pair, struct tide_error *err)
{
    const char *nearest;

    if (generator_find(pair->value)) {
        return TIDE_OK;
    }
    nearest = generator_nearest(pair->value);
    return tide_error_at(err, TIDE_E_CONFIG, "columns",
                         "column \"%s\": there is no kind of value \"%s\"; known are "
                         "%s%s%s%s",
                         pair->key, pair->value, GENERATOR_WORDS,
                         nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                         nearest ? "\"?" : "");
}

static int generate_check(const void *options, const struct tide_host *host,
                          struct tide_error *err)
{
    const struct generate *generate = options;
    struct tide_map columns = columns_of(generate);
    int rc = TIDE_OK;

    (void)host;
    if (!(generate->nulls >= 0 && generate->nulls <= 1)) {
        return tide_error_at(err, TIDE_E_CONFIG, "nulls", "must be from 0 to 1");
    }
    for (size_t i = 0; rc == TIDE_OK && i < columns.count; i++) {
        rc = check_column(&columns.pairs[i], err);
    }
    return rc;
}

static int add_column(const struct tide_pair *pair, struct tide_schema *schema,
                      struct tide_error *err)
{
    const struct generator *generator = generator_find(pair->value);
    uint32_t flags;

    if (check_column(pair, err) != TIDE_OK) {
        return TIDE_E_CONFIG;
    }
    flags = generator->append == generator_find("id")->append
                ? TIDE_COLUMN_REQUIRED | TIDE_COLUMN_KEY
                : 0;
    if (tide_schema_add(schema, pair->key, generator->type, flags) != TIDE_OK) {
        return tide_error_memory(err);
    }
    return TIDE_OK;
}

static int fill_schema(const struct generate *options, struct tide_schema *schema,
                       struct tide_error *err)
{
    struct tide_map columns = columns_of(options);
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < columns.count; i++) {
        rc = add_column(&columns.pairs[i], schema, err);
    }
    return rc;
}

/* A number for each column that depends on its name, not on its place. */
static uint64_t salt_of(int64_t seed, const char *name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (const char *at = name; *at; at++) {
        hash = (hash ^ (uint8_t)*at) * UINT64_C(0x100000001b3);
    }
    return generator_mix(hash + generator_mix((uint64_t)seed));
}

static void prepare_columns(struct reader *reader)
{
    struct tide_map columns = columns_of(reader->options);
    int64_t row_size = 1;

    for (size_t i = 0; i < columns.count; i++) {
        struct generated_column *column = &reader->columns[i];

        column->generator = generator_find(columns.pairs[i].value);
        column->salt = salt_of(reader->options->seed, columns.pairs[i].key);
        tide_builder_init(&column->builder, column->generator->type);
        row_size += column->generator->size;
    }
    reader->column_count = columns.count;
    reader->rows_per_batch = reader->request->batch_bytes / row_size;
    if (reader->rows_per_batch > reader->request->batch_rows) {
        reader->rows_per_batch = reader->request->batch_rows;
    }
    if (reader->rows_per_batch < 1) {
        reader->rows_per_batch = 1;
    }
}

static void generate_close(void *state)
{
    struct reader *reader = state;

    if (!reader) {
        return;
    }
    for (size_t i = 0; i < reader->column_count; i++) {
        tide_builder_clear(&reader->columns[i].builder);
    }
    free(reader->columns);
    free(reader);
}

static int generate_open(const void *options, const struct tide_source_request *request,
                         const struct tide_host *host, void **state,
                         struct tide_schema *schema, struct tide_error *err)
{
    const struct generate *generate = options;
    struct reader *reader;
    int rc;

    rc = generate_check(options, host, err);
    if (rc == TIDE_OK) {
        rc = fill_schema(generate, schema, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    reader = calloc(1, sizeof *reader);
    if (!reader) {
        return tide_error_memory(err);
    }
    reader->options = generate;
    reader->request = request;
    reader->host = host;
    reader->null_below = (uint64_t)(generate->nulls * 0x1p32);
    reader->columns = calloc(columns_of(generate).count, sizeof *reader->columns);
    if (!reader->columns) {
        generate_close(reader);
        return tide_error_memory(err);
    }
    prepare_columns(reader);
    *state = reader;
    return TIDE_OK;
}

/* Wait in short pieces, so that a cancelled run ends soon. */
static int wait_for_batch(const struct reader *reader, struct tide_error *err)
{
    int64_t left = reader->options->delay;

    while (left > 0 && !reader->host->cancelled(reader->host)) {
        int64_t piece = left < 50000 ? left : 50000;
        struct timespec pause = {.tv_nsec = piece * 1000};

        (void)nanosleep(&pause, NULL);
        left -= piece;
    }
    if (reader->host->cancelled(reader->host)) {
        return tide_error_cancelled(err);
    }
    return TIDE_OK;
}

static int fill_column(const struct reader *reader, struct generated_column *column,
                       int64_t count)
{
    const struct generator *generator = column->generator;
    uint64_t null_below = generator->never_null ? 0 : reader->null_below;
    int rc = tide_builder_reserve(&column->builder, count,
                                  (size_t)(count * generator->size * 5 / 4));

    for (int64_t row = reader->next_row; rc == TIDE_OK && row < reader->next_row + count;
         row++) {
        uint64_t random =
            generator_mix(column->salt + (uint64_t)row * UINT64_C(0x9e3779b97f4a7c15));

        if (null_below > 0 && generator_mix(~random) >> 32 < null_below) {
            rc = tide_append_null(&column->builder);
        } else {
            rc = generator->append(&column->builder, random, row);
        }
    }
    return rc;
}

static int fill_batch(struct reader *reader, struct tide_batch *batch, int64_t count)
{
    int rc = tide_batch_init(batch, reader->column_count, count);

    batch->flags = TIDE_BATCH_WRITABLE;
    for (size_t i = 0; rc == TIDE_OK && i < reader->column_count; i++) {
        struct generated_column *column = &reader->columns[i];

        rc = fill_column(reader, column, count);
        if (rc == TIDE_OK) {
            rc = tide_builder_finish(&column->builder, batch->array.children[i]);
        }
    }
    return rc;
}

static int generate_read(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct reader *reader = state;
    int64_t count = reader->options->rows - reader->next_row;
    int rc;

    if (count <= 0) {
        return TIDE_END;
    }
    if (count > reader->rows_per_batch) {
        count = reader->rows_per_batch;
    }
    rc = wait_for_batch(reader, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    rc = fill_batch(reader, batch, count);
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
        return tide_error_set(err, rc, "out of memory for a batch of %lld rows",
                              (long long)count);
    }
    batch->first_position = reader->next_row + 1;
    batch->origin = reader->request->table;
    reader->next_row += count;
    return TIDE_OK;
}

static bool generate_at_end(void *state)
{
    const struct reader *reader = state;

    return reader->next_row >= reader->options->rows;
}

static const char *generate_position(void *state)
{
    (void)state;
    return NULL;
}

static int generate_discover(const void *options, const struct tide_host *host,
                             tide_discover_fn emit, void *arg, struct tide_error *err)
{
    struct tide_schema schema = {0};
    int rc = fill_schema(options, &schema, err);

    (void)host;
    if (rc == TIDE_OK) {
        rc = emit(arg, "rows", &schema);
    }
    tide_schema_clear(&schema);
    return rc < 0 ? rc : TIDE_OK;
}

static const struct tide_source generate_source = {
    .size = sizeof generate_source,
    .discover = generate_discover,
    .open = generate_open,
    .read = generate_read,
    .position = generate_position,
    .close = generate_close,
    .at_end = generate_at_end,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "generate", "1.0",
                     "Makes rows from a seed, for trials and benchmarks."),
    .options = generate_options,
    .options_size = sizeof(struct generate),
    .check = generate_check,
    .source = &generate_source,
};
