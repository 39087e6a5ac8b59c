/*
 * target - the table that is loaded, and which of its columns come.
 */
#include "target.h"

#include <stdlib.h>
#include <string.h>

#include "create.h"
#include "positions.h"

const struct tide_pg_column *pg_target_column(const struct pg_target *target, size_t i)
{
    return &target->table.columns[target->columns[i]];
}

void pg_target_add_columns(const struct pg_target *target, struct tide_pg_sql *sql)
{
    for (size_t i = 0; i < target->count; i++) {
        tide_pg_sql_add(sql, i > 0 ? ", " : "");
        tide_pg_sql_identifier(sql, pg_target_column(target, i)->name);
    }
}

void pg_target_add_names(struct tide_pg_sql *sql, const char *const *names)
{
    for (size_t i = 0; names[i]; i++) {
        tide_pg_sql_add(sql, i > 0 ? ", " : "");
        tide_pg_sql_identifier(sql, names[i]);
    }
}

bool pg_target_is_listed(const char *const *names, const char *name)
{
    for (; names && *names; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

/* A table lock that conflicts with itself would keep VACUUM out, and wait for it. */
#define CLASS_OF_TURNS 1953064037

void pg_target_add_turn(const struct pg_target *target, struct tide_pg_sql *sql)
{
    tide_pg_sql_format(sql, "SELECT pg_advisory_xact_lock(%d, to_regclass(",
                       CLASS_OF_TURNS);
    tide_pg_sql_literal(sql, target->title.text);
    tide_pg_sql_add(sql, ")::oid::int4); ");
}

/* Rows of tables that inherit from it are no part of it, those of partitions are.  What a
 * view shows is up to the view. */
void pg_target_add_rows(const struct pg_target *target, struct tide_pg_sql *sql)
{
    if (target->table.kind == 'r' || target->table.kind == 'f') {
        tide_pg_sql_add(sql, "ONLY ");
    }
    tide_pg_sql_name(sql, &target->table.name);
}

void pg_target_clear(struct pg_target *target)
{
    tide_pg_table_clear(&target->table);
    tide_pg_table_clear(&target->positions);
    PQclear(target->rows);
    free(target->columns);
    free(target->guards);
    tide_pg_sql_clear(&target->title);
    memset(target, 0, sizeof *target);
}

/* ---- the columns that come against those there are ------------------------------- */

static int match_column(struct pg_target *target, const char *name,
                        struct tide_error *err)
{
    size_t found = tide_pg_table_find(&target->table, name);

    if (found == TIDE_NO_COLUMN) {
        return tide_pg_column_missing(&target->table, name, err);
    }
    if (target->table.columns[found].generated) {
        return tide_error_at(err, TIDE_E_CONFIG, name,
                             "column \"%s\" of table %s.%s is computed by the database "
                             "and cannot be written: exclude it",
                             name, target->table.name.schema, target->table.name.table);
    }
    target->columns[target->count++] = found;
    return TIDE_OK;
}

/* A column that must be filled must come. */
static int check_required(const struct pg_target *target,
                          const struct tide_schema *schema, struct tide_error *err)
{
    for (size_t i = 0; i < target->table.column_count; i++) {
        const struct tide_pg_column *column = &target->table.columns[i];

        if (column->required && !column->has_default && !column->generated &&
            tide_schema_find(schema, column->name) == TIDE_NO_COLUMN) {
            return tide_error_at(err, TIDE_E_CONFIG, column->name,
                                 "table %s.%s requires column \"%s\" (%s), which does "
                                 "not come: load it, or give it a default",
                                 target->table.name.schema, target->table.name.table,
                                 column->name, column->type_name);
        }
    }
    return TIDE_OK;
}

static int match_columns(struct pg_target *target, const struct tide_schema *schema,
                         struct tide_error *err)
{
    int rc = TIDE_OK;

    target->columns = calloc(schema->column_count + 1, sizeof *target->columns);
    target->guards = calloc(schema->column_count + 1, sizeof *target->guards);
    if (!target->columns || !target->guards) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for columns");
    }
    for (size_t i = 0; rc == TIDE_OK && i < schema->column_count; i++) {
        rc = match_column(target, schema->columns[i].name, err);
        if (rc == TIDE_OK) {
            rc = pg_guard_choose(&target->guards[i], &schema->columns[i],
                                 pg_target_column(target, i), err);
        }
    }
    return rc == TIDE_OK ? check_required(target, schema, err) : rc;
}

/* Texts that PostgreSQL reads into a value of its own, or pads; those that it wrote from
 * a column of the same type it writes again. */
static bool is_respelt(const struct tide_column *incoming,
                       const struct tide_pg_column *column)
{
    bool is_read = column->type.form == TIDE_PG_AS_TEXT ||
                   strncmp(column->type_name, "character(", strlen("character(")) == 0;

    return is_read && !pg_guard_is_same(incoming, column);
}

static int fill_accepted(const struct pg_target *target,
                         const struct tide_destination_request *request,
                         struct tide_schema *accepted, struct tide_error *err)
{
    for (size_t i = 0; i < target->count; i++) {
        const struct tide_pg_column *column = pg_target_column(target, i);
        bool is_key = pg_target_is_listed(request->key, column->name);
        struct tide_column *added;

        if (tide_pg_schema_add(accepted, column) != TIDE_OK) {
            return tide_error_set(err, TIDE_E_LIMIT, "no memory for columns");
        }
        added = &accepted->columns[i];
        added->flags |= column->has_default ? TIDE_COLUMN_DEFAULT : 0U;
        added->flags |=
            is_respelt(&request->schema->columns[i], column) ? TIDE_COLUMN_RESPELT : 0U;
        added->flags |= is_key ? TIDE_COLUMN_KEY | TIDE_COLUMN_REQUIRED : 0U;
    }
    return TIDE_OK;
}

/* ---- what a mode needs of the table ---------------------------------------------- */

/* "{1,3}": the numbers of the key's columns. */
static int key_numbers(const struct pg_target *target, const char *const *key,
                       struct tide_pg_sql *out, struct tide_error *err)
{
    tide_pg_sql_add(out, "{");
    for (size_t i = 0; key[i]; i++) {
        size_t found = tide_pg_table_find(&target->table, key[i]);

        if (found == TIDE_NO_COLUMN) {
            return tide_pg_column_missing(&target->table, key[i], err);
        }
        tide_pg_sql_format(out, "%s%d", i > 0 ? "," : "",
                           target->table.columns[found].number);
    }
    tide_pg_sql_add(out, "}");
    return tide_pg_sql_check(out, err);
}

static int missing_index(const struct pg_target *target, const char *const *key,
                         struct tide_error *err)
{
    struct tide_pg_sql advice = {0};

    tide_pg_sql_add(&advice, "CREATE UNIQUE INDEX ON ");
    tide_pg_sql_name(&advice, &target->table.name);
    tide_pg_sql_add(&advice, " (");
    pg_target_add_names(&advice, key);
    tide_pg_sql_add(&advice, ")");
    (void)tide_error_set(err, TIDE_E_CONFIG,
                         "mode merge needs a unique index on the key of table %s.%s: %s",
                         target->table.name.schema, target->table.name.table,
                         advice.failed ? "create one" : advice.text);
    tide_pg_sql_clear(&advice);
    return TIDE_E_CONFIG;
}

static int check_unique_index(const struct pg_target *target, struct tide_pg *pg,
                              const char *const *key, struct tide_error *err)
{
    struct tide_pg_sql numbers = {0};
    PGresult *result = NULL;
    int rc = key_numbers(target, key, &numbers, err);

    if (rc == TIDE_OK) {
        const char *params[] = {target->table.oid, numbers.text};

        rc = tide_pg_query(
            pg,
            "SELECT FROM pg_index i WHERE i.indrelid = $1::oid AND i.indisunique"
            " AND i.indisvalid AND i.indimmediate AND i.indpred IS NULL"
            " AND i.indexprs IS NULL"
            " AND (SELECT array_agg(k ORDER BY k)"
            " FROM unnest((i.indkey::int2[])[0:i.indnkeyatts - 1]) k)"
            " = (SELECT array_agg(k ORDER BY k) FROM unnest($2::int2[]) k)",
            params, 2, &result, err);
    }
    if (rc == TIDE_OK && PQntuples(result) == 0) {
        rc = missing_index(target, key, err);
    }
    PQclear(result);
    tide_pg_sql_clear(&numbers);
    return rc;
}

static int check_merge(const struct pg_target *target, struct tide_pg *pg,
                       const struct tide_destination_request *request,
                       struct tide_error *err)
{
    if (!request->key || !request->key[0]) {
        return tide_error_at(err, TIDE_E_CONFIG, "key", "mode merge needs a key");
    }
    for (size_t i = 0; request->key[i]; i++) {
        if (tide_schema_find(request->schema, request->key[i]) == TIDE_NO_COLUMN) {
            return tide_error_at(err, TIDE_E_CONFIG, "key",
                                 "the key's column \"%s\" does not come",
                                 request->key[i]);
        }
    }
    return check_unique_index(target, pg, request->key, err);
}

/* Deleting the old rows must not delete or change rows of other tables. */
static int check_replace(const struct pg_target *target, struct tide_pg *pg,
                         struct tide_error *err)
{
    const char *params[] = {target->table.oid};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg,
                           "SELECT conname, conrelid::regclass FROM pg_constraint"
                           " WHERE contype = 'f' AND confrelid = $1::oid"
                           " AND conrelid <> confrelid AND confdeltype IN ('c', 'n', 'd')"
                           " LIMIT 1",
                           params, 1, &result, err);

    if (rc == TIDE_OK && PQntuples(result) > 0) {
        rc = tide_error_set(err, TIDE_E_CONFIG,
                            "mode replace would change rows of %s through its foreign "
                            "key %s to table %s.%s: use mode merge",
                            PQgetvalue(result, 0, 1), PQgetvalue(result, 0, 0),
                            target->table.name.schema, target->table.name.table);
    }
    PQclear(result);
    return rc;
}

