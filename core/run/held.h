/*
 * held - rejects that wait to be told of, as bytes in a mapping of their own.
 *
 * As objects they would be thousands of small blocks between those of the batches on
 * their way, and the room that these leave would fit none of the next ones.
 *
 * Threads: none of its own; the caller locks.
 */
#ifndef TIDE_RUN_HELD_H
#define TIDE_RUN_HELD_H

#include <stddef.h>
#include <stdint.h>

#include "run/rejects.h"

/** So many bytes of a row, or of what never became one, are kept. */
#define TIDE_HELD_MAX ((size_t)64 * 1024)

/** Zero it to begin. */
struct tide_held {
    uint8_t *data; /**< owned; a mapping, or NULL */
    size_t length, capacity;
};
void tide_held_fini(struct tide_held *held);

/** Keep a copy, of row and raw up to TIDE_HELD_MAX bytes.  False, and nothing is kept,
 * when memory is out. */
TIDE_MUST_CHECK
bool tide_held_add(struct tide_held *held, const struct tide_reject_note *note);

/** Tell those up to a parcel, in the order they were added, and forget them; how many
 * they were.  A note is borrowed for the call; held is not to be changed in it. */
size_t tide_held_tell(struct tide_held *held, int64_t parcel,
                      void (*tell)(void *arg, const struct tide_reject_note *note),
                      void *arg);

#endif
