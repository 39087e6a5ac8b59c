/*
 * begin - where a run begins, from what a former one left.
 *
 * A position that does not fit the table any more is not used: the table is read from its
 * start and the log says why.  Where that would give rows twice to a destination that
 * keeps both, the run fails instead.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_BEGIN_H
#define TIDE_POSTGRES_BEGIN_H

#include "plan.h"

/** Fill in the rest of a plan whose way to read and order are chosen. */
TIDE_MUST_CHECK
int pg_plan_begin(struct pg_plan *plan, const struct pg_plan_facts *facts,
                  struct tide_error *err);

#endif
