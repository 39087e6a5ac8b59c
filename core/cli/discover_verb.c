/*
 * discover_verb - `tidemill discover`: the tables and columns of a connection.
 */
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/definition.h"
#include "cli/grid.h"
#include "cli/pairs.h"
#include "cli/verbs.h"
#include "plugin/options.h"
#include "run/run.h"

struct discover_args {
    bool destination, json;
};

static const struct tide_arg discover_args_table[] = {
    {"destination", TIDE_ARG_FLAG, NULL, offsetof(struct discover_args, destination),
     "look at the destination, not the source"},
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct discover_args, json),
     "print a JSON line a table"},
    {0},
};

static struct json_object *column_json(const struct tide_column *column)
{
    struct json_object *json = json_object_new_object();

    tide_json_set_text(json, "name", column->name);
    tide_json_set_text(json, "type", tide_type_name(column->type));
    if (column->logical) {
        tide_json_set_text(json, "logical", column->logical);
    }
    tide_json_set_bool(json, "required", column->flags & TIDE_COLUMN_REQUIRED);
    tide_json_set_bool(json, "key", column->flags & TIDE_COLUMN_KEY);
    return json;
}

static void print_json(const char *table, const struct tide_schema *schema)
{
    struct json_object *json = json_object_new_object();
    struct json_object *columns = json_object_new_array();
    char *text;

    for (size_t i = 0; i < schema->column_count; i++) {
        (void)json_object_array_add(columns, column_json(&schema->columns[i]));
    }
    tide_json_set_text(json, "table", table);
    tide_json_set(json, "columns", columns);
    text = tide_json_format(json);
    puts(text);
    free(text);
    json_object_put(json);
}

static void print_table(const char *table, const struct tide_schema *schema)
{
    struct tide_grid *grid = tide_grid_create(4);

    printf("%s\n", table);
    for (size_t i = 0; i < schema->column_count; i++) {
        const struct tide_column *column = &schema->columns[i];

        tide_grid_add(grid, column->name);
        tide_grid_add(grid, tide_type_name(column->type));
        tide_grid_add(grid, column->logical ? column->logical : "");
        tide_grid_add(grid, column->flags & TIDE_COLUMN_KEY        ? "key"
                            : column->flags & TIDE_COLUMN_REQUIRED ? "required"
                                                                   : "");
    }
    tide_grid_print(grid, "  ", stdout);
    tide_grid_destroy(grid);
}

static int show(void *arg, const char *table, const struct tide_schema *schema)
{
    const struct discover_args *args = arg;

    if (args->json) {
        print_json(table, schema);
    } else {
        print_table(table, schema);
    }
    return TIDE_OK;
}

static int discover_connection(const struct discover_args *args, const char *plugin,
                               struct json_object *options, const char *base_folder)
{
    struct discover_args copy = *args;
    struct tide_error err = {0};
    char *folder = tide_plugin_folder();
    uint32_t kind = args->destination ? TIDE_KIND_DESTINATION : TIDE_KIND_SOURCE;
    int rc =
        tide_run_discover(folder, kind, plugin, options, base_folder, show, &copy, &err);

    free(folder);
    if (rc != TIDE_OK) {
        tide_cli_complain(&err);
        return TIDE_EXIT_FAILED;
    }
    return TIDE_EXIT_OK;
}

static int discover_file(const struct discover_args *args, const char *file)
{
    struct tide_catalog *catalog = NULL;
    struct tide_pipeline *pipeline = NULL;
    int status = tide_cli_load(file, &catalog, &pipeline);

    if (status == TIDE_EXIT_OK) {
        const struct tide_connection *connection =
            args->destination ? &pipeline->destination : &pipeline->source;

        status = discover_connection(args, connection->plugin, connection->options,
                                     pipeline->base_folder);
    }
    tide_pipeline_destroy(pipeline);
    tide_catalog_close(catalog);
    return status;
}

static void complain_of_plugin(const struct tide_catalog *catalog, uint32_t kind,
                               const char *plugin)
{
    const char *nearest = catalog ? tide_catalog_nearest(catalog, kind, plugin) : NULL;

    (void)fprintf(stderr, "tidemill: no file and no %s plugin \"%s\"%s%s%s\n",
                  tide_plugin_kind_name(kind), plugin, nearest ? "; did you mean \"" : "",
                  nearest ? nearest : "", nearest ? "\"?" : "");
}

static int discover_plugin(const struct discover_args *args, const char *plugin,
                           const char *const *pairs, size_t count)
{
    uint32_t kind = args->destination ? TIDE_KIND_DESTINATION : TIDE_KIND_SOURCE;
    struct json_object *options = tide_cli_pairs(pairs, count);
    struct tide_catalog *catalog = tide_cli_catalog();
    const struct tide_plugin_info *info =
        catalog ? tide_catalog_find(catalog, kind, plugin) : NULL;
    char *name = tide_strdup(plugin), *here = tide_path_absolute(".");
    int status = TIDE_EXIT_USAGE;

    if (!info) {
        complain_of_plugin(catalog, kind, plugin);
    } else if (tide_options_check(catalog, info, options, tide_cli_report_option, name) ==
               0) {
        status = discover_connection(args, plugin, options, here);
    }
    free(here);
    free(name);
    json_object_put(options);
    tide_catalog_close(catalog);
    return status;
}

static int discover(const void *values, const char *const *operands, size_t count)
{
    bool is_file = strchr(operands[0], '.') || strchr(operands[0], '/') ||
                   strcmp(operands[0], "-") == 0;

    if (is_file) {
        return discover_file(values, operands[0]);
    }
    return discover_plugin(values, operands[0], operands + 1, count - 1);
}

const struct tide_verb tide_verb_discover = {
    .name = "discover",
    .operands = "FILE | PLUGIN [OPTION=VALUE ...]",
    .least = 1,
    .most = 64,
    .summary = "List the tables and columns of a connection.",
    .details = "The connection is the source of a definition file, or a plugin with its "
               "options:\n"
               "  tidemill discover postgres url=postgresql://localhost/shop\n"
               "  tidemill discover file path=./in format=csv",
    .args = discover_args_table,
    .size = sizeof(struct discover_args),
    .run = discover,
};
