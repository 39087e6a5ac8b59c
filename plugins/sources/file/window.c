/*
 * window - reading, growing and moving on.
 */
#include "window.h"

#include "../../shared/hash/xxh64.h"

#define LONGEST_ROW ((size_t)1 << 30)

void window_init(struct window *window, const struct tide_storage *storage, size_t size)
{
    memset(window, 0, sizeof *window);
    window->storage = storage;
    window->capacity = size;
}

static int pull(void *arg, uint8_t *data, size_t capacity, size_t *length,
                struct tide_error *err)
{
    const struct window *window = arg;

    return window->storage->read(window->file, data, capacity, length, err);
}

int window_open(struct window *window, enum compression kind, const void *storage_options,
                const struct tide_host *host, const char *root, const char *name,
                struct tide_error *err)
{
    int rc;

    if (kind == COMPRESSION_AUTO && compression_of_name(name) != COMPRESSION_NONE) {
        kind = compression_of_name(name);
    }
    rc =
        window->storage->read_open(storage_options, host, root, name, &window->file, err);
    if (rc == TIDE_OK) {
        rc = compression_reader_create(kind, pull, window, &window->stream, err);
    }
    if (rc != TIDE_OK) {
        window_close(window);
    }
    return rc;
}

static int resize(struct window *window, size_t capacity, struct tide_error *err)
{
    uint8_t *buffer;

    if (capacity > LONGEST_ROW) {
        return tide_error_set(err, TIDE_E_LIMIT, "a row is longer than 1 GiB");
    }
    buffer = realloc(window->buffer, capacity + TIDE_PADDING);
    if (!buffer) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory for a row of %zu bytes",
                              capacity);
    }
    window->buffer = buffer;
    window->capacity = capacity;
    return TIDE_OK;
}

static size_t tail_length(const struct window *window)
{
    return window->start < WINDOW_TAIL ? window->start : WINDOW_TAIL;
}

static int make_room(struct window *window, struct tide_error *err)
{
    size_t kept = tail_length(window), dropped = window->start - kept;

    if (!window->buffer) {
        return resize(window, window->capacity, err);
    }
    if (dropped > 0) {
        window->end -= dropped;
        window->start = kept;
        memmove(window->buffer, window->buffer + dropped, window->end);
    }
    return window->end == window->capacity ? resize(window, window->capacity * 2, err)
                                           : TIDE_OK;
}

int window_fill(struct window *window, struct tide_error *err)
{
    int rc = make_room(window, err);

    while (rc == TIDE_OK && !window->at_end && window->end < window->capacity) {
        size_t got = 0;

        rc = compression_read(window->stream, window->buffer + window->end,
                              window->capacity - window->end, &got, err);
        window->end += got;
        window->at_end = rc == TIDE_OK && got == 0;
    }
    if (rc == TIDE_OK) {
        memset(window->buffer + window->end, 0, TIDE_PADDING);
    }
    return rc;
}

struct tide_span window_span(const struct window *window)
{
    return (struct tide_span){window->buffer + window->start, window->end - window->start,
                              window->at_end};
}

void window_consume(struct window *window, size_t length)
{
    window->start += length;
    window->offset += (int64_t)length;
}

bool window_is_done(const struct window *window)
{
    return window->at_end && window->start == window->end;
}

uint64_t window_tail(const struct window *window)
{
    size_t length = tail_length(window);

    return xxh64_of(window->buffer + window->start - length, length);
}

/* Begin to read again just so far in front of an offset that its tail will be in hand. */
static int jump(struct window *window, int64_t offset, struct tide_error *err)
{
    int rc;

    offset = offset > (int64_t)WINDOW_TAIL ? offset - (int64_t)WINDOW_TAIL : 0;
    rc = window->storage->read_seek(window->file, offset, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    compression_reader_destroy(window->stream);
    window->stream = NULL;
    window->start = window->end = 0;
    window->offset = offset;
    window->at_end = false;
    return compression_reader_create(COMPRESSION_NONE, pull, window, &window->stream,
                                     err);
}

int window_skip(struct window *window, int64_t offset, struct tide_error *err)
{
    int64_t behind = window->offset + (int64_t)(window->end - window->start);
    int rc = TIDE_OK;

    if (offset > behind && window->storage->read_seek &&
        compression_reader_kind(window->stream) == COMPRESSION_NONE) {
        rc = jump(window, offset, err);
    }
    while (rc == TIDE_OK && window->offset < offset) {
        int64_t left = offset - window->offset;
        size_t held = window->end - window->start;

        if (held > 0) {
            window_consume(window, (int64_t)held < left ? held : (size_t)left);
        } else if (window->at_end) {
            rc = TIDE_END;
        } else {
            rc = window_fill(window, err);
        }
    }
    return rc;
}

void window_close(struct window *window)
{
    compression_reader_destroy(window->stream);
    if (window->file) {
        window->storage->read_close(window->file);
    }
    window->stream = NULL;
    window->file = NULL;
    window->start = window->end = 0;
    window->offset = 0;
    window->at_end = false;
}

void window_fini(struct window *window)
{
    window_close(window);
    free(window->buffer);
    window->buffer = NULL;
}
