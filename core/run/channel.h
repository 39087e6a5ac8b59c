/*
 * channel - batches from one thread of a run to the next.
 *
 * Bounded in batches, rows and bytes, so that a fast reader waits instead of filling
 * memory; one batch always fits, however large.  Batches are moved, never copied.
 *
 * Threads: one sender, one receiver, and anyone may cancel.
 */
#ifndef TIDE_RUN_CHANNEL_H
#define TIDE_RUN_CHANNEL_H

#include <stdatomic.h>
#include <tidemill/batch.h>

/** What may wait in a channel at once. */
struct tide_channel_bounds {
    size_t batches;
    int64_t rows;
    int64_t bytes;
};

struct tide_channel;

/** cancel may be NULL; else it is borrowed, and set, it ends every wait within a tenth of
 * a second. */
struct tide_channel *tide_channel_create(const struct tide_channel_bounds *bounds,
                                         const atomic_bool *cancel);
/** Releases what was not received. */
void tide_channel_destroy(struct tide_channel *channel);

/** Move a batch of so many bytes in; waits for room.  TIDE_E_CANCELLED leaves it the
 * caller's. */
TIDE_MUST_CHECK
int tide_channel_send(struct tide_channel *channel, struct tide_batch *batch,
                      int64_t bytes);
/** The sender has no more. */
void tide_channel_finish(struct tide_channel *channel);

/** Move the oldest batch out into an empty one; waits for it.  TIDE_END after finish,
 * TIDE_E_CANCELLED at once after a cancel. */
TIDE_MUST_CHECK
int tide_channel_receive(struct tide_channel *channel, struct tide_batch *batch);

/** End every wait, now and later, on both sides. */
void tide_channel_cancel(struct tide_channel *channel);

#endif
