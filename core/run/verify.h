/*
 * verify - `verify: checksum`: what was moved held against what is there.
 *
 * The rows that the destination took are summed, column by column, on their way.  After
 * the last commit the table is read again by the source plugin of the destination's name
 * and summed too; a table that rows were appended to is summed before the run as well,
 * and what was there is taken off.  A difference fails the run: its rows are in, and
 * something changed them, or wrote there at the same time.
 *
 * Threads: begin and end on the flow's own, note on the writer.
 */
#ifndef TIDE_RUN_VERIFY_H
#define TIDE_RUN_VERIFY_H

#include "run/flow.h"

/** Begin, when the table is to be verified; both sides are open.  Makes flow->verify. */
TIDE_MUST_CHECK
int tide_verify_begin(struct tide_flow *flow, struct tide_error *err);

/** The destination took these rows, but those whose byte in refused is not 0. */
void tide_verify_note(struct tide_flow *flow, const struct tide_batch *batch,
                      const uint8_t *refused);

/** Compare.  TIDE_E_CONFLICT says which columns differ. */
TIDE_MUST_CHECK
int tide_verify_end(struct tide_flow *flow, struct tide_error *err);

void tide_verify_destroy(struct tide_verify *verify);

#endif
