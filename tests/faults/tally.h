/*
 * tally - what the shim tells the test: the layout of the file that both map.
 *
 * faults_test.py reads it by the same layout.
 */
#ifndef TIDE_TESTS_FAULTS_TALLY_H
#define TIDE_TESTS_FAULTS_TALLY_H

#include <stdint.h>

#define TALLY_SITES 1024

/** A place in the code that makes calls, and the first of them. */
struct tally_site {
    uint64_t caller;
    uint32_t call, reserved;
};

struct tally {
    uint32_t calls;    /**< that could have failed */
    uint32_t struck;   /**< whether the one that was to fail was reached */
    uint32_t leaks;    /**< blocks that plugins allocated and nobody freed */
    uint32_t is_ended; /**< whether the process came to its end in order */
    char function[32]; /**< that failed */
    char caller[256];  /**< of it: object and offset */
    char leak[256];    /**< who allocated the first block that was left */
    uint32_t site_count, reserved;
    struct tally_site sites[TALLY_SITES];
};

#endif
