/*
 * merge - rows inserted, or updated where their key is there already.
 *
 * Rows are copied into a temporary table with the target's constraints and go from there
 * into the target.  Of several rows with one key the last wins: by the cursor where there
 * is one, else in the order they came.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_MERGE_H
#define TIDE_POSTGRES_MERGE_H

#include <tidemill/plugin.h>

#include "postgres/connection.h"
#include "target.h"

/** The column of the staging table that keeps the order of arrival. */
#define PG_ORDER_COLUMN "_tidemill_order"

/** Append the staging table's name: of this session, named by run. */
void pg_merge_add_name(struct tide_pg_sql *sql, const char *run);

/** Create the staging table; it goes with the transaction. */
TIDE_MUST_CHECK
int pg_merge_prepare(struct tide_pg *pg, const struct pg_target *target, const char *run,
                     struct tide_error *err);

/** Take the staged rows over into the target and empty the staging table; cursor may be
 * NULL. */
TIDE_MUST_CHECK
int pg_merge_apply(struct tide_pg *pg, const struct pg_target *target,
                   const char *const *key, const char *cursor, const char *run,
                   struct tide_error *err);

#endif
