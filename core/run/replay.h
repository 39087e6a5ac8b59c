/*
 * replay - rows that another run rejected, run again through the present definition.
 *
 * Each row enters at the step that refused it and counts as passed in the steps before.
 * What it is held against there is the present definition: a row whose columns or whose
 * way so far do not fit any more is rejected again, and says so.  Rows are added to the
 * destination; positions of the tables are not touched.
 *
 * Exactly once: a destination with transactions keeps, under a name of their own, which
 * rows of that run it has taken, and says it at the next replay.  "replayed" tells the
 * caller once they are durable.
 *
 * Threads: one, the caller's; there are never many rows.
 */
#ifndef TIDE_RUN_REPLAY_H
#define TIDE_RUN_REPLAY_H

#include "run/flow.h"

/** What is kept beside bytes that never became a row. */
#define TIDE_REPLAY_RAW "raw"

/** Append what a replay wants to know beside the row: the types of its values and the
 * transforms it has passed. */
void tide_replay_note(const struct tide_flow *flow, int step,
                      const struct tide_batch *batch, const struct tide_schema *schema,
                      int64_t row, struct tide_text *out);
/** The trail of the flow's transform i: a number that is another one when it or one
 * before it is another transform, or is set otherwise. */
uint64_t tide_replay_trail(const struct tide_flow *flow, size_t i);

/** Whether there are rows of the table. */
bool tide_replay_has_rows(const struct tide_engine *engine, const char *table);
/** Run its rows again, and commit. */
TIDE_MUST_CHECK
int tide_replay_table(struct tide_engine *engine, size_t index, struct tide_error *err);
/** Reject again the rows of tables that the definition does not have. */
TIDE_MUST_CHECK
int tide_replay_leftovers(struct tide_engine *engine, struct tide_error *err);

#endif
