/*
 * buffer - bytes that come in behind and are taken from the front.
 *
 * Layer: the exec source.
 */
#ifndef EXEC_BUFFER_H
#define EXEC_BUFFER_H

#include <tidemill/plugin.h>

/** Zeroed at first.  TIDE_PADDING bytes behind the last are readable. */
struct buffer {
    uint8_t *data; /**< owned */
    size_t start;  /**< of the first byte that was not taken */
    size_t length; /**< of what was not taken */
    size_t capacity;
};

/** The place for at least `room` more bytes, or NULL when memory is out. */
uint8_t *buffer_room(struct buffer *buffer, size_t room);

/** Put bytes behind the last.  TIDE_OK or TIDE_E_LIMIT. */
int buffer_add(struct buffer *buffer, const void *data, size_t length);

static inline void buffer_take(struct buffer *buffer, size_t length)
{
    buffer->length -= length;
    buffer->start = buffer->length ? buffer->start + length : 0;
}

static inline struct tide_span buffer_span(const struct buffer *buffer, bool last)
{
    struct tide_span span = {buffer->data + buffer->start, buffer->length, last};

    return span;
}

#endif
