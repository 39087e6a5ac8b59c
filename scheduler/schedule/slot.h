/*
 * slot - the arithmetic of schedules: which times are slots, and what to do with the ones
 * that are due.
 *
 * Slot k of a pipeline with period P is at `phase + k * P` on the UTC epoch.  The phase
 * is the first eight bytes of the BLAKE2b-128 of the pipeline's uid, read as a
 * little-endian number, modulo P: it stays the same for ever, and ten thousand hourly
 * pipelines do not all start at :00.
 *
 * Layer: pure; uses libsodium.  Any thread.  Times are microseconds UTC.
 */
#ifndef TIDE_SCHEDULE_SLOT_H
#define TIDE_SCHEDULE_SLOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

#define TIDE_MINUTE INT64_C(60000000)

/** In [0, period). */
int64_t tide_slot_phase(const char *uid, int64_t period);
/** The first slot after a time. */
int64_t tide_slot_after(const char *uid, int64_t period, int64_t time);
/** The last slot at or before a time. */
int64_t tide_slot_at_or_before(const char *uid, int64_t period, int64_t time);

/** What becomes of slots that passed while nothing could run them. */
enum tide_missed_policy {
    TIDE_MISSED_LATEST, /**< run the last of them, once */
    TIDE_MISSED_SKIP,   /**< run none */
    TIDE_MISSED_ALL     /**< run each, the newest `most` of them */
};

#define TIDE_SLOTS_MOST 100

struct tide_slot_rules {
    enum tide_missed_policy missed;
    int64_t most;  /**< for TIDE_MISSED_ALL: at most this many, 1..TIDE_SLOTS_MOST */
    int64_t grace; /**< a slot this late is still on time, not missed; microseconds */
};

/** Which of the due slots run. */
struct tide_slot_plan {
    int64_t run[TIDE_SLOTS_MOST]; /**< oldest first */
    size_t run_count;
    int64_t skip_last;  /**< the last slot that is not run, 0 when all are */
    int64_t skip_count; /**< how many are not */
    int64_t next_due;   /**< the first slot after now */
};

/** Decide at `now` about all slots from `due` (a slot) to now.  Nothing is to be done,
 * and false is returned, while due is after now. */
bool tide_slot_decide(int64_t period, int64_t due, int64_t now,
                      const struct tide_slot_rules *rules, struct tide_slot_plan *plan);

#endif
