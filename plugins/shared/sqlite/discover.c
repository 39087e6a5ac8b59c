/*
 * discover - the tables of a database, and their columns as they are read.
 */
#include "table.h"

static int column_type(const struct table_column *column,
                       const struct tide_schema *declared)
{
    size_t i = declared ? tide_schema_find(declared, column->name) : TIDE_NO_COLUMN;

    if (i != TIDE_NO_COLUMN && declared->columns[i].type != TIDE_TYPE_NULL) {
        return declared->columns[i].type;
    }
    return column->type == TIDE_TYPE_NULL ? TIDE_TYPE_STRING : column->type;
}

int table_schema(const struct table *table, const struct tide_schema *declared,
                 struct tide_schema *schema, struct tide_error *err)
{
    for (size_t i = 0; i < table->count; i++) {
        const struct table_column *column = &table->columns[i];
        bool row_number = column->key > 0 && column->has_default;
        uint32_t flags = (column->required || row_number ? TIDE_COLUMN_REQUIRED : 0) |
                         (column->key > 0 ? TIDE_COLUMN_KEY : 0);
        int rc =
            tide_schema_add(schema, column->name, column_type(column, declared), flags);

        if (rc == TIDE_OK && column->declared[0]) {
            rc = tide_schema_set_logical(schema, i, column->declared);
        }
        if (rc != TIDE_OK) {
            return tide_error_memory(err);
        }
    }
    return TIDE_OK;
}

int table_each(const struct database *database, table_name_fn each, void *arg,
               struct tide_error *err)
{
    char *sql =
        sqlite3_mprintf("SELECT name FROM sqlite_schema WHERE type IN ('table', "
                        "'view') AND name NOT LIKE 'sqlite\\_%%' ESCAPE '\\' AND "
                        "name <> %Q AND substr(name, 1, %d) <> %Q ORDER BY name",
                        POSITIONS_TABLE, (int)strlen(STAGING_TABLE), STAGING_TABLE);
    sqlite3_stmt *statement = NULL;
    int rc = database_prepare(database, sql, "list the tables", &statement, err);
    int result = SQLITE_DONE;

    while (rc >= 0 && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        rc = each(arg, (const char *)sqlite3_column_text(statement, 0));
    }
    if (rc >= 0 && result != SQLITE_DONE) {
        rc = database_failed(database, "list the tables", err);
    }
    (void)sqlite3_finalize(statement);
    return rc < 0 ? rc : TIDE_OK;
}

struct discovery {
    const struct database *database;
    tide_discover_fn emit;
    void *arg;
    struct tide_error *err;
};

static int discover_table(void *arg, const char *name)
{
    const struct discovery *discovery = arg;
    struct table table = {0};
    struct tide_schema schema = {0};
    int rc = table_describe(discovery->database, name, &table, discovery->err);

    if (rc == TIDE_OK) {
        rc = table_schema(&table, NULL, &schema, discovery->err);
    }
    if (rc == TIDE_OK) {
        rc = discovery->emit(discovery->arg, name, &schema);
    }
    tide_schema_clear(&schema);
    table_clear(&table);
    return rc;
}

int table_discover(const struct database *database, tide_discover_fn emit, void *arg,
                   struct tide_error *err)
{
    struct discovery discovery = {database, emit, arg, err};

    return table_each(database, discover_table, &discovery, err);
}
