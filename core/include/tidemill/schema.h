/*
 * schema - the columns of a table: their names, types and promises.
 *
 * A schema is plain data, changed with the functions below; its texts are its own,
 * allocated with malloc().  It is what plugins agree on before rows flow.
 */
#ifndef TIDEMILL_SCHEMA_H
#define TIDEMILL_SCHEMA_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/error.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Column types and the Arrow format each one travels in.  The numbers never change. */
enum tide_type {
    TIDE_TYPE_NULL = 0,      /**< "n"       nothing but null */
    TIDE_TYPE_BOOL = 1,      /**< "b"       bit-packed */
    TIDE_TYPE_INT64 = 2,     /**< "l" */
    TIDE_TYPE_FLOAT64 = 3,   /**< "g" */
    TIDE_TYPE_DECIMAL = 4,   /**< "u"       exact, as it was written: -12.50, 1e5, NaN */
    TIDE_TYPE_STRING = 5,    /**< "u"       UTF-8 */
    TIDE_TYPE_BYTES = 6,     /**< "z" */
    TIDE_TYPE_DATE = 7,      /**< "tdD"     int32 days since 1970-01-01 */
    TIDE_TYPE_TIME = 8,      /**< "ttu"     int64 microseconds since midnight */
    TIDE_TYPE_TIMESTAMP = 9, /**< "tsu:UTC" int64 microseconds since 1970, an instant */
    TIDE_TYPE_UUID = 10,     /**< "u"       36 characters, lower case */
    TIDE_TYPE_JSON = 11,     /**< "u"       one JSON text, as the source gave it */
    TIDE_TYPE_DATETIME = 12  /**< "tsu:"    int64 microseconds of a clock with no zone */
};
#define TIDE_TYPE_COUNT 13

/** The calendar's ends, as PostgreSQL has them: a timestamp, datetime or date may be
 * infinite. */
#define TIDE_INSTANT_INFINITY INT64_MAX
#define TIDE_INSTANT_MINUS_INFINITY INT64_MIN
#define TIDE_DATE_INFINITY INT32_MAX
#define TIDE_DATE_MINUS_INFINITY INT32_MIN

enum tide_column_flag {
    TIDE_COLUMN_REQUIRED = 1, /**< null is not allowed */
    TIDE_COLUMN_KEY = 2,      /**< part of the primary key */
    TIDE_COLUMN_DEFAULT = 4,  /**< the destination fills it when it is not given */
    /** logical is a PostgreSQL type name that holds every value: a table may be created
     * with it. */
    TIDE_COLUMN_SQL_TYPE = 8,
    /** The destination may keep a text in another spelling of the same value (an
     * interval, a padded char). */
    TIDE_COLUMN_RESPELT = 16,
    /** A transform may have changed values: texts need not be as the type that logical
     * names writes them. */
    TIDE_COLUMN_REWRITTEN = 32
};

struct tide_column {
    char *name;     /**< owned; UTF-8, never empty */
    char *logical;  /**< owned or NULL: the source's own type, as "numeric(12,2)" */
    int32_t type;   /**< an enum tide_type */
    uint32_t flags; /**< of enum tide_column_flag */
    /** Longest text in characters (bytes for TIDE_TYPE_BYTES); 0: no limit. */
    int64_t max_length;
    int64_t reserved[2];
};

struct tide_schema {
    struct tide_column *columns; /**< owned */
    size_t column_count;
};

#define TIDE_NO_COLUMN ((size_t)-1)

/** "int64" and so on; the names used in definitions. */
static inline const char *tide_type_name(int type)
{
    static const char *const names[TIDE_TYPE_COUNT] = {
        "null", "bool", "int64",     "float64", "decimal", "string",  "bytes",
        "date", "time", "timestamp", "uuid",    "json",    "datetime"};
    return type >= 0 && type < TIDE_TYPE_COUNT ? names[type] : "unknown";
}

/** The Arrow format string of a type. */
static inline const char *tide_type_format(int type)
{
    static const char *const formats[TIDE_TYPE_COUNT] = {
        "n", "b", "l", "g", "u", "u", "z", "tdD", "ttu", "tsu:UTC", "u", "u", "tsu:"};
    return type >= 0 && type < TIDE_TYPE_COUNT ? formats[type] : "";
}

/** Whether values of the type are variable in length (32-bit offsets and data). */
static inline bool tide_type_is_variable(int type)
{
    return type == TIDE_TYPE_DECIMAL || type == TIDE_TYPE_STRING ||
           type == TIDE_TYPE_BYTES || type == TIDE_TYPE_UUID || type == TIDE_TYPE_JSON;
}

