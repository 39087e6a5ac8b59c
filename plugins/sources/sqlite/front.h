/*
 * front - the rows in front of a place, as they were read: a place alone does not say
 * that no others came there since.
 *
 * Where rows must not come twice, a position tells it, beside its place:
 *
 *     "keys": "0123456789abcdef..."   the hashes of the keys that share its cursor
 *     "front": "1234.0123456789abcdef"  their number and the sum of their hashes, where
 *                                       they are many, or the table is read as a whole
 *
 * With the keys the next run reads those at the cursor that are not among them.  With the
 * sum alone it can only tell that some came, and refuses.
 */
#ifndef SQLITE_SOURCE_FRONT_H
#define SQLITE_SOURCE_FRONT_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>
#include <tidemill/error.h>

/** How many keys a position tells at most. */
#define FRONT_KEYS 1000

/** Of the rows in front of a place: of a table read as a whole all, else those that share
 * the cursor. */
struct front {
    int64_t count;
    uint64_t sum;
    uint64_t *keys; /**< owned */
    int64_t capacity;
    int64_t limit; /**< of keys; where there are more, they are not kept */
};

void front_clear(struct front *front);

/** Add the hash of a key.  TIDE_E_LIMIT: no memory. */
TIDE_MUST_CHECK
int front_add(struct front *front, uint64_t hash);

void front_sort(struct front *front);
bool front_has(const struct front *sorted, uint64_t hash);

/** Of the columns of a row that are a key. */
uint64_t front_hash(sqlite3_stmt *row, int first, int count);

#endif
