/*
 * merge - rows inserted, or updated where their key is there already.
 */
#include "merge.h"

#include <stdbool.h>

void pg_merge_add_name(struct tide_pg_sql *sql, const char *run)
{
    struct tide_pg_sql name = {0};

    tide_pg_sql_format(&name, "_tidemill_%s", run);
    tide_pg_sql_add(sql, "pg_temp.");
    if (name.text) {
        tide_pg_sql_identifier(sql, name.text);
    }
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

int pg_merge_prepare(struct tide_pg *pg, const struct pg_target *target, const char *run,
                     struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    tide_pg_sql_add(&sql, "CREATE TEMPORARY TABLE ");
    pg_merge_add_name(&sql, run);
    tide_pg_sql_add(&sql, " (LIKE ");
    tide_pg_sql_name(&sql, &target->table.name);
    tide_pg_sql_add(&sql, " INCLUDING DEFAULTS INCLUDING GENERATED INCLUDING CONSTRAINTS,"
                          " " PG_ORDER_COLUMN " bigint) ON COMMIT DROP");
    relax_absent(&sql, target, run);
    rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    tide_pg_sql_clear(&sql);
    return rc;
}

/* ---- into the target ------------------------------------------------------------- */

/* The staged rows, the last of each key. */
static void add_select(struct tide_pg_sql *sql, const struct pg_target *target,
                       const char *const *key, const char *cursor, const char *run)
{
    tide_pg_sql_add(sql, " SELECT DISTINCT ON (");
    pg_target_add_names(sql, key);
    tide_pg_sql_add(sql, ") ");
    pg_target_add_columns(target, sql);
    tide_pg_sql_add(sql, " FROM ");
    pg_merge_add_name(sql, run);
    tide_pg_sql_add(sql, " ORDER BY ");
    pg_target_add_names(sql, key);
    if (cursor) {
        tide_pg_sql_add(sql, ", ");
        tide_pg_sql_identifier(sql, cursor);
        tide_pg_sql_add(sql, " DESC NULLS LAST");
    }
    tide_pg_sql_add(sql, ", " PG_ORDER_COLUMN " DESC");
}

static void add_update(struct tide_pg_sql *sql, const struct pg_target *target,
                       const char *const *key)
{
    size_t updated = 0;

    tide_pg_sql_add(sql, " ON CONFLICT (");
    pg_target_add_names(sql, key);
    tide_pg_sql_add(sql, ") DO ");
    for (size_t i = 0; i < target->count; i++) {
        const char *name = pg_target_column(target, i)->name;

        if (!pg_target_is_listed(key, name)) {
            tide_pg_sql_add(sql, updated++ == 0 ? "UPDATE SET " : ", ");
            tide_pg_sql_identifier(sql, name);
            tide_pg_sql_add(sql, " = EXCLUDED.");
            tide_pg_sql_identifier(sql, name);
        }
    }
    if (updated == 0) {
        tide_pg_sql_add(sql, "NOTHING");
    }
}

int pg_merge_apply(struct tide_pg *pg, const struct pg_target *target,
                   const char *const *key, const char *cursor, const char *run,
                   struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    int rc;

    tide_pg_sql_add(&sql, "INSERT INTO ");
    tide_pg_sql_name(&sql, &target->table.name);
    tide_pg_sql_add(&sql, " (");
    pg_target_add_columns(target, &sql);
    tide_pg_sql_add(&sql, ") OVERRIDING SYSTEM VALUE");
    add_select(&sql, target, key, cursor, run);
    add_update(&sql, target, key);
    tide_pg_sql_add(&sql, "; TRUNCATE ");
    pg_merge_add_name(&sql, run);
    rc = tide_pg_exec_sql(pg, &sql, NULL, err);
    tide_pg_sql_clear(&sql);
    return rc;
}
