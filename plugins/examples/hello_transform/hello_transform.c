/* hello_transform - a transform in 30 lines: empty texts of column 0 become null. */
#include <tidemill/plugin.h>
#include <tidemill/row.h>

static int hello_bind(const void *options, const struct tide_host *host,
                      struct tide_schema *schema, void **state, struct tide_error *err)
{
    if (schema->column_count == 0 || schema->columns[0].type != TIDE_TYPE_STRING) {
        return tide_error_set(err, TIDE_E_CONFIG, "column 0 must be a string");
    }
    return TIDE_OK;
}

static int empty_to_null(void *arg, int64_t row, const char *text, size_t length,
                         struct tide_builder *out)
{
    return length > 0 ? tide_append_bytes(out, text, length) : tide_append_null(out);
}

static int hello_apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    return tide_batch_map_text(batch, 0, TIDE_TYPE_STRING, empty_to_null, NULL);
}

static const struct tide_transform hello = {
    .size = sizeof hello, .bind = hello_bind, .apply = hello_apply, .close = free};
TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "hello_transform", "1.0",
                                      "Makes empty texts null."),
                     .transform = &hello};
