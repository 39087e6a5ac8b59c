/*
 * place - how far a table was read: the cursor and the key of the last row.
 *
 * A place is one value for each column that orders the rows.  As text it is
 *
 *     {"cursor": VALUE, "key": [VALUE, ...]}   of an incremental table
 *     {"cursor": VALUE}                        of one whose rows have no key (a view)
 *     {"after": [VALUE, ...]}                  of a table read as a whole
 *
 * and "by": [NAME, ...], the columns; where row numbers are the key, also "schema", the
 * database's schema_version: VACUUM counts it up, and may have numbered the rows anew.
 *
 * Integers, texts and null are written as JSON has them, real numbers so that they read
 * back to the same bits, blobs as {"blob": "00ff"}.
 */
#include <tidemill/value.h>

#include "reader.h"

/* ---- from text ---- */

static int no_position(const struct reader *reader, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CONFIG,
                          "the stored position of table \"%s\" is not one of this source "
                          "as it is read now: %.200s; a run with --full starts over",
                          reader->request->table, reader->request->position);
}

static int hex_digit(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static int bind_blob(sqlite3_stmt *statement, int parameter, const char *hex)
{
    size_t length = strlen(hex) / 2;
    unsigned char *bytes = sqlite3_malloc64(length + 1);

    for (size_t i = 0; bytes && i < length; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);

        if (high < 0 || low < 0) {
            sqlite3_free(bytes);
            return SQLITE_MISMATCH;
        }
        bytes[i] = (unsigned char)(high << 4 | low);
    }
    return bytes ? sqlite3_bind_blob64(statement, parameter, bytes, length, sqlite3_free)
                 : SQLITE_NOMEM;
}

/* The part at hand is a row of: its JSON type, its value, its JSON text, its "blob". */
static int bind_part(sqlite3_stmt *part, sqlite3_stmt *statement, int parameter)
{
    const char *type = (const char *)sqlite3_column_text(part, 0);
    const char *text = (const char *)sqlite3_column_text(part, 2);
    double real = 0;

    if (!type) {
        return SQLITE_MISMATCH;
    }
    /* SQLite's own reading of a real number may be off by the last bit. */
    if (strcmp(type, "real") == 0 && text &&
        tide_parse_float64(text, strlen(text), &real) == TIDE_OK) {
        return sqlite3_bind_double(statement, parameter, real);
    }
    if (strcmp(type, "object") == 0) {
        const char *hex = (const char *)sqlite3_column_text(part, 3);

        return hex ? bind_blob(statement, parameter, hex) : SQLITE_MISMATCH;
    }
    return sqlite3_bind_value(statement, parameter, sqlite3_column_value(part, 1));
}

int place_part(const struct reader *reader, const char *path, sqlite3_stmt **part,
               struct tide_error *err)
{
    char *sql = sqlite3_mprintf("SELECT json_type(p, %Q), json_extract(p, %Q), p -> %Q,"
                                " json_extract(p, %Q || '.blob') FROM (SELECT %Q AS p)",
                                path, path, path, path, reader->request->position);
    int rc = database_prepare(&reader->database, sql, "read the position", part, err);

    if (rc == TIDE_OK && sqlite3_step(*part) != SQLITE_ROW) {
        rc = no_position(reader, err);
    }
    return rc;
}

static const char *part_path(const struct reader *reader, size_t i, char path[32])
{
    bool has_cursor = reader->request->cursor != NULL;

    if (has_cursor && i == 0) {
        return "$.cursor";
    }
    return sqlite3_snprintf(32, path, "$.%s[%d]", has_cursor ? "key" : "after",
                            (int)i - has_cursor);
}

int place_bind(const struct reader *reader, sqlite3_stmt *statement,
               struct tide_error *err)
{
    int parameters = sqlite3_bind_parameter_count(statement);
    int rc = TIDE_OK;

    for (int i = 0; rc == TIDE_OK && i < parameters; i++) {
        sqlite3_stmt *part = NULL;
        char path[32];

        rc = place_part(reader, part_path(reader, (size_t)i, path), &part, err);
        if (rc == TIDE_OK && bind_part(part, statement, i + 1) != SQLITE_OK) {
            rc = no_position(reader, err);
        }
        (void)sqlite3_finalize(part);
    }
    return rc;
}

/* ---- whose place it is ---- */

static bool goes_by_number(const struct place_columns *columns)
{
    return columns->count > 0 &&
           strcmp(columns->names[columns->count - 1], ROW_NUMBER) == 0;
}

