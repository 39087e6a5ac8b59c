/*
 * test_clock - FOR TESTS: the system's clock, moved ahead by what a file says.
 */
#include "test_clock.h"

#include <stdio.h>

static int64_t offset_us(const struct tide_clock *clock)
{
    const struct tide_test_clock *test =
        (const struct tide_test_clock *)(const void *)clock;
    FILE *file = fopen(test->path, "re");
    double seconds = 0;

    if (!file) {
        return 0;
    }
    if (fscanf(file, "%lf", &seconds) != 1) {
        seconds = 0;
    }
    (void)fclose(file);
    return (int64_t)(seconds * 1e6);
}

static int64_t wall(const struct tide_clock *clock)
{
    const struct tide_clock *system = tide_clock_system();

    return system->wall(system) + offset_us(clock);
}

static int64_t monotonic(const struct tide_clock *clock)
{
    const struct tide_clock *system = tide_clock_system();

    return system->monotonic(system) + offset_us(clock);
}

void tide_test_clock_init(struct tide_test_clock *clock, const char *path)
{
    clock->clock.wall = wall;
    clock->clock.monotonic = monotonic;
    clock->path = path;
}
