/*
 * sqlite - source: tables and views of a SQLite database.
 *
 * A table is read in one transaction, as it was at one moment; it ends with the last
 * row, so that a run may write into the same database.
 */
#include "reader.h"

static const struct tide_option sqlite_option_table[] = {
    {.name = "path",
     .type = TIDE_OPTION_PATH,
     .required = true,
     .offset = offsetof(struct sqlite_options, path),
     .help = "The database file.",
     .example = "./shop.db"},
    {.name = "busy_timeout",
     .type = TIDE_OPTION_DURATION,
     .offset = offsetof(struct sqlite_options, busy_timeout),
     .default_value = "5s",
     .maximum = INT64_C(3600000000),
     .help = "How long to wait while another program has the database locked."},
    {0},
};

/* Called by SQLite now and then in a long query: other than 0 interrupts it. */
static int is_cancelled(void *arg)
{
    const struct tide_host *host = arg;

    return host->cancelled(host);
}

static int open_database(const struct sqlite_options *options,
                         const struct tide_host *host, struct database *database,
                         struct tide_error *err)
{
    union {
        const struct tide_host *borrowed;
        void *arg;
    } host_arg = {host};
    int rc = database_open(database, options->path, false, options->busy_timeout, err);

    if (rc == TIDE_OK) {
        sqlite3_progress_handler(database->handle, 100000, is_cancelled, host_arg.arg);
    }
    return rc;
}

static int sqlite_discover(const void *options, const struct tide_host *host,
                           tide_discover_fn emit, void *arg, struct tide_error *err)
{
    struct database database = {0};
    int rc = open_database(options, host, &database, err);

    if (rc == TIDE_OK) {
        rc = table_discover(&database, emit, arg, err);
    }
    database_close(&database);
    return rc;
}

static void sqlite_close(void *state)
{
    struct reader *reader = state;

    if (!reader) {
        return;
    }
    rows_end(reader);
    (void)sqlite3_finalize(reader->json_check);
    (void)sqlite3_finalize(reader->tie_check);
    front_clear(&reader->front);
    front_clear(&reader->known);
    front_clear(&reader->present);
    for (size_t i = 0; i < reader->place_count; i++) {
        sqlite3_value_free(reader->place[i]);
    }
    free(reader->place);
    sqlite3_free(reader->place_names);
    sqlite3_free(reader->same);
    database_close(&reader->database);
    for (size_t i = 0; reader->builders && i < reader->schema.column_count; i++) {
        tide_builder_clear(&reader->builders[i]);
    }
    free(reader->builders);
    sqlite3_free(reader->position);
    tide_schema_clear(&reader->schema);
    free(reader);
}

static int prepare_state(struct reader *reader, struct tide_schema *schema,
                         struct tide_error *err)
{
    const struct tide_source_request *request = reader->request;
    size_t count = reader->schema.column_count;

    reader->builders = calloc(count, sizeof *reader->builders);
    if (request->position) {
        reader->position = sqlite3_mprintf("%s", request->position);
    }
    if (!reader->builders || (request->position && !reader->position) ||
        tide_schema_copy(&reader->schema, schema) != TIDE_OK) {
        return tide_error_memory(err);
    }
    for (size_t i = 0; i < count; i++) {
        tide_builder_init(&reader->builders[i], reader->schema.columns[i].type);
    }
    return TIDE_OK;
}

static int sqlite_open(const void *options, const struct tide_source_request *request,
                       const struct tide_host *host, void **state,
                       struct tide_schema *schema, struct tide_error *err)
{
    struct reader *reader = calloc(1, sizeof *reader);
    int rc;

    if (!reader) {
        return tide_error_memory(err);
    }
    reader->options = options;
    reader->request = request;
    reader->host = host;
    rc = open_database(options, host, &reader->database, err);
    if (rc == TIDE_OK) {
        rc = query_open(reader, err);
    }
    if (rc == TIDE_OK) {
        rc = prepare_state(reader, schema, err);
    }
    if (rc != TIDE_OK) {
        sqlite_close(reader);
        return rc;
    }
    *state = reader;
    return TIDE_OK;
}

/* Within a table only a key tells where a read may go on; at its end the cursor is what
 * the next run starts from, and a table read as a whole starts over. */
static const char *sqlite_position(void *state)
{
    const struct reader *reader = state;
    bool is_known = reader->rows ? reader->has_key : reader->request->cursor != NULL;
    bool is_good = !reader->request->exact || reader->same;

    return is_known && is_good ? reader->position : NULL;
}

static const struct tide_source sqlite_source = {
    .size = sizeof sqlite_source,
    .flags = TIDE_SOURCE_INCREMENTAL | TIDE_SOURCE_RESUMABLE | TIDE_SOURCE_ORDERED |
             TIDE_SOURCE_EXACT,
    .discover = sqlite_discover,
    .open = sqlite_open,
    .read = rows_read,
    .position = sqlite_position,
    .close = sqlite_close,
    .at_end = rows_at_end,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "sqlite", "1.0",
                     "Reads tables of a SQLite database."),
    .options = sqlite_option_table,
    .options_size = sizeof(struct sqlite_options),
    .source = &sqlite_source,
};
