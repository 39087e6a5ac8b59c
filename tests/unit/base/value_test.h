/*
 * value_test - what the tests of written values share.
 */
#ifndef TIDE_TEST_VALUE_H
#define TIDE_TEST_VALUE_H

#include <setjmp.h>
#include <stdarg.h>
#include <tidemill/value.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char text[TIDE_VALUE_TEXT_MAX + 1];

/* Terminate what was formatted and give it. */
static inline const char *got(size_t length)
{
    assert_true(length <= TIDE_VALUE_TEXT_MAX);
    text[length] = '\0';
    return text;
}

/* A small generator with a fixed seed: splitmix64. */
static inline uint64_t next_random(void)
{
    static uint64_t state = 42;
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));

    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

#endif
