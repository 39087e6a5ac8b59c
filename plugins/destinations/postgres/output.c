/*
 * output - the bytes of a COPY on their way to the server, in chunks.
 */
#include "output.h"

#include <stdlib.h>

#define FIRST_FLUSH ((size_t)8 * 1024)

void pg_output_begin(struct pg_output *output)
{
    output->length = 0;
    output->flush_at = FIRST_FLUSH;
}

int pg_output_flush(struct pg_output *output, struct tide_error *err)
{
    size_t length = output->length;

    output->length = 0;
    if (output->flush_at < TIDE_PG_CHUNK) {
        output->flush_at *= 2;
    }
    return tide_pg_copy_put(output->pg, output->data, length, err);
}

int pg_output_grow(struct pg_output *output, size_t more, struct tide_error *err)
{
    size_t wanted = output->capacity ? output->capacity : TIDE_PG_CHUNK + 4096;
    uint8_t *data;

    while (wanted - output->length < more) {
        wanted *= 2;
    }
    data = realloc(output->data, wanted);
    if (!data) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for a row");
    }
    output->data = data;
    output->capacity = wanted;
    return TIDE_OK;
}

int pg_output_bytes(struct pg_output *output, const void *bytes, size_t length,
                    struct tide_error *err)
{
    int rc;

    if (length >= TIDE_PG_CHUNK) {
        rc = pg_output_flush(output, err);
        return rc == TIDE_OK ? tide_pg_copy_put(output->pg, bytes, length, err) : rc;
    }
    rc = pg_output_reserve(output, length, err);
    if (rc == TIDE_OK && length > 0) {
        memcpy(output->data + output->length, bytes, length);
        output->length += length;
    }
    return rc;
}

void pg_output_clear(struct pg_output *output)
{
    free(output->data);
    memset(output, 0, sizeof *output);
}
