/*
 * type - which of our types each PostgreSQL type is, and how its values travel.
 */
#include "postgres/type.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Object ids of the built-in types: part of PostgreSQL's wire protocol, never changed. */
enum {
    OID_BOOL = 16,
    OID_BYTEA = 17,
    OID_NAME = 19,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
    OID_TEXT = 25,
    OID_JSON = 114,
    OID_FLOAT4 = 700,
    OID_FLOAT8 = 701,
    OID_BPCHAR = 1042,
    OID_VARCHAR = 1043,
    OID_DATE = 1082,
    OID_TIME = 1083,
    OID_TIMESTAMP = 1114,
    OID_TIMESTAMPTZ = 1184,
    OID_NUMERIC = 1700,
    OID_UUID = 2950,
    OID_JSONB = 3802
};

/* A length or precision modifier of a varlena type counts its 4-byte header. */
#define MODIFIER_HEADER 4
/* Of character types, in characters. */
#define LENGTH_MAX 10485760

/* A modifier is written between name and rest. */
struct known_type {
    uint32_t oid;
    enum tide_pg_form form;
    int32_t type;
    const char *name;
    const char *rest;
};

static const struct known_type known_types[] = {
    {OID_TEXT, TIDE_PG_STRING, TIDE_TYPE_STRING, "text", ""},
    {OID_INT4, TIDE_PG_INT4, TIDE_TYPE_INT64, "integer", ""},
    {OID_INT8, TIDE_PG_INT8, TIDE_TYPE_INT64, "bigint", ""},
    {OID_VARCHAR, TIDE_PG_STRING, TIDE_TYPE_STRING, "character varying", ""},
    {OID_NUMERIC, TIDE_PG_NUMERIC, TIDE_TYPE_DECIMAL, "numeric", ""},
    {OID_BOOL, TIDE_PG_BOOL, TIDE_TYPE_BOOL, "boolean", ""},
    {OID_TIMESTAMPTZ, TIDE_PG_TIMESTAMP, TIDE_TYPE_TIMESTAMP, "timestamp",
     " with time zone"},
    {OID_TIMESTAMP, TIDE_PG_TIMESTAMP, TIDE_TYPE_DATETIME, "timestamp",
     " without time zone"},
    {OID_DATE, TIDE_PG_DATE, TIDE_TYPE_DATE, "date", ""},
    {OID_TIME, TIDE_PG_TIME, TIDE_TYPE_TIME, "time", " without time zone"},
    {OID_FLOAT8, TIDE_PG_FLOAT8, TIDE_TYPE_FLOAT64, "double precision", ""},
    {OID_FLOAT4, TIDE_PG_FLOAT4, TIDE_TYPE_FLOAT64, "real", ""},
    {OID_INT2, TIDE_PG_INT2, TIDE_TYPE_INT64, "smallint", ""},
    {OID_BYTEA, TIDE_PG_BYTEA, TIDE_TYPE_BYTES, "bytea", ""},
    {OID_UUID, TIDE_PG_UUID, TIDE_TYPE_UUID, "uuid", ""},
    {OID_JSONB, TIDE_PG_JSONB, TIDE_TYPE_JSON, "jsonb", ""},
    {OID_JSON, TIDE_PG_STRING, TIDE_TYPE_JSON, "json", ""},
    {OID_BPCHAR, TIDE_PG_STRING, TIDE_TYPE_STRING, "character", ""},
    {OID_NAME, TIDE_PG_STRING, TIDE_TYPE_STRING, "name", ""},
};

static const struct known_type *find_type(uint32_t oid)
{
    for (size_t i = 0; i < sizeof known_types / sizeof *known_types; i++) {
        if (known_types[i].oid == oid) {
            return &known_types[i];
        }
    }
    return NULL;
}

/* The low 11 bits of a numeric's modifier are its scale, signed since PostgreSQL 15. */
static void set_numeric(struct tide_pg_type *type, int32_t modifier)
{
    int32_t packed = modifier - MODIFIER_HEADER;

    type->precision = (packed >> 16) & 0xffff;
    type->scale = ((packed & 0x7ff) ^ 1024) - 1024;
}

static int64_t resolution_of(int32_t digits)
{
    int64_t resolution = 1;

    for (int32_t i = digits; i < 6; i++) {
        resolution *= 10;
    }
    return resolution;
}

static void apply_modifier(struct tide_pg_type *type, uint32_t oid, int32_t modifier)
{
    if (modifier < 0) {
        return;
    }
    if (oid == OID_BPCHAR || oid == OID_VARCHAR) {
        type->max_length = modifier - MODIFIER_HEADER;
    } else if (oid == OID_NUMERIC) {
        set_numeric(type, modifier);
    } else if (type->form == TIDE_PG_TIMESTAMP || type->form == TIDE_PG_TIME) {
        type->resolution = resolution_of(modifier);
    }
}

