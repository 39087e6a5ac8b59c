/*
 * predicate_internal - a compiled test, as its compiler leaves it and its runner takes
 * it.
 *
 * Private to predicate.c and predicate_apply.c.
 */
#ifndef TIDE_RUN_PREDICATE_INTERNAL_H
#define TIDE_RUN_PREDICATE_INTERNAL_H

#include "run/predicate.h"
#include "run/predicate_rule.h"

enum family {
    FAMILY_CONSTANT, /**< the same for every row */
    FAMILY_NULLNESS,
    FAMILY_RANGES,  /**< of keys */
    FAMILY_COMPARE, /**< texts or decimals with the values */
    FAMILY_SEARCH,  /**< the values in texts */
    FAMILY_EMPTINESS
};

struct operand {
    char *text; /**< owned */
    size_t length;
};

typedef int (*compare_fn)(const char *a, size_t a_length, const char *b, size_t b_length);

struct tide_predicate {
    enum family family;
    enum tide_relation relation;
    bool is_negated;
    uint8_t constant; /**< an enum tide_truth */
    size_t column;
    int type;
    struct tide_range *ranges; /**< owned */
    struct operand *operands;  /**< owned */
    size_t count;              /**< of the one that is used */
    compare_fn compare;
};

#endif