/* A number that a statement gives, -1 when it gives none. */
static int64_t ask_number(const struct reader *reader, char *sql)
{
    sqlite3_stmt *statement = NULL;
    int rc =
        database_prepare(&reader->database, sql, "read the position", &statement, NULL);
    int64_t number = -1;

    if (rc == TIDE_OK && sqlite3_step(statement) == SQLITE_ROW &&
        sqlite3_column_type(statement, 0) == SQLITE_INTEGER) {
        number = sqlite3_column_int64(statement, 0);
    }
    (void)sqlite3_finalize(statement);
    return number;
}

static int64_t schema_version(const struct reader *reader)
{
    return ask_number(reader, sqlite3_mprintf("PRAGMA schema_version"));
}

/* Whether the position is of these columns; one that does not say is of earlier days. */
static bool has_same_columns(const struct reader *reader,
                             const struct place_columns *columns)
{
    const char *position = reader->request->position;
    int64_t count = ask_number(
        reader, sqlite3_mprintf("SELECT json_array_length(%Q, '$.by')", position));
    bool is_same = count < 0 || count == (int64_t)columns->count;

    for (int64_t i = 0; is_same && i < count; i++) {
        is_same =
            ask_number(reader, sqlite3_mprintf("SELECT json_extract(%Q, '$.by[%d]') = %Q",
                                               position, (int)i, columns->names[i])) == 1;
    }
    return is_same;
}

static bool has_same_numbers(const struct reader *reader,
                             const struct place_columns *columns)
{
    return !goes_by_number(columns) ||
           ask_number(reader, sqlite3_mprintf("SELECT json_extract(%Q, '$.schema')",
                                              reader->request->position)) ==
               schema_version(reader);
}

/* Whether the position has a member; a JSON null counts. */
static int has_part(const struct reader *reader, const char *path, bool *has,
                    bool *is_null, struct tide_error *err)
{
    sqlite3_stmt *part = NULL;
    int rc = place_part(reader, path, &part, err);
    const char *type = part ? (const char *)sqlite3_column_text(part, 0) : NULL;

    *has = type != NULL;
    *is_null = type && strcmp(type, "null") == 0;
    (void)sqlite3_finalize(part);
    return rc;
}

static void warn(const struct reader *reader, const char *message)
{
    reader->host->log(reader->host, TIDE_LOG_WARNING, message);
}

/* A place that means nothing now: harmless where rows may come again. */
static int start_over(const struct reader *reader, struct tide_error *err)
{
    if (!reader->request->may_repeat) {
        return no_position(reader, err);
    }
    warn(reader, "the stored position is not one of this table as it is read now: the "
                 "table is read from its start");
    return TIDE_OK;
}

/* Where rows take the place of others nothing may have been written since. */
static int check_same(const struct reader *reader, struct tide_error *err)
{
    sqlite3_stmt *part = NULL;
    bool is_same = false;
    int rc = place_part(reader, "$.file", &part, err);

    if (rc == TIDE_OK && part && reader->same) {
        const char *kept = (const char *)sqlite3_column_text(part, 1);

        is_same = kept && strcmp(kept, reader->same) == 0;
    }
    (void)sqlite3_finalize(part);
    return rc != TIDE_OK || is_same
               ? rc
               : tide_error_set(err, TIDE_E_CONFLICT,
                                "%s was written to since the last run was interrupted",
                                reader->options->path);
}

int place_start(struct reader *reader, const struct place_columns *columns,
                enum place_start *start, struct tide_error *err)
{
    const struct tide_source_request *request = reader->request;
    bool has_place = false, has_key = false, is_null = false, unused = false;
    int rc = TIDE_OK;

