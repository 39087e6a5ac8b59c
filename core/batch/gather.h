/*
 * gather - a column made of stretches of another one, or of its own.
 *
 * What compact and slice have in common.
 */
#ifndef TIDE_BATCH_GATHER_H
#define TIDE_BATCH_GATHER_H

#include <stddef.h>
#include <tidemill/batch.h>
#include <tidemill/error.h>

/** Rows [start, start + count). */
struct tide_stretch {
    int64_t start, count;
};

static inline int64_t tide_stretches_rows(const struct tide_stretch *stretches,
                                          size_t count)
{
    int64_t rows = 0;

    for (size_t i = 0; i < count; i++) {
        rows += stretches[i].count;
    }
    return rows;
}

/** Make out (unset) a column of type of those rows, in that order; its own buffers.
 * TIDE_E_LIMIT. */
TIDE_MUST_CHECK
int tide_column_gather(const struct ArrowArray *column, int type,
                       const struct tide_stretch *stretches, size_t count,
                       struct ArrowArray *out);

/** Leave a column of type those rows, which rise, in its own buffers.  They must be
 * writable, and nobody else's. */
void tide_column_close_up(struct ArrowArray *column, int type,
                          const struct tide_stretch *stretches, size_t count);

#endif
