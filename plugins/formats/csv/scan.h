/*
 * scan - where the fields of a window of CSV end: an index of separators and rows.
 *
 * The scan looks at plain RFC 4180 text only, 64 bytes at a time.  At the first byte
 * that needs judgement (a quote inside an unquoted field, text behind a closing quote) it
 * stops; the rows in front are indexed, the row itself is left to record.h.  There are
 * two implementations with the same results: SSE2, and a state machine that any machine
 * runs and by which the first is tested.
 */
#ifndef CSV_SCAN_H
#define CSV_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The characters that have a meaning. */
struct csv_syntax {
    uint8_t delimiter;
    uint8_t quote;
    uint8_t
        escape; /**< inside quotes, in front of a quote; the quote itself by default */
    bool trim;  /**< drop blanks around a field, outside its quotes */
};

/** Bytes that are indexed at a time: input, index and columns stay in the cache. */
#define CSV_WINDOW ((size_t)65536)

/** Places of an index that are written at once, and may be written too much. */
#define CSV_SPREAD 6

/** Positions are offsets into the window. */
struct csv_index {
    uint32_t *separators;   /**< owned; [0] stands in front of the window (-1), then every
                               delimiter and line feed outside quotes */
    uint32_t *rows;         /**< owned; [0] is 0; [r + 1]: the index in separators of the
                               line feed that ends row r */
    uint32_t *quoted_lines; /**< owned; line feeds inside quotes */
    size_t row_count;       /**< complete rows */
    size_t quoted_count;
    bool ascii; /**< no byte of the rows is above 127 */
};

/** Index the window; length is at most CSV_WINDOW, and 64 bytes behind it are readable.
 * syntax->escape and syntax->trim are not looked at. */
void csv_scan_portable(const uint8_t *data, size_t length,
                       const struct csv_syntax *syntax, struct csv_index *index);

#if defined(__SSE2__)
void csv_scan_sse2(const uint8_t *data, size_t length, const struct csv_syntax *syntax,
                   struct csv_index *index);
#define csv_scan csv_scan_sse2
#else
#define csv_scan csv_scan_portable
#endif

/** TIDE_OK or TIDE_E_LIMIT. */
int csv_index_init(struct csv_index *index);
void csv_index_fini(struct csv_index *index);

#endif
