/* hello_source - a source in 40 lines: three rows that say hello. */
#include <tidemill/plugin.h>
#include <tidemill/row.h>

static int hello_open(const void *options, const struct tide_source_request *request,
                      const struct tide_host *host, void **state,
                      struct tide_schema *schema, struct tide_error *err)
{
    *state = NULL;
    if (tide_schema_add(schema, "id", TIDE_TYPE_INT64, TIDE_COLUMN_KEY) == TIDE_OK &&
        tide_schema_add(schema, "text", TIDE_TYPE_STRING, 0) == TIDE_OK) {
        *state =
            tide_row_builder_create(schema, request->batch_rows, request->batch_bytes);
    }
    return *state ? TIDE_OK : tide_error_memory(err);
}

static int hello_read(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct tide_row_builder *rows = state;

    if (rows->total == 3) {
        return TIDE_END;
    }
    while (rows->total < 3 && !tide_row_builder_is_full(rows)) {
        tide_row_set_int64(rows, 0, rows->total + 1);
        tide_row_set_text(rows, 1, "hello");
        tide_row_end(rows);
    }
    return tide_row_builder_finish(rows, batch);
}

static const struct tide_source hello = {.size = sizeof hello,
                                         .open = hello_open,
                                         .read = hello_read,
                                         .close = tide_row_builder_destroy};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "hello_source", "1.0", "Says hello three times."),
    .source = &hello};
