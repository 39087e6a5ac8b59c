/*
 * staging_end - the end of a staged load: its rows are moved, the staging table goes.
 */
#include "staging_end.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define UNDEFINED_TABLE "42P01"

/* Less than the second after which a server looks for deadlocks: a run that writes to the
 * staging table, and waits for our commit, is not taken for one. */
#define SHORTLY "SET LOCAL lock_timeout = '500ms'; "
#define PATIENCE_MS 3000

/* ---- what stands in the way ------------------------------------------------------ */

/* Whether the server has said no, and goes on with the session. */
static bool is_answered(const struct tide_pg *pg, int rc)
{
    return rc != TIDE_OK && rc != TIDE_E_CANCELLED && pg->sqlstate[0] != '\0' &&
           PQstatus(pg->conn) == CONNECTION_OK;
}

static bool is_said(const struct tide_pg *pg, const char *sqlstate)
{
    return strcmp(pg->sqlstate, sqlstate) == 0;
}

/* Another session works with the table. */
static bool is_busy(const struct tide_pg *pg)
{
    return is_said(pg, "55P03") || is_said(pg, "40P01");
}

/* Do something to the table that needs it for us alone; *is_done: that went well. */
static int attempt(const struct pg_staging *staging, struct tide_pg *pg, const char *verb,
                   bool *is_done, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    struct tide_error why = {0};
    int rc;

    tide_pg_sql_format(&sql,
                       "SAVEPOINT tidemill_staging; " SHORTLY "%s %s;"
                       " SET LOCAL lock_timeout TO DEFAULT;"
                       " RELEASE SAVEPOINT tidemill_staging",
                       verb, staging->title.text);
    pg->sqlstate[0] = '\0';
    rc = tide_pg_exec_sql(pg, &sql, NULL, &why);
    *is_done = rc == TIDE_OK;
    if (is_answered(pg, rc)) {
        rc = tide_pg_exec(pg,
                          "ROLLBACK TO SAVEPOINT tidemill_staging;"
                          " RELEASE SAVEPOINT tidemill_staging",
                          NULL, err);
    } else if (rc != TIDE_OK) {
        *err = why;
    }
    tide_pg_sql_clear(&sql);
    return rc;
}

int pg_staging_drop(struct pg_staging *staging, struct tide_pg *pg,
                    struct tide_error *err)
{
    bool is_done = false, is_emptied = false;
    int rc = attempt(staging, pg, "DROP TABLE IF EXISTS", &is_done, err);

    staging->is_stuck = rc == TIDE_OK && !is_done;
    return staging->is_stuck && !is_busy(pg)
               ? attempt(staging, pg, "TRUNCATE", &is_emptied, err)
               : rc;
}

/* ---- before rows are taken over -------------------------------------------------- */

static int wait_for_turn(const struct pg_target *target, struct tide_pg *pg,
                         struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    pg_target_add_turn(target, &sql);
    rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    tide_pg_sql_clear(&sql);
    return rc;
}

static int differs(const struct pg_target *target, const char *how,
                   struct tide_error *err)
{
    return tide_error_set(
        err, TIDE_E_CONFLICT,
        "%s was changed while its new rows were staged: %s; nothing was replaced, and "
        "the next run starts over",
        target->title.text, how);
}

/* From now on nobody alters or drops it.  *oid: of the table that has the name. */
static int hold_target(struct tide_pg *pg, const struct pg_target *target, char *oid,
                       size_t size, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    int rc;

    tide_pg_sql_format(&sql, "LOCK TABLE %s IN ROW EXCLUSIVE MODE; SELECT ",
                       target->title.text);
    tide_pg_sql_literal(&sql, target->title.text);
    tide_pg_sql_add(&sql, "::regclass::oid");
    pg->sqlstate[0] = '\0';
    rc = tide_pg_exec_sql(pg, &sql, &result, err);
    if (rc == TIDE_OK) {
        (void)snprintf(oid, size, "%s", PQgetvalue(result, 0, 0));
    } else if (is_said(pg, UNDEFINED_TABLE)) {
        rc = differs(target, "it was dropped", err);
    }
    PQclear(result);
    tide_pg_sql_clear(&sql);
    return rc;
}

