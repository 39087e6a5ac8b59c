/*
 * cursor - where an incremental table was left, as {"cursor": VALUE}.
 *
 * The next run reads from that value on, the value itself included: rows that share it
 * and came late are not lost.  Integers and texts are written as they are, real numbers
 * so that they read back to the same bits.
 */
#include <tidemill/value.h>

#include "reader.h"

#define PREFIX "{\"cursor\":"

/* SQLite's own reading of a real number may be off by the last bit. */
static bool parse_real(const char *position, double *out)
{
    const char *at = position + strlen(PREFIX);
    size_t length = strcspn(at, "}");

    return strncmp(position, PREFIX, strlen(PREFIX)) == 0 &&
           tide_parse_float64(at, length, out) == TIDE_OK;
}

int position_bind(const struct reader *reader, sqlite3_stmt *statement,
                  struct tide_error *err)
{
    const char *position = reader->request->position;
    sqlite3_stmt *query = NULL;
    double real = 0;
    int result = SQLITE_ERROR;
    int rc =
        database_prepare(&reader->database,
                         sqlite3_mprintf("SELECT json_extract(%Q, '$.cursor')", position),
                         "read the position", &query, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (sqlite3_step(query) == SQLITE_ROW &&
        sqlite3_column_type(query, 0) != SQLITE_NULL) {
        result =
            sqlite3_column_type(query, 0) == SQLITE_FLOAT && parse_real(position, &real)
                ? sqlite3_bind_double(statement, 1, real)
                : sqlite3_bind_value(statement, 1, sqlite3_column_value(query, 0));
    }
    if (result != SQLITE_OK) {
        rc = tide_error_set(err, TIDE_E_CONFIG,
                            "the stored position of table \"%s\" is not one of this "
                            "source: %.200s",
                            reader->request->table, position);
    }
    (void)sqlite3_finalize(query);
    return rc;
}

int cursor_note(struct reader *reader, int column, struct tide_error *err)
{
    sqlite3_value *value;

    if (sqlite3_column_type(reader->rows, column) == SQLITE_NULL) {
        return TIDE_OK;
    }
    value = sqlite3_value_dup(sqlite3_column_value(reader->rows, column));
    if (!value) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    sqlite3_value_free(reader->cursor);
    reader->cursor = value;
    return TIDE_OK;
}

static void append_cursor(sqlite3_str *out, sqlite3_value *cursor)
{
    char text[TIDE_VALUE_TEXT_MAX];
    double real;

    switch (sqlite3_value_type(cursor)) {
    case SQLITE_INTEGER:
        sqlite3_str_appendf(out, "%lld", sqlite3_value_int64(cursor));
        break;
    case SQLITE_FLOAT:
        real = sqlite3_value_double(cursor);
        if (real - real == 0) {
            sqlite3_str_append(out, text, (int)tide_format_float64(text, real));
        } else {
            sqlite3_str_appendall(out, real > 0 ? "9e999" : "-9e999");
        }
        break;
    default:
        json_append_text(out, (const char *)sqlite3_value_text(cursor),
                         sqlite3_value_bytes(cursor));
    }
}

int position_make(struct reader *reader, struct tide_error *err)
{
    sqlite3_str *out;
    char *text, *copy;

    if (!reader->cursor) {
        return TIDE_OK;
    }
    if (sqlite3_value_type(reader->cursor) == SQLITE_BLOB) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "table \"%s\": the cursor column \"%s\" holds a blob; "
                              "choose one that holds numbers or text",
                              reader->request->table, reader->request->cursor);
    }
    out = sqlite3_str_new(reader->database.handle);
    sqlite3_str_appendall(out, PREFIX);
    append_cursor(out, reader->cursor);
    sqlite3_str_appendchar(out, 1, '}');
    text = sqlite3_str_finish(out);
    copy = text ? strdup(text) : NULL;
    sqlite3_free(text);
    if (!copy) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    free(reader->position);
    reader->position = copy;
    return TIDE_OK;
}
