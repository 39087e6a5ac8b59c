/*
 * predicate_rule - the table of operators, and comparisons with keys as closed ranges;
 * see predicate_rule.h.
 */
#include "run/predicate_rule.h"

#include <stdlib.h>
#include <string.h>

#include "batch/cast.h"
#include "run/decimal.h"

#define MANY ((size_t)-1)

static const struct tide_rule rules[] = {
    [TIDE_OP_IS] = {"is", TIDE_REL_EQUAL, false, 1, MANY, NULL},
    [TIDE_OP_IS_NOT] = {"is not", TIDE_REL_EQUAL, true, 1, MANY, NULL},
    [TIDE_OP_LESS] = {"is less than", TIDE_REL_LESS, false, 1, 1, NULL},
    [TIDE_OP_LESS_OR_EQUAL] = {"is less than or equal to", TIDE_REL_LESS_OR_EQUAL, false,
                               1, 1, NULL},
    [TIDE_OP_GREATER] = {"is greater than", TIDE_REL_GREATER, false, 1, 1, NULL},
    [TIDE_OP_GREATER_OR_EQUAL] = {"is greater than or equal to",
                                  TIDE_REL_GREATER_OR_EQUAL, false, 1, 1, NULL},
    [TIDE_OP_BETWEEN] = {"is between", TIDE_REL_BETWEEN, false, 2, 2, NULL},
    [TIDE_OP_NOT_BETWEEN] = {"is not between", TIDE_REL_BETWEEN, true, 2, 2, NULL},
    [TIDE_OP_CONTAINS] = {"contains", TIDE_REL_CONTAINS, false, 1, MANY, NULL},
    [TIDE_OP_NOT_CONTAINS] = {"does not contain", TIDE_REL_CONTAINS, true, 1, MANY, NULL},
    [TIDE_OP_ONE_OF] = {"is one of", TIDE_REL_EQUAL, false, 1, MANY, NULL},
    [TIDE_OP_NOT_ONE_OF] = {"is not one of", TIDE_REL_EQUAL, true, 1, MANY, NULL},
    [TIDE_OP_STARTS_WITH] = {"starts with", TIDE_REL_STARTS, false, 1, MANY, NULL},
    [TIDE_OP_ENDS_WITH] = {"ends with", TIDE_REL_ENDS, false, 1, MANY, NULL},
    [TIDE_OP_BEFORE] = {"is before", TIDE_REL_LESS, false, 1, 1, NULL},
    [TIDE_OP_ON_OR_BEFORE] = {"is on or before", TIDE_REL_LESS_OR_EQUAL, false, 1, 1,
                              NULL},
    [TIDE_OP_AFTER] = {"is after", TIDE_REL_GREATER, false, 1, 1, NULL},
    [TIDE_OP_ON_OR_AFTER] = {"is on or after", TIDE_REL_GREATER_OR_EQUAL, false, 1, 1,
                             NULL},
    [TIDE_OP_TRUE] = {"is true", TIDE_REL_EQUAL, false, 0, 0, "true"},
    [TIDE_OP_FALSE] = {"is false", TIDE_REL_EQUAL, false, 0, 0, "false"},
    [TIDE_OP_EMPTY] = {"is empty", TIDE_REL_EMPTY, false, 0, 0, NULL},
    [TIDE_OP_NOT_EMPTY] = {"is not empty", TIDE_REL_EMPTY, true, 0, 0, NULL},
    [TIDE_OP_NULL] = {"is null", TIDE_REL_NULL, false, 0, 0, NULL},
    [TIDE_OP_NOT_NULL] = {"is not null", TIDE_REL_NULL, true, 0, 0, NULL},
    [TIDE_OP_EXISTS] = {"exists", TIDE_REL_EXISTS, false, 0, 0, NULL},
    [TIDE_OP_NOT_EXISTS] = {"does not exist", TIDE_REL_EXISTS, true, 0, 0, NULL},
};

const struct tide_rule *tide_rule_of(enum tide_operator op)
{
    return &rules[op];
}

int64_t tide_key_of_double(double value)
{
    int64_t bits = 0;

    if (value != value) {
        return INT64_MAX;
    }
    memcpy(&bits, &value, sizeof bits);
    return bits >= 0 ? bits : INT64_MIN - bits;
}

/* ---- values as keys -----------------------------------------------------------------*/

static int not_of_type(int type, const char *text, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CONFIG, "\"%s\" is no value of type %s", text,
                          tide_type_name(type));
}

static int ignore_failure(void *arg, int64_t row, const char *code, const char *message)
{
    bool *failed = arg;

    (void)row;
    (void)code;
    (void)message;
    *failed = true;
    return TIDE_OK;
}

static int text_batch(const char *text, struct tide_batch *batch)
{
    struct tide_builder builder;
    int rc = tide_batch_init(batch, 1, 1);

    tide_builder_init(&builder, TIDE_TYPE_STRING);
    if (rc == TIDE_OK) {
        rc = tide_append_text(&builder, text);
    }
    if (rc == TIDE_OK) {
        rc = tide_builder_finish(&builder, batch->array.children[0]);
    }
    tide_builder_clear(&builder);
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
    }
    return rc;
}

static int cast_one(struct tide_batch *batch, int from, int to, bool *failed)
{
    const struct tide_column source = {.type = from}, target = {.type = to};

    if (!tide_cast_is_possible(from, to)) {
        *failed = true;
        return TIDE_OK;
    }
    return tide_cast_column(batch, 0, &source, &target, NULL, ignore_failure, failed);
}

/* Read a date or time the way input validation would: straight, or by way of a date,
 * which is its midnight. */
