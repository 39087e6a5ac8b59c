/*
 * window - the stretch of one open file that a decoder looks at.
 *
 * It is filled from the storage through decompression, grows while a row does not fit,
 * and moves on as rows are taken.  Memory stays that of the longest row.
 */
#ifndef FILE_WINDOW_H
#define FILE_WINDOW_H

#include <tidemill/plugin.h>

#include "../../shared/compression/compression.h"
#include "../../shared/hash/xxh64.h"

/** So many bytes in front of the next stay in hand: they tell whether a file is the one
 * that it was. */
#define WINDOW_TAIL ((size_t)4096)
/* And so many of its first ones are hashed as they are taken, for the same: a header that
 * gives the columns is among them. */
#define WINDOW_HEAD ((size_t)64 << 10)

struct window {
    const struct tide_storage *storage; /* borrowed */
    void *file;
    struct compression_reader *stream;
    uint8_t *buffer; /* owned; TIDE_PADDING bytes longer than capacity */
    size_t capacity;
    size_t usual;      /* what is read at a time */
    size_t start, end; /* what is read and not yet taken */
    int64_t offset;    /* of start, in the plain bytes of the file */
    struct xxh64 head; /* of the first WINDOW_HEAD bytes that were taken */
    struct xxh64 *all; /* of all that were taken, of each file; borrowed; NULL: nobody
                          wants to know */
    bool is_begun;     /* something was read of this file */
    bool at_end;       /* nothing is behind end */
};

/** Prepare an empty window. */
void window_init(struct window *window, const struct tide_storage *storage);

/** Read as much at a time as suits batches of so many bytes. */
void window_suit(struct window *window, int64_t batch_bytes);

/** Open a file; the window is at its beginning and holds nothing yet. */
TIDE_MUST_CHECK
int window_open(struct window *window, enum compression kind, const void *storage_options,
                const struct tide_host *host, const char *root, const char *name,
                struct tide_error *err);

/** Read on until the window holds twice what it holds, and at least as much as is usual,
 * or the file ends.  TIDE_E_LIMIT when it holds 1 GiB. */
TIDE_MUST_CHECK
int window_fill(struct window *window, struct tide_error *err);

/** What it holds; valid until the next fill. */
struct tide_span window_span(const struct window *window);

/** These bytes are done with. */
void window_consume(struct window *window, size_t length);

/** Whether all of the file was taken. */
bool window_is_done(const struct window *window);

/** The hash of the bytes in front of the next one: WINDOW_TAIL, or all if they are
 * fewer. */
uint64_t window_tail(const struct window *window);

/** The hash of the first bytes of the file: WINDOW_HEAD, or all that were taken if they
 * are fewer. */
uint64_t window_head(const struct window *window);

/** Take all up to an offset, which is not in front of the present one.  TIDE_END: the
 * file ends before. */
TIDE_MUST_CHECK
int window_skip(struct window *window, int64_t offset, struct tide_error *err);

/** Whether what lies in front of an offset far behind need not be read to be there. */
bool window_jumps(const struct window *window);

/** Close the file; the buffer stays for the next. */
void window_close(struct window *window);

/** Close, and free the buffer. */
void window_fini(struct window *window);

#endif
