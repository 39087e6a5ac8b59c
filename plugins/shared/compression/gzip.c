/*
 * gzip - RFC 1952 through zlib; members one behind the other are one stream.
 *
 * Zeros behind a member, as tapes and block devices leave them, are passed over.  Other
 * bytes there are an error: they may be a damaged member, whose rows would be missing.
 */
#define ZLIB_CONST
#include <limits.h>
#include <zlib.h>

#include "codec.h"
#include "library.h"

#define GZIP_ONLY (15 + 16) /* zlib's window bits: 32 KiB, with a gzip header */

static struct {
    __typeof__(inflateInit2_) *inflate_init;
    __typeof__(inflateReset) *inflate_reset;
    __typeof__(inflate) *inflate;
    __typeof__(inflateEnd) *inflate_end;
    __typeof__(deflateInit2_) *deflate_init;
    __typeof__(deflate) *deflate;
    __typeof__(deflateEnd) *deflate_end;
    __typeof__(zError) *error;
} zlib;

static const struct library_function zlib_functions[] = {
    {"inflateInit2_", &zlib.inflate_init},
    {"inflateReset", &zlib.inflate_reset},
    {"inflate", &zlib.inflate},
    {"inflateEnd", &zlib.inflate_end},
    {"deflateInit2_", &zlib.deflate_init},
    {"deflate", &zlib.deflate},
    {"deflateEnd", &zlib.deflate_end},
    {"zError", &zlib.error},
    {NULL, NULL}};

static struct library zlib_library = {.file = "libz.so.1",
                                      .purpose = "gzip",
                                      .functions = zlib_functions,
                                      .lock = PTHREAD_MUTEX_INITIALIZER};

struct gzip_decoder {
    z_stream stream;
    bool ended;   /* a member has ended; the next byte that is not 0 begins another */
    bool follows; /* it was not the first */
};

static uInt at_most(size_t length)
{
    return length > UINT_MAX ? UINT_MAX : (uInt)length;
}

static int gzip_decoder_create(void **state, struct tide_error *err)
{
    struct gzip_decoder *decoder;

    if (library_load(&zlib_library, err) != TIDE_OK) {
        return TIDE_E_CONFIG;
    }
    decoder = calloc(1, sizeof *decoder);
    if (!decoder || zlib.inflate_init(&decoder->stream, GZIP_ONLY, ZLIB_VERSION,
                                      (int)sizeof decoder->stream) != Z_OK) {
        free(decoder);
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory for gzip");
    }
    *state = decoder;
    return TIDE_OK;
}

static int gzip_failed(const z_stream *stream, int result, struct tide_error *err)
{
    return tide_error_set(err, result == Z_MEM_ERROR ? TIDE_E_LIMIT : TIDE_E_DATA, "%s",
                          stream->msg ? stream->msg : zlib.error(result));
}

static void skip_zeros(struct codec_input *input)
{
    while (input->length > 0 && *input->data == 0) {
        input->data++;
        input->length--;
    }
}

static int decoder_failed(const struct gzip_decoder *decoder, int result,
                          struct tide_error *err)
{
    const z_stream *stream = &decoder->stream;
    int rc = gzip_failed(stream, result, err);

    if (rc == TIDE_E_DATA && decoder->follows && stream->total_out == 0) {
        (void)tide_error_wrap(err, "what follows the end is neither zeros nor more gzip");
    }
    return rc;
}

static int gzip_decode(void *state, struct codec_input *input,
                       struct codec_output *output, bool *between, struct tide_error *err)
{
    struct gzip_decoder *decoder = state;
    z_stream *stream = &decoder->stream;
    uInt given = 0, room = at_most(output->length);
    int result;

    if (decoder->ended) {
        skip_zeros(input);
        if (input->length == 0) {
            return TIDE_OK;
        }
        (void)zlib.inflate_reset(stream);
        decoder->ended = false;
        decoder->follows = true;
    }
    given = at_most(input->length);
    stream->next_in = input->data;
    stream->avail_in = given;
    stream->next_out = output->data;
    stream->avail_out = room;
    result = zlib.inflate(stream, Z_NO_FLUSH);
    input->data += given - stream->avail_in;
    input->length -= given - stream->avail_in;
    output->data += room - stream->avail_out;
    output->length -= room - stream->avail_out;
    decoder->ended = result == Z_STREAM_END;
    *between = decoder->ended;
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR) {
        return decoder_failed(decoder, result, err);
    }
    return TIDE_OK;
}

static void gzip_decoder_destroy(void *state)
{
    struct gzip_decoder *decoder = state;

    (void)zlib.inflate_end(&decoder->stream);
    free(decoder);
}

static int gzip_encoder_create(int64_t level, void **state, struct tide_error *err)
{
    int wanted = level > 0 ? (int)level : Z_DEFAULT_COMPRESSION;
    z_stream *stream;

    if (library_load(&zlib_library, err) != TIDE_OK) {
        return TIDE_E_CONFIG;
    }
    stream = calloc(1, sizeof *stream);
    if (!stream ||
        zlib.deflate_init(stream, wanted, Z_DEFLATED, GZIP_ONLY, 8, Z_DEFAULT_STRATEGY,
                          ZLIB_VERSION, (int)sizeof *stream) != Z_OK) {
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
    result = zlib.deflate(stream, finish ? Z_FINISH : Z_NO_FLUSH);
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
    (void)zlib.deflate_end(state);
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
