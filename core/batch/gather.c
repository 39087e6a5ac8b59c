/*
 * gather - values, offsets, text and validity, each copied in long stretches.
 *
 * A builder is used for its buffers alone: room is made once, and the buffers are filled
 * directly.
 */
#include "batch/gather.h"

#include <string.h>

#include "batch/bits.h"

struct gather {
    const struct ArrowArray *column;
    const struct tide_stretch *stretches;
    size_t count;
    int64_t rows;
    struct tide_builder out;
};

static void copy_fixed(struct gather *gather)
{
    const uint8_t *from = gather->column->buffers[1];
    size_t width = tide_type_width(gather->out.type);
    uint8_t *to = gather->out.values;

    for (size_t i = 0; i < gather->count; i++) {
        const struct tide_stretch *stretch = &gather->stretches[i];
        size_t bytes = (size_t)stretch->count * width;

        memcpy(to, from + (size_t)stretch->start * width, bytes);
        to += bytes;
    }
}

static void copy_bits(const struct gather *gather, uint8_t *to, const uint8_t *from)
{
    int64_t at = 0;

    for (size_t i = 0; i < gather->count; i++) {
        tide_bits_copy(to, at, from, gather->stretches[i].start,
                       gather->stretches[i].count);
        at += gather->stretches[i].count;
    }
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

static void copy_texts(struct gather *gather)
{
    const int32_t *offsets = gather->column->buffers[1];
    const uint8_t *data = gather->column->buffers[2];
    int32_t *to = (int32_t *)(void *)gather->out.values;

    *to = 0;
    for (size_t i = 0; i < gather->count; i++) {
        const int32_t *from = offsets + gather->stretches[i].start;
        int64_t count = gather->stretches[i].count;
        int32_t moved = *to - *from;
        size_t bytes = (size_t)(from[count] - *from);

        if (bytes > 0) {
            memcpy(gather->out.data + *to, data + *from, bytes);
        }
        for (int64_t row = 1; row <= count; row++) {
            to[row] = from[row] + moved;
        }
        to += count;
    }
    gather->out.data_length = (size_t)*to;
}

static int copy_validity(struct gather *gather)
{
    const uint8_t *from = gather->column->buffers[0];

    if (!from || gather->column->null_count == 0 || gather->rows == 0) {
        return TIDE_OK;
    }
    gather->out.validity = calloc(1, tide_bits_size(gather->out.capacity) + TIDE_PADDING);
    if (!gather->out.validity) {
        return TIDE_E_LIMIT;
    }
    copy_bits(gather, gather->out.validity, from);
    gather->out.null_count =
        gather->rows - tide_bits_count(gather->out.validity, gather->rows);
    if (gather->out.null_count == 0) {
        free(gather->out.validity);
        gather->out.validity = NULL;
    }
    return TIDE_OK;
}

static int fill(struct gather *gather)
{
    int type = gather->out.type;
    int rc;

    if (type == TIDE_TYPE_NULL) {
        gather->out.null_count = gather->rows;
        return TIDE_OK;
    }
    rc = tide_builder_reserve(&gather->out, gather->rows,
                              tide_type_is_variable(type) ? text_size(gather) : 0);
    if (rc != TIDE_OK) {
        return rc;
    }
    if (tide_type_is_variable(type)) {
        copy_texts(gather);
    } else if (type == TIDE_TYPE_BOOL) {
        copy_bits(gather, gather->out.values, gather->column->buffers[1]);
    } else {
        copy_fixed(gather);
    }
    return copy_validity(gather);
}

int tide_column_gather(const struct ArrowArray *column, int type,
                       const struct tide_stretch *stretches, size_t count,
                       struct ArrowArray *out)
{
    struct gather gather = {.column = column, .stretches = stretches, .count = count};
    int rc;

    for (size_t i = 0; i < count; i++) {
        gather.rows += stretches[i].count;
    }
    tide_builder_init(&gather.out, type);
    rc = fill(&gather);
    gather.out.length = gather.rows;
    if (rc == TIDE_OK) {
        rc = tide_builder_finish(&gather.out, out);
    }
    if (rc != TIDE_OK) {
        tide_builder_clear(&gather.out);
    }
    return rc;
}
