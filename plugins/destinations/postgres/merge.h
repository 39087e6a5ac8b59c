/*
 * merge - rows inserted, or updated where their key is there already.
 *
 * Rows are copied into a temporary table with the target's constraints and go from there
 * into the target, batch by batch, so that a bad row can still stand alone.  Of several
 * rows with one key the last wins: by the cursor where there is one, else in the order
 * they came.
 *
 * Across batches a cursor decides by the row that is in the target: when this
 * transaction wrote it and its cursor is greater, it stays.  (Rows of former transactions
 * of the run are older anyway: it has checkpoints only when its rows come in the cursor's
 * order.)  A trigger may change a row on its way, also its cursor: with one, all rows are
 * staged and go into the target at the commit.
 *
 * A trigger may also keep a row out.  The server counts the rows that it wrote: without a
 * guard and without keys that come twice these are all that were staged.  Else, where
 * there is such a trigger, it is asked how many are missing.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_MERGE_H
#define TIDE_POSTGRES_MERGE_H

#include <stdbool.h>
#include <tidemill/plugin.h>

#include "postgres/connection.h"
#include "target.h"

/** The column of the staging table that keeps the order of arrival. */
#define PG_ORDER_COLUMN "_tidemill_order"

/** The staging table's name as a format for the run's. */
#define PG_STAGING_NAME "_tidemill_%s"

/** The statements of a merge.  Zero it; pg_merge_clear() frees it. */
struct pg_merge {
    struct tide_pg_sql prepare;  /**< makes the staging table */
    struct tide_pg_sql plain;    /**< takes rows of different keys over */
    struct tide_pg_sql distinct; /**< takes the last row of each key over; watched, it
                                    returns how many of these rows are not in */
    struct tide_pg_sql empty;    /**< empties the staging table */
    bool sees_duplicates;        /**< keys came twice in a batch: they may again */
    bool is_counted;             /**< each row of `plain` is inserted or updated */
    bool is_watched;             /**< the table has triggers that can keep rows out */
    bool waits;                  /**< for all rows, until the commit */
};

/** Append the staging table's name: of this session, named by run. */
void pg_merge_add_name(struct tide_pg_sql *sql, const char *run);

/** Build the statements for a target that is open. */
TIDE_MUST_CHECK
int pg_merge_init(struct pg_merge *merge, struct tide_pg *pg,
                  const struct pg_target *target,
                  const struct tide_destination_request *request, struct tide_error *err);

/** Create the staging table; it goes with the transaction. */
TIDE_MUST_CHECK
int pg_merge_prepare(const struct pg_merge *merge, struct tide_pg *pg,
                     struct tide_error *err);

/** Take the staged rows over into the target and empty the staging table.  TIDE_E_DATA:
 * also when the target kept some out. */
TIDE_MUST_CHECK
int pg_merge_apply(struct pg_merge *merge, struct tide_pg *pg, int64_t rows,
                   struct tide_error *err);

void pg_merge_clear(struct pg_merge *merge);

#endif
