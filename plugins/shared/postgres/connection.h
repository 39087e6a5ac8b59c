/*
 * connection - one session with a PostgreSQL server that can be cancelled at any moment.
 *
 * The socket never blocks: each wait is a poll() that looks at host->cancelled, so a run
 * that is asked to stop leaves a long query or a lock within a tenth of a second, and a
 * dead network within about one more.
 *
 * Layer: the postgres plugins' shared part; libpq and the SDK.
 */
#ifndef TIDE_POSTGRES_CONNECTION_H
#define TIDE_POSTGRES_CONNECTION_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stdint.h>
#include <tidemill/error.h>
#include <tidemill/option.h>
#include <tidemill/plugin.h>

#include "postgres/sql.h"

/** The options of both plugins, as TIDE_PG_OPTIONS describes them. */
struct tide_pg_options {
    const char *url;
    const char *host;
    int64_t port; /**< 0: not given */
    const char *database;
    const char *user;
    const char *password;
    const char *sslmode;
    const char *schema;
    int64_t connect_timeout;   /**< microseconds */
    int64_t statement_timeout; /**< microseconds; 0: the server's own */
};

/** These alone. */
extern const struct tide_option tide_pg_option_table[];

struct tide_pg {
    PGconn *conn;                 /**< owned */
    const struct tide_host *host; /**< borrowed */
    int64_t statement_timeout;    /**< milliseconds; 0: the server's own */
    bool abandoned;               /**< cancelled in mid-query: only close is left */
    bool uncancellable;           /**< what is under way is waited for to its end */
    struct tide_pg_sql deferred;  /**< owned: goes out with the next statement */
    char sqlstate[6];             /**< of the last error that the server told */
    const char *words;            /**< of the last BEGIN; borrowed */
    bool copy_begins;             /**< a COPY was sent, and no answer to it seen */
    const char *copying; /**< table that rows are copied into, or NULL; borrowed to the
                            end of the COPY */
    int64_t failed_line; /**< of such a COPY, at which the last error came, from 1; 0: it
                            does not say */
    char place[192];     /**< "shop on db.example.com:5432", for messages */
};

/** Whether they name a server in words that libpq understands; nothing is connected to.
 * TIDE_E_CONFIG.  The `check` of both plugins. */
TIDE_MUST_CHECK
int tide_pg_check(const void *options, const struct tide_host *host,
                  struct tide_error *err);

/** Connect as the options say.  TIDE_E_CONFIG: url malformed, no such database;
 * TIDE_E_AUTH: refused; TIDE_E_TRANSIENT: out of reach.  *out is the caller's to
 * close. */
TIDE_MUST_CHECK
int tide_pg_open(const struct tide_pg_options *options, const struct tide_host *host,
                 struct tide_pg **out, struct tide_error *err);

/** End the session; a query under way is cancelled, an open transaction rolled back.
 * pg may be NULL. */
void tide_pg_close(struct tide_pg *pg);

/** Run statements without parameters.  *result (may be NULL) is the last one's, or that
 * of a COPY that began, and the caller's to PQclear. */
TIDE_MUST_CHECK
int tide_pg_exec(struct tide_pg *pg, const char *sql, PGresult **result,
                 struct tide_error *err);

/** Run statements without parameters of which `count` return rows: these are results, set
 * to NULL before, and the caller's to PQclear also when it fails. */
TIDE_MUST_CHECK
int tide_pg_exec_rows(struct tide_pg *pg, const struct tide_pg_sql *sql,
                      PGresult **results, size_t count, struct tide_error *err);

/** Send statements, behind those that are deferred; tide_pg_receive() has their
 * result. */
TIDE_MUST_CHECK
int tide_pg_send(struct tide_pg *pg, const char *sql, struct tide_error *err);

/** Wait for the result of what was sent, up to the end or the start of a COPY. */
TIDE_MUST_CHECK
int tide_pg_receive(struct tide_pg *pg, PGresult **result, struct tide_error *err);

/** Run what was built, as tide_pg_exec(). */
TIDE_MUST_CHECK
int tide_pg_exec_sql(struct tide_pg *pg, const struct tide_pg_sql *sql, PGresult **result,
                     struct tide_error *err);

/** Run one statement with text parameters, of which each may be NULL. */
TIDE_MUST_CHECK
int tide_pg_query(struct tide_pg *pg, const char *sql, const char *const *params,
                  int count, PGresult **result, struct tide_error *err);

/** Send a statement along with the next one: a round trip saved.  It must be one that
 * does not fail by itself; what it returns is not seen. */
void tide_pg_defer(struct tide_pg *pg, const char *sql);

/** Begin a transaction (words: what follows BEGIN, or "", borrowed for good) in which
 * values have one exact text form whatever the server's settings are.  It is deferred. */
void tide_pg_begin(struct tide_pg *pg, const char *words);

/** Milliseconds of a clock that only goes forward. */
int64_t tide_pg_clock_ms(void);

/** Wait until the socket is ready for one of events (of poll(2)); *ready tells for which.
 * deadline is on tide_pg_clock_ms(), 0: none. */
TIDE_MUST_CHECK
int tide_pg_wait(struct tide_pg *pg, short events, int64_t deadline, short *ready,
                 struct tide_error *err);

/** Ask the server to stop what it does; only close is left then.  One that has not taken
 * note within a second is asked behind our back. */
void tide_pg_cancel(struct tide_pg *pg);

/** Push what libpq holds to the socket, all of it. */
TIDE_MUST_CHECK
int tide_pg_flush(struct tide_pg *pg, struct tide_error *err);

/** Wait until the server has something to say, and take it in. */
TIDE_MUST_CHECK
int tide_pg_wait_input(struct tide_pg *pg, struct tide_error *err);

/** Describe a failed result; returns its class. */
TIDE_MUST_CHECK
int tide_pg_result_error(struct tide_pg *pg, const PGresult *result,
                         struct tide_error *err);

/** Describe a connection that broke; TIDE_E_TRANSIENT, or the class the server gave. */
TIDE_MUST_CHECK
int tide_pg_lost(struct tide_pg *pg, struct tide_error *err);

#endif
