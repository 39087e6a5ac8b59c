/*
 * replacement - what a match is replaced by: texts and groups, compiled once.
 *
 * \1 and $1 are a group, \0 and $0 the whole match, ${1} a group before a digit; $$ is a
 * dollar, \\ a backslash, \$ a dollar.
 */
#ifndef FIND_AND_REPLACE_REPLACEMENT_H
#define FIND_AND_REPLACE_REPLACEMENT_H

#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

#define REPLACEMENT_TEXT (-1)

struct replacement_part {
    int32_t group; /**< number of a group, or REPLACEMENT_TEXT */
    uint8_t *text; /**< owned by the replacement; not terminated */
    size_t length;
};

struct replacement {
    struct replacement_part *parts; /**< owned */
    size_t count;
};

/** Compile text for a pattern of so many groups.  TIDE_E_CONFIG names what is wrong with
 * it. */
TIDE_MUST_CHECK
int replacement_compile(const char *text, uint32_t groups, struct replacement *out,
                        struct tide_error *err);
/** A replacement that is this text, with nothing special in it. */
TIDE_MUST_CHECK
int replacement_verbatim(const char *text, struct replacement *out,
                         struct tide_error *err);
void replacement_clear(struct replacement *replacement);

#endif
