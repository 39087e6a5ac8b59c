/*
 * clock - what time it is, behind an interface that tests replace.
 */
#ifndef TIDE_BASE_CLOCK_H
#define TIDE_BASE_CLOCK_H

#include <stdint.h>

/** Borrowed by whoever is given one. */
struct tide_clock {
    /** Microseconds since 1970-01-01 UTC; may jump. */
    int64_t (*wall)(const struct tide_clock *clock);
    /** Microseconds since some start, never back; goes on while suspended
     * (CLOCK_BOOTTIME). */
    int64_t (*monotonic)(const struct tide_clock *clock);
};

/** The system's; a constant. */
const struct tide_clock *tide_clock_system(void);

/** A clock that stands still until it is told otherwise. */
struct tide_fake_clock {
    struct tide_clock clock;
    int64_t wall_us;
    int64_t monotonic_us;
};
void tide_fake_clock_init(struct tide_fake_clock *fake, int64_t wall_us);
/** Let time pass on both. */
void tide_fake_clock_advance(struct tide_fake_clock *fake, int64_t us);
/** Move the wall clock alone: an operator or NTP stepped it. */
void tide_fake_clock_jump(struct tide_fake_clock *fake, int64_t us);

#endif
