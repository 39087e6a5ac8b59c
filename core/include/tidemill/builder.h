/*
 * builder - one column in the making, for a batch.
 *
 * Rows as a whole are made with <tidemill/row.h>, which is built on this.
 */
#ifndef TIDEMILL_BUILDER_H
#define TIDEMILL_BUILDER_H

#include <tidemill/batch.h>

#ifdef __cplusplus
extern "C" {
#endif

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

static inline int tide_builder_reserve_rows_(struct tide_builder *builder, int64_t rows)
{
    size_t old =
        builder->values ? tide_builder_values_size_(builder->type, builder->capacity) : 0;
    size_t size = tide_builder_values_size_(builder->type, rows);
    uint8_t *values = (uint8_t *)realloc(builder->values, size + TIDE_PADDING);

    if (!values) {
        return TIDE_E_LIMIT;
    }
    if (size > old) {
        memset(values + old, 0, size - old + TIDE_PADDING);
    }
    builder->values = values;
    if (builder->validity) {
        size_t old_bits = ((size_t)builder->capacity + 7) / 8;
        size_t bits = ((size_t)rows + 7) / 8;
        uint8_t *validity = (uint8_t *)realloc(builder->validity, bits + TIDE_PADDING);

        if (!validity) {
            return TIDE_E_LIMIT;
        }
        memset(validity + old_bits, 0, bits - old_bits + TIDE_PADDING);
        builder->validity = validity;
    }
    builder->capacity = rows;
    return TIDE_OK;
}

static inline int tide_builder_reserve_bytes_(struct tide_builder *builder, size_t bytes)
{
    uint8_t *data;

    if (bytes > (size_t)INT32_MAX) {
        return TIDE_E_LIMIT;
    }
    data = (uint8_t *)realloc(builder->data, bytes + TIDE_PADDING);
    if (!data) {
        return TIDE_E_LIMIT;
    }
    builder->data = data;
    builder->data_capacity = bytes;
    return TIDE_OK;
}

/** Make room for so many rows and bytes in all. */
TIDE_MUST_CHECK
static inline int tide_builder_reserve(struct tide_builder *builder, int64_t rows,
                                       size_t bytes)
{
    int rc = TIDE_OK;

    if (rows > builder->capacity || !builder->values) {
        rc = tide_builder_reserve_rows_(builder, rows < 64 ? 64 : rows);
    }
    if (rc == TIDE_OK && tide_type_is_variable(builder->type) &&
        (bytes > builder->data_capacity || !builder->data)) {
        rc = tide_builder_reserve_bytes_(builder, bytes < 256 ? 256 : bytes);
    }
    return rc;
}

/* Bytes to have when `least` are wanted: no more than offsets reach, and when these do
 * not either, what cannot be had. */
static inline size_t tide_builder_growth_(size_t capacity, size_t least)
{
    size_t grown = capacity < (size_t)INT32_MAX / 2 ? capacity * 2 : (size_t)INT32_MAX;

    return grown > least ? grown : least;
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

        wanted = tide_builder_growth_(wanted, least);
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
