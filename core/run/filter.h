/*
 * filter - which rows of a table are wanted: a tree of tests, run column by column.
 */
#ifndef TIDE_RUN_FILTER_H
#define TIDE_RUN_FILTER_H

#include <tidemill/batch.h>

#include "pipeline/pipeline.h"

struct tide_filter;

/** Compile against the columns that come; the condition is borrowed for the filter's
 * life.  TIDE_E_CONFIG names the field. */
TIDE_MUST_CHECK
int tide_filter_create(const struct tide_condition *condition,
                       const struct tide_schema *schema, struct tide_filter **out,
                       struct tide_error *err);
void tide_filter_destroy(struct tide_filter *filter);
/** Write 1 into drop for each row for which the condition is not true (false, or unknown
 * because of a null), else 0.  Returns how many are dropped. */
int64_t tide_filter_apply(struct tide_filter *filter, const struct tide_batch *batch,
                          uint8_t *drop);

#endif
