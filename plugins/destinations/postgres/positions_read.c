/*
 * positions_read - which row of the table of positions is the pipeline's, and what it
 * says.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../shared/position/kept.h"
#include "positions.h"

/* What is asked of each row. */
enum {
    ROW_POSITION,
    ROW_COMMITS,
    ROW_TARGET,
    ROW_PIPELINE,
    ROW_NAME,
    ROW_OWN_OID,
    ROW_RELATION
};

/* ---- the table --------------------------------------------------------------------- */

static int ask_privilege(struct pg_positions *positions, struct tide_pg *pg,
                         struct tide_error *err)
{
    const char *params[] = {positions->schema};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg, "SELECT has_schema_privilege($1, 'CREATE')", params, 1,
                           &result, err);

    positions->may_create = rc == TIDE_OK && PQgetvalue(result, 0, 0)[0] == 't';
    PQclear(result);
    return rc;
}

void pg_positions_ask(struct tide_pg_sql *sql, const struct pg_positions *positions)
{
    tide_pg_sql_format(sql, "SELECT position, %s, %s, pipeline, %s, tableoid, %s FROM ",
                       positions->table >= PG_POSITIONS_COUNTED ? "commits" : "0",
                       positions->table >= PG_POSITIONS_TARGETED ? "target" : "NULL",
                       positions->table >= PG_POSITIONS_NAMED ? "name" : "NULL",
                       positions->table >= PG_POSITIONS_READY ? "relation" : "NULL");
    pg_positions_add_table(sql, positions);
    tide_pg_sql_add(sql, " WHERE (pipeline = ");
    tide_pg_sql_literal(sql, positions->pipeline);
    if (positions->name && strcmp(positions->name, positions->pipeline) != 0) {
        tide_pg_sql_add(sql, " OR pipeline = ");
        tide_pg_sql_literal(sql, positions->name);
    }
    if (positions->name && positions->table >= PG_POSITIONS_NAMED) {
        tide_pg_sql_add(sql, " OR name = ");
        tide_pg_sql_literal(sql, positions->name);
    }
    tide_pg_sql_add(sql, ")");
    if (positions->table >= PG_POSITIONS_READY) {
        tide_pg_sql_add(sql, " AND (relation = '' OR relation = ");
        tide_pg_sql_literal(sql, positions->target);
        tide_pg_sql_add(sql, ")");
    }
}

static int read_rows(const struct pg_positions *positions, struct tide_pg *pg,
                     PGresult **result, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    pg_positions_ask(&sql, positions);
    rc = tide_pg_exec_sql(pg, &sql, result, err);
    tide_pg_sql_clear(&sql);
    return rc;
}

static enum pg_positions_table judge(const struct tide_pg_table *table)
{
    if (tide_pg_table_find(table, "commits") == TIDE_NO_COLUMN) {
        return PG_POSITIONS_OLDER;
    }
    if (tide_pg_table_find(table, "target") == TIDE_NO_COLUMN) {
        return PG_POSITIONS_COUNTED;
    }
    if (tide_pg_table_find(table, "name") == TIDE_NO_COLUMN) {
        return PG_POSITIONS_TARGETED;
    }
    return tide_pg_table_find(table, "relation") == TIDE_NO_COLUMN ? PG_POSITIONS_NAMED
                                                                   : PG_POSITIONS_READY;
}

/* Behind the table's name in a row's target, "" in a row that has no oids; NULL: it is
 * the name of another table. */
static const char *oids_of(const char *table, const char *target)
{
    size_t length = strlen(table);

    if (strncmp(target, table, length) != 0 ||
        (target[length] != '\0' && target[length] != '#')) {
        return NULL;
    }
    return target + length;
}

/* Whether the row's position is one of the target.  A row of an earlier version does not
 * say whose it is. */
static bool is_of_target(const struct pg_positions *positions, const PGresult *rows,
                         int row)
{
    return !positions->is_new && !PQgetisnull(rows, row, ROW_POSITION) &&
           (PQgetisnull(rows, row, ROW_TARGET) ||
            oids_of(positions->target, PQgetvalue(rows, row, ROW_TARGET)) != NULL);
}

/* Whether another table of that name stood there when it was committed. */
static bool is_remade(const struct pg_positions *positions, const PGresult *rows, int row)
{
    const char *oids = oids_of(positions->target, PQgetvalue(rows, row, ROW_TARGET));
    unsigned long target = 0, own = 0;

    return oids && positions->own_oid && sscanf(oids, "#%lu.%lu", &target, &own) == 2 &&
           own == strtoul(positions->own_oid, NULL, 10) &&
           target != strtoul(positions->target_oid, NULL, 10);
}

/* Whether the row's position is one of a staged replacing load: then its oid
 * is noted. */
static bool is_staged(struct pg_positions *positions, const PGresult *rows, int row)
{
    unsigned long staging = 0;
    const char *oids = NULL;

    if (positions->staging && !PQgetisnull(rows, row, ROW_POSITION)) {
        oids = oids_of(positions->staging, PQgetvalue(rows, row, ROW_TARGET));
    }
    if (!oids || sscanf(oids, "#%lu.", &staging) != 1) {
        return false;
    }
    (void)snprintf(positions->staged_oid, sizeof positions->staged_oid, "%lu", staging);
    return true;
}

/* The relation that a row has, or will have when the table is altered; "": the row does
 * not say; NULL: another table. */
static const char *place_of(const struct pg_positions *positions, const PGresult *rows,
                            int row)
{
    const char *target = PQgetvalue(rows, row, ROW_TARGET);

    if (!PQgetisnull(rows, row, ROW_RELATION)) {
        return PQgetvalue(rows, row, ROW_RELATION);
    }
    if (PQgetisnull(rows, row, ROW_TARGET) || strstr(target, PG_STAGING_BEGINS)) {
        return "";
    }
    return oids_of(positions->target, target) ? positions->target : NULL;
}

