/*
 * stream - the rows of COPY ... TO STDOUT statements, one statement after the other.
 *
 * A server sends 8 KiB at a time, and each piece would wake us and cost the server the
 * time to do so: about a tenth of all it spends on the rows.  So once rows flow fast, the
 * kernel is told to wake us when many pieces have gathered.  It is not believed for long:
 * what gathers slowly, and the end, which may be short, is taken as it comes.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_STREAM_H
#define TIDE_POSTGRES_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

#include "postgres/connection.h"

/** Zero it but for pg; there is nothing to free. */
struct pg_stream {
    struct tide_pg *pg; /**< borrowed */
    int64_t bytes;      /**< that have come */
    bool is_drained;    /**< what the kernel had was taken in */
    bool gathers;       /**< the kernel waits for much */
};

/** Send the statements, and what stands before them; wait until the first begins. */
TIDE_MUST_CHECK
int pg_stream_begin(struct pg_stream *stream, const char *sql, struct tide_error *err);

/** The next message of a statement, the caller's to PQfreemem.  TIDE_END: it has ended,
 * and the next one that was sent has begun, if there is one. */
TIDE_MUST_CHECK
int pg_stream_get(struct pg_stream *stream, char **data, size_t *length,
                  struct tide_error *err);

#endif
