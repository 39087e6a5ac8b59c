/*
 * keys - the one table of the definition document: its keys, their shapes, what is
 * required, and what they mean.
 *
 * Checking, the advice for unknown keys, and the JSON Schema for editors all come from
 * it.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_PIPELINE_KEYS_H
#define TIDE_PIPELINE_KEYS_H

#include "pipeline/place.h"

enum tide_shape {
    TIDE_SHAPE_TEXT, /**< not empty */
    TIDE_SHAPE_WORD, /**< one of .words */
    TIDE_SHAPE_BOOL,
    TIDE_SHAPE_COUNT,          /**< a whole number within .minimum .. .maximum */
    TIDE_SHAPE_COUNT_OR_SHARE, /**< 10 or "1%" */
    TIDE_SHAPE_TEXTS,          /**< a list of texts, not empty */
    TIDE_SHAPE_SCALARS,        /**< a list of texts, numbers and booleans */
    TIDE_SHAPE_MAP,            /**< any object: the plugin's own table checks it */
    TIDE_SHAPE_TEXT_MAP,       /**< an object of texts */
    TIDE_SHAPE_OBJECT,         /**< of .keys */
    TIDE_SHAPE_OBJECTS,        /**< a list of objects of .keys */
    TIDE_SHAPE_CONDITION       /**< a filter's condition or group */
};

/** A table ends with {0}. */
struct tide_key {
    const char *name;
    enum tide_shape shape;
    bool required;
    bool may_be_empty; /**< of a list */
    const struct tide_key *keys;
    const char *const *words;
    int64_t minimum, maximum;
    const char *help;
};

extern const struct tide_key tide_document_keys[];
extern const struct tide_key tide_condition_keys[]; /**< field, operator, values */

/** The operators of filters, in the order of enum tide_operator; ended by NULL. */
extern const char *const tide_operator_words[];

/** Hold an object against a table; every problem is noted. */
void tide_keys_check(const struct tide_place *place, const struct tide_key *keys);

/** Hold a filter's condition or group, at any depth, against its grammar. */
void tide_keys_check_condition(const struct tide_place *place, int depth);

/** Whether an enum-like word is known; *index says which. */
bool tide_word_find(const char *const *words, const char *word, int *index);
/** ": is none of a, b, c; did you mean b?" appended. */
void tide_word_advice(const char *const *words, const char *word, struct tide_text *out);

#endif
