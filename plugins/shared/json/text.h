/*
 * text - the bytes of a JSON string: found, escaped and unescaped.
 *
 * What looks at every byte has two implementations with the same results: SSE2, and one
 * that any machine runs and by which the first is tested.  Up to 16 bytes behind the
 * inputs are read, and up to 16 behind the outputs written.
 */
#ifndef TIDE_SHARED_JSON_TEXT_H
#define TIDE_SHARED_JSON_TEXT_H

#include <stddef.h>
#include <stdint.h>

/** The first quote, backslash or control character, or end. */
const uint8_t *json_find_special_portable(const uint8_t *at, const uint8_t *end);

/** How many quotes, backslashes and control characters there are. */
size_t json_count_special_portable(const uint8_t *data, size_t length);

/** Copy a text as the inside of a JSON string.  Returns the end, at most 5 bytes beyond
 * `length` for each special one. */
uint8_t *json_escape_portable(uint8_t *to, const uint8_t *from, size_t length);

#if defined(__SSE2__)
const uint8_t *json_find_special_sse2(const uint8_t *at, const uint8_t *end);
size_t json_count_special_sse2(const uint8_t *data, size_t length);
uint8_t *json_escape_sse2(uint8_t *to, const uint8_t *from, size_t length);
#define json_find_special json_find_special_sse2
#define json_count_special json_count_special_sse2
#define json_escape json_escape_sse2
#else
#define json_find_special json_find_special_portable
#define json_count_special json_count_special_portable
#define json_escape json_escape_portable
#endif

/** Write the escape of one special byte: two bytes, or six. */
uint8_t *json_put_escape(uint8_t *to, uint8_t byte);

/** The value of four hexadecimal digits, or -1. */
int json_hex4(const uint8_t *at);

/** Copy the inside of a valid JSON string with its escapes resolved.  Returns the length,
 * which is not above `length`. */
size_t json_unescape(uint8_t *to, const uint8_t *from, size_t length);

#endif
