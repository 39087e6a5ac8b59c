/*
 * json_check - whether bytes are one JSON text, without making anything of them.
 */
#ifndef TIDE_BATCH_JSON_CHECK_H
#define TIDE_BATCH_JSON_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#define TIDE_JSON_CHECK_DEPTH 512

/** RFC 8259 to the letter: one value, blanks around it, UTF-8, no surrogate alone, nested
 * at most TIDE_JSON_CHECK_DEPTH deep.  Keys may repeat. */
bool tide_json_is_valid(const char *text, size_t length);

#endif
