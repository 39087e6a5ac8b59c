/*
 * predicate - compile one test of a filter against the type of its column; see
 * predicate.h.
 */
#include "run/predicate.h"

#include <string.h>

#include "base/memory.h"
#include "run/columns.h"
#include "run/decimal.h"
#include "run/predicate_internal.h"

static int compare_bytes(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t least = a_length < b_length ? a_length : b_length;
    int order = least > 0 ? memcmp(a, b, least) : 0;

    if (order != 0 || a_length == b_length) {
        return order;
    }
    return a_length < b_length ? -1 : 1;
}

static bool has_key(int type)
{
    return type == TIDE_TYPE_BOOL || type == TIDE_TYPE_INT64 ||
           type == TIDE_TYPE_FLOAT64 || type == TIDE_TYPE_DATE ||
           type == TIDE_TYPE_TIME || type == TIDE_TYPE_TIMESTAMP ||
           type == TIDE_TYPE_DATETIME;
}

static int does_not_go(const struct tide_rule *rule, int type, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CONFIG,
                          "\"%s\" does not go with a column of type %s", rule->words,
                          tide_type_name(type));
}

static int compile_ranges(struct tide_predicate *made, const struct tide_rule *rule,
                          const char *const *values, size_t count, struct tide_error *err)
{
    size_t step = rule->relation == TIDE_REL_BETWEEN ? 2 : 1;
    int rc = TIDE_OK;

    if (made->type == TIDE_TYPE_BOOL && rule->relation != TIDE_REL_EQUAL) {
        return does_not_go(rule, made->type, err);
    }
    made->family = FAMILY_RANGES;
    made->ranges = tide_alloc_array(count / step, sizeof *made->ranges);
    for (size_t i = 0; rc == TIDE_OK && i < count; i += step) {
        rc = tide_range_compile(rule->relation, made->type, values + i,
                                &made->ranges[made->count++], err);
    }
    return rc;
}

static char *operand_text(int type, const char *value)
{
    char *text = tide_strdup(value);

    for (char *at = text; type == TIDE_TYPE_UUID && *at; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at + ('a' - 'A') : *at);
    }
    return text;
}

static int compile_operands(struct tide_predicate *made, const char *const *values,
                            size_t count, struct tide_error *err)
{
    bool is_decimal = made->type == TIDE_TYPE_DECIMAL;

    made->compare = is_decimal ? tide_decimal_compare : compare_bytes;
    made->operands = tide_alloc_array(count, sizeof *made->operands);
    for (size_t i = 0; i < count; i++) {
        struct operand *operand = &made->operands[made->count++];

        operand->text = operand_text(made->type, values[i]);
        operand->length = strlen(operand->text);
        if (is_decimal && !tide_decimal_is_valid(operand->text, operand->length)) {
            return tide_error_set(err, TIDE_E_CONFIG, "\"%s\" is no number", values[i]);
        }
    }
    return TIDE_OK;
}

static int compile_values(struct tide_predicate *made, const struct tide_rule *rule,
                          const char *const *values, size_t count, struct tide_error *err)
{
    bool is_search = rule->relation == TIDE_REL_CONTAINS ||
                     rule->relation == TIDE_REL_STARTS || rule->relation == TIDE_REL_ENDS;

    if (count < rule->least || count > rule->most) {
        return tide_error_set(err, TIDE_E_CONFIG, "\"%s\" does not take %zu values",
                              rule->words, count);
    }
    if (made->type == TIDE_TYPE_NULL) {
        made->family = FAMILY_CONSTANT;
        made->constant = TIDE_UNKNOWN;
        return TIDE_OK;
    }
    if (rule->implied) {
        values = &rule->implied;
        count = 1;
        if (made->type != TIDE_TYPE_BOOL) {
            return does_not_go(rule, made->type, err);
        }
    }
    if (has_key(made->type)) {
        return is_search ? does_not_go(rule, made->type, err)
                         : compile_ranges(made, rule, values, count, err);
    }
    if (is_search && made->type == TIDE_TYPE_DECIMAL) {
        return does_not_go(rule, made->type, err);
    }
    made->family = is_search ? FAMILY_SEARCH : FAMILY_COMPARE;
    return compile_operands(made, values, count, err);
}

static int compile_emptiness(struct tide_predicate *made, const struct tide_rule *rule,
                             struct tide_error *err)
{
    if (made->type != TIDE_TYPE_STRING && made->type != TIDE_TYPE_BYTES &&
        made->type != TIDE_TYPE_JSON && made->type != TIDE_TYPE_NULL) {
        return does_not_go(rule, made->type, err);
    }
    made->family = FAMILY_EMPTINESS;
    return TIDE_OK;
}

static int compile(struct tide_predicate *made, const struct tide_condition *test,
                   const struct tide_schema *schema, struct tide_error *err)
{
    const struct tide_rule *rule = tide_rule_of(test->op);

    made->relation = rule->relation;
    made->is_negated = rule->is_negated;
    made->column = tide_schema_find(schema, test->field);
    if (rule->relation == TIDE_REL_EXISTS) {
        bool exists = made->column != TIDE_NO_COLUMN;

        made->family = FAMILY_CONSTANT;
        made->constant = exists != rule->is_negated ? TIDE_TRUE : TIDE_FALSE;
        return TIDE_OK;
    }
    if (made->column == TIDE_NO_COLUMN) {
        return tide_columns_absent(schema, "filter", test->field, err);
    }
    made->type = schema->columns[made->column].type;
    if (rule->relation == TIDE_REL_NULL) {
        made->family = FAMILY_NULLNESS;
        return TIDE_OK;
    }
    if (rule->relation == TIDE_REL_EMPTY) {
        return compile_emptiness(made, rule, err);
    }
    return compile_values(made, rule, test->values, test->value_count, err);
}

int tide_predicate_create(const struct tide_condition *test,
                          const struct tide_schema *schema, struct tide_predicate **out,
                          struct tide_error *err)
{
    struct tide_predicate *made = tide_alloc(sizeof *made);
    int rc = compile(made, test, schema, err);

    if (rc != TIDE_OK) {
        bool is_absent = made->column == TIDE_NO_COLUMN;

        tide_predicate_destroy(made);
        return is_absent ? rc : tide_error_wrap(err, "filter on \"%s\"", test->field);
    }
    *out = made;
    return TIDE_OK;
}

void tide_predicate_destroy(struct tide_predicate *predicate)
{
    if (!predicate) {
        return;
    }
    for (size_t i = 0; predicate->operands && i < predicate->count; i++) {
        free(predicate->operands[i].text);
    }
    free(predicate->operands);
    free(predicate->ranges);
    free(predicate);
}
