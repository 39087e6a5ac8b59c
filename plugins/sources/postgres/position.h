/*
 * position - how far an incremental table was read, and how that is written down.
 *
 * The text is a JSON object, {"column": "updated_at", "type": "timestamp with time
 * zone", "cursor": "2024-11-27T18:22:47Z"}: members may be added to it later.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_POSITION_H
#define TIDE_POSTGRES_POSITION_H

#include <tidemill/batch.h>
#include <tidemill/error.h>

#include "postgres/catalog.h"
#include "postgres/connection.h"

/** Zero it; pg_position_clear() frees it. */
struct pg_position {
    const struct tide_pg_column
        *column;             /**< borrowed: the cursor; NULL: not incremental */
    char *from;              /**< owned: cursor value to start at, or NULL */
    struct tide_pg_sql text; /**< the present position; empty: none */
};

/** Understand what a former run left.  One of another cursor column is not used, and a
 * warning logged.  TIDE_E_CONFIG: it is no position of ours. */
TIDE_MUST_CHECK
int pg_position_load(struct pg_position *position, struct tide_pg *pg, const char *text,
                     struct tide_error *err);

/** Move on to the last value in values, a column of the cursor's type in ascending
 * order, nulls last. */
TIDE_MUST_CHECK
int pg_position_advance(struct pg_position *position, const struct ArrowArray *values,
                        struct tide_error *err);

/** The text, or NULL while there is none. */
const char *pg_position_text(const struct pg_position *position);

void pg_position_clear(struct pg_position *position);

#endif
