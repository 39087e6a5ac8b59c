/*
 * catalog - what the server knows of its tables: columns, types, keys.
 */
#include "postgres/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "postgres/nearest.h"

/* One row for each column of the tables of a schema; a domain is seen through to its
 * base type and that one's modifier. */
#define COLUMNS_OF_SCHEMA                                                                \
    "SELECT c.oid, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), b.oid,"   \
    " b.modifier, b.typtype, a.attnum,"                                                  \
    " coalesce(array_position((i.indkey::int2[])[0:i.indnkeyatts - 1], a.attnum), 0),"   \
    " a.attnotnull,"                                                                     \
    " a.attidentity <> '' OR (a.atthasdef AND a.attgenerated = '') OR b.has_default,"    \
    " a.attgenerated <> '', c.relhastriggers "                                           \
    "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"                      \
    " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"                        \
    " AND NOT a.attisdropped"                                                            \
    " LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary"                     \
    " CROSS JOIN LATERAL (WITH RECURSIVE base AS ("                                      \
    "SELECT t.oid, a.atttypmod AS modifier, t.typtype, t.typbasetype, t.typtypmod,"      \
    " t.typtype = 'd' AND t.typdefault IS NOT NULL AS has_default, 0 AS depth"           \
    " FROM pg_type t WHERE t.oid = a.atttypid "                                          \
    "UNION ALL SELECT t.oid, base.typtypmod, t.typtype, t.typbasetype, t.typtypmod,"     \
    " base.has_default, base.depth + 1"                                                  \
    " FROM base JOIN pg_type t ON base.typtype = 'd' AND t.oid = base.typbasetype)"      \
    " SELECT * FROM base ORDER BY depth DESC LIMIT 1) b "                                \
    "WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f') "

enum {
    COLUMN_TABLE_OID,
    COLUMN_TABLE,
    COLUMN_NAME,
    COLUMN_TYPE_NAME,
    COLUMN_TYPE,
    COLUMN_MODIFIER,
    COLUMN_TYPTYPE,
    COLUMN_NUMBER,
    COLUMN_KEY_PLACE,
    COLUMN_REQUIRED,
    COLUMN_DEFAULT,
    COLUMN_GENERATED,
    COLUMN_TRIGGERS
};

static bool get_bool(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}

static int get_int(const PGresult *result, int row, int column)
{
    return (int)strtol(PQgetvalue(result, row, column), NULL, 10);
}

/* Fill a zeroed column from a row of COLUMNS_OF_SCHEMA. */
static int read_column(const PGresult *result, int row, struct tide_pg_column *column)
{
    uint32_t oid = (uint32_t)strtoul(PQgetvalue(result, row, COLUMN_TYPE), NULL, 10);

    column->name = strdup(PQgetvalue(result, row, COLUMN_NAME));
    column->type_name = strdup(PQgetvalue(result, row, COLUMN_TYPE_NAME));
    column->type = tide_pg_type_of(oid, get_int(result, row, COLUMN_MODIFIER),
                                   PQgetvalue(result, row, COLUMN_TYPTYPE)[0]);
    column->number = get_int(result, row, COLUMN_NUMBER);
    column->key_place = get_int(result, row, COLUMN_KEY_PLACE);
    column->required = get_bool(result, row, COLUMN_REQUIRED);
    column->has_default = get_bool(result, row, COLUMN_DEFAULT);
    column->generated = get_bool(result, row, COLUMN_GENERATED);
    return column->name && column->type_name ? TIDE_OK : TIDE_E_LIMIT;
}

static void clear_columns(struct tide_pg_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        free(table->columns[i].name);
        free(table->columns[i].type_name);
    }
    free(table->columns);
    table->columns = NULL;
    table->column_count = 0;
}

/* Fill table with the columns in rows [first, end) of a result. */
static int read_columns(const PGresult *result, int first, int end,
                        struct tide_pg_table *table, struct tide_error *err)
{
    int rc = TIDE_OK;

