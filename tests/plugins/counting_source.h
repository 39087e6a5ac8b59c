/*
 * counting_source - a source that counts, and at its third batch does what the plugin
 * that includes it is named for.
 *
 * The includer defines misbehave(), which gets the batch that is about to be handed over
 * (its result is that of read), and ends with COUNTING_SOURCE(name, summary).
 */
#ifndef TIDE_TESTS_COUNTING_SOURCE_H
#define TIDE_TESTS_COUNTING_SOURCE_H

#include <tidemill/plugin.h>
#include <tidemill/row.h>

struct counting {
    const void *options;
    const struct tide_host *host;
    struct tide_row_builder *rows;
    int64_t batches;
};

#define COUNTING_BATCH_ROWS 1000
#define COUNTING_BATCHES 5

/** Called with the third batch. */
static int misbehave(struct counting *counting, struct tide_batch *batch,
                     struct tide_error *err);

static void counting_close(void *state)
{
    struct counting *counting = state;

    if (counting) {
        tide_row_builder_destroy(counting->rows);
        free(counting);
    }
}

static int counting_open(const void *options, const struct tide_source_request *request,
                         const struct tide_host *host, void **state,
                         struct tide_schema *schema, struct tide_error *err)
{
    struct counting *counting = calloc(1, sizeof *counting);

    if (!counting || tide_schema_add(schema, "id", TIDE_TYPE_INT64, 0) != TIDE_OK ||
        tide_schema_add(schema, "text", TIDE_TYPE_STRING, 0) != TIDE_OK) {
        free(counting);
        return tide_error_memory(err);
    }
    counting->options = options;
    counting->host = host;
    counting->rows =
        tide_row_builder_create(schema, COUNTING_BATCH_ROWS, request->batch_bytes);
    if (!counting->rows) {
        counting_close(counting);
        return tide_error_memory(err);
    }
    *state = counting;
    return TIDE_OK;
}

static int counting_read(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct counting *counting = state;
    struct tide_row_builder *rows = counting->rows;
    int rc;

    if (counting->batches == COUNTING_BATCHES) {
        return TIDE_END;
    }
    while (!tide_row_builder_is_full(rows)) {
        tide_row_set_int64(rows, 0, rows->total + 1);
        tide_row_set_text(rows, 1, "row");
        tide_row_end(rows);
    }
    counting->batches++;
    rc = tide_row_builder_finish(rows, batch);
    return rc == TIDE_OK && counting->batches == 3 ? misbehave(counting, batch, err) : rc;
}

static const struct tide_source counting_source = {.size = sizeof(struct tide_source),
                                                   .open = counting_open,
                                                   .read = counting_read,
                                                   .close = counting_close};

#define COUNTING_SOURCE(name_, summary_)                                                 \
    TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, name_, "1.0", summary_),     \
                         .source = &counting_source}

#endif
