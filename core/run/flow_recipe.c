/*
 * flow_recipe - how the rows of a table are made, as a number.
 *
 * A replacing load that was cut off is gone on with only by a run that makes its rows the
 * same way: of the same columns, by the same definition of table, source and
 * transformations.  Options of a stored connection do not count: the source knows its own
 * place.
 */
#include "base/json.h"
#include "base/memory.h"
#include "run/flow.h"

static uint64_t add_text(uint64_t sum, const char *text)
{
    do {
        sum = (sum ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    } while (*text++);
    return sum;
}

static uint64_t add_json(uint64_t sum, struct json_object *value)
{
    char *text = value ? tide_json_format(value) : NULL;

    sum = add_text(sum, text ? text : "");
    free(text);
    return sum;
}

static uint64_t add_columns(uint64_t sum, const struct tide_schema *schema)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        sum = add_text(sum, schema->columns[i].name);
        sum = (sum ^ (uint64_t)schema->columns[i].type) * UINT64_C(0x100000001b3);
    }
    return add_text(sum, "");
}

char *tide_flow_recipe(const struct tide_flow *flow)
{
    const struct tide_pipeline *pipeline = flow->engine->pipeline;
    size_t index = (size_t)(flow->table - pipeline->tables);
    struct json_object *tables = tide_json_member(pipeline->document, "tables");
    uint64_t sum = UINT64_C(0xcbf29ce484222325);

    sum = add_columns(sum, &flow->source_schema);
    sum = add_columns(sum, &flow->outgoing);
    sum = add_json(sum, tide_json_member(pipeline->document, "source"));
    sum = add_json(sum, tide_json_member(pipeline->document, "transformations"));
    if (json_object_is_type(tables, json_type_array)) {
        sum = add_json(sum, json_object_array_get_idx(tables, index));
    }
    return tide_strf("%016llx", (unsigned long long)sum);
}
