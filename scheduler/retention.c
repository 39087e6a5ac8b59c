/*
 * retention - deletes ended runs when they are old, or too many.
 *
 * Layer:   uses scheduler/store and libuv.
 * Threads: the loop's.
 */
#include "retention.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"

#define FIRST_MS 2000
#define EVERY_MS 3600000
/** tide_store_run_prune() deletes so many a call. */
#define PRUNE_BATCH 1000

struct tide_retention {
    uv_timer_t timer;
    const struct tide_clock *clock;
    struct tide_store *store;
    int64_t age, keep;
    bool sweeping; /**< a command of ours is with the store */
    void (*closed)(void *arg);
    void *closed_arg;
};

static void on_handle_closed(uv_handle_t *handle)
{
    struct tide_retention *retention = handle->data;
    void (*closed)(void *arg) = retention->closed;
    void *arg = retention->closed_arg;

    free(retention);
    closed(arg);
}

static void finish(struct tide_retention *retention)
{
    uv_close((uv_handle_t *)&retention->timer, on_handle_closed);
}

static void prune(struct tide_retention *retention);

static void on_pruned(void *arg, int64_t count, const struct tide_error *err)
{
    struct tide_retention *retention = arg;

    retention->sweeping = false;
    if (err) {
        TIDE_LOG(TIDE_LOG_WARNING, "old runs cannot be deleted",
                 TIDE_KEY_TEXT("error", err->message));
    }
    if (retention->closed) {
        finish(retention);
    } else if (!err && count == PRUNE_BATCH) {
        prune(retention);
    }
}

static void prune(struct tide_retention *retention)
{
    int64_t now = retention->clock->wall(retention->clock);

    retention->sweeping = true;
    tide_store_run_prune(retention->store, retention->age ? now - retention->age : 0,
                         retention->keep, on_pruned, retention);
}

static void on_timer(uv_timer_t *timer)
{
    struct tide_retention *retention = timer->data;

    if (!retention->sweeping) {
        prune(retention);
    }
}

struct tide_retention *tide_retention_create(uv_loop_t *loop,
                                             const struct tide_clock *clock,
                                             struct tide_store *store, int64_t age,
                                             int64_t keep)
{
    struct tide_retention *retention = tide_alloc(sizeof *retention);

    retention->clock = clock;
    retention->store = store;
    retention->age = age;
    retention->keep = keep;
    (void)uv_timer_init(loop, &retention->timer);
    retention->timer.data = retention;
    if (age || keep) {
        (void)uv_timer_start(&retention->timer, on_timer, FIRST_MS, EVERY_MS);
    }
    return retention;
}

void tide_retention_close(struct tide_retention *retention, void (*closed)(void *arg),
                          void *arg)
{
    retention->closed = closed;
    retention->closed_arg = arg;
    if (!retention->sweeping) {
        finish(retention);
    }
}
