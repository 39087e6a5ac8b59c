/*
 * checksum - a sum over the values of each column, whatever the order of the rows.
 *
 * Each value is hashed in a form that does not depend on how it is written (1.50 and
 * 1.5, {"a":1,"b":2} and {"b":2, "a":1}), and the hashes are added modulo 2^64, so that
 * sums of parts add up to the sum of the whole and can be taken from one another.  One
 * more sum is over whole rows: values that changed places between rows show there.
 *
 * Hash: FNV-1a of 64 bits (draft-eastlake-fnv), finished with the mixer of MurmurHash3
 * (Appleby) so that sums of similar values spread.  It finds accidents, not attacks.
 *
 * Layer: uses core/base and the SDK.
 */
#ifndef TIDE_BATCH_CHECKSUM_H
#define TIDE_BATCH_CHECKSUM_H

#include <stdbool.h>
#include <tidemill/batch.h>
#include <tidemill/schema.h>

/** Zero it to begin. */
struct tide_checksum {
    int64_t rows;
    uint64_t whole;    /**< over rows */
    uint64_t *columns; /**< owned; over the values of each column */
    size_t count;
};

void tide_checksum_init(struct tide_checksum *sum, size_t columns);
void tide_checksum_fini(struct tide_checksum *sum);

/** Add the rows of a batch but those whose byte in skip is not 0.  places are the columns
 * of the schema that are summed, NULL: the first ones; skip may be NULL. */
void tide_checksum_add(struct tide_checksum *sum, const struct tide_batch *batch,
                       const struct tide_schema *schema, const size_t *places,
                       const uint8_t *skip);

/** Take the rows of other, which has the same columns, out of sum. */
void tide_checksum_subtract(struct tide_checksum *sum, const struct tide_checksum *other);

/** The hash of one value, as it is added; 0 is that of null alone. */
uint64_t tide_value_hash(const struct tide_batch *batch, const struct tide_schema *schema,
                         size_t column, int64_t row);

#endif
