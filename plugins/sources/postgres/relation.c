/*
 * relation - what decides how a table can be read: its kind, its files, its moment.
 */
#include "relation.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A table of up to so many bytes is sorted in next to no time. */
#define SMALL ((int64_t)16 << 20)
/* Up to so many, one that was never analyzed is taken for one that grows at its end. */
#define MODERATE ((int64_t)256 << 20)

/* 2 is the access method "heap", 3 the first transaction that shows an age.  The txid
 * function is one that PostgreSQL 12 has as well.  A new session plans a query without a
 * join in little time. */
#define QUESTION(server_, timeline_)                                                     \
    "SELECT c.relkind, c.relhassubclass OR c.relkind = 'p', c.relam = 2,"                \
    " has_table_privilege(c.oid, 'SELECT'), pg_is_in_recovery(),"                        \
    " CASE WHEN c.relkind IN ('r', 'm') THEN pg_relation_size(c.oid) ELSE 0 END,"        \
    " coalesce(pg_relation_filenode(c.oid), 0), txid_current_snapshot(), age('3'::xid)," \
    " row_security_active(c.oid), " server_ ", " timeline_                               \
    " FROM pg_class c WHERE c.oid = "

/* A standby that took over tells its former timeline up to its first checkpoint. */
const char pg_relation_question[] =
    QUESTION("(SELECT s.system_identifier || '/' || d.oid FROM pg_control_system() s,"
             " pg_database d WHERE d.datname = current_database())",
             "(SELECT timeline_id FROM pg_control_checkpoint())");

const char pg_relation_lesser_question[] = QUESTION("''", "0");

/* The same of all tables that are read with one. */
#define FACTS_OF_PARTS                                                                   \
    "WITH RECURSIVE tree AS (SELECT $1::oid AS oid UNION SELECT i.inhrelid"              \
    " FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid) "                          \
    "SELECT bool_and(c.relkind = 'p' OR (c.relkind = 'r' AND c.relam = 2)),"             \
    " md5(string_agg(c.oid || '/' || coalesce(pg_relation_filenode(c.oid), 0), ' '"      \
    " ORDER BY c.oid)) FROM tree JOIN pg_class c USING (oid)"

enum {
    FACT_KIND,
    FACT_DIVIDED,
    FACT_HEAP,
    FACT_READABLE,
    FACT_STANDBY,
    FACT_SIZE,
    FACT_FILE,
    FACT_SNAPSHOT,
    FACT_AGE,
    FACT_POLICIES,
    FACT_SERVER,
    FACT_TIMELINE
};

bool pg_relation_is_untold(const struct tide_pg *pg)
{
    static const char *const refusals[] = {
        "42501", /* no right to a function */
        "42883", /* no such function */
        "0A000"  /* it is not supported */
    };

    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        if (PQtransactionStatus(pg->conn) == PQTRANS_INERROR &&
            strcmp(pg->sqlstate, refusals[i]) == 0) {
            return true;
        }
    }
    return false;
}

static bool get_bool(const PGresult *result, int column)
{
    return PQgetvalue(result, 0, column)[0] == 't';
}

/* A snapshot reads "oldest:end:open,open"; the age of transaction 3 gives the low 32 bits
 * of the next one, which is not before the end. */
static void read_clock(const char *snapshot, const char *age, struct pg_clock *clock)
{
    char *rest = NULL;
    uint32_t next = 3 + (uint32_t)strtol(age, NULL, 10);

    clock->oldest = strtoull(snapshot, &rest, 10);
    clock->end = strtoull(rest + (*rest == ':'), NULL, 10);
    clock->next = clock->end + (uint32_t)(next - (uint32_t)clock->end);
}

static void read_facts(const PGresult *result, struct pg_relation *relation)
{
    relation->kind = PQgetvalue(result, 0, FACT_KIND)[0];
    relation->is_divided = get_bool(result, FACT_DIVIDED);
    relation->is_heap = get_bool(result, FACT_HEAP);
    relation->is_readable = get_bool(result, FACT_READABLE);
    relation->is_standby = get_bool(result, FACT_STANDBY);
    relation->has_policies = get_bool(result, FACT_POLICIES);
    relation->size = strtoll(PQgetvalue(result, 0, FACT_SIZE), NULL, 10);
    (void)snprintf(relation->file, sizeof relation->file, "%s",
                   PQgetvalue(result, 0, FACT_FILE));
    (void)snprintf(relation->server, sizeof relation->server, "%s",
                   PQgetvalue(result, 0, FACT_SERVER));
    relation->timeline = strtoull(PQgetvalue(result, 0, FACT_TIMELINE), NULL, 10);
    read_clock(PQgetvalue(result, 0, FACT_SNAPSHOT), PQgetvalue(result, 0, FACT_AGE),
               &relation->clock);
}

static int load_parts(struct tide_pg *pg, const struct tide_pg_table *table,
                      struct pg_relation *relation, struct tide_error *err)
{
    const char *params[] = {table->oid};
    PGresult *result = NULL;
    int rc = tide_pg_query(pg, FACTS_OF_PARTS, params, 1, &result, err);

    if (rc == TIDE_OK) {
        relation->is_heap = get_bool(result, 0);
        (void)snprintf(relation->file, sizeof relation->file, "%s",
                       PQgetvalue(result, 0, 1));
    }
    PQclear(result);
    return rc;
}

int pg_relation_load(struct tide_pg *pg, const struct tide_pg_table *table,
                     const PGresult *answer, struct pg_relation *relation,
                     struct tide_error *err)
{
    if (PQntuples(answer) != 1) {
        return tide_error_set(err, TIDE_E_TRANSIENT, "table %s.%s is gone",
                              table->name.schema, table->name.table);
    }
    read_facts(answer, relation);
    return relation->is_divided ? load_parts(pg, table, relation, err) : TIDE_OK;
}

static const struct tide_pg_column *first_of_key(const struct tide_pg_table *table)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (table->columns[i].key_place == 1) {
            return &table->columns[i];
        }
    }
    return NULL;
}

int pg_relation_is_clustered(struct tide_pg *pg, const struct tide_pg_table *table,
                             const struct pg_relation *relation, bool *clustered,
                             struct tide_error *err)
{
    const struct tide_pg_column *column = first_of_key(table);
    const char *params[] = {table->name.schema, table->name.table,
                            column ? column->name : ""};
    PGresult *result = NULL;
    int rc;

    if (!column || relation->size <= SMALL) {
        *clustered = column != NULL;
        return TIDE_OK;
    }
    rc = tide_pg_query(pg,
                       "SELECT correlation >= 0.9 FROM pg_stats WHERE schemaname = $1"
                       " AND tablename = $2 AND attname = $3 AND NOT inherited"
                       " AND correlation IS NOT NULL",
                       params, 3, &result, err);
    if (rc == TIDE_OK) {
        *clustered =
            PQntuples(result) > 0 ? get_bool(result, 0) : relation->size <= MODERATE;
    }
    PQclear(result);
    return rc;
}
