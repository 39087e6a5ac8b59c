/*
 * sqlstate - what a server's error code means to the engine.
 *
 * Layer: the postgres plugins' shared part; libc and the SDK alone.
 */
#ifndef TIDE_POSTGRES_SQLSTATE_H
#define TIDE_POSTGRES_SQLSTATE_H

/** The class (an enum tide_code) of a five-character SQLSTATE; NULL, as when the
 * connection broke, is TIDE_E_TRANSIENT. */
int tide_pg_sqlstate_code(const char *sqlstate);

#endif
