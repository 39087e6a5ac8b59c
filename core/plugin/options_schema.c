/*
 * options_schema - a plugin's options as JSON Schema, for editors and forms.
 *
 * Format: JSON Schema, draft 2020-12, https://json-schema.org/draft/2020-12/schema.
 */
#include "plugin/options.h"

#include "base/json.h"
#include "plugin/value.h"

static const char *schema_type(int type)
{
    switch (type) {
    case TIDE_OPTION_BOOL:
        return "boolean";
    case TIDE_OPTION_INT:
        return "integer";
    case TIDE_OPTION_FLOAT:
        return "number";
    case TIDE_OPTION_LIST:
        return "array";
    case TIDE_OPTION_MAP:
        return "object";
    default:
        return "string";
    }
}

static struct json_object *text_items(void)
{
    struct json_object *items = json_object_new_object();

    tide_json_set_text(items, "type", "string");
    return items;
}

static void set_type(struct json_object *schema, const struct tide_option_info *option)
{
    if (option->type == TIDE_OPTION_SIZE) {
        struct json_object *types = json_object_new_array();

        (void)json_object_array_add(types, json_object_new_string("integer"));
        (void)json_object_array_add(types, json_object_new_string("string"));
        tide_json_set(schema, "type", types);
        return;
    }
    tide_json_set_text(schema, "type", schema_type(option->type));
    if (option->type == TIDE_OPTION_LIST) {
        tide_json_set(schema, "items", text_items());
    } else if (option->type == TIDE_OPTION_MAP) {
        tide_json_set(schema, "additionalProperties", text_items());
    }
}

static void set_choices(struct json_object *schema, const struct tide_option_info *option)
{
    struct json_object *words;

    if (!option->choices) {
        return;
    }
    words = json_object_new_array();
    for (size_t i = 0; option->choices[i]; i++) {
        (void)json_object_array_add(words, json_object_new_string(option->choices[i]));
    }
    tide_json_set(schema, "enum", words);
}

static struct json_object *option_schema(const struct tide_option_info *option)
{
    struct json_object *schema = json_object_new_object();

    set_type(schema, option);
    set_choices(schema, option);
    if (option->help) {
        tide_json_set_text(schema, "description", option->help);
    }
    if (option->default_value) {
        tide_json_set(schema, "default",
                      tide_value_of_text(option->type, option->default_value));
    }
    if (option->type == TIDE_OPTION_INT && (option->minimum || option->maximum)) {
        tide_json_set_int(schema, "minimum", option->minimum);
        tide_json_set_int(schema, "maximum", option->maximum);
    }
    if (option->secret) {
        tide_json_set_bool(schema, "writeOnly", true);
    }
    return schema;
}

struct json_object *tide_options_json_schema(const struct tide_plugin_info *info)
{
    struct json_object *schema = json_object_new_object();
    struct json_object *properties = json_object_new_object();
    struct json_object *required = json_object_new_array();
    bool has_components = false;

    for (size_t i = 0; i < info->option_count; i++) {
        const struct tide_option_info *option = &info->options[i];

        tide_json_set(properties, option->name, option_schema(option));
        has_components |= option->type == TIDE_OPTION_COMPONENT;
        if (option->required) {
            (void)json_object_array_add(required, json_object_new_string(option->name));
        }
    }
    tide_json_set_text(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    tide_json_set_text(schema, "type", "object");
    tide_json_set(schema, "properties", properties);
    tide_json_set(schema, "required", required);
    /* The options of the components it names stand beside its own. */
    tide_json_set_bool(schema, "additionalProperties", has_components);
    return schema;
}
