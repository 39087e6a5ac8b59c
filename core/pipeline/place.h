/*
 * place - where in a document one stands, and what is wrong there.
 *
 * Places are linked from a value up to the document, on the stack of the functions that
 * walk down it.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_PIPELINE_PLACE_H
#define TIDE_PIPELINE_PLACE_H

#include "pipeline/pipeline.h"

/** All problems of one document, while they are found. */
struct tide_findings {
    const struct tide_document *document;
    struct tide_problems *problems;
};

/** A value: the root, a member of an object (key), or an element of an array (key
 * NULL). */
struct tide_place {
    struct tide_findings *findings;
    const struct tide_place *up; /**< NULL: the root */
    struct json_object *value;   /**< as it stands in the document */
    const char *key;
    size_t index;
};

struct tide_place tide_place_root(struct tide_findings *findings,
                                  struct json_object *root);
struct tide_place tide_place_member(const struct tide_place *up, const char *key);
struct tide_place tide_place_element(const struct tide_place *up, size_t index);

/** Note a problem of the value at place. */
TIDE_PRINTF(3, 4)
void tide_place_problem(const struct tide_place *place, enum tide_problem_kind kind,
                        const char *format, ...);

/** Note a problem of one member's key: its name is wrong, not its value. */
TIDE_PRINTF(4, 5)
void tide_place_key_problem(const struct tide_place *place, const char *key,
                            enum tide_problem_kind kind, const char *format, ...);

/** Whether a problem of that member, or of what is in it, was noted before. */
bool tide_place_has_problem(const struct tide_place *place, const char *key);

#endif
