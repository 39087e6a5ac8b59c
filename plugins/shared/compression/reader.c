/*
 * reader - plain bytes out of a compressed stream.
 */
#include "codec.h"

#define INPUT_SIZE ((size_t)256 * 1024)

struct compression_reader {
    enum compression kind;
    const struct codec *codec; /* NULL: bytes pass as they are */
    void *decoder;
    compression_pull_fn pull;
    void *arg;
    uint8_t *buffer;
    struct codec_input input; /* what is left of the buffer */
    uint64_t pulled;          /* compressed bytes in all */
    bool at_end;              /* pull has no more */
    bool between;             /* no member or frame is open */
};

/* Pull more bytes behind those that stand at the start of the buffer. */
static int pull_more(struct compression_reader *reader, struct tide_error *err)
{
    size_t there = reader->input.length, length = 0;
    int rc = reader->pull(reader->arg, reader->buffer + there, INPUT_SIZE - there,
                          &length, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    reader->input.data = reader->buffer;
    reader->input.length = there + length;
    reader->pulled += length;
    reader->at_end = length == 0;
    return TIDE_OK;
}

static int refill(struct compression_reader *reader, struct tide_error *err)
{
    reader->input.length = 0;
    return pull_more(reader, err);
}

static const uint8_t gzip_magic[] = {0x1f, 0x8b};
static const uint8_t zstd_magic[] = {0x28, 0xb5, 0x2f, 0xfd};

static enum compression kind_of_bytes(const struct codec_input *input)
{

    if (input->length >= sizeof gzip_magic &&
        memcmp(input->data, gzip_magic, sizeof gzip_magic) == 0) {
        return COMPRESSION_GZIP;
    }
    if (input->length >= sizeof zstd_magic &&
        memcmp(input->data, zstd_magic, sizeof zstd_magic) == 0) {
        return COMPRESSION_ZSTD;
    }
    return COMPRESSION_NONE;
}

/* Tell by the first bytes, of which a pipe may give one at a time. */
static int find_kind(struct compression_reader *reader, enum compression *kind,
                     struct tide_error *err)
{
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !reader->at_end && reader->input.length < sizeof zstd_magic) {
        rc = pull_more(reader, err);
    }
    *kind = kind_of_bytes(&reader->input);
    return rc;
}

int compression_reader_create(enum compression kind, compression_pull_fn pull, void *arg,
                              struct compression_reader **out, struct tide_error *err)
{
    struct compression_reader *reader = calloc(1, sizeof *reader);
    int rc = TIDE_OK;

    if (reader) {
        reader->buffer = malloc(INPUT_SIZE);
    }
    if (!reader || !reader->buffer) {
        rc = tide_error_memory(err);
        goto out;
    }
    reader->pull = pull;
    reader->arg = arg;
    reader->between = true;
    if (kind == COMPRESSION_AUTO) {
        rc = find_kind(reader, &kind, err);
    }
    reader->kind = kind;
    reader->codec = codec_of(kind);
    if (rc == TIDE_OK && reader->codec) {
        rc = reader->codec->decoder_create(&reader->decoder, err);
    }
    if (rc == TIDE_OK) {
        *out = reader;
        reader = NULL;
    }
out:
    compression_reader_destroy(reader);
    return rc;
}

static int read_plain(struct compression_reader *reader, uint8_t *data, size_t capacity,
                      size_t *length, struct tide_error *err)
{
    size_t take = reader->input.length < capacity ? reader->input.length : capacity;

    if (take == 0) {
        return reader->pull(reader->arg, data, capacity, length, err);
    }
    memcpy(data, reader->input.data, take);
    reader->input.data += take;
    reader->input.length -= take;
    *length = take;
    return TIDE_OK;
}

static int read_end(const struct compression_reader *reader, struct tide_error *err)
{
    if (reader->between) {
        return TIDE_OK;
    }
    return tide_error_set(err, TIDE_E_DATA, "truncated %s stream after %llu bytes",
                          reader->codec->name, (unsigned long long)reader->pulled);
}

static int decode_some(struct compression_reader *reader, struct codec_output *output,
                       struct tide_error *err)
{
    int rc = reader->codec->decode(reader->decoder, &reader->input, output,
                                   &reader->between, err);

    if (rc != TIDE_OK) {
        return tide_error_wrap(
            err, "corrupt %s stream near byte %llu", reader->codec->name,
            (unsigned long long)(reader->pulled - reader->input.length));
    }
    return TIDE_OK;
}

int compression_read(struct compression_reader *reader, uint8_t *data, size_t capacity,
                     size_t *length, struct tide_error *err)
{
    struct codec_output output = {data, capacity};
    int rc = TIDE_OK;

    if (!reader->codec) {
        return read_plain(reader, data, capacity, length, err);
    }
    while (rc == TIDE_OK && output.length == capacity && !reader->at_end) {
        /* A decoder may hold output back even when all input is taken. */
        if (!reader->between || reader->input.length > 0) {
            rc = decode_some(reader, &output, err);
        }
        if (rc == TIDE_OK && output.length == capacity && reader->input.length == 0) {
            rc = refill(reader, err);
        }
    }
    *length = capacity - output.length;
    if (rc == TIDE_OK && *length == 0) {
        rc = read_end(reader, err);
    }
    return rc;
}

enum compression compression_reader_kind(const struct compression_reader *reader)
{
    return reader->kind;
}

void compression_reader_destroy(struct compression_reader *reader)
{
    if (!reader) {
        return;
    }
    if (reader->decoder) {
        reader->codec->decoder_destroy(reader->decoder);
    }
    free(reader->buffer);
    free(reader);
}