/* ---- which row --------------------------------------------------------------------- */

/* Whether the row may be ours: one that does not say its relation is not where the same
 * pipeline has one that does. */
static bool is_here(const struct pg_positions *positions, const PGresult *rows, int row)
{
    const char *place = place_of(positions, rows, row);
    const char *pipeline = PQgetvalue(rows, row, ROW_PIPELINE);

    for (int i = 0; place && !place[0] && i < PQntuples(rows); i++) {
        const char *other = place_of(positions, rows, i);

        if (other && other[0] &&
            strcmp(PQgetvalue(rows, i, ROW_PIPELINE), pipeline) == 0) {
            return false;
        }
    }
    return place != NULL;
}

/* The row that is ours; -1: there is none. */
static int find_row(const struct pg_positions *positions, struct kept *kept,
                    const PGresult *rows)
{
    int found = -1;

    for (int i = 0; i < PQntuples(rows); i++) {
        const char *pipeline = PQgetvalue(rows, i, ROW_PIPELINE);
        const char *name =
            PQgetisnull(rows, i, ROW_NAME) ? NULL : PQgetvalue(rows, i, ROW_NAME);

        if (is_here(positions, rows, i) &&
            (strcmp(pipeline, positions->pipeline) == 0 ||
             is_of_target(positions, rows, i)) &&
            kept_offer(kept, pipeline, name)) {
            found = i;
        }
    }
    return found;
}

/* From now on the row is that of the run's own key. */
static int take_over(const struct pg_positions *positions, struct tide_pg *pg,
                     struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    tide_pg_sql_add(&sql, "UPDATE ");
    pg_positions_add_table(&sql, positions);
    tide_pg_sql_add(&sql, " SET pipeline = ");
    tide_pg_sql_literal(&sql, positions->pipeline);
    pg_positions_add_where(&sql, positions->name, pg_positions_relation(positions));
    rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    tide_pg_sql_clear(&sql);
    return rc;
}

/* Let the row be ours, when it is under another key. */
static int adopt(struct pg_positions *positions, const struct kept *kept,
                 struct tide_pg *pg, const char *pipeline, struct tide_error *err)
{
    int rc = kept_check(kept, err);

    if (rc != TIDE_OK || kept->by == KEPT_EXACTLY) {
        return rc;
    }
    kept_tell(kept, pg->host, pipeline);
    if (kept->by == KEPT_UNDER_NAME) {
        return take_over(positions, pg, err);
    }
    positions->found = strdup(pipeline);
    if (!positions->found) {
        return tide_error_memory(err);
    }
    positions->pipeline = positions->found;
    return TIDE_OK;
}

static int take_row(struct pg_positions *positions, const PGresult *rows, int row,
                    char **position, struct tide_error *err)
{
    positions->commits = strtoll(PQgetvalue(rows, row, ROW_COMMITS), NULL, 10);
    if (is_of_target(positions, rows, row)) {
        positions->is_remade = is_remade(positions, rows, row);
    } else if (!is_staged(positions, rows, row)) {
        return TIDE_OK;
    }
    *position = strdup(PQgetvalue(rows, row, ROW_POSITION));
    return *position ? TIDE_OK : tide_error_memory(err);
}

static int take(struct pg_positions *positions, const PGresult *rows, struct tide_pg *pg,
                char **position, struct tide_error *err)
{
    struct kept kept = {.pipeline = positions->pipeline, .name = positions->name};
    int row = find_row(positions, &kept, rows);
    int rc;

    if (row < 0) {
        return TIDE_OK;
    }
    positions->has_row = true;
    positions->is_placed = place_of(positions, rows, row)[0] != '\0';
    rc = adopt(positions, &kept, pg, PQgetvalue(rows, row, ROW_PIPELINE), err);
    return rc == TIDE_OK ? take_row(positions, rows, row, position, err) : rc;
}

/* The same of a table that is missing, or that an earlier version made. */
static int look(struct pg_positions *positions, struct tide_pg_table *table,
                struct tide_pg *pg, char **position, struct tide_error *err)
{
    PGresult *rows = NULL;
    int rc = tide_pg_table_load_with(pg, table, false, NULL, NULL, err);

    if (rc == TIDE_E_NOT_FOUND) {
        return ask_privilege(positions, pg, err);
    }
    if (rc == TIDE_OK) {
        positions->table = judge(table);
        positions->own_oid = table->oid;
        rc = read_rows(positions, pg, &rows, err);
    }
    if (rc == TIDE_OK) {
        rc = take(positions, rows, pg, position, err);
    }
    PQclear(rows);
    return rc;
}

int pg_positions_load(struct pg_positions *positions, struct tide_pg_table *table,
                      const PGresult *rows, struct tide_pg *pg, char **position,
                      struct tide_error *err)
{
    positions->schema = table->name.schema;
    if (!rows) {
        return look(positions, table, pg, position, err);
    }
    positions->table = PG_POSITIONS_READY;
    positions->own_oid = PQntuples(rows) > 0 ? PQgetvalue(rows, 0, ROW_OWN_OID) : NULL;
    return take(positions, rows, pg, position, err);
}

void pg_positions_init(struct pg_positions *positions,
                       const struct tide_destination_request *request)
{
    positions->pipeline = request->pipeline;
    positions->name = request->mode == TIDE_MODE_REPLACE ? NULL : request->name;
    positions->run = request->run;
}

void pg_positions_clear(struct pg_positions *positions)
{
    free(positions->found);
    positions->found = NULL;
}
