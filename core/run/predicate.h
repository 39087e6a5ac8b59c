/*
 * predicate - one test of a filter, compiled against the type of its column and run over
 * a whole batch.
 *
 * Numbers compare as numbers, exactly; dates and times in their order in time; texts,
 * uuids, bytes and JSON by their bytes.  A null makes every test unknown, but for those
 * that ask about nulls.
 */
#ifndef TIDE_RUN_PREDICATE_H
#define TIDE_RUN_PREDICATE_H

#include <tidemill/batch.h>

#include "pipeline/pipeline.h"

/** Truth of a row: so numbered that "and" is the least of two and "or" the greatest. */
enum tide_truth { TIDE_FALSE = 0, TIDE_UNKNOWN = 1, TIDE_TRUE = 2 };

struct tide_predicate;

/** TIDE_E_CONFIG: no such column, a value that is not of its type, an operator that does
 * not go with it.  The condition's values are borrowed. */
TIDE_MUST_CHECK
int tide_predicate_create(const struct tide_condition *test,
                          const struct tide_schema *schema, struct tide_predicate **out,
                          struct tide_error *err);
void tide_predicate_destroy(struct tide_predicate *predicate);
/** Write the truth of each row into as many bytes. */
void tide_predicate_apply(const struct tide_predicate *predicate,
                          const struct tide_batch *batch, uint8_t *truth);

#endif