    *start = PLACE_FIRST;
    if (!request->position) {
        return TIDE_OK;
    }
    rc = request->exact ? check_same(reader, err) : TIDE_OK;
    if (rc != TIDE_OK) {
        return rc;
    }
    rc = has_part(reader, request->cursor ? "$.cursor" : "$.after[0]", &has_place,
                  &is_null, err);
    if (rc == TIDE_OK && request->cursor) {
        rc = has_part(reader, "$.key[0]", &has_key, &unused, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    if (!has_place || (!request->cursor && columns->count == 0) ||
        !has_same_columns(reader, columns)) {
        return start_over(reader, err);
    }
    if (!has_same_numbers(reader, columns)) {
        has_key = false;
        if (!request->cursor) {
            return start_over(reader, err);
        }
        warn(reader, "the database was changed or vacuumed since the last run, which may "
                     "renumber rows: rows at the last cursor value are read again");
    }
    if (!request->cursor) {
        *start = PLACE_AFTER_KEY;
    } else if (has_key && columns->count > 1 && (is_null || !request->may_repeat)) {
        *start = is_null ? PLACE_AFTER_NULL : PLACE_AFTER_KEY;
    } else if (!is_null) {
        *start = PLACE_FROM_CURSOR;
    }
    return TIDE_OK;
}

/* ---- to text ---- */

int place_name(struct reader *reader, const struct place_columns *columns,
               struct tide_error *err)
{
    sqlite3_str *out = sqlite3_str_new(reader->database.handle);

    for (size_t i = 0; i < columns->count; i++) {
        sqlite3_str_appendall(out, i == 0 ? ",\"by\":[" : ",");
        json_append_text(out, columns->names[i], (int)strlen(columns->names[i]));
    }
    sqlite3_str_appendall(out, columns->count > 0 ? "]" : "");
    if (goes_by_number(columns)) {
        sqlite3_str_appendf(out, ",\"schema\":%lld", schema_version(reader));
    }
    if (reader->same) {
        sqlite3_str_appendf(out, ",\"file\":\"%s\"", reader->same);
    }
    reader->place_names = sqlite3_str_finish(out);
    reader->place = calloc(columns->count + 1, sizeof(sqlite3_value *));
    if (!reader->place || (columns->count > 0 && !reader->place_names)) {
        return tide_error_memory(err);
    }
    reader->place_count = columns->count;
    return TIDE_OK;
}

int place_note(struct reader *reader, sqlite3_stmt *row, int first,
               struct tide_error *err)
{
    for (int i = 0; i < (int)reader->place_count; i++) {
        sqlite3_value *value = sqlite3_column_value(row, first + i);
        sqlite3_value *copy = sqlite3_value_dup(value);

        if (!copy) {
            return tide_error_memory(err);
        }
        sqlite3_value_free(reader->place[i]);
        reader->place[i] = copy;
    }
    return TIDE_OK;
}

static void append_real(sqlite3_str *out, double real)
{
    char text[TIDE_VALUE_TEXT_MAX];

    if (real - real == 0) {
        sqlite3_str_append(out, text, (int)tide_format_float64(text, real));
    } else {
        sqlite3_str_appendall(out, real > 0 ? "9e999" : "-9e999");
    }
}

static void append_blob(sqlite3_str *out, sqlite3_value *value)
{
    const unsigned char *bytes = sqlite3_value_blob(value);

    sqlite3_str_appendall(out, "{\"blob\":\"");
    for (int i = 0; i < sqlite3_value_bytes(value); i++) {
        sqlite3_str_appendf(out, "%02x", bytes[i]);
    }
    sqlite3_str_appendall(out, "\"}");
}

static void append_value(sqlite3_str *out, sqlite3_value *value)
{
    switch (sqlite3_value_type(value)) {
    case SQLITE_NULL:
        sqlite3_str_appendall(out, "null");
        break;
    case SQLITE_INTEGER:
        sqlite3_str_appendf(out, "%lld", sqlite3_value_int64(value));
        break;
    case SQLITE_FLOAT:
        append_real(out, sqlite3_value_double(value));
        break;
    case SQLITE_BLOB:
        append_blob(out, value);
        break;
    default:
        json_append_text(out, (const char *)sqlite3_value_text(value),
                         sqlite3_value_bytes(value));
    }
}

static void append_place(sqlite3_str *out, const struct reader *reader)
{
    bool has_cursor = reader->request->cursor != NULL;
    const char *between = has_cursor ? ",\"key\":[" : "{\"after\":[";

    if (has_cursor) {
        sqlite3_str_appendall(out, "{\"cursor\":");
        append_value(out, reader->place[0]);
    }
    for (size_t i = has_cursor; i < reader->place_count; i++) {
        sqlite3_str_appendall(out, between);
        append_value(out, reader->place[i]);
        between = ",";
    }
    if (reader->place_count > (size_t)has_cursor) {
        sqlite3_str_appendchar(out, 1, ']');
    }
    sqlite3_str_appendall(out, reader->place_names);
    front_append(out, reader);
    sqlite3_str_appendchar(out, 1, '}');
}

int place_make(struct reader *reader, struct tide_error *err)
{
    sqlite3_str *out;
    char *text;

    if (reader->place_count == 0 || !reader->place[0] ||
        (reader->place_count == 1 && reader->request->cursor &&
         sqlite3_value_type(reader->place[0]) == SQLITE_NULL)) {
        return TIDE_OK;
    }
    out = sqlite3_str_new(reader->database.handle);
    append_place(out, reader);
    text = sqlite3_str_finish(out);
    if (!text) {
        return tide_error_memory(err);
    }
    sqlite3_free(reader->position);
    reader->position = text;
    return TIDE_OK;
}
