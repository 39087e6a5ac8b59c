/*
 * validation - values held against the types they should have: the input step (declared
 * types) and the output step (the destination's columns).
 */
#ifndef TIDE_RUN_VALIDATION_H
#define TIDE_RUN_VALIDATION_H

#include <tidemill/batch.h>

/** A row that does not pass.  Below zero ends the batch. */
typedef int (*tide_validation_fail_fn)(void *arg, int64_t row, const char *code,
                                       const char *message);

/** Zero it to begin. */
struct tide_validation {
    struct tide_schema from, to; /**< owned; as many columns, in the same order */
    bool is_free;                /**< nothing to do for any column */
};

/** TIDE_E_CONFIG names a column that can never pass. */
TIDE_MUST_CHECK
int tide_validation_init(struct tide_validation *validation,
                         const struct tide_schema *from, const struct tide_schema *to,
                         struct tide_error *err);
void tide_validation_fini(struct tide_validation *validation);

/** Cast and check a batch in place.  Rows that fail are told to fail, and their byte in
 * drop is set; they keep their place.  Returns how many, or below zero. */
TIDE_MUST_CHECK
int64_t tide_validation_apply(struct tide_validation *validation,
                              struct tide_batch *batch, uint8_t *drop,
                              tide_validation_fail_fn fail, void *arg);

#endif
