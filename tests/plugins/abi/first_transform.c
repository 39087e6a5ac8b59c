/*
 * first - a transform compiled against the first headers: texts get a suffix, a column is
 * renamed, another dropped, and a row refused.
 */
#include <tidemill/plugin.h>
#include <tidemill/row.h>

struct first {
    const char *suffix;
    int64_t refuses; /**< id of the row that is refused */
};

static const struct tide_option first_options[] = {
    {.name = "suffix",
     .type = TIDE_OPTION_STRING,
     .default_value = "!",
     .offset = offsetof(struct first, suffix),
     .help = "What is put behind each text."},
    {.name = "refuses",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct first, refuses),
     .help = "The id of a row that is refused."},
    {0},
};

struct binding {
    const struct first *options;
    const struct tide_host *host;
    size_t id, text, dropped;
};

static int first_bind(const void *options, const struct tide_host *host,
                      struct tide_schema *schema, void **state, struct tide_error *err)
{
    struct binding *binding = NULL;
    size_t id = tide_schema_find(schema, "int64");
    size_t text = tide_schema_find(schema, "string");
    size_t dropped = tide_schema_find(schema, "null");

    if (id == TIDE_NO_COLUMN || text == TIDE_NO_COLUMN || dropped == TIDE_NO_COLUMN) {
        return tide_error_set(err, TIDE_E_CONFIG, "has no int64, string and null");
    }
    if (schema->columns[id].type != TIDE_TYPE_INT64 ||
        schema->columns[text].type != TIDE_TYPE_STRING) {
        return tide_error_set(err, TIDE_E_CONFIG, "int64 and string are of other types");
    }
    binding = host->allocate(host, sizeof *binding);
    if (!binding || tide_schema_rename(schema, text, "words") != TIDE_OK) {
        free(binding);
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    *binding = (struct binding){options, host, id, text, dropped};
    tide_schema_remove(schema, dropped);
    *state = binding;
    return TIDE_OK;
}

static int add_suffix(void *arg, int64_t row, const char *text, size_t length,
                      struct tide_builder *out)
{
    const struct binding *binding = arg;
    char longer[512];

    (void)row;
    if (length > sizeof longer / 2 || strlen(binding->options->suffix) > length + 200) {
        return tide_append_bytes(out, text, length);
    }
    memcpy(longer, text, length);
    (void)snprintf(longer + length, sizeof longer - length, "%s",
                   binding->options->suffix);
    return tide_append_bytes(out, longer, length + strlen(binding->options->suffix));
}

static int refuse_rows(const struct binding *binding, const struct tide_batch *batch)
{
    const struct ArrowArray *ids = batch->array.children[binding->id];
    int rc = TIDE_OK;

    for (int64_t row = 0; rc == TIDE_OK && row < batch->array.length; row++) {
        if (binding->options->refuses != 0 && !tide_array_is_null(ids, row) &&
            tide_array_int64(ids, row) == -binding->options->refuses) {
            rc = binding->host->reject_row(binding->host, row, "unlucky",
                                           "no luck with this row");
        }
    }
    return rc;
}

static int first_apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    struct binding *binding = state;

    if (refuse_rows(binding, batch) != TIDE_OK) {
        return tide_error_set(err, TIDE_E_LIMIT, "too many bad rows");
    }
    if (tide_batch_map_text(batch, binding->text, TIDE_TYPE_STRING, add_suffix,
                            binding) != TIDE_OK) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    tide_batch_drop_column(batch, binding->dropped);
    return TIDE_OK;
}

static const struct tide_transform first = {
    .size = sizeof first, .bind = first_bind, .apply = first_apply, .close = free};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "first", "1.0",
                     "Puts a suffix behind texts, by the first headers."),
    .options = first_options, .options_size = sizeof(struct first), .transform = &first};
