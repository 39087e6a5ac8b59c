/*
 * start - where in the order a position stands.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_START_H
#define TIDE_POSTGRES_START_H

#include <stdbool.h>

#include "plan.h"

/** Whether the key of the position is that by which the plan tells equal cursors apart.
 */
bool pg_start_has_same_key(const struct pg_plan *plan, const struct pg_plan_facts *facts);

/** Go on behind the row of a position; without its key, at its cursor. */
void pg_start_behind(struct pg_plan *plan, const struct pg_position *position,
                     bool with_key);

enum pg_server_verdict {
    PG_SERVER_SAME,  /**< or it is not known */
    PG_SERVER_OTHER, /**< what transactions and tables are called means others there */
    PG_SERVER_SPLIT, /**< it went back, or on from a standby: what came behind that may be
                          called as what was there before */
    PG_SERVER_LAGS   /**< a standby that has yet to learn of what was read */
};

/** Whether the position is of the server that the plan reads. */
enum pg_server_verdict pg_start_server(const struct pg_plan *plan,
                                       const struct pg_plan_facts *facts);

bool pg_start_is_same_table(const struct pg_plan *plan,
                            const struct pg_position *position);

bool pg_start_is_same_cursor(const struct pg_plan *plan,
                             const struct pg_plan_facts *facts);

#endif
