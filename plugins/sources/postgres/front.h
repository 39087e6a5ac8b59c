/*
 * front - what became of the rows in front of a place in the order of the primary key, or
 * of places on disk.
 *
 * An interrupted read resumes in another snapshot than that in which it began, behind its
 * last row.  Each row comes once unless one was moved over that place, and what was
 * read is what is there unless a row in front of it was written.  A version keeps its
 * key, and its place on disk as long as the file is the same.
 *
 * All versions in front that are older than the mark were there in the first snapshot,
 * and were read.  If none is newer, nothing was changed or came in front.  If there are
 * as many as were read, none has left.  If there are fewer, those missing were deleted,
 * or moved behind the place: then their new versions are there, newer than the mark.  So
 * a read resumes when nothing newer is in front, and either no row is missing or nothing
 * newer is behind.  From there on its mark and its number of rows are those of the second
 * snapshot, which shows what was read: what is written later is seen by a third run.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_FRONT_H
#define TIDE_POSTGRES_FRONT_H

#include <stdbool.h>
#include <stdint.h>
#include <tidemill/error.h>

#include "plan.h"

struct pg_front {
    uint64_t rows;        /**< in front of the place */
    bool has_newer;       /**< some of them were written since */
    bool is_before_newer; /**< some behind the place were */
};

/** Look at what is in front of the plan's start, and which versions are newer. */
TIDE_MUST_CHECK
int pg_front_look(struct tide_pg *pg, const struct tide_pg_table *table,
                  const struct pg_plan *plan, const struct pg_ages *newer,
                  struct pg_front *front, struct tide_error *err);

/** Whether it is another front than when `read` rows of it were read.  Where the rows are
 * to take the place of others (exact), those that were deleted count as well. */
bool pg_front_has_changed(const struct pg_front *front, uint64_t read, bool exact);

#endif
