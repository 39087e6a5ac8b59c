/*
 * codec - what gzip and zstd each give to the streams of compression.h.
 */
#ifndef COMPRESSION_CODEC_H
#define COMPRESSION_CODEC_H

#include <stdbool.h>
#include <stdlib.h>

#include "compression.h"

/** A stretch of bytes that a step moves through. */
struct codec_input {
    const uint8_t *data;
    size_t length;
};

struct codec_output {
    uint8_t *data;
    size_t length;
};

struct codec {
    const char *name;
    int64_t max_level;

    int (*decoder_create)(void **state, struct tide_error *err);
    /**
     * Decode from input to output, moving both on.  *between is true when the bytes taken
     * so far end exactly with a member or frame.
     */
    int (*decode)(void *state, struct codec_input *input, struct codec_output *output,
                  bool *between, struct tide_error *err);
    void (*decoder_destroy)(void *state);

    int (*encoder_create)(int64_t level, void **state, struct tide_error *err);
    /** Encode from input to output, moving both on; with finish, *done is true once all
     * is out. */
    int (*encode)(void *state, struct codec_input *input, struct codec_output *output,
                  bool finish, bool *done, struct tide_error *err);
    void (*encoder_destroy)(void *state);
};

extern const struct codec codec_gzip;
extern const struct codec codec_zstd;

/** The codec of a kind, NULL for none. */
static inline const struct codec *codec_of(enum compression kind)
{
    switch (kind) {
    case COMPRESSION_GZIP:
        return &codec_gzip;
    case COMPRESSION_ZSTD:
        return &codec_zstd;
    default:
        return NULL;
    }
}

#endif
