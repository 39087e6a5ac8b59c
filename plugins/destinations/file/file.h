/*
 * file - the destination's options and its state.
 */
#ifndef FILE_DESTINATION_H
#define FILE_DESTINATION_H

#include <tidemill/plugin.h>

#include "../../shared/compression/compression.h"
#include "../../shared/hash/xxh64.h"

struct file_options {
    const char *path;
    struct tide_component format;
    struct tide_component storage;
    int64_t compression;
    int64_t level;
    int64_t part_size; /* 0: one file */
};

/** One file on its way. */
struct output {
    void *encoder;
    void *file;
    struct compression_writer *stream;
    int64_t rows, plain; /* taken so far; plain: bytes as the format made them */
    int64_t bytes;       /* stored so far: they leave the compression in large pieces */
    struct xxh64 hash;   /* of those */
    const char *missing; /* what the present file lacks behind its last line, or NULL;
                            written in front of the first row */
};

/** One table of one run on its way into one file, or into the parts of a folder. */
struct writer {
    const struct file_options *options;
    const struct tide_destination_request *request;
    const struct tide_host *host;
    enum compression kind;
    char *name;     /* of the file or the folder, below the path; owned */
    char *location; /* of the parts, as the source is asked for them; owned, or NULL */
    struct tide_schema schema;
    struct output output; /* the file or the part at hand; closed while there is none */
    struct parts *parts;  /* owned; NULL: one file */
    bool published;
};

static inline const struct tide_format *writer_format(const struct writer *writer)
{
    return writer->options->format.plugin->format;
}

static inline const struct tide_storage *writer_storage(const struct writer *writer)
{
    return writer->options->storage.plugin->storage;
}

/** Begin the output with a file of this name: a new one, or one that is
 * appended to.  On failure it is to be closed as well. */
TIDE_MUST_CHECK
int output_open(struct writer *writer, const char *name, bool append,
                struct tide_error *err);

/** Write a batch. */
TIDE_MUST_CHECK
int output_write(struct writer *writer, const struct tide_batch *batch,
                 struct tide_error *err);

/** End the file, make it durable and show it. */
TIDE_MUST_CHECK
int output_publish(struct writer *writer, struct tide_error *err);

/** Close; a file that was not published is gone.  May be called at any time. */
void output_close(struct writer *writer);

/**
 * Whether rows may go behind those of a present file.  *has_rows tells whether it has a
 * first line already: a file that has none begins like a new one.  TIDE_E_CONFIG when it
 * begins with another first line than this format gives these columns: other columns, or
 * another dialect.
 */
TIDE_MUST_CHECK
int check_present_file(const struct writer *writer, const char *name, bool *has_rows,
                       struct tide_error *err);

/** What the last line of a present file lacks at its end, or NULL; size: as it is stored.
 * The rest of a compressed file is read for it. */
TIDE_MUST_CHECK
int find_missing_end(const struct writer *writer, const char *name, int64_t size,
                     const char **missing, struct tide_error *err);

/* ---- parts ---- */

/** Prepare the folder writer->name, whose parts end in suffix; *position is what was
 * committed last for this pipeline, malloc'ed, or NULL. */
TIDE_MUST_CHECK
int parts_open(struct writer *writer, const char *suffix, char **position,
               struct tide_error *err);

TIDE_MUST_CHECK
int parts_write(struct writer *writer, const struct tide_batch *batch,
                struct tide_error *err);

/** See tide_destination.commit. */
TIDE_MUST_CHECK
int parts_commit(struct writer *writer, const char *position, bool final,
                 struct tide_error *err);

/** Close the part at hand and remove what no manifest has. */
void parts_close(struct writer *writer);

#endif
