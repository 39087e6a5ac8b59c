/*
 * byte_class - an expression that is one class of characters, as [^0-9]+ and \s are.
 *
 * In a column that is all ASCII such a search is a table of bytes: what it finds is the
 * same, without a matcher's call for each match.
 */
#ifndef FIND_AND_REPLACE_BYTE_CLASS_H
#define FIND_AND_REPLACE_BYTE_CLASS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct byte_class {
    bool repeats; /**< a match is a whole run of such bytes, else one */
    uint8_t has[256];
};

/** Whether the expression is such a class.  What is in it only the matcher knows. */
bool byte_class_is(const char *expression, bool *repeats);

/** Whether all bytes are ASCII. */
bool byte_class_is_ascii(const uint8_t *data, size_t length);

#endif
