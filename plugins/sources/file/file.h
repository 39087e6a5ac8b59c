/*
 * file - the source's options and what its parts share.
 */
#ifndef FILE_SOURCE_H
#define FILE_SOURCE_H

#include <tidemill/plugin.h>

#include "window.h"

struct file_options {
    const char *path;
    struct tide_component format;
    struct tide_component storage;
    int64_t compression;
};

/** One file that is open: its bytes, its decoder and its columns. */
struct part {
    const struct file_options *options;
    const struct tide_host *host;
    struct tide_decoder_request request;
    struct window window;
    void *decoder;
    struct tide_schema schema;
};

/** A place in a file, behind a row. */
struct place {
    int64_t offset; /* in its plain bytes */
    int64_t mark;   /* the format's own number */
    uint64_t tail;  /* the hash of the bytes in front */
    uint64_t head;  /* the hash of the first bytes of the file */
    bool has_head;  /* or it was kept by a version that did not know it; of a file that is
                       done: or by one that kept names alone */
};

/** Prepare a part that opens nothing yet. */
void part_init(struct part *part, const struct file_options *options,
               const struct tide_host *host);

/**
 * Open a file and find its columns.  name must live until the part is closed, and so must
 * table: the columns that the files before it gave the table, NULL for none.  An error
 * names the file.
 */
TIDE_MUST_CHECK
int part_open(struct part *part, const char *name, const struct tide_schema *table,
              struct tide_error *err);

/** The next rows: TIDE_OK with at least one, or TIDE_END. */
TIDE_MUST_CHECK
int part_read(struct part *part, struct tide_batch *batch, struct tide_error *err);
/** Whether all of it was read. */
bool part_is_done(const struct part *part);

/** Where it is, behind the rows read so far.  False: the format cannot resume from
 * here. */
bool part_tell(struct part *part, struct place *place);

/** Go on at a place, in a file that was just opened.  TIDE_END: this is not the file that
 * had it, as what stands in front shows. */
TIDE_MUST_CHECK
int part_resume(struct part *part, const struct place *place, struct tide_error *err);

/** Where it ends, when all of it was read. */
void part_tell_end(struct part *part, struct place *place);

/** Whether a file still begins with what was read of it up to a place: TIDE_OK, or
 * TIDE_END when it does not.  Of one that cannot be read from there, as a compressed
 * one, the first bytes tell alone. */
TIDE_MUST_CHECK
int part_know(struct part *part, const char *name, const struct place *place,
              struct tide_error *err);

/** Take all bytes of a file, and close it: its hash alone is wanted. */
TIDE_MUST_CHECK
int part_pass(struct part *part, const char *name, struct tide_error *err);

/** Close the file; another may be opened. */
void part_close(struct part *part);

/** Close, and free all. */
void part_fini(struct part *part);

/** List the files of the connection and their columns. */
TIDE_MUST_CHECK
int file_discover(const void *options, const struct tide_host *host,
                  tide_discover_fn emit, void *arg, struct tide_error *err);

/** A list of names, owned. */
struct names {
    char **items;
    size_t count;
};

/** Append a copy of name to the struct names at arg: a tide_list_fn. */
int names_add(void *arg, const char *name, int64_t size);
void names_clear(struct names *names);

/** Put these names in front, in their order, as far as names has them; the others follow
 * as they were.  *found is their number.  TIDE_OK or TIDE_E_LIMIT. */
TIDE_MUST_CHECK
int names_put_first(struct names *names, const struct names *first, size_t *found);

#endif
