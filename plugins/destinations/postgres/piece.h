/*
 * piece - rows that go to the server in one COPY, in a savepoint of its own.
 *
 * A piece begins with the first row that is not in, and grows while its COPY is open.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_PIECE_H
#define TIDE_POSTGRES_PIECE_H

#include "load.h"

/** Send the rows up to end, but those that are refused, behind those that the piece has
 * already. */
TIDE_MUST_CHECK
int pg_piece_send(struct pg_load *load, int64_t end, struct tide_error *err);

/** The server's verdict on the piece, which has the rows up to end.  TIDE_E_DATA: some
 * are bad, and pg_piece_undo() comes next. */
TIDE_MUST_CHECK
int pg_piece_finish(struct pg_load *load, int64_t end, struct tide_error *err);

/** What the piece brought is undone. */
void pg_piece_undo(struct pg_load *load);

/** How many of the rows from start to end are sent. */
int64_t pg_piece_count(const struct pg_load *load, int64_t start, int64_t end);

#endif
