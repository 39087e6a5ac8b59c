/*
 * guard - which columns PostgreSQL would fill with less than the texts that come say.
 *
 * The server reads texts of types that have no binary form here, and for most of them it
 * takes a text as it is or refuses it.  Some it shortens without a word: interval(0)
 * rounds, name cuts, date[] drops times.  What comes from a column of the same type is
 * the server's own spelling and needs no guard.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_GUARD_H
#define TIDE_POSTGRES_GUARD_H

#include <stdbool.h>
#include <tidemill/error.h>
#include <tidemill/schema.h>

#include "postgres/catalog.h"

/** What each text of a column is held against. */
struct pg_guard {
    bool is_on;
    bool is_list;             /**< an array, a range, a figure: each of its items */
    struct tide_pg_type item; /**< the type of these, or of the whole text */
};

/** Whether what comes was written by a server, from a column of the same type. */
bool pg_guard_is_same(const struct tide_column *incoming,
                      const struct tide_pg_column *column);

/** Choose the guard of a column.  TIDE_E_CONFIG: it needs one, and there is none that
 * could tell by row. */
TIDE_MUST_CHECK
int pg_guard_choose(struct pg_guard *guard, const struct tide_column *incoming,
                    const struct tide_pg_column *column, struct tide_error *err);

#endif
