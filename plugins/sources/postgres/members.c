/*
 * members - the tables whose rows an incremental run reads: the table itself, its
 * partitions, those that inherit from it.
 */
#include "members.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* Those of now and those of the position, but for what was dropped. */
#define MEMBERS                                                                          \
    "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid"              \
    " FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid), "                         \
    "former AS (SELECT key::oid AS oid, value, true AS was_here"                         \
    " FROM jsonb_each($2::jsonb) UNION ALL SELECT key::oid, value, false"                \
    " FROM jsonb_each($3::jsonb)) "                                                      \
    "SELECT c.oid, CASE WHEN pg_relation_size(c.oid) > 0"                                \
    " THEN pg_relation_filenode(c.oid) ELSE 0 END, f.value->>0, f.value->>1,"            \
    " t.oid IS NOT NULL, f.was_here FROM pg_class c LEFT JOIN tree t ON t.oid = c.oid"   \
    " LEFT JOIN former f ON f.oid = c.oid"                                               \
    " WHERE c.relkind = 'r' AND (t.oid IS NOT NULL OR f.oid IS NOT NULL)"                \
    " ORDER BY c.oid"

enum {
    MEMBER_OID,
    MEMBER_FILE,
    MEMBER_FORMER,
    MEMBER_FROM,
    MEMBER_IS_HERE,
    MEMBER_WAS_HERE
};

static int no_memory(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_LIMIT, "no memory for tables");
}

static uint32_t number(const PGresult *result, int row, int column)
{
    return (uint32_t)strtoul(PQgetvalue(result, row, column), NULL, 10);
}

static bool is_true(const PGresult *result, int row, int column)
{
    return PQgetvalue(result, row, column)[0] == 't';
}

/* ---- which they are -------------------------------------------------------------- */

/* A window that is ended has the members it had; a new one gets those of now. */
static void place(struct pg_member *member, const struct pg_position *position,
                  bool is_known, bool has_from)
{
    bool is_new = !is_known && position->parts;
    bool has_left = is_known && !member->was_here;

    member->is_read = member->is_here && !(position->has_to && (is_new || has_left));
    member->is_late = is_new || has_left || has_from;
    if (!member->is_here && !has_left && !has_from) {
        member->is_late = true;
        member->from = position->from;
    }
}

static void take_row(struct pg_member *member, const PGresult *result, int row,
                     const struct pg_position *position)
{
    bool is_known = !PQgetisnull(result, row, MEMBER_WAS_HERE);

    member->oid = number(result, row, MEMBER_OID);
    member->file = number(result, row, MEMBER_FILE);
    member->former = number(result, row, MEMBER_FORMER);
    member->from = strtoull(PQgetvalue(result, row, MEMBER_FROM), NULL, 10);
    member->is_here = is_true(result, row, MEMBER_IS_HERE);
    member->was_here = is_true(result, row, MEMBER_WAS_HERE);
    place(member, position, is_known, !PQgetisnull(result, row, MEMBER_FROM));
}

static int take_rows(struct pg_members *members, const PGresult *result,
                     const struct pg_position *position, struct tide_error *err)
{
    size_t count = (size_t)PQntuples(result);

    members->list = calloc(count + 1, sizeof *members->list);
    if (!members->list) {
        return no_memory(err);
    }
    members->count = count;
    for (size_t i = 0; i < count; i++) {
        take_row(&members->list[i], result, (int)i, position);
    }
    return TIDE_OK;
}

static int ask(struct pg_members *members, struct tide_pg *pg, const char *table,
               const struct pg_position *position, struct tide_error *err)
{
    const char *params[] = {table, position->parts, position->gone};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg, MEMBERS, params, 3, &result, err);

    if (rc == TIDE_E_DATA) {
        rc = tide_error_set(err, TIDE_E_CONFIG, "the position is none of this source");
    } else if (rc == TIDE_OK) {
        rc = take_rows(members, result, position, err);
    }
    PQclear(result);
    return rc;
}

/* {"16384": [16390]}: the file of a table that was one by itself; false: it was not. */
static bool was_one(const struct pg_position *position, const char *table, uint32_t *file)
{
    char head[32];
    char *rest = NULL;
    int length = snprintf(head, sizeof head, "{\"%s\": [", table);

    if (position->gone || strncmp(position->parts, head, (size_t)length) != 0) {
        return false;
    }
    *file = (uint32_t)strtoul(position->parts + length, &rest, 10);
    return strcmp(rest, "]}") == 0;
}

int pg_members_load(struct pg_members *members, struct tide_pg *pg,
                    const struct tide_pg_table *table, const struct pg_relation *relation,
                    const struct pg_position *position, struct tide_error *err)
{
    uint32_t former = 0;

    members->is_divided = relation->is_divided;
    if (relation->is_divided ||
        (position->parts && !was_one(position, table->oid, &former))) {
        return ask(members, pg, table->oid, position, err);
    }
    members->list = calloc(1, sizeof *members->list);
    if (!members->list) {
        return no_memory(err);
    }
    members->count = 1;
    members->list[0] = (struct pg_member){
        .oid = (uint32_t)strtoul(table->oid, NULL, 10),
        .file = relation->size > 0 ? (uint32_t)strtoul(relation->file, NULL, 10) : 0,
        .former = former,
        .is_here = true,
        .was_here = true,
        .is_read = true};
    return TIDE_OK;
}

