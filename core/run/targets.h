/*
 * targets - no two tables of a run go into one.
 */
#ifndef TIDE_RUN_TARGETS_H
#define TIDE_RUN_TARGETS_H

#include "run/engine.h"

/** Before any table is opened: TIDE_E_CONFIG when two are one at the destination, which
 * the definition, where they are spelled differently, does not show. */
TIDE_MUST_CHECK
int tide_targets_check(struct tide_engine *engine, struct tide_error *err);

#endif
