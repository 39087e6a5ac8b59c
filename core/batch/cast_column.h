/*
 * cast_column - one column on its way from a type to another: what all casts share.
 *
 * A cast either keeps the values where they are (keep), or fills the buffers of a builder
 * directly: room is made once, and no loop asks for more.  Which rows hold a value is one
 * bit map from the start, with the skipped rows already taken out; a row that fails loses
 * its bit.
 *
 * Layer: private to core/batch.
 */
#ifndef TIDE_BATCH_CAST_COLUMN_H
#define TIDE_BATCH_CAST_COLUMN_H

#include <tidemill/builder.h>
#include <tidemill/value.h>

#include "batch/cast.h"

struct tide_cast {
    const struct ArrowArray *in; /* borrowed */
    const struct tide_column *from, *to;
    int64_t rows;
    const uint8_t *live; /* rows to look at; NULL: all of them */
    struct tide_builder out;
    uint8_t *validity; /* of the result; owned, NULL while it is that of `in` */
    bool keep;         /* the values stay where they are; out is not used */
    tide_cast_fail_fn fail;
    void *arg;
};

typedef int (*tide_cast_fn)(struct tide_cast *cast);

static inline bool tide_cast_is_live(const struct tide_cast *cast, int64_t row)
{
    return !cast->live || tide_bit(cast->live, row);
}

/** Make room for the values, and for so many bytes of text. */
TIDE_MUST_CHECK
int tide_cast_reserve(struct tide_cast *cast, size_t bytes);

/** The row becomes null and the caller of the cast is told why.  Below zero: stop. */
TIDE_MUST_CHECK TIDE_PRINTF(4, 5) int tide_cast_reject(struct tide_cast *cast,
                                                       int64_t row, const char *code,
                                                       const char *format, ...);

/** Reject a row for the text of its value: rc says whether it is malformed (TIDE_E_DATA)
 * or does not fit (TIDE_E_LIMIT). */
TIDE_MUST_CHECK
int tide_cast_reject_text(struct tide_cast *cast, int64_t row, const char *text,
                          size_t length, int rc);

/** The text of a value of a variable column; never NULL. */
static inline const char *tide_cast_text(const struct tide_cast *cast, int64_t row,
                                         size_t *length)
{
    const int32_t *offsets = (const int32_t *)cast->in->buffers[1];
    const char *data = (const char *)cast->in->buffers[2];

    *length = (size_t)(offsets[row + 1] - offsets[row]);
    return data ? data + offsets[row] : "";
}

/** Bytes of all texts of a variable column. */
static inline size_t tide_cast_text_size(const struct tide_cast *cast)
{
    const int32_t *offsets = (const int32_t *)cast->in->buffers[1];

    return cast->rows > 0 ? (size_t)(offsets[cast->rows] - offsets[0]) : 0;
}

/** The text of the row ends `length` bytes behind the last one. */
static inline void tide_cast_close_text(struct tide_cast *cast, int64_t row,
                                        size_t length)
{
    cast->out.data_length += length;
    ((int32_t *)(void *)cast->out.values)[row + 1] = (int32_t)cast->out.data_length;
}

/** Where the text of the next row goes. */
static inline char *tide_cast_text_end(const struct tide_cast *cast)
{
    return (char *)cast->out.data + cast->out.data_length;
}

/** The casts, by direction; NULL when there is none. */
tide_cast_fn tide_cast_from_text(int to);
tide_cast_fn tide_cast_to_text(int from);
tide_cast_fn tide_cast_to_json(int from);
tide_cast_fn tide_cast_between(int from, int to);

#endif
