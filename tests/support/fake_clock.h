/*
 * fake_clock - a clock that stands still until it is told otherwise.
 */
#ifndef TIDE_TEST_FAKE_CLOCK_H
#define TIDE_TEST_FAKE_CLOCK_H

#include "base/clock.h"

struct fake_clock {
    struct tide_clock clock;
    int64_t wall_us;
    int64_t monotonic_us;
};

/* The clock is the fake's first member, so its address is the fake's. */
static inline int64_t fake_wall(const struct tide_clock *clock)
{
    return ((const struct fake_clock *)clock)->wall_us;
}

static inline int64_t fake_monotonic(const struct tide_clock *clock)
{
    return ((const struct fake_clock *)clock)->monotonic_us;
}

static inline void fake_clock_init(struct fake_clock *fake, int64_t wall_us)
{
    fake->clock.wall = fake_wall;
    fake->clock.monotonic = fake_monotonic;
    fake->wall_us = wall_us;
    fake->monotonic_us = 0;
}

/** Let time pass on both. */
static inline void fake_clock_advance(struct fake_clock *fake, int64_t us)
{
    fake->wall_us += us;
    fake->monotonic_us += us;
}

/** Move the wall clock alone: an operator or NTP stepped it. */
static inline void fake_clock_jump(struct fake_clock *fake, int64_t us)
{
    fake->wall_us += us;
}

#endif
