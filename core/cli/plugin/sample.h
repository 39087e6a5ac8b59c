/*
 * sample - rows to give to a transform or a destination under test.
 *
 * Layer: uses the SDK alone.
 */
#ifndef TIDE_CLI_PLUGIN_SAMPLE_H
#define TIDE_CLI_PLUGIN_SAMPLE_H

#include <tidemill/batch.h>
#include <tidemill/schema.h>

/** Rows of a full batch. */
#define TIDE_SAMPLE_FULL 16384

/** Append a column of each type, named like its type; "string" is the first and "int64"
 * the key. */
int tide_sample_columns(struct tide_schema *out);
/** Append the columns of "id:int64,name:string"; TIDE_E_CONFIG says what is wrong. */
TIDE_MUST_CHECK
int tide_sample_parse(const char *text, struct tide_schema *out, struct tide_error *err);
/** Make out (empty) a batch of so many rows.  An int64 is the row's number; with nulls,
 * each third value of a column that may be null is. */
int tide_sample_batch(const struct tide_schema *schema, int64_t rows, bool nulls,
                      struct tide_batch *out);

#endif
