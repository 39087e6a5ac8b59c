/*
 * channel - batches, and the source's place behind them, from one thread of a run to the
 * next.
 *
 * Bounded in parcels, rows and bytes, so that a fast reader waits instead of filling
 * memory; one always fits, however large.  Parcels are moved, never copied.
 *
 * Threads: one sender, one receiver, and anyone may cancel.
 */
#ifndef TIDE_RUN_CHANNEL_H
#define TIDE_RUN_CHANNEL_H

#include <stdatomic.h>
#include <tidemill/batch.h>

/** Zero it to begin. */
struct tide_parcel {
    struct tide_batch batch; /**< may be empty: then only the place has moved */
    int64_t number;          /**< from 1, in the order they were read */
    int64_t received;        /**< rows of the table that the source gave up to here, bad
                                ones among them */
    char *position; /**< owned; where the source is behind these rows, or NULL: unknown */
};
void tide_parcel_clear(struct tide_parcel *parcel);

/** What may wait in a channel at once. */
struct tide_channel_bounds {
    size_t parcels;
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

/** Move a parcel of so many bytes in; waits for room.  TIDE_E_CANCELLED leaves it the
 * caller's. */
TIDE_MUST_CHECK
int tide_channel_send(struct tide_channel *channel, struct tide_parcel *parcel,
                      int64_t bytes);
/** The sender has no more. */
void tide_channel_finish(struct tide_channel *channel);

#define TIDE_CHANNEL_FOREVER INT64_MAX

/** Move the oldest parcel out into an empty one; waits for it until the system clock's
 * monotonic time is `until`, then TIDE_MORE.  TIDE_END after finish, TIDE_E_CANCELLED at
 * once after a cancel. */
TIDE_MUST_CHECK
int tide_channel_receive(struct tide_channel *channel, struct tide_parcel *parcel,
                         int64_t until);

/** End every wait, now and later, on both sides. */
void tide_channel_cancel(struct tide_channel *channel);

#endif
