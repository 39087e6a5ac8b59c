/*
 * altered - whether rows that were not written since still have the values they had.
 */
#include "altered.h"

#include <inttypes.h>
#include <stdio.h>

#define IS_NEWER(row_) "age(" row_ ".xmin) BETWEEN $2::bigint AND $3::bigint"

/* A type is made of its elements, its base, its bounds, its members.  Before version 14
 * no range has a type for many. */
#define LOOK                                                                             \
    "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid"              \
    " FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid), "                         \
    "types AS (SELECT a.atttypid AS oid FROM pg_attribute a WHERE a.attrelid = $1::oid"  \
    " AND a.attnum > 0 AND a.atttypid <> 0 UNION SELECT m.oid FROM types"                \
    " JOIN pg_type t ON t.oid = types.oid CROSS JOIN LATERAL (SELECT t.typelem AS oid"   \
    " UNION ALL SELECT t.typbasetype UNION ALL SELECT r.rngsubtype FROM pg_range r"      \
    " WHERE t.oid::text IN (r.rngtypid::text, to_jsonb(r)->>'rngmultitypid')"            \
    " UNION ALL SELECT a.atttypid FROM pg_attribute a WHERE a.attrelid = t.typrelid"     \
    " AND t.typrelid <> 0 AND a.attnum > 0) m WHERE m.oid <> 0) "                        \
    "SELECT EXISTS (SELECT FROM tree JOIN pg_attribute a ON a.attrelid = tree.oid"       \
    " WHERE " IS_NEWER(                                                                  \
        "a") ") OR EXISTS (SELECT FROM types JOIN pg_type t USING (oid)"                 \
             " LEFT JOIN pg_enum e ON e.enumtypid = t.oid"                               \
             " LEFT JOIN pg_attribute a ON a.attrelid = t.typrelid AND t.typrelid <> 0"  \
             " WHERE " IS_NEWER("t") " OR " IS_NEWER("e") " OR " IS_NEWER("a") ")"

int pg_altered_look(struct tide_pg *pg, const struct tide_pg_table *table,
                    const struct pg_ages *newer, bool *changed, struct tide_error *err)
{
    char least[24];
    char most[24];
    const char *params[] = {table->oid, least, most};
    PGresult *result = NULL;
    int rc;

    (void)snprintf(least, sizeof least, "%" PRId64, newer->least);
    (void)snprintf(most, sizeof most, "%" PRId64, newer->most);
    rc = tide_pg_query(pg, LOOK, params, 3, &result, err);
    if (rc == TIDE_OK) {
        *changed = PQgetvalue(result, 0, 0)[0] == 't';
    }
    PQclear(result);
    return rc;
}
