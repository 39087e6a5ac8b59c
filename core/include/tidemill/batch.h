/*
 * batch - rows on their way: a struct ArrowArray of columns, and their places of origin.
 *
 * A batch has one child array for each column of its schema, in that order, in the format
 * tide_type_format() names.  Batches are dense: offset is 0 everywhere, and no child is
 * longer than the batch.  Every buffer is readable for TIDE_PADDING bytes past its end.
 * A child without nulls may have no validity buffer (NULL).
 *
 * Ownership: who holds the batch owns it.  Columns are moved by moving their struct
 * ArrowArray (the Arrow rule: copy the struct, clear the old release).  A column that two
 * batches need is shared by reference, never copied.
 */
#ifndef TIDEMILL_BATCH_H
#define TIDEMILL_BATCH_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/arrow.h>
#include <tidemill/error.h>
#include <tidemill/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

#define TIDE_PADDING 64

struct tide_batch {
    struct ArrowArray array; /**< format "+s"; owned; release is NULL while it is empty */
    /** Of each row, its line, row number or key at the origin, from 1; malloc'ed.  NULL:
     * row i is at first_position + i, or nobody knows where when that is 0. */
    int64_t *positions;
    int64_t first_position;
    const char *origin; /**< file or table; borrowed from the source's state; or NULL */
    int64_t reserved[2];
};

/* ---- reading ------------------------------------------------------------------------*/

static inline bool tide_bit(const uint8_t *bits, int64_t i)
{
    return (bits[i >> 3] >> (i & 7)) & 1;
}

static inline bool tide_array_is_null(const struct ArrowArray *column, int64_t row)
{
    const uint8_t *validity;

    if (column->n_buffers == 0) {
        return true;
    }
    validity = (const uint8_t *)column->buffers[0];
    return validity && column->null_count != 0 && !tide_bit(validity, row);
}

static inline int64_t tide_array_int64(const struct ArrowArray *column, int64_t row)
{
    return ((const int64_t *)column->buffers[1])[row];
}

static inline int32_t tide_array_int32(const struct ArrowArray *column, int64_t row)
{
    return ((const int32_t *)column->buffers[1])[row];
}

static inline double tide_array_float64(const struct ArrowArray *column, int64_t row)
{
    return ((const double *)column->buffers[1])[row];
}

static inline bool tide_array_bool(const struct ArrowArray *column, int64_t row)
{
    return tide_bit((const uint8_t *)column->buffers[1], row);
}

/** The bytes of a variable value, borrowed from the column; not terminated. */
static inline const char *tide_array_text(const struct ArrowArray *column, int64_t row,
                                          size_t *length)
{
    const int32_t *offsets = (const int32_t *)column->buffers[1];

    *length = (size_t)(offsets[row + 1] - offsets[row]);
    return (const char *)column->buffers[2] + offsets[row];
}

static inline int64_t tide_batch_position(const struct tide_batch *batch, int64_t row)
{
    if (batch->positions) {
        return batch->positions[row];
    }
    return batch->first_position ? batch->first_position + row : 0;
}

/* ---- owning -------------------------------------------------------------------------*/

/** Release the columns and the positions; the batch is empty afterwards. */
static inline void tide_batch_release(struct tide_batch *batch)
{
    if (batch->array.release) {
        batch->array.release(&batch->array);
    }
    free(batch->positions);
    memset(batch, 0, sizeof *batch);
}

/** Move from into to, which must be empty. */
static inline void tide_batch_move(struct tide_batch *from, struct tide_batch *to)
{
    *to = *from;
    memset(from, 0, sizeof *from);
}

/* A leaf made here: up to three malloc'ed buffers behind one block. */
struct tide_leaf_ {
    const void *buffers[3];
};

static inline void tide_leaf_release_(struct ArrowArray *array)
{
    struct tide_leaf_ *leaf = (struct tide_leaf_ *)array->private_data;

    for (int i = 0; i < 3; i++) {
        union {
            const void *borrowed;
            void *owned;
        } buffer = {leaf->buffers[i]};

        free(buffer.owned);
    }
    free(leaf);
    array->release = NULL;
}

static inline void tide_parent_release_(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release) {
            array->children[i]->release(array->children[i]);
        }
        free(array->children[i]);
    }
    free(array->children);
    free(array->private_data);
    array->release = NULL;
}

/** Make an empty batch into one of `columns` unset children (each to be filled or moved
 * into). */
