/*
 * plugins_verb - `tidemill plugins [NAME]`: what is installed, what was refused and why,
 * and each plugin's options.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/definition.h"
#include "cli/grid.h"
#include "cli/verbs.h"
#include "plugin/options.h"

struct plugins_args {
    bool json, schema;
};

static const struct tide_arg plugins_args_table[] = {
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct plugins_args, json),
     "print descriptions as JSON"},
    {"schema", TIDE_ARG_FLAG, NULL, offsetof(struct plugins_args, schema),
     "with NAME: print the JSON Schema of its options"},
    {0},
};

static const char *option_type(const struct tide_option_info *option)
{
    static const char *const names[] = {
        "",    "true or false", "whole number", "number", "text",      "word",  "list",
        "map", "path",          "duration",     "size",   "character", "plugin"};

    return option->type > 0 && option->type <= TIDE_OPTION_COMPONENT ? names[option->type]
                                                                     : "";
}

static void print_listing(const struct tide_catalog *catalog)
{
    struct tide_grid *grid = tide_grid_create(4);
    size_t refused = 0;

    tide_grid_add(grid, "kind");
    tide_grid_add(grid, "name");
    tide_grid_add(grid, "version");
    tide_grid_add(grid, "what");
    for (size_t i = 0; i < tide_catalog_count(catalog); i++) {
        const struct tide_plugin_info *info = tide_catalog_at(catalog, i);

        if (info->refused) {
            refused++;
            continue;
        }
        tide_grid_add(grid, tide_plugin_kind_name(info->kind));
        tide_grid_add(grid, info->name);
        tide_grid_add(grid, info->version);
        tide_grid_add(grid, info->summary);
    }
    tide_grid_print(grid, "", stdout);
    tide_grid_destroy(grid);
    for (size_t i = 0; refused > 0 && i < tide_catalog_count(catalog); i++) {
        const struct tide_plugin_info *info = tide_catalog_at(catalog, i);

        if (info->refused) {
            printf("refused: %s: %s\n", info->path, info->refused);
        }
    }
}

/* A bound of a duration or a size in its largest whole unit, as a user would write it. */
static void append_bound(struct tide_text *out, int type, int64_t bound)
{
    static const struct {
        int type;
        int64_t unit;
        const char *name;
    } units[] = {
        {TIDE_OPTION_DURATION, INT64_C(86400000000), "d"},
        {TIDE_OPTION_DURATION, INT64_C(3600000000), "h"},
        {TIDE_OPTION_DURATION, INT64_C(60000000), "m"},
        {TIDE_OPTION_DURATION, INT64_C(1000000), "s"},
        {TIDE_OPTION_DURATION, INT64_C(1000), "ms"},
        {TIDE_OPTION_SIZE, INT64_C(1) << 30, "GiB"},
        {TIDE_OPTION_SIZE, INT64_C(1) << 20, "MiB"},
        {TIDE_OPTION_SIZE, INT64_C(1) << 10, "KiB"},
    };

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (units[i].type == type && bound != 0 && bound % units[i].unit == 0) {
            tide_text_appendf(out, "%lld%s", (long long)(bound / units[i].unit),
                              units[i].name);
            return;
        }
    }
    tide_text_appendf(out, "%lld", (long long)bound);
}

static void describe_default(struct tide_text *out, const struct tide_option_info *option)
{
    if (option->required) {
        tide_text_append(out, "required");
    } else if (option->default_value) {
        tide_text_appendf(out, "default %s",
                          *option->default_value ? option->default_value : "\"\"");
    }
    if (option->minimum != 0 || option->maximum != 0) {
        tide_text_append(out, out->length ? ", " : "");
        append_bound(out, option->type, option->minimum);
        tide_text_append(out, " to ");
        append_bound(out, option->type, option->maximum);
    }
    if (option->secret) {
        tide_text_append(out, out->length ? ", secret" : "secret");
    }
}

static void describe_choices(struct tide_text *out, const struct tide_option_info *option)
{
    for (size_t i = 0; option->choices && option->choices[i]; i++) {
        tide_text_appendf(out, "%s%s", i ? " | " : "", option->choices[i]);
    }
}

