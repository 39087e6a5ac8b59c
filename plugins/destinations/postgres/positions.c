/*
 * positions - the table in which a destination keeps how far each pipeline has come.
 */
#include "positions.h"

#include <stdlib.h>
#include <string.h>

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

const char *pg_positions_relation(const struct pg_positions *positions)
{
    if (positions->table < PG_POSITIONS_READY) {
        return NULL;
    }
    return positions->is_placed ? positions->target : "";
}

void pg_positions_add_where(struct tide_pg_sql *sql, const char *pipeline,
                            const char *relation)
{
    tide_pg_sql_add(sql, " WHERE pipeline = ");
    tide_pg_sql_literal(sql, pipeline);
    if (relation) {
        tide_pg_sql_add(sql, " AND relation = ");
        tide_pg_sql_literal(sql, relation);
    }
}

/* Rows of an earlier version, as place_of() understands them. */
static void add_placing(struct tide_pg_sql *sql, const struct pg_positions *positions)
{
    tide_pg_sql_add(sql, "UPDATE ");
    pg_positions_add_table(sql, positions);
    tide_pg_sql_add(sql, " SET relation = regexp_replace(target, '#[0-9]*[.][0-9]*$', '')"
                         " WHERE relation = '' AND target IS NOT NULL"
                         " AND position('" PG_STAGING_BEGINS "' IN target) = 0; ");
}

/* The key is called differently in a table that was copied. */
static void add_rekeying(struct tide_pg_sql *sql, const struct pg_positions *positions)
{
    struct tide_pg_sql name = {0}, body = {0};

    pg_positions_add_table(&name, positions);
    tide_pg_sql_add(&body, "DECLARE place text := ");
    if (!name.failed) {
        tide_pg_sql_literal(&body, name.text);
    }
    tide_pg_sql_add(&body, "; old text; BEGIN"
                           " SELECT conname INTO old FROM pg_constraint"
                           " WHERE conrelid = place::regclass AND contype = 'p'"
                           " AND cardinality(conkey) = 1;"
                           " IF FOUND THEN EXECUTE 'ALTER TABLE ' || place ||"
                           " ' DROP CONSTRAINT ' || quote_ident(old) ||"
                           " ', ADD PRIMARY KEY (pipeline, relation)'; END IF; END");
    tide_pg_sql_add(sql, "DO ");
    sql->failed = sql->failed || name.failed || body.failed;
    if (!sql->failed) {
        tide_pg_sql_literal(sql, body.text);
    }
    tide_pg_sql_clear(&name);
    tide_pg_sql_clear(&body);
}

static void add_making(struct tide_pg_sql *sql, const struct pg_positions *positions)
{
    tide_pg_sql_add(sql, "SELECT pg_advisory_xact_lock(" PG_POSITIONS_LOCK "); "
                         "CREATE TABLE IF NOT EXISTS ");
    pg_positions_add_table(sql, positions);
    tide_pg_sql_add(sql, " (pipeline text, position text, run text,"
                         " committed_at timestamptz NOT NULL,"
                         " commits bigint NOT NULL DEFAULT 0, target text, name text,"
                         " relation text NOT NULL DEFAULT '',"
                         " PRIMARY KEY (pipeline, relation))");
    if (positions->table != PG_POSITIONS_ABSENT) {
        tide_pg_sql_add(sql, "; ALTER TABLE ");
        pg_positions_add_table(sql, positions);
        tide_pg_sql_add(sql, " ALTER COLUMN position DROP NOT NULL,"
                             " ADD COLUMN IF NOT EXISTS commits bigint NOT NULL"
                             " DEFAULT 0, ADD COLUMN IF NOT EXISTS target text,"
                             " ADD COLUMN IF NOT EXISTS name text,"
                             " ADD COLUMN IF NOT EXISTS relation text NOT NULL"
                             " DEFAULT ''; ");
        add_placing(sql, positions);
        add_rekeying(sql, positions);
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
    tide_pg_sql_add(sql, ", relation = ");
    tide_pg_sql_literal(sql, positions->target);
    tide_pg_sql_format(sql, ", committed_at = clock_timestamp(), commits = %lld",
                       (long long)positions->commits + 1);
    pg_positions_add_where(sql, positions->pipeline,
                           positions->is_placed ? positions->target : "");
    tide_pg_sql_format(sql, " AND commits = %lld", (long long)positions->commits);
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
    tide_pg_sql_add(sql, " (pipeline, relation, name, position, target, run,"
                         " committed_at, commits) SELECT ");
    tide_pg_sql_literal(sql, positions->pipeline);
    tide_pg_sql_add(sql, ", ");
    tide_pg_sql_literal(sql, positions->target);
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
    tide_pg_sql_add(sql, " ON CONFLICT (pipeline, relation) DO NOTHING");
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

int pg_positions_stepped_in(const struct pg_positions *positions, struct tide_error *err)
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
    if (rc == TIDE_E_AUTH && positions->table > PG_POSITIONS_ABSENT &&
        positions->table < PG_POSITIONS_READY) {
        (void)tide_error_wrap(err, PG_POSITIONS_TABLE
                              " was made by an earlier version "
                              "and is altered once: run as the role that owns it");
    }
    if (rc == TIDE_OK && strcmp(PQcmdTuples(result), "1") != 0) {
        rc = pg_positions_stepped_in(positions, err);
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
    pg_positions_add_where(&sql, positions->pipeline, pg_positions_relation(positions));
    tide_pg_sql_add(&sql, " FOR UPDATE");
    rc = tide_pg_exec_sql(pg, &sql, &result, err);
    if (rc == TIDE_OK && (PQntuples(result) == 1) != positions->has_row) {
        rc = pg_positions_stepped_in(positions, err);
    } else if (rc == TIDE_OK && positions->has_row &&
               strtoll(PQgetvalue(result, 0, 0), NULL, 10) != positions->commits) {
        rc = pg_positions_stepped_in(positions, err);
    }
    PQclear(result);
    tide_pg_sql_clear(&sql);
    return rc;
}

void pg_positions_advance(struct pg_positions *positions)
{
    positions->table = PG_POSITIONS_READY;
    positions->has_row = true;
    positions->is_placed = true;
    positions->is_remade = false;
    positions->is_new = false;
    positions->commits++;
}