TIDE_MUST_CHECK
static inline int tide_batch_init(struct tide_batch *batch, size_t columns, int64_t rows)
{
    memset(batch, 0, sizeof *batch);
    batch->array.private_data = calloc(1, sizeof(void *));
    batch->array.children =
        (struct ArrowArray **)calloc(columns + 1, sizeof(struct ArrowArray *));
    batch->array.release = tide_parent_release_;
    batch->array.n_children = 0;
    if (!batch->array.private_data || !batch->array.children) {
        tide_batch_release(batch);
        return TIDE_E_LIMIT;
    }
    batch->array.buffers = (const void **)batch->array.private_data;
    batch->array.n_buffers = 1;
    batch->array.length = rows;
    for (size_t i = 0; i < columns; i++) {
        batch->array.children[i] =
            (struct ArrowArray *)calloc(1, sizeof(struct ArrowArray));
        if (!batch->array.children[i]) {
            tide_batch_release(batch);
            return TIDE_E_LIMIT;
        }
        batch->array.n_children++;
    }
    return TIDE_OK;
}

/** Take column i out of a batch and release it; those behind it move up.  No value is
 * copied. */
static inline void tide_batch_drop_column(struct tide_batch *batch, size_t i)
{
    struct ArrowArray *array = &batch->array;
    struct ArrowArray *column = array->children[i];

    if (column->release) {
        column->release(column);
    }
    array->n_children--;
    memmove(&array->children[i], &array->children[i + 1],
            ((size_t)array->n_children - i) * sizeof(struct ArrowArray *));
    free(column);
}

/** Put `column` (moved in) in the place of column i, which is released. */
static inline void tide_batch_set_column(struct tide_batch *batch, size_t i,
                                         struct ArrowArray *column)
{
    struct ArrowArray *place = batch->array.children[i];

    if (place->release) {
        place->release(place);
    }
    *place = *column;
    column->release = NULL;
}

/* A column that several batches hold: the array itself, and how many hold it. */
struct tide_shared_ {
    int references;
    struct ArrowArray array;
};

static inline void tide_shared_release_(struct ArrowArray *array)
{
    struct tide_shared_ *shared = (struct tide_shared_ *)array->private_data;

    if (__atomic_sub_fetch(&shared->references, 1, __ATOMIC_ACQ_REL) == 0) {
        shared->array.release(&shared->array);
        free(shared);
    }
    array->release = NULL;
}

/** Make out a second holder of a childless column: both see the same buffers, the last to
 * release frees them. */
TIDE_MUST_CHECK
static inline int tide_array_share(struct ArrowArray *column, struct ArrowArray *out)
{
    struct tide_shared_ *shared;

    if (column->release != tide_shared_release_) {
        shared = (struct tide_shared_ *)malloc(sizeof *shared);
        if (!shared) {
            return TIDE_E_LIMIT;
        }
        shared->references = 1;
        shared->array = *column;
        column->private_data = shared;
        column->release = tide_shared_release_;
    }
    shared = (struct tide_shared_ *)column->private_data;
    __atomic_add_fetch(&shared->references, 1, __ATOMIC_RELAXED);
    *out = *column;
    return TIDE_OK;
}

/* ---- building one column ------------------------------------------------------------*/

/**
 * Values are appended one by one and become an ArrowArray at the end.  Zero it, then
 * tide_builder_init.  The append functions return TIDE_E_LIMIT when memory is out or a
 * column passes 2 GiB, and leave the builder as it was.
 */
struct tide_builder {
    int32_t type;
    int64_t length;
    int64_t null_count;
    int64_t capacity;  /**< rows that fit */
    uint8_t *validity; /**< NULL until the first null */
    uint8_t *values;   /**< values, bits of a bool, or int32 offsets */
    uint8_t *data;     /**< of variable types */
    size_t data_length;
    size_t data_capacity; /**< bytes that fit, padding not counted */
};

static inline void tide_builder_init(struct tide_builder *builder, int type)
{
    memset(builder, 0, sizeof *builder);
    builder->type = type;
}

/** Forget everything and free it. */
static inline void tide_builder_clear(struct tide_builder *builder)
{
    free(builder->validity);
    free(builder->values);
    free(builder->data);
    tide_builder_init(builder, builder->type);
}

