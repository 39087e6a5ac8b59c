/*
 * decimal - numbers written as text, compared exactly, whatever their length.
 *
 * Grammar: [+-] digits [. digits] [e [+-] digits], NaN, [+-] inf or infinity, in any
 * case. As in PostgreSQL, NaN equals itself and is above everything.
 */
#ifndef TIDE_RUN_DECIMAL_H
#define TIDE_RUN_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

bool tide_decimal_is_valid(const char *text, size_t length);

/** Below zero, zero, above zero.  A text that is no number is above NaN, and equal to
 * others of its kind. */
int tide_decimal_compare(const char *a, size_t a_length, const char *b, size_t b_length);

/** Where a number lies among the 64-bit integers. */
struct tide_decimal_place {
    int side;      /**< -1: below all of them, 1: above all, 0: among them */
    int64_t floor; /**< the largest that is not above the number, when side is 0 */
    bool is_exact; /**< the number is its floor */
};
/** False when text is no number. */
bool tide_decimal_locate(const char *text, size_t length, struct tide_decimal_place *out);

#endif
