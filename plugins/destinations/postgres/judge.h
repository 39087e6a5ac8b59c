/*
 * judge - whether a type keeps a value as it is.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_JUDGE_H
#define TIDE_POSTGRES_JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "guard.h"

/** Why a value is refused; constants, to be compared by their address. */
extern const char pg_range[];     /**< "range": it does not fit */
extern const char pg_precision[]; /**< "precision": it would be rounded */
extern const char pg_type[];      /**< "type": it is none, or not plainly written */

/** NULL: numeric, or numeric(p, s), keeps the text of a decimal. */
const char *pg_judge_decimal(const struct tide_pg_type *type, const char *text,
                             size_t length);

/** NULL: real has the value itself, or one that is written with the same digits. */
const char *pg_judge_float4(double value);

/** NULL: the server keeps all that a text says. */
const char *pg_judge_text(const struct pg_guard *guard, const char *text, size_t length);

#endif
