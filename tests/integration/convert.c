/*
 * convert - one format to another, without the engine: for tests whose judge is not ours.
 *
 *     convert csv '{"header": false}' jsonl '{}' < in > out
 *
 * Formats are loaded from $TIDEMILL_PLUGIN_DIR.  Rejects go to standard error, a line
 * each: "ragged_row@3".  Exit status 1: the file was refused, and why.
 */
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>

#include "plugin/load.h"
#include "plugin/options.h"

struct end {
    const struct tide_format *format;
    const void *options;
    void *state;
};

static int fail(const struct tide_error *err)
{
    (void)fprintf(stderr, "%s%s%s\n", err->where, err->where[0] ? ": " : "",
                  err->message);
    return 1;
}

static int show_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    (void)host;
    (void)fprintf(stderr, "%s@%lld\n", reject->code, (long long)reject->position);
    return TIDE_OK;
}

static void show_log(const struct tide_host *host, int level, const char *message)
{
    (void)host;
    (void)fprintf(stderr, "%d %s\n", level, message);
}

static int load(const char *name, const char *text, struct tide_arena *arena,
                struct end *end, struct tide_error *err)
{
    struct json_object *json = json_tokener_parse(text);
    const char *folder = getenv("TIDEMILL_PLUGIN_DIR");
    const struct tide_plugin_entry *entry;
    int rc = tide_plugin_load(folder ? folder : "", TIDE_KIND_FORMAT, name, &entry, err);

    if (rc == TIDE_OK) {
        end->format = entry->format;
        rc = tide_options_bind(folder, entry, json, ".", arena, &end->options, err);
    }
    json_object_put(json);
    return rc;
}

/* All of standard input, with padding. */
static uint8_t *read_all(size_t *length)
{
    size_t capacity = 1 << 16;
    uint8_t *data = malloc(capacity + TIDE_PADDING);

    *length = 0;
    while (data) {
        size_t got = fread(data + *length, 1, capacity - *length, stdin);

        *length += got;
        if (got == 0) {
            break;
        }
        if (*length == capacity) {
            uint8_t *larger = realloc(data, capacity * 2 + TIDE_PADDING);

            if (!larger) {
                free(data);
                return NULL;
            }
            data = larger;
            capacity *= 2;
        }
    }
    return data;
}

static int put(const struct end *out, const struct tide_batch *batch,
               struct tide_error *err)
{
    const uint8_t *data;
    size_t length;
    int rc = out->format->encode(out->state, batch, &data, &length, err);

    if (rc == TIDE_OK && length > 0 && fwrite(data, 1, length, stdout) != length) {
        rc = tide_error_set(err, TIDE_E_IO, "cannot write");
    }
    return rc;
}

static int convert_rows(const struct end *in, const struct end *out,
                        struct tide_span span, struct tide_error *err)
{
    for (;;) {
        struct tide_batch batch = {0};
        size_t consumed;
        int rc = in->format->decode(in->state, &span, &consumed, &batch, err);

        if (rc == TIDE_END) {
            return put(out, NULL, err);
        }
        if (rc == TIDE_OK) {
            rc = put(out, &batch, err);
            tide_batch_release(&batch);
        }
        if (rc != TIDE_OK) {
            return rc;
        }
        span.data += consumed;
        span.length -= consumed;
    }
}

static int convert(struct end *in, struct end *out, struct tide_error *err)
{
    static const struct tide_host host = {
        .abi = TIDE_ABI, .size = sizeof host, .log = show_log, .reject = show_reject};
    struct tide_decoder_request request = {.size = sizeof request,
                                           .batch_rows = 16384,
                                           .batch_bytes = 4 << 20,
                                           .origin = "stdin"};
    struct tide_schema schema = {0};
    struct tide_span span = {.last = true};
    uint8_t *data = read_all(&span.length);
    int rc;

    span.data = data;
    rc = in->format->decoder_open(in->options, &request, &host, &in->state, err);
    if (rc == TIDE_OK) {
        rc = in->format->decoder_schema(in->state, &span, &schema, err);
    }
    if (rc == TIDE_OK) {
        rc = out->format->encoder_open(out->options, &schema, &host, &out->state, err);
    }
    if (rc == TIDE_OK) {
        rc = out->format->encoder_begin(out->state, false, err);
    }
    if (rc == TIDE_OK) {
        rc = convert_rows(in, out, span, err);
    }
    in->format->decoder_close(in->state);
    out->format->encoder_close(out->state);
    tide_schema_clear(&schema);
    free(data);
    return rc;
}

int main(int argc, char **argv)
{
    struct tide_arena *arena = tide_arena_create();
    struct tide_error err = {0};
    struct end in = {0}, out = {0};
    int rc = 0;

    if (argc != 5) {
        (void)fputs("usage: convert FORMAT OPTIONS FORMAT OPTIONS\n", stderr);
        rc = 2;
    } else if (load(argv[1], argv[2], arena, &in, &err) != TIDE_OK ||
               load(argv[3], argv[4], arena, &out, &err) != TIDE_OK ||
               convert(&in, &out, &err) != TIDE_OK) {
        rc = fail(&err);
    }
    tide_arena_destroy(arena);
    return rc;
}
