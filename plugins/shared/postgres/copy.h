/*
 * copy - the COPY protocol, in both directions, without blocking.
 *
 * Layer: the postgres plugins' shared part; libpq and the SDK.
 */
#ifndef TIDE_POSTGRES_COPY_H
#define TIDE_POSTGRES_COPY_H

#include <stddef.h>
#include <tidemill/error.h>

#include "postgres/connection.h"

/** What libpq and the kernel take well at once. */
#define TIDE_PG_CHUNK ((size_t)64 * 1024)

/** Send a COPY ... FROM STDIN, with what stands before it, and wait until it begins. */
TIDE_MUST_CHECK
int tide_pg_copy_in(struct tide_pg *pg, const char *sql, struct tide_error *err);

/** The same for a COPY ... TO STDOUT. */
TIDE_MUST_CHECK
int tide_pg_copy_out(struct tide_pg *pg, const char *sql, struct tide_error *err);

/** Send bytes of the stream, in pieces, and wait until they have left. */
TIDE_MUST_CHECK
int tide_pg_copy_put(struct tide_pg *pg, const void *data, size_t length,
                     struct tide_error *err);

/** End the stream; the server's verdict on all of it.  *rows tells how many it took. */
TIDE_MUST_CHECK
int tide_pg_copy_finish(struct tide_pg *pg, int64_t *rows, struct tide_error *err);

/** The next piece of a COPY ... TO STDOUT, the caller's to PQfreemem; TIDE_END after the
 * last. */
TIDE_MUST_CHECK
int tide_pg_copy_get(struct tide_pg *pg, char **data, size_t *length,
                     struct tide_error *err);

#endif
