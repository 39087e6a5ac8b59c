/*
 * guard - which columns PostgreSQL would fill with less than the texts that come say.
 */
#include "guard.h"

#include <string.h>

#include "judge_item.h"

/* Object ids of the built-in types: part of PostgreSQL's wire protocol, never changed. */
static const struct {
    uint32_t oid;
    bool is_list;
    uint32_t item;
} guarded[] = {
    {PG_OID_CHAR, false, PG_OID_CHAR},
    {PG_OID_NAME, false, PG_OID_NAME},
    {PG_OID_OID, false, PG_OID_OID},
    {PG_OID_TID, false, PG_OID_TID},
    {PG_OID_XID, false, PG_OID_XID},
    {PG_OID_CID, false, PG_OID_CID},
    {PG_OID_XID8, false, PG_OID_XID8},
    {PG_OID_MONEY, false, PG_OID_MONEY},
    {PG_OID_INTERVAL, false, PG_OID_INTERVAL},
    {PG_OID_TIMETZ, false, PG_OID_TIMETZ},
    /* arrays */
    {1002, true, PG_OID_CHAR},
    {1003, true, PG_OID_NAME},
    {1028, true, PG_OID_OID},
    {1010, true, PG_OID_TID},
    {1011, true, PG_OID_XID},
    {1012, true, PG_OID_CID},
    {271, true, PG_OID_XID8},
    {791, true, PG_OID_MONEY},
    {1187, true, PG_OID_INTERVAL},
    {1270, true, PG_OID_TIMETZ},
    {1014, true, PG_OID_BPCHAR},
    {1015, true, PG_OID_VARCHAR},
    {1021, true, PG_OID_FLOAT4},
    {1022, true, PG_OID_FLOAT8},
    {1231, true, PG_OID_NUMERIC},
    {1182, true, PG_OID_DATE},
    {1183, true, PG_OID_TIME},
    {1115, true, PG_OID_TIMESTAMP},
    {1185, true, PG_OID_TIMESTAMPTZ},
    /* ranges and multiranges of dates, and of moments without and with a zone */
    {3912, true, PG_OID_DATE},
    {4535, true, PG_OID_DATE},
    {3908, true, PG_OID_TIMESTAMP},
    {4533, true, PG_OID_TIMESTAMP},
    {3910, true, PG_OID_TIMESTAMPTZ},
    {4534, true, PG_OID_TIMESTAMPTZ},
    /* figures: point, lseg, path, box, polygon, line, circle */
    {600, true, PG_OID_FLOAT8},
    {601, true, PG_OID_FLOAT8},
    {602, true, PG_OID_FLOAT8},
    {603, true, PG_OID_FLOAT8},
    {604, true, PG_OID_FLOAT8},
    {628, true, PG_OID_FLOAT8},
    {718, true, PG_OID_FLOAT8},
    /* arrays of these ranges and figures, and of oidvector, which is itself a list */
    {3913, true, PG_OID_DATE},
    {6155, true, PG_OID_DATE},
    {3909, true, PG_OID_TIMESTAMP},
    {6152, true, PG_OID_TIMESTAMP},
    {3911, true, PG_OID_TIMESTAMPTZ},
    {6153, true, PG_OID_TIMESTAMPTZ},
    {1017, true, PG_OID_FLOAT8},
    {1018, true, PG_OID_FLOAT8},
    {1019, true, PG_OID_FLOAT8},
    {1020, true, PG_OID_FLOAT8},
    {1027, true, PG_OID_FLOAT8},
    {629, true, PG_OID_FLOAT8},
    {719, true, PG_OID_FLOAT8},
    {30, true, PG_OID_OID},
    {1013, true, PG_OID_OID},
};

bool pg_guard_is_same(const struct tide_column *incoming,
                      const struct tide_pg_column *column)
{
    return incoming->flags & TIDE_COLUMN_SQL_TYPE &&
           !(incoming->flags & TIDE_COLUMN_REWRITTEN) && incoming->logical &&
           strcmp(incoming->logical, column->type_name) == 0;
}

static int refuse(const struct tide_column *incoming, const struct tide_pg_column *column,
                  struct tide_error *err)
{
    bool is_known = incoming->flags & TIDE_COLUMN_SQL_TYPE && incoming->logical;

    return tide_error_at(
        err, TIDE_E_CONFIG, column->name,
        "column \"%s\" is of type %s and would get values of type %s: PostgreSQL drops "
        "the fields that an interval lacks; make it a plain interval, or exclude it",
        column->name, column->type_name,
        is_known ? incoming->logical : tide_type_name(incoming->type));
}

/* An interval of some fields alone drops the others. */
static bool drops_fields(const struct tide_pg_type *item)
{
    return item->oid == PG_OID_INTERVAL && item->modifier >= 0 &&
           (item->modifier >> 16 & PG_INTERVAL_FULL) != PG_INTERVAL_FULL;
}

/* What keeps any text, or takes none that is too long. */
static bool keeps_all(const struct tide_pg_type *item)
{
    return (item->oid == PG_OID_NUMERIC || item->oid == PG_OID_VARCHAR ||
            item->oid == PG_OID_BPCHAR) &&
           item->modifier < 0;
}

int pg_guard_choose(struct pg_guard *guard, const struct tide_column *incoming,
                    const struct tide_pg_column *column, struct tide_error *err)
{
    size_t count = sizeof guarded / sizeof *guarded, i = 0;
    const struct tide_pg_type *type = &column->type;

    *guard = (struct pg_guard){0};
    while (i < count && guarded[i].oid != type->oid) {
        i++;
    }
    if (i == count || pg_guard_is_same(incoming, column)) {
        return TIDE_OK;
    }
    guard->item = tide_pg_type_of(guarded[i].item, type->modifier, 'b');
    guard->is_list = guarded[i].is_list;
    guard->is_on = !keeps_all(&guard->item);
    return drops_fields(&guard->item) ? refuse(incoming, column, err) : TIDE_OK;
}
