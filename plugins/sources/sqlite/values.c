/*
 * values - what SQLite stores, as the type that the column has here.
 *
 * SQLite types each value by itself, so any column may hold anything.  A value of another
 * storage class is converted when nothing is lost, else its row is refused.
 */
#include <tidemill/value.h>

#include "reader.h"

static int append_formatted(struct tide_builder *builder, const char *text, size_t length)
{
    return tide_append_bytes(builder, text, length);
}

/* float64 to int64 and back without loss; the upper end is excluded because 2^63 - 1
 * is no float64. */
static bool is_whole(double value)
{
    return value >= -9223372036854775808.0 && value < 9223372036854775808.0 &&
           (double)(int64_t)value == value;
}

static int append_integer(struct tide_builder *builder, int64_t value)
{
    char text[TIDE_VALUE_TEXT_MAX];

    switch (builder->type) {
    case TIDE_TYPE_INT64:
        return tide_append_int64(builder, value);
    case TIDE_TYPE_BOOL:
        return value == 0 || value == 1 ? tide_append_bool(builder, value == 1)
                                        : TIDE_E_DATA;
    case TIDE_TYPE_FLOAT64:
        return is_whole((double)value) && (int64_t)(double)value == value
                   ? tide_append_float64(builder, (double)value)
                   : TIDE_E_DATA;
    case TIDE_TYPE_DECIMAL:
    case TIDE_TYPE_STRING:
    case TIDE_TYPE_JSON:
        return append_formatted(builder, text, tide_format_int64(text, value));
    default:
        return TIDE_E_DATA;
    }
}

static int append_real(struct tide_builder *builder, double value)
{
    char text[TIDE_VALUE_TEXT_MAX];
    bool finite = value - value == 0;

    switch (builder->type) {
    case TIDE_TYPE_FLOAT64:
        return tide_append_float64(builder, value);
    case TIDE_TYPE_INT64:
        return is_whole(value) ? tide_append_int64(builder, (int64_t)value) : TIDE_E_DATA;
    case TIDE_TYPE_JSON:
        if (!finite) {
            return TIDE_E_DATA;
        }
        return append_formatted(builder, text, tide_format_float64(text, value));
    case TIDE_TYPE_DECIMAL:
    case TIDE_TYPE_STRING:
        return append_formatted(builder, text, tide_format_float64(text, value));
    default:
        return TIDE_E_DATA;
    }
}

static int append_decimal(struct tide_builder *builder, const char *text, size_t length)
{
    char *canonical;
    size_t written = 0;
    int rc;

    if (tide_is_decimal(text, length)) {
        return tide_append_bytes(builder, text, length);
    }
    canonical = malloc(length + 8);
    if (!canonical) {
        return TIDE_E_LIMIT;
    }
    rc = tide_parse_decimal(text, length, canonical, &written);
    if (rc == TIDE_OK) {
        rc = tide_append_bytes(builder, canonical, written);
    }
    free(canonical);
    return rc == TIDE_E_LIMIT ? TIDE_E_DATA : rc;
}

static int append_uuid(struct tide_builder *builder, const char *text, size_t length)
{
    char canonical[36];

    if (tide_parse_uuid(text, length, canonical) != TIDE_OK) {
        return TIDE_E_DATA;
    }
    return tide_append_bytes(builder, canonical, sizeof canonical);
}

/* Text of a type whose values are numbers here. */
static int append_parsed(struct tide_builder *builder, const char *text, size_t length)
{
    int64_t number = 0;
    int32_t days = 0;
    double real = 0;
    bool truth = false;

    switch (builder->type) {
    case TIDE_TYPE_INT64:
        return tide_parse_int64(text, length, &number) == TIDE_OK
                   ? tide_append_int64(builder, number)
                   : TIDE_E_DATA;
    case TIDE_TYPE_FLOAT64:
        return tide_parse_float64(text, length, &real) == TIDE_OK
                   ? tide_append_float64(builder, real)
                   : TIDE_E_DATA;
    case TIDE_TYPE_BOOL:
        return tide_parse_bool(text, length, &truth) == TIDE_OK
                   ? tide_append_bool(builder, truth)
                   : TIDE_E_DATA;
    case TIDE_TYPE_DATE:
        return tide_parse_date(text, length, &days) == TIDE_OK
                   ? tide_append_int32(builder, days)
                   : TIDE_E_DATA;
    case TIDE_TYPE_TIME:
        return tide_parse_time(text, length, &number) == TIDE_OK
                   ? tide_append_int64(builder, number)
                   : TIDE_E_DATA;
    case TIDE_TYPE_TIMESTAMP:
        return tide_parse_timestamp(text, length, &number) == TIDE_OK
                   ? tide_append_int64(builder, number)
                   : TIDE_E_DATA;
    case TIDE_TYPE_DATETIME:
        return tide_parse_datetime(text, length, &number) == TIDE_OK
                   ? tide_append_int64(builder, number)
                   : TIDE_E_DATA;
    default:
        return TIDE_E_DATA;
    }
}

