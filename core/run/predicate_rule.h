/*
 * predicate_rule - what each operator of a filter asks, in terms of fewer relations.
 *
 * Private to predicate.c and its compilers.
 */
#ifndef TIDE_RUN_PREDICATE_RULE_H
#define TIDE_RUN_PREDICATE_RULE_H

#include "pipeline/pipeline.h"

enum tide_relation {
    TIDE_REL_EQUAL, /**< to any of the values */
    TIDE_REL_LESS,
    TIDE_REL_LESS_OR_EQUAL,
    TIDE_REL_GREATER,
    TIDE_REL_GREATER_OR_EQUAL,
    TIDE_REL_BETWEEN, /**< both ends included */
    TIDE_REL_CONTAINS,
    TIDE_REL_STARTS,
    TIDE_REL_ENDS,
    TIDE_REL_EMPTY,
    TIDE_REL_NULL,
    TIDE_REL_EXISTS
};

struct tide_rule {
    const char *words; /**< as definitions write it */
    enum tide_relation relation;
    bool is_negated;
    size_t least, most;  /**< how many values it takes */
    const char *implied; /**< the value of an operator that has none, or NULL */
};

/** Borrowed, for ever. */
const struct tide_rule *tide_rule_of(enum tide_operator op);

/** Closed ranges of 64-bit keys. */
struct tide_range {
    int64_t low, high; /**< low > high: none */
};

/** The key of a double: in the order of PostgreSQL, NaN above all, -0 is 0. */
int64_t tide_key_of_double(double value);

/** The keys of a column of int64, float64, bool or of dates and times for which the
 * relation holds to these values (two for BETWEEN, else one).  TIDE_E_CONFIG: a value is
 * not of the type. */
TIDE_MUST_CHECK
int tide_range_compile(enum tide_relation relation, int type, const char *const *values,
                       struct tide_range *out, struct tide_error *err);

#endif
