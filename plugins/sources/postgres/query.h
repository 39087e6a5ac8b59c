/*
 * query - the COPY that reads a table as a plan says.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_QUERY_H
#define TIDE_POSTGRES_QUERY_H

#include <stddef.h>
#include <tidemill/plugin.h>

#include "plan.h"
#include "postgres/catalog.h"

/** Which columns of a table are read; indices into its columns. */
struct pg_selection {
    size_t *columns; /**< owned */
    size_t count;
    size_t visible; /**< of these, the columns that go into batches: the first ones */
    size_t order[PG_ORDER_MAX]; /**< places among them of the plan's order */
    bool *left_out; /**< owned; by place: nobody looks at it, and it is not asked for */
};

/** Choose the columns that are wanted.  TIDE_E_CONFIG: none is. */
TIDE_MUST_CHECK
int pg_selection_make(const struct tide_pg_table *table,
                      const struct tide_source_request *request,
                      struct pg_selection *selection, struct tide_error *err);

/** Find the columns of the plan's order among them; those that are not wanted are read
 * behind them.  None is needed where stretches tell the place. */
void pg_selection_order(struct pg_selection *selection, const struct pg_plan *plan);

/** Leave out columns, by place, that the order does not need either. */
void pg_selection_leave_out(struct pg_selection *selection, const struct pg_plan *plan,
                            const size_t *places, size_t count);

void pg_selection_clear(struct pg_selection *selection);

/** Append the condition that is true of rows behind the plan's start. */
void pg_query_behind(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                     const struct pg_plan *plan);

/** Append the plan's statements from number `first` on, as many as one message holds
 * well.  Returns the number of the one behind them. */
uint32_t pg_query_build(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                        const struct pg_selection *selection, const struct pg_plan *plan,
                        int64_t row_limit, uint32_t first);

#endif
