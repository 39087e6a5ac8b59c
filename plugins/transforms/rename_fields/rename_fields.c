/*
 * rename_fields - transform that gives columns new names.
 *
 * Only the schema changes; no value is touched.  Pairs apply in the order written, so
 * {"a": "b", "b": "c"} moves a to c.  An absent column is skipped unless "strict" is set,
 * because sources may leave out optional columns.
 */
#include <tidemill/plugin.h>

#include "shared/column/column.h"

struct rename_fields {
    struct tide_map mapping;
    bool strict;
};

static const struct tide_option rename_fields_options[] = {
    {.name = "mapping",
     .type = TIDE_OPTION_MAP,
     .required = true,
     .offset = offsetof(struct rename_fields, mapping),
     .help = "Old field name to new field name; pairs apply in the order written.",
     .example = "{name: package}"},
    {.name = "strict",
     .type = TIDE_OPTION_BOOL,
     .offset = offsetof(struct rename_fields, strict),
     .default_value = "false",
     .help = "Fail the run when a field to rename is absent."},
    {0},
};

static int check_name(const struct tide_pair *pair, struct tide_error *err)
{
    if (pair->value[0] == '\0') {
        return tide_error_at(err, TIDE_E_CONFIG, "mapping",
                             "the new name of \"%s\" is empty", pair->key);
    }
    return TIDE_OK;
}

static int rename_check(const void *options, const struct tide_host *host,
                        struct tide_error *err)
{
    const struct rename_fields *rename = options;
    int rc = TIDE_OK;

    (void)host;
    for (size_t i = 0; rc == TIDE_OK && i < rename->mapping.count; i++) {
        rc = check_name(&rename->mapping.pairs[i], err);
    }
    return rc;
}

static int rename_one(const struct rename_fields *options, const struct tide_pair *pair,
                      struct tide_schema *schema, struct tide_error *err)
{
    size_t from = tide_schema_find(schema, pair->key);
    size_t taken = tide_schema_find(schema, pair->value);

    if (check_name(pair, err) != TIDE_OK) {
        return TIDE_E_CONFIG;
    }
    if (from == TIDE_NO_COLUMN) {
        return options->strict ? column_absent(schema, pair->key, err) : TIDE_OK;
    }
    if (taken != TIDE_NO_COLUMN && taken != from) {
        return tide_error_at(err, TIDE_E_CONFIG, "mapping",
                             "\"%s\" cannot become \"%s\": there is already a column of "
                             "that name",
                             pair->key, pair->value);
    }
    if (tide_schema_rename(schema, from, pair->value) != TIDE_OK) {
        return tide_error_memory(err);
    }
    return TIDE_OK;
}

static int rename_bind(const void *options, const struct tide_host *host,
                       struct tide_schema *schema, void **state, struct tide_error *err)
{
    const struct rename_fields *rename = options;
    int rc = TIDE_OK;

    (void)host;
    *state = NULL;
    for (size_t i = 0; rc == TIDE_OK && i < rename->mapping.count; i++) {
        rc = rename_one(rename, &rename->mapping.pairs[i], schema, err);
    }
    return rc;
}

static int rename_apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    (void)state;
    (void)batch;
    (void)err;
    return TIDE_OK;
}

static void rename_close(void *state)
{
    (void)state;
}

static const struct tide_transform rename_fields = {
    .size = sizeof rename_fields,
    .flags = TIDE_TRANSFORM_COLUMNS_ALONE,
    .bind = rename_bind,
    .apply = rename_apply,
    .close = rename_close,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "rename_fields", "1.0",
                     "Gives fields new names; no value is copied."),
    .options = rename_fields_options,
    .options_size = sizeof(struct rename_fields),
    .transform = &rename_fields,
    .check = rename_check,
};
