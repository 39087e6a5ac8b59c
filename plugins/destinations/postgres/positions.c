/*
 * positions - the table in which a destination keeps how far each pipeline has come.
 */
#include "positions.h"

#include <stdlib.h>
#include <string.h>

/* Whoever makes the table holds this lock of the database until its commit. */
#define LOCK_OF_TABLE "8390872051230715241"

/* How long a transaction that is under way elsewhere is waited for. */
#define BEGIN_TO_WAIT                                                                    \
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL lock_timeout = '10s'; "

bool pg_positions_is_kept(const struct pg_positions *positions)
{
    return positions->pipeline &&
           (positions->table != PG_POSITIONS_ABSENT || positions->may_create);
}

/* ---- statements ------------------------------------------------------------------ */

void pg_positions_add_table(struct tide_pg_sql *sql, const struct pg_positions *positions)
{
    tide_pg_sql_identifier(sql, positions->schema);
    tide_pg_sql_add(sql, "." PG_POSITIONS_TABLE);
}

static void add_making(struct tide_pg_sql *sql, const struct pg_positions *positions)
{
    tide_pg_sql_add(sql, "SELECT pg_advisory_xact_lock(" LOCK_OF_TABLE "); "
                         "CREATE TABLE IF NOT EXISTS ");
    pg_positions_add_table(sql, positions);
    tide_pg_sql_add(sql, " (pipeline text PRIMARY KEY, position text, run text,"
                         " committed_at timestamptz NOT NULL,"
                         " commits bigint NOT NULL DEFAULT 0, target text, name text)");
    if (positions->table != PG_POSITIONS_ABSENT) {
        tide_pg_sql_add(sql, "; ALTER TABLE ");
        pg_positions_add_table(sql, positions);
        tide_pg_sql_add(sql, " ALTER COLUMN position DROP NOT NULL,"
                             " ADD COLUMN IF NOT EXISTS commits bigint NOT NULL"
                             " DEFAULT 0, ADD COLUMN IF NOT EXISTS target text,"
                             " ADD COLUMN IF NOT EXISTS name text");
    }
    tide_pg_sql_add(sql, "; ");
}

/* Other pipelines loaded a table of that name which is gone. */
static void add_forgetting(struct tide_pg_sql *sql, const struct pg_positions *positions)
{
    tide_pg_sql_add(sql, "UPDATE ");
    pg_positions_add_table(sql, positions);
    tide_pg_sql_add(sql, " SET position = NULL WHERE (target = ");
    tide_pg_sql_literal(sql, positions->target);
    tide_pg_sql_add(sql, " OR starts_with(target, ");
    tide_pg_sql_literal(sql, positions->target);
    tide_pg_sql_add(sql, " || '#')) AND pipeline <> ");
    tide_pg_sql_literal(sql, positions->pipeline);
    tide_pg_sql_add(sql, "; ");
}

/* "schema"."table"#12345.678: its oid, and that of the table of positions, which the
 * server has to look up as long as that one is being made. */
static void add_target(struct tide_pg_sql *sql, const struct pg_positions *positions)
{
    struct tide_pg_sql text = {0};

    const char *table = positions->staging_oid ? positions->staging : positions->target;
    const char *oid =
        positions->staging_oid ? positions->staging_oid : positions->target_oid;

    tide_pg_sql_format(&text, "%s#%s.%s", table, oid,
                       positions->own_oid ? positions->own_oid : "");
    sql->failed |= text.failed;
    if (!text.failed) {
        tide_pg_sql_literal(sql, text.text);
    }
    if (!positions->own_oid && !text.failed) {
        tide_pg_sql_reset(&text);
        pg_positions_add_table(&text, positions);
        tide_pg_sql_add(sql, " || ");
        tide_pg_sql_literal(sql, text.text);
        tide_pg_sql_add(sql, "::regclass::oid");
    }
    tide_pg_sql_clear(&text);
}

static void add_text(struct tide_pg_sql *sql, const char *text)
{
    if (text) {
        tide_pg_sql_literal(sql, text);
    } else {
        tide_pg_sql_add(sql, "NULL");
    }
}

/* The row that is there, unless it is another now. */
static void add_update(struct tide_pg_sql *sql, const struct pg_positions *positions,
                       const char *position)
{
    tide_pg_sql_add(sql, "UPDATE ");
    pg_positions_add_table(sql, positions);
    tide_pg_sql_add(sql, " SET position = ");
    add_text(sql, position);
    tide_pg_sql_add(sql, ", name = coalesce(");
    add_text(sql, positions->name);
    tide_pg_sql_add(sql, ", name), target = ");
    add_target(sql, positions);
    tide_pg_sql_add(sql, ", run = ");
    tide_pg_sql_literal(sql, positions->run);
    tide_pg_sql_format(sql,
                       ", committed_at = clock_timestamp(), commits = %lld"
                       " WHERE commits = %lld AND pipeline = ",
                       (long long)positions->commits + 1, (long long)positions->commits);
    tide_pg_sql_literal(sql, positions->pipeline);
}

/* Whoever makes the first row of a name holds a lock until its commit. */
static void add_lock_of_name(struct tide_pg_sql *sql,
                             const struct pg_positions *positions)
{
    tide_pg_sql_add(sql, "SELECT pg_advisory_xact_lock(hashtextextended(");
    tide_pg_sql_literal(sql, positions->name);
    tide_pg_sql_add(sql, ", 0)); ");
}

