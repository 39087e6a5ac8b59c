/*
 * connection - one session with a PostgreSQL server that can be cancelled at any moment.
 */
#include "postgres/connection.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "postgres/connect_error.h"
#include "postgres/sqlstate.h"

#define POLL_SLICE_MS 100

#define FIELD(name) offsetof(struct tide_pg_options, name)

const struct tide_option tide_pg_option_table[] = {
    {.name = "url",
     .type = TIDE_OPTION_STRING,
     .secret = true,
     .offset = FIELD(url),
     .help = "Connection URI or keyword string of libpq; the options beside it win.",
     .example = "postgresql://loader@db.example.com/shop?sslmode=verify-full"},
    {.name = "host",
     .type = TIDE_OPTION_STRING,
     .offset = FIELD(host),
     .help = "Server's name or address, or the folder of its socket.",
     .example = "db.example.com"},
    {.name = "port",
     .type = TIDE_OPTION_INT,
     .minimum = 1,
     .maximum = 65535,
     .offset = FIELD(port),
     .help = "Server's port; 5432 when not given.",
     .example = "5432"},
    {.name = "database",
     .type = TIDE_OPTION_STRING,
     .offset = FIELD(database),
     .help = "Database; the user's name when not given.",
     .example = "shop"},
    {.name = "user",
     .type = TIDE_OPTION_STRING,
     .offset = FIELD(user),
     .help = "Role to log in as.",
     .example = "loader"},
    {.name = "password",
     .type = TIDE_OPTION_STRING,
     .secret = true,
     .offset = FIELD(password),
     .help = "Its password.",
     .example = "${PGPASSWORD}"},
    {.name = "sslmode",
     .type = TIDE_OPTION_STRING,
     .offset = FIELD(sslmode),
     .help = "TLS as libpq knows it: disable, allow, prefer, require, verify-ca or "
             "verify-full.",
     .example = "verify-full"},
    {.name = "schema",
     .type = TIDE_OPTION_STRING,
     .default_value = "public",
     .offset = FIELD(schema),
     .help = "Schema of tables that are named without one.",
     .example = "sales"},
    {.name = "connect_timeout",
     .type = TIDE_OPTION_DURATION,
     .default_value = "10s",
     .minimum = 1000,
     .maximum = INT64_C(3600000000),
     .offset = FIELD(connect_timeout),
     .help = "How long to wait for a connection.",
     .example = "30s"},
    {.name = "statement_timeout",
     .type = TIDE_OPTION_DURATION,
     .minimum = 0,
     .maximum = INT64_C(604800000000),
     .offset = FIELD(statement_timeout),
     .help = "How long one statement may take; the server's own setting when not given.",
     .example = "15m"},
    {0},
};

/* ---- waiting --------------------------------------------------------------------- */

static int64_t monotonic_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void cancel_query(struct tide_pg *pg)
{
    char reason[256];
    PGcancel *cancel = PQgetCancel(pg->conn);

    if (cancel) {
        (void)PQcancel(cancel, reason, sizeof reason);
        PQfreeCancel(cancel);
    }
    pg->abandoned = true;
}

/* Wait until the socket is ready for one of events; which one is told by *ready. */
static int wait_socket(struct tide_pg *pg, short events, int64_t deadline, short *ready,
                       struct tide_error *err)
{
    for (;;) {
        struct pollfd socket = {.fd = PQsocket(pg->conn), .events = events};
        int count = poll(&socket, 1, POLL_SLICE_MS);

        if (count > 0) {
            *ready = socket.revents;
            return TIDE_OK;
        }
        if (count < 0 && errno != EINTR) {
            return tide_error_set(err, TIDE_E_IO, "cannot wait for %s: %s", pg->place,
                                  strerror(errno));
        }
        if (pg->host->cancelled(pg->host)) {
            cancel_query(pg);
            return tide_error_set(err, TIDE_E_CANCELLED, "cancelled while waiting for %s",
                                  pg->place);
        }
        if (deadline && monotonic_ms() >= deadline) {
            return tide_error_set(err, TIDE_E_TRANSIENT,
                                  "no answer from %s within connect_timeout", pg->place);
        }
    }
}

