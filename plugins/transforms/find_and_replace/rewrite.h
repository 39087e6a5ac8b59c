/*
 * rewrite - a second version of a text column, made only where it differs.
 *
 * Replacements come in rising order of row and place.  What lies between two of them is
 * copied in one stretch, so rows that are not hit cost an addition each; a column that is
 * never hit costs nothing and stays as it is.
 */
#ifndef FIND_AND_REPLACE_REWRITE_H
#define FIND_AND_REPLACE_REWRITE_H

#include <tidemill/batch.h>

struct rewrite {
    const struct ArrowArray *column; /**< borrowed: the column as it came */
    const int32_t *offsets;
    const uint8_t *data;
    int64_t rows;
    size_t length; /**< bytes of all values */

    bool started; /**< a replacement was made: the members below count */
    int32_t *out_offsets;
    uint8_t *out_data;
    size_t out_length, out_capacity;
    size_t copied; /**< bytes of data that are done with */
    int64_t row;   /**< out_offsets holds up to this row's start */
};

/** Begin with a column of an incoming batch, which must stay until finish. */
void rewrite_begin(struct rewrite *rewrite, const struct ArrowArray *column);
/** Copy up to start and make room for length more bytes: for a replacement in pieces.
 * The caller appends with rewrite_append and ends with rewrite_skip. */
TIDE_MUST_CHECK
int rewrite_open_gap(struct rewrite *rewrite, int64_t row, size_t start, size_t length);
void rewrite_append(struct rewrite *rewrite, const uint8_t *text, size_t length);
void rewrite_skip(struct rewrite *rewrite, size_t end);
/** Leave out each byte that `drop`, of 256, marks: all of the work, in one go. */
TIDE_MUST_CHECK
int rewrite_drop(struct rewrite *rewrite, const uint8_t *drop);
/** Move the new column out.  Only when something was replaced. */
TIDE_MUST_CHECK
int rewrite_finish(struct rewrite *rewrite, struct ArrowArray *out);
/** Forget what was made; safe at any time after begin. */
void rewrite_abandon(struct rewrite *rewrite);

#endif
