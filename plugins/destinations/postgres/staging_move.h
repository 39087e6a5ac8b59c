/*
 * staging_move - a replacing load that went straight into its table is staged, at its
 * first checkpoint.
 *
 * Its transaction has deleted the old rows, and must not be committed.  So the rows go
 * through us into a table that another session makes, and the transaction is rolled back.
 * Where the target was made in it, it becomes that table itself.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_STAGING_MOVE_H
#define TIDE_POSTGRES_STAGING_MOVE_H

#include "staging.h"

/**
 * Set aside the rows that the transaction under way has brought, so many.  *pg is
 * replaced by a session whose transaction has them, unless the target is new.  A target
 * that cannot have such a table, or has rows of others by now, is left as it is, and
 * is_refused says so; is_on else.  TIDE_E_TRANSIENT: another run has committed.
 */
TIDE_MUST_CHECK
int pg_staging_move(struct pg_staging *staging, struct tide_pg **pg,
                    const struct tide_pg_options *options, struct pg_target *target,
                    const struct pg_positions *positions, int64_t rows,
                    struct tide_error *err);

#endif
