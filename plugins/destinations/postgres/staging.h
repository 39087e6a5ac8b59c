/*
 * staging - where the rows of a replacing load are from its first checkpoint on.
 *
 * A load that ends before a checkpoint is due goes straight into the table, in one
 * transaction.  At the first checkpoint its rows move into a table beside it, which has
 * the same columns, constraints and indexes, so that a bad row is still refused alone;
 * from then on each checkpoint commits it, with the position.  The final commit deletes
 * the old rows, takes the new ones over and drops it, in one transaction: readers never
 * see half a load, and the table keeps its identity.
 *
 * A later run resumes with the rows it finds there only if they are those that were left:
 * the pipeline's row of the positions has its oid, and a comment on it how many rows it
 * has and what the target was.  It is unlogged: a crash of the server empties it.  Only
 * where the target was new it is as lasting as that one: it was the target.
 *
 * Not every table has one: whatever can refuse a row and is not copied (foreign keys,
 * triggers, rules, row security, partitions), or rights that the role lacks, leave all
 * for the final commit.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_STAGING_H
#define TIDE_POSTGRES_STAGING_H

#include <stdbool.h>
#include <stdint.h>
#include <tidemill/plugin.h>

#include "positions.h"
#include "postgres/connection.h"
#include "target.h"

/** Zero it; pg_staging_clear() frees it. */
struct pg_staging {
    struct tide_pg_name name; /**< owned; names stay the same for pipeline and table */
    struct tide_pg_sql title; /**< owned: "schema"."table" */
    bool is_wanted;           /**< checkpoints of a replacing load are asked for */
    bool is_refused;          /**< the table cannot have one */
    bool is_on;               /**< rows go there */
    bool is_left;             /**< an earlier run left one that is of no use */
    bool is_held;             /**< nobody else works with it, up to our commit */
    bool is_stuck;            /**< it was to be dropped, and could not be */
    char oid[24];
    char definition[64]; /**< of the target, as a hash */
    int64_t rows;        /**< that former transactions staged */
};

/** Name the table beside an open target. */
TIDE_MUST_CHECK
int pg_staging_init(struct pg_staging *staging, const struct pg_target *target,
                    const struct tide_destination_request *request,
                    struct tide_error *err);

/** Whether the staging table of the stored position is as it was left, so that the load
 * can resume. */
TIDE_MUST_CHECK
int pg_staging_check(struct pg_staging *staging, struct tide_pg *pg,
                     const struct pg_target *target, const struct pg_positions *positions,
                     bool *is_proven, struct tide_error *err);

/** Look at the target: is_refused says whether it may have such a table; definition and
 * the oid of the one there is ("": none) are filled in.  *comment is what stands on it,
 * malloc'ed, or NULL. */
TIDE_MUST_CHECK
int pg_staging_look(struct pg_staging *staging, struct tide_pg *pg,
                    const struct pg_target *target, char **comment,
                    struct tide_error *err);

/** Note in the transaction under way how many rows there are with it. */
TIDE_MUST_CHECK
int pg_staging_note(const struct pg_staging *staging, struct tide_pg *pg,
                    const struct pg_target *target, const struct pg_positions *positions,
                    int64_t rows, struct tide_error *err);

void pg_staging_clear(struct pg_staging *staging);

#endif
