/*
 * exclude_fields - transform that leaves columns out.
 *
 * Columns are unhooked from the batch; no value is copied.  A table without columns makes
 * no sense to a destination, so leaving out all of them is refused.
 */
#include <tidemill/plugin.h>

#include "shared/column/column.h"

struct exclude_fields {
    struct tide_list fields;
    bool strict;
};

/* Indexes into the incoming schema, highest first, so that each stays right while those
 * before it go. */
struct exclude_state {
    size_t count;
    size_t columns[];
};

static const struct tide_option exclude_fields_options[] = {
    {.name = "fields",
     .type = TIDE_OPTION_LIST,
     .required = true,
     .offset = offsetof(struct exclude_fields, fields),
     .help = "Names of the fields to leave out.",
     .example = "[conffiles, maintainer]"},
    {.name = "strict",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct exclude_fields, strict),
     .default_value = "false",
     .help = "Fail the run when a field to exclude is absent."},
    {0},
};

static bool is_excluded(const struct exclude_fields *options, const char *name)
{
    for (size_t i = 0; i < options->fields.count; i++) {
        if (strcmp(options->fields.items[i], name) == 0) {
            return true;
        }
    }
    return false;
}

static int check_present(const struct exclude_fields *options,
                         const struct tide_schema *schema, struct tide_error *err)
{
    for (size_t i = 0; i < options->fields.count; i++) {
        if (tide_schema_find(schema, options->fields.items[i]) == TIDE_NO_COLUMN) {
            return column_absent(schema, options->fields.items[i], err);
        }
    }
    return TIDE_OK;
}

static void pick_columns(const struct exclude_fields *options,
                         const struct tide_schema *schema, struct exclude_state *state)
{
    for (size_t i = schema->column_count; i-- > 0;) {
        if (is_excluded(options, schema->columns[i].name)) {
            state->columns[state->count++] = i;
        }
    }
}

static int exclude_bind(const void *options, const struct tide_host *host,
                        struct tide_schema *schema, void **state, struct tide_error *err)
{
    const struct exclude_fields *exclude = options;
    struct exclude_state *picked = NULL;

    (void)host;
    if (exclude->strict && check_present(exclude, schema, err) != TIDE_OK) {
        return err->code;
    }
    picked = calloc(1, sizeof *picked + schema->column_count * sizeof(size_t));
    if (!picked) {
        return tide_error_memory(err);
    }
    pick_columns(exclude, schema, picked);
    if (picked->count > 0 && picked->count == schema->column_count) {
        free(picked);
        return tide_error_at(err, TIDE_E_CONFIG, "fields",
                             "all %zu columns are excluded; keep at least one",
                             schema->column_count);
    }
    for (size_t i = 0; i < picked->count; i++) {
        tide_schema_remove(schema, picked->columns[i]);
    }
    *state = picked;
    return TIDE_OK;
}

static int exclude_apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    const struct exclude_state *picked = state;

    (void)err;
    for (size_t i = 0; i < picked->count; i++) {
        tide_batch_drop_column(batch, picked->columns[i]);
    }
    return TIDE_OK;
}

static void exclude_close(void *state)
{
    free(state);
}

static const struct tide_transform exclude_fields = {
    .size = sizeof exclude_fields,
    .flags = TIDE_TRANSFORM_COLUMNS_ALONE,
    .bind = exclude_bind,
    .apply = exclude_apply,
    .close = exclude_close,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "exclude_fields", "1.0",
                     "Leaves fields out; no value is copied."),
    .options = exclude_fields_options,
    .options_size = sizeof(struct exclude_fields),
    .transform = &exclude_fields,
};
