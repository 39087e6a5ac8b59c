/*
 * type - which of our types each PostgreSQL type is, and how its values travel.
 *
 * Layer: the postgres plugins' shared part; the SDK alone.
 */
#ifndef TIDE_POSTGRES_TYPE_H
#define TIDE_POSTGRES_TYPE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/schema.h>

/** Binary forms that we read and write exactly.  The rest travels as text. */
enum tide_pg_form {
    TIDE_PG_AS_TEXT, /**< no binary form of ours: its text, through ::text */
    TIDE_PG_BOOL,
    TIDE_PG_INT2,
    TIDE_PG_INT4,
    TIDE_PG_INT8,
    TIDE_PG_FLOAT4,
    TIDE_PG_FLOAT8,
    TIDE_PG_NUMERIC,
    TIDE_PG_STRING, /**< binary form is the text itself: text, varchar, json, enums */
    TIDE_PG_BYTEA,
    TIDE_PG_UUID,
    TIDE_PG_JSONB,
    TIDE_PG_DATE,
    TIDE_PG_TIME,
    TIDE_PG_TIMESTAMP /**< with and without time zone */
};

/** A type and its modifier, understood. */
struct tide_pg_type {
    enum tide_pg_form form;
    int32_t type;       /**< an enum tide_type */
    int64_t max_length; /**< characters of varchar(n) and char(n); 0: no limit */
    int32_t precision;  /**< of numeric(p, s); 0: any */
    int32_t scale;      /**< of numeric(p, s) */
    int64_t resolution; /**< microseconds that a time(p) or timestamp(p) tells apart */
    uint32_t oid;
    int32_t modifier; /**< as the catalog has it; below 0: none */
};

/** By the oid of a base type (never a domain), its modifier (-1: none) and typtype. */
struct tide_pg_type tide_pg_type_of(uint32_t oid, int32_t modifier, char typtype);

/** Write what the server's format_type() says of a type, of those that most columns have;
 * false: it is another one, and has to be asked. */
bool tide_pg_type_name(uint32_t oid, int32_t modifier, char *out, size_t size);

/** The type of which that is said; false: it is another one, and has to be asked for, as
 * one with a modifier that not every server takes. */
bool tide_pg_type_named(const char *name, struct tide_pg_type *type);

/** The type of a column that is created for ours. */
const char *tide_pg_type_for(int type);

/** Days and microseconds between PostgreSQL's epoch (2000-01-01) and ours. */
#define TIDE_PG_EPOCH_DAYS 10957
#define TIDE_PG_EPOCH_MICROS INT64_C(946684800000000)

#endif
