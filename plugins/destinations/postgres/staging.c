/*
 * staging - where the rows of a replacing load are from its first checkpoint on.
 */
#include "staging.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../shared/hash/xxh64.h"

/* Whether a table like the target refuses the rows that the target would. */
#define IS_ALLOWED                                                                       \
    "SELECT c.relkind = 'r' AND c.relpersistence <> 't' AND NOT c.relispartition"        \
    " AND NOT c.relhassubclass AND NOT c.relhasrules AND NOT c.relrowsecurity"           \
    " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid"                  \
    " AND contype = 'f') AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid"   \
    " AND NOT tgisinternal AND tgenabled <> 'D' AND tgtype & 4 <> 0)"                    \
    " AND has_table_privilege(c.oid, 'SELECT') AND has_table_privilege(c.oid, 'INSERT')" \
    " AND has_table_privilege(c.oid, 'DELETE')"                                          \
    " AND has_schema_privilege(c.relnamespace, 'CREATE'), "

/* What decides which rows it refuses and how they look. */
#define DEFINITION                                                                       \
    "md5(concat(c.oid, (SELECT string_agg(concat_ws(' ', attnum, attname, atttypid,"     \
    " atttypmod, attnotnull, attidentity, attgenerated, attcollation), ','"              \
    " ORDER BY attnum) FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0"          \
    " AND NOT attisdropped), '/', (SELECT string_agg(pg_get_expr(adbin, adrelid), ','"   \
    " ORDER BY adnum) FROM pg_attrdef WHERE adrelid = c.oid), '/',"                      \
    " (SELECT string_agg(pg_get_constraintdef(oid), ',' ORDER BY oid)"                   \
    " FROM pg_constraint WHERE conrelid = c.oid), '/',"                                  \
    " (SELECT string_agg(pg_get_indexdef(indexrelid), ',' ORDER BY indexrelid)"          \
    " FROM pg_index WHERE indrelid = c.oid)))"

enum { ANSWER_ALLOWED, ANSWER_DEFINITION, ANSWER_OID, ANSWER_COMMENT };

/* ---- names ----------------------------------------------------------------------- */

int pg_staging_init(struct pg_staging *staging, const struct pg_target *target,
                    const struct tide_destination_request *request,
                    struct tide_error *err)
{
    struct tide_pg_sql whose = {0};
    char name[64];
    int rc;

    tide_pg_sql_format(&whose, "%s %s", request->pipeline, target->title.text);
    rc = tide_pg_sql_check(&whose, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    (void)snprintf(name, sizeof name, PG_STAGING_TABLE "%016" PRIx64,
                   xxh64_of(whose.text, whose.length));
    tide_pg_sql_clear(&whose);
    staging->is_wanted = request->mode == TIDE_MODE_REPLACE && request->checkpoints;
    staging->name.schema = strdup(target->table.name.schema);
    staging->name.table = strdup(name);
    if (!staging->name.schema || !staging->name.table) {
        return tide_error_memory(err);
    }
    tide_pg_sql_name(&staging->title, &staging->name);
    return tide_pg_sql_check(&staging->title, err);
}

void pg_staging_clear(struct pg_staging *staging)
{
    tide_pg_name_clear(&staging->name);
    tide_pg_sql_clear(&staging->title);
    memset(staging, 0, sizeof *staging);
}

/* ---- what there is --------------------------------------------------------------- */

static int take_answer(struct pg_staging *staging, const PGresult *answer, char **comment,
                       struct tide_error *err)
{
    staging->is_refused = strcmp(PQgetvalue(answer, 0, ANSWER_ALLOWED), "t") != 0;
    (void)snprintf(staging->definition, sizeof staging->definition, "%s",
                   PQgetvalue(answer, 0, ANSWER_DEFINITION));
    (void)snprintf(staging->oid, sizeof staging->oid, "%s",
                   PQgetvalue(answer, 0, ANSWER_OID));
    if (PQgetisnull(answer, 0, ANSWER_COMMENT)) {
        return TIDE_OK;
    }
    *comment = strdup(PQgetvalue(answer, 0, ANSWER_COMMENT));
    return *comment ? TIDE_OK : tide_error_memory(err);
}

int pg_staging_look(struct pg_staging *staging, struct tide_pg *pg,
                    const struct pg_target *target, char **comment,
                    struct tide_error *err)
{
    const char *params[] = {target->table.oid, staging->title.text};
    PGresult *answer = NULL;
    int rc = tide_pg_query(pg,
                           IS_ALLOWED DEFINITION
                           ", s.oid, obj_description(s.oid, 'pg_class')"
                           " FROM pg_class c LEFT JOIN pg_class s"
                           " ON s.oid = to_regclass($2) WHERE c.oid = $1::oid",
                           params, 2, &answer, err);

