/*
 * again - bytes that were rejected are decoded again, alone.
 *
 * A decoder of its own learns the columns from the first file, as the table did, and goes
 * on at the place that the reject names: what its format has in front of rows, as the
 * header of csv, is not looked for.
 */
#include "reader.h"

/* The bytes as a last line, with room to read behind them; to be freed. */
static uint8_t *make_line(const struct tide_reject *reject)
{
    uint8_t *line = calloc(1, reject->raw_length + 1 + TIDE_PADDING);

    if (line) {
        memcpy(line, reject->raw, reject->raw_length);
        line[reject->raw_length] = '\n';
    }
    return line;
}

static int decode_line(const struct tide_format *format, void *decoder,
                       const struct tide_reject *reject, struct tide_batch *batch,
                       struct tide_error *err)
{
    uint8_t *line = make_line(reject);
    struct tide_span span = {line, reject->raw_length + 1, true};
    size_t consumed = 1;
    int rc = line ? TIDE_OK : tide_error_memory(err);

    while (rc == TIDE_OK && consumed > 0 &&
           !(batch->array.release && batch->array.length > 0)) {
        tide_batch_release(batch);
        consumed = 0;
        rc = format->decode(decoder, &span, &consumed, batch, err);
        span.data += consumed;
        span.length -= consumed;
    }
    free(line);
    return rc < 0 ? rc : TIDE_OK; /* that it holds no row the caller sees */
}

static int open_decoder(const struct reader *reader, const struct tide_reject *reject,
                        struct tide_decoder_request *request, void **decoder,
                        struct tide_error *err)
{
    const struct tide_component *component = &reader->options->format;
    const struct tide_format *format = component->plugin->format;
    struct tide_span head = window_span(&reader->part.window);
    struct tide_schema schema = {0};
    int rc;

    *request = reader->part.request;
    request->origin = reject->origin ? reject->origin : request->origin;
    rc = format->decoder_open(component->options, request, reader->host, decoder, err);
    if (rc == TIDE_OK) {
        rc = format->decoder_schema(*decoder, &head, &schema, err);
    }
    if (rc == TIDE_OK) {
        rc = format->decoder_resume(*decoder, reject->position, err);
    }
    tide_schema_clear(&schema);
    return rc;
}

int file_again(void *state, const struct tide_reject *reject, struct tide_batch *batch,
               struct tide_error *err)
{
    const struct reader *reader = state;
    const struct tide_format *format = reader->options->format.plugin->format;
    struct tide_decoder_request request;
    void *decoder = NULL;
    int rc;

    if (!format->decoder_resume || reject->position < 1) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "the format \"%s\" cannot decode a row alone",
                              reader->options->format.plugin->name);
    }
    rc = open_decoder(reader, reject, &request, &decoder, err);
    if (rc == TIDE_OK) {
        rc = decode_line(format, decoder, reject, batch, err);
    }
    if (decoder) {
        format->decoder_close(decoder);
    }
    return rc;
}