/* Compare the target with what it was when the rows were staged. */
static int compare(const struct pg_staging *before, const struct pg_staging *now,
                   const struct pg_target *target, struct tide_error *err)
{
    if (now->is_refused) {
        return differs(target,
                       "it has a trigger, a rule, a foreign key, row security or "
                       "partitions now, or rights on it were taken away",
                       err);
    }
    if (strcmp(before->definition, now->definition) != 0) {
        return differs(target, "its columns, constraints or indexes were altered", err);
    }
    return strcmp(before->oid, now->oid) == 0
               ? TIDE_OK
               : differs(target, "the table with the new rows is gone", err);
}

static int check_target(const struct pg_staging *staging, struct tide_pg *pg,
                        const struct pg_target *target, struct tide_error *err)
{
    struct pg_staging now = {.name = staging->name, .title = staging->title};
    char *comment = NULL, oid[16] = "";
    int rc = hold_target(pg, target, oid, sizeof oid, err);

    if (rc == TIDE_OK && strcmp(oid, target->table.oid) != 0) {
        rc = differs(target, "it was dropped and recreated", err);
    }
    if (rc == TIDE_OK) {
        rc = pg_staging_look(&now, pg, target, &comment, err);
        free(comment);
    }
    return rc == TIDE_OK ? compare(staging, &now, target, err) : rc;
}

int pg_staging_secure(struct pg_staging *staging, struct tide_pg *pg,
                      const struct pg_target *target,
                      const struct pg_positions *positions, struct tide_error *err)
{
    int rc = wait_for_turn(target, pg, err);

    if (rc == TIDE_OK) {
        rc = pg_positions_hold(positions, pg, err);
    }
    if (rc == TIDE_OK) {
        rc = attempt(staging, pg, "LOCK TABLE", &staging->is_held, err);
    }
    return rc == TIDE_OK ? check_target(staging, pg, target, err) : rc;
}

/* ---- taking over ----------------------------------------------------------------- */

/* Rows come in the order in which they lie in the table; columns that do not come are
 * filled by the target itself. */
#define BY_PLACE                                                                         \
    "SET LOCAL synchronize_seqscans = off; "                                             \
    "SET LOCAL max_parallel_workers_per_gather = 0; SET LOCAL enable_seqscan = on; "     \
    "SET LOCAL enable_indexscan = off; SET LOCAL enable_indexonlyscan = off; "           \
    "SET LOCAL enable_bitmapscan = off; "

/* What is checked at the commit may look things up. */
#define AS_EVER                                                                          \
    "SET LOCAL enable_seqscan TO DEFAULT; SET LOCAL enable_indexscan TO DEFAULT; "       \
    "SET LOCAL enable_indexonlyscan TO DEFAULT; SET LOCAL enable_bitmapscan TO DEFAULT"

static void build_insert(struct tide_pg_sql *sql, const struct pg_staging *staging,
                         const struct pg_target *target)
{
    tide_pg_sql_add(sql, BY_PLACE "INSERT INTO ");
    tide_pg_sql_name(sql, &target->table.name);
    tide_pg_sql_add(sql, " (");
    pg_target_add_columns(target, sql);
    tide_pg_sql_add(sql, ") OVERRIDING SYSTEM VALUE SELECT ");
    pg_target_add_columns(target, sql);
    tide_pg_sql_add(sql, " FROM ");
    tide_pg_sql_name(sql, &staging->name);
}

/* Of rows that were good when they were staged. */
static int blame_target(int rc, struct tide_error *err)
{
    if (rc == TIDE_E_DATA) {
        rc = TIDE_E_CONFLICT;
        (void)tide_error_wrap(err, "the table does not take the rows that were staged "
                                   "for it; run with --full to start over");
        err->code = rc;
    }
    return rc;
}

static int take_rows(const struct pg_staging *staging, struct tide_pg *pg,
                     const struct pg_target *target, int64_t *taken,
                     struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    int rc;

    build_insert(&sql, staging, target);
    rc = blame_target(tide_pg_exec_sql(pg, &sql, &result, err), err);
    if (rc == TIDE_OK) {
        *taken = strtoll(PQcmdTuples(result), NULL, 10);
        rc = tide_pg_exec(pg, AS_EVER, NULL, err);
    }
    PQclear(result);
    tide_pg_sql_clear(&sql);
    return rc;
}

