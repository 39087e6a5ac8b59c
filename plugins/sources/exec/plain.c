/*
 * plain - lines that are rows: the program's output goes to the format as a file would.
 */
#include "exec.h"

/* What is asked for at once. */
#define CHUNK ((size_t)65536)

int exec_fill(struct reader *reader, struct tide_error *err)
{
    uint8_t *room = buffer_room(&reader->input, CHUNK);
    size_t length = 0;
    int rc;

    if (!room) {
        return tide_error_memory(err);
    }
    rc = child_read(&reader->child, room, CHUNK, &length, err);
    if (rc == TIDE_OK && length == 0) {
        rc = child_finish(&reader->child, err);
        reader->is_ended = rc == TIDE_OK;
    }
    reader->input.length += length;
    return rc;
}

int exec_open_decoder(struct reader *reader, const struct tide_host *host,
                      const struct tide_schema *table, struct tide_error *err)
{
    struct tide_decoder_request *request = &reader->decoder_request;

    request->size = sizeof *request;
    request->batch_rows = reader->request->batch_rows;
    request->batch_bytes = reader->request->batch_bytes;
    request->origin = reader->request->table;
    request->declared = reader->request->declared;
    request->table = table;
    return exec_format(reader)->decoder_open(reader->options->format.options, request,
                                             host, &reader->decoder, err);
}

static int broken_format(const struct reader *reader, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_INTERNAL,
                          "the format \"%s\" asks for more at the end",
                          reader->options->format.plugin->name);
}

int plain_open(struct reader *reader, struct tide_schema *schema, struct tide_error *err)
{
    int rc = exec_open_decoder(reader, reader->host, NULL, err);

    while (rc == TIDE_OK) {
        struct tide_span span = buffer_span(&reader->input, reader->is_ended);

        rc = exec_format(reader)->decoder_schema(reader->decoder, &span, schema, err);
        if (rc != TIDE_MORE) {
            return rc;
        }
        rc = span.last ? broken_format(reader, err) : exec_fill(reader, err);
    }
    return rc;
}

int plain_read(struct reader *reader, struct tide_batch *batch, struct tide_error *err)
{
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !batch->array.release) {
        struct tide_span span = buffer_span(&reader->input, reader->is_ended);
        size_t consumed = 0;

        rc = exec_format(reader)->decode(reader->decoder, &span, &consumed, batch, err);
        if (rc == TIDE_OK) {
            buffer_take(&reader->input, consumed);
            if (batch->array.length == 0) {
                tide_batch_release(batch);
            }
        } else if (rc == TIDE_MORE) {
            rc = span.last ? broken_format(reader, err) : exec_fill(reader, err);
        }
    }
    return rc;
}
