/*
 * clock - the system's clocks, and one for tests.
 */
#include "base/clock.h"

#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec now;

    (void)clock_gettime(id, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t system_wall(const struct tide_clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_REALTIME);
}

static int64_t system_monotonic(const struct tide_clock *clock)
{
    (void)clock;
    return read_clock(CLOCK_BOOTTIME);
}

const struct tide_clock *tide_clock_system(void)
{
    static const struct tide_clock clock = {system_wall, system_monotonic};

    return &clock;
}

/* The clock is the fake's first member, so its address is the fake's. */
static int64_t fake_wall(const struct tide_clock *clock)
{
    return ((const struct tide_fake_clock *)clock)->wall_us;
}

static int64_t fake_monotonic(const struct tide_clock *clock)
{
    return ((const struct tide_fake_clock *)clock)->monotonic_us;
}

void tide_fake_clock_init(struct tide_fake_clock *fake, int64_t wall_us)
{
    fake->clock.wall = fake_wall;
    fake->clock.monotonic = fake_monotonic;
    fake->wall_us = wall_us;
    fake->monotonic_us = 0;
}

void tide_fake_clock_advance(struct tide_fake_clock *fake, int64_t us)
{
    fake->wall_us += us;
    fake->monotonic_us += us;
}

void tide_fake_clock_jump(struct tide_fake_clock *fake, int64_t us)
{
    fake->wall_us += us;
}
