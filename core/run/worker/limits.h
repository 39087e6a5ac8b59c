/*
 * limits - what a worker may use, set on itself before the first plugin is loaded, and
 * the reasons for which it is asked to stop.
 *
 * A request to stop, CPU time and wall time end the run at the next batch boundary; a run
 * that does not get there in time is killed.
 */
#ifndef TIDE_RUN_WORKER_LIMITS_H
#define TIDE_RUN_WORKER_LIMITS_H

#include <stdatomic.h>

#include "run/worker/job.h"

/** Set the limits and catch the signals.  TIDE_E_CONFIG when the system refuses one. */
TIDE_MUST_CHECK
int tide_limits_set(const struct tide_job_limits *limits, struct tide_error *err);

/** Set once the run shall stop; borrowed, for ever. */
const atomic_bool *tide_limits_cancel(void);

/** When a limit, and nobody's wish, stopped the run: TIDE_E_LIMIT with its name, else
 * TIDE_OK. */
TIDE_MUST_CHECK
int tide_limits_reason(const struct tide_job_limits *limits, struct tide_error *err);

#endif
