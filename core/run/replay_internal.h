/*
 * replay_internal - what the parts of a replay share: the table in hand, what was noted
 * of a row, and the way of one row.
 *
 * Layer: private to replay.
 */
#ifndef TIDE_RUN_REPLAY_INTERNAL_H
#define TIDE_RUN_REPLAY_INTERNAL_H

#include "run/replay.h"
#include "run/replay_row.h"

/** One table in hand. */
struct tide_replaying {
    struct tide_flow flow;
    struct tide_table table;   /**< as the pipeline has it, but for the mode */
    struct json_object *taken; /**< by the destination, in an earlier replay; or NULL */
    struct json_object *done;  /**< ordinals that need not be replayed again */
};

/** The trail of the first `passed` transforms of the flow. */
uint64_t tide_replay_trail_of(const struct tide_flow *flow, size_t passed);
/** The row as it was kept, rejected again; raw is empty and lives as long as the note. */
struct tide_reject_note tide_replay_note_again(const struct tide_replay_row *row,
                                               int step, const char *code,
                                               const char *message,
                                               struct tide_text *raw);
/** Put a row in where it was refused: it reaches the destination, or is rejected
 * again. */
TIDE_MUST_CHECK
int tide_replay_enter(struct tide_replaying *replaying, const struct tide_replay_row *row,
                      struct tide_error *err);

#endif
