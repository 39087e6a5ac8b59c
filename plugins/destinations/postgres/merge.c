/*
 * merge - rows inserted, or updated where their key is there already.
 */
#include "merge.h"

#include <stdlib.h>
#include <string.h>

#define SAVEPOINT "tidemill_merge"

/* A row that this transaction wrote, or one that began later: its age counts from our
 * own number.  The bound below is for rows so old that their numbers have wrapped. */
#define IS_OURS "age(t.xmin) BETWEEN -200000000 AND 0"

/* What the server says when one statement is to change a row twice. */
#define CARDINALITY_VIOLATION "21000"

/* What the statements are made of. */
struct parts {
    const struct pg_target *target;
    const char *const *key;
    const char *cursor; /* NULL: none */
    const char *run;
};

void pg_merge_add_name(struct tide_pg_sql *sql, const char *run)
{
    struct tide_pg_sql name = {0};

    tide_pg_sql_format(&name, PG_STAGING_NAME, run);
    tide_pg_sql_add(sql, "pg_temp.");
    if (name.text) {
        tide_pg_sql_identifier(sql, name.text);
    }
    sql->failed = sql->failed || name.failed;
    tide_pg_sql_clear(&name);
}

/* ---- the staging table ----------------------------------------------------------- */

static bool comes(const struct pg_target *target, size_t column)
{
    for (size_t i = 0; i < target->count; i++) {
        if (target->columns[i] == column) {
            return true;
        }
    }
    return false;
}

/* Columns that do not come are filled in the target, not here. */
static void relax_absent(struct tide_pg_sql *sql, const struct pg_target *target,
                         const char *run)
{
    for (size_t i = 0; i < target->table.column_count; i++) {
        const struct tide_pg_column *column = &target->table.columns[i];

        if (column->required && !column->generated && !comes(target, i)) {
            tide_pg_sql_add(sql, "; ALTER TABLE ");
            pg_merge_add_name(sql, run);
            tide_pg_sql_add(sql, " ALTER COLUMN ");
            tide_pg_sql_identifier(sql, column->name);
            tide_pg_sql_add(sql, " DROP NOT NULL");
        }
    }
}

static void build_prepare(struct tide_pg_sql *sql, const struct parts *parts)
{
    tide_pg_sql_add(sql, "CREATE TEMPORARY TABLE ");
    pg_merge_add_name(sql, parts->run);
    tide_pg_sql_add(sql, " (LIKE ");
    tide_pg_sql_name(sql, &parts->target->table.name);
    tide_pg_sql_add(sql, " INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS,"
                         " " PG_ORDER_COLUMN " bigint) ON COMMIT DROP");
    relax_absent(sql, parts->target, parts->run);
}

/* ---- into the target ------------------------------------------------------------- */

/* The last of each key comes first. */
static void add_order(struct tide_pg_sql *sql, const struct parts *parts)
{
    tide_pg_sql_add(sql, " ORDER BY ");
    pg_target_add_names(sql, parts->key);
    if (parts->cursor) {
        tide_pg_sql_add(sql, ", ");
        tide_pg_sql_identifier(sql, parts->cursor);
        tide_pg_sql_add(sql, " DESC NULLS LAST");
    }
    tide_pg_sql_add(sql, ", " PG_ORDER_COLUMN " DESC");
}

/* Leave a row of ours that has a greater cursor; none is less than any.  A row that a
 * transaction wrote which began after us counts as ours: it stays, too, when its cursor
 * is greater. */
static void add_guard(struct tide_pg_sql *sql, const char *cursor)
{
    tide_pg_sql_add(sql, " WHERE (" IS_OURS " AND (t.");
    tide_pg_sql_identifier(sql, cursor);
    tide_pg_sql_add(sql, " > EXCLUDED.");
    tide_pg_sql_identifier(sql, cursor);
    tide_pg_sql_add(sql, " OR (EXCLUDED.");
    tide_pg_sql_identifier(sql, cursor);
    tide_pg_sql_add(sql, " IS NULL AND t.");
    tide_pg_sql_identifier(sql, cursor);
    tide_pg_sql_add(sql, " IS NOT NULL))) IS NOT TRUE");
}

static bool has_updates(const struct parts *parts)
{
    for (size_t i = 0; i < parts->target->count; i++) {
        if (!pg_target_is_listed(parts->key, pg_target_column(parts->target, i)->name)) {
            return true;
        }
    }
    return false;
}

