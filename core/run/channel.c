/*
 * channel - batches from one thread of a run to the next; see channel.h.
 */
#include "run/channel.h"

#include <pthread.h>
#include <time.h>

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"

/* How long a wait goes without a look at the cancel flag, which a signal handler sets and
 * which therefore wakes nobody. */
#define LOOK_NS 100000000

struct slot {
    struct tide_parcel parcel;
    int64_t bytes;
};

struct tide_channel {
    struct tide_channel_bounds bounds;
    const atomic_bool *cancel; /**< borrowed, or NULL */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot *slots; /**< a ring of bounds.parcels */
    size_t first, count;
    int64_t rows, bytes; /**< of what waits */
    bool is_finished, is_cancelled;
};

void tide_parcel_clear(struct tide_parcel *parcel)
{
    tide_batch_release(&parcel->batch);
    free(parcel->position);
    parcel->position = NULL;
}

static void move_parcel(struct tide_parcel *from, struct tide_parcel *to)
{
    *to = *from;
    memset(from, 0, sizeof *from);
}

struct tide_channel *tide_channel_create(const struct tide_channel_bounds *bounds,
                                         const atomic_bool *cancel)
{
    struct tide_channel *channel = tide_alloc(sizeof *channel);
    pthread_condattr_t attributes;

    TIDE_REQUIRE(bounds->parcels > 0);
    channel->bounds = *bounds;
    channel->cancel = cancel;
    channel->slots = tide_alloc_array(bounds->parcels, sizeof *channel->slots);
    TIDE_INVARIANT(pthread_mutex_init(&channel->lock, NULL) == 0);
    TIDE_INVARIANT(pthread_condattr_init(&attributes) == 0);
    TIDE_INVARIANT(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    TIDE_INVARIANT(pthread_cond_init(&channel->changed, &attributes) == 0);
    (void)pthread_condattr_destroy(&attributes);
    return channel;
}

void tide_channel_destroy(struct tide_channel *channel)
{
    if (!channel) {
        return;
    }
    for (size_t i = 0; i < channel->count; i++) {
        size_t at = (channel->first + i) % channel->bounds.parcels;

        tide_parcel_clear(&channel->slots[at].parcel);
    }
    (void)pthread_cond_destroy(&channel->changed);
    (void)pthread_mutex_destroy(&channel->lock);
    free(channel->slots);
    free(channel);
}

static bool is_cancelled(const struct tide_channel *channel)
{
    return channel->is_cancelled || (channel->cancel && atomic_load(channel->cancel));
}

/* Microseconds of the system clock's monotonic time that are left. */
static int64_t time_left(int64_t until)
{
    return until == TIDE_CHANNEL_FOREVER ? until : until - tide_clock_now();
}

/* The condition's clock is another than the caller's: what they share is how long it
 * is. */
static void wait_for_change(struct tide_channel *channel, int64_t left)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += left < LOOK_NS / 1000 ? (long)left * 1000 : LOOK_NS;
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    (void)pthread_cond_timedwait(&channel->changed, &channel->lock, &until);
}

static bool has_room(const struct tide_channel *channel, int64_t rows, int64_t bytes)
{
    const struct tide_channel_bounds *bounds = &channel->bounds;

    if (channel->count == 0) {
        return true;
    }
    return channel->count < bounds->parcels && channel->rows + rows <= bounds->rows &&
           channel->bytes + bytes <= bounds->bytes;
}

static void push(struct tide_channel *channel, struct tide_parcel *parcel, int64_t bytes)
{
    size_t at = (channel->first + channel->count) % channel->bounds.parcels;

    channel->rows += parcel->batch.array.length;
    channel->bytes += bytes;
    channel->slots[at].bytes = bytes;
    move_parcel(parcel, &channel->slots[at].parcel);
    channel->count++;
}

static void pop(struct tide_channel *channel, struct tide_parcel *parcel)
{
    struct slot *slot = &channel->slots[channel->first];

    channel->rows -= slot->parcel.batch.array.length;
    channel->bytes -= slot->bytes;
    move_parcel(&slot->parcel, parcel);
    channel->first = (channel->first + 1) % channel->bounds.parcels;
    channel->count--;
}

int tide_channel_send(struct tide_channel *channel, struct tide_parcel *parcel,
                      int64_t bytes)
{
    int64_t rows = parcel->batch.array.length;
    int rc = TIDE_E_CANCELLED;

    (void)pthread_mutex_lock(&channel->lock);
    TIDE_REQUIRE(!channel->is_finished);
    while (!is_cancelled(channel) && !has_room(channel, rows, bytes)) {
        wait_for_change(channel, TIDE_CHANNEL_FOREVER);
    }
    if (!is_cancelled(channel)) {
        push(channel, parcel, bytes);
        rc = TIDE_OK;
        (void)pthread_cond_broadcast(&channel->changed);
    }
    (void)pthread_mutex_unlock(&channel->lock);
    return rc;
}

void tide_channel_finish(struct tide_channel *channel)
{
    (void)pthread_mutex_lock(&channel->lock);
    channel->is_finished = true;
    (void)pthread_cond_broadcast(&channel->changed);
    (void)pthread_mutex_unlock(&channel->lock);
}

int tide_channel_receive(struct tide_channel *channel, struct tide_parcel *parcel,
                         int64_t until)
{
    int64_t left = 0;
    int rc = TIDE_OK;

    (void)pthread_mutex_lock(&channel->lock);
    while (!is_cancelled(channel) && channel->count == 0 && !channel->is_finished &&
           (left = time_left(until)) > 0) {
        wait_for_change(channel, left);
    }
    if (is_cancelled(channel)) {
        rc = TIDE_E_CANCELLED;
    } else if (channel->count > 0) {
        pop(channel, parcel);
        (void)pthread_cond_broadcast(&channel->changed);
    } else {
        rc = channel->is_finished ? TIDE_END : TIDE_MORE;
    }
    (void)pthread_mutex_unlock(&channel->lock);
    return rc;
}

void tide_channel_cancel(struct tide_channel *channel)
{
    (void)pthread_mutex_lock(&channel->lock);
    channel->is_cancelled = true;
    (void)pthread_cond_broadcast(&channel->changed);
    (void)pthread_mutex_unlock(&channel->lock);
}