    clear_columns(table);
    (void)snprintf(table->oid, sizeof table->oid, "%s",
                   PQgetvalue(result, first, COLUMN_TABLE_OID));
    table->has_triggers = get_bool(result, first, COLUMN_TRIGGERS);
    table->columns = calloc((size_t)(end - first), sizeof *table->columns);
    for (int row = first; table->columns && rc == TIDE_OK && row < end; row++) {
        rc = read_column(result, row, &table->columns[table->column_count++]);
    }
    if (!table->columns || rc != TIDE_OK) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for the columns of a table");
    }
    return TIDE_OK;
}

int tide_pg_table_load_domains(struct tide_pg *pg, struct tide_pg_table *table,
                               struct tide_error *err)
{
    const char *params[] = {table->name.schema, table->name.table};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg, COLUMNS_OF_SCHEMA "AND c.relname = $2 ORDER BY a.attnum",
                           params, 2, &result, err);

    if (rc == TIDE_OK) {
        rc = PQntuples(result) > 0
                 ? read_columns(result, 0, PQntuples(result), table, err)
                 : TIDE_E_NOT_FOUND;
    }
    PQclear(result);
    return rc;
}

/* Offer the first column of what a query gives; it holds what is nearest. */
static int offer_names(struct tide_pg *pg, const char *sql, const char *const *params,
                       int count, struct tide_pg_nearest *nearest, PGresult **result,
                       struct tide_error *err)
{
    int rc = tide_pg_query(pg, sql, params, count, result, err);

    for (int row = 0; rc == TIDE_OK && row < PQntuples(*result); row++) {
        tide_pg_nearest_offer(nearest, PQgetvalue(*result, row, 0));
    }
    return rc;
}

static int say_missing(struct tide_pg *pg, const char *what, const char *where,
                       const struct tide_pg_nearest *nearest, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_NOT_FOUND, "no %s \"%s\"%s in %s%s%s%s", what,
                          nearest->word, where, pg->place,
                          nearest->best ? "; did you mean \"" : "",
                          nearest->best ? nearest->best : "", nearest->best ? "\"?" : "");
}

static bool has_name(const PGresult *result, const char *name)
{
    for (int row = 0; row < PQntuples(result); row++) {
        if (strcmp(PQgetvalue(result, row, 0), name) == 0) {
            return true;
        }
    }
    return false;
}

/* TIDE_E_NOT_FOUND, with the nearest one, when there is no such schema. */
static int check_schema(struct tide_pg *pg, const char *schema, struct tide_error *err)
{
    struct tide_pg_nearest nearest = {.word = schema};
    PGresult *result = NULL;
    int rc = offer_names(pg, "SELECT nspname FROM pg_namespace ORDER BY 1", NULL, 0,
                         &nearest, &result, err);

    if (rc == TIDE_OK && !has_name(result, schema)) {
        rc = say_missing(pg, "schema", "", &nearest, err);
    }
    PQclear(result);
    return rc;
}

int tide_pg_table_missing(struct tide_pg *pg, const struct tide_pg_name *name,
                          struct tide_error *err)
{
    const char *params[] = {name->schema};
    struct tide_pg_nearest nearest = {.word = name->table};
    struct tide_pg_sql where = {0};
    PGresult *result = NULL;
    int rc = check_schema(pg, name->schema, err);

    if (rc == TIDE_OK) {
        rc = offer_names(pg,
                         "SELECT c.relname FROM pg_namespace n JOIN pg_class c"
                         " ON c.relnamespace = n.oid"
                         " AND c.relkind IN ('r', 'p', 'v', 'm', 'f')"
                         " WHERE n.nspname = $1 ORDER BY 1",
                         params, 1, &nearest, &result, err);
    }
    if (rc == TIDE_OK) {
        tide_pg_sql_format(&where, " in schema %s", name->schema);
        rc = say_missing(pg, "table", where.text ? where.text : "", &nearest, err);
    }
    tide_pg_sql_clear(&where);
    PQclear(result);
    return rc;
}

size_t tide_pg_table_find(const struct tide_pg_table *table, const char *column)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (strcmp(table->columns[i].name, column) == 0) {
            return i;
        }
    }
    return TIDE_NO_COLUMN;
}