void pg_members_clear(struct pg_members *members)
{
    free(members->list);
    tide_pg_sql_clear(&members->running);
    tide_pg_sql_clear(&members->ended);
    memset(members, 0, sizeof *members);
}

/* ---- what is read of them -------------------------------------------------------- */

void pg_members_begin_anew(struct pg_members *members)
{
    size_t kept = 0;

    for (size_t i = 0; i < members->count; i++) {
        struct pg_member member = members->list[i];

        member.is_read = true;
        member.is_late = false;
        if (member.is_here) {
            members->list[kept++] = member;
        }
    }
    members->count = kept;
}

bool pg_members_are_late(const struct pg_members *members)
{
    for (size_t i = 0; i < members->count; i++) {
        if (members->list[i].is_read && members->list[i].is_late) {
            return true;
        }
    }
    return false;
}

bool pg_members_have_left(const struct pg_members *members)
{
    for (size_t i = 0; i < members->count; i++) {
        if (members->list[i].was_here && !members->list[i].is_here) {
            return true;
        }
    }
    return false;
}

/* Those that are read, or those that were once: one that came in the middle of a window
 * is neither. */
static void add_text(struct tide_pg_sql *out, const struct pg_members *members,
                     bool is_read, bool with_from)
{
    const char *between = is_read ? "" : ", \"gone\": {";
    bool has_any = is_read;

    tide_pg_sql_add(out, is_read ? ", \"parts\": {" : "");
    for (size_t i = 0; i < members->count; i++) {
        const struct pg_member *member = &members->list[i];
        bool is_gone = !member->is_read && (member->was_here || member->from > 0);

        if (is_read ? !member->is_read : !is_gone) {
            continue;
        }
        has_any = true;
        tide_pg_sql_format(out, "%s\"%" PRIu32 "\": [%" PRIu32, between, member->oid,
                           is_read ? member->file : member->former);
        if (with_from && member->is_late) {
            tide_pg_sql_format(out, ", %" PRIu64, member->from);
        }
        tide_pg_sql_add(out, "]");
        between = ", ";
    }
    tide_pg_sql_add(out, has_any ? "}" : "");
}

int pg_members_settle(struct pg_members *members, const struct pg_window *window,
                      const struct pg_clock *clock, bool may_repeat,
                      struct tide_error *err)
{
    int rc;

    for (size_t i = 0; i < members->count; i++) {
        struct pg_member *member = &members->list[i];
        struct pg_window own = {
            .whole = member->from == 0, .from = member->from, .to = window->to};

        member->ages = pg_window_ages(&own, clock, may_repeat);
    }
    add_text(&members->running, members, true, true);
    add_text(&members->running, members, false, true);
    add_text(&members->ended, members, true, false);
    add_text(&members->ended, members, false, true);
    rc = tide_pg_sql_check(&members->running, err);
    return rc == TIDE_OK ? tide_pg_sql_check(&members->ended, err) : rc;
}

/* ---- written anew ---------------------------------------------------------------- */

/* It has rows, and none of them is older.  The first one that is ends the search. */
static int look_at(const struct pg_member *member, struct tide_pg *pg,
                   const struct tide_pg_table *table, const struct pg_ages *newer,
                   bool *is_anew, struct tide_error *err)
{
    struct tide_pg_sql sql = {0};
    PGresult *result = NULL;
    int rc;

    tide_pg_sql_add(&sql, "SELECT EXISTS (SELECT FROM ");
    tide_pg_sql_name(&sql, &table->name);
    tide_pg_sql_format(&sql,
                       " AS t WHERE t.tableoid = %" PRIu32 ") AND NOT EXISTS"
                       " (SELECT FROM ",
                       member->oid);
    tide_pg_sql_name(&sql, &table->name);
    tide_pg_sql_format(&sql,
                       " AS t WHERE t.tableoid = %" PRIu32
                       " AND age(t.xmin) NOT BETWEEN %lld AND %lld)",
                       member->oid, (long long)newer->least, (long long)newer->most);
    rc = tide_pg_exec_sql(pg, &sql, &result, err);
    if (rc == TIDE_OK) {
        *is_anew = is_true(result, 0, 0);
    }
    PQclear(result);
    tide_pg_sql_clear(&sql);
    return rc;
}

int pg_members_look(const struct pg_members *members, struct tide_pg *pg,
                    const struct tide_pg_table *table, const struct pg_clock *clock,
                    uint64_t mark, bool *is_anew, struct tide_error *err)
{
    int rc = TIDE_OK;

    *is_anew = false;
    for (size_t i = 0; rc == TIDE_OK && !*is_anew && i < members->count; i++) {
        const struct pg_member *member = &members->list[i];
        bool is_other =
            member->former > 0 && member->file > 0 && member->former != member->file;
        bool is_whole = member->is_late && member->from == 0;

        if (member->is_read && is_other && !is_whole) {
            struct pg_ages newer =
                pg_ages_since(member->is_late ? member->from : mark, clock);

            rc = look_at(member, pg, table, &newer, is_anew, err);
        }
    }
    return rc;
}
