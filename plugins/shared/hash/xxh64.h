/*
 * xxh64 - the 64-bit xxHash of bytes, seed 0, as `xxhsum -H1` prints it.
 *
 * Tells files apart that went wrong, not those that were forged: it is no cryptographic
 * hash.  Published at https://github.com/Cyan4973/xxHash (doc/xxhash_spec.md).
 */
#ifndef TIDE_SHARED_XXH64_H
#define TIDE_SHARED_XXH64_H

#include <stddef.h>
#include <stdint.h>

/** Bytes that come piece by piece; xxh64_init first. */
struct xxh64 {
    uint64_t lanes[4];
    uint64_t total;
    uint8_t held[32]; /**< the start of a stripe that is not complete */
};

void xxh64_init(struct xxh64 *hash);
void xxh64_add(struct xxh64 *hash, const void *data, size_t length);
/** The hash of all bytes so far; more may follow. */
uint64_t xxh64_value(const struct xxh64 *hash);

/** The hash of one stretch. */
uint64_t xxh64_of(const void *data, size_t length);

#endif
