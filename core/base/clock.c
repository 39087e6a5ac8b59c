/*
 * clock - the system's clocks.
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

int64_t tide_clock_now(void)
{
    return read_clock(CLOCK_BOOTTIME);
}

const struct tide_clock *tide_clock_system(void)
{
    static const struct tide_clock clock = {system_wall, system_monotonic};

    return &clock;
}
