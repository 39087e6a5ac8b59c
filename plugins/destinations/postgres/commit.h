/*
 * commit - ending a transaction so that its outcome is known, also when the reply is
 * lost.
 *
 * When the connection breaks between COMMIT and its reply, a new session looks at the
 * pipeline's row of the positions table: it was written in that very transaction.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_COMMIT_H
#define TIDE_POSTGRES_COMMIT_H

#include "positions.h"
#include "postgres/connection.h"

/**
 * Commit the transaction under way with a position (NULL: none is kept from now on).
 * *pg is replaced when the connection broke and the commit is found to be in.
 * TIDE_E_TRANSIENT: it is not in, or that cannot be told; the message says which.
 */
TIDE_MUST_CHECK
int pg_commit(struct tide_pg **pg, const struct tide_pg_options *options,
              struct pg_positions *positions, const char *position,
              struct tide_error *err);

#endif
