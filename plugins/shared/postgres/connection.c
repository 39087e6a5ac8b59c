/*
 * connection - one session with a PostgreSQL server that can be cancelled at any moment.
 */
#include "postgres/connection.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "postgres/connect_error.h"
#include "postgres/copy.h"
#include "postgres/sqlstate.h"

#define POLL_SLICE_MS 100

/* ---- waiting --------------------------------------------------------------------- */

int64_t tide_pg_clock_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int fail_to_wait(const struct tide_pg *pg, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_IO, "cannot wait for %s: %s", pg->place,
                          strerror(errno));
}

static int check_cancelled(struct tide_pg *pg, struct tide_error *err)
{
    if (pg->uncancellable || !pg->host->cancelled(pg->host)) {
        return TIDE_OK;
    }
    tide_pg_cancel(pg);
    return tide_error_set(err, TIDE_E_CANCELLED, "cancelled while waiting for %s",
                          pg->place);
}

int tide_pg_wait(struct tide_pg *pg, short events, int64_t deadline, short *ready,
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
            return fail_to_wait(pg, err);
        }
        if (check_cancelled(pg, err) != TIDE_OK) {
            return err->code;
        }
        if (deadline && tide_pg_clock_ms() >= deadline) {
            return tide_error_set(err, TIDE_E_TRANSIENT,
                                  "no answer from %s within connect_timeout", pg->place);
        }
    }
}

/* Bytes that have come may lie inside the TLS library, where poll() does not see them: so
 * they are asked for now and then, without a sign of more. */
static int wait_tls_input(struct tide_pg *pg, struct tide_error *err)
{
    struct pollfd socket = {.fd = PQsocket(pg->conn), .events = POLLIN};

    if (poll(&socket, 1, POLL_SLICE_MS) < 0 && errno != EINTR) {
        return fail_to_wait(pg, err);
    }
    return check_cancelled(pg, err);
}

int tide_pg_wait_input(struct tide_pg *pg, struct tide_error *err)
{
    short ready = 0;
    int rc = PQsslInUse(pg->conn) ? wait_tls_input(pg, err)
                                  : tide_pg_wait(pg, POLLIN, 0, &ready, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    return PQconsumeInput(pg->conn) ? TIDE_OK : tide_pg_lost(pg, err);
}

int tide_pg_flush(struct tide_pg *pg, struct tide_error *err)
{
    int left;

    while ((left = PQflush(pg->conn)) > 0) {
        short ready = 0;
        int rc = tide_pg_wait(pg, POLLIN | POLLOUT, 0, &ready, err);

        if (rc != TIDE_OK) {
            return rc;
        }
        if ((ready & POLLIN) && !PQconsumeInput(pg->conn)) {
            return tide_pg_lost(pg, err);
        }
    }
    return left == 0 ? TIDE_OK : tide_pg_lost(pg, err);
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
    (void)snprintf(pg->sqlstate, sizeof pg->sqlstate, "%s", sqlstate);
    pg->failed_line = pg->copying ? tide_pg_copy_line(context, pg->copying) : 0;
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

/* Behind a failure the rest is passed over; but a COPY that has begun all the same, as it
 * may when libpq was out of memory in front of it, is told of again and again until it is
 * ended: true then. */
static bool drop_behind_failure(PGresult *next)
{
    bool is_endless = is_copy(next);

    PQclear(next);
    return is_endless;
}

int tide_pg_receive(struct tide_pg *pg, PGresult **result, struct tide_error *err)
{
    PGresult *last = NULL;
    PGresult *next = NULL;
    int rc;

    while ((rc = next_result(pg, &next, err)) == TIDE_OK && next) {
        if (last && is_failure(last)) {
            if (drop_behind_failure(next)) {
                break;
            }
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
        return tide_error_cancelled(err);
    }
    return PQstatus(pg->conn) == CONNECTION_OK ? TIDE_OK : tide_pg_lost(pg, err);
}

void tide_pg_defer(struct tide_pg *pg, const char *sql)
{
    tide_pg_sql_add(&pg->deferred, sql);
    tide_pg_sql_add(&pg->deferred, "; ");
}

static int send_statement(struct tide_pg *pg, const char *sql, struct tide_error *err)
{
    int rc = check_usable(pg, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    return PQsendQuery(pg->conn, sql) ? tide_pg_flush(pg, err) : tide_pg_lost(pg, err);
}

int tide_pg_send(struct tide_pg *pg, const char *sql, struct tide_error *err)
{
    struct tide_pg_sql *deferred = &pg->deferred;
    int rc;

    if (deferred->length == 0 && !deferred->failed) {
        return send_statement(pg, sql, err);
    }
    tide_pg_sql_add(deferred, sql);
    rc = tide_pg_sql_check(deferred, err);
    if (rc == TIDE_OK) {
        rc = send_statement(pg, deferred->text, err);
    }
    tide_pg_sql_reset(deferred);
    return rc;
}

int tide_pg_exec(struct tide_pg *pg, const char *sql, PGresult **result,
                 struct tide_error *err)
{
    int rc = tide_pg_send(pg, sql, err);

    return rc == TIDE_OK ? tide_pg_receive(pg, result, err) : rc;
}

/* Take in all that is under way, and keep the rows that come. */
static int receive_rows(struct tide_pg *pg, PGresult **results, size_t count,
                        struct tide_error *err)
{
    PGresult *next = NULL;
    size_t found = 0;
    int failure = TIDE_OK;
    int rc;

    while ((rc = next_result(pg, &next, err)) == TIDE_OK && next) {
        if (failure == TIDE_OK && is_failure(next)) {
            failure = tide_pg_result_error(pg, next, err);
        }
        if (PQresultStatus(next) == PGRES_TUPLES_OK && found < count) {
            results[found++] = next;
        } else {
            PQclear(next);
        }
    }
    if (rc == TIDE_OK && failure == TIDE_OK && found < count) {
        failure = tide_pg_lost(pg, err);
    }
    return rc == TIDE_OK ? failure : rc;
}

int tide_pg_exec_rows(struct tide_pg *pg, const struct tide_pg_sql *sql,
                      PGresult **results, size_t count, struct tide_error *err)
{
    int rc = tide_pg_sql_check(sql, err);

    if (rc == TIDE_OK) {
        rc = tide_pg_send(pg, sql->text, err);
    }
    return rc == TIDE_OK ? receive_rows(pg, results, count, err) : rc;
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
    int rc =
        pg->deferred.length > 0 ? tide_pg_exec(pg, "", NULL, err) : check_usable(pg, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (!PQsendQueryParams(pg->conn, sql, count, NULL, params, NULL, NULL, 0)) {
        return tide_pg_lost(pg, err);
    }
    rc = tide_pg_flush(pg, err);
    return rc == TIDE_OK ? tide_pg_receive(pg, result, err) : rc;
}

void tide_pg_begin(struct tide_pg *pg, const char *words)
{
    struct tide_pg_sql *sql = &pg->deferred;

    pg->words = words;
    tide_pg_sql_format(sql,
                       "BEGIN %s; "
                       "SET LOCAL datestyle = 'ISO, YMD'; "
                       "SET LOCAL intervalstyle = postgres; "
                       "SET LOCAL extra_float_digits = 3; SET LOCAL bytea_output = hex; "
                       "SET LOCAL lc_monetary = 'C'; SET LOCAL xmloption = content; "
                       "SET LOCAL idle_in_transaction_session_timeout = 0; ",
                       words);
    if (pg->statement_timeout) {
        tide_pg_sql_format(sql, "SET LOCAL statement_timeout = %lld; ",
                           (long long)pg->statement_timeout);
    }
}
