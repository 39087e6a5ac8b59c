/*
 * check - which rows of a batch the target's columns cannot hold exactly.
 *
 * The server would refuse such a row, and with it the whole batch; or, worse, round it.
 * Here it is found first, and refused alone.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_CHECK_H
#define TIDE_POSTGRES_CHECK_H

#include <stddef.h>
#include <stdint.h>
#include <tidemill/batch.h>
#include <tidemill/plugin.h>

#include "lent.h"
#include "target.h"

/** Why a row is refused: one reason for each row, the first that was found. */
struct pg_refusal {
    int64_t row;      /**< of all rows lent */
    size_t column;    /**< of its batch */
    const char *code; /**< a constant: "range", "precision", "nul_byte" */
};

/** The refused rows of the batches lent.  Zero it; kept from one loan to the next. */
struct pg_refusals {
    struct pg_refusal *items; /**< owned */
    size_t count, capacity;
    uint8_t *skip; /**< owned: of each row, 1 when it is not to be sent */
    int64_t rows, capacity_rows;
};

/** There are so many rows now: none of those behind the ones that there were is
 * refused. */
TIDE_MUST_CHECK
int pg_refusals_extend(struct pg_refusals *refusals, int64_t rows,
                       struct tide_error *err);

/** Look at rows, from one up to another; the batch, of the accepted schema, has them. */
TIDE_MUST_CHECK
int pg_check_rows(struct pg_refusals *refusals, const struct pg_target *target,
                  const struct pg_lent_batch *lent, int64_t start, int64_t end,
                  struct tide_error *err);

/** Tell the host each row that was refused here. */
TIDE_MUST_CHECK
int pg_refusals_report(const struct pg_refusals *refusals, const struct pg_target *target,
                       const struct pg_lent *lent, const struct tide_host *host,
                       struct tide_error *err);

/** There are no rows any more. */
void pg_refusals_reset(struct pg_refusals *refusals);

void pg_refusals_clear(struct pg_refusals *refusals);

#endif
