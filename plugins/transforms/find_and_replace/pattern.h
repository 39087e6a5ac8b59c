/*
 * pattern - what is looked for in a column: a literal, or a regular expression.
 */
#ifndef FIND_AND_REPLACE_PATTERN_H
#define FIND_AND_REPLACE_PATTERN_H

#include <stdbool.h>

#include "replacement.h"
#include "rewrite.h"

/** Opaque; owns what PCRE2 compiled. */
struct pattern;

/** Called for a row whose value could not be searched; below zero ends the run. */
typedef int (*pattern_refuse_fn)(void *arg, int64_t row, const char *message);

/** Compile both halves.  TIDE_E_CONFIG says what is wrong and at which character. */
TIDE_MUST_CHECK
int pattern_create(const char *find, const char *replace, bool is_regex,
                   bool is_case_sensitive, struct pattern **out, struct tide_error *err);
void pattern_destroy(struct pattern *pattern);
/** Replace all matches of all rows.  TIDE_E_LIMIT when memory is out, or what refuse
 * said. */
TIDE_MUST_CHECK
int pattern_apply(struct pattern *pattern, struct rewrite *rewrite,
                  pattern_refuse_fn refuse, void *arg);

#endif
