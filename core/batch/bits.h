/*
 * bits - validity maps and bit-packed bools, a word at a time.
 *
 * Bit i is bit i % 8 of byte i / 8, as in Arrow.  Buffers are readable and, where they
 * are written, writable for TIDE_PADDING bytes past their end.
 */
#ifndef TIDE_BATCH_BITS_H
#define TIDE_BATCH_BITS_H

#include <stddef.h>
#include <stdint.h>

/** Copy count bits; bits of `to` outside of them keep their value.  Both may be one map
 * when to_at is not behind from_at. */
void tide_bits_copy(uint8_t *to, int64_t to_at, const uint8_t *from, int64_t from_at,
                    int64_t count);
/** Set count bits from bit 0 on; those behind them become 0 up to the end of the last
 * byte. */
void tide_bits_fill(uint8_t *bits, int64_t count);
/** How many of count bits from bit 0 on are set. */
int64_t tide_bits_count(const uint8_t *bits, int64_t count);

static inline void tide_bit_clear(uint8_t *bits, int64_t i)
{
    bits[i >> 3] &= (uint8_t) ~(1u << (i & 7));
}

static inline void tide_bit_set(uint8_t *bits, int64_t i)
{
    bits[i >> 3] |= (uint8_t)(1u << (i & 7));
}

/** Bytes that so many bits take. */
static inline size_t tide_bits_size(int64_t count)
{
    return ((size_t)count + 7) / 8;
}

#endif
