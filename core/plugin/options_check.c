/*
 * options_check - what a user wrote, held against the tables of a plugin and of those it
 * names as components.
 */
#include "plugin/options.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "plugin/value.h"

/* A plugin may name components, and they theirs; no deeper. */
#define MAX_TABLES 8

/* The tables that together say which keys there are, and where problems go. */
struct check {
    const struct tide_catalog *catalog;
    struct json_object *options;
    const struct tide_plugin_info *tables[MAX_TABLES];
    size_t table_count;
    bool incomplete; /* a component is not known, and what its options are */
    tide_option_problem_fn report;
    void *arg;
    int problems;
};

TIDE_PRINTF(4, 5)
static void problem(struct check *check, const char *key, bool is_shape,
                    const char *format, ...)
{
    char message[1400];
    va_list args;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started in the line above */
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    check->report(check->arg, key, is_shape, message);
    check->problems++;
}

static void add_table(struct check *check, const struct tide_plugin_info *info);

static void unknown_component(struct check *check, const struct tide_option_info *option,
                              const char *name)
{
    const char *nearest =
        tide_catalog_nearest(check->catalog, option->component_kind, name);
    const char *kind = tide_plugin_kind_name(option->component_kind);

    if (nearest) {
        problem(check, option->name, false, "no %s \"%.64s\"; did you mean \"%s\"?", kind,
                name, nearest);
    } else {
        problem(check, option->name, false,
                "no %s \"%.64s\"; tidemill plugins lists them", kind, name);
    }
}

/* The component that an option names, by the user's word or by default, adds its
 * table. */
static void add_component(struct check *check, const struct tide_option_info *option)
{
    struct json_object *value = tide_json_member(check->options, option->name);
    const struct tide_plugin_info *component;
    const char *name = value && json_object_is_type(value, json_type_string)
                           ? json_object_get_string(value)
                           : NULL;

    if (!name) {
        name = value ? NULL : option->default_value;
    }
    if (!name) {
        check->incomplete = check->incomplete || value || option->required;
        return;
    }
    component = tide_catalog_find(check->catalog, option->component_kind, name);
    check->incomplete = check->incomplete || !component || component->refused;
    if (!component) {
        unknown_component(check, option, name);
    } else if (component->refused) {
        problem(check, option->name, false, "%s \"%s\" was refused: %s",
                tide_plugin_kind_name(option->component_kind), name, component->refused);
    } else {
        add_table(check, component);
    }
}

static void add_table(struct check *check, const struct tide_plugin_info *info)
{
    if (check->table_count == MAX_TABLES) {
        return;
    }
    check->tables[check->table_count++] = info;
    for (size_t i = 0; i < info->option_count; i++) {
        if (info->options[i].type == TIDE_OPTION_COMPONENT) {
            add_component(check, &info->options[i]);
        }
    }
}

static const struct tide_option_info *find_option(const struct check *check,
                                                  const char *name)
{
    for (size_t i = 0; i < check->table_count; i++) {
        for (size_t j = 0; j < check->tables[i]->option_count; j++) {
            if (strcmp(check->tables[i]->options[j].name, name) == 0) {
                return &check->tables[i]->options[j];
            }
        }
    }
    return NULL;
}

static void unknown_key(struct check *check, const char *key)
{
    const char **names;
    const char *nearest;
    size_t count = 0;

    for (size_t i = 0; i < check->table_count; i++) {
        count += check->tables[i]->option_count;
    }
    names = tide_alloc_array(count + 1, sizeof *names);
    count = 0;
    for (size_t i = 0; i < check->table_count; i++) {
        for (size_t j = 0; j < check->tables[i]->option_count; j++) {
            names[count++] = check->tables[i]->options[j].name;
        }
    }
    nearest = tide_text_nearest(key, names, count);
    if (nearest) {
        problem(check, key, true, "unknown option; did you mean \"%s\"?", nearest);
    } else {
        problem(check, key, true, "unknown option; tidemill plugins %s lists them",
                check->tables[0]->name);
    }
    free(names);
}

static void check_written(struct check *check)
{
    json_object_object_foreach(check->options, key, value)
    {
        const struct tide_option_info *option = find_option(check, key);
        struct tide_value_problem wrong;

        if (!option && !check->incomplete) {
            unknown_key(check, key);
        } else if (option && !tide_value_check(option, value, &wrong)) {
            char place[160];

            (void)snprintf(place, sizeof place, "%.90s%s", key, wrong.where);
            problem(check, place, wrong.is_shape, "%s", wrong.message);
        }
    }
}

static void check_required(struct check *check)
{
    for (size_t i = 0; i < check->table_count; i++) {
        for (size_t j = 0; j < check->tables[i]->option_count; j++) {
            const struct tide_option_info *option = &check->tables[i]->options[j];

            if (option->required &&
                !json_object_object_get_ex(check->options, option->name, NULL)) {
                problem(check, option->name, false,
                        "required by %s \"%s\" and missing: %s",
                        tide_plugin_kind_name(check->tables[i]->kind),
                        check->tables[i]->name, option->help ? option->help : "");
            }
        }
    }
}

int tide_options_check(const struct tide_catalog *catalog,
                       const struct tide_plugin_info *info, struct json_object *options,
                       tide_option_problem_fn report, void *arg)
{
    struct json_object *empty = json_object_new_object();
    struct check check = {.catalog = catalog,
                          .options = options ? options : empty,
                          .report = report,
                          .arg = arg};

    if (!json_object_is_type(check.options, json_type_object)) {
        problem(&check, NULL, true, "must be a map of options");
    } else {
        add_table(&check, info);
        check_written(&check);
        check_required(&check);
    }
    json_object_put(empty);
    return check.problems;
}

static const struct tide_option_info *find_in(const struct tide_plugin_info *info,
                                              const char *key)
{
    for (size_t i = 0; info && i < info->option_count; i++) {
        if (strcmp(info->options[i].name, key) == 0) {
            return &info->options[i];
        }
    }
    return NULL;
}

const struct tide_option_info *tide_options_find(const struct tide_catalog *catalog,
                                                 const struct tide_plugin_info *info,
                                                 struct json_object *options,
                                                 const char *key)
{
    const struct tide_option_info *found = find_in(info, key);

    for (size_t i = 0; !found && i < info->option_count; i++) {
        const struct tide_option_info *option = &info->options[i];
        const char *name = tide_json_text(options, option->name);

        name = name ? name : option->default_value;
        if (option->type == TIDE_OPTION_COMPONENT && name) {
            found =
                find_in(tide_catalog_find(catalog, option->component_kind, name), key);
        }
    }
    return found;
}