static inline size_t tide_builder_values_size_(int type, int64_t rows)
{
    if (tide_type_is_variable(type)) {
        return ((size_t)rows + 1) * sizeof(int32_t);
    }
    if (type == TIDE_TYPE_BOOL) {
        return ((size_t)rows + 7) / 8;
    }
    return (size_t)rows * tide_type_width(type);
}

/** Make room for so many rows and bytes in all. */
TIDE_MUST_CHECK
static inline int tide_builder_reserve(struct tide_builder *builder, int64_t rows,
                                       size_t bytes)
{
    if (rows > builder->capacity || !builder->values) {
        int64_t wanted = rows < 64 ? 64 : rows;
        size_t old_size =
            builder->values ? tide_builder_values_size_(builder->type, builder->capacity)
                            : 0;
        size_t size = tide_builder_values_size_(builder->type, wanted);
        uint8_t *values = (uint8_t *)realloc(builder->values, size + TIDE_PADDING);

        if (!values) {
            return TIDE_E_LIMIT;
        }
        if (size > old_size) {
            memset(values + old_size, 0, size - old_size + TIDE_PADDING);
        }
        builder->values = values;
        if (builder->validity) {
            size_t old_bits = ((size_t)builder->capacity + 7) / 8,
                   bits = ((size_t)wanted + 7) / 8;
            uint8_t *validity =
                (uint8_t *)realloc(builder->validity, bits + TIDE_PADDING);

            if (!validity) {
                return TIDE_E_LIMIT;
            }
            memset(validity + old_bits, 0, bits - old_bits + TIDE_PADDING);
            builder->validity = validity;
        }
        builder->capacity = wanted;
    }
    if (tide_type_is_variable(builder->type) &&
        (bytes > builder->data_capacity || !builder->data)) {
        size_t wanted = bytes < 256 ? 256 : bytes;
        uint8_t *data;

        if (wanted > (size_t)INT32_MAX) {
            return TIDE_E_LIMIT;
        }
        data = (uint8_t *)realloc(builder->data, wanted + TIDE_PADDING);
        if (!data) {
            return TIDE_E_LIMIT;
        }
        builder->data = data;
        builder->data_capacity = wanted;
    }
    return TIDE_OK;
}

TIDE_MUST_CHECK
static inline int tide_builder_room_(struct tide_builder *builder, size_t bytes)
{
    int64_t rows = builder->capacity;
    size_t wanted = builder->data_capacity;

    if (builder->length < builder->capacity && builder->values &&
        (!tide_type_is_variable(builder->type) ||
         (builder->data && bytes <= wanted - builder->data_length))) {
        return TIDE_OK;
    }
    if (builder->length >= rows) {
        rows = rows < 64 ? 64 : rows * 2;
    }
    if (bytes > wanted - builder->data_length) {
        size_t least = builder->data_length + bytes;

        wanted =
            wanted * 2 > least && wanted < (size_t)INT32_MAX / 2 ? wanted * 2 : least;
    }
    return tide_builder_reserve(builder, rows, wanted);
}

static inline void tide_builder_mark_valid_(struct tide_builder *builder)
{
    if (builder->validity) {
        builder->validity[builder->length >> 3] |= (uint8_t)(1u << (builder->length & 7));
    }
}

static inline void tide_builder_close_value_(struct tide_builder *builder)
{
    if (tide_type_is_variable(builder->type)) {
        ((int32_t *)(void *)builder->values)[builder->length + 1] =
            (int32_t)builder->data_length;
    }
    builder->length++;
}

TIDE_MUST_CHECK
static inline int tide_append_null(struct tide_builder *builder)
{
    int rc = tide_builder_room_(builder, 0);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (!builder->validity && builder->type != TIDE_TYPE_NULL) {
        size_t bits = ((size_t)builder->capacity + 7) / 8;

        builder->validity = (uint8_t *)calloc(1, bits + TIDE_PADDING);
        if (!builder->validity) {
            return TIDE_E_LIMIT;
        }
        memset(builder->validity, 0xff, (size_t)builder->length / 8);
        for (int64_t i = builder->length & ~INT64_C(7); i < builder->length; i++) {
            builder->validity[i >> 3] |= (uint8_t)(1u << (i & 7));
        }
    }
    builder->null_count++;
    tide_builder_close_value_(builder);
    return TIDE_OK;
}