/* A row that the run would have gone on with, had it been there before. */
static void add_unless_found(struct tide_pg_sql *sql,
                             const struct pg_positions *positions)
{
    tide_pg_sql_add(sql, " WHERE NOT EXISTS (SELECT FROM ");
    pg_positions_add_table(sql, positions);
    if (strcmp(positions->pipeline, positions->name) == 0) {
        tide_pg_sql_add(sql, " WHERE name = ");
    } else {
        tide_pg_sql_add(sql, " WHERE pipeline = ");
    }
    tide_pg_sql_literal(sql, positions->name);
    tide_pg_sql_add(sql, " AND pipeline <> ");
    tide_pg_sql_literal(sql, positions->pipeline);
    tide_pg_sql_add(sql, " AND position IS NOT NULL AND (target IS NULL OR"
                         " starts_with(target || '#', ");
    tide_pg_sql_literal(sql, positions->target);
    tide_pg_sql_add(sql, " || '#')))");
}

static void add_insert(struct tide_pg_sql *sql, const struct pg_positions *positions,
                       const char *position)
{
    tide_pg_sql_add(sql, "INSERT INTO ");
    pg_positions_add_table(sql, positions);
    tide_pg_sql_add(sql, " (pipeline, name, position, target, run, committed_at, commits)"
                         " SELECT ");
    tide_pg_sql_literal(sql, positions->pipeline);
    tide_pg_sql_add(sql, ", ");
    add_text(sql, positions->name);
    tide_pg_sql_add(sql, ", ");
    add_text(sql, position);
    tide_pg_sql_add(sql, ", ");
    add_target(sql, positions);
    tide_pg_sql_add(sql, ", ");
    tide_pg_sql_literal(sql, positions->run);
    tide_pg_sql_add(sql, ", clock_timestamp(), 1");
    if (positions->name) {
        add_unless_found(sql, positions);
    }
    tide_pg_sql_add(sql, " ON CONFLICT (pipeline) DO NOTHING");
}

static void add_row(struct tide_pg_sql *sql, const struct pg_positions *positions,
                    const char *position)
{
    if (positions->has_row) {
        add_update(sql, positions, position);
        return;
    }
    if (positions->name) {
        add_lock_of_name(sql, positions);
    }
    add_insert(sql, positions, position);
}

/* ---- writing --------------------------------------------------------------------- */

static int stepped_in(const struct pg_positions *positions, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_TRANSIENT,
                          "another run of \"%s\" has committed meanwhile; nothing of "
                          "this one since then is kept",
                          positions->pipeline);
}

int pg_positions_save(struct pg_positions *positions, struct tide_pg *pg,
                      const char *position, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    int rc;

    if (positions->table != PG_POSITIONS_READY) {
        add_making(&sql, positions);
    }
    if (positions->is_new) {
        add_forgetting(&sql, positions);
    }
    add_row(&sql, positions, position);
    rc = tide_pg_exec_sql(pg, &sql, &result, err);
    tide_pg_sql_clear(&sql);
    if (rc == TIDE_OK && strcmp(PQcmdTuples(result), "1") != 0) {
        rc = stepped_in(positions, err);
    }
    PQclear(result);
    return rc;
}

int pg_positions_hold(const struct pg_positions *positions, struct tide_pg *pg,
                      struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    int rc;

    tide_pg_sql_add(&sql, "SELECT commits FROM ");
    pg_positions_add_table(&sql, positions);
    tide_pg_sql_add(&sql, " WHERE pipeline = ");
    tide_pg_sql_literal(&sql, positions->pipeline);
    tide_pg_sql_add(&sql, " FOR UPDATE");
    rc = tide_pg_exec_sql(pg, &sql, &result, err);
    if (rc == TIDE_OK && (PQntuples(result) == 1) != positions->has_row) {
        rc = stepped_in(positions, err);
    } else if (rc == TIDE_OK && positions->has_row &&
               strtoll(PQgetvalue(result, 0, 0), NULL, 10) != positions->commits) {
        rc = stepped_in(positions, err);
    }
    PQclear(result);
    tide_pg_sql_clear(&sql);
    return rc;
}

void pg_positions_advance(struct pg_positions *positions)
{
    positions->table = PG_POSITIONS_READY;
    positions->has_row = true;
    positions->is_remade = false;
    positions->is_new = false;
    positions->commits++;
}

/* ---- after a lost reply ---------------------------------------------------------- */

/* Look at the table: how many of four columns it has is its enum pg_positions_table. */
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
                           " ('pipeline', 'commits', 'target', 'name')",
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
        rc = tide_pg_exec(
            pg, BEGIN_TO_WAIT "SELECT pg_advisory_xact_lock(" LOCK_OF_TABLE "); COMMIT",
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
    tide_pg_sql_add(&sql, " AS t (pipeline, run, committed_at) VALUES (");
    tide_pg_sql_literal(&sql, positions->pipeline);
    tide_pg_sql_add(&sql, ", '', clock_timestamp()) ON CONFLICT (pipeline)"
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

    if (rc == TIDE_OK && now.table >= PG_POSITIONS_COUNTED) {
        rc = touch_row(&now, pg, &result, err);
    }
    if (rc == TIDE_OK && result) {
        commits = strtoll(PQgetvalue(result, 0, 1), NULL, 10);
        is_ours = strcmp(PQgetvalue(result, 0, 0), positions->run) == 0;
    }
    PQclear(result);
    if (rc == TIDE_OK && commits > positions->commits &&
        !(is_ours && commits == positions->commits + 1)) {
        rc = stepped_in(positions, err);
    }
    *committed = rc == TIDE_OK && commits > positions->commits;
    return rc;
}
