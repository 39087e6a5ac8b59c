/*
 * gzip - RFC 1952 through zlib; members one behind the other are one stream.
 */
#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

#include "codec.h"

#define GZIP_ONLY (15 + 16) /* zlib's window bits: 32 KiB, with a gzip header */

struct gzip_decoder {
    z_stream stream;
    bool ended; /* a member has ended; the next byte begins another */
};

static uInt at_most(size_t length)
{
    return length > UINT_MAX ? UINT_MAX : (uInt)length;
}

static int gzip_decoder_create(void **state, struct tide_error *err)
{
    struct gzip_decoder *decoder = calloc(1, sizeof *decoder);

    if (!decoder || inflateInit2(&decoder->stream, GZIP_ONLY) != Z_OK) {
        free(decoder);
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory for gzip");
    }
    *state = decoder;
    return TIDE_OK;
}

static int gzip_failed(const z_stream *stream, int result, struct tide_error *err)
{
    return tide_error_set(err, result == Z_MEM_ERROR ? TIDE_E_LIMIT : TIDE_E_DATA, "%s",
                          stream->msg ? stream->msg : zError(result));
}

static int gzip_decode(void *state, struct codec_input *input,
                       struct codec_output *output, bool *between, struct tide_error *err)
{
    struct gzip_decoder *decoder = state;
    z_stream *stream = &decoder->stream;
    uInt given = at_most(input->length), room = at_most(output->length);
    int result;

    if (decoder->ended && given > 0) {
        (void)inflateReset(stream);
        decoder->ended = false;
    }
    stream->next_in = input->data;
    stream->avail_in = given;
    stream->next_out = output->data;
    stream->avail_out = room;
    result = inflate(stream, Z_NO_FLUSH);
    input->data += given - stream->avail_in;
    input->length -= given - stream->avail_in;
    output->data += room - stream->avail_out;
    output->length -= room - stream->avail_out;
    decoder->ended = result == Z_STREAM_END;
    *between = decoder->ended;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return gzip_failed(stream, result, err);
    }
    return TIDE_OK;
}

static void gzip_decoder_destroy(void *state)
{
    struct gzip_decoder *decoder = state;

    (void)inflateEnd(&decoder->stream);
    free(decoder);
}

static int gzip_encoder_create(int64_t level, void **state, struct tide_error *err)
{
    z_stream *stream = calloc(1, sizeof *stream);
    int wanted = level > 0 ? (int)level : Z_DEFAULT_COMPRESSION;

    if (!stream || deflateInit2(stream, wanted, Z_DEFLATED, GZIP_ONLY, 8,
                                Z_DEFAULT_STRATEGY) != Z_OK) {
        free(stream);
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory for gzip");
    }
    *state = stream;
    return TIDE_OK;
}

static int gzip_encode(void *state, struct codec_input *input,
                       struct codec_output *output, bool finish, bool *done,
                       struct tide_error *err)
{
    z_stream *stream = state;
    uInt given = at_most(input->length), room = at_most(output->length);
    int result;

    stream->next_in = input->data;
    stream->avail_in = given;
    stream->next_out = output->data;
    stream->avail_out = room;
    result = deflate(stream, finish ? Z_FINISH : Z_NO_FLUSH);
    if (given > 0) {
        input->data += given - stream->avail_in;
        input->length -= given - stream->avail_in;
    }
    output->data += room - stream->avail_out;
    output->length -= room - stream->avail_out;
    *done = result == Z_STREAM_END;
    if (result == Z_STREAM_ERROR) {
        return gzip_failed(stream, result, err);
    }
    return TIDE_OK;
}

static void gzip_encoder_destroy(void *state)
{
    (void)deflateEnd(state);
    free(state);
}

const struct codec codec_gzip = {
    .name = "gzip",
    .max_level = 9,
    .decoder_create = gzip_decoder_create,
    .decode = gzip_decode,
    .decoder_destroy = gzip_decoder_destroy,
    .encoder_create = gzip_encoder_create,
    .encode = gzip_encode,
    .encoder_destroy = gzip_encoder_destroy,
};