static int read_by_cast(int type, const char *text, bool by_date, int64_t *key,
                        bool *failed)
{
    struct tide_batch batch = {0};
    int rc = text_batch(text, &batch);

    *failed = false;
    if (rc == TIDE_OK && by_date) {
        rc = cast_one(&batch, TIDE_TYPE_STRING, TIDE_TYPE_DATE, failed);
    }
    if (rc == TIDE_OK && !*failed) {
        rc = cast_one(&batch, by_date ? TIDE_TYPE_DATE : TIDE_TYPE_STRING, type, failed);
    }
    if (rc == TIDE_OK && !*failed) {
        const struct ArrowArray *column = batch.array.children[0];

        *key = type == TIDE_TYPE_DATE ? tide_array_int32(column, 0)
                                      : tide_array_int64(column, 0);
    }
    tide_batch_release(&batch);
    return rc;
}

static int read_time(int type, const char *text, int64_t *key, struct tide_error *err)
{
    bool has_midnight = type == TIDE_TYPE_TIMESTAMP || type == TIDE_TYPE_DATETIME;
    bool failed = false;
    int rc = read_by_cast(type, text, false, key, &failed);

    if (rc == TIDE_OK && failed && has_midnight) {
        rc = read_by_cast(type, text, true, key, &failed);
    }
    if (rc != TIDE_OK) {
        return tide_error_set(err, rc, "out of memory");
    }
    return failed ? not_of_type(type, text, err) : TIDE_OK;
}

static int read_double(const char *text, int64_t *key, struct tide_error *err)
{
    char *end = NULL;
    double value = strtod(text, &end);

    if (!tide_decimal_is_valid(text, strlen(text)) || *end != '\0') {
        return not_of_type(TIDE_TYPE_FLOAT64, text, err);
    }
    *key = tide_key_of_double(value);
    return TIDE_OK;
}

static int read_bool(const char *text, int64_t *key, struct tide_error *err)
{
    if (strcmp(text, "true") != 0 && strcmp(text, "false") != 0) {
        return not_of_type(TIDE_TYPE_BOOL, text, err);
    }
    *key = strcmp(text, "true") == 0;
    return TIDE_OK;
}

/* Where a value lies among the keys of a type; only among integers may it lie between
 * two. */
static int place_value(int type, const char *text, struct tide_decimal_place *out,
                       struct tide_error *err)
{
    *out = (struct tide_decimal_place){.is_exact = true};
    switch (type) {
    case TIDE_TYPE_INT64:
        if (!tide_decimal_locate(text, strlen(text), out)) {
            return not_of_type(type, text, err);
        }
        return TIDE_OK;
    case TIDE_TYPE_FLOAT64:
        return read_double(text, &out->floor, err);
    case TIDE_TYPE_BOOL:
        return read_bool(text, &out->floor, err);
    default:
        return read_time(type, text, &out->floor, err);
    }
}

/* ---- relations as ranges ------------------------------------------------------------*/

static const struct tide_range all = {INT64_MIN, INT64_MAX};
static const struct tide_range none = {1, 0};

/* Keys at or below a place; strictly: below it. */
static struct tide_range range_below(const struct tide_decimal_place *place,
                                     bool strictly)
{
    int64_t high = place->floor;

    if (place->side != 0) {
        return place->side < 0 ? none : all;
    }
    if (strictly && place->is_exact) {
        if (high == INT64_MIN) {
            return none;
        }
        high--;
    }
    return (struct tide_range){INT64_MIN, high};
}

static struct tide_range range_above(const struct tide_decimal_place *place,
                                     bool strictly)
{
    int64_t low = place->floor;

    if (place->side != 0) {
        return place->side < 0 ? all : none;
    }
    if (strictly || !place->is_exact) {
        if (low == INT64_MAX) {
            return none;
        }
        low++;
    }
    return (struct tide_range){low, INT64_MAX};
}

static struct tide_range range_equal(const struct tide_decimal_place *place)
{
    if (place->side != 0 || !place->is_exact) {
        return none;
    }
    return (struct tide_range){place->floor, place->floor};
}

static struct tide_range range_of(enum tide_relation relation,
                                  const struct tide_decimal_place *place)
{
    switch (relation) {
    case TIDE_REL_LESS:
        return range_below(place, true);
    case TIDE_REL_LESS_OR_EQUAL:
        return range_below(place, false);
    case TIDE_REL_GREATER:
        return range_above(place, true);
    case TIDE_REL_GREATER_OR_EQUAL:
        return range_above(place, false);
    default:
        return range_equal(place);
    }
}

static int range_between(int type, const char *const *values, struct tide_range *out,
                         struct tide_error *err)
{
    struct tide_decimal_place low, high;
    int rc = place_value(type, values[0], &low, err);

    if (rc == TIDE_OK) {
        rc = place_value(type, values[1], &high, err);
    }
    if (rc == TIDE_OK) {
        struct tide_range above = range_above(&low, false);
        struct tide_range below = range_below(&high, false);

        *out = above.low > above.high || below.low > below.high
                   ? none
                   : (struct tide_range){above.low, below.high};
    }
    return rc;
}

int tide_range_compile(enum tide_relation relation, int type, const char *const *values,
                       struct tide_range *out, struct tide_error *err)
{
    struct tide_decimal_place place;
    int rc = TIDE_OK;

    if (relation == TIDE_REL_BETWEEN) {
        return range_between(type, values, out, err);
    }
    rc = place_value(type, values[0], &place, err);
    if (rc == TIDE_OK) {
        *out = range_of(relation, &place);
    }
    return rc;
}
