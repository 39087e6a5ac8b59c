/*
 * xxh64 - see xxh64.h.
 *
 * Four lanes take a stripe of 32 bytes at a time; what does not fill one is mixed in at
 * the end.  The names of the steps are those of the specification.
 */
#include "xxh64.h"

#include <string.h>

#define STRIPE sizeof(((struct xxh64 *)NULL)->held)

#define PRIME_1 UINT64_C(0x9e3779b185ebca87)
#define PRIME_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define PRIME_3 UINT64_C(0x165667b19e3779f9)
#define PRIME_4 UINT64_C(0x85ebca77c2b2ae63)
#define PRIME_5 UINT64_C(0x27d4eb2f165667c5)

static uint64_t rotate(uint64_t value, int bits)
{
    return value << bits | value >> (64 - bits);
}

static uint64_t little(const uint8_t *data, int bytes)
{
    uint64_t value = 0;

    for (int i = bytes - 1; i >= 0; i--) {
        value = value << 8 | data[i];
    }
    return value;
}

/* Compilers make one load of it. */
static uint64_t read_64(const uint8_t *data)
{
    return (uint64_t)data[0] | (uint64_t)data[1] << 8 | (uint64_t)data[2] << 16 |
           (uint64_t)data[3] << 24 | (uint64_t)data[4] << 32 | (uint64_t)data[5] << 40 |
           (uint64_t)data[6] << 48 | (uint64_t)data[7] << 56;
}

static uint64_t round_of(uint64_t lane, uint64_t input)
{
    return rotate(lane + input * PRIME_2, 31) * PRIME_1;
}

static uint64_t merge(uint64_t hash, uint64_t lane)
{
    return (hash ^ round_of(0, lane)) * PRIME_1 + PRIME_4;
}

static void take_stripe(uint64_t lanes[4], const uint8_t *data)
{
    for (int i = 0; i < 4; i++) {
        lanes[i] = round_of(lanes[i], read_64(data + 8 * i));
    }
}

void xxh64_init(struct xxh64 *hash)
{
    memset(hash, 0, sizeof *hash);
    hash->lanes[0] = PRIME_1 + PRIME_2;
    hash->lanes[1] = PRIME_2;
    hash->lanes[3] = 0 - PRIME_1;
}

void xxh64_add(struct xxh64 *hash, const void *data, size_t length)
{
    const uint8_t *at = data;
    size_t held = hash->total % STRIPE, take;

    if (length == 0) {
        return;
    }
    hash->total += length;
    if (held > 0) {
        take = length < STRIPE - held ? length : STRIPE - held;
        memcpy(hash->held + held, at, take);
        at += take;
        length -= take;
        if (held + take < STRIPE) {
            return;
        }
        take_stripe(hash->lanes, hash->held);
    }
    for (; length >= STRIPE; length -= STRIPE, at += STRIPE) {
        take_stripe(hash->lanes, at);
    }
    memcpy(hash->held, at, length);
}

static uint64_t join_lanes(const struct xxh64 *hash)
{
    const uint64_t *lanes = hash->lanes;
    uint64_t value;

    if (hash->total < STRIPE) {
        return PRIME_5;
    }
    value = rotate(lanes[0], 1) + rotate(lanes[1], 7) + rotate(lanes[2], 12) +
            rotate(lanes[3], 18);
    for (int i = 0; i < 4; i++) {
        value = merge(value, lanes[i]);
    }
    return value;
}

static uint64_t mix_rest(uint64_t value, const uint8_t *at, size_t length)
{
    for (; length >= 8; length -= 8, at += 8) {
        value = rotate(value ^ round_of(0, read_64(at)), 27) * PRIME_1 + PRIME_4;
    }
    if (length >= 4) {
        value = rotate(value ^ little(at, 4) * PRIME_1, 23) * PRIME_2 + PRIME_3;
        length -= 4;
        at += 4;
    }
    for (; length > 0; length--, at++) {
        value = rotate(value ^ *at * PRIME_5, 11) * PRIME_1;
    }
    return value;
}

static uint64_t avalanche(uint64_t value)
{
    value = (value ^ value >> 33) * PRIME_2;
    value = (value ^ value >> 29) * PRIME_3;
    return value ^ value >> 32;
}

uint64_t xxh64_value(const struct xxh64 *hash)
{
    uint64_t value = join_lanes(hash) + hash->total;

    return avalanche(mix_rest(value, hash->held, hash->total % STRIPE));
}

uint64_t xxh64_of(const void *data, size_t length)
{
    struct xxh64 hash;

    xxh64_init(&hash);
    xxh64_add(&hash, data, length);
    return xxh64_value(&hash);
}