static void add_update(struct tide_pg_sql *sql, const struct parts *parts, bool guarded)
{
    const struct pg_target *target = parts->target;
    const char *before = "UPDATE SET ";

    tide_pg_sql_add(sql, " ON CONFLICT (");
    pg_target_add_names(sql, parts->key);
    tide_pg_sql_add(sql, ") DO ");
    if (!has_updates(parts)) {
        tide_pg_sql_add(sql, "NOTHING");
        return;
    }
    for (size_t i = 0; i < target->count; i++) {
        const char *name = pg_target_column(target, i)->name;

        if (!pg_target_is_listed(parts->key, name)) {
            tide_pg_sql_add(sql, before);
            tide_pg_sql_identifier(sql, name);
            tide_pg_sql_add(sql, " = EXCLUDED.");
            tide_pg_sql_identifier(sql, name);
            before = ", ";
        }
    }
    if (guarded && parts->cursor) {
        add_guard(sql, parts->cursor);
    }
}

static void build_insert(struct tide_pg_sql *sql, const struct parts *parts,
                         bool distinct, bool guarded)
{
    tide_pg_sql_add(sql, "INSERT INTO ");
    tide_pg_sql_name(sql, &parts->target->table.name);
    tide_pg_sql_add(sql, " AS t (");
    pg_target_add_columns(parts->target, sql);
    tide_pg_sql_add(sql, ") OVERRIDING SYSTEM VALUE SELECT ");
    if (distinct) {
        tide_pg_sql_add(sql, "DISTINCT ON (");
        pg_target_add_names(sql, parts->key);
        tide_pg_sql_add(sql, ") ");
    }
    pg_target_add_columns(parts->target, sql);
    tide_pg_sql_add(sql, " FROM ");
    pg_merge_add_name(sql, parts->run);
    if (distinct) {
        add_order(sql, parts);
    }
    add_update(sql, parts, guarded);
}

/* Each row of a key is written, or kept out: how many of the keys were not? */
static void build_counted(struct tide_pg_sql *sql, const struct parts *parts)
{
    tide_pg_sql_add(sql, "WITH written AS (");
    build_insert(sql, parts, true, false);
    tide_pg_sql_add(sql, " RETURNING 1) SELECT (SELECT count(*) FROM (SELECT DISTINCT ");
    pg_target_add_names(sql, parts->key);
    tide_pg_sql_add(sql, " FROM ");
    pg_merge_add_name(sql, parts->run);
    tide_pg_sql_add(sql, ") keys) - (SELECT count(*) FROM written)");
}

/* Rows that are there already are not written: which of the keys are not there now? */
static void build_looked_for(struct tide_pg_sql *sql, const struct parts *parts)
{
    build_insert(sql, parts, true, false);
    tide_pg_sql_add(sql, "; SELECT count(*) FROM ");
    pg_merge_add_name(sql, parts->run);
    tide_pg_sql_add(sql, " AS s WHERE NOT EXISTS (SELECT FROM ");
    tide_pg_sql_name(sql, &parts->target->table.name);
    tide_pg_sql_add(sql, " AS t WHERE ");
    for (size_t i = 0; parts->key[i]; i++) {
        tide_pg_sql_add(sql, i > 0 ? " AND t." : "t.");
        tide_pg_sql_identifier(sql, parts->key[i]);
        tide_pg_sql_add(sql, " = s."); /* a key has no nulls */
        tide_pg_sql_identifier(sql, parts->key[i]);
    }
    tide_pg_sql_add(sql, ")");
}

static void build_statements(struct pg_merge *merge, const struct parts *parts)
{
    build_prepare(&merge->prepare, parts);
    tide_pg_sql_add(&merge->plain, "SAVEPOINT " SAVEPOINT "; ");
    build_insert(&merge->plain, parts, false, true);
    if (!merge->is_watched) {
        build_insert(&merge->distinct, parts, true, true);
    } else if (has_updates(parts)) {
        build_counted(&merge->distinct, parts);
    } else {
        build_looked_for(&merge->distinct, parts);
    }
    tide_pg_sql_add(&merge->empty, "TRUNCATE ");
    pg_merge_add_name(&merge->empty, parts->run);
}

/* ---- what triggers may do to a row ----------------------------------------------- */

/* Triggers that run before each row, of the table and its partitions: they may change it,
 * also its cursor, or keep it out. */
static int find_triggers(const struct pg_target *target, struct tide_pg *pg, bool *found,
                         struct tide_error *err)
{
    const char *params[] = {target->table.oid};
    PGresult *result = NULL;
    int rc;

