/*
 * row_builder - a batch in the making, row by row: values are set by column, then the row
 * ends.  <tidemill/row.h> shows how.
 */
#ifndef TIDEMILL_ROW_BUILDER_H
#define TIDEMILL_ROW_BUILDER_H

#include <tidemill/builder.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes batches row by row.  The first thing that goes wrong (memory, a column of another
 * type) is kept: that row is undone, the builder counts as full, and finish returns the
 * code.  So a loop needs no check of its own.
 */
struct tide_row_builder {
    struct tide_builder *columns; /* owned */
    size_t column_count;
    int64_t rows;                  /**< complete ones of this batch */
    int64_t total;                 /**< complete ones of all batches */
    int64_t row_limit, byte_limit; /**< when it is full */
    int64_t bytes, row_bytes;      /* of the complete rows, and of the present one */
    int64_t *positions;            /* owned; NULL until one is set */
    int64_t position;              /* of the present row */
    int failure;
};

/** Columns as in schema, which need not outlive the call; a batch is full at so many rows
 * or, when byte_limit is above 0, about so many bytes.  TIDE_E_LIMIT; then there is
 * nothing to fini. */
TIDE_MUST_CHECK
static inline int tide_row_builder_init(struct tide_row_builder *builder,
                                        const struct tide_schema *schema,
                                        int64_t row_limit, int64_t byte_limit)
{
    memset(builder, 0, sizeof *builder);
    builder->columns =
        (struct tide_builder *)calloc(schema->column_count + 1, sizeof *builder->columns);
    if (!builder->columns) {
        return TIDE_E_LIMIT;
    }
    builder->column_count = schema->column_count;
    builder->row_limit = row_limit > 0 ? row_limit : 1;
    builder->byte_limit = byte_limit;
    for (size_t i = 0; i < schema->column_count; i++) {
        tide_builder_init(&builder->columns[i], schema->columns[i].type);
    }
    return TIDE_OK;
}

/** Free what it owns; also after it was zeroed, and twice. */
static inline void tide_row_builder_fini(struct tide_row_builder *builder)
{
    for (size_t i = 0; i < builder->column_count; i++) {
        tide_builder_clear(&builder->columns[i]);
    }
    free(builder->columns);
    free(builder->positions);
    memset(builder, 0, sizeof *builder);
}

/** One of its own, or NULL when memory is out. */
static inline struct tide_row_builder *
tide_row_builder_create(const struct tide_schema *schema, int64_t row_limit,
                        int64_t byte_limit)
{
    struct tide_row_builder *builder =
        (struct tide_row_builder *)calloc(1, sizeof *builder);

    if (builder &&
        tide_row_builder_init(builder, schema, row_limit, byte_limit) != TIDE_OK) {
        free(builder);
        builder = NULL;
    }
    return builder;
}

/** Takes NULL too.  The type makes it fit where a plugin's close belongs. */
static inline void tide_row_builder_destroy(void *builder)
{
    if (builder) {
        tide_row_builder_fini((struct tide_row_builder *)builder);
        free(builder);
    }
}

/* The builder of a column, or NULL when the value does not fit it or something failed
 * before.  A second value of the same row replaces the first. */
static inline struct tide_builder *tide_row_place_(struct tide_row_builder *builder,
                                                   size_t column, bool fits)
{
    struct tide_builder *place;

    if (!fits || builder->failure != TIDE_OK) {
        builder->failure = builder->failure ? builder->failure : TIDE_E_INTERNAL;
        return NULL;
    }
    place = &builder->columns[column];
    if (place->length > builder->rows) {
        tide_builder_truncate(place, builder->rows);
    }
    return place;
}

static inline int tide_row_type_(const struct tide_row_builder *builder, size_t column)
{
    return column < builder->column_count ? builder->columns[column].type : -1;
}

static inline void tide_row_note_(struct tide_row_builder *builder, int rc, size_t bytes)
{
    builder->row_bytes += (int64_t)bytes;
    if (rc != TIDE_OK && builder->failure == TIDE_OK) {
        builder->failure = rc;
    }
}

static inline void tide_row_set_null(struct tide_row_builder *builder, size_t column)
{
    struct tide_builder *place =
        tide_row_place_(builder, column, column < builder->column_count);

    if (place) {
        tide_row_note_(builder, tide_append_null(place), 0);
    }
}

static inline void tide_row_set_bool(struct tide_row_builder *builder, size_t column,
                                     bool value)
{
    struct tide_builder *place = tide_row_place_(
        builder, column, tide_row_type_(builder, column) == TIDE_TYPE_BOOL);

    if (place) {
        tide_row_note_(builder, tide_append_bool(place, value), 1);
    }
}

/** INT64, TIME, TIMESTAMP, DATETIME. */
static inline void tide_row_set_int64(struct tide_row_builder *builder, size_t column,
                                      int64_t value)
{
    int type = tide_row_type_(builder, column);
    struct tide_builder *place = tide_row_place_(
        builder, column, tide_type_width(type) == 8 && type != TIDE_TYPE_FLOAT64);

    if (place) {
        tide_row_note_(builder, tide_append_int64(place, value), 8);
    }
}