static int check_mode(const struct pg_target *target, struct tide_pg *pg,
                      const struct tide_destination_request *request,
                      struct tide_error *err)
{
    switch (request->mode) {
    case TIDE_MODE_MERGE:
        return check_merge(target, pg, request, err);
    case TIDE_MODE_REPLACE:
        return target->table.has_triggers ? check_replace(target, pg, err) : TIDE_OK;
    default:
        return TIDE_OK;
    }
}

static int name_tables(struct pg_target *target, const char *name, const char *schema,
                       struct tide_error *err)
{
    struct tide_pg_name *positions = &target->positions.name;
    int rc = tide_pg_name_parse(name, schema, &target->table.name, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    positions->schema = strdup(target->table.name.schema);
    positions->table = strdup(PG_POSITIONS_TABLE);
    tide_pg_sql_name(&target->title, &target->table.name);
    return positions->schema && positions->table && !target->title.failed
               ? TIDE_OK
               : tide_error_set(err, TIDE_E_LIMIT, "no memory for a table's name");
}

/* What there is of the table, and the rows of the pipeline, in one round trip. */
static int look(struct pg_target *target, struct tide_pg *pg,
                const struct tide_destination_request *request, struct tide_error *err)
{
    struct pg_positions positions = {.schema = target->positions.name.schema,
                                     .target = target->title.text,
                                     .table = PG_POSITIONS_READY};
    struct tide_pg_sql sql = {0};
    int rc = TIDE_OK;

    pg_positions_init(&positions, request);
    if (positions.pipeline) {
        pg_positions_ask(&sql, &positions);
        rc = tide_pg_sql_check(&sql, err);
    }
    if (rc == TIDE_OK) {
        rc =
            tide_pg_table_load_with(pg, &target->table, request->mode != TIDE_MODE_APPEND,
                                    sql.text, &target->rows, err);
    }
    tide_pg_sql_clear(&sql);
    return rc;
}

int pg_target_open(struct pg_target *target, struct tide_pg *pg, const char *schema,
                   const struct tide_destination_request *request,
                   struct tide_schema *accepted, struct tide_error *err)
{
    int rc = name_tables(target, request->table, schema, err);

    if (rc == TIDE_OK) {
        rc = look(target, pg, request, err);
    }
    if (rc == TIDE_E_NOT_FOUND) {
        rc = pg_create_table(pg, &target->table.name, request, &target->is_new, err);
        if (rc == TIDE_OK) {
            rc = tide_pg_table_load(pg, &target->table, err);
        }
        if (rc == TIDE_E_NOT_FOUND) {
            rc = tide_pg_table_missing(pg, &target->table.name, err);
        }
    }
    if (rc == TIDE_OK) {
        rc = match_columns(target, request->schema, err);
    }
    if (rc == TIDE_OK) {
        rc = check_mode(target, pg, request, err);
    }
    return rc == TIDE_OK ? fill_accepted(target, request, accepted, err) : rc;
}
