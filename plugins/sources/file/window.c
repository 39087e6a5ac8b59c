/*
 * window - reading, growing and moving on.
 */
#include "window.h"

#define LONGEST_ROW ((size_t)1 << 30)

/* What is read at a time stays in a processor's cache until it is decoded; the first
 * piece of a file is small, for its rows shall be under way early. */
#define FIRST_SIZE WINDOW_HEAD
#define USUAL_SIZE ((size_t)512 << 10)
#define LARGEST_SIZE ((size_t)2 << 20)

void window_init(struct window *window, const struct tide_storage *storage)
{
    memset(window, 0, sizeof *window);
    window->storage = storage;
    window->usual = USUAL_SIZE;
}

void window_suit(struct window *window, int64_t batch_bytes)
{
    size_t wanted = (size_t)batch_bytes / 2;

    if (wanted > USUAL_SIZE) {
        window->usual = wanted < LARGEST_SIZE ? wanted : LARGEST_SIZE;
    }
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

    xxh64_init(&window->head);
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
    uint8_t *buffer = realloc(window->buffer, capacity + TIDE_PADDING);

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

/* How much it shall hold: who asks for more than it holds may mean a long row. */
static size_t wanted_size(const struct window *window)
{
    size_t held = window->end - window->start;
    size_t usual = window->is_begun ? window->usual : FIRST_SIZE;
    size_t wanted = held * 2 > usual ? held * 2 : usual;

    return wanted < LONGEST_ROW ? wanted : LONGEST_ROW;
}

/* Move what it holds to the front, its tail before it; *goal: the end of what it shall
 * hold. */
static int make_room(struct window *window, size_t *goal, struct tide_error *err)
{
    size_t kept = tail_length(window), dropped = window->start - kept;

    if (window->end - window->start >= LONGEST_ROW) {
        return tide_error_set(err, TIDE_E_LIMIT, "a row is longer than 1 GiB");
    }
    if (dropped > 0) {
        window->end -= dropped;
        window->start = kept;
        memmove(window->buffer, window->buffer + dropped, window->end);
    }
    *goal = kept + wanted_size(window);
    return *goal > window->capacity ? resize(window, *goal, err) : TIDE_OK;
}

int window_fill(struct window *window, struct tide_error *err)
{
    size_t goal = 0;
    int rc = make_room(window, &goal, err);

    while (rc == TIDE_OK && !window->at_end && window->end < goal) {
        size_t got = 0;

        rc = compression_read(window->stream, window->buffer + window->end,
                              goal - window->end, &got, err);
        window->end += got;
        window->at_end = rc == TIDE_OK && got == 0;
    }
    if (rc == TIDE_OK) {
        memset(window->buffer + window->end, 0, TIDE_PADDING);
        window->is_begun = true;
    }
    return rc;
}

struct tide_span window_span(const struct window *window)
{
    return (struct tide_span){window->buffer + window->start, window->end - window->start,
                              window->at_end};
}

static void add_head(struct window *window, size_t length)
{
    size_t wanted = WINDOW_HEAD - (size_t)window->offset;

    xxh64_add(&window->head, window->buffer + window->start,
              length < wanted ? length : wanted);
}

void window_consume(struct window *window, size_t length)
{
    if (window->offset < (int64_t)WINDOW_HEAD && length > 0) {
        add_head(window, length);
    }
    if (window->all && length > 0) {
        xxh64_add(window->all, window->buffer + window->start, length);
    }
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

uint64_t window_head(const struct window *window)
{
    return xxh64_value(&window->head);
}

/* Begin to read again just so far in front of an offset that its tail will be in hand. */
static int jump(struct window *window, int64_t offset, struct tide_error *err)
{
    int rc;

    window_consume(window, window->end - window->start);
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

bool window_jumps(const struct window *window)
{
    return !window->all && window->storage->read_seek && window->stream &&
           compression_reader_kind(window->stream) == COMPRESSION_NONE;
}

int window_skip(struct window *window, int64_t offset, struct tide_error *err)
{
    int64_t behind = window->offset + (int64_t)(window->end - window->start);
    int rc = TIDE_OK;

    if (offset > behind && window_jumps(window)) {
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
    window->is_begun = window->at_end = false;
}

void window_fini(struct window *window)
{
    window_close(window);
    free(window->buffer);
    window->buffer = NULL;
}
