/*
 * lent - the batches whose rows are on their way to the server, as one row of rows.
 *
 * Rows are numbered from 0, from the first of the oldest batch on, as the host numbers
 * them.
 *
 * Layer: the postgres destination; the SDK.
 */
#ifndef TIDE_POSTGRES_LENT_H
#define TIDE_POSTGRES_LENT_H

#include <stddef.h>
#include <stdint.h>
#include <tidemill/batch.h>
#include <tidemill/error.h>

struct pg_lent_batch {
    const struct tide_batch *batch; /**< borrowed from the host */
    int64_t first;                  /**< the number of its first row */
};

/** Zero it; pg_lent_clear() frees it. */
struct pg_lent {
    struct pg_lent_batch *batches; /**< owned */
    size_t count, capacity;
    int64_t rows; /**< of all of them */
};

/** Put a batch behind the others. */
TIDE_MUST_CHECK
int pg_lent_add(struct pg_lent *lent, const struct tide_batch *batch,
                struct tide_error *err);

/** The batch that has a row, which is one of them. */
const struct pg_lent_batch *pg_lent_find(const struct pg_lent *lent, int64_t row);

/** Give all back; the memory is kept for the next. */
void pg_lent_return(struct pg_lent *lent);

void pg_lent_clear(struct pg_lent *lent);

#endif
