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

#include "target.h"

/** Why a row is refused: one reason for each row, the first that was found. */
struct pg_refusal {
    int64_t row;
    size_t column;    /**< of the batch */
    const char *code; /**< a constant: "range", "precision", "nul_byte" */
};

/** The refused rows of one batch.  Zero it; kept from batch to batch. */
struct pg_refusals {
    struct pg_refusal *items; /**< owned */
    size_t count, capacity;
    uint8_t *skip; /**< owned: of each row, 1 when it is not to be sent */
    int64_t skip_rows;
};

/** Begin a batch of so many rows: none is refused. */
TIDE_MUST_CHECK
int pg_check_begin(struct pg_refusals *refusals, int64_t rows, struct tide_error *err);

/** Look at rows of a batch of the accepted schema, from one up to another. */
TIDE_MUST_CHECK
int pg_check_rows(struct pg_refusals *refusals, const struct pg_target *target,
                  const struct tide_batch *batch, int64_t start, int64_t end,
                  struct tide_error *err);

/** Tell the host each refused row, once the others are in. */
TIDE_MUST_CHECK
int pg_refusals_report(const struct pg_refusals *refusals, const struct pg_target *target,
                       const struct tide_batch *batch, const struct tide_host *host,
                       struct tide_error *err);

void pg_refusals_clear(struct pg_refusals *refusals);

#endif
