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

/** Bits of tide_batch.flags. */
enum tide_batch_flag {
    /** Of a source or a format that hands it over: each buffer of the columns is this
     * batch's alone, and who holds it may write into them.  The host takes rows out more
     * cheaply then.  It forgets this in front of the first transform. */
    TIDE_BATCH_WRITABLE = 1
};

struct tide_batch {
    struct ArrowArray array; /**< format "+s"; owned; release is NULL while it is empty */
    /** Of each row, its line, row number or key at the origin, from 1; malloc'ed.  NULL:
     * row i is at first_position + i, or nobody knows where when that is 0. */
    int64_t *positions;
    int64_t first_position;
    const char *origin; /**< file or table; borrowed from the source's state; or NULL */
    union {
        int64_t flags;
        int64_t reserved[2];
    };
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

#ifdef __cplusplus
}
#endif

#endif
