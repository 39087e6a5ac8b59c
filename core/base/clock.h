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
    /** Microseconds since some start, never back; counts while suspended
     * (CLOCK_BOOTTIME). */
    int64_t (*monotonic)(const struct tide_clock *clock);
};

/** The system's; a constant. */
const struct tide_clock *tide_clock_system(void);
/** The system's monotonic time, for what no test replaces. */
int64_t tide_clock_now(void);

#endif
