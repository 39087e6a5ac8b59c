/*
 * retention - deletes ended runs when they are old, or too many.
 *
 * Layer:   uses scheduler/store and libuv.
 * Threads: the loop's.
 */
#ifndef TIDE_RETENTION_H
#define TIDE_RETENTION_H

#include <uv.h>

#include "base/clock.h"
#include "store/store.h"

struct tide_retention;

/** Sweep soon, then every hour: runs that ended more than `age` microseconds ago (0: no
 * such bound), and of each pipeline all but the newest `keep` (0: no such bound). */
struct tide_retention *tide_retention_create(uv_loop_t *loop,
                                             const struct tide_clock *clock,
                                             struct tide_store *store, int64_t age,
                                             int64_t keep);
void tide_retention_close(struct tide_retention *retention, void (*closed)(void *arg),
                          void *arg);

#endif
