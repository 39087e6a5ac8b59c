/*
 * compile_filter - a filter's conditions and groups.
 *
 * Checked here: how many values each operator takes, and whether they are of the column's
 * type where the document declares one; other types are known when the source is open.
 */
#include <string.h>
#include <tidemill/value.h>

#include "base/json.h"
#include "pipeline/compile.h"
#include "pipeline/keys.h"

/* How many values an operator takes. */
static void value_range(enum tide_operator op, size_t *least, size_t *most)
{
    switch (op) {
    case TIDE_OP_BETWEEN:
    case TIDE_OP_NOT_BETWEEN:
        *least = *most = 2;
        break;
    case TIDE_OP_ONE_OF:
    case TIDE_OP_NOT_ONE_OF:
        *least = 1;
        *most = SIZE_MAX;
        break;
    case TIDE_OP_TRUE:
    case TIDE_OP_FALSE:
    case TIDE_OP_EMPTY:
    case TIDE_OP_NOT_EMPTY:
    case TIDE_OP_NULL:
    case TIDE_OP_NOT_NULL:
    case TIDE_OP_EXISTS:
    case TIDE_OP_NOT_EXISTS:
        *least = *most = 0;
        break;
    default:
        *least = *most = 1;
        break;
    }
}

static void check_values(const struct tide_place *place, enum tide_operator op,
                         size_t count)
{
    struct tide_place values = tide_place_member(place, "values");
    size_t least, most;

    value_range(op, &least, &most);
    if (count >= least && count <= most) {
        return;
    }
    if (most == SIZE_MAX) {
        tide_place_problem(&values, TIDE_PROBLEM_MEANING,
                           "\"%s\" takes at least one value", tide_operator_words[op]);
    } else {
        tide_place_problem(&values, TIDE_PROBLEM_MEANING,
                           "\"%s\" takes %zu value%s, not %zu", tide_operator_words[op],
                           most, most == 1 ? "" : "s", count);
    }
}

static void compile_values(struct tide_compile *compile, struct json_object *list,
                           struct tide_condition *out)
{
    size_t count =
        json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    const char **values =
        tide_arena_alloc(compile->parts->arena, (count + 1) * sizeof *values);

    for (size_t i = 0; i < count; i++) {
        struct json_object *item = json_object_array_get_idx(list, i);

        values[i] = tide_arena_strdup(compile->parts->arena,
                                      item ? json_object_get_string(item) : "");
    }
    out->values = values;
    out->value_count = count;
}

/* ---- values and types ---- */

/* A date is its midnight, where an instant is wanted. */
static bool is_instant(const char *text, size_t length)
{
    int64_t us;
    int32_t days;

    return tide_parse_timestamp(text, length, &us) == TIDE_OK ||
           tide_parse_date(text, length, &days) == TIDE_OK;
}

static bool is_of_type(const char *text, int type)
{
    size_t length = strlen(text);
    char uuid[36];
    int64_t us;
    int32_t days;

    switch (type) {
    case TIDE_TYPE_BOOL:
        return strcmp(text, "true") == 0 || strcmp(text, "false") == 0;
    case TIDE_TYPE_INT64:
    case TIDE_TYPE_FLOAT64:
    case TIDE_TYPE_DECIMAL:
        return tide_is_decimal(text, length);
    case TIDE_TYPE_DATE:
        return tide_parse_date(text, length, &days) == TIDE_OK;
    case TIDE_TYPE_TIME:
        return tide_parse_time(text, length, &us) == TIDE_OK;
    case TIDE_TYPE_TIMESTAMP:
    case TIDE_TYPE_DATETIME:
        return is_instant(text, length);
    case TIDE_TYPE_UUID:
        return tide_parse_uuid(text, length, uuid) == TIDE_OK;
    default:
        return true;
    }
}

/* Operators that compare with a value of the column's own type. */
static bool compares_values(enum tide_operator op)
{
    return op <= TIDE_OP_NOT_BETWEEN || op == TIDE_OP_ONE_OF ||
           op == TIDE_OP_NOT_ONE_OF ||
           (op >= TIDE_OP_BEFORE && op <= TIDE_OP_ON_OR_AFTER);
}

/* The type declared for a field, TIDE_TYPE_NULL when none is. */
static int declared_type(const struct tide_schema *types, const char *field)
{
    size_t i = field ? tide_schema_find(types, field) : TIDE_NO_COLUMN;

    return i == TIDE_NO_COLUMN ? TIDE_TYPE_NULL : types->columns[i].type;
}

static void check_types(const struct tide_place *place,
                        const struct tide_condition *condition, int type)
{
    struct tide_place values = tide_place_member(place, "values");

    if ((condition->op == TIDE_OP_TRUE || condition->op == TIDE_OP_FALSE) &&
        type != TIDE_TYPE_NULL && type != TIDE_TYPE_BOOL && type != TIDE_TYPE_STRING) {
        tide_place_key_problem(place, "operator", TIDE_PROBLEM_MEANING,
                               "\"%s\" is for bool, and \"%.100s\" is declared %s",
                               tide_operator_words[condition->op], condition->field,
                               tide_type_name(type));
    }
    for (size_t i = 0; compares_values(condition->op) && i < condition->value_count;
         i++) {
        struct tide_place value = tide_place_element(&values, i);

        if (!is_of_type(condition->values[i], type)) {
            tide_place_problem(&value, TIDE_PROBLEM_MEANING,
                               "\"%.100s\" is no %s, as which \"%.100s\" is declared",
                               condition->values[i], tide_type_name(type),
                               condition->field);
        }
    }
}

/* ---- conditions and groups ---- */

static void compile_test(struct tide_compile *compile, const struct tide_place *place,
                         const struct tide_schema *types, struct tide_condition *out)
{
    const char *word = tide_json_text(place->value, "operator");
    int op = 0;

    out->kind = TIDE_CONDITION_TEST;
    out->field = tide_compile_text(compile, place->value, "field");
    compile_values(compile, tide_json_member(place->value, "values"), out);
    if (word && tide_word_find(tide_operator_words, word, &op)) {
        out->op = (enum tide_operator)op;
        check_values(place, out->op, out->value_count);
        check_types(place, out, declared_type(types, out->field));
    }
}

static void compile_condition(struct tide_compile *compile,
                              const struct tide_place *place,
                              const struct tide_schema *types, struct tide_condition *out)
{
    bool is_or = tide_json_member(place->value, "or") != NULL;
    struct tide_place group = tide_place_member(place, is_or ? "or" : "and");
    size_t count;

    if (!json_object_is_type(place->value, json_type_object)) {
        return;
    }
    if (!group.value) {
        compile_test(compile, place, types, out);
        return;
    }
    count = json_object_is_type(group.value, json_type_array)
                ? json_object_array_length(group.value)
                : 0;
    out->kind = is_or ? TIDE_CONDITION_OR : TIDE_CONDITION_AND;
    out->child_count = count;
    out->children =
        tide_arena_alloc(compile->parts->arena, (count + 1) * sizeof *out->children);
    for (size_t i = 0; i < count; i++) {
        struct tide_place element = tide_place_element(&group, i);

        compile_condition(compile, &element, types, &out->children[i]);
    }
}

const struct tide_condition *tide_compile_filter(struct tide_compile *compile,
                                                 const struct tide_place *place,
                                                 const struct tide_schema *types)
{
    struct tide_condition *filter;

    if (!place->value) {
        return NULL;
    }
    filter = tide_arena_alloc(compile->parts->arena, sizeof *filter);
    compile_condition(compile, place, types, filter);
    return filter;
}
