/*
 * validate - the promises of <tidemill/batch.h>, checked.
 *
 * Structure first, because values can be looked at only when it holds.
 */
#include <stdio.h>
#include <tidemill/value.h>

#include "batch/batch_ops.h"
#include "batch/bits.h"
#include "batch/json_check.h"

struct check {
    const struct ArrowArray *array;
    const struct tide_column *column;
    size_t index;
    int64_t rows;
    struct tide_error *err;
};

TIDE_PRINTF(3, 4)
static int broken(const struct check *check, int64_t row, const char *format, ...)
{
    struct tide_error *err = check->err;
    char what[512];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(what, sizeof what, format, args);
    va_end(args);
    if (row < 0) {
        return tide_error_set(err, TIDE_E_INTERNAL, "column %zu (%.64s, %s): %s",
                              check->index, check->column->name,
                              tide_type_name(check->column->type), what);
    }
    return tide_error_set(err, TIDE_E_INTERNAL, "column %zu (%.64s, %s), row %lld: %s",
                          check->index, check->column->name,
                          tide_type_name(check->column->type), (long long)row, what);
}

/* ---- structure ---- */

static int64_t buffers_of(int type)
{
    return type == TIDE_TYPE_NULL ? 0 : tide_type_is_variable(type) ? 3 : 2;
}

static int check_shape(const struct check *check)
{
    const struct ArrowArray *array = check->array;

    if (!array->release) {
        return broken(check, -1, "the column was never set");
    }
    if (array->length != check->rows) {
        return broken(check, -1, "%lld values in a batch of %lld rows",
                      (long long)array->length, (long long)check->rows);
    }
    if (array->offset != 0) {
        return broken(check, -1, "its offset is %lld, and must be 0",
                      (long long)array->offset);
    }
    if (array->n_children != 0 || array->dictionary) {
        return broken(check, -1, "it has children or a dictionary");
    }
    if (array->n_buffers != buffers_of(check->column->type)) {
        return broken(check, -1, "%lld buffers, not %lld: an array of another format",
                      (long long)array->n_buffers,
                      (long long)buffers_of(check->column->type));
    }
    return TIDE_OK;
}

static int check_nulls(const struct check *check)
{
    const struct ArrowArray *array = check->array;
    int64_t nulls = 0;

    if (array->n_buffers == 0) {
        nulls = check->rows;
    } else if (array->buffers[0]) {
        nulls = check->rows - tide_bits_count(array->buffers[0], check->rows);
    }
    if (nulls != array->null_count) {
        return broken(check, -1, "null_count is %lld, and %lld values are null",
                      (long long)array->null_count, (long long)nulls);
    }
    return TIDE_OK;
}

static int check_offsets(const struct check *check)
{
    const int32_t *offsets = check->array->buffers[1];

    if (!offsets) {
        return broken(check, -1, "it has no offsets");
    }
    if (offsets[0] < 0) {
        return broken(check, 0, "its offset is below 0");
    }
    for (int64_t row = 0; row < check->rows; row++) {
        if (offsets[row + 1] < offsets[row]) {
            return broken(check, row, "its offsets go back from %d to %d", offsets[row],
                          offsets[row + 1]);
        }
    }
    if (!check->array->buffers[2] && offsets[check->rows] > 0) {
        return broken(check, -1, "it has offsets and no data");
    }
    return TIDE_OK;
}

static int check_structure(const struct check *check)
{
    int rc = check_shape(check);

    if (rc == TIDE_OK) {
        rc = check_nulls(check);
    }
    if (rc != TIDE_OK || check->column->type == TIDE_TYPE_NULL) {
        return rc;
    }
    if (tide_type_is_variable(check->column->type)) {
        return check_offsets(check);
    }
    return check->array->buffers[1] || check->rows == 0
               ? TIDE_OK
               : broken(check, -1, "it has no values");
}

/* ---- values ---- */

static const char *text_problem(int type, const char *text, size_t length)
{
    if (type != TIDE_TYPE_BYTES && !tide_is_utf8((const uint8_t *)text, length)) {
        return "it is not UTF-8";
    }
    switch (type) {
    case TIDE_TYPE_DECIMAL:
        return tide_is_decimal(text, length) ? NULL : "it is not a decimal";
    case TIDE_TYPE_UUID:
        return tide_is_uuid(text, length) ? NULL : "it is not a lower case uuid";
    case TIDE_TYPE_JSON:
        return tide_json_is_valid(text, length) ? NULL : "it is not a JSON text";
    default:
        return NULL;
    }
}

static int check_texts(const struct check *check)
{
    for (int64_t row = 0; row < check->rows; row++) {
        const char *problem, *text;
        size_t length;

        if (tide_array_is_null(check->array, row)) {
            continue;
        }
        text = tide_array_text(check->array, row, &length);
        problem = text_problem(check->column->type, text, length);
        if (problem) {
            return broken(check, row, "%s", problem);
        }
    }
    return TIDE_OK;
}

static int check_times(const struct check *check)
{
    for (int64_t row = 0; row < check->rows; row++) {
        if (!tide_array_is_null(check->array, row)) {
            int64_t us = tide_array_int64(check->array, row);

            if (us < 0 || us > TIDE_DAY_US) {
                return broken(check, row, "%lld microseconds are no time of a day",
                              (long long)us);
            }
        }
    }
    return TIDE_OK;
}

static int check_column(const struct check *check)
{
    int rc = check_structure(check);

    if (rc == TIDE_OK && tide_type_is_variable(check->column->type)) {
        return check_texts(check);
    }
    if (rc == TIDE_OK && check->column->type == TIDE_TYPE_TIME) {
        return check_times(check);
    }
    return rc;
}

static int check_parent(const struct ArrowArray *array, const struct tide_schema *schema,
                        struct tide_error *err)
{
    if (!array->release) {
        return tide_error_set(err, TIDE_E_INTERNAL, "the batch is empty");
    }
    if (array->n_children != (int64_t)schema->column_count) {
        return tide_error_set(err, TIDE_E_INTERNAL,
                              "the batch has %lld columns, its schema %zu",
                              (long long)array->n_children, schema->column_count);
    }
    if (array->length < 0 || array->offset != 0 || array->null_count != 0 ||
        array->n_buffers != 1 || array->buffers[0]) {
        return tide_error_set(err, TIDE_E_INTERNAL,
                              "the batch must be a struct array with one empty validity "
                              "buffer, offset 0 and no nulls");
    }
    return TIDE_OK;
}

int tide_batch_validate(const struct tide_batch *batch, const struct tide_schema *schema,
                        struct tide_error *err)
{
    int rc = check_parent(&batch->array, schema, err);

    for (size_t i = 0; i < schema->column_count && rc == TIDE_OK; i++) {
        const struct check check = {.array = batch->array.children[i],
                                    .column = &schema->columns[i],
                                    .index = i,
                                    .rows = batch->array.length,
                                    .err = err};

        rc = check_column(&check);
    }
    return rc;
}
