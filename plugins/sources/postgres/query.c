/*
 * query - the COPY that reads a table as a request asks.
 */
#include "query.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static bool is_listed(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const struct tide_source_request *request, const char *name)
{
    return (!request->include || is_listed(request->include, name)) &&
           !(request->exclude && is_listed(request->exclude, name));
}

/* Find the cursor among the chosen columns, or add it behind them. */
static int choose_cursor(const struct tide_pg_table *table, const char *cursor,
                         struct pg_selection *selection, struct tide_error *err)
{
    size_t wanted = tide_pg_table_find(table, cursor);

    if (wanted == TIDE_NO_COLUMN) {
        (void)tide_pg_column_missing(table, cursor, err);
        return tide_error_wrap(err, "cursor");
    }
    for (size_t i = 0; i < selection->count; i++) {
        if (selection->columns[i] == wanted) {
            selection->cursor = i;
            return TIDE_OK;
        }
    }
    selection->cursor = selection->count;
    selection->columns[selection->count++] = wanted;
    return TIDE_OK;
}

int pg_selection_make(const struct tide_pg_table *table,
                      const struct tide_source_request *request,
                      struct pg_selection *selection, struct tide_error *err)
{
    selection->cursor = TIDE_NO_COLUMN;
    selection->columns = calloc(table->column_count + 1, sizeof *selection->columns);
    if (!selection->columns) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for columns");
    }
    for (size_t i = 0; i < table->column_count; i++) {
        if (is_wanted(request, table->columns[i].name)) {
            selection->columns[selection->count++] = i;
        }
    }
    selection->visible = selection->count;
    if (selection->visible == 0) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "no column of table %s.%s is left to read",
                              table->name.schema, table->name.table);
    }
    return request->cursor ? choose_cursor(table, request->cursor, selection, err)
                           : TIDE_OK;
}

void pg_selection_clear(struct pg_selection *selection)
{
    free(selection->columns);
    memset(selection, 0, sizeof *selection);
}

/* ---- the statement --------------------------------------------------------------- */

static void add_columns(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                        const struct pg_selection *selection)
{
    for (size_t i = 0; i < selection->count; i++) {
        const struct tide_pg_column *column = &table->columns[selection->columns[i]];

        tide_pg_sql_add(sql, i > 0 ? ", t." : "t.");
        tide_pg_sql_identifier(sql, column->name);
        if (column->type.form == TIDE_PG_AS_TEXT) {
            tide_pg_sql_add(sql, "::text");
        }
    }
}

static void add_start(struct tide_pg_sql *sql, const struct tide_pg_column *cursor,
                      const char *from)
{
    tide_pg_sql_add(sql, " WHERE t.");
    tide_pg_sql_identifier(sql, cursor->name);
    tide_pg_sql_add(sql, " >= ");
    tide_pg_sql_literal(sql, from);
    tide_pg_sql_format(sql, "::%s", cursor->type_name);
}

/* By cursor, and by primary key where cursors are equal. */
static void add_order(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                      const struct tide_pg_column *cursor)
{
    tide_pg_sql_add(sql, " ORDER BY t.");
    tide_pg_sql_identifier(sql, cursor->name);
    for (int place = 1; place <= (int)table->column_count; place++) {
        for (size_t i = 0; i < table->column_count; i++) {
            if (table->columns[i].key_place == place) {
                tide_pg_sql_add(sql, ", t.");
                tide_pg_sql_identifier(sql, table->columns[i].name);
            }
        }
    }
}

void pg_query_build(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                    const struct pg_selection *selection, const char *from,
                    int64_t row_limit)
{
    tide_pg_sql_add(sql, "COPY (SELECT ");
    add_columns(sql, table, selection);
    tide_pg_sql_add(sql, " FROM ");
    tide_pg_sql_name(sql, &table->name);
    tide_pg_sql_add(sql, " AS t");
    if (selection->cursor != TIDE_NO_COLUMN) {
        const struct tide_pg_column *cursor =
            &table->columns[selection->columns[selection->cursor]];

        if (from) {
            add_start(sql, cursor, from);
        }
        add_order(sql, table, cursor);
    }
    if (row_limit > 0) {
        tide_pg_sql_format(sql, " LIMIT %lld", (long long)row_limit);
    }
    tide_pg_sql_add(sql, ") TO STDOUT (FORMAT binary)");
}
