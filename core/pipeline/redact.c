/*
 * redact - a document that can be shown: what is secret in its options is not in it.
 */
#include <string.h>

#include "base/json.h"
#include "pipeline/pipeline.h"

#define REDACTED "[redacted]"

/* "${NAME}" and nothing else shows no secret. */
static bool is_reference(const char *text)
{
    const char *end = strchr(text, '}');

    return strncmp(text, "${", 2) == 0 && end && !end[1] && !strstr(text, ":-");
}

static void redact_options(const struct tide_catalog *catalog,
                           const struct tide_plugin_info *info,
                           struct json_object *options)
{
    for (size_t i = 0; info && i < info->option_count; i++) {
        const struct tide_option_info *option = &info->options[i];
        const char *text = tide_json_text(options, option->name);

        if (option->secret && text && !is_reference(text)) {
            tide_json_set_text(options, option->name, REDACTED);
        } else if (option->type == TIDE_OPTION_COMPONENT) {
            const char *name = text ? text : option->default_value;

            redact_options(catalog,
                           name ? tide_catalog_find(catalog, option->component_kind, name)
                                : NULL,
                           options);
        }
    }
}

static void redact_plugin(const struct tide_catalog *catalog, uint32_t kind,
                          const char *plugin, struct json_object *options)
{
    if (plugin && options && json_object_is_type(options, json_type_object)) {
        redact_options(catalog, tide_catalog_find(catalog, kind, plugin), options);
    }
}

static void redact_end(const struct tide_catalog *catalog, uint32_t kind,
                       struct json_object *end)
{
    struct json_object *connection = tide_json_member(end, "connection");

    redact_plugin(catalog, kind, tide_json_text(connection, "plugin"),
                  tide_json_member(connection, "options"));
}

struct json_object *tide_pipeline_redacted(struct json_object *document,
                                           const struct tide_catalog *catalog)
{
    struct json_object *copy = NULL, *steps;

    if (json_object_deep_copy(document, &copy, NULL) != 0) {
        return NULL;
    }
    redact_end(catalog, TIDE_KIND_SOURCE, tide_json_member(copy, "source"));
    redact_end(catalog, TIDE_KIND_DESTINATION, tide_json_member(copy, "destination"));
    steps = tide_json_member(copy, "transformations");
    for (size_t i = 0; steps && i < json_object_array_length(steps); i++) {
        struct json_object *step = json_object_array_get_idx(steps, i);

        redact_plugin(catalog, TIDE_KIND_TRANSFORM, tide_json_text(step, "type"),
                      tide_json_member(step, "config"));
    }
    return copy;
}
