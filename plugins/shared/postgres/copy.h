/*
 * copy - COPY ... FROM STDIN without blocking.
 *
 * Layer: the postgres plugins' shared part; libpq and the SDK.
 */
#ifndef TIDE_POSTGRES_COPY_H
#define TIDE_POSTGRES_COPY_H

#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

#include "postgres/connection.h"

/** What libpq and the kernel take well at once. */
#define TIDE_PG_CHUNK ((size_t)64 * 1024)

/** Send a COPY ... FROM STDIN, with what is deferred before it.  Whether it could begin
 * is told by the first tide_pg_copy_put() or tide_pg_copy_finish(). */
TIDE_MUST_CHECK
int tide_pg_copy_in(struct tide_pg *pg, const char *sql, struct tide_error *err);

/** Send bytes of the stream, in pieces, and wait until they have left, but for a few that
 * go out with what follows them. */
TIDE_MUST_CHECK
int tide_pg_copy_put(struct tide_pg *pg, const void *data, size_t length,
                     struct tide_error *err);

/** End the stream; the server's verdict on all of it.  *rows tells how many it took. */
TIDE_MUST_CHECK
int tide_pg_copy_finish(struct tide_pg *pg, int64_t *rows, struct tide_error *err);

/**
 * The line in which a COPY into a table failed, as the context of the error tells it; 0
 * when it does not.  The words may be of some other language, where these have the same
 * order; context may be NULL.
 */
int64_t tide_pg_copy_line(const char *context, const char *table);

#endif