/** For every variable type. */
TIDE_MUST_CHECK
static inline int tide_append_bytes(struct tide_builder *builder, const void *bytes,
                                    size_t length)
{
    int rc = tide_builder_room_(builder, length);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (length > 0) {
        memcpy(builder->data + builder->data_length, bytes, length);
    }
    builder->data_length += length;
    tide_builder_mark_valid_(builder);
    tide_builder_close_value_(builder);
    return TIDE_OK;
}

static inline int tide_append_text(struct tide_builder *builder, const char *text)
{
    return tide_append_bytes(builder, text, strlen(text));
}

/** INT64, TIME, TIMESTAMP, DATETIME. */
TIDE_MUST_CHECK
static inline int tide_append_int64(struct tide_builder *builder, int64_t value)
{
    int rc = tide_builder_room_(builder, 0);

    if (rc != TIDE_OK) {
        return rc;
    }
    ((int64_t *)(void *)builder->values)[builder->length] = value;
    tide_builder_mark_valid_(builder);
    builder->length++;
    return TIDE_OK;
}

/** DATE. */
TIDE_MUST_CHECK
static inline int tide_append_int32(struct tide_builder *builder, int32_t value)
{
    int rc = tide_builder_room_(builder, 0);

    if (rc != TIDE_OK) {
        return rc;
    }
    ((int32_t *)(void *)builder->values)[builder->length] = value;
    tide_builder_mark_valid_(builder);
    builder->length++;
    return TIDE_OK;
}

TIDE_MUST_CHECK
static inline int tide_append_float64(struct tide_builder *builder, double value)
{
    int rc = tide_builder_room_(builder, 0);

    if (rc != TIDE_OK) {
        return rc;
    }
    ((double *)(void *)builder->values)[builder->length] = value;
    tide_builder_mark_valid_(builder);
    builder->length++;
    return TIDE_OK;
}

TIDE_MUST_CHECK
static inline int tide_append_bool(struct tide_builder *builder, bool value)
{
    int rc = tide_builder_room_(builder, 0);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (value) {
        builder->values[builder->length >> 3] |= (uint8_t)(1u << (builder->length & 7));
    } else {
        builder->values[builder->length >> 3] &= (uint8_t) ~(1u << (builder->length & 7));
    }
    tide_builder_mark_valid_(builder);
    builder->length++;
    return TIDE_OK;
}

/** Take back the values behind the first `rows`: a row that turned out to be bad
 * half-way. */
static inline void tide_builder_truncate(struct tide_builder *builder, int64_t rows)
{
    while (builder->length > rows) {
        int64_t last = builder->length - 1;

        if (builder->type == TIDE_TYPE_NULL ||
            (builder->validity && !tide_bit(builder->validity, last))) {
            builder->null_count--;
        } else if (builder->validity) {
            builder->validity[last >> 3] &= (uint8_t) ~(1u << (last & 7));
        }
        builder->length = last;
    }
    if (tide_type_is_variable(builder->type) && builder->values) {
        builder->data_length =
            (size_t)((const int32_t *)(const void *)builder->values)[builder->length];
    }
}

/** Move what was built into column (unset) and empty the builder, which can be used
 * again. */
TIDE_MUST_CHECK
static inline int tide_builder_finish(struct tide_builder *builder,
                                      struct ArrowArray *column)
{
    struct tide_leaf_ *leaf;
    int rc = tide_builder_reserve(builder, builder->length, builder->data_length);

    if (rc != TIDE_OK) {
        return rc;
    }
    leaf = (struct tide_leaf_ *)calloc(1, sizeof *leaf);
    if (!leaf) {
        return TIDE_E_LIMIT;
    }
    if (builder->data) { /* the only bytes that a reader may see unwritten */
        memset(builder->data + builder->data_length, 0, TIDE_PADDING);
    }
    memset(column, 0, sizeof *column);
    column->length = builder->length;
    column->null_count = builder->null_count;
    column->release = tide_leaf_release_;
    column->private_data = leaf;
    column->buffers = leaf->buffers;
    if (builder->type != TIDE_TYPE_NULL) {
        leaf->buffers[0] = builder->validity;
        leaf->buffers[1] = builder->values;
        leaf->buffers[2] = builder->data;
        column->n_buffers = tide_type_is_variable(builder->type) ? 3 : 2;
    } else {
        free(builder->values);
        free(builder->validity);
    }
    tide_builder_init(builder, builder->type);
    return TIDE_OK;
}

#ifdef __cplusplus
}
#endif

#endif
