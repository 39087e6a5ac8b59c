/*
 * channel - batches from one thread of a run to the next; see channel.h.
 */
#include "run/channel.h"

#include <pthread.h>
#include <time.h>

#include "base/check.h"
#include "base/memory.h"

/* How long a wait goes without a look at the cancel flag, which a signal handler sets and
 * which therefore wakes nobody. */
#define LOOK_NS 100000000

struct slot {
    struct tide_batch batch;
    int64_t bytes;
};

struct tide_channel {
    struct tide_channel_bounds bounds;
    const atomic_bool *cancel; /**< borrowed, or NULL */
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct slot *slots; /**< a ring of bounds.batches */
    size_t first, count;
    int64_t rows, bytes; /**< of what waits */
    bool is_finished, is_cancelled;
};

struct tide_channel *tide_channel_create(const struct tide_channel_bounds *bounds,
                                         const atomic_bool *cancel)
{
    struct tide_channel *channel = tide_alloc(sizeof *channel);
    pthread_condattr_t attributes;

    TIDE_REQUIRE(bounds->batches > 0);
    channel->bounds = *bounds;
    channel->cancel = cancel;
    channel->slots = tide_alloc_array(bounds->batches, sizeof *channel->slots);
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
        size_t at = (channel->first + i) % channel->bounds.batches;

        tide_batch_release(&channel->slots[at].batch);
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

static void wait_for_change(struct tide_channel *channel)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += LOOK_NS;
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
    return channel->count < bounds->batches && channel->rows + rows <= bounds->rows &&
           channel->bytes + bytes <= bounds->bytes;
}

static void push(struct tide_channel *channel, struct tide_batch *batch, int64_t bytes)
{
    size_t at = (channel->first + channel->count) % channel->bounds.batches;

    channel->rows += batch->array.length;
    channel->bytes += bytes;
    channel->slots[at].bytes = bytes;
    tide_batch_move(batch, &channel->slots[at].batch);
    channel->count++;
}

static void pop(struct tide_channel *channel, struct tide_batch *batch)
{
    struct slot *slot = &channel->slots[channel->first];

    channel->rows -= slot->batch.array.length;
    channel->bytes -= slot->bytes;
    tide_batch_move(&slot->batch, batch);
    channel->first = (channel->first + 1) % channel->bounds.batches;
    channel->count--;
}

int tide_channel_send(struct tide_channel *channel, struct tide_batch *batch,
                      int64_t bytes)
{
    int rc = TIDE_E_CANCELLED;

    (void)pthread_mutex_lock(&channel->lock);
    TIDE_REQUIRE(!channel->is_finished);
    while (!is_cancelled(channel) && !has_room(channel, batch->array.length, bytes)) {
        wait_for_change(channel);
    }
    if (!is_cancelled(channel)) {
        push(channel, batch, bytes);
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

int tide_channel_receive(struct tide_channel *channel, struct tide_batch *batch)
{
    int rc = TIDE_OK;

    (void)pthread_mutex_lock(&channel->lock);
    while (!is_cancelled(channel) && channel->count == 0 && !channel->is_finished) {
        wait_for_change(channel);
    }
    if (is_cancelled(channel)) {
        rc = TIDE_E_CANCELLED;
    } else if (channel->count == 0) {
        rc = TIDE_END;
    } else {
        pop(channel, batch);
        (void)pthread_cond_broadcast(&channel->changed);
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
