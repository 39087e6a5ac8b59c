/*
 * stretches - the pieces in which a table is read as it lies on disk.
 *
 * Each is a statement of its own, so that a run knows its place at the end of one and no
 * row has to tell it.  A table that is read with others, as one with partitions, is read
 * table by table, in the order of their oids; a large one of them in pieces of so many
 * blocks.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_STRETCHES_H
#define TIDE_POSTGRES_STRETCHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

#include "postgres/catalog.h"

/** A table with rows of its own, read as one with others. */
struct pg_part {
    uint32_t oid;
    char *name; /**< owned; as SQL writes it */
    uint32_t blocks;
};

/** Zero it; pg_stretches_clear() frees it. */
struct pg_stretches {
    struct pg_part *parts; /**< owned; by oid; NULL: the table is one */
    size_t part_count;
    size_t part;     /**< where it begins: in this one, */
    uint32_t first;  /**< in this block */
    uint32_t blocks; /**< of each but the last of a part, which has no end */
    uint32_t size;   /**< blocks of a table that is one */
    bool cuts;       /**< the server reads some blocks of a table alone */
    uint32_t count;  /**< 0: the table is read by one statement */
};

/** One of them. */
struct pg_stretch {
    const struct pg_part *part; /**< borrowed; NULL: the table is one */
    uint32_t first;             /**< block */
    uint32_t end;               /**< the block behind it; 0: the end of the table */
};

/** Find the parts of a table.  None: it has none, or they cannot be read one by one with
 * the same rows, which then would be seen by others than the reader. */
TIDE_MUST_CHECK
int pg_stretches_find_parts(struct pg_stretches *stretches, struct tide_pg *pg,
                            const struct tide_pg_table *table, struct tide_error *err);

/** Cut a table of so many bytes, or its parts, from a place on: `part` is the oid and
 * `row` the ctid of the last row that is not read, or NULL.  An undivided table below
 * 32 MiB is read in one statement; parts always have stretches. */
void pg_stretches_cut(struct pg_stretches *stretches, int64_t size, const char *part,
                      const char *row);

/** Number i; that behind the last one has no part, and where it begins means nothing. */
struct pg_stretch pg_stretches_at(const struct pg_stretches *stretches, uint32_t i);

void pg_stretches_clear(struct pg_stretches *stretches);

#endif
