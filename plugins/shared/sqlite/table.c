/*
 * table - columns as SQLite describes them.
 */
#include "table.h"

#include <strings.h>

static char *copy_text(const unsigned char *text)
{
    return strdup(text ? (const char *)text : "");
}

static int add_column(struct table *table, sqlite3_stmt *row)
{
    struct table_column *columns =
        realloc(table->columns, (table->count + 1) * sizeof *columns);
    struct table_column *column;

    if (!columns) {
        return TIDE_E_LIMIT;
    }
    table->columns = columns;
    column = &columns[table->count++];
    memset(column, 0, sizeof *column);
    column->name = copy_text(sqlite3_column_text(row, 0));
    column->declared = copy_text(sqlite3_column_text(row, 1));
    if (!column->name || !column->declared) {
        return TIDE_E_LIMIT;
    }
    column->type = table_type(column->declared);
    column->affinity = table_affinity(column->declared);
    column->required = sqlite3_column_int(row, 2) != 0;
    column->has_default = sqlite3_column_type(row, 3) != SQLITE_NULL;
    column->key = sqlite3_column_int(row, 4);
    column->generated = sqlite3_column_int(row, 5) > 1;
    return TIDE_OK;
}

/* The one column of an INTEGER PRIMARY KEY is the row's number: SQLite fills it, and it
 * is never null. */
static void mark_row_number(struct table *table)
{
    struct table_column *alias = NULL;
    size_t keys = 0;

    for (size_t i = 0; i < table->count; i++) {
        if (table->columns[i].key > 0) {
            alias = &table->columns[i];
            keys++;
        }
    }
    if (keys == 1 && strcasecmp(alias->declared, "INTEGER") == 0) {
        alias->has_default = true;
    }
}

int table_describe(const struct database *database, const char *name, struct table *out,
                   struct tide_error *err)
{
    /* hidden 1 is a column of a virtual table that "*" does not show. */
    char *sql = sqlite3_mprintf("SELECT name, type, \"notnull\", dflt_value, pk, hidden "
                                "FROM pragma_table_xinfo(%Q) WHERE hidden <> 1",
                                name);
    struct table table = {0};
    sqlite3_stmt *statement = NULL;
    int rc = database_prepare(database, sql, "describe a table", &statement, err);
    int result = SQLITE_DONE;

    while (rc == TIDE_OK && (result = sqlite3_step(statement)) == SQLITE_ROW) {
        if (add_column(&table, statement) != TIDE_OK) {
            rc = tide_error_memory(err);
        }
    }
    if (rc == TIDE_OK && result != SQLITE_DONE) {
        rc = database_failed(database, "describe a table", err);
    }
    (void)sqlite3_finalize(statement);
    if (rc != TIDE_OK) {
        table_clear(&table);
        return rc;
    }
    mark_row_number(&table);
    *out = table;
    return TIDE_OK;
}

void table_clear(struct table *table)
{
    for (size_t i = 0; i < table->count; i++) {
        free(table->columns[i].name);
        free(table->columns[i].declared);
    }
    free(table->columns);
    memset(table, 0, sizeof *table);
}

const struct table_column *table_find(const struct table *table, const char *name)
{
    for (size_t i = 0; i < table->count; i++) {
        if (sqlite3_stricmp(table->columns[i].name, name) == 0) {
            return &table->columns[i];
        }
    }
    return NULL;
}

size_t table_distance(const char *left, const char *right)
{
    size_t row[65];
    size_t width = strlen(right) < 64 ? strlen(right) : 64;

    for (size_t j = 0; j <= width; j++) {
        row[j] = j;
    }
    for (size_t i = 0; left[i]; i++) {
        size_t corner = row[0];

        row[0] = i + 1;
        for (size_t j = 1; j <= width; j++) {
            size_t change = corner + (left[i] != right[j - 1]);
            size_t shift = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;

            corner = row[j];
            row[j] = change < shift ? change : shift;
        }
    }
    return row[width];
}

const char *table_nearest(const struct table *table, const char *name)
{
    const char *nearest = NULL;
    size_t best = SIZE_MAX;

    for (size_t i = 0; i < table->count; i++) {
        size_t distance = table_distance(name, table->columns[i].name);

        if (distance < best) {
            best = distance;
            nearest = table->columns[i].name;
        }
    }
    return nearest;
}
