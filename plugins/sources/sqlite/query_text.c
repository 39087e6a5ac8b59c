/*
 * query_text - built once for each run.
 */
#include "query_text.h"

#include <stdlib.h>
#include <strings.h>

/* ---- what orders the rows ---- */

/* A key tells rows apart only where none of its columns can be null; an INTEGER PRIMARY
 * KEY is the row's number, and a table without row numbers has a key of such columns. */
static bool has_sure_key(const struct table *table, bool row_numbers)
{
    const struct table_column *last = NULL;
    size_t count = 0;
    bool all_required = true;

    for (size_t i = 0; i < table->count; i++) {
        if (table->columns[i].key > 0) {
            last = &table->columns[i];
            all_required = all_required && last->required;
            count++;
        }
    }
    return count > 0 && (all_required || !row_numbers ||
                         (count == 1 && strcasecmp(last->declared, "INTEGER") == 0));
}

static void add_key(const struct table *table, struct place_columns *out)
{
    for (int place = 1; place <= (int)table->count; place++) {
        for (size_t i = 0; i < table->count; i++) {
            if (table->columns[i].key == place) {
                out->names[out->count++] = table->columns[i].name;
            }
        }
    }
}

int place_columns(const struct tide_source_request *request, const struct table *table,
                  bool row_numbers, struct place_columns *out)
{
    out->count = 0;
    out->names = calloc(table->count + 2, sizeof *out->names);
    if (!out->names) {
        return TIDE_E_LIMIT;
    }
    if (request->cursor) {
        out->names[out->count++] = request->cursor;
    }
    if (has_sure_key(table, row_numbers)) {
        add_key(table, out);
    } else if (row_numbers) {
        out->names[out->count++] = ROW_NUMBER;
    }
    return TIDE_OK;
}

/* ---- the statement ---- */

static void append_names(sqlite3_str *sql, const char *before,
                         const struct place_columns *place, size_t first)
{
    for (size_t i = first; i < place->count; i++) {
        sqlite3_str_appendf(sql, "%s\"%w\"", i == first ? before : ", ", place->names[i]);
    }
}

static void append_side(sqlite3_str *sql, const struct place_columns *place, size_t first,
                        const char *relation)
{
    append_names(sql, "(", place, first);
    sqlite3_str_appendf(sql, ") %s (", relation);
    for (size_t i = first; i < place->count; i++) {
        sqlite3_str_appendf(sql, "%s?%d", i == first ? "" : ", ", (int)i + 1);
    }
    sqlite3_str_appendchar(sql, 1, ')');
}

static void append_in_front(sqlite3_str *sql, const struct place_columns *place,
                            bool has_cursor)
{
    sqlite3_str_appendall(sql, " WHERE ");
    if (has_cursor) {
        sqlite3_str_appendf(sql, "\"%w\" IS ?1 AND ", place->names[0]);
    }
    append_side(sql, place, has_cursor ? 1 : 0, "<=");
}

static void append_start(sqlite3_str *sql, const struct place_columns *place,
                         enum place_start start)
{
    switch (start) {
    case PLACE_FROM_CURSOR:
        sqlite3_str_appendf(sql, " WHERE \"%w\" >= ?1", place->names[0]);
        break;
    case PLACE_IN_FRONT:
        append_in_front(sql, place, true);
        break;
    case PLACE_AFTER_KEY:
        sqlite3_str_appendall(sql, " WHERE ");
        append_side(sql, place, 0, ">");
        break;
    case PLACE_AFTER_NULL:
        /* Rows without a cursor come first.  ?1 is there, and null, for the numbers. */
        sqlite3_str_appendf(sql, " WHERE \"%w\" IS NOT NULL OR (?1 IS NULL AND ",
                            place->names[0]);
        append_side(sql, place, 1, ">");
        sqlite3_str_appendchar(sql, 1, ')');
        break;
    default:
        break;
    }
}

char *query_text(const struct tide_source_request *request, const struct table *table,
                 bool row_numbers, const struct place_columns *place,
                 enum place_start start)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);

    sqlite3_str_appendf(sql, "SELECT %s", row_numbers ? "_rowid_" : "NULL");
    for (size_t i = 0; i < table->count; i++) {
        sqlite3_str_appendf(sql, ", \"%w\"", table->columns[i].name);
    }
    append_names(sql, ", ", place, 0);
    sqlite3_str_appendf(sql, " FROM \"%w\"", request->table);
    append_start(sql, place, start);
    append_names(sql, " ORDER BY ", place, 0);
    return sqlite3_str_finish(sql);
}

char *front_text(const struct tide_source_request *request,
                 const struct place_columns *place)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);

    append_names(sql, "SELECT ", place, request->cursor ? 1 : 0);
    sqlite3_str_appendf(sql, " FROM \"%w\"", request->table);
    append_in_front(sql, place, request->cursor != NULL);
    return sqlite3_str_finish(sql);
}