struct tide_pg_type tide_pg_type_of(uint32_t oid, int32_t modifier, char typtype)
{
    struct tide_pg_type type = {.form = TIDE_PG_AS_TEXT,
                                .type = TIDE_TYPE_STRING,
                                .resolution = 1,
                                .oid = oid,
                                .modifier = modifier};
    const struct known_type *known = NULL;

    if (typtype == 'e') {
        type.form = TIDE_PG_STRING;
        return type;
    }
    known = find_type(oid);
    if (known) {
        type.form = known->form;
        type.type = known->type;
        apply_modifier(&type, oid, modifier);
    }
    return type;
}

/* ---- names ----------------------------------------------------------------------- */

static void write_modifier(const struct tide_pg_type *type, int32_t modifier, char *out,
                           size_t size)
{
    if (type->max_length > 0) {
        (void)snprintf(out, size, "(%lld)", (long long)type->max_length);
    } else if (type->precision > 0) {
        (void)snprintf(out, size, "(%d,%d)", (int)type->precision, (int)type->scale);
    } else {
        (void)snprintf(out, size, "(%d)", (int)modifier);
    }
}

bool tide_pg_type_name(uint32_t oid, int32_t modifier, char *out, size_t size)
{
    const struct known_type *known = find_type(oid);
    const struct tide_pg_type type = tide_pg_type_of(oid, modifier, 'b');
    char shown[32] = "";

    if (!known) {
        return false;
    }
    if (modifier >= 0) {
        write_modifier(&type, modifier, shown, sizeof shown);
    }
    /* That without a length is none of SQL's. */
    (void)snprintf(out, size, "%s%s%s",
                   oid == OID_BPCHAR && modifier < 0 ? "bpchar" : known->name, shown,
                   known->rest);
    return true;
}

/* The one or two numbers of "name(12,2) rest". */
static int read_numbers(const char *name, long numbers[2])
{
    const char *at = strchr(name, '(');
    int count = 0;

    while (at && count < 2 && (*at == '(' || *at == ',')) {
        char *end = NULL;

        numbers[count++] = strtol(at + 1, &end, 10);
        at = end;
    }
    return count;
}

static bool is_within(long number, long least, long most)
{
    return number >= least && number <= most;
}

/* What the server makes of them; false: they mean nothing there. */
static bool make_modifier(uint32_t oid, int count, const long numbers[2],
                          int32_t *modifier)
{
    const struct tide_pg_type type = tide_pg_type_of(oid, -1, 'b');
    long made = -1;

    if (count == 2 && oid == OID_NUMERIC && is_within(numbers[0], 1, 1000) &&
        is_within(numbers[1], 0, numbers[0])) {
        made = numbers[0] * 65536 + numbers[1] + MODIFIER_HEADER;
    } else if (count == 1 && (oid == OID_BPCHAR || oid == OID_VARCHAR) &&
               is_within(numbers[0], 1, LENGTH_MAX)) {
        made = numbers[0] + MODIFIER_HEADER;
    } else if (count == 1 && is_within(numbers[0], 0, 6) &&
               (type.form == TIDE_PG_TIMESTAMP || type.form == TIDE_PG_TIME)) {
        made = numbers[0];
    }
    *modifier = (int32_t)made;
    return count == 0 || made >= 0;
}

bool tide_pg_type_named(const char *name, struct tide_pg_type *type)
{
    long numbers[2] = {0};
    int count = read_numbers(name, numbers);

    for (size_t i = 0; i < sizeof known_types / sizeof *known_types; i++) {
        uint32_t oid = known_types[i].oid;
        int32_t modifier;
        char made[64];

        if (make_modifier(oid, count, numbers, &modifier) &&
            tide_pg_type_name(oid, modifier, made, sizeof made) &&
            strcmp(made, name) == 0) {
            *type = tide_pg_type_of(oid, modifier, 'b');
            return true;
        }
    }
    return false;
}

const char *tide_pg_type_for(int type)
{
    static const char *const names[TIDE_TYPE_COUNT] = {
        [TIDE_TYPE_NULL] = "text",
        [TIDE_TYPE_BOOL] = "boolean",
        [TIDE_TYPE_INT64] = "bigint",
        [TIDE_TYPE_FLOAT64] = "double precision",
        [TIDE_TYPE_DECIMAL] = "numeric",
        [TIDE_TYPE_STRING] = "text",
        [TIDE_TYPE_BYTES] = "bytea",
        [TIDE_TYPE_DATE] = "date",
        [TIDE_TYPE_TIME] = "time without time zone",
        [TIDE_TYPE_TIMESTAMP] = "timestamp with time zone",
        [TIDE_TYPE_UUID] = "uuid",
        [TIDE_TYPE_JSON] = "jsonb",
        [TIDE_TYPE_DATETIME] = "timestamp without time zone",
    };

    return type >= 0 && type < TIDE_TYPE_COUNT ? names[type] : "text";
}
