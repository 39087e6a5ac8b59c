/*
 * compile_filter - a filter's conditions and groups.
 *
 * The number of values that each operator takes is checked here; whether they fit a
 * column's type is known only when the source is open.
 */
#include <string.h>

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
        values[i] =
            tide_arena_strdup(compile->parts->arena,
                              json_object_get_string(json_object_array_get_idx(list, i)));
    }
    out->values = values;
    out->value_count = count;
}

static void compile_test(struct tide_compile *compile, const struct tide_place *place,
                         struct tide_condition *out)
{
    const char *word = tide_json_text(place->value, "operator");
    int op = 0;

    out->kind = TIDE_CONDITION_TEST;
    out->field = tide_compile_text(compile, place->value, "field");
    compile_values(compile, tide_json_member(place->value, "values"), out);
    if (word && tide_word_find(tide_operator_words, word, &op)) {
        out->op = (enum tide_operator)op;
        check_values(place, out->op, out->value_count);
    }
}

static void compile_condition(struct tide_compile *compile,
                              const struct tide_place *place, struct tide_condition *out)
{
    bool is_or = tide_json_member(place->value, "or") != NULL;
    struct tide_place group = tide_place_member(place, is_or ? "or" : "and");
    size_t count;

    if (!json_object_is_type(place->value, json_type_object)) {
        return;
    }
    if (!group.value) {
        compile_test(compile, place, out);
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

        compile_condition(compile, &element, &out->children[i]);
    }
}

const struct tide_condition *tide_compile_filter(struct tide_compile *compile,
                                                 const struct tide_place *place)
{
    struct tide_condition *filter;

    if (!place->value) {
        return NULL;
    }
    filter = tide_arena_alloc(compile->parts->arena, sizeof *filter);
    compile_condition(compile, place, filter);
    return filter;
}
