/*
 * window - reading, growing and moving on.
 */
#include "window.h"

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

static int make_room(struct window *window, struct tide_error *err)
{
    size_t held = window->end - window->start;

    if (!window->buffer) {
        return resize(window, window->capacity, err);
    }
    if (window->start > 0) {
        memmove(window->buffer, window->buffer + window->start, held);
        window->start = 0;
        window->end = held;
    }
    return held == window->capacity ? resize(window, window->capacity * 2, err) : TIDE_OK;
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
    window->at_end = false;
}

void window_fini(struct window *window)
{
    window_close(window);
    free(window->buffer);
    window->buffer = NULL;
}
