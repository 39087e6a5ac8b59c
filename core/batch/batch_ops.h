/*
 * batch_ops - what the engine does with whole batches: check, thin out, cut, show.
 *
 * Layer: uses core/base and the SDK; knows nothing of plugins or runs.
 */
#ifndef TIDE_BATCH_BATCH_OPS_H
#define TIDE_BATCH_BATCH_OPS_H

#include <stdint.h>
#include <tidemill/batch.h>
#include <tidemill/error.h>
#include <tidemill/schema.h>

#include "base/text.h"

/** Hold a batch against its schema and the rules of <tidemill/batch.h>: child count,
 * formats by buffer count, lengths, offsets that rise and stay within the data, null
 * counts, UTF-8 of texts, decimals, uuids and JSON well formed. TIDE_E_INTERNAL names the
 * column and the row. */
TIDE_MUST_CHECK
int tide_batch_validate(const struct tide_batch *batch, const struct tide_schema *schema,
                        struct tide_error *err);

/** Take out the rows whose byte in drop is not 0 (batch->array.length bytes), by runs of
 * kept rows: within their buffers in a batch that is TIDE_BATCH_WRITABLE, else copied,
 * and then it is writable.  One that loses nothing is not touched.  After TIDE_E_LIMIT it
 * is good for nothing but to be released. */
int tide_batch_compact(struct tide_batch *batch, const struct tide_schema *schema,
                       const uint8_t *drop);

/** Make out (empty) a batch of rows [start, start + count): its own buffers, offset 0. */
int tide_batch_slice(const struct tide_batch *batch, const struct tide_schema *schema,
                     int64_t start, int64_t count, struct tide_batch *out);

/** Make out (empty) a second holder of all columns, by reference.  While both are there,
 * nothing is to be written into either. */
int tide_batch_share(struct tide_batch *batch, struct tide_batch *out);

/** Append one row as a JSON object: columns in order, decimals and JSON verbatim (also
 * the line breaks between its words), bytes as base64, non-finite floats and infinite
 * dates as strings. */
void tide_batch_row_json(const struct tide_batch *batch, const struct tide_schema *schema,
                         int64_t row, struct tide_text *out);

/** Append one value in its plain text form (what the csv format writes, unquoted);
 * nothing for null. */
void tide_batch_value_text(const struct tide_batch *batch,
                           const struct tide_schema *schema, size_t column, int64_t row,
                           struct tide_text *out);

/** Bytes that the batch's values take. */
int64_t tide_batch_bytes(const struct tide_batch *batch,
                         const struct tide_schema *schema);

#endif
