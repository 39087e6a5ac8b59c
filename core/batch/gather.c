/*
 * gather - values, offsets, text and validity, each copied in long stretches.
 *
 * How much all of it takes is known before: the new column is one block, and nothing in
 * it is written twice.
 */
#include "batch/gather.h"

#include <string.h>
#include <tidemill/builder.h>

#include "batch/bits.h"

/* Where a column's buffers begin in its block, and are padded to. */
#define ALIGNMENT ((size_t)64)

struct block {
    const void *buffers[3];
};

/* Both gcc and clang make vector instructions of it where there are any. */
typedef int32_t four __attribute__((vector_size(16)));
struct eight {
    four low, high;
};

struct gather {
    const struct ArrowArray *column;
    const struct tide_stretch *stretches;
    size_t count;
    int type;
    int64_t rows, null_count;
    struct block *block; /* owned */
    uint8_t *validity, *values, *data;
};

/* ---- the block ---- */

static void release_block(struct ArrowArray *array)
{
    free(array->private_data);
    array->release = NULL;
}

static size_t padded(size_t size)
{
    return (size + TIDE_PADDING + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
}

/* The next `size` bytes of the block, and zeroes behind them. */
static uint8_t *cut(uint8_t **at, size_t size)
{
    uint8_t *start = *at;

    memset(start + size, 0, padded(size) - size);
    *at += padded(size);
    return start;
}

/* Bytes of text in all stretches. */
static size_t text_size(const struct gather *gather)
{
    const int32_t *offsets = gather->column->buffers[1];
    size_t size = 0;

    for (size_t i = 0; i < gather->count; i++) {
        const struct tide_stretch *stretch = &gather->stretches[i];

        size +=
            (size_t)(offsets[stretch->start + stretch->count] - offsets[stretch->start]);
    }
    return size;
}

static bool has_nulls(const struct gather *gather)
{
    return gather->type != TIDE_TYPE_NULL && gather->column->buffers[0] &&
           gather->column->null_count != 0 && gather->rows > 0;
}

static int make_room(struct gather *gather)
{
    bool is_text = tide_type_is_variable(gather->type), is_null = has_nulls(gather);
    size_t validity = is_null ? tide_bits_size(gather->rows) : 0;
    size_t values = tide_builder_values_size_(gather->type, gather->rows);
    size_t data = is_text ? text_size(gather) : 0;
    uint8_t *at = NULL;

    gather->block = malloc(padded(sizeof *gather->block) + padded(validity) +
                           padded(values) + padded(data));
    if (!gather->block) {
        return TIDE_E_LIMIT;
    }
    memset(gather->block, 0, sizeof *gather->block);
    at = (uint8_t *)gather->block + padded(sizeof *gather->block);
    gather->values = cut(&at, values);
    gather->data = is_text ? cut(&at, data) : NULL;
    gather->validity = is_null ? cut(&at, validity) : NULL;
    return TIDE_OK;
}

/* ---- what is in it ---- */

static void copy_fixed(struct gather *gather)
{
    const uint8_t *from = gather->column->buffers[1];
    size_t width = tide_type_width(gather->type);
    uint8_t *to = gather->values;

    for (size_t i = 0; i < gather->count; i++) {
        const struct tide_stretch *stretch = &gather->stretches[i];
        size_t bytes = (size_t)stretch->count * width;

        memcpy(to, from + (size_t)stretch->start * width, bytes);
        to += bytes;
    }
}

/* Bits are put beside others, so there must be some. */
static void copy_bits(const struct gather *gather, uint8_t *to, const uint8_t *from)
{
    int64_t at = 0;

    memset(to, 0, tide_bits_size(gather->rows));
    for (size_t i = 0; i < gather->count; i++) {
        tide_bits_copy(to, at, from, gather->stretches[i].start,
                       gather->stretches[i].count);
        at += gather->stretches[i].count;
    }
}

/* Two vectors of them in hand, so that they may move within one array to its front. */
static void copy_offsets(int32_t *to, const int32_t *from, int64_t count, int32_t back)
{
    const struct eight both = {{back, back, back, back}, {back, back, back, back}};
    int64_t i = 0;

    for (; count - i >= 8; i += 8) {
        struct eight some;

        memcpy(&some, from + i, sizeof some);
        some.low -= both.low;
        some.high -= both.high;
        memcpy(to + i, &some, sizeof some);
    }
    for (; i < count; i++) {
        to[i] = from[i] - back;
    }
}

static void copy_texts(struct gather *gather)
{
    const int32_t *offsets = gather->column->buffers[1];
    const uint8_t *data = gather->column->buffers[2];
    int32_t *to = (int32_t *)(void *)gather->values;

    *to = 0;
    for (size_t i = 0; i < gather->count; i++) {
        const int32_t *from = offsets + gather->stretches[i].start;
        int64_t count = gather->stretches[i].count;
        size_t bytes = (size_t)(from[count] - *from);

        if (bytes > 0) {
            memcpy(gather->data + *to, data + *from, bytes);
        }
        copy_offsets(to + 1, from + 1, count, *from - *to);
        to += count;
    }
}

static void copy_validity(struct gather *gather)
{
    if (gather->validity) {
        copy_bits(gather, gather->validity, gather->column->buffers[0]);
        gather->null_count =
            gather->rows - tide_bits_count(gather->validity, gather->rows);
    }
    if (gather->null_count == 0) {
        gather->validity = NULL;
    }
}

static void fill(struct gather *gather)
{
    if (tide_type_is_variable(gather->type)) {
        copy_texts(gather);
    } else if (gather->type == TIDE_TYPE_BOOL) {
        copy_bits(gather, gather->values, gather->column->buffers[1]);
    } else {
        copy_fixed(gather);
    }
    copy_validity(gather);
}

/* ---- within the column ---- */

static void *writable(const void *buffer)
{
    union {
        const void *borrowed;
        void *owned;
    } both = {buffer};

    return both.owned;
}

static void close_bits(uint8_t *bits, const struct tide_stretch *stretches, size_t count)
{
    int64_t at = 0;

    for (size_t i = 0; i < count; i++) {
        tide_bits_copy(bits, at, bits, stretches[i].start, stretches[i].count);
        at += stretches[i].count;
    }
}

static void close_fixed(uint8_t *values, size_t width,
                        const struct tide_stretch *stretches, size_t count)
{
    uint8_t *to = values;

    for (size_t i = 0; i < count; i++) {
        size_t bytes = (size_t)stretches[i].count * width;

        memmove(to, values + (size_t)stretches[i].start * width, bytes);
        to += bytes;
    }
}

/* Where the first text begins all others follow. */
static void close_texts(int32_t *offsets, uint8_t *data,
                        const struct tide_stretch *stretches, size_t count)
{
    int32_t *to = offsets;

    for (size_t i = 0; i < count; i++) {
        const int32_t *from = offsets + stretches[i].start;
        int32_t start = *from, end = from[stretches[i].count];

        if (from != to) {
            if (end > start) {
                memmove(data + *to, data + start, (size_t)(end - start));
            }
            copy_offsets(to + 1, from + 1, stretches[i].count, start - *to);
        }
        to += stretches[i].count;
    }
}

static void close_values(const struct ArrowArray *column, int type,
                         const struct tide_stretch *stretches, size_t count)
{
    void *values = writable(column->buffers[1]);

    if (tide_type_is_variable(type)) {
        close_texts(values, writable(column->buffers[2]), stretches, count);
    } else if (type == TIDE_TYPE_BOOL) {
        close_bits(values, stretches, count);
    } else {
        close_fixed(values, tide_type_width(type), stretches, count);
    }
}

void tide_column_close_up(struct ArrowArray *column, int type,
                          const struct tide_stretch *stretches, size_t count)
{
    int64_t rows = tide_stretches_rows(stretches, count);

    if (type == TIDE_TYPE_NULL) {
        column->null_count = rows;
    } else {
        close_values(column, type, stretches, count);
    }
    if (column->n_buffers > 0 && column->buffers[0] && column->null_count != 0) {
        uint8_t *validity = writable(column->buffers[0]);

        close_bits(validity, stretches, count);
        column->null_count = rows - tide_bits_count(validity, rows);
    }
    column->length = rows;
}

/* ---- the column ---- */

static void finish(const struct gather *gather, struct ArrowArray *out)
{
    struct block *block = gather->block;
    bool is_null = gather->type == TIDE_TYPE_NULL;

    block->buffers[0] = gather->validity;
    block->buffers[1] = gather->values;
    block->buffers[2] = gather->data;
    *out = (struct ArrowArray){
        .length = gather->rows,
        .null_count = is_null ? gather->rows : gather->null_count,
        .n_buffers = is_null        ? 0
                     : gather->data ? 3
                                    : 2,
        .buffers = block->buffers,
        .private_data = block,
        .release = release_block,
    };
}

int tide_column_gather(const struct ArrowArray *column, int type,
                       const struct tide_stretch *stretches, size_t count,
                       struct ArrowArray *out)
{
    struct gather gather = {
        .column = column, .stretches = stretches, .count = count, .type = type};

    gather.rows = tide_stretches_rows(stretches, count);
    if (make_room(&gather) != TIDE_OK) {
        return TIDE_E_LIMIT;
    }
    if (type != TIDE_TYPE_NULL) {
        fill(&gather);
    }
    finish(&gather, out);
    return TIDE_OK;
}
