/*
 * validate_verb - `tidemill validate FILE`: everything that is wrong with a definition,
 * at once.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/definition.h"
#include "cli/verbs.h"

struct validate_args {
    bool schema;
};

static const struct tide_arg validate_args_table[] = {
    {"schema", TIDE_ARG_FLAG, NULL, offsetof(struct validate_args, schema),
     "print the JSON Schema of definitions, for editors; FILE is not needed"},
    {0},
};

static const char *mode_name(int mode)
{
    return mode == TIDE_MODE_APPEND  ? "append"
           : mode == TIDE_MODE_MERGE ? "merge"
                                     : "replace";
}

static void print_tables(const struct tide_pipeline *pipeline,
                         const struct tide_catalog *catalog)
{
    for (size_t i = 0; i < pipeline->table_count; i++) {
        const struct tide_table *table = &pipeline->tables[i];
        struct tide_text guarantee = {0};

        tide_pipeline_guarantee(pipeline, catalog, i, &guarantee);
        printf("  %s -> %s (%s): %s\n", table->name, table->as, mode_name(table->mode),
               guarantee.data ? guarantee.data : "");
        tide_text_fini(&guarantee);
    }
}

static bool goes_on(const struct tide_pipeline *pipeline)
{
    bool does = false;

    for (size_t i = 0; i < pipeline->table_count; i++) {
        does = does || pipeline->tables[i].mode != TIDE_MODE_REPLACE;
    }
    return does;
}

/* By what the next run finds where the last one ended. */
static void print_key(const struct tide_catalog *catalog,
                      const struct tide_pipeline *pipeline)
{
    const char *plugin = pipeline->destination.plugin;
    const struct tide_plugin_info *destination =
        plugin ? tide_catalog_find(catalog, TIDE_KIND_DESTINATION, plugin) : NULL;

    if (destination && destination->flags & TIDE_DESTINATION_TRANSACTIONAL &&
        goes_on(pipeline)) {
        printf("  positions are kept under the name \"%s\", or by a daemon under its own "
               "key; each finds the other's\n",
               pipeline->name);
    }
}

static int print_schema(void)
{
    struct tide_catalog *catalog = tide_cli_catalog();
    struct json_object *schema;

    if (!catalog) {
        return TIDE_EXIT_FAILED;
    }
    schema = tide_pipeline_json_schema(catalog);
    puts(tide_json_pretty(schema));
    json_object_put(schema);
    tide_catalog_close(catalog);
    return TIDE_EXIT_OK;
}

static int validate(const void *values, const char *const *operands, size_t count)
{
    const struct validate_args *args = values;
    struct tide_catalog *catalog = NULL;
    struct tide_pipeline *pipeline = NULL;
    int status;

    if (args->schema) {
        return print_schema();
    }
    if (count == 0) {
        (void)fputs("tidemill: usage: tidemill validate FILE\n", stderr);
        return TIDE_EXIT_USAGE;
    }
    status = tide_cli_load(operands[0], &catalog, &pipeline);
    if (status == TIDE_EXIT_OK) {
        printf("%s: valid\n", operands[0]);
        print_tables(pipeline, catalog);
        print_key(catalog, pipeline);
    }
    tide_pipeline_destroy(pipeline);
    tide_catalog_close(catalog);
    return status;
}

const struct tide_verb tide_verb_validate = {
    .name = "validate",
    .operands = "FILE",
    .least = 0,
    .most = 1,
    .summary = "Check a definition file and say what its pipeline guarantees.",
    .details = "Every problem is reported with its line, column and path.  Nothing is\n"
               "moved and no connection is opened.  Exit status: 0 valid, 2 not.",
    .args = validate_args_table,
    .size = sizeof(struct validate_args),
    .run = validate,
};
