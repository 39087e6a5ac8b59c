/*
 * names - the words and file name extensions of compressions.
 */
#include "compression.h"

const char *const compression_words[] = {"auto", "none", "gzip", "zstd", NULL};

const char *compression_extension(enum compression kind)
{
    switch (kind) {
    case COMPRESSION_GZIP:
        return ".gz";
    case COMPRESSION_ZSTD:
        return ".zst";
    default:
        return "";
    }
}

size_t compression_stem_length(enum compression kind, const char *name)
{
    const char *extension = compression_extension(kind);
    size_t length = strlen(name), tail = strlen(extension);

    if (length > tail && strcmp(name + length - tail, extension) == 0) {
        return length - tail;
    }
    return length;
}

enum compression compression_of_name(const char *name)
{
    size_t length = strlen(name);

    if (compression_stem_length(COMPRESSION_GZIP, name) < length) {
        return COMPRESSION_GZIP;
    }
    if (compression_stem_length(COMPRESSION_ZSTD, name) < length) {
        return COMPRESSION_ZSTD;
    }
    return COMPRESSION_NONE;
}
