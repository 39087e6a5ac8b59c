/*
 * lent - the batches whose rows are on their way to the server, as one row of rows.
 */
#include "lent.h"

#include <stdlib.h>
#include <string.h>

int pg_lent_add(struct pg_lent *lent, const struct tide_batch *batch,
                struct tide_error *err)
{
    if (lent->count == lent->capacity) {
        size_t capacity = lent->capacity ? lent->capacity * 2 : 8;
        struct pg_lent_batch *batches =
            reallocarray(lent->batches, capacity, sizeof *batches);

        if (!batches) {
            return tide_error_set(err, TIDE_E_LIMIT, "no memory for a batch");
        }
        lent->batches = batches;
        lent->capacity = capacity;
    }
    lent->batches[lent->count++] =
        (struct pg_lent_batch){.batch = batch, .first = lent->rows};
    lent->rows += batch->array.length;
    return TIDE_OK;
}

const struct pg_lent_batch *pg_lent_find(const struct pg_lent *lent, int64_t row)
{
    size_t i = lent->count;

    /* Rows are sent in order: the batch is the last one, or near it. */
    while (i > 1 && lent->batches[i - 1].first > row) {
        i--;
    }
    return &lent->batches[i - 1];
}

void pg_lent_return(struct pg_lent *lent)
{
    lent->count = 0;
    lent->rows = 0;
}

void pg_lent_clear(struct pg_lent *lent)
{
    free(lent->batches);
    memset(lent, 0, sizeof *lent);
}