int tide_pg_column_missing(const struct tide_pg_table *table, const char *column,
                           struct tide_error *err)
{
    struct tide_pg_nearest nearest = {.word = column};

    for (size_t i = 0; i < table->column_count; i++) {
        tide_pg_nearest_offer(&nearest, table->columns[i].name);
    }
    return tide_error_at(err, TIDE_E_CONFIG, column,
                         "table %s.%s has no column \"%s\"%s%s%s", table->name.schema,
                         table->name.table, column,
                         nearest.best ? "; did you mean \"" : "",
                         nearest.best ? nearest.best : "", nearest.best ? "\"?" : "");
}

void tide_pg_table_clear(struct tide_pg_table *table)
{
    clear_columns(table);
    tide_pg_name_clear(&table->name);
}

int tide_pg_schema_add(struct tide_schema *schema, const struct tide_pg_column *column)
{
    uint32_t flags = TIDE_COLUMN_SQL_TYPE;
    int rc;

    flags |= column->required ? TIDE_COLUMN_REQUIRED : 0U;
    flags |= column->key_place > 0 ? TIDE_COLUMN_KEY : 0U;
    rc = tide_schema_add(schema, column->name, column->type.type, flags);
    if (rc != TIDE_OK) {
        return rc;
    }
    schema->columns[schema->column_count - 1].max_length = column->type.max_length;
    return tide_schema_set_logical(schema, schema->column_count - 1, column->type_name);
}

/* ---- discover -------------------------------------------------------------------- */

/* Emit the table whose columns are in rows [first, end). */
static int emit_table(const PGresult *result, int first, int end, tide_discover_fn emit,
                      void *arg, struct tide_error *err)
{
    struct tide_pg_table table = {0};
    struct tide_pg_sql name = {0};
    struct tide_schema schema = {0};
    int rc = read_columns(result, first, end, &table, err);

    for (size_t i = 0; rc == TIDE_OK && i < table.column_count; i++) {
        rc = tide_pg_schema_add(&schema, &table.columns[i]);
    }
    tide_pg_name_format(&name, PQgetvalue(result, first, COLUMN_TABLE));
    if (rc == TIDE_OK) {
        rc = tide_pg_sql_check(&name, err);
    }
    if (rc == TIDE_OK) {
        rc = emit(arg, name.text, &schema);
    }
    tide_schema_clear(&schema);
    tide_pg_sql_clear(&name);
    tide_pg_table_clear(&table);
    return rc;
}

static int emit_tables(const PGresult *result, tide_discover_fn emit, void *arg,
                       struct tide_error *err)
{
    int first = 0;
    int rc = TIDE_OK;

    for (int row = 1; rc >= 0 && row <= PQntuples(result); row++) {
        if (row == PQntuples(result) ||
            strcmp(PQgetvalue(result, row, COLUMN_TABLE_OID),
                   PQgetvalue(result, first, COLUMN_TABLE_OID)) != 0) {
            rc = emit_table(result, first, row, emit, arg, err);
            first = row;
        }
    }
    return rc;
}

int tide_pg_discover(const void *options, const struct tide_host *host,
                     tide_discover_fn emit, void *arg, struct tide_error *err)
{
    const struct tide_pg_options *given = options;
    const char *params[] = {given->schema};
    struct tide_pg *pg = NULL;
    PGresult *result = NULL;
    int rc = tide_pg_open(given, host, &pg, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    rc = tide_pg_query(pg,
                       COLUMNS_OF_SCHEMA
                       "AND c.relname <> '_tidemill_positions'"
                       " AND NOT starts_with(c.relname::text, '_tidemill_staging_')"
                       " ORDER BY c.relname, a.attnum",
                       params, 1, &result, err);
    if (rc == TIDE_OK && PQntuples(result) == 0) {
        rc = check_schema(pg, given->schema, err);
    }
    if (rc == TIDE_OK) {
        rc = emit_tables(result, emit, arg, err);
    }
    PQclear(result);
    tide_pg_close(pg);
    return rc;
}
