/*
 * types - SQLite's declared types and ours.
 *
 * A table that we create must keep every value as it is.  So decimal and json are
 * declared with the letters TEXT in their names, which gives them the affinity that
 * changes nothing: under "DECIMAL" SQLite would turn 12.50 into 12.5, and long ones into
 * inexact floating point.
 */
#include <ctype.h>

#include "table.h"

/* Whether the declared type holds the word, which is in upper case. */
static bool holds(const char *declared, const char *word)
{
    size_t length = strlen(word);

    for (; *declared; declared++) {
        if (sqlite3_strnicmp(declared, word, (int)length) == 0) {
            return true;
        }
    }
    return false;
}

/* The first word of a declared type, as in "timestamp (6) with time zone". */
static bool begins(const char *declared, const char *word)
{
    size_t length = strlen(word);

    return sqlite3_strnicmp(declared, word, (int)length) == 0 &&
           !isalnum((unsigned char)declared[length]) && declared[length] != '_';
}

enum affinity table_affinity(const char *declared)
{
    if (holds(declared, "INT")) {
        return AFFINITY_INTEGER;
    }
    if (holds(declared, "CHAR") || holds(declared, "CLOB") || holds(declared, "TEXT")) {
        return AFFINITY_TEXT;
    }
    if (declared[0] == '\0' || holds(declared, "BLOB")) {
        return AFFINITY_NONE;
    }
    if (holds(declared, "REAL") || holds(declared, "FLOA") || holds(declared, "DOUB")) {
        return AFFINITY_REAL;
    }
    return AFFINITY_NUMERIC;
}

/* What the name says, before the affinity is asked. */
static int type_of_name(const char *declared)
{
    static const struct {
        const char *word;
        int type;
    } names[] = {
        {"BOOL", TIDE_TYPE_BOOL},           {"BOOLEAN", TIDE_TYPE_BOOL},
        {"DATE", TIDE_TYPE_DATE},           {"TIME", TIDE_TYPE_TIME},
        {"TIMESTAMP", TIDE_TYPE_TIMESTAMP}, {"TIMESTAMPTZ", TIDE_TYPE_TIMESTAMP},
        {"DATETIME", TIDE_TYPE_DATETIME},   {"UUID", TIDE_TYPE_UUID},
        {"GUID", TIDE_TYPE_UUID},           {"JSON", TIDE_TYPE_JSON},
        {"JSONB", TIDE_TYPE_JSON},          {"JSON_TEXT", TIDE_TYPE_JSON},
        {"DECIMAL", TIDE_TYPE_DECIMAL},     {"DECIMAL_TEXT", TIDE_TYPE_DECIMAL},
        {"NUMERIC", TIDE_TYPE_DECIMAL},     {"NUMBER", TIDE_TYPE_DECIMAL},
        {"MONEY", TIDE_TYPE_DECIMAL},
    };

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (begins(declared, names[i].word)) {
            return names[i].type;
        }
    }
    return TIDE_TYPE_NULL;
}

int table_type(const char *declared)
{
    int type = type_of_name(declared);

    if (type != TIDE_TYPE_NULL) {
        return type;
    }
    switch (table_affinity(declared)) {
    case AFFINITY_INTEGER:
        return TIDE_TYPE_INT64;
    case AFFINITY_TEXT:
        return TIDE_TYPE_STRING;
    case AFFINITY_REAL:
        return TIDE_TYPE_FLOAT64;
    case AFFINITY_NONE:
        return holds(declared, "BLOB") ? TIDE_TYPE_BYTES : TIDE_TYPE_NULL;
    default:
        return TIDE_TYPE_NULL;
    }
}

const char *table_declared(int type)
{
    switch (type) {
    case TIDE_TYPE_BOOL:
        return "BOOLEAN";
    case TIDE_TYPE_INT64:
        return "INTEGER";
    case TIDE_TYPE_FLOAT64:
        return "REAL";
    case TIDE_TYPE_DECIMAL:
        return "DECIMAL_TEXT";
    case TIDE_TYPE_BYTES:
        return "BLOB";
    case TIDE_TYPE_DATE:
        return "DATE";
    case TIDE_TYPE_TIME:
        return "TIME";
    case TIDE_TYPE_TIMESTAMP:
        return "TIMESTAMP";
    case TIDE_TYPE_DATETIME:
        return "DATETIME";
    case TIDE_TYPE_UUID:
        return "UUID";
    case TIDE_TYPE_JSON:
        return "JSON_TEXT";
    default:
        return "TEXT";
    }
}
