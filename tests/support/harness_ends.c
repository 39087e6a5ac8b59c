/*
 * harness_ends - a source read to its end, and a destination written once.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "plugin_harness.h"

#define BATCH_ROWS 16384
#define BATCH_BYTES (INT64_C(4) << 20)

/* ---- sources ---- */

static void take_batch(struct tide_batch *batch, struct harness_rows *rows,
                       struct tide_text *lines)
{
    int64_t count = batch->array.length;
    char *more = harness_lines(batch, &rows->schema);

    tide_text_append(lines, more);
    free(more);
    rows->count += count;
    rows->first = rows->batches > 0 ? rows->first : count;
    rows->batches += count > 0;
    rows->most = count > rows->most ? count : rows->most;
    tide_batch_release(batch);
}

static int read_batches(struct plugin_harness *harness, void *state,
                        struct harness_rows *rows, struct tide_text *lines)
{
    const struct tide_source *source = harness->plugin->source;

    for (;;) {
        struct tide_batch batch = {0};
        int rc = source->read(state, &batch, &harness->err);

        if (rc != TIDE_OK) {
            if (batch.array.release) {
                harness_abort("a read that gave %d left a batch", rc);
            }
            return rc == TIDE_END ? TIDE_OK : rc;
        }
        take_batch(&batch, rows, lines);
    }
}

int plugin_harness_read_request(struct plugin_harness *harness,
                                const struct tide_source_request *request,
                                struct harness_rows *rows)
{
    const struct tide_source *source = harness->plugin->source;
    struct tide_source_request whole = *request;
    struct tide_text lines = {0};
    const char *position;
    void *state = NULL;
    int rc;

    *rows = (struct harness_rows){0};
    whole.size = sizeof whole;
    whole.batch_rows = request->batch_rows ? request->batch_rows : BATCH_ROWS;
    whole.batch_bytes = request->batch_bytes ? request->batch_bytes : BATCH_BYTES;
    rc = source->open(harness->options, &whole, &harness->host, &state, &rows->schema,
                      &harness->err);
    if (rc == TIDE_OK) {
        rc = read_batches(harness, state, rows, &lines);
        position = source->position ? source->position(state) : NULL;
        rows->position = position ? tide_strdup(position) : NULL;
        source->close(state);
    }
    rows->columns = harness_columns(&rows->schema);
    rows->lines = tide_text_take(&lines);
    return rc;
}

int plugin_harness_read(struct plugin_harness *harness, const char *table,
                        struct harness_rows *rows)
{
    const struct tide_source_request request = {.table = table};

    return plugin_harness_read_request(harness, &request, rows);
}

void harness_rows_fini(struct harness_rows *rows)
{
    tide_schema_clear(&rows->schema);
    free(rows->columns);
    free(rows->lines);
    free(rows->position);
}

/* ---- destinations ---- */

static void check_accepted(const struct tide_schema *accepted,
                           const struct tide_schema *offered)
{
    char *took = harness_columns(accepted), *came = harness_columns(offered);
    bool same = accepted->column_count == offered->column_count;

    for (size_t i = 0; same && i < offered->column_count; i++) {
        same = strcmp(accepted->columns[i].name, offered->columns[i].name) == 0 &&
               accepted->columns[i].type == offered->columns[i].type;
    }
    if (!same) {
        harness_abort("accepted (%s) is not what was offered (%s)", took, came);
    }
    free(took);
    free(came);
}

static int write_all(struct plugin_harness *harness, void *state,
                     const struct tide_batch *batch, const char *position)
{
    const struct tide_destination *destination = harness->plugin->destination;
    int rc = destination->write(state, batch, &harness->err);

    return rc == TIDE_OK ? destination->commit(state, position, true, &harness->err) : rc;
}

int plugin_harness_write(struct plugin_harness *harness,
                         const struct tide_destination_request *request,
                         const struct tide_batch *batch, const char *position)
{
    const struct tide_destination *destination = harness->plugin->destination;
    struct tide_destination_request whole = *request;
    struct tide_schema accepted = {0};
    char *before = NULL;
    void *state = NULL;
    int rc;

    whole.size = sizeof whole;
    rc = destination->open(harness->options, &whole, &harness->host, &state, &accepted,
                           &before, &harness->err);
    if (rc == TIDE_OK) {
        check_accepted(&accepted, request->schema);
        rc = write_all(harness, state, batch, position);
        destination->close(state);
    }
    tide_schema_clear(&accepted);
    free(before);
    return rc;
}
