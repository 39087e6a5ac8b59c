/*
 * flow_recipe - how the rows of a table are made, as a number.
 *
 * An interrupted replacing load is resumed only by a run that makes its rows the
 * same way: of the same columns, by the same definition of the table, by the same plugins
 * with the same options, whether these come from the definition, a variable or a stored
 * connection.  Secret options do not count, and nothing of them may be in a number that
 * is kept: a source whose place is secret has to know it again by its own position.
 */
#include <string.h>
#include <tidemill/option.h>

#include "base/hash.h"
#include "base/json.h"
#include "base/memory.h"
#include "run/flow.h"

static uint64_t add_byte(uint64_t sum, int byte)
{
    const uint8_t one = (uint8_t)byte;

    return tide_hash_add(sum, &one, sizeof one);
}

/* With its end; NULL is no empty text. */
static uint64_t add_text(uint64_t sum, const char *text)
{
    return text ? tide_hash_add(sum, text, strlen(text) + 1) : add_byte(sum, 0xff);
}

static uint64_t add_json(uint64_t sum, struct json_object *value)
{
    char *text = value ? tide_json_format(value) : NULL;

    sum = add_text(sum, text);
    free(text);
    return sum;
}

static uint64_t add_columns(uint64_t sum, const struct tide_schema *schema)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        sum = add_text(sum, schema->columns[i].name);
        sum = add_byte(sum, (int)schema->columns[i].type);
    }
    return add_text(sum, "");
}

/* ---- options --------------------------------------------------------------------- */

static uint64_t add_plugin(uint64_t sum, const struct tide_plugin_entry *entry,
                           const void *options);

static uint64_t add_list(uint64_t sum, const struct tide_list *list)
{
    sum = tide_hash_add(sum, &list->count, sizeof list->count);
    for (size_t i = 0; i < list->count; i++) {
        sum = add_text(sum, list->items[i]);
    }
    return sum;
}

static uint64_t add_map(uint64_t sum, const struct tide_map *map)
{
    sum = tide_hash_add(sum, &map->count, sizeof map->count);
    for (size_t i = 0; i < map->count; i++) {
        sum = add_text(sum, map->pairs[i].key);
        sum = add_text(sum, map->pairs[i].value);
    }
    return sum;
}

static uint64_t add_component(uint64_t sum, const struct tide_component *component)
{
    return component->plugin ? add_plugin(sum, component->plugin, component->options)
                             : add_text(sum, NULL);
}

/* The bytes of a field that is no text, list, map or plugin. */
static size_t plain_size(int type)
{
    switch (type) {
    case TIDE_OPTION_BOOL:
        return sizeof(bool);
    case TIDE_OPTION_FLOAT:
        return sizeof(double);
    case TIDE_OPTION_CHAR:
        return sizeof(char);
    default:
        return sizeof(int64_t);
    }
}

static uint64_t add_option(uint64_t sum, const struct tide_option *option,
                           const void *field)
{
    sum = add_text(sum, option->name);
    switch (option->type) {
    case TIDE_OPTION_STRING:
    case TIDE_OPTION_PATH:
        return add_text(sum, *(const char *const *)field);
    case TIDE_OPTION_LIST:
        return add_list(sum, field);
    case TIDE_OPTION_MAP:
        return add_map(sum, field);
    case TIDE_OPTION_COMPONENT:
        return add_component(sum, field);
    default:
        return tide_hash_add(sum, field, plain_size(option->type));
    }
}

static uint64_t add_plugin(uint64_t sum, const struct tide_plugin_entry *entry,
                           const void *options)
{
    sum = add_text(sum, entry->name);
    for (const struct tide_option *option = entry->options; option && option->name;
         option++) {
        if (!option->secret) {
            sum = add_option(sum, option, (const char *)options + option->offset);
        }
    }
    return sum;
}

/* ---- all ------------------------------------------------------------------------- */

static uint64_t add_steps(uint64_t sum, const struct tide_engine *engine)
{
    const struct tide_pipeline *pipeline = engine->pipeline;

    for (size_t i = 0; i < pipeline->transformation_count; i++) {
        sum = add_text(sum, pipeline->transformations[i].table);
        sum = add_plugin(sum, engine->transforms[i].entry, engine->transforms[i].options);
    }
    return sum;
}

char *tide_flow_recipe(const struct tide_flow *flow)
{
    const struct tide_engine *engine = flow->engine;
    struct json_object *tables = tide_json_member(engine->pipeline->document, "tables");
    size_t index = (size_t)(flow->table - engine->pipeline->tables);
    uint64_t sum = TIDE_HASH_START;

    sum = add_columns(sum, &flow->source_schema);
    sum = add_columns(sum, &flow->outgoing);
    sum = add_plugin(sum, engine->source.entry, engine->source.options);
    sum = add_steps(sum, engine);
    if (json_object_is_type(tables, json_type_array)) {
        sum = add_json(sum, json_object_array_get_idx(tables, index));
    }
    return tide_strf("%016llx", (unsigned long long)sum);
}
