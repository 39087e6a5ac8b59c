/*
 * commit - ending a transaction so that its outcome is known, also when the reply is
 * lost.
 */
#include "commit.h"

#include <poll.h>
#include <stdbool.h>
#include <string.h>

/* Between two attempts to reach the server again. */
#define RETRY_PAUSE_MS 200

/* Rows went in and are refused now: all that is judged this late is deferred. */
static void advise_of_deferred(const struct tide_pg *pg, struct tide_error *err)
{
    if (strncmp(pg->sqlstate, "23", 2) == 0) {
        (void)tide_error_wrap(
            err, "the constraint is deferred to the commit, when no row can be told "
                 "apart: make it immediate (ALTER TABLE ... ALTER CONSTRAINT ... NOT "
                 "DEFERRABLE) and bad rows are rejected one by one, or mend the rows");
    }
}

/* *is_answered: the server has said what came of it.  It has not when the connection
 * broke, nor when libpq had no memory for the answer. */
static int send_commit(struct tide_pg *pg, bool *is_answered, struct tide_error *err)
{
    PGresult *result = NULL;
    int rc;

    pg->uncancellable = true;
    pg->sqlstate[0] = '\0';
    rc = tide_pg_exec(pg, "COMMIT", &result, err);
    pg->uncancellable = false;
    *is_answered =
        PQstatus(pg->conn) == CONNECTION_OK && (rc == TIDE_OK || pg->sqlstate[0] != '\0');
    if (rc == TIDE_OK && strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        rc = tide_error_set(err, TIDE_E_INTERNAL, "%s rolled the transaction back",
                            pg->place);
    }
    if (rc != TIDE_OK) {
        advise_of_deferred(pg, err);
    }
    PQclear(result);
    return rc;
}

/* A new session, within the time that connecting may take. */
static int reconnect(const struct tide_pg_options *options, const struct tide_host *host,
                     struct tide_pg **pg, struct tide_error *err)
{
    int64_t deadline = tide_pg_clock_ms() + options->connect_timeout / 1000;
    int rc;

    while ((rc = tide_pg_open(options, host, pg, err)) == TIDE_E_TRANSIENT &&
           !host->cancelled(host) && tide_pg_clock_ms() + RETRY_PAUSE_MS < deadline) {
        (void)poll(NULL, 0, RETRY_PAUSE_MS);
    }
    return rc;
}

/* Whether the commit is in.  *fresh is the session that asked. */
static int find_outcome(const struct tide_pg_options *options,
                        const struct tide_host *host,
                        const struct pg_positions *positions, struct tide_pg **fresh,
                        bool *committed, struct tide_error *err)
{
    int rc = reconnect(options, host, fresh, err);

    return rc == TIDE_OK ? pg_positions_find(positions, *fresh, committed, err) : rc;
}

/* err tells how the answer was lost.  Where a position is stored the next run knows. */
static int settle(struct tide_pg **pg, const struct tide_pg_options *options,
                  const struct pg_positions *positions, const char *position,
                  struct tide_error *err)
{
    struct tide_error why = {0};
    struct tide_pg *fresh = NULL;
    bool committed = false;
    int rc;

    if (!pg_positions_is_kept(positions)) {
        (void)tide_error_wrap(err, "lost while committing; whether the rows are in is "
                                   "not known, as no position is kept");
        return TIDE_E_TRANSIENT;
    }
    rc = find_outcome(options, (*pg)->host, positions, &fresh, &committed, &why);
    if (rc == TIDE_OK && committed) {
        (*pg)->host->log((*pg)->host, TIDE_LOG_WARNING,
                         "the connection broke while committing; the commit is in");
        tide_pg_close(*pg);
        *pg = fresh;
        return TIDE_OK;
    }
    tide_pg_close(fresh);
    if (rc == TIDE_OK) {
        (void)tide_error_wrap(err, "lost while committing; the commit is not in");
    } else {
        (void)tide_error_wrap(err, "lost while committing; %s (%s)",
                              position ? "the next run finds out whether the rows are in"
                                       : "whether the rows are in is not known",
                              why.message);
    }
    err->code = TIDE_E_TRANSIENT;
    return TIDE_E_TRANSIENT;
}

int pg_commit(struct tide_pg **pg, const struct tide_pg_options *options,
              struct pg_positions *positions, const char *position,
              struct tide_error *err)
{
    bool is_kept = pg_positions_is_kept(positions), is_answered = false;
    int rc = TIDE_OK;

    if (is_kept || (positions->pipeline && position)) {
        rc = pg_positions_save(positions, *pg, position, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    rc = send_commit(*pg, &is_answered, err);
    if (rc != TIDE_OK && !is_answered) {
        rc = settle(pg, options, positions, position, err);
    }
    if (rc == TIDE_OK && is_kept) {
        pg_positions_advance(positions);
    }
    return rc;
}
