/*
 * options_bind - options that were checked, put into the struct of a loaded plugin.
 */
#include "plugin/options.h"

#include <string.h>

#include "base/json.h"
#include "plugin/load.h"
#include "plugin/value.h"

#define MAX_DEPTH 4

struct binding {
    const char *plugin_folder, *base_folder;
    struct json_object *options;
    struct tide_arena *arena;
};

static int bind_plugin(const struct binding *binding,
                       const struct tide_plugin_entry *entry, int depth, const void **out,
                       struct tide_error *err);

static int bind_component(const struct binding *binding, const struct tide_option *option,
                          const char *name, int depth, void *field,
                          struct tide_error *err)
{
    struct tide_component *component = field;
    int rc =
        depth < MAX_DEPTH
            ? tide_plugin_load(binding->plugin_folder, option->component_kind, name,
                               &component->plugin, err)
            : tide_error_set(err, TIDE_E_CONFIG,
                             "option %s: plugins name each other too deep", option->name);

    if (rc != TIDE_OK) {
        return rc;
    }
    return bind_plugin(binding, component->plugin, depth + 1, &component->options, err);
}

/* A relative path of a definition that came from no folder. */
static bool is_homeless(const struct binding *binding, const struct tide_option *option,
                        struct json_object *value)
{
    return option->type == TIDE_OPTION_PATH && !binding->base_folder &&
           json_object_get_string(value)[0] != '/';
}

static int bind_option(const struct binding *binding, const struct tide_option *option,
                       int depth, char *fields, struct tide_error *err)
{
    struct json_object *value = tide_json_member(binding->options, option->name);
    struct json_object *standard = NULL;
    int rc = TIDE_OK;

    if (!value && option->default_value) {
        value = standard = tide_value_of_text(option->type, option->default_value);
    }
    if (value && option->type == TIDE_OPTION_COMPONENT) {
        rc = bind_component(binding, option, json_object_get_string(value), depth,
                            fields + option->offset, err);
    } else if (value && is_homeless(binding, option, value)) {
        rc = tide_error_set(err, TIDE_E_CONFIG,
                            "option %s: the path \"%.200s\" is relative, and there is no "
                            "file it could be relative to; write it from /",
                            option->name, json_object_get_string(value));
    } else if (value) {
        tide_value_store(option, value, binding->base_folder, binding->arena,
                         fields + option->offset);
    }
    json_object_put(standard);
    return rc;
}

static int bind_plugin(const struct binding *binding,
                       const struct tide_plugin_entry *entry, int depth, const void **out,
                       struct tide_error *err)
{
    char *fields = tide_arena_alloc(binding->arena, entry->options_size + 1);

    for (const struct tide_option *option = entry->options; option && option->name;
         option++) {
        int rc = bind_option(binding, option, depth, fields, err);

        if (rc != TIDE_OK) {
            return rc;
        }
    }
    *out = fields;
    return TIDE_OK;
}

int tide_options_bind(const char *plugin_folder, const struct tide_plugin_entry *entry,
                      struct json_object *options, const char *base_folder,
                      struct tide_arena *arena, const void **out, struct tide_error *err)
{
    struct binding binding = {plugin_folder, base_folder, options, arena};

    return bind_plugin(&binding, entry, 0, out, err);
}