    *comment = NULL;
    if (rc == TIDE_OK && PQntuples(answer) == 1) {
        rc = take_answer(staging, answer, comment, err);
    } else {
        staging->is_refused = true;
    }
    PQclear(answer);
    return rc;
}

/* For people, too: whose rows these are. */
static void add_comment(struct tide_pg_sql *text, const struct pg_staging *staging,
                        const struct pg_target *target,
                        const struct pg_positions *positions, int64_t rows)
{
    tide_pg_sql_format(text,
                       "tidemill: %" PRId64 " rows of pipeline %s, which will take the "
                       "place of those of %s (%s)",
                       rows, positions->pipeline, target->title.text,
                       staging->definition);
}

/* What the server says of a table that was dropped since it was looked up: by a run that
 * comes to its end just now. */
#define UNDEFINED_TABLE "42P01"

/* Behind a savepoint, which takes the lock back: another session may want to drop it. */
static int count_rows(struct pg_staging *staging, struct tide_pg *pg, bool *is_there,
                      struct tide_error *err)
{
    struct tide_error why = {0};
    struct tide_pg_sql sql = {0};
    PGresult *answer = NULL;
    int rc;

    tide_pg_sql_format(&sql, "SAVEPOINT tidemill_count; SELECT count(*) FROM %s",
                       staging->title.text);
    rc = tide_pg_exec_sql(pg, &sql, &answer, &why);
    *is_there = rc == TIDE_OK;
    if (rc == TIDE_OK) {
        staging->rows = strtoll(PQgetvalue(answer, 0, 0), NULL, 10);
    }
    if (rc == TIDE_OK || strcmp(pg->sqlstate, UNDEFINED_TABLE) == 0) {
        rc = tide_pg_exec(pg, "ROLLBACK TO SAVEPOINT tidemill_count", NULL, err);
    } else {
        *err = why;
    }
    PQclear(answer);
    tide_pg_sql_clear(&sql);
    return rc;
}

static int compare(struct pg_staging *staging, struct tide_pg *pg,
                   const struct pg_target *target, const struct pg_positions *positions,
                   const char *comment, bool *is_proven, struct tide_error *err)
{
    struct tide_pg_sql text = {0};
    bool is_there = false;
    int rc = count_rows(staging, pg, &is_there, err);

    if (rc == TIDE_OK && is_there) {
        add_comment(&text, staging, target, positions, staging->rows);
        rc = tide_pg_sql_check(&text, err);
    }
    *is_proven = rc == TIDE_OK && is_there && strcmp(text.text, comment) == 0;
    tide_pg_sql_clear(&text);
    return rc;
}

int pg_staging_check(struct pg_staging *staging, struct tide_pg *pg,
                     const struct pg_target *target, const struct pg_positions *positions,
                     bool *is_proven, struct tide_error *err)
{
    char *comment = NULL;
    int rc = pg_staging_look(staging, pg, target, &comment, err);

    *is_proven = false;
    if (rc == TIDE_OK && !staging->is_refused && comment &&
        strcmp(staging->oid, positions->staged_oid) == 0) {
        rc = compare(staging, pg, target, positions, comment, is_proven, err);
    }
    free(comment);
    return rc;
}

/* ---- what is done with it -------------------------------------------------------- */

int pg_staging_note(const struct pg_staging *staging, struct tide_pg *pg,
                    const struct pg_target *target, const struct pg_positions *positions,
                    int64_t rows, struct tide_error *err)
{
    struct tide_pg_sql sql = {0}, text = {0};
    int rc;

    add_comment(&text, staging, target, positions, rows);
    tide_pg_sql_format(&sql, "COMMENT ON TABLE %s IS ", staging->title.text);
    if (!text.failed) {
        tide_pg_sql_literal(&sql, text.text);
    }
    sql.failed = sql.failed || text.failed;
    rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    tide_pg_sql_clear(&sql);
    tide_pg_sql_clear(&text);
    return rc;
}
