/*
 * query - the COPY that reads a table as a request asks.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_QUERY_H
#define TIDE_POSTGRES_QUERY_H

#include <stddef.h>
#include <tidemill/plugin.h>

#include "postgres/catalog.h"

/** Which columns of a table are read; indices into its columns. */
struct pg_selection {
    size_t *columns; /**< owned */
    size_t count;
    size_t visible; /**< of these, the columns that go into batches: the first ones */
    size_t cursor;  /**< place of the cursor among them, or TIDE_NO_COLUMN */
};

/** Choose the columns: those that are wanted, and the cursor behind them when it is not
 * among these.  TIDE_E_CONFIG: no such cursor, or nothing is wanted. */
TIDE_MUST_CHECK
int pg_selection_make(const struct tide_pg_table *table,
                      const struct tide_source_request *request,
                      struct pg_selection *selection, struct tide_error *err);
void pg_selection_clear(struct pg_selection *selection);

/** Append the statement; from is the cursor value to start at, or NULL. */
void pg_query_build(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                    const struct pg_selection *selection, const char *from,
                    int64_t row_limit);

#endif
