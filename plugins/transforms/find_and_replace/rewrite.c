/*
 * rewrite - a second version of a text column; see rewrite.h.
 */
#include "rewrite.h"

#include <tidemill/builder.h>

/* Both sides have TIDE_PADDING spare bytes, so a short stretch is copied at its full
 * width, without a loop. */
static inline void copy_padded(uint8_t *to, const uint8_t *from, size_t length)
{
    if (length <= 32) {
        memcpy(to, from, 32);
    } else {
        memcpy(to, from, length);
    }
}

void rewrite_begin(struct rewrite *rewrite, const struct ArrowArray *column)
{
    static const uint8_t nothing[TIDE_PADDING];

    memset(rewrite, 0, sizeof *rewrite);
    rewrite->column = column;
    rewrite->offsets = column->buffers[1];
    rewrite->data = column->buffers[2] ? column->buffers[2] : nothing;
    rewrite->rows = column->length;
    rewrite->length = (size_t)rewrite->offsets[rewrite->rows];
}

static int start(struct rewrite *rewrite)
{
    size_t rows = (size_t)rewrite->rows;

    rewrite->out_capacity = rewrite->length + rewrite->length / 8 + 64;
    rewrite->out_offsets = malloc((rows + 1) * sizeof(int32_t) + TIDE_PADDING);
    rewrite->out_data = malloc(rewrite->out_capacity + TIDE_PADDING);
    if (!rewrite->out_offsets || !rewrite->out_data) {
        rewrite_abandon(rewrite);
        return TIDE_E_LIMIT;
    }
    rewrite->out_offsets[0] = 0;
    rewrite->copied = (size_t)rewrite->offsets[0];
    rewrite->started = true;
    return TIDE_OK;
}

static int grow(struct rewrite *rewrite, size_t needed)
{
    size_t capacity = needed + needed / 2;
    uint8_t *data = NULL;

    if (needed > (size_t)INT32_MAX) {
        return TIDE_E_LIMIT;
    }
    data = realloc(rewrite->out_data, capacity + TIDE_PADDING);
    if (!data) {
        return TIDE_E_LIMIT;
    }
    rewrite->out_data = data;
    rewrite->out_capacity = capacity;
    return TIDE_OK;
}

/* Rows up to this one start where they did, moved by what was won or lost so far. */
static void seek_row(struct rewrite *rewrite, int64_t row)
{
    const int32_t *offsets = rewrite->offsets;
    int32_t *out = rewrite->out_offsets;
    int32_t moved = (int32_t)((int64_t)rewrite->out_length - (int64_t)rewrite->copied);

    for (int64_t i = rewrite->row + 1; i <= row; i++) {
        out[i] = offsets[i] + moved;
    }
    rewrite->row = row > rewrite->row ? row : rewrite->row;
}

static void copy_to(struct rewrite *rewrite, size_t end)
{
    size_t length = end - rewrite->copied;

    copy_padded(rewrite->out_data + rewrite->out_length, rewrite->data + rewrite->copied,
                length);
    rewrite->out_length += length;
    rewrite->copied = end;
}

int rewrite_open_gap(struct rewrite *rewrite, int64_t row, size_t from, size_t length)
{
    size_t needed = 0;

    if (!rewrite->started && start(rewrite) != TIDE_OK) {
        return TIDE_E_LIMIT;
    }
    needed = rewrite->out_length + (rewrite->length - rewrite->copied) + length;
    if (needed > rewrite->out_capacity && grow(rewrite, needed) != TIDE_OK) {
        return TIDE_E_LIMIT;
    }
    seek_row(rewrite, row);
    copy_to(rewrite, from);
    return TIDE_OK;
}

void rewrite_append(struct rewrite *rewrite, const uint8_t *text, size_t length)
{
    memcpy(rewrite->out_data + rewrite->out_length, text, length);
    rewrite->out_length += length;
}

void rewrite_skip(struct rewrite *rewrite, size_t end)
{
    rewrite->copied = end;
}

/* Each byte is written, and stays if the next one does not go into its place. */
int rewrite_drop(struct rewrite *rewrite, const uint8_t *drop)
{
    uint8_t *out;
    size_t kept = 0;

    if (start(rewrite) != TIDE_OK) {
        return TIDE_E_LIMIT;
    }
    out = rewrite->out_data;
    for (int64_t row = 0; row < rewrite->rows; row++) {
        for (int32_t i = rewrite->offsets[row]; i < rewrite->offsets[row + 1]; i++) {
            out[kept] = rewrite->data[i];
            kept += !drop[rewrite->data[i]];
        }
        rewrite->out_offsets[row + 1] = (int32_t)kept;
    }
    rewrite->row = rewrite->rows;
    rewrite->out_length = kept;
    if (kept == rewrite->length - rewrite->copied) {
        rewrite_abandon(rewrite);
    }
    rewrite->copied = rewrite->length;
    return TIDE_OK;
}

static int copy_validity(const struct rewrite *rewrite, struct tide_builder *builder)
{
    size_t size = ((size_t)rewrite->rows + 7) / 8;

    if (!rewrite->column->buffers[0] || rewrite->column->null_count == 0) {
        return TIDE_OK;
    }
    builder->validity = malloc(size + TIDE_PADDING);
    if (!builder->validity) {
        return TIDE_E_LIMIT;
    }
    memcpy(builder->validity, rewrite->column->buffers[0], size);
    builder->null_count = rewrite->column->null_count;
    return TIDE_OK;
}

int rewrite_finish(struct rewrite *rewrite, struct ArrowArray *out)
{
    struct tide_builder builder;
    int rc = TIDE_OK;

    tide_builder_init(&builder, TIDE_TYPE_STRING);
    seek_row(rewrite, rewrite->rows);
    copy_to(rewrite, rewrite->length);
    builder.length = builder.capacity = rewrite->rows;
    builder.values = (uint8_t *)rewrite->out_offsets;
    builder.data = rewrite->out_data;
    builder.data_length = rewrite->out_length;
    builder.data_capacity = rewrite->out_capacity;
    rewrite->out_offsets = NULL;
    rewrite->out_data = NULL;
    rc = copy_validity(rewrite, &builder);
    if (rc == TIDE_OK) {
        rc = tide_builder_finish(&builder, out);
    }
    if (rc != TIDE_OK) {
        tide_builder_clear(&builder);
    }
    return rc;
}

void rewrite_abandon(struct rewrite *rewrite)
{
    free(rewrite->out_offsets);
    free(rewrite->out_data);
    rewrite->out_offsets = NULL;
    rewrite->out_data = NULL;
    rewrite->started = false;
}
