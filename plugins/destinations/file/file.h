/*
 * file - the destination's options and its state.
 */
#ifndef FILE_DESTINATION_H
#define FILE_DESTINATION_H

#include <tidemill/plugin.h>

#include "../../shared/compression/compression.h"

struct file_options {
    const char *path;
    struct tide_component format;
    struct tide_component storage;
    int64_t compression;
    int64_t level;
};

/** One table of one run on its way into one file. */
struct writer {
    const struct file_options *options;
    const struct tide_destination_request *request;
    const struct tide_host *host;
    enum compression kind;
    char *name; /* of the file, below the path; owned */
    struct tide_schema schema;
    void *encoder;
    void *file;
    struct compression_writer *stream;
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

/**
 * Whether rows may go behind those of the present file.  *has_rows tells whether it has a
 * first line already: a file that has none begins like a new one.  TIDE_E_CONFIG when it
 * begins with another first line than this format gives these columns: other columns, or
 * another dialect.
 */
TIDE_MUST_CHECK
int check_present_file(const struct writer *writer, bool *has_rows,
                       struct tide_error *err);

#endif
