/*
 * quote - values with quotes around them: taken off, put on, and whether they are needed.
 *
 * Two implementations with the same results, as of the scan: SSE2 and portable.  Up to 16
 * bytes behind `to` and `from` may be touched beyond what is meant.
 */
#ifndef CSV_QUOTE_H
#define CSV_QUOTE_H

#include <stddef.h>
#include <stdint.h>

#include "scan.h"

/** Copy the inside of a quoted field, doubled quotes as one.  Returns the length of the
 * result, which is not above `length`. */
size_t csv_unquote_portable(uint8_t *to, const uint8_t *from, size_t length,
                            uint8_t quote);

/** Copy a value with each quote doubled.  Returns the length of the result, which is not
 * above twice `length`. */
size_t csv_double_portable(uint8_t *to, const uint8_t *from, size_t length,
                           uint8_t quote);

/** The first delimiter, quote, escape, CR or LF, or end. */
const uint8_t *csv_next_special_portable(const uint8_t *at, const uint8_t *end,
                                         const struct csv_syntax *syntax);

#if defined(__SSE2__)
size_t csv_unquote_sse2(uint8_t *to, const uint8_t *from, size_t length, uint8_t quote);
size_t csv_double_sse2(uint8_t *to, const uint8_t *from, size_t length, uint8_t quote);
const uint8_t *csv_next_special_sse2(const uint8_t *at, const uint8_t *end,
                                     const struct csv_syntax *syntax);
#define csv_unquote csv_unquote_sse2
#define csv_double csv_double_sse2
#define csv_next_special csv_next_special_sse2
#else
#define csv_unquote csv_unquote_portable
#define csv_double csv_double_portable
#define csv_next_special csv_next_special_portable
#endif

#endif
