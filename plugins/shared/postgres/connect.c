/*
 * connect - making a connection, and ending it.
 */
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "postgres/connect_error.h"
#include "postgres/connection.h"
#include "postgres/nearest.h"

/* Notices go to the log instead of the standard error. */
static void log_notice(void *arg, const PGresult *result)
{
    const struct tide_pg *pg = arg;
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (message) {
        pg->host->log(pg->host, TIDE_LOG_DEBUG, message);
    }
}

static bool has_only(const char *value, const char *characters)
{
    return value[strspn(value, characters)] == '\0';
}

/* Whether a part of a password may stand where another word belongs, as libpq took a URI
 * apart: with an @ or a / in it that is not percent-encoded. */
static bool is_misread(const char *url, const PQconninfoOption *option)
{
    const char *keyword = option->keyword;
    const char *value = option->val;

    if (!value) {
        return false;
    }
    if (strcmp(keyword, "port") == 0) {
        return !has_only(value, "0123456789,");
    }
    if (strcmp(keyword, "host") == 0) {
        return strchr(value, '@') != NULL;
    }
    return strcmp(keyword, "dbname") == 0 && strchr(value, '@') && !strstr(url, "%40");
}

/* Whether libpq understands the url; its own message may show the password, so ours
 * stands in. */
static int check_url(const char *url, struct tide_error *err)
{
    char *reason = NULL;
    PQconninfoOption *parsed = PQconninfoParse(url, &reason);
    bool understood = parsed != NULL;

    PQfreemem(reason);
    for (const PQconninfoOption *option = parsed; option && option->keyword; option++) {
        understood = understood && !is_misread(url, option);
    }
    PQconninfoFree(parsed);
    if (!understood) {
        return tide_error_at(
            err, TIDE_E_CONFIG, "url",
            "url is not a PostgreSQL URI (postgresql://user@host:port/database) nor a "
            "keyword string (host=... dbname=...); characters such as @ : / %% in a "
            "user's name or password are written percent-encoded");
    }
    return TIDE_OK;
}

/* libpq refuses the same, when it connects. */
static int check_sslmode(const char *sslmode, struct tide_error *err)
{
    static const char *const modes[] = {"disable", "allow",     "prefer",
                                        "require", "verify-ca", "verify-full"};
    struct tide_pg_nearest nearest = {.word = sslmode};

    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        if (strcmp(sslmode, modes[i]) == 0) {
            return TIDE_OK;
        }
        tide_pg_nearest_offer(&nearest, modes[i]);
    }
    return tide_error_at(err, TIDE_E_CONFIG, "sslmode",
                         "\"%.64s\" is not one of disable, allow, prefer, require, "
                         "verify-ca and verify-full%s%s%s",
                         sslmode, nearest.best ? "; did you mean \"" : "",
                         nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

int tide_pg_check(const void *given, const struct tide_host *host, struct tide_error *err)
{
    const struct tide_pg_options *options = given;
    int rc = TIDE_OK;

    (void)host;
    if (!options->url && !options->host) {
        return tide_error_at(err, TIDE_E_CONFIG, "url",
                             "the server is not named: give url, or host with database, "
                             "user and password");
    }
    if (options->url) {
        rc = check_url(options->url, err);
    }
    if (rc == TIDE_OK && options->sslmode && options->sslmode[0]) {
        rc = check_sslmode(options->sslmode, err);
    }
    return rc;
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
        short ready = 0;
        int rc;

        if (want == PGRES_POLLING_FAILED) {
            describe_place(pg);
            return tide_pg_connect_error(pg->conn, pg->place, err);
        }
        rc = tide_pg_wait(pg, want == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline,
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
    rc = drive_connection(pg, tide_pg_clock_ms() + options->connect_timeout / 1000, err);
    if (rc == TIDE_OK) {
        (void)PQsetErrorVerbosity(pg->conn, PQERRORS_DEFAULT);
        (void)PQsetnonblocking(pg->conn, 1);
    }
    return rc;
}

int tide_pg_open(const struct tide_pg_options *options, const struct tide_host *host,
                 struct tide_pg **out, struct tide_error *err)
{
    int rc = tide_pg_check(options, host, err);
    struct tide_pg *pg;

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
        tide_pg_cancel(pg);
    }
    PQfinish(pg->conn);
    tide_pg_sql_clear(&pg->deferred);
    free(pg);
}
