/*
 * query_text - built once for each run.
 */
#include "query_text.h"

static void append_order(sqlite3_str *sql, const struct table *table, const char *cursor,
                         bool row_numbers)
{
    sqlite3_str_appendf(sql, " ORDER BY \"%w\"", cursor);
    for (int place = 1; place <= (int)table->count; place++) {
        for (size_t i = 0; i < table->count; i++) {
            if (table->columns[i].key == place) {
                sqlite3_str_appendf(sql, ", \"%w\"", table->columns[i].name);
            }
        }
    }
    if (row_numbers) {
        sqlite3_str_appendall(sql, ", _rowid_");
    }
}

char *query_text(const struct tide_source_request *request, const struct table *table,
                 bool row_numbers)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);

    sqlite3_str_appendf(sql, "SELECT %s", row_numbers ? "_rowid_" : "NULL");
    for (size_t i = 0; i < table->count; i++) {
        sqlite3_str_appendf(sql, ", \"%w\"", table->columns[i].name);
    }
    if (request->cursor) {
        sqlite3_str_appendf(sql, ", \"%w\"", request->cursor);
    }
    sqlite3_str_appendf(sql, " FROM \"%w\"", request->table);
    if (request->cursor && request->position) {
        sqlite3_str_appendf(sql, " WHERE \"%w\" >= ?1", request->cursor);
    }
    if (request->cursor) {
        append_order(sql, table, request->cursor, row_numbers);
    }
    return sqlite3_str_finish(sql);
}
