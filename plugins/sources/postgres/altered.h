/*
 * altered - whether rows that were not written since still have the values they had.
 *
 * A column that is dropped and added again with a default, or an enum's label that gets
 * another name, changes what every row says and writes none.  The catalog does: its rows
 * show their transactions as others do, so that a run which is gone on with can ask for
 * those that are newer than its mark, and one that is not asks nothing.  All columns of
 * the table count, with those of tables that are read with it, and the types that these
 * are made of.  What policies leave out cannot be told like that: see plan.c.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_ALTERED_H
#define TIDE_POSTGRES_ALTERED_H

#include <stdbool.h>
#include <tidemill/error.h>

#include "horizon.h"
#include "postgres/catalog.h"

/** Look whether what makes the values is among the newer ones. */
TIDE_MUST_CHECK
int pg_altered_look(struct tide_pg *pg, const struct tide_pg_table *table,
                    const struct pg_ages *newer, bool *changed, struct tide_error *err);

#endif
