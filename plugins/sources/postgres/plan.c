/*
 * plan - how a run reads a table, and in which order.
 */
#include "plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "begin.h"

/* ---- the order ------------------------------------------------------------------- */

/* System columns have these numbers in every table. */
enum { NUMBER_CTID = -1, NUMBER_TABLEOID = -6 };

static int no_memory(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_LIMIT, "no memory for columns");
}

/* Order by a column that every table has and that nobody selects. */
static int add_system_column(struct pg_plan *plan, struct tide_pg_table *table,
                             const char *name, int number, struct tide_error *err)
{
    struct tide_pg_column *columns =
        realloc(table->columns, (table->column_count + 1) * sizeof *columns);
    struct tide_pg_column *added;

    if (!columns) {
        return no_memory(err);
    }
    table->columns = columns;
    added = &columns[table->column_count];
    memset(added, 0, sizeof *added);
    added->number = number;
    added->name = strdup(name);
    added->type_name = strdup(number == NUMBER_CTID ? "tid" : "oid");
    added->type.form = number == NUMBER_CTID ? TIDE_PG_BYTEA : TIDE_PG_AS_TEXT;
    added->type.type = number == NUMBER_CTID ? TIDE_TYPE_BYTES : TIDE_TYPE_STRING;
    plan->order[plan->order_count++] = table->column_count++;
    return added->name && added->type_name ? TIDE_OK : no_memory(err);
}

static int order_by_row(struct pg_plan *plan, const struct pg_plan_facts *facts,
                        struct tide_error *err)
{
    int rc = TIDE_OK;

    plan->by_row = true;
    plan->is_total = true;
    (void)snprintf(plan->file, sizeof plan->file, "%s", facts->relation->file);
    if (facts->relation->is_divided) {
        rc = add_system_column(plan, facts->table, "tableoid", NUMBER_TABLEOID, err);
    }
    return rc == TIDE_OK ? add_system_column(plan, facts->table, "ctid", NUMBER_CTID, err)
                         : rc;
}

/* Append the key's columns; false: there is none. */
static bool order_by_key(struct pg_plan *plan, const struct tide_pg_table *table)
{
    size_t before = plan->order_count;

    for (int place = 1; place < PG_ORDER_MAX; place++) {
        for (size_t i = 0; i < table->column_count; i++) {
            if (table->columns[i].key_place == place) {
                plan->order[plan->order_count++] = i;
            }
        }
    }
    plan->is_total = plan->order_count > before;
    return plan->is_total;
}

/* Whether the primary key holds for all rows that are read: not for those of tables that
 * inherit. */
static bool has_key(const struct pg_relation *relation)
{
    return relation->is_readable &&
           (relation->kind == 'p' || (relation->kind == 'r' && !relation->is_divided));
}

static int order_by_cursor(struct pg_plan *plan, const struct pg_plan_facts *facts,
                           struct tide_error *err)
{
    const struct pg_relation *relation = facts->relation;
    size_t cursor = tide_pg_table_find(facts->table, facts->request->cursor);

    if (cursor == TIDE_NO_COLUMN) {
        (void)tide_pg_column_missing(facts->table, facts->request->cursor, err);
        return tide_error_wrap(err, "cursor");
    }
    plan->has_cursor = true;
    plan->order[plan->order_count++] = cursor;
    if ((has_key(relation) && order_by_key(plan, facts->table)) ||
        plan->read == PG_READ_CURSOR) {
        return TIDE_OK;
    }
    return order_by_row(plan, facts, err);
}

/* ---- the way to read ------------------------------------------------------------- */

static void warn_by_cursor(const struct pg_plan_facts *facts, const char *why)
{
    const struct tide_host *host = facts->pg->host;
    char message[320];

    (void)snprintf(message, sizeof message,
                   "%.64s %s: it is read as with incremental: cursor, which misses rows "
                   "committed late",
                   facts->request->table, why);
    host->log(host, TIDE_LOG_WARNING, message);
}

/* A row that they come to show is none that was written. */
static void warn_of_policies(const struct pg_plan_facts *facts)
{
    const struct tide_host *host = facts->pg->host;
    char message[320];

    (void)snprintf(message, sizeof message,
                   "%.64s has policies that choose the rows this role sees: a row that "
                   "they show later, without its being written, is not read; let a role "
                   "with BYPASSRLS read it, or run with --full when that changes",
                   facts->request->table);
    host->log(host, TIDE_LOG_WARNING, message);
}

/* Transactions tell what is new where rows show them: in tables of PostgreSQL's own. */
static enum pg_read choose_incremental(const struct pg_plan_facts *facts)
{
    const struct pg_relation *relation = facts->relation;
    bool is_table = relation->kind == 'r' || relation->kind == 'p';

    if (facts->by_cursor_alone) {
        return PG_READ_CURSOR;
    }
    if (!is_table || !relation->is_heap) {
        warn_by_cursor(facts, "is no table of PostgreSQL's own");
        return PG_READ_CURSOR;
    }
    if (!relation->is_readable) {
        warn_by_cursor(facts, "is a table of which not all columns may be read");
        return PG_READ_CURSOR;
    }
    if (relation->has_policies) {
        warn_of_policies(facts);
    }
    return PG_READ_SNAPSHOT;
}

