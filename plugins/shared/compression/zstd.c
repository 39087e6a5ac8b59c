/*
 * zstd - RFC 8878 through libzstd; frames one behind the other are one stream.
 *
 * Built without libzstd, the codec is still known and says what is missing.
 */
#include <config.h>

#include "codec.h"

#ifdef HAVE_ZSTD

#include <zstd.h>
#include <zstd_errors.h>

/* otherwise: what it is when memory is not short. */
static int zstd_failed(size_t result, int otherwise, struct tide_error *err)
{
    bool short_of_memory = ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation;

    return tide_error_set(err, short_of_memory ? TIDE_E_LIMIT : otherwise, "%s",
                          ZSTD_getErrorName(result));
}

static int zstd_decoder_create(void **state, struct tide_error *err)
{
    *state = ZSTD_createDCtx();
    if (!*state) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory for zstd");
    }
    return TIDE_OK;
}

static int zstd_decode(void *state, struct codec_input *input,
                       struct codec_output *output, bool *between, struct tide_error *err)
{
    ZSTD_inBuffer in = {input->data, input->length, 0};
    ZSTD_outBuffer out = {output->data, output->length, 0};
    size_t result = ZSTD_decompressStream(state, &out, &in);

    input->data += in.pos;
    input->length -= in.pos;
    output->data += out.pos;
    output->length -= out.pos;
    if (ZSTD_isError(result)) {
        return zstd_failed(result, TIDE_E_DATA, err);
    }
    *between = result == 0;
    return TIDE_OK;
}

static void zstd_decoder_destroy(void *state)
{
    (void)ZSTD_freeDCtx(state);
}

static int zstd_encoder_create(int64_t level, void **state, struct tide_error *err)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();

    if (!context) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory for zstd");
    }
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, (int)level);
    (void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
    *state = context;
    return TIDE_OK;
}

static int zstd_encode(void *state, struct codec_input *input,
                       struct codec_output *output, bool finish, bool *done,
                       struct tide_error *err)
{
    ZSTD_inBuffer in = {input->data, input->length, 0};
    ZSTD_outBuffer out = {output->data, output->length, 0};
    size_t result =
        ZSTD_compressStream2(state, &out, &in, finish ? ZSTD_e_end : ZSTD_e_continue);

    if (in.pos > 0) {
        input->data += in.pos;
        input->length -= in.pos;
    }
    output->data += out.pos;
    output->length -= out.pos;
    if (ZSTD_isError(result)) {
        return zstd_failed(result, TIDE_E_INTERNAL, err);
    }
    *done = result == 0;
    return TIDE_OK;
}

static void zstd_encoder_destroy(void *state)
{
    (void)ZSTD_freeCCtx(state);
}

const struct codec codec_zstd = {
    .name = "zstd",
    .max_level = 19,
    .decoder_create = zstd_decoder_create,
    .decode = zstd_decode,
    .decoder_destroy = zstd_decoder_destroy,
    .encoder_create = zstd_encoder_create,
    .encode = zstd_encode,
    .encoder_destroy = zstd_encoder_destroy,
};

#else

static int no_decoder(void **state, struct tide_error *err)
{
    (void)state;
    return tide_error_set(err, TIDE_E_CONFIG, "this program was built without zstd");
}

static int no_encoder(int64_t level, void **state, struct tide_error *err)
{
    (void)level;
    return no_decoder(state, err);
}

const struct codec codec_zstd = {
    .name = "zstd",
    .max_level = 19,
    .decoder_create = no_decoder,
    .encoder_create = no_encoder,
};

#endif