static void print_option(struct tide_grid *grid, const struct tide_option_info *option)
{
    struct tide_text kind = {0}, standard = {0};

    describe_choices(&kind, option);
    if (kind.length == 0) {
        tide_text_append(&kind, option_type(option));
    }
    describe_default(&standard, option);
    tide_grid_add(grid, option->name);
    tide_grid_add(grid, kind.data);
    tide_grid_add(grid, standard.data ? standard.data : "");
    tide_grid_add(grid, option->help ? option->help : "");
    tide_text_fini(&kind);
    tide_text_fini(&standard);
}

static void print_plugin(const struct tide_plugin_info *info)
{
    struct tide_grid *grid;

    printf("%s %s %s\n%s\n", tide_plugin_kind_name(info->kind), info->name, info->version,
           info->summary);
    if (info->option_count == 0) {
        printf("\n  no options\n\n");
        return;
    }
    grid = tide_grid_create(4);
    for (size_t i = 0; i < info->option_count; i++) {
        print_option(grid, &info->options[i]);
    }
    putchar('\n');
    tide_grid_print(grid, "  ", stdout);
    putchar('\n');
    tide_grid_destroy(grid);
}

static void print_json(struct json_object *value)
{
    puts(tide_json_pretty(value));
    json_object_put(value);
}

static void print_one(const struct plugins_args *args,
                      const struct tide_plugin_info *info)
{
    if (args->schema) {
        print_json(tide_options_json_schema(info));
    } else if (args->json) {
        print_json(tide_plugin_info_to_json(info));
    } else if (info->refused) {
        printf("refused: %s: %s\n", info->path, info->refused);
    } else {
        print_plugin(info);
    }
}

static const char *nearest_name(const struct tide_catalog *catalog, const char *name)
{
    size_t count = tide_catalog_count(catalog), known = 0;
    const char **names = tide_alloc_array(count + 1, sizeof *names);
    const char *nearest;

    for (size_t i = 0; i < count; i++) {
        if (tide_catalog_at(catalog, i)->name) {
            names[known++] = tide_catalog_at(catalog, i)->name;
        }
    }
    nearest = tide_text_nearest(name, names, known);
    free(names);
    return nearest;
}

static int print_named(const struct plugins_args *args,
                       const struct tide_catalog *catalog, const char *name)
{
    const char *nearest;
    size_t found = 0;

    for (size_t i = 0; i < tide_catalog_count(catalog); i++) {
        const struct tide_plugin_info *info = tide_catalog_at(catalog, i);

        if (info->name && strcmp(info->name, name) == 0) {
            print_one(args, info);
            found++;
        }
    }
    if (found > 0) {
        return TIDE_EXIT_OK;
    }
    nearest = nearest_name(catalog, name);
    (void)fprintf(stderr, "tidemill: no plugin \"%s\"%s%s%s\n", name,
                  nearest ? "; did you mean \"" : "; tidemill plugins lists them",
                  nearest ? nearest : "", nearest ? "\"?" : "");
    return TIDE_EXIT_USAGE;
}

static void print_all_json(const struct tide_catalog *catalog)
{
    struct json_object *all = json_object_new_array();

    for (size_t i = 0; i < tide_catalog_count(catalog); i++) {
        (void)json_object_array_add(
            all, tide_plugin_info_to_json(tide_catalog_at(catalog, i)));
    }
    print_json(all);
}

static int plugins(const void *values, const char *const *operands, size_t count)
{
    const struct plugins_args *args = values;
    struct tide_catalog *catalog = tide_cli_catalog();
    int status = TIDE_EXIT_OK;

    if (!catalog) {
        return TIDE_EXIT_FAILED;
    }
    if (count == 1) {
        status = print_named(args, catalog, operands[0]);
    } else if (args->json) {
        print_all_json(catalog);
    } else {
        print_listing(catalog);
    }
    tide_catalog_close(catalog);
    return status;
}

const struct tide_verb tide_verb_plugins = {
    .name = "plugins",
    .operands = "[NAME]",
    .least = 0,
    .most = 1,
    .summary = "List the plugins, or the options of one.",
    .details =
        "A plugin that cannot be used is listed with the reason.  Plugins are read from\n"
        "TIDEMILL_PLUGIN_DIR, each in a process of its own.",
    .args = plugins_args_table,
    .size = sizeof(struct plugins_args),
    .run = plugins,
};
