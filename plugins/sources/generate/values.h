/*
 * values - the kinds of value a generated column may hold.
 *
 * A value is a pure function of a random number that the caller made from (seed, column,
 * row), so any row can be made again without those before it.
 */
#ifndef GENERATE_VALUES_H
#define GENERATE_VALUES_H

#include <tidemill/builder.h>

struct generator {
    const char *word; /**< how the option `columns` names it */
    /** Append one value made from random and the row's number, from 0. */
    int (*append)(struct tide_builder *builder, uint64_t random, int64_t row);
    int64_t size; /**< bytes of a value, about, for the bounds of a batch */
    int type;     /**< an enum tide_type */
    bool never_null;
};

/** The generator of that word, or NULL. */
const struct generator *generator_find(const char *word);
/** The word most like an unknown one, or NULL. */
const char *generator_nearest(const char *word);

/** All words, comma separated, for messages and help. */
#define GENERATOR_WORDS                                                                  \
    "id, bool, int64, float64, decimal, string, bytes, date, time, timestamp, "          \
    "datetime, uuid, json, null, name, email, phone, text"

/** Spread the bits of x over all 64 (the finalizer of splitmix64). */
static inline uint64_t generator_mix(uint64_t x)
{
    x ^= x >> 30;
    x *= UINT64_C(0xbf58476d1ce4e5b9);
    x ^= x >> 27;
    x *= UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

#endif
