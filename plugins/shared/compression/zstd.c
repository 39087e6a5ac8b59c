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

#include "library.h"

static struct {
    __typeof__(ZSTD_createDCtx) *decoder_create;
    __typeof__(ZSTD_decompressStream) *decode;
    __typeof__(ZSTD_freeDCtx) *decoder_destroy;
    __typeof__(ZSTD_createCCtx) *encoder_create;
    __typeof__(ZSTD_CCtx_setParameter) *set;
    __typeof__(ZSTD_compressStream2) *encode;
    __typeof__(ZSTD_freeCCtx) *encoder_destroy;
    __typeof__(ZSTD_isError) *is_error;
    __typeof__(ZSTD_getErrorName) *error_name;
    __typeof__(ZSTD_getErrorCode) *error_code;
} zstd;

static const struct library_function zstd_functions[] = {
    {"ZSTD_createDCtx", &zstd.decoder_create},
    {"ZSTD_decompressStream", &zstd.decode},
    {"ZSTD_freeDCtx", &zstd.decoder_destroy},
    {"ZSTD_createCCtx", &zstd.encoder_create},
    {"ZSTD_CCtx_setParameter", &zstd.set},
    {"ZSTD_compressStream2", &zstd.encode},
    {"ZSTD_freeCCtx", &zstd.encoder_destroy},
    {"ZSTD_isError", &zstd.is_error},
    {"ZSTD_getErrorName", &zstd.error_name},
    {"ZSTD_getErrorCode", &zstd.error_code},
    {NULL, NULL}};

static struct library zstd_library = {.file = "libzstd.so.1",
                                      .purpose = "zstd",
                                      .functions = zstd_functions,
                                      .lock = PTHREAD_MUTEX_INITIALIZER};

/* otherwise: what it is when memory is not short. */
static int zstd_failed(size_t result, int otherwise, struct tide_error *err)
{
    bool short_of_memory = zstd.error_code(result) == ZSTD_error_memory_allocation;

    return tide_error_set(err, short_of_memory ? TIDE_E_LIMIT : otherwise, "%s",
                          zstd.error_name(result));
}

static int zstd_decoder_create(void **state, struct tide_error *err)
{
    if (library_load(&zstd_library, err) != TIDE_OK) {
        return TIDE_E_CONFIG;
    }
    *state = zstd.decoder_create();
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
    size_t result = zstd.decode(state, &out, &in);

    input->data += in.pos;
    input->length -= in.pos;
    output->data += out.pos;
    output->length -= out.pos;
    if (zstd.is_error(result)) {
        return zstd_failed(result, TIDE_E_DATA, err);
    }
    *between = result == 0;
    return TIDE_OK;
}

static void zstd_decoder_destroy(void *state)
{
    (void)zstd.decoder_destroy(state);
}

static int zstd_encoder_create(int64_t level, void **state, struct tide_error *err)
{
    ZSTD_CCtx *context;

    if (library_load(&zstd_library, err) != TIDE_OK) {
        return TIDE_E_CONFIG;
    }
    context = zstd.encoder_create();
    if (!context) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory for zstd");
    }
    (void)zstd.set(context, ZSTD_c_compressionLevel, (int)level);
    (void)zstd.set(context, ZSTD_c_checksumFlag, 1);
    *state = context;
    return TIDE_OK;
}

static int zstd_encode(void *state, struct codec_input *input,
                       struct codec_output *output, bool finish, bool *done,
                       struct tide_error *err)
{
    ZSTD_inBuffer in = {input->data, input->length, 0};
    ZSTD_outBuffer out = {output->data, output->length, 0};
    size_t result = zstd.encode(state, &out, &in, finish ? ZSTD_e_end : ZSTD_e_continue);

    if (in.pos > 0) {
        input->data += in.pos;
        input->length -= in.pos;
    }
    output->data += out.pos;
    output->length -= out.pos;
    if (zstd.is_error(result)) {
        return zstd_failed(result, TIDE_E_INTERNAL, err);
    }
    *done = result == 0;
    return TIDE_OK;
}

static void zstd_encoder_destroy(void *state)
{
    (void)zstd.encoder_destroy(state);
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
