/*
 * test_clock - FOR TESTS: the system's clock, moved ahead by what a file says.
 *
 * A test that wants a "5m" schedule to fire starts the real daemon with
 * --test-clock-file FILE and writes the seconds that have passed into FILE, as a decimal
 * number; both clocks then show so much more.  Nothing else uses it, and no
 * configuration file can turn it on.
 */
#ifndef TIDE_TEST_CLOCK_H
#define TIDE_TEST_CLOCK_H

#include "base/clock.h"

struct tide_test_clock {
    struct tide_clock clock;
    const char *path; /**< borrowed */
};
/** A file that is missing or empty means 0. */
void tide_test_clock_init(struct tide_test_clock *clock, const char *path);

#endif