int tide_pg_wait_input(struct tide_pg *pg, struct tide_error *err)
{
    short ready;
    int rc = wait_socket(pg, POLLIN, 0, &ready, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    return PQconsumeInput(pg->conn) ? TIDE_OK : tide_pg_lost(pg, err);
}

int tide_pg_flush(struct tide_pg *pg, struct tide_error *err)
{
    int left;

    while ((left = PQflush(pg->conn)) > 0) {
        short ready;
        int rc = wait_socket(pg, POLLIN | POLLOUT, 0, &ready, err);

        if (rc != TIDE_OK) {
            return rc;
        }
        if ((ready & POLLIN) && !PQconsumeInput(pg->conn)) {
            return tide_pg_lost(pg, err);
        }
    }
    return left == 0 ? TIDE_OK : tide_pg_lost(pg, err);
}

/* ---- connecting ------------------------------------------------------------------ */

/* Notices go to the log instead of the standard error. */
static void log_notice(void *arg, const PGresult *result)
{
    const struct tide_pg *pg = arg;
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (message) {
        pg->host->log(pg->host, TIDE_LOG_DEBUG, message);
    }
}

/* Whether libpq understands the url; its own message may show the password, so ours
 * stands in. */
static int check_url(const char *url, struct tide_error *err)
{
    char *reason = NULL;
    PQconninfoOption *parsed = PQconninfoParse(url, &reason);

    PQfreemem(reason);
    if (!parsed) {
        return tide_error_at(
            err, TIDE_E_CONFIG, "url",
            "url is not a PostgreSQL URI (postgresql://user@host:port/database) nor a "
            "keyword string (host=... dbname=...); characters such as @ : / %% in a "
            "user's name or password are written percent-encoded");
    }
    PQconninfoFree(parsed);
    return TIDE_OK;
}

static PGconn *start_connection(const struct tide_pg_options *options)
{
    const char *keywords[12];
    const char *values[12];
    char port[16];
    size_t count = 0;
    const struct {
        const char *keyword;
        const char *value;
    } given[] = {
        {"dbname", options->url},
        {"host", options->host},
        {"port", options->port ? port : NULL},
        {"dbname", options->database},
        {"user", options->user},
        {"password", options->password},
        {"sslmode", options->sslmode},
        {"client_encoding", "UTF8"},
        {"fallback_application_name", "tidemill"},
    };

    (void)snprintf(port, sizeof port, "%lld", (long long)options->port);
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i].value) {
            keywords[count] = given[i].keyword;
            values[count++] = given[i].value;
        }
    }
    keywords[count] = NULL;
    values[count] = NULL;
    return PQconnectStartParams(keywords, values, 1);
}

static void describe_place(struct tide_pg *pg)
{
    const char *database = PQdb(pg->conn);
    const char *host = PQhost(pg->conn);
    const char *port = PQport(pg->conn);

    (void)snprintf(pg->place, sizeof pg->place, "database \"%s\" on %s:%s",
                   database ? database : "", host && *host ? host : "localhost",
                   port && *port ? port : "5432");
}

static int drive_connection(struct tide_pg *pg, int64_t deadline, struct tide_error *err)
{
    PostgresPollingStatusType want = PGRES_POLLING_WRITING;

    while (want != PGRES_POLLING_OK) {
        short ready;
        int rc;

        if (want == PGRES_POLLING_FAILED) {
            describe_place(pg);
            return tide_pg_connect_error(pg->conn, pg->place, err);
        }
        rc = wait_socket(pg, want == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline,
                         &ready, err);
        if (rc != TIDE_OK) {
            return rc;
        }
        want = PQconnectPoll(pg->conn);
    }
    describe_place(pg);
    return TIDE_OK;
}

static int connect_server(struct tide_pg *pg, const struct tide_pg_options *options,
                          struct tide_error *err)
{
    int rc;

    pg->conn = start_connection(options);
    if (!pg->conn) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for a connection");
    }
    describe_place(pg);
    if (PQstatus(pg->conn) == CONNECTION_BAD) {
        return tide_pg_connect_error(pg->conn, pg->place, err);
    }
    (void)PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE);
    (void)PQsetNoticeReceiver(pg->conn, log_notice, pg);
    rc = drive_connection(pg, monotonic_ms() + options->connect_timeout / 1000, err);
    if (rc == TIDE_OK) {
        (void)PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
        (void)PQsetnonblocking(pg->conn, 1);
    }
    return rc;
}

int tide_pg_open(const struct tide_pg_options *options, const struct tide_host *host,
                 struct tide_pg **out, struct tide_error *err)
{
    struct tide_pg *pg;
    int rc;

    if (!options->url && !options->host) {
        return tide_error_at(err, TIDE_E_CONFIG, "url",
                             "the server is not named: give url, or host with database, "
                             "user and password");
    }
    rc = options->url ? check_url(options->url, err) : TIDE_OK;
    if (rc != TIDE_OK) {
        return rc;
    }
    pg = host->allocate(host, sizeof *pg);
    if (!pg) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for a connection");
    }
    pg->host = host;
    pg->statement_timeout = (options->statement_timeout + 999) / 1000;
    rc = connect_server(pg, options, err);
    if (rc != TIDE_OK) {
        tide_pg_close(pg);
        return rc;
    }
    *out = pg;
    return TIDE_OK;
}

void tide_pg_close(struct tide_pg *pg)
{
    if (!pg) {
        return;
    }
    if (pg->conn && !pg->abandoned && PQtransactionStatus(pg->conn) == PQTRANS_ACTIVE) {
        cancel_query(pg);
    }
    PQfinish(pg->conn);
    free(pg);
}