int pg_staging_publish(struct pg_staging *staging, struct tide_pg *pg,
                       const struct pg_target *target, int64_t rows,
                       struct tide_error *err)
{
    int64_t taken = 0;
    int rc = take_rows(staging, pg, target, &taken, err);

    if (rc == TIDE_OK && taken != rows) {
        rc = tide_error_set(err, TIDE_E_CONFLICT,
                            "%lld rows were staged in %s, but it has %lld: another "
                            "program writes to it; run with --full to start over",
                            (long long)rows, staging->title.text, (long long)taken);
    }
    if (rc == TIDE_OK && staging->is_held) {
        rc = pg_staging_drop(staging, pg, err);
    } else if (rc == TIDE_OK) {
        staging->is_stuck = true;
    }
    return rc;
}

int pg_staging_explain(const struct pg_staging *staging, const struct tide_pg *pg, int rc,
                       struct tide_error *err)
{
    if (!staging->is_on || rc != TIDE_E_CONFIG || !is_said(pg, UNDEFINED_TABLE)) {
        return rc;
    }
    return tide_error_set(err, TIDE_E_TRANSIENT,
                          "%s, which had the staged rows, is gone: another run has "
                          "committed meanwhile, or somebody dropped it",
                          staging->title.text);
}

/* ---- behind the commit ----------------------------------------------------------- */

/* Another run may have made one of the same name by now: that one stays. */
static int lock_again(const struct pg_staging *staging, struct tide_pg *pg, bool *is_same,
                      struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    int rc;

    tide_pg_sql_format(
        &sql, "BEGIN ISOLATION LEVEL READ COMMITTED; " SHORTLY "LOCK TABLE %s; SELECT ",
        staging->title.text);
    tide_pg_sql_literal(&sql, staging->title.text);
    tide_pg_sql_add(&sql, "::regclass::oid");
    rc = tide_pg_exec_sql(pg, &sql, &result, err);
    *is_same = rc == TIDE_OK && strcmp(PQgetvalue(result, 0, 0), staging->oid) == 0;
    PQclear(result);
    tide_pg_sql_clear(&sql);
    return rc;
}

/* TIDE_OK: it is gone. */
static int drop_again(const struct pg_staging *staging, struct tide_pg *pg,
                      struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    struct tide_error ignored = {0};
    bool is_same = false;
    int ended = TIDE_OK;
    int rc;

    pg->sqlstate[0] = '\0';
    rc = lock_again(staging, pg, &is_same, err);
    if (rc == TIDE_OK) {
        tide_pg_sql_format(&sql, "DROP TABLE %s; COMMIT", staging->title.text);
        rc = is_same ? tide_pg_exec_sql(pg, &sql, NULL, err) : TIDE_OK;
        tide_pg_sql_clear(&sql);
    } else if (is_said(pg, UNDEFINED_TABLE)) {
        rc = TIDE_OK;
    }
    if ((rc == TIDE_OK && !is_same) || is_answered(pg, rc)) {
        ended = tide_pg_exec(pg, "ROLLBACK", NULL, &ignored);
    }
    return rc == TIDE_OK ? ended : rc;
}

void pg_staging_tidy(struct pg_staging *staging, struct tide_pg *pg)
{
    int64_t deadline = tide_pg_clock_ms() + PATIENCE_MS;
    struct tide_error why = {0};
    char message[1408];
    int rc = TIDE_OK;

    if (!staging->is_stuck) {
        return;
    }
    staging->is_stuck = false;
    do {
        rc = drop_again(staging, pg, &why);
    } while (is_answered(pg, rc) && is_busy(pg) && tide_pg_clock_ms() < deadline);
    if (rc != TIDE_OK) {
        (void)snprintf(
            message, sizeof message,
            "%.200s, which had the staged rows, could not be dropped and is no "
            "longer needed: drop it by hand (%.1023s)",
            staging->title.text, why.message);
        pg->host->log(pg->host, TIDE_LOG_WARNING, message);
    }
}
