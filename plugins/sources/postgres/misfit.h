/*
 * misfit - what becomes of a run when a position does not fit the table any more.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_MISFIT_H
#define TIDE_POSTGRES_MISFIT_H

#include <stdbool.h>

#include "plan.h"
#include "start.h"

/** The table is another one of the same name. */
extern const char pg_misfit_made_anew[];

/** What the run before gave cannot be told from what it did not. */
TIDE_MUST_CHECK
int pg_misfit_cannot_end(const struct pg_plan_facts *facts, const char *why,
                         struct tide_error *err);

/** Begin at the start where rows may come twice, else fail. */
TIDE_MUST_CHECK
int pg_misfit_start_over(const struct pg_plan *plan, const struct pg_plan_facts *facts,
                         const char *why, struct tide_error *err);

/** Begin at the start: behind a whole run, what is read then is another table's. */
TIDE_MUST_CHECK
int pg_misfit_begin_anew(const struct pg_plan *plan, const struct pg_plan_facts *facts,
                         const char *why, struct tide_error *err);

/** The same of a position that is of another server, or of another of its lives: the
 * rows may be those that were read, under other numbers. */
TIDE_MUST_CHECK
int pg_misfit_elsewhere(const struct pg_plan *plan, const struct pg_plan_facts *facts,
                        enum pg_server_verdict verdict, struct tide_error *err);

/** The server can come to know what the position tells. */
TIDE_MUST_CHECK
int pg_misfit_lags_behind(const struct pg_plan_facts *facts, struct tide_error *err);

/** Whether the destination may hold rows of a run that did not come to its end. */
bool pg_misfit_is_unfinished(const struct pg_position *position);

#endif
