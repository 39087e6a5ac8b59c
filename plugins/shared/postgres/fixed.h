/*
 * fixed - values of fixed types as text that the server reads back exactly.
 *
 * Layer: the postgres plugins' shared part; the SDK alone.
 */
#ifndef TIDE_POSTGRES_FIXED_H
#define TIDE_POSTGRES_FIXED_H

#include <stddef.h>
#include <stdint.h>
#include <tidemill/batch.h>

/** Write the value (not null) of a column of a fixed type; out holds TIDE_VALUE_TEXT_MAX
 * bytes.  Returns the length, not terminated. */
size_t tide_pg_format_fixed(int type, const struct ArrowArray *values, int64_t row,
                            char *out);

#endif
