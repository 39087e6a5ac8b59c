/*
 * pattern_internal - what compiling a pattern makes, and applying it uses.
 */
#ifndef FIND_AND_REPLACE_PATTERN_INTERNAL_H
#define FIND_AND_REPLACE_PATTERN_INTERNAL_H

#define PCRE2_CODE_UNIT_WIDTH 8

#include <pcre2.h>

#include "byte_class.h"
#include "pattern.h"

struct pattern {
    struct replacement replacement;

    uint8_t *literal; /**< owned; NULL when code is used */
    size_t literal_length;

    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    bool is_ready; /**< for its first value: its JIT was asked for */
    bool has_jit;

    bool is_class, repeats;   /**< of one character, or of a run of them */
    struct byte_class *class; /**< owned; NULL until it is wanted */
};

/** Ask PCRE2 which bytes are in the class; once, for the first column. */
TIDE_MUST_CHECK
int pattern_make_class(struct pattern *pattern);

#endif