/** DATE: days since 1970-01-01. */
static inline void tide_row_set_date(struct tide_row_builder *builder, size_t column,
                                     int32_t days)
{
    struct tide_builder *place = tide_row_place_(
        builder, column, tide_row_type_(builder, column) == TIDE_TYPE_DATE);

    if (place) {
        tide_row_note_(builder, tide_append_int32(place, days), 4);
    }
}

static inline void tide_row_set_float64(struct tide_row_builder *builder, size_t column,
                                        double value)
{
    struct tide_builder *place = tide_row_place_(
        builder, column, tide_row_type_(builder, column) == TIDE_TYPE_FLOAT64);

    if (place) {
        tide_row_note_(builder, tide_append_float64(place, value), 8);
    }
}

/** STRING, DECIMAL, UUID, JSON, BYTES; the bytes are copied, and must keep what the type
 * promises. */
static inline void tide_row_set_bytes(struct tide_row_builder *builder, size_t column,
                                      const void *bytes, size_t length)
{
    struct tide_builder *place = tide_row_place_(
        builder, column, tide_type_is_variable(tide_row_type_(builder, column)));

    if (place) {
        tide_row_note_(builder, tide_append_bytes(place, bytes, length), length + 4);
    }
}

/** The same of a terminated text; NULL is null. */
static inline void tide_row_set_text(struct tide_row_builder *builder, size_t column,
                                     const char *text)
{
    if (text) {
        tide_row_set_bytes(builder, column, text, strlen(text));
    } else {
        tide_row_set_null(builder, column);
    }
}

/** Where the present row stands at its origin, from 1. */
static inline void tide_row_set_position(struct tide_row_builder *builder,
                                         int64_t position)
{
    builder->position = position;
}

/** Forget what was set of the present row. */
static inline void tide_row_undo(struct tide_row_builder *builder)
{
    for (size_t i = 0; i < builder->column_count; i++) {
        tide_builder_truncate(&builder->columns[i], builder->rows);
    }
    builder->row_bytes = 0;
    builder->position = 0;
}

/* Room for the present row's position; rows before it have none. */
static inline int tide_row_keep_position_(struct tide_row_builder *builder)
{
    if (!builder->positions && builder->position == 0) {
        return TIDE_OK;
    }
    if (!builder->positions) {
        builder->positions =
            (int64_t *)calloc((size_t)builder->row_limit, sizeof(int64_t));
        if (!builder->positions) {
            return TIDE_E_LIMIT;
        }
    }
    builder->positions[builder->rows] = builder->position;
    return TIDE_OK;
}

/** The row is complete; columns not set are null.  On failure the row is undone, and the
 * code says why: TIDE_E_LIMIT (memory, or the batch was full before), TIDE_E_INTERNAL (a
 * column of another type). */
static inline int tide_row_end(struct tide_row_builder *builder)
{
    if (builder->rows >= builder->row_limit) {
        tide_row_note_(builder, TIDE_E_LIMIT, 0);
    }
    for (size_t i = 0; i < builder->column_count && builder->failure == TIDE_OK; i++) {
        if (builder->columns[i].length == builder->rows) {
            tide_row_note_(builder, tide_append_null(&builder->columns[i]), 0);
        }
    }
    if (builder->failure == TIDE_OK) {
        tide_row_note_(builder, tide_row_keep_position_(builder), 0);
    }
    if (builder->failure != TIDE_OK) {
        tide_row_undo(builder);
        return builder->failure;
    }
    builder->rows++;
    builder->total++;
    builder->bytes += builder->row_bytes;
    builder->row_bytes = 0;
    builder->position = 0;
    return TIDE_OK;
}

/** Whether the batch is to be finished now: it has reached its rows or bytes, or
 * something failed. */
static inline bool tide_row_builder_is_full(const struct tide_row_builder *builder)
{
    return builder->rows >= builder->row_limit || builder->failure != TIDE_OK ||
           (builder->byte_limit > 0 && builder->bytes >= builder->byte_limit);
}

/** Move the complete rows into batch, which must be empty.  The builder is empty
 * afterwards and can be used again.  The batch is TIDE_BATCH_WRITABLE.  A row not ended
 * is undone. When something failed the rows are lost and the code is returned. */
TIDE_MUST_CHECK
static inline int tide_row_builder_finish(struct tide_row_builder *builder,
                                          struct tide_batch *batch)
{
    int rc = builder->failure;

    tide_row_undo(builder);
    if (rc == TIDE_OK) {
        rc = tide_batch_init(batch, builder->column_count, builder->rows);
    }
    for (size_t i = 0; i < builder->column_count && rc == TIDE_OK; i++) {
        rc = tide_builder_finish(&builder->columns[i], batch->array.children[i]);
    }
    if (rc == TIDE_OK) {
        batch->positions = builder->positions;
        batch->flags = TIDE_BATCH_WRITABLE;
        builder->positions = NULL;
    } else {
        tide_batch_release(batch);
    }
    for (size_t i = 0; i < builder->column_count; i++) {
        tide_builder_clear(&builder->columns[i]);
    }
    free(builder->positions);
    builder->positions = NULL;
    builder->failure = TIDE_OK;
    builder->rows = 0;
    builder->bytes = 0;
    return rc;
}

#ifdef __cplusplus
}
#endif

#endif