/* SQLite's own word on it; texts may hold anything. */
static bool is_json(struct reader *reader, const char *text, size_t length)
{
    bool valid = false;

    if (!reader->json_check &&
        database_prepare(&reader->database, sqlite3_mprintf("SELECT json_valid(?1)"),
                         "check JSON", &reader->json_check, NULL) != TIDE_OK) {
        return false;
    }
    if (!memchr(text, '\0', length) &&
        sqlite3_bind_text64(reader->json_check, 1, text, length, SQLITE_STATIC,
                            SQLITE_UTF8) == SQLITE_OK) {
        valid = sqlite3_step(reader->json_check) == SQLITE_ROW &&
                sqlite3_column_int(reader->json_check, 0) == 1;
    }
    (void)sqlite3_reset(reader->json_check);
    return valid;
}

static int append_text(struct reader *reader, struct tide_builder *builder,
                       const char *text, size_t length, const char **code,
                       const char **problem)
{
    if (builder->type == TIDE_TYPE_BYTES) {
        return tide_append_bytes(builder, text, length);
    }
    if (!tide_is_utf8((const uint8_t *)text, length)) {
        *code = "invalid_utf8";
        *problem = "the text is not UTF-8";
        return TIDE_E_DATA;
    }
    switch (builder->type) {
    case TIDE_TYPE_STRING:
        return tide_append_bytes(builder, text, length);
    case TIDE_TYPE_JSON:
        return is_json(reader, text, length) ? tide_append_bytes(builder, text, length)
                                             : TIDE_E_DATA;
    case TIDE_TYPE_DECIMAL:
        return append_decimal(builder, text, length);
    case TIDE_TYPE_UUID:
        return append_uuid(builder, text, length);
    default:
        return append_parsed(builder, text, length);
    }
}

/* 16 bytes are a uuid; other blobs are bytes and nothing else. */
static int append_blob(struct tide_builder *builder, const uint8_t *bytes, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    char text[32];

    if (builder->type == TIDE_TYPE_BYTES) {
        return tide_append_bytes(builder, bytes, length);
    }
    if (builder->type != TIDE_TYPE_UUID || length != 16) {
        return TIDE_E_DATA;
    }
    for (size_t i = 0; i < 16; i++) {
        text[2 * i] = hex[bytes[i] >> 4];
        text[2 * i + 1] = hex[bytes[i] & 15];
    }
    return append_uuid(builder, text, sizeof text);
}

int value_append(struct reader *reader, size_t i, const char **code, const char **problem)
{
    struct tide_builder *builder = &reader->builders[i];
    sqlite3_stmt *row = reader->rows;
    int column = (int)i + 1;
    const void *data;

    *code = "type_mismatch";
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
        return tide_append_null(builder);
    case SQLITE_INTEGER:
        *problem = "the stored integer is no such value";
        return append_integer(builder, sqlite3_column_int64(row, column));
    case SQLITE_FLOAT:
        *problem = "the stored real number is no such value";
        return append_real(builder, sqlite3_column_double(row, column));
    case SQLITE_TEXT:
        *problem = "the stored text is no such value";
        data = sqlite3_column_text(row, column);
        if (!data) {
            return TIDE_E_LIMIT;
        }
        return append_text(reader, builder, data,
                           (size_t)sqlite3_column_bytes(row, column), code, problem);
    default:
        *problem = "the stored blob is no such value";
        data = sqlite3_column_blob(row, column);
        return append_blob(builder, data, (size_t)sqlite3_column_bytes(row, column));
    }
}

void json_append_text(sqlite3_str *out, const char *text, int length)
{
    sqlite3_str_appendchar(out, 1, '"');
    for (int i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '"' || c == '\\') {
            sqlite3_str_appendchar(out, 1, '\\');
        }
        if (c < 0x20) {
            sqlite3_str_appendf(out, "\\u%04x", c);
        } else {
            sqlite3_str_appendchar(out, 1, (char)c);
        }
    }
    sqlite3_str_appendchar(out, 1, '"');
}

static void append_json_blob(sqlite3_str *out, const uint8_t *bytes, int length)
{
    sqlite3_str_appendall(out, "\"\\\\x");
    for (int i = 0; i < length; i++) {
        sqlite3_str_appendf(out, "%02x", bytes[i]);
    }
    sqlite3_str_appendchar(out, 1, '"');
}

static void append_json_value(sqlite3_str *out, sqlite3_stmt *row, int column)
{
    switch (sqlite3_column_type(row, column)) {
    case SQLITE_NULL:
        sqlite3_str_appendall(out, "null");
        break;
    case SQLITE_INTEGER:
        sqlite3_str_appendf(out, "%lld", sqlite3_column_int64(row, column));
        break;
    case SQLITE_FLOAT:
        sqlite3_str_appendf(out, "%!.17g", sqlite3_column_double(row, column));
        break;
    case SQLITE_TEXT:
        json_append_text(out, (const char *)sqlite3_column_text(row, column),
                         sqlite3_column_bytes(row, column));
        break;
    default:
        append_json_blob(out, sqlite3_column_blob(row, column),
                         sqlite3_column_bytes(row, column));
    }
}

char *row_as_json(const struct reader *reader)
{
    sqlite3_str *out = sqlite3_str_new(reader->database.handle);

    for (size_t i = 0; i < reader->schema.column_count; i++) {
        const char *name = reader->schema.columns[i].name;

        sqlite3_str_appendchar(out, 1, i == 0 ? '{' : ',');
        json_append_text(out, name, (int)strlen(name));
        sqlite3_str_appendchar(out, 1, ':');
        append_json_value(out, reader->rows, (int)i + 1);
    }
    sqlite3_str_appendchar(out, 1, '}');
    return sqlite3_str_finish(out);
}
