/*
 * buffer - see buffer.h.
 */
#include "buffer.h"

uint8_t *buffer_room(struct buffer *buffer, size_t room)
{
    size_t needed = buffer->length + room, capacity = buffer->capacity * 2;
    uint8_t *data;

    if (buffer->start + needed <= buffer->capacity) {
        return buffer->data + buffer->start + buffer->length;
    }
    if (buffer->start > 0) {
        memmove(buffer->data, buffer->data + buffer->start, buffer->length);
        buffer->start = 0;
    }
    if (needed > buffer->capacity) {
        capacity = capacity > needed ? capacity : needed;
        data = realloc(buffer->data, capacity + TIDE_PADDING);
        if (!data) {
            return NULL;
        }
        memset(data + buffer->length, 0, capacity + TIDE_PADDING - buffer->length);
        buffer->data = data;
        buffer->capacity = capacity;
    }
    return buffer->data + buffer->length;
}

int buffer_add(struct buffer *buffer, const void *data, size_t length)
{
    uint8_t *to = buffer_room(buffer, length);

    if (!to) {
        return TIDE_E_LIMIT;
    }
    memcpy(to, data, length);
    buffer->length += length;
    return TIDE_OK;
}
