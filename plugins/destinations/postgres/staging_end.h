/*
 * staging_end - the end of a staged load: its rows are moved, the staging table goes.
 *
 * While a load is staged its target is not locked: it may be altered, dropped, given a
 * trigger.  Before the rows are moved it is locked and checked again: they would else be
 * rounded to new types, or rewritten, unseen.
 *
 * Of the runs of one pipeline one at a time ends, or loads straight into the table: the
 * others wait for their turn, without a lock that it needs, and find that it has
 * committed.
 *
 * A session that reads the staging table (a backup does), or a view on it, prevents its
 * DROP.  Then it stays, with a warning: a load neither waits for them nor fails.  It is
 * not used again, as no position names it any more.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_STAGING_END_H
#define TIDE_POSTGRES_STAGING_END_H

#include "staging.h"

/** In the transaction that ends the load, before the old rows go: wait for our turn, then
 * lock the pipeline's row, the staging table and the target.  TIDE_E_TRANSIENT: another
 * run has committed; TIDE_E_CONFLICT: the target was changed since the rows were
 * staged. */
TIDE_MUST_CHECK
int pg_staging_secure(struct pg_staging *staging, struct tide_pg *pg,
                      const struct pg_target *target,
                      const struct pg_positions *positions, struct tide_error *err);

/** Take the rows over, of which there are so many, and drop their table.  The old ones
 * are gone already. */
TIDE_MUST_CHECK
int pg_staging_publish(struct pg_staging *staging, struct tide_pg *pg,
                       const struct pg_target *target, int64_t rows,
                       struct tide_error *err);

/** Drop the table in the transaction under way; is_stuck when that cannot be. */
TIDE_MUST_CHECK
int pg_staging_drop(struct pg_staging *staging, struct tide_pg *pg,
                    struct tide_error *err);

/** Behind the final commit: try again to drop a table that is stuck, for a few seconds,
 * and warn of it when it stays. */
void pg_staging_tidy(struct pg_staging *staging, struct tide_pg *pg);

/** Say why rows can no longer be staged when another run dropped the staging table; any
 * other rc is returned as it is. */
TIDE_MUST_CHECK
int pg_staging_explain(const struct pg_staging *staging, const struct tide_pg *pg, int rc,
                       struct tide_error *err);

#endif