/** Bytes of one value of a fixed type; 0 for bool (a bit), null and variable types. */
static inline size_t tide_type_width(int type)
{
    switch (type) {
    case TIDE_TYPE_DATE:
        return 4;
    case TIDE_TYPE_INT64:
    case TIDE_TYPE_FLOAT64:
    case TIDE_TYPE_TIME:
    case TIDE_TYPE_TIMESTAMP:
    case TIDE_TYPE_DATETIME:
        return 8;
    default:
        return 0;
    }
}

/** Index of the column of that name, or TIDE_NO_COLUMN. */
static inline size_t tide_schema_find(const struct tide_schema *schema, const char *name)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        if (strcmp(schema->columns[i].name, name) == 0) {
            return i;
        }
    }
    return TIDE_NO_COLUMN;
}

/** Append a column; the name need not be terminated.  TIDE_E_LIMIT when memory is out. */
static inline int tide_schema_add_n(struct tide_schema *schema, const char *name,
                                    size_t length, int type, uint32_t flags)
{
    struct tide_column *columns;
    char *copy = (char *)malloc(length + 1);

    if (!copy) {
        return TIDE_E_LIMIT;
    }
    memcpy(copy, name, length);
    copy[length] = '\0';
    columns = (struct tide_column *)realloc(schema->columns,
                                            (schema->column_count + 1) * sizeof *columns);
    if (!columns) {
        free(copy);
        return TIDE_E_LIMIT;
    }
    schema->columns = columns;
    memset(&columns[schema->column_count], 0, sizeof *columns);
    columns[schema->column_count].name = copy;
    columns[schema->column_count].type = type;
    columns[schema->column_count].flags = flags;
    schema->column_count++;
    return TIDE_OK;
}

static inline int tide_schema_add(struct tide_schema *schema, const char *name, int type,
                                  uint32_t flags)
{
    return tide_schema_add_n(schema, name, strlen(name), type, flags);
}

/** Give column i another name; its values stay as they are. */
static inline int tide_schema_rename(struct tide_schema *schema, size_t i,
                                     const char *name)
{
    char *copy = strdup(name);

    if (!copy) {
        return TIDE_E_LIMIT;
    }
    free(schema->columns[i].name);
    schema->columns[i].name = copy;
    return TIDE_OK;
}

/** Note the source's own name of column i's type. */
static inline int tide_schema_set_logical(struct tide_schema *schema, size_t i,
                                          const char *logical)
{
    char *copy = strdup(logical);

    if (!copy) {
        return TIDE_E_LIMIT;
    }
    free(schema->columns[i].logical);
    schema->columns[i].logical = copy;
    return TIDE_OK;
}

/** Drop column i; those behind it move up. */
static inline void tide_schema_remove(struct tide_schema *schema, size_t i)
{
    free(schema->columns[i].name);
    free(schema->columns[i].logical);
    schema->column_count--;
    memmove(&schema->columns[i], &schema->columns[i + 1],
            (schema->column_count - i) * sizeof *schema->columns);
}

/** Free what it owns; it is empty afterwards and can be used again. */
static inline void tide_schema_clear(struct tide_schema *schema)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        free(schema->columns[i].name);
        free(schema->columns[i].logical);
    }
    free(schema->columns);
    schema->columns = NULL;
    schema->column_count = 0;
}

/** Make out, which must be empty, a copy.  On failure it stays empty. */
static inline int tide_schema_copy(const struct tide_schema *from,
                                   struct tide_schema *out)
{
    for (size_t i = 0; i < from->column_count; i++) {
        const struct tide_column *column = &from->columns[i];
        int rc = tide_schema_add(out, column->name, column->type, column->flags);

        if (rc == TIDE_OK && column->logical) {
            rc = tide_schema_set_logical(out, i, column->logical);
        }
        if (rc != TIDE_OK) {
            tide_schema_clear(out);
            return rc;
        }
        out->columns[i].max_length = column->max_length;
    }
    return TIDE_OK;
}

/** The same with names and types alone: nothing is required, and no text has a limit.  It
 * is what a destination accepts that takes all there is. */
static inline int tide_schema_copy_types(const struct tide_schema *from,
                                         struct tide_schema *out)
{
    int rc = tide_schema_copy(from, out);

    for (size_t i = 0; i < out->column_count; i++) {
        out->columns[i].flags = 0;
        out->columns[i].max_length = 0;
    }
    return rc;
}

#ifdef __cplusplus
}
#endif

#endif
