/*
 * row - rows for authors who want rows: a reader that walks a batch and a builder that
 * makes one, column by column of one row at a time.  Arrow stays out of sight.
 *
 *     struct tide_row_reader row = tide_rows_of(batch, schema);
 *     while (tide_row_next(&row)) {
 *         if (!tide_row_is_null(&row, 0)) {
 *             sum += tide_row_int64(&row, 0);
 *         }
 *     }
 *
 *     while (!tide_row_builder_is_full(rows)) {
 *         tide_row_set_int64(rows, 0, 42);
 *         tide_row_set_text(rows, 1, "mill");
 *         tide_row_end(rows);
 *     }
 *     return tide_row_builder_finish(rows, batch);
 *
 * Columns are named by their index in the schema.
 */
#ifndef TIDEMILL_ROW_H
#define TIDEMILL_ROW_H

#include <tidemill/row_builder.h>
#include <tidemill/value.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- reading ---- */

/** Walks the rows of a batch; both are borrowed. */
struct tide_row_reader {
    const struct tide_batch *batch;
    const struct tide_schema *schema;
    int64_t row; /**< the present one; -1 before the first */
};

/** A reader that stands before the first row. */
static inline struct tide_row_reader tide_rows_of(const struct tide_batch *batch,
                                                  const struct tide_schema *schema)
{
    struct tide_row_reader reader = {batch, schema, -1};

    return reader;
}

/** Go to the next row; false when there is none. */
static inline bool tide_row_next(struct tide_row_reader *reader)
{
    return ++reader->row < reader->batch->array.length;
}

static inline const struct ArrowArray *
tide_row_column_(const struct tide_row_reader *reader, size_t column)
{
    return reader->batch->array.children[column];
}

static inline bool tide_row_is_null(const struct tide_row_reader *reader, size_t column)
{
    return tide_array_is_null(tide_row_column_(reader, column), reader->row);
}

static inline bool tide_row_bool(const struct tide_row_reader *reader, size_t column)
{
    return tide_array_bool(tide_row_column_(reader, column), reader->row);
}

/** INT64, TIME, TIMESTAMP, DATETIME. */
static inline int64_t tide_row_int64(const struct tide_row_reader *reader, size_t column)
{
    return tide_array_int64(tide_row_column_(reader, column), reader->row);
}

/** DATE: days since 1970-01-01. */
static inline int32_t tide_row_date(const struct tide_row_reader *reader, size_t column)
{
    return tide_array_int32(tide_row_column_(reader, column), reader->row);
}

static inline double tide_row_float64(const struct tide_row_reader *reader, size_t column)
{
    return tide_array_float64(tide_row_column_(reader, column), reader->row);
}

/** STRING, DECIMAL, UUID, JSON, BYTES: borrowed from the batch, not terminated. */
static inline const char *tide_row_text(const struct tide_row_reader *reader,
                                        size_t column, size_t *length)
{
    return tide_array_text(tide_row_column_(reader, column), reader->row, length);
}

/** Line or number of the row at its origin; 0: unknown. */
static inline int64_t tide_row_position(const struct tide_row_reader *reader)
{
    return tide_batch_position(reader->batch, reader->row);
}

/** The text of a value of any type: its own bytes when it is of a variable type, else
 * written to buffer.  Not terminated; NULL for null. */
static inline const char *tide_array_value(const struct ArrowArray *column, int type,
                                           int64_t row, char buffer[TIDE_VALUE_TEXT_MAX],
                                           size_t *length)
{
    *length = 0;
    if (tide_array_is_null(column, row)) {
        return NULL;
    }
    switch (type) {
    case TIDE_TYPE_BOOL:
        *length = tide_format_bool(buffer, tide_array_bool(column, row));
        return buffer;
    case TIDE_TYPE_INT64:
        *length = tide_format_int64(buffer, tide_array_int64(column, row));
        return buffer;
    case TIDE_TYPE_FLOAT64:
        *length = tide_format_float64(buffer, tide_array_float64(column, row));
        return buffer;
    case TIDE_TYPE_DATE:
        *length = tide_format_date(buffer, tide_array_int32(column, row));
        return buffer;
    case TIDE_TYPE_TIME:
        *length = tide_format_time(buffer, tide_array_int64(column, row));
        return buffer;
    case TIDE_TYPE_TIMESTAMP:
        *length = tide_format_timestamp(buffer, tide_array_int64(column, row));
        return buffer;
    case TIDE_TYPE_DATETIME:
        *length = tide_format_datetime(buffer, tide_array_int64(column, row));
        return buffer;
    default:
        return tide_array_text(column, row, length);
    }
}

/** The same of the present row. */
static inline const char *tide_row_value(const struct tide_row_reader *reader,
                                         size_t column, char buffer[TIDE_VALUE_TEXT_MAX],
                                         size_t *length)
{
    return tide_array_value(tide_row_column_(reader, column),
                            reader->schema->columns[column].type, reader->row, buffer,
                            length);
}

/** The same, for people: terminated, cut to `size` bytes, "null" for null; gives out, or
 * "" when size is 0. */
static inline const char *tide_row_show(const struct tide_row_reader *reader,
                                        size_t column, char *out, size_t size)
{
    char buffer[TIDE_VALUE_TEXT_MAX];
    size_t length;
    const char *value = tide_row_value(reader, column, buffer, &length);

    if (size == 0) {
        return "";
    }
    if (!value) {
        value = "null";
        length = 4;
    }
    length = length < size ? length : size - 1;
    memcpy(out, value, length);
    out[length] = '\0';
    return out;
}

/* ---- changing one column ---- */

/** Append exactly one value to `out` for this text.  A result below zero ends the map. */
typedef int (*tide_map_text_fn)(void *arg, int64_t row, const char *text, size_t length,
                                struct tide_builder *out);

/** Replace a column of variable type by what `map` makes of each value, of `type`; nulls
 * stay null.  On failure the batch is as it was. */
TIDE_MUST_CHECK
static inline int tide_batch_map_text(struct tide_batch *batch, size_t column, int type,
                                      tide_map_text_fn map, void *arg)
{
    const struct ArrowArray *from = batch->array.children[column];
    struct ArrowArray made;
    struct tide_builder out;
    int rc;

    tide_builder_init(&out, type);
    rc = tide_builder_reserve(&out, batch->array.length, 0);
    for (int64_t row = 0; row < batch->array.length && rc == TIDE_OK; row++) {
        if (tide_array_is_null(from, row)) {
            rc = tide_append_null(&out);
        } else {
            size_t length;
            const char *text = tide_array_text(from, row, &length);

            rc = map(arg, row, text, length, &out);
        }
    }
    if (rc == TIDE_OK && out.length != batch->array.length) {
        rc = TIDE_E_INTERNAL;
    }
    if (rc == TIDE_OK) {
        rc = tide_builder_finish(&out, &made);
    }
    if (rc == TIDE_OK) {
        tide_batch_set_column(batch, column, &made);
    } else {
        tide_builder_clear(&out);
    }
    return rc;
}

#ifdef __cplusplus
}
#endif

#endif
