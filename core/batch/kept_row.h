/*
 * kept_row - a row as it is kept when it is rejected, and read back when it is replayed.
 *
 * The row is a JSON object, which says of no value whether a text was a date or bytes;
 * beside it goes one letter a column that does.  Together they give back every value of
 * every type as it was, null and the JSON text null kept apart.
 *
 * Layer: uses core/base and the SDK.
 */
#ifndef TIDE_BATCH_KEPT_ROW_H
#define TIDE_BATCH_KEPT_ROW_H

#include <tidemill/batch.h>
#include <tidemill/error.h>
#include <tidemill/schema.h>

#include "base/text.h"

/** Append a letter for each column: the type of the row's value, '-' for null. */
void tide_kept_row_types(const struct tide_batch *batch, const struct tide_schema *schema,
                         int64_t row, struct tide_text *out);

/** Read a row written by tide_batch_row_json() and tide_kept_row_types(): schema (empty)
 * gets its columns with the types of their values, TIDE_TYPE_NULL for null, and batch
 * (empty) the one row.  TIDE_E_DATA when the two do not belong together, or are no such
 * row; TIDE_E_LIMIT. */
TIDE_MUST_CHECK
int tide_kept_row_read(const char *row, size_t length, const char *types,
                       struct tide_schema *schema, struct tide_batch *batch,
                       struct tide_error *err);

#endif
