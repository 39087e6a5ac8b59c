/*
 * bind - values as SQLite stores them.
 *
 * Dates and times go as their canonical text, decimals and json as they were written.
 * NaN, which SQLite would make null, goes as the text "NaN".  A column of numeric
 * affinity turns texts that look like numbers into numbers, of which it keeps 15 digits:
 * what would come out as another value is refused.
 */
#include "writer.h"

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static size_t count_digits(const char *text, size_t length)
{
    size_t count = 0;

    while (count < length && is_digit(text[count])) {
        count++;
    }
    return count;
}

/* Whether SQLite takes the text for a number: blanks, sign, digits, point, exponent. */
static bool looks_numeric(const char *text, size_t length)
{
    size_t digits, fraction = 0;

    while (length > 0 && is_space(text[0])) {
        text++, length--;
    }
    while (length > 0 && is_space(text[length - 1])) {
        length--;
    }
    if (length > 0 && (text[0] == '-' || text[0] == '+')) {
        text++, length--;
    }
    digits = count_digits(text, length);
    text += digits, length -= digits;
    if (length > 0 && text[0] == '.') {
        fraction = count_digits(text + 1, length - 1);
        text += fraction + 1, length -= fraction + 1;
    }
    if (digits + fraction == 0) {
        return false;
    }
    if (length > 1 && (text[0] | 0x20) == 'e') {
        size_t sign = text[1] == '-' || text[1] == '+';

        digits = count_digits(text + 1 + sign, length - 1 - sign);
        return digits > 0 && digits == length - 1 - sign;
    }
    return length == 0;
}

/* Digits from the first to the last that is not 0, before any exponent. */
static size_t significant_digits(const char *text, size_t length)
{
    size_t count = 0, zeros = 0;

    for (size_t i = 0; i < length && (text[i] | 0x20) != 'e'; i++) {
        if (text[i] == '0') {
            zeros += count > 0;
        } else if (is_digit(text[i])) {
            count += zeros + 1;
            zeros = 0;
        }
    }
    return count;
}

static bool number_survives(const char *text, size_t length)
{
    int64_t whole;
    double real;

    return tide_parse_int64(text, length, &whole) == TIDE_OK ||
           (significant_digits(text, length) <= 15 &&
            tide_parse_float64(text, length, &real) == TIDE_OK);
}

static bool is_canonical_int64(const char *text, size_t length)
{
    char canonical[TIDE_VALUE_TEXT_MAX];
    int64_t value;

    return tide_parse_int64(text, length, &value) == TIDE_OK &&
           tide_format_int64(canonical, value) == length &&
           memcmp(canonical, text, length) == 0;
}

bool text_survives(enum affinity affinity, int type, const char *text, size_t length)
{
    if (affinity == AFFINITY_NONE || affinity == AFFINITY_TEXT ||
        !looks_numeric(text, length)) {
        return true;
    }
    return type == TIDE_TYPE_STRING ? is_canonical_int64(text, length)
                                    : number_survives(text, length);
}

static int bind_result(int result)
{
    return result == SQLITE_OK ? TIDE_OK : TIDE_E_LIMIT;
}

static int bind_text(sqlite3_stmt *statement, int parameter, const char *text,
                     size_t length)
{
    return bind_result(sqlite3_bind_text64(statement, parameter, text, length,
                                           SQLITE_STATIC, SQLITE_UTF8));
}

static int bind_variable(const struct column *column, sqlite3_stmt *statement,
                         int parameter, const char *text, size_t length,
                         const char **problem)
{
    if (column->type == TIDE_TYPE_BYTES) {
        return bind_result(
            sqlite3_bind_blob64(statement, parameter, text, length, SQLITE_STATIC));
    }
    if (!text_survives(column->affinity, column->type, text, length)) {
        *problem = "SQLite would store this text as a number and change it; declare the "
                   "column TEXT";
        return TIDE_E_DATA;
    }
    return bind_text(statement, parameter, text, length);
}

static int bind_real(sqlite3_stmt *statement, int parameter, double value)
{
    if (value != value) {
        return bind_text(statement, parameter, "NaN", 3);
    }
    return bind_result(sqlite3_bind_double(statement, parameter, value));
}

/* The calendar's types, through the column's own room for text. */
static int bind_formatted(struct column *column, sqlite3_stmt *statement, int parameter,
                          const struct ArrowArray *array, int64_t row)
{
    size_t length;

    switch (column->type) {
    case TIDE_TYPE_DATE:
        length = tide_format_date(column->text, tide_array_int32(array, row));
        break;
    case TIDE_TYPE_TIME:
        length = tide_format_time(column->text, tide_array_int64(array, row));
        break;
    case TIDE_TYPE_TIMESTAMP:
        length = tide_format_timestamp(column->text, tide_array_int64(array, row));
        break;
    default:
        length = tide_format_datetime(column->text, tide_array_int64(array, row));
    }
    return bind_text(statement, parameter, column->text, length);
}

int bind_value(struct writer *writer, sqlite3_stmt *statement, int parameter,
               const struct tide_batch *batch, size_t i, int64_t row,
               const char **problem)
{
    const struct ArrowArray *array = batch->array.children[i];
    struct column *column = &writer->columns[i];
    const char *text;
    size_t length;

    if (tide_array_is_null(array, row)) {
        return bind_result(sqlite3_bind_null(statement, parameter));
    }
    switch (column->type) {
    case TIDE_TYPE_BOOL:
        return bind_result(
            sqlite3_bind_int(statement, parameter, tide_array_bool(array, row)));
    case TIDE_TYPE_INT64:
        return bind_result(
            sqlite3_bind_int64(statement, parameter, tide_array_int64(array, row)));
    case TIDE_TYPE_FLOAT64:
        return bind_real(statement, parameter, tide_array_float64(array, row));
    case TIDE_TYPE_DATE:
    case TIDE_TYPE_TIME:
    case TIDE_TYPE_TIMESTAMP:
    case TIDE_TYPE_DATETIME:
        return bind_formatted(column, statement, parameter, array, row);
    default:
        text = tide_array_text(array, row, &length);
        return bind_variable(column, statement, parameter, text, length, problem);
    }
}
