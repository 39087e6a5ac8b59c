/*
 * positions_find - whether a commit is in whose reply was lost.
 */
#include <stdlib.h>
#include <string.h>

#include "positions.h"

/* How long a transaction that is under way elsewhere is waited for. */
#define BEGIN_TO_WAIT                                                                    \
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '10s'; "

/* Look at the table: how many of five columns it has is its enum pg_positions_table. */
static int look(struct pg_positions *positions, struct tide_pg *pg,
                struct tide_error *err)
{
    struct tide_pg_sql name = {0};
    PGresult *result = NULL;
    int rc;

    pg_positions_add_table(&name, positions);
    rc = tide_pg_sql_check(&name, err);
    if (rc == TIDE_OK) {
        const char *params[] = {name.text};

        rc = tide_pg_query(pg,
                           "SELECT count(*) FROM pg_attribute"
                           " WHERE attrelid = to_regclass($1)"
                           " AND attname IN"
                           " ('pipeline', 'commits', 'target', 'name', 'relation')",
                           params, 1, &result, err);
    }
    if (rc == TIDE_OK) {
        positions->table =
            (enum pg_positions_table)strtol(PQgetvalue(result, 0, 0), NULL, 10);
    }
    PQclear(result);
    tide_pg_sql_clear(&name);
    return rc;
}

/* See the table as it is once nobody is making it. */
static int look_behind_maker(struct pg_positions *positions, struct tide_pg *pg,
                             struct tide_error *err)
{
    int rc = look(positions, pg, err);

    if (rc == TIDE_OK && positions->table != PG_POSITIONS_READY) {
        rc = tide_pg_exec(pg,
                          BEGIN_TO_WAIT "SELECT pg_advisory_xact_lock(" PG_POSITIONS_LOCK
                                        "); COMMIT",
                          NULL, err);
        return rc == TIDE_OK ? look(positions, pg, err) : rc;
    }
    return rc;
}

/* Write over the row, which waits for whoever else has, without changing it, and take
 * that back: only what the row says is wanted. */
static int touch_row(const struct pg_positions *positions, struct tide_pg *pg,
                     PGresult **result, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    tide_pg_sql_add(&sql, BEGIN_TO_WAIT "INSERT INTO ");
    pg_positions_add_table(&sql, positions);
    tide_pg_sql_add(&sql, " AS t (pipeline, relation, run, committed_at) VALUES (");
    tide_pg_sql_literal(&sql, positions->pipeline);
    tide_pg_sql_add(&sql, ", ");
    tide_pg_sql_literal(&sql, positions->target);
    tide_pg_sql_add(&sql, ", '', clock_timestamp()) ON CONFLICT (pipeline, relation)"
                          " DO UPDATE SET run = t.run RETURNING t.run, t.commits");
    rc = tide_pg_exec_sql(pg, &sql, result, err);
    tide_pg_sql_clear(&sql);
    return rc == TIDE_OK ? tide_pg_exec(pg, "ROLLBACK", NULL, err) : rc;
}

int pg_positions_find(const struct pg_positions *positions, struct tide_pg *pg,
                      bool *committed, struct tide_error *err)
{
    struct pg_positions now = *positions;
    PGresult *result = NULL;
    int64_t commits = 0;
    bool is_ours = false;
    int rc = look_behind_maker(&now, pg, err);

    if (rc == TIDE_OK && now.table == PG_POSITIONS_READY) {
        rc = touch_row(&now, pg, &result, err);
    }
    if (rc == TIDE_OK && result) {
        commits = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
        is_ours = strcmp(PQgetvalue(result, 0, 0), positions->run) == 0;
    }
    PQclear(result);
    if (rc == TIDE_OK && commits > positions->commits &&
        !(is_ours && commits == positions->commits + 1)) {
        rc = pg_positions_stepped_in(positions, err);
    }
    *committed = rc == TIDE_OK && commits > positions->commits;
    return rc;
}