    *found = false;
    if (!target->table.has_triggers && target->table.kind != 'p') {
        return TIDE_OK;
    }
    rc = tide_pg_query(pg,
                       "SELECT FROM pg_trigger WHERE tgrelid IN"
                       " (SELECT $1::oid UNION SELECT relid"
                       " FROM pg_partition_tree($1::oid::regclass))"
                       " AND tgtype & 3 = 3 AND NOT tgisinternal"
                       " AND tgenabled <> 'D' LIMIT 1",
                       params, 1, &result, err);
    *found = rc == TIDE_OK && PQntuples(result) > 0;
    PQclear(result);
    return rc;
}

/* ---- interface ------------------------------------------------------------------- */

int pg_merge_init(struct pg_merge *merge, struct tide_pg *pg,
                  const struct pg_target *target,
                  const struct tide_destination_request *request, struct tide_error *err)
{
    struct parts parts = {.target = target, .key = request->key, .run = request->run};
    int rc = find_triggers(target, pg, &merge->is_watched, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (request->cursor &&
        tide_schema_find(request->schema, request->cursor) != TIDE_NO_COLUMN) {
        parts.cursor = request->cursor;
        merge->waits = merge->is_watched;
    }
    merge->is_counted = !parts.cursor && has_updates(&parts);
    build_statements(merge, &parts);
    if (merge->prepare.failed || merge->plain.failed || merge->empty.failed) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for a statement");
    }
    return tide_pg_sql_check(&merge->distinct, err);
}

int pg_merge_prepare(const struct pg_merge *merge, struct tide_pg *pg,
                     struct tide_error *err)
{
    return tide_pg_exec(pg, merge->prepare.text, NULL, err);
}

static int kept_out(long long missing, int64_t rows, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_DATA,
                          "the table took %lld of %lld rows: a trigger keeps rows out",
                          (long long)rows - missing, (long long)rows);
}

/* A batch rarely has a key twice: the server says so, and is asked again. */
static int apply_plain(struct pg_merge *merge, struct tide_pg *pg, int64_t rows,
                       struct tide_error *err)
{
    struct tide_error why = {0};
    PGresult *result = NULL;
    int rc = tide_pg_exec(pg, merge->plain.text, &result, &why);

    if (rc != TIDE_OK && PQstatus(pg->conn) == CONNECTION_OK &&
        strcmp(pg->sqlstate, CARDINALITY_VIOLATION) == 0) {
        merge->sees_duplicates = true;
        return tide_pg_exec(
            pg, "ROLLBACK TO SAVEPOINT " SAVEPOINT "; RELEASE SAVEPOINT " SAVEPOINT, NULL,
            err);
    }
    if (rc != TIDE_OK) {
        *err = why;
        return rc;
    }
    tide_pg_defer(pg, "RELEASE SAVEPOINT " SAVEPOINT);
    if (merge->is_counted) {
        long long missing = rows - strtoll(PQcmdTuples(result), NULL, 10);

        rc = missing == 0 ? TIDE_OK : kept_out(missing, rows, err);
    }
    PQclear(result);
    return rc;
}

static int apply_distinct(const struct pg_merge *merge, struct tide_pg *pg, int64_t rows,
                          struct tide_error *err)
{
    PGresult *result = NULL;
    int rc = tide_pg_exec(pg, merge->distinct.text, &result, err);

    if (rc == TIDE_OK && merge->is_watched) {
        long long missing = strtoll(PQgetvalue(result, 0, 0), NULL, 10);

        rc = missing == 0 ? TIDE_OK : kept_out(missing, rows, err);
    }
    PQclear(result);
    return rc;
}

int pg_merge_apply(struct pg_merge *merge, struct tide_pg *pg, int64_t rows,
                   struct tide_error *err)
{
    bool is_plain = !merge->sees_duplicates && !merge->is_watched;
    int rc = is_plain ? apply_plain(merge, pg, rows, err) : TIDE_OK;

    if (rc == TIDE_OK && (!is_plain || merge->sees_duplicates)) {
        rc = apply_distinct(merge, pg, rows, err);
    }
    if (rc == TIDE_OK) {
        tide_pg_defer(pg, merge->empty.text);
    }
    return rc;
}

void pg_merge_clear(struct pg_merge *merge)
{
    tide_pg_sql_clear(&merge->prepare);
    tide_pg_sql_clear(&merge->plain);
    tide_pg_sql_clear(&merge->distinct);
    tide_pg_sql_clear(&merge->empty);
}
