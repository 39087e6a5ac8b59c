/*
 * writer - plain bytes into a compressed stream, in large pieces.
 */
#include "codec.h"

#define OUTPUT_SIZE ((size_t)256 * 1024)

/* Plain bytes of this length are not gathered: the copy would cost more than the call. */
#define DIRECT_SIZE ((size_t)32 * 1024)

struct compression_writer {
    const struct codec *codec; /* NULL: bytes pass as they are */
    void *encoder;
    compression_push_fn push;
    void *arg;
    uint8_t *buffer;
    size_t used;
};

int compression_check_level(enum compression kind, int64_t level, struct tide_error *err)
{
    const struct codec *codec = codec_of(kind);

    if (codec && level > codec->max_level) {
        return tide_error_at(err, TIDE_E_CONFIG, "level",
                             "%s has levels 1 to %lld, not %lld", codec->name,
                             (long long)codec->max_level, (long long)level);
    }
    return TIDE_OK;
}

int compression_writer_create(enum compression kind, int64_t level,
                              compression_push_fn push, void *arg,
                              struct compression_writer **out, struct tide_error *err)
{
    const struct codec *codec = codec_of(kind);
    struct compression_writer *writer;
    int rc = compression_check_level(kind, level, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    writer = calloc(1, sizeof *writer);
    if (writer) {
        writer->buffer = malloc(OUTPUT_SIZE);
    }
    if (!writer || !writer->buffer) {
        rc = tide_error_memory(err);
        goto out;
    }
    writer->codec = codec;
    writer->push = push;
    writer->arg = arg;
    if (codec) {
        rc = codec->encoder_create(level, &writer->encoder, err);
    }
    if (rc == TIDE_OK) {
        *out = writer;
        writer = NULL;
    }
out:
    compression_writer_destroy(writer);
    return rc;
}

static int flush_buffer(struct compression_writer *writer, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (writer->used > 0) {
        rc = writer->push(writer->arg, writer->buffer, writer->used, err);
        writer->used = 0;
    }
    return rc;
}

/* What does not fit goes out at once, without a copy. */
static int write_plain(struct compression_writer *writer, const uint8_t *data,
                       size_t length, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (length > OUTPUT_SIZE - writer->used) {
        rc = flush_buffer(writer, err);
    }
    if (rc == TIDE_OK && length >= DIRECT_SIZE) {
        rc = flush_buffer(writer, err);
        return rc == TIDE_OK ? writer->push(writer->arg, data, length, err) : rc;
    }
    if (rc == TIDE_OK) {
        memcpy(writer->buffer + writer->used, data, length);
        writer->used += length;
    }
    return rc;
}

static int encode_all(struct compression_writer *writer, struct codec_input input,
                      bool finish, struct tide_error *err)
{
    bool done = false;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && (input.length > 0 || (finish && !done))) {
        struct codec_output output = {writer->buffer + writer->used,
                                      OUTPUT_SIZE - writer->used};

        rc = writer->codec->encode(writer->encoder, &input, &output, finish, &done, err);
        writer->used = OUTPUT_SIZE - output.length;
        if (rc == TIDE_OK && output.length == 0) {
            rc = flush_buffer(writer, err);
        }
    }
    return rc;
}

int compression_write(struct compression_writer *writer, const uint8_t *data,
                      size_t length, struct tide_error *err)
{
    if (length == 0) {
        return TIDE_OK;
    }
    if (!writer->codec) {
        return write_plain(writer, data, length, err);
    }
    return encode_all(writer, (struct codec_input){data, length}, false, err);
}

int compression_finish(struct compression_writer *writer, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (writer->codec) {
        rc = encode_all(writer, (struct codec_input){NULL, 0}, true, err);
    }
    return rc == TIDE_OK ? flush_buffer(writer, err) : rc;
}

void compression_writer_destroy(struct compression_writer *writer)
{
    if (!writer) {
        return;
    }
    if (writer->encoder) {
        writer->codec->encoder_destroy(writer->encoder);
    }
    free(writer->buffer);
    free(writer);
}
