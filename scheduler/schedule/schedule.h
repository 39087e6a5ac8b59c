/*
 * schedule - starts the runs of pipelines when their time has come.
 *
 * Keeps one entry for each pipeline that has a next_due in a heap, and one timer.  What
 * is due is claimed in the store, which inserts the run and moves next_due in one
 * transaction, so that no slot is lost or run twice whatever dies in between; then the
 * run goes to the supervisor.  The wall clock is looked at against the monotonic one at
 * least every few seconds: a jump forward, or a suspend, is downtime whose slots the
 * missed-slot policy decides on; a jump back runs nothing twice, because next_due only
 * moves forward.
 *
 * It learns of edits by tide_store_watch(): nobody has to tell it.
 *
 * Layer:   uses core/base, scheduler/store, scheduler/supervise, libuv.
 * Threads: the loop thread.
 */
#ifndef TIDE_SCHEDULE_SCHEDULE_H
#define TIDE_SCHEDULE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "base/clock.h"
#include "schedule/slot.h"
#include "store/store.h"
#include "supervise/supervise.h"

/** Opaque. */
struct tide_schedule;

/** Borrowed for the call, but for loop, clock, store and supervise, which outlive the
 * schedule. */
struct tide_schedule_options {
    uv_loop_t *loop;
    const struct tide_clock *clock;
    struct tide_store *store;
    struct tide_supervise *supervise;
    struct tide_slot_rules rules; /**< zeros: latest; a grace of 30 s */
    bool queue_on_overlap;        /**< default: a slot met by a live run is skipped */
};

/** Register with the store and load the pipelines that have a next_due; slots missed
 * while the daemon was down are decided on as soon as they are loaded.  Returns the
 * schedule at once. */
struct tide_schedule *tide_schedule_create(const struct tide_schedule_options *options);

/** Start no more runs; closed is called, on the loop thread, when claims under way have
 * been answered and the memory is gone.  Close it before the supervisor and the store. */
void tide_schedule_close(struct tide_schedule *schedule, void (*closed)(void *arg),
                         void *arg);

/** The loaded pipelines are in the heap: /readyz. */
bool tide_schedule_is_ready(const struct tide_schedule *schedule);

#define TIDE_LATENESS_BUCKETS 8

/** Of this process. */
struct tide_schedule_stats {
    int64_t entries;       /**< pipelines in the heap */
    int64_t next_due;      /**< of the first, 0 when there is none */
    int64_t slots_run;     /**< claimed and handed to the supervisor */
    int64_t slots_skipped; /**< missed ones, by policy */
    int64_t clock_jumps;   /**< steps of the wall clock of more than a second */
    /** How late slots that were run on time were claimed, as a Prometheus histogram. */
    int64_t lateness[TIDE_LATENESS_BUCKETS + 1]; /**< the last: beyond all bounds */
    int64_t lateness_sum_us;
    int64_t lateness_max_us;
};
/** Upper bounds of the buckets, in microseconds. */
extern const int64_t tide_lateness_bounds[TIDE_LATENESS_BUCKETS];
void tide_schedule_stats(const struct tide_schedule *schedule,
                         struct tide_schedule_stats *stats);

#endif
