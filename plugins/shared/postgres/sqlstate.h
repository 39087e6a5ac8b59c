/*
 * sqlstate - what a server's error code means to the engine.
 *
 * Layer: the postgres plugins' shared part; libc and the SDK alone.
 */
#ifndef TIDE_POSTGRES_SQLSTATE_H
#define TIDE_POSTGRES_SQLSTATE_H

#include <stdbool.h>

/** The class (an enum tide_code) of a five-character SQLSTATE; NULL, as when the
 * connection broke, is TIDE_E_TRANSIENT. */
int tide_pg_sqlstate_code(const char *sqlstate);

/** Whether the rows are to blame, so that a refused batch is worth splitting. */
bool tide_pg_sqlstate_is_data(const char *sqlstate);

#endif
