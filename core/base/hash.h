/*
 * hash - 64-bit FNV-1a, for tables in memory and for telling apart what people made.
 *
 * Not for what others could make collide on purpose.  Sums are kept in positions, so the
 * function stays as it is.  Source: Fowler, Noll and Vo, draft-eastlake-fnv.
 */
#ifndef TIDE_BASE_HASH_H
#define TIDE_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

/** The sum of nothing. */
#define TIDE_HASH_START UINT64_C(0xcbf29ce484222325)

/** The sum of what `sum` is of, and these bytes behind it. */
static inline uint64_t tide_hash_add(uint64_t sum, const void *bytes, size_t length)
{
    const uint8_t *at = (const uint8_t *)bytes;

    for (size_t i = 0; i < length; i++) {
        sum = (sum ^ at[i]) * UINT64_C(0x100000001b3);
    }
    return sum;
}

#endif
