/*
 * begin_full - where a full read begins, from what a former one left.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_BEGIN_FULL_H
#define TIDE_POSTGRES_BEGIN_FULL_H

#include "plan.h"

/** The part of pg_plan_begin() for it. */
TIDE_MUST_CHECK
int pg_begin_full(struct pg_plan *plan, const struct pg_plan_facts *facts,
                  struct tide_error *err);

#endif
