/*
 * bits - unaligned copies through 64-bit words.
 */
#include "batch/bits.h"

#include <endian.h>
#include <string.h>

static uint64_t low_bits(int64_t count)
{
    return (UINT64_C(1) << count) - 1;
}

/* 64 bits from any bit on; up to nine bytes are read. */
static uint64_t load(const uint8_t *from, int64_t at)
{
    const uint8_t *byte = from + (at >> 3);
    unsigned shift = (unsigned)(at & 7);
    uint64_t word;

    memcpy(&word, byte, sizeof word);
    word = le64toh(word);
    if (shift > 0) {
        word = word >> shift | (uint64_t)byte[8] << (64 - shift);
    }
    return word;
}

/* Put fewer than 64 bits at the start of `to`, and keep what is behind them. */
static void store_some(uint8_t *to, uint64_t bits, int64_t count)
{
    uint64_t word, mask = low_bits(count);

    memcpy(&word, to, sizeof word);
    word = htole64((le64toh(word) & ~mask) | (bits & mask));
    memcpy(to, &word, sizeof word);
}

/* Bring `to` to a whole byte; returns how many bits that took. */
static int64_t copy_head(uint8_t *to, int64_t to_at, const uint8_t *from, int64_t from_at,
                         int64_t count)
{
    unsigned used = (unsigned)(to_at & 7);
    int64_t taken = 8 - (int64_t)used < count ? 8 - (int64_t)used : count;
    unsigned mask, bits;

    if (used == 0) {
        return 0;
    }
    mask = (unsigned)low_bits(taken) << used;
    bits = (unsigned)(load(from, from_at) & low_bits(taken)) << used;
    to[to_at >> 3] = (uint8_t)((to[to_at >> 3] & ~mask) | bits);
    return taken;
}

void tide_bits_copy(uint8_t *to, int64_t to_at, const uint8_t *from, int64_t from_at,
                    int64_t count)
{
    int64_t done = copy_head(to, to_at, from, from_at, count);
    uint8_t *at = to + ((to_at + done) >> 3);

    if (((from_at + done) & 7) == 0 && count - done >= 64) {
        size_t bytes = (size_t)(count - done) / 8;

        memmove(at, from + ((from_at + done) >> 3), bytes);
        at += bytes;
        done += (int64_t)bytes * 8;
    }
    for (; count - done >= 64; done += 64, at += 8) {
        uint64_t word = htole64(load(from, from_at + done));

        memcpy(at, &word, sizeof word);
    }
    if (done < count) {
        store_some(at, load(from, from_at + done), count - done);
    }
}

void tide_bits_fill(uint8_t *bits, int64_t count)
{
    memset(bits, 0xff, (size_t)count / 8);
    if (count & 7) {
        bits[count >> 3] = (uint8_t)low_bits(count & 7);
    }
}

int64_t tide_bits_count(const uint8_t *bits, int64_t count)
{
    int64_t total = 0, at = 0;

    for (; count - at >= 64; at += 64) {
        total += __builtin_popcountll(load(bits, at));
    }
    if (at < count) {
        total += __builtin_popcountll(load(bits, at) & low_bits(count - at));
    }
    return total;
}
