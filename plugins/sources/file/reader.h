/*
 * reader - one table of one run on its way through its files.
 *
 * Files in front of `next` were opened.  The one just in front is read while is_open; all
 * before it are done.
 */
#ifndef FILE_READER_H
#define FILE_READER_H

#include "file.h"
#include "position.h"

struct reader {
    const struct file_options *options;
    const struct tide_source_request *request;
    const struct tide_host *host;
    struct names names;
    size_t next;  /* the file to open next */
    bool is_open; /* part is in the middle of a file */
    struct part part;
    struct tide_schema schema; /* of the table */
    bool is_reordered;         /* the file has its columns in another order */
    size_t *order;             /* column i of the table is column order[i] of the file */
    bool has_read, has_ended;  /* a batch was given; there are no more */
    struct place *ends;        /* owned; one for each of names, known once it is done */
    struct position_text position;
    struct xxh64 all; /* of what was read, where the request wants it exactly */
};

/** Open the next file.  The first that has columns gives the table its own; the others
 * are held against them. */
TIDE_MUST_CHECK
int reader_open_next(struct reader *reader, struct tide_error *err);

/** Open the first file.  Those of zero bytes in front are passed over: they cannot say
 * what the columns are. */
TIDE_MUST_CHECK
int reader_open_first(struct reader *reader, struct tide_error *err);

/** Find the columns, and stand where the request's position says. */
TIDE_MUST_CHECK
int reader_start(struct reader *reader, struct tide_error *err);

/** Decode rejected bytes again: see tide_source.again. */
TIDE_MUST_CHECK
int file_again(void *state, const struct tide_reject *reject, struct tide_batch *batch,
               struct tide_error *err);

/** All of the file that is open, if one is, was read: keep by what it is known again. */
void reader_note_end(struct reader *reader);

/** The position behind the last batch: see tide_source.position. */
const char *reader_position(struct reader *reader);

#endif
