/*
 * cast - values of one type as values of another, exactly or not at all.
 *
 * Used twice in a run: input validation (declared types) and output validation (the
 * destination's columns).  Nothing is rounded, cut or guessed: a value that the target
 * cannot hold exactly fails its row.
 *
 *     to \ from   every type to string, in its canonical text; string to every type, by
 * that type's grammar; int64 -> decimal, float64 (when exact); float64 -> int64 (when
 * integral), decimal; decimal -> int64, float64 (when exact); bool -> string; date ->
 * datetime, timestamp (midnight); datetime <-> timestamp as UTC; all -> json.
 *
 * Layer: uses core/base and the SDK.
 */
#ifndef TIDE_BATCH_CAST_H
#define TIDE_BATCH_CAST_H

#include <stdbool.h>
#include <stdint.h>
#include <tidemill/batch.h>
#include <tidemill/schema.h>

/** A row whose value does not fit; code is "null", "type", "range", "length" or "format".
 * Texts are borrowed. */
typedef int (*tide_cast_fail_fn)(void *arg, int64_t row, const char *code,
                                 const char *message);

/** Whether any value can ever pass from one type to the other. */
bool tide_cast_is_possible(int from, int to);

/** Whether a column passes as it is, with nothing to check. */
bool tide_cast_is_free(const struct tide_column *from, const struct tide_column *to);

/**
 * Replace column i of batch, of type from, by its cast to `to`; also checks nullability
 * and length.  Failing rows are told to fail and keep a null in their place; rows already
 * marked in skip (may be NULL) are not looked at.  When the types are the same the values
 * are only checked, not copied.  A result below zero of fail ends the cast and is
 * returned; so is TIDE_E_LIMIT.
 */
int tide_cast_column(struct tide_batch *batch, size_t i, const struct tide_column *from,
                     const struct tide_column *to, const uint8_t *skip,
                     tide_cast_fail_fn fail, void *arg);

#endif
