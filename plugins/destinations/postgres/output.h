/*
 * output - the bytes of a COPY on their way to the server, in chunks.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_OUTPUT_H
#define TIDE_POSTGRES_OUTPUT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <tidemill/error.h>

#include "postgres/connection.h"
#include "postgres/copy.h"

/** Zero it and set pg; pg_output_clear() frees it. */
struct pg_output {
    struct tide_pg *pg; /**< borrowed */
    uint8_t *data;      /**< owned */
    size_t length, capacity;
    size_t flush_at; /**< bytes that are worth sending */
};

/** Begin a stream: the first bytes go out soon, so that the server need not wait for a
 * whole chunk, and then more at once. */
void pg_output_begin(struct pg_output *output);

/** Send what is there. */
TIDE_MUST_CHECK
int pg_output_flush(struct pg_output *output, struct tide_error *err);

/** Make room for more than there is capacity left. */
TIDE_MUST_CHECK
int pg_output_grow(struct pg_output *output, size_t more, struct tide_error *err);

/** Append bytes; long ones are sent from where they are. */
TIDE_MUST_CHECK
int pg_output_bytes(struct pg_output *output, const void *bytes, size_t length,
                    struct tide_error *err);

void pg_output_clear(struct pg_output *output);

/** Make sure that so many bytes fit behind data + length. */
TIDE_MUST_CHECK
static inline int pg_output_reserve(struct pg_output *output, size_t more,
                                    struct tide_error *err)
{
    return output->capacity - output->length >= more ? TIDE_OK
                                                     : pg_output_grow(output, more, err);
}

/* Big-endian numbers, into reserved room. */

static inline void pg_put16(struct pg_output *output, uint16_t value)
{
    uint16_t wire = __builtin_bswap16(value);

    memcpy(output->data + output->length, &wire, sizeof wire);
    output->length += sizeof wire;
}

static inline void pg_put32(struct pg_output *output, uint32_t value)
{
    uint32_t wire = __builtin_bswap32(value);

    memcpy(output->data + output->length, &wire, sizeof wire);
    output->length += sizeof wire;
}

static inline void pg_put64(struct pg_output *output, uint64_t value)
{
    uint64_t wire = __builtin_bswap64(value);

    memcpy(output->data + output->length, &wire, sizeof wire);
    output->length += sizeof wire;
}

static inline void pg_put_byte(struct pg_output *output, uint8_t value)
{
    output->data[output->length++] = value;
}

#endif
