/*
 * build - what the decoders of formats share: columns and line numbers of the rows in
 * hand.
 *
 * It works on the buffers of struct tide_builder directly: they are reserved once, by
 * what the last batch took, and not zeroed, for every byte is written.
 *
 * Header-only, because each plugin is linked by itself.  Layer: plugins, uses the SDK.
 */
#ifndef TIDE_SHARED_BUILD_H
#define TIDE_SHARED_BUILD_H

#include <stdlib.h>
#include <string.h>
#include <tidemill/builder.h>

static inline int32_t *build_offsets(const struct tide_builder *column)
{
    return (int32_t *)(void *)column->values;
}

/** Make room for `bytes` of text in all; at least doubles. */
static inline int build_grow(struct tide_builder *column, size_t bytes)
{
    size_t wanted = column->data_capacity * 2 > bytes ? column->data_capacity * 2 : bytes;
    uint8_t *data;

    if (bytes > (size_t)INT32_MAX) {
        return TIDE_E_LIMIT;
    }
    wanted = wanted > (size_t)INT32_MAX ? (size_t)INT32_MAX : wanted;
    data = (uint8_t *)realloc(column->data, wanted + TIDE_PADDING);
    if (!data) {
        return TIDE_E_LIMIT;
    }
    column->data = data;
    column->data_capacity = wanted;
    return TIDE_OK;
}

/** Make room for `bytes` more of text. */
static inline int build_room(struct tide_builder *column, size_t bytes)
{
    if (bytes <= column->data_capacity - column->data_length) {
        return TIDE_OK;
    }
    return build_grow(column, column->data_length + bytes);
}

/** Give an empty column room for so many rows, and a text column for so many bytes. */
static inline int build_start(struct tide_builder *column, int64_t rows, size_t bytes)
{
    if (!column->values || column->capacity < rows) {
        size_t size = tide_builder_values_size_(column->type, rows);

        free(column->values);
        free(column->validity);
        column->validity = NULL;
        column->values = (uint8_t *)malloc(size + TIDE_PADDING);
        if (!column->values) {
            return TIDE_E_LIMIT;
        }
        memset(column->values, 0, sizeof(int64_t));
        column->capacity = rows;
    }
    return column->data || !tide_type_is_variable(column->type)
               ? TIDE_OK
               : build_grow(column, bytes);
}

/** Copy in steps of 32 bytes, up to 31 past the end, for both sides are padded: most
 * values are one step, and so the loop is well predicted. */
static inline void build_copy(uint8_t *to, const uint8_t *from, size_t length)
{
    size_t done = 0;

    do {
        memcpy(to + done, from + done, 32);
        done += 32;
    } while (done < length);
}

/** The text of this row ends where the data ends. */
static inline void build_end_text(struct tide_builder *column)
{
    tide_builder_mark_valid_(column);
    build_offsets(column)[++column->length] = (int32_t)column->data_length;
}

/** Zero what nothing was written to, and move the column out. */
static inline int build_finish(struct tide_builder *column, struct ArrowArray *array)
{
    if (tide_type_is_variable(column->type)) {
        memset(column->data + column->data_length, 0, TIDE_PADDING);
    } else {
        size_t size = tide_builder_values_size_(column->type, column->length);

        memset(column->values + size, 0, TIDE_PADDING);
    }
    return tide_builder_finish(column, array);
}

/** Give the line numbers of `rows` rows to batch; those of consecutive lines need no
 * list, which then stays for the next batch. */
static inline void build_positions(struct tide_batch *batch, int64_t **positions,
                                   int64_t rows)
{
    if (rows == 0) {
        return;
    }
    if ((*positions)[rows - 1] - (*positions)[0] == rows - 1) {
        batch->first_position = (*positions)[0];
        return;
    }
    batch->positions = *positions;
    *positions = NULL;
}

#endif
