/*
 * null - destination that counts rows and drops them: to try a source, to measure a
 * pipeline.
 *
 * It takes every schema and every mode, and says in the log what came.
 */
#include <inttypes.h>
#include <tidemill/plugin.h>

struct counter {
    const struct tide_host *host;
    int64_t rows;
    int64_t batches;
};

static int null_open(const void *options, const struct tide_destination_request *request,
                     const struct tide_host *host, void **state,
                     struct tide_schema *accepted, char **position,
                     struct tide_error *err)
{
    struct counter *counter = calloc(1, sizeof *counter);

    (void)options;
    if (!counter || tide_schema_copy(request->schema, accepted) != TIDE_OK) {
        free(counter);
        return tide_error_memory(err);
    }
    counter->host = host;
    *state = counter;
    *position = NULL;
    return TIDE_OK;
}

static int null_write(void *state, const struct tide_batch *batch, struct tide_error *err)
{
    struct counter *counter = state;

    (void)err;
    counter->rows += batch->array.length;
    counter->batches++;
    return TIDE_OK;
}

static int null_commit(void *state, const char *position, bool final,
                       struct tide_error *err)
{
    const struct counter *counter = state;
    char message[96];

    (void)position;
    (void)err;
    if (!final) {
        return TIDE_MORE;
    }
    (void)snprintf(message, sizeof message,
                   "dropped %" PRId64 " rows in %" PRId64 " batches", counter->rows,
                   counter->batches);
    counter->host->log(counter->host, TIDE_LOG_INFO, message);
    return TIDE_OK;
}

static void null_close(void *state)
{
    free(state);
}

static const struct tide_destination null_destination = {
    .size = sizeof null_destination,
    .flags = TIDE_DESTINATION_APPEND | TIDE_DESTINATION_REPLACE | TIDE_DESTINATION_MERGE,
    .open = null_open,
    .write = null_write,
    .commit = null_commit,
    .close = null_close,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "null", "1.0", "Counts rows and drops them."),
    .destination = &null_destination,
};
