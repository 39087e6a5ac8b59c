/*
 * compression - gzip and zstd as streams, for the file source and destination.
 *
 * A static library, linked into both plugins.  Reading pulls compressed bytes through a
 * callback, writing pushes them through one; the kind "none" passes bytes on, so callers
 * have one path.  A stream is used by one thread at a time.
 */
#ifndef COMPRESSION_H
#define COMPRESSION_H

#include <tidemill/error.h>
#include <tidemill/option.h>

enum compression {
    COMPRESSION_AUTO = 0, /**< by the name, or by the first bytes when reading */
    COMPRESSION_NONE = 1,
    COMPRESSION_GZIP = 2,
    COMPRESSION_ZSTD = 3
};

/** The words of an option of type ENUM whose index is an enum compression. */
extern const char *const compression_words[];

/** By the extension of a file's name: ".gz", ".zst", else COMPRESSION_NONE. */
enum compression compression_of_name(const char *name);

/** ".gz", ".zst" or "". */
const char *compression_extension(enum compression kind);

/** The whole length of name, less the extension of that kind if it has it. */
size_t compression_stem_length(enum compression kind, const char *name);

/** Up to capacity bytes into data; *length 0 at the end. */
typedef int (*compression_pull_fn)(void *arg, uint8_t *data, size_t capacity,
                                   size_t *length, struct tide_error *err);
/** Take all of data. */
typedef int (*compression_push_fn)(void *arg, const uint8_t *data, size_t length,
                                   struct tide_error *err);

struct compression_reader;
struct compression_writer;

/** Open a stream over pull; COMPRESSION_AUTO looks at the first bytes.  Owned by the
 * caller, destroyed with compression_reader_destroy. */
TIDE_MUST_CHECK
int compression_reader_create(enum compression kind, compression_pull_fn pull, void *arg,
                              struct compression_reader **out, struct tide_error *err);

/** Up to capacity plain bytes; *length 0 only at the end of the whole stream.  Members or
 * frames one behind the other read as one.  TIDE_E_DATA: corrupt or cut short, with the
 * number of compressed bytes read until then. */
TIDE_MUST_CHECK
int compression_read(struct compression_reader *reader, uint8_t *data, size_t capacity,
                     size_t *length, struct tide_error *err);

/** What the stream is: never COMPRESSION_AUTO. */
enum compression compression_reader_kind(const struct compression_reader *reader);

void compression_reader_destroy(struct compression_reader *reader);

/** Whether that kind has such a level; 0 is its own default.  TIDE_E_CONFIG. */
TIDE_MUST_CHECK
int compression_check_level(enum compression kind, int64_t level, struct tide_error *err);

/** Start a stream into push; level 0 is the library's own default.  TIDE_E_CONFIG when
 * the kind has no such level. */
TIDE_MUST_CHECK
int compression_writer_create(enum compression kind, int64_t level,
                              compression_push_fn push, void *arg,
                              struct compression_writer **out, struct tide_error *err);

/** Take all of data; output leaves in large pieces. */
TIDE_MUST_CHECK
int compression_write(struct compression_writer *writer, const uint8_t *data,
                      size_t length, struct tide_error *err);

/** End the member or frame and push what is left. */
TIDE_MUST_CHECK
int compression_finish(struct compression_writer *writer, struct tide_error *err);

void compression_writer_destroy(struct compression_writer *writer);

#endif
