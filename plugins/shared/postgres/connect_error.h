/*
 * connect_error - telling why there is no connection, and of what class that is.
 *
 * libpq has no SQLSTATE to ask for before a session stands; at full verbosity it writes
 * the code into its message, whatever the server's language, and it is taken from there.
 *
 * Layer: the postgres plugins' shared part; libpq and the SDK.
 */
#ifndef TIDE_POSTGRES_CONNECT_ERROR_H
#define TIDE_POSTGRES_CONNECT_ERROR_H

#include <libpq-fe.h>
#include <tidemill/error.h>

/** Describe why conn could not be made; place names it.  Returns the class. */
TIDE_MUST_CHECK
int tide_pg_connect_error(PGconn *conn, const char *place, struct tide_error *err);

/** Describe why an established connection is of no use any more; TIDE_E_TRANSIENT. */
TIDE_MUST_CHECK
int tide_pg_broken_error(PGconn *conn, const char *place, struct tide_error *err);

#endif
