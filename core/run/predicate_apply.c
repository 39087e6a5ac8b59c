/*
 * predicate_apply - run a compiled test over a whole batch.
 *
 * Columns that have a 64-bit key (integers, floats, bools, dates and times) are tested by
 * closed ranges of it, the others value by value.  The functions here write 1 or 0 for
 * "holds", also where the value is null; the answer for nulls is put in last.
 */
#define _GNU_SOURCE /* memmem */

#include <string.h>

#include "run/predicate_internal.h"

static void hold_int64(const int64_t *values, int64_t rows, struct tide_range range,
                       uint8_t *holds)
{
    for (int64_t i = 0; i < rows; i++) {
        holds[i] |= (uint8_t)((values[i] >= range.low) & (values[i] <= range.high));
    }
}

static void hold_int32(const int32_t *values, int64_t rows, struct tide_range range,
                       uint8_t *holds)
{
    for (int64_t i = 0; i < rows; i++) {
        holds[i] |= (uint8_t)((values[i] >= range.low) & (values[i] <= range.high));
    }
}

static void hold_double(const double *values, int64_t rows, struct tide_range range,
                        uint8_t *holds)
{
    for (int64_t i = 0; i < rows; i++) {
        int64_t key = tide_key_of_double(values[i]);

        holds[i] |= (uint8_t)((key >= range.low) & (key <= range.high));
    }
}

static void hold_bool(const uint8_t *bits, int64_t rows, struct tide_range range,
                      uint8_t *holds)
{
    for (int64_t i = 0; i < rows; i++) {
        holds[i] |= (uint8_t)(tide_bit(bits, i) == range.low);
    }
}

static void hold_ranges(const struct tide_predicate *predicate,
                        const struct ArrowArray *column, int64_t rows, uint8_t *holds)
{
    memset(holds, 0, (size_t)rows);
    for (size_t i = 0; i < predicate->count; i++) {
        struct tide_range range = predicate->ranges[i];

        switch (predicate->type) {
        case TIDE_TYPE_BOOL:
            hold_bool(column->buffers[1], rows, range, holds);
            break;
        case TIDE_TYPE_DATE:
            hold_int32(column->buffers[1], rows, range, holds);
            break;
        case TIDE_TYPE_FLOAT64:
            hold_double(column->buffers[1], rows, range, holds);
            break;
        default:
            hold_int64(column->buffers[1], rows, range, holds);
            break;
        }
    }
}

static bool equals_any(const struct tide_predicate *predicate, const char *text,
                       size_t length)
{
    for (size_t i = 0; i < predicate->count; i++) {
        const struct operand *operand = &predicate->operands[i];

        if (predicate->compare(text, length, operand->text, operand->length) == 0) {
            return true;
        }
    }
    return false;
}

static bool holds_compare(const struct tide_predicate *predicate, const char *text,
                          size_t length)
{
    const struct operand *operand = predicate->operands;
    int order = 0;

    if (predicate->relation == TIDE_REL_EQUAL) {
        return equals_any(predicate, text, length);
    }
    order = predicate->compare(text, length, operand->text, operand->length);
    switch (predicate->relation) {
    case TIDE_REL_LESS:
        return order < 0;
    case TIDE_REL_LESS_OR_EQUAL:
        return order <= 0;
    case TIDE_REL_GREATER:
        return order > 0;
    case TIDE_REL_GREATER_OR_EQUAL:
        return order >= 0;
    default:
        return order >= 0 &&
               predicate->compare(text, length, operand[1].text, operand[1].length) <= 0;
    }
}

static bool holds_search(const struct tide_predicate *predicate, const char *text,
                         size_t length)
{
    for (size_t i = 0; i < predicate->count; i++) {
        const struct operand *operand = &predicate->operands[i];
        size_t start =
            predicate->relation == TIDE_REL_ENDS ? length - operand->length : 0;

        if (operand->length > length) {
            continue;
        }
        if (predicate->relation == TIDE_REL_CONTAINS
                ? memmem(text, length, operand->text, operand->length) != NULL
                : memcmp(text + start, operand->text, operand->length) == 0) {
            return true;
        }
    }
    return false;
}

/* Nothing, or in JSON also "", [] and {}. */
static bool holds_empty(const struct tide_predicate *predicate, const char *text,
                        size_t length)
{
    char compact[3] = "";
    size_t kept = 0;

    if (predicate->type != TIDE_TYPE_JSON || length == 0) {
        return length == 0;
    }
    for (size_t i = 0; i < length; i++) {
        bool is_space =
            text[i] == ' ' || text[i] == '\t' || text[i] == '\n' || text[i] == '\r';

        if (!is_space && kept == 2) {
            return false;
        }
        if (!is_space) {
            compact[kept++] = text[i];
        }
    }
    return strcmp(compact, "[]") == 0 || strcmp(compact, "{}") == 0 ||
           strcmp(compact, "\"\"") == 0;
}

static void hold_texts(const struct tide_predicate *predicate,
                       const struct ArrowArray *column, int64_t rows,
                       bool (*holds_one)(const struct tide_predicate *, const char *,
                                         size_t),
                       uint8_t *holds)
{
    for (int64_t row = 0; row < rows; row++) {
        size_t length = 0;
        const char *text = tide_array_text(column, row, &length);

        holds[row] = holds_one(predicate, text, length);
    }
}

static void settle(const struct tide_predicate *predicate,
                   const struct ArrowArray *column, int64_t rows, uint8_t *truth)
{
    const uint8_t flip = predicate->is_negated ? 1 : 0;

    for (int64_t i = 0; i < rows; i++) {
        truth[i] = (uint8_t)((truth[i] ^ flip) * TIDE_TRUE);
    }
    if (column->null_count == 0) {
        return;
    }
    for (int64_t i = 0; i < rows; i++) {
        truth[i] = tide_array_is_null(column, i) ? TIDE_UNKNOWN : truth[i];
    }
}

static void apply_nullness(const struct tide_predicate *predicate,
                           const struct ArrowArray *column, int64_t rows, uint8_t *truth)
{
    for (int64_t i = 0; i < rows; i++) {
        bool holds = tide_array_is_null(column, i) != predicate->is_negated;

        truth[i] = holds ? TIDE_TRUE : TIDE_FALSE;
    }
}

void tide_predicate_apply(const struct tide_predicate *predicate,
                          const struct tide_batch *batch, uint8_t *truth)
{
    const struct ArrowArray *column = NULL;
    int64_t rows = batch->array.length;

    if (predicate->family == FAMILY_CONSTANT) {
        memset(truth, predicate->constant, (size_t)rows);
        return;
    }
    column = batch->array.children[predicate->column];
    if (predicate->family == FAMILY_NULLNESS) {
        apply_nullness(predicate, column, rows, truth);
        return;
    }
    if (predicate->type == TIDE_TYPE_NULL) {
        memset(truth, TIDE_UNKNOWN, (size_t)rows);
        return;
    }
    if (predicate->family == FAMILY_RANGES) {
        hold_ranges(predicate, column, rows, truth);
    } else if (predicate->family == FAMILY_COMPARE) {
        hold_texts(predicate, column, rows, holds_compare, truth);
    } else if (predicate->family == FAMILY_SEARCH) {
        hold_texts(predicate, column, rows, holds_search, truth);
    } else {
        hold_texts(predicate, column, rows, holds_empty, truth);
    }
    settle(predicate, column, rows, truth);
}
