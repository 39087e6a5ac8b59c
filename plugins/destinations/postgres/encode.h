/*
 * encode - batches as the rows of a COPY, binary or text.
 *
 * Binary when each column has an exact binary form, text otherwise.  The rows were looked
 * at before (check.h): every value that is encoded fits.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_ENCODE_H
#define TIDE_POSTGRES_ENCODE_H

#include <stddef.h>
#include <stdint.h>
#include <tidemill/batch.h>

#include "output.h"
#include "target.h"

/** What is sent of a batch. */
struct pg_rows {
    const struct tide_batch *batch; /**< borrowed */
    const struct pg_target *target; /**< borrowed */
    int64_t start, end;             /**< from one row up to another */
    const uint8_t *skip; /**< of each row of the batch, 1 when it is left out */
    int64_t
        order; /**< number of the batch's first row, sent as a last column; 0: not sent */
};

/** Whether the target's columns all have binary forms. */
bool pg_encode_is_binary(const struct pg_target *target);

/** Append what a binary COPY begins with. */
TIDE_MUST_CHECK
int pg_encode_head(struct pg_output *output, struct tide_error *err);

/** Append rows, and send what is worth it. */
TIDE_MUST_CHECK
int pg_encode_binary(struct pg_output *output, const struct pg_rows *rows,
                     struct tide_error *err);
TIDE_MUST_CHECK
int pg_encode_text(struct pg_output *output, const struct pg_rows *rows,
                   struct tide_error *err);

/** Append what a binary COPY ends with. */
TIDE_MUST_CHECK
int pg_encode_tail(struct pg_output *output, struct tide_error *err);

#endif