/* Nobody will go on with this run, nor does it go on with another. */
static bool needs_no_place(const struct tide_source_request *request)
{
    return !request->checkpoints && !request->position;
}

bool pg_plan_needs_relation(const struct tide_source_request *request)
{
    return request->cursor || !needs_no_place(request);
}

/* A table with others in it keeps its rows where each of these can be read alone. */
static int keeps_rows(const struct pg_plan_facts *facts, struct pg_plan *plan,
                      bool *keeps, struct tide_error *err)
{
    const struct pg_relation *relation = facts->relation;
    int rc = TIDE_OK;

    *keeps = relation->is_heap && relation->is_readable;
    if (*keeps && relation->is_divided) {
        rc = pg_stretches_find_parts(&plan->stretches, facts->pg, facts->table, err);
        *keeps = plan->stretches.part_count > 0;
    } else if (!strchr("rm", relation->kind)) {
        *keeps = false;
    }
    return rc;
}

/* What policies show depends on anything: a later run may be shown other rows. */
static bool has_no_place(const struct pg_plan_facts *facts)
{
    return needs_no_place(facts->request) ||
           (facts->request->exact && facts->relation->has_policies);
}

/* A read that was cut off goes on as it began. */
static int choose_full(const struct pg_plan_facts *facts, struct pg_plan *plan,
                       struct tide_error *err)
{
    const struct pg_relation *relation = facts->relation;
    enum pg_read before = facts->position->read;
    bool keeps = false;
    bool by_key = false;
    int rc;

    plan->read = PG_READ_ALL;
    if (facts->request->row_limit > 0 || has_no_place(facts)) {
        return TIDE_OK;
    }
    rc = keeps_rows(facts, plan, &keeps, err);
    if (rc == TIDE_OK && keeps && relation->kind == 'r' && !relation->is_divided) {
        rc = pg_relation_is_clustered(facts->pg, facts->table, relation, &by_key, err);
        by_key = (by_key && before != PG_READ_ROW) || before == PG_READ_KEY;
    }
    if (by_key) {
        plan->read = PG_READ_KEY;
    } else if (keeps) {
        plan->read = PG_READ_ROW;
    }
    return rc;
}

/* Append the order of a full read; a key that is gone leaves the place on disk. */
static int order_full(struct pg_plan *plan, const struct pg_plan_facts *facts,
                      struct tide_error *err)
{
    if (plan->read == PG_READ_KEY && !order_by_key(plan, facts->table)) {
        plan->read = facts->relation->is_heap ? PG_READ_ROW : PG_READ_ALL;
    }
    return plan->read == PG_READ_ROW ? order_by_row(plan, facts, err) : TIDE_OK;
}

/* An older server would read the whole table for each stretch of it. */
static void choose_stretches(struct pg_plan *plan, const struct pg_plan_facts *facts)
{
    const struct pg_start *start = &plan->start;
    bool has_parts = plan->stretches.parts != NULL;
    const char *row = start->count > 0 ? start->values[start->count - 1] : NULL;

    if (plan->read == PG_READ_ROW) {
        plan->stretches.cuts = PQserverVersion(facts->pg->conn) >= 140000;
        pg_stretches_cut(&plan->stretches, facts->relation->size,
                         has_parts && row ? start->values[0] : NULL, row);
    }
}

void pg_plan_clear(struct pg_plan *plan)
{
    pg_stretches_clear(&plan->stretches);
    pg_members_clear(&plan->members);
}

uint32_t pg_plan_statements(const struct pg_plan *plan)
{
    return (plan->stretches.count > 0 ? plan->stretches.count : 1U) + plan->again;
}

/* Where it is stands for a server that does not tell which one it is, where all must be
 * of one. */
static void note_server(struct pg_plan *plan, const struct pg_plan_facts *facts)
{
    plan->timeline = facts->relation->timeline;
    if (facts->relation->server[0] == '\0' && plan->exact && !facts->request->cursor) {
        pg_position_sign(facts->pg, plan->server);
    } else {
        (void)snprintf(plan->server, sizeof plan->server, "%s", facts->relation->server);
    }
}

int pg_plan_make(const struct pg_plan_facts *facts, struct pg_plan *plan,
                 struct tide_error *err)
{
    int rc = TIDE_OK;

    plan->table = facts->table->oid;
    plan->may_repeat = facts->request->may_repeat;
    plan->exact = facts->request->exact;
    note_server(plan, facts);
    plan->ages = (struct pg_ages){.except = true, .least = 0, .most = -1};
    if (facts->request->cursor) {
        plan->read = choose_incremental(facts);
        rc = order_by_cursor(plan, facts, err);
    } else {
        rc = choose_full(facts, plan, err);
        if (rc == TIDE_OK) {
            rc = order_full(plan, facts, err);
        }
    }
    if (rc == TIDE_OK) {
        rc = pg_plan_begin(plan, facts, err);
    }
    if (rc == TIDE_OK) {
        choose_stretches(plan, facts);
    }
    return rc;
}
