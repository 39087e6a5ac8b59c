/*
 * progress - how far a run has come, as the text of a position.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_PROGRESS_H
#define TIDE_POSTGRES_PROGRESS_H

#include <tidemill/batch.h>
#include <tidemill/error.h>

#include "plan.h"

/** Zero it; pg_progress_clear() frees it. */
struct pg_progress {
    const struct pg_plan *plan;        /**< borrowed */
    const struct tide_pg_table *table; /**< borrowed */
    struct tide_pg_sql place; /**< members of the last row: cursor and key; empty: none */
    struct tide_pg_sql text;
    uint64_t rows;       /**< in front of it and with it, of a full read */
    const char *end;     /**< where the next run begins, once the end was reached */
    bool is_among_nulls; /**< the last row has no cursor */
    bool has_ended;
};

/** Begin where the plan does, after the position that it was made from.  All three are
 * borrowed. */
TIDE_MUST_CHECK
int pg_progress_begin(struct pg_progress *progress, const struct pg_plan *plan,
                      const struct tide_pg_table *table,
                      const struct pg_position *position, struct tide_error *err);

/** Move on to the last row of a batch, which is number `rows` of those received; columns
 * are those of the plan's order. */
TIDE_MUST_CHECK
int pg_progress_advance(struct pg_progress *progress,
                        const struct ArrowArray *const *columns, int64_t rows,
                        struct tide_error *err);

/** Move on to the end of the stretches before number `done`, or into it; so many rows
 * were received. */
TIDE_MUST_CHECK
int pg_progress_stretch(struct pg_progress *progress, uint32_t done, bool ended,
                        int64_t rows, struct tide_error *err);

/** There is no more row: write down where the next run begins. */
TIDE_MUST_CHECK
int pg_progress_end(struct pg_progress *progress, struct tide_error *err);

/**
 * The position: while rows are to come, that of the last row, or NULL where no run could
 * resume there; at the end, that of the next run, or NULL for one from the start.
 * Borrowed until the next call.
 */
const char *pg_progress_text(struct pg_progress *progress);

void pg_progress_clear(struct pg_progress *progress);

#endif