/* ---- errors ---------------------------------------------------------------------- */

int tide_pg_lost(struct tide_pg *pg, struct tide_error *err)
{
    PGresult *result = PQgetResult(pg->conn);
    int code;

    if (result && PQresultErrorField(result, PG_DIAG_SQLSTATE)) {
        code = tide_pg_result_error(pg, result, err);
    } else {
        code = tide_pg_broken_error(pg->conn, pg->place, err);
    }
    PQclear(result);
    return code;
}

int tide_pg_result_error(struct tide_pg *pg, const PGresult *result,
                         struct tide_error *err)
{
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    const char *detail = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT);
    const char *context = PQresultErrorField(result, PG_DIAG_CONTEXT);

    if (!sqlstate || !message) {
        return tide_pg_broken_error(pg->conn, pg->place, err);
    }
    return tide_error_at(err, tide_pg_sqlstate_code(sqlstate), context ? context : "",
                         "%s%s%s%s%s (%s, SQLSTATE %s)", message, detail ? "; " : "",
                         detail ? detail : "", hint ? "; " : "", hint ? hint : "",
                         pg->place, sqlstate);
}

/* ---- statements ------------------------------------------------------------------ */

static bool is_copy(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT;
}

static bool is_failure(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/* The next result that libpq has in full; *result is NULL after the last one. */
static int next_result(struct tide_pg *pg, PGresult **result, struct tide_error *err)
{
    while (PQisBusy(pg->conn)) {
        int rc = tide_pg_wait_input(pg, err);

        if (rc != TIDE_OK) {
            return rc;
        }
    }
    *result = PQgetResult(pg->conn);
    return TIDE_OK;
}

int tide_pg_receive(struct tide_pg *pg, PGresult **result, struct tide_error *err)
{
    PGresult *last = NULL;
    PGresult *next = NULL;
    int rc;

    while ((rc = next_result(pg, &next, err)) == TIDE_OK && next) {
        if (last && is_failure(last)) {
            PQclear(next);
            continue;
        }
        PQclear(last);
        last = next;
        if (is_copy(last)) {
            break;
        }
    }
    if (rc == TIDE_OK && (!last || is_failure(last))) {
        rc = last ? tide_pg_result_error(pg, last, err) : tide_pg_lost(pg, err);
    }
    if (rc == TIDE_OK && result) {
        *result = last;
        last = NULL;
    }
    PQclear(last);
    return rc;
}

/* What stands before a query: the connection must be usable. */
static int check_usable(struct tide_pg *pg, struct tide_error *err)
{
    if (pg->abandoned) {
        return tide_error_set(err, TIDE_E_CANCELLED, "cancelled");
    }
    return PQstatus(pg->conn) == CONNECTION_OK ? TIDE_OK : tide_pg_lost(pg, err);
}

int tide_pg_exec(struct tide_pg *pg, const char *sql, PGresult **result,
                 struct tide_error *err)
{
    int rc = check_usable(pg, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (!PQsendQuery(pg->conn, sql)) {
        return tide_pg_lost(pg, err);
    }
    rc = tide_pg_flush(pg, err);
    return rc == TIDE_OK ? tide_pg_receive(pg, result, err) : rc;
}

int tide_pg_exec_sql(struct tide_pg *pg, const struct tide_pg_sql *sql, PGresult **result,
                     struct tide_error *err)
{
    int rc = tide_pg_sql_check(sql, err);

    return rc == TIDE_OK ? tide_pg_exec(pg, sql->text, result, err) : rc;
}

int tide_pg_query(struct tide_pg *pg, const char *sql, const char *const *params,
                  int count, PGresult **result, struct tide_error *err)
{
    int rc = check_usable(pg, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (!PQsendQueryParams(pg->conn, sql, count, NULL, params, NULL, NULL, 0)) {
        return tide_pg_lost(pg, err);
    }
    rc = tide_pg_flush(pg, err);
    return rc == TIDE_OK ? tide_pg_receive(pg, result, err) : rc;
}

int tide_pg_begin(struct tide_pg *pg, const char *words, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    tide_pg_sql_format(&sql,
                       "BEGIN %s; SET LOCAL standard_conforming_strings = on; "
                       "SET LOCAL datestyle = 'ISO, YMD'; "
                       "SET LOCAL intervalstyle = postgres; "
                       "SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = hex; "
                       "SET LOCAL lc_monetary = 'C'; SET LOCAL xmloption = content; "
                       "SET LOCAL idle_in_transaction_session_timeout = 0",
                       words);
    if (pg->statement_timeout) {
        tide_pg_sql_format(&sql, "; SET LOCAL statement_timeout = %lld",
                           (long long)pg->statement_timeout);
    }
    rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    tide_pg_sql_clear(&sql);
    return rc;
}
