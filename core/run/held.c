/*
 * held - rejects that wait to be told of, as bytes in a mapping of their own.
 *
 * One stands behind the other: a struct packed, and the texts of its note, each with its
 * terminator.
 */
#define _GNU_SOURCE /* mremap */
#include "run/held.h"

#include <stdalign.h>
#include <string.h>
#include <sys/mman.h>

#include "base/check.h"

#define FIRST_CAPACITY ((size_t)64 * 1024)

struct packed {
    size_t size;                  /* of it and its texts */
    struct tide_reject_note note; /* of its texts, NULL or not is all that counts */
};

/* ---- memory -------------------------------------------------------------------------*/

static void *map(size_t size)
{
    /* cppcheck-suppress invalidFunctionArg ; an anonymous mapping is one of no file */
    return mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/* False when memory is out. */
static bool grow(struct tide_held *held, size_t more)
{
    size_t capacity = held->capacity > 0 ? held->capacity : FIRST_CAPACITY;
    void *data = NULL;

    while (capacity - held->length < more) {
        capacity *= 2;
    }
    if (capacity == held->capacity) {
        return true;
    }
    data = held->data ? mremap(held->data, held->capacity, capacity, MREMAP_MAYMOVE)
                      : map(capacity);
    if (data == MAP_FAILED) {
        return false;
    }
    held->data = data;
    held->capacity = capacity;
    return true;
}

void tide_held_fini(struct tide_held *held)
{
    if (held->data) {
        (void)munmap(held->data, held->capacity);
    }
    memset(held, 0, sizeof *held);
}

/* ---- packing ------------------------------------------------------------------------*/

static size_t kept_length(size_t length)
{
    return length < TIDE_HELD_MAX ? length : TIDE_HELD_MAX;
}

static size_t text_size(const char *text)
{
    return text ? strlen(text) + 1 : 0;
}

static size_t packed_size(const struct tide_reject_note *note)
{
    size_t size = sizeof(struct packed) + text_size(note->table) + text_size(note->code) +
                  text_size(note->message) + text_size(note->origin) +
                  text_size(note->replay) +
                  (note->row ? kept_length(note->row_length) + 1 : 0) +
                  (note->raw ? kept_length(note->raw_length) + 1 : 0);

    return (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
}

static char *put(char *at, const char *text, size_t length)
{
    if (!text) {
        return at;
    }
    memcpy(at, text, length);
    at[length] = '\0';
    return at + length + 1;
}

static char *put_text(char *at, const char *text)
{
    return put(at, text, text ? strlen(text) : 0);
}

bool tide_held_add(struct tide_held *held, const struct tide_reject_note *note)
{
    struct packed packed = {.size = packed_size(note), .note = *note};
    char *at = NULL;

    if (!grow(held, packed.size)) {
        return false;
    }
    at = (char *)held->data + held->length;
    memcpy(at, &packed, sizeof packed);
    at = put_text(at + sizeof packed, note->table);
    at = put_text(at, note->code);
    at = put_text(at, note->message);
    at = put_text(at, note->origin);
    at = put_text(at, note->replay);
    at = put(at, note->row, kept_length(note->row_length));
    (void)put(at, note->raw, kept_length(note->raw_length));
    held->length += packed.size;
    return true;
}

/* ---- telling ------------------------------------------------------------------------*/

static const char *take(const char **text, const char *at, size_t length)
{
    if (!*text) {
        return at;
    }
    *text = at;
    return at + length + 1;
}

static const char *take_text(const char **text, const char *at)
{
    return take(text, at, *text ? strlen(at) : 0);
}

static struct tide_reject_note unpack(const struct packed *packed)
{
    struct tide_reject_note note = packed->note;
    const char *at = (const char *)(packed + 1);

    at = take_text(&note.table, at);
    at = take_text(&note.code, at);
    at = take_text(&note.message, at);
    at = take_text(&note.origin, at);
    at = take_text(&note.replay, at);
    at = take(&note.row, at, kept_length(note.row_length));
    (void)take(&note.raw, at, kept_length(note.raw_length));
    return note;
}

size_t tide_held_tell(struct tide_held *held, int64_t parcel,
                      void (*tell)(void *arg, const struct tide_reject_note *note),
                      void *arg)
{
    size_t left = 0, told = 0, size = 0;

    for (size_t at = 0; at < held->length; at += size) {
        const struct packed *packed = (const void *)(held->data + at);
        const struct tide_reject_note note = unpack(packed);

        size = packed->size;
        if (note.parcel <= parcel) {
            tell(arg, &note);
            told++;
        } else {
            memmove(held->data + left, held->data + at, size);
            left += size;
        }
    }
    held->length = left;
    return told;
}
