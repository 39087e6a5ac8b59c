/*
 * gather - a column made of stretches of another one.
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

/** Make out (unset) a column of type of those rows, in that order; its own buffers.
 * TIDE_E_LIMIT. */
TIDE_MUST_CHECK
int tide_column_gather(const struct ArrowArray *column, int type,
                       const struct tide_stretch *stretches, size_t count,
                       struct ArrowArray *out);

#endif
