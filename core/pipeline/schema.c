/*
 * schema - the definition document's JSON Schema, from the table of its keys.
 *
 * Format: JSON Schema, draft 2020-12, https://json-schema.org/draft/2020-12/schema.
 */
#include "base/json.h"
#include "pipeline/keys.h"

static struct json_object *object_schema(const struct tide_key *keys);

static struct json_object *typed(const char *type)
{
    struct json_object *schema = json_object_new_object();

    tide_json_set_text(schema, "type", type);
    return schema;
}

static struct json_object *types(const char *const *names)
{
    struct json_object *schema = json_object_new_object();
    struct json_object *list = json_object_new_array();

    for (; *names; names++) {
        (void)json_object_array_add(list, json_object_new_string(*names));
    }
    tide_json_set(schema, "type", list);
    return schema;
}

static void set_words(struct json_object *schema, const char *const *words)
{
    struct json_object *list = json_object_new_array();

    for (; *words; words++) {
        (void)json_object_array_add(list, json_object_new_string(*words));
    }
    tide_json_set(schema, "enum", list);
}

static struct json_object *text_schema(const struct tide_key *key)
{
    struct json_object *schema = typed("string");

    if (key->words) {
        set_words(schema, key->words);
    } else {
        tide_json_set_int(schema, "minLength", 1);
    }
    if (key->maximum && key->shape == TIDE_SHAPE_TEXT) {
        tide_json_set_int(schema, "maxLength", key->maximum);
    }
    return schema;
}

static struct json_object *count_schema(const struct tide_key *key)
{
    struct json_object *schema = typed("integer");

    tide_json_set_int(schema, "minimum", key->minimum);
    tide_json_set_int(schema, "maximum", key->maximum);
    return schema;
}

static struct json_object *list_schema(const struct tide_key *key,
                                       struct json_object *items)
{
    struct json_object *schema = typed("array");

    tide_json_set(schema, "items", items);
    if (!key->may_be_empty) {
        tide_json_set_int(schema, "minItems", 1);
    }
    return schema;
}

static struct json_object *group_schema(const char *word)
{
    struct json_object *schema = typed("object"), *list = typed("array");
    struct json_object *items = json_object_new_object();
    struct json_object *properties = json_object_new_object();

    tide_json_set_text(items, "$ref", "#/$defs/condition");
    tide_json_set(list, "items", items);
    tide_json_set_int(list, "minItems", 1);
    tide_json_set(properties, word, list);
    tide_json_set(schema, "properties", properties);
    tide_json_set_bool(schema, "additionalProperties", false);
    return schema;
}

static struct json_object *condition_schema(void)
{
    struct json_object *schema = json_object_new_object();
    struct json_object *any = json_object_new_array();

    (void)json_object_array_add(any, group_schema("and"));
    (void)json_object_array_add(any, group_schema("or"));
    (void)json_object_array_add(any, object_schema(tide_condition_keys));
    tide_json_set(schema, "oneOf", any);
    return schema;
}

static struct json_object *shape_schema(const struct tide_key *key)
{
    static const char *const count_or_text[] = {"integer", "string", NULL};
    static const char *const scalars[] = {"string", "number", "boolean", NULL};
    struct json_object *schema;

    switch (key->shape) {
    case TIDE_SHAPE_TEXT:
    case TIDE_SHAPE_WORD:
        return text_schema(key);
    case TIDE_SHAPE_BOOL:
        return typed("boolean");
    case TIDE_SHAPE_COUNT:
        return count_schema(key);
    case TIDE_SHAPE_COUNT_OR_SHARE:
        return types(count_or_text);
    case TIDE_SHAPE_TEXTS:
        return list_schema(key, text_schema(key));
    case TIDE_SHAPE_SCALARS:
        return list_schema(key, types(scalars));
    case TIDE_SHAPE_TEXT_MAP:
        schema = typed("object");
        tide_json_set(schema, "additionalProperties", typed("string"));
        return schema;
    case TIDE_SHAPE_OBJECT:
        return object_schema(key->keys);
    case TIDE_SHAPE_OBJECTS:
        return list_schema(key, object_schema(key->keys));
    case TIDE_SHAPE_CONDITION:
        schema = json_object_new_object();
        tide_json_set_text(schema, "$ref", "#/$defs/condition");
        return schema;
    case TIDE_SHAPE_MAP:
        break;
    }
    return typed("object");
}

static struct json_object *object_schema(const struct tide_key *keys)
{
    struct json_object *schema = typed("object");
    struct json_object *properties = json_object_new_object();
    struct json_object *required = json_object_new_array();

    for (; keys->name; keys++) {
        struct json_object *member = shape_schema(keys);

        tide_json_set_text(member, "description", keys->help);
        tide_json_set(properties, keys->name, member);
        if (keys->required) {
            (void)json_object_array_add(required, json_object_new_string(keys->name));
        }
    }
    tide_json_set(schema, "properties", properties);
    tide_json_set(schema, "required", required);
    tide_json_set_bool(schema, "additionalProperties", false);
    return schema;
}

/* The names that a plugin key may have, as this machine's plugins are. */
static void set_plugins(struct json_object *schema, const struct tide_catalog *catalog,
                        uint32_t kind)
{
    struct json_object *list = json_object_new_array();

    for (size_t i = 0; i < tide_catalog_count(catalog); i++) {
        const struct tide_plugin_info *info = tide_catalog_at(catalog, i);

        if (!info->refused && info->kind == kind) {
            (void)json_object_array_add(list, json_object_new_string(info->name));
        }
    }
    tide_json_set(schema, "enum", list);
}

static struct json_object *member(struct json_object *schema, const char *name)
{
    return tide_json_member(tide_json_member(schema, "properties"), name);
}

struct json_object *tide_pipeline_json_schema(const struct tide_catalog *catalog)
{
    struct json_object *schema = object_schema(tide_document_keys);
    struct json_object *definitions = json_object_new_object();
    struct json_object *steps =
        tide_json_member(member(schema, "transformations"), "items");

    set_plugins(member(member(member(schema, "source"), "connection"), "plugin"), catalog,
                TIDE_KIND_SOURCE);
    set_plugins(member(member(member(schema, "destination"), "connection"), "plugin"),
                catalog, TIDE_KIND_DESTINATION);
    set_plugins(member(steps, "type"), catalog, TIDE_KIND_TRANSFORM);
    tide_json_set(definitions, "condition", condition_schema());
    tide_json_set(schema, "$defs", definitions);
    tide_json_set_text(schema, "$schema", "https://json-schema.org/draft/2020-12/schema");
    tide_json_set_text(schema, "title", "Tidemill pipeline definition");
    return schema;
}
