/*
 * query - the COPY that reads a table as a plan says.
 */
#include "query.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* Bytes of statements from which on no more go out at once: the server keeps a message,
 * and what it makes of it, to its end. */
#define MESSAGE ((size_t)64 * 1024)

static bool is_listed(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_wanted(const struct tide_source_request *request, const char *name)
{
    return (!request->include || is_listed(request->include, name)) &&
           !(request->exclude && is_listed(request->exclude, name));
}

int pg_selection_make(const struct tide_pg_table *table,
                      const struct tide_source_request *request,
                      struct pg_selection *selection, struct tide_error *err)
{
    selection->columns =
        calloc(table->column_count + PG_ORDER_MAX, sizeof *selection->columns);
    selection->left_out =
        calloc(table->column_count + PG_ORDER_MAX, sizeof *selection->left_out);
    if (!selection->columns || !selection->left_out) {
        return tide_error_set(err, TIDE_E_LIMIT, "no memory for columns");
    }
    for (size_t i = 0; i < table->column_count; i++) {
        if (is_wanted(request, table->columns[i].name)) {
            selection->columns[selection->count++] = i;
        }
    }
    selection->visible = selection->count;
    if (selection->visible == 0) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "no column of table %s.%s is left to read",
                              table->name.schema, table->name.table);
    }
    return TIDE_OK;
}

/* The place of a column, which is added at the end when it has none. */
static size_t place_of(struct pg_selection *selection, size_t wanted)
{
    for (size_t i = 0; i < selection->count; i++) {
        if (selection->columns[i] == wanted) {
            return i;
        }
    }
    selection->columns[selection->count] = wanted;
    return selection->count++;
}

void pg_selection_order(struct pg_selection *selection, const struct pg_plan *plan)
{
    size_t count = plan->stretches.count == 0 ? plan->order_count : 0;

    for (size_t i = 0; i < count; i++) {
        selection->order[i] = place_of(selection, plan->order[i]);
    }
}

void pg_selection_leave_out(struct pg_selection *selection, const struct pg_plan *plan,
                            const size_t *places, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        selection->left_out[places[i]] = true;
    }
    for (size_t i = 0; plan->stretches.count == 0 && i < plan->order_count; i++) {
        selection->left_out[selection->order[i]] = false;
    }
}

void pg_selection_clear(struct pg_selection *selection)
{
    free(selection->columns);
    free(selection->left_out);
    memset(selection, 0, sizeof *selection);
}

/* ---- the statement --------------------------------------------------------------- */

static void add_name(struct tide_pg_sql *sql, const struct tide_pg_column *column)
{
    tide_pg_sql_add(sql, "t.");
    tide_pg_sql_identifier(sql, column->name);
}

static void add_columns(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                        const struct pg_selection *selection)
{
    const char *comma = "";

    for (size_t i = 0; i < selection->count; i++) {
        const struct tide_pg_column *column = &table->columns[selection->columns[i]];

        if (selection->left_out[i]) {
            continue;
        }
        tide_pg_sql_add(sql, comma);
        comma = ", ";
        add_name(sql, column);
        if (column->type.form == TIDE_PG_AS_TEXT) {
            tide_pg_sql_add(sql, "::text");
        }
    }
}

/* The first `count` columns of the order from number `first` on. */
static void add_order_columns(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                              const struct pg_plan *plan, size_t first, size_t count)
{
    for (size_t i = first; i < count; i++) {
        tide_pg_sql_add(sql, i > first ? ", " : "");
        add_name(sql, &table->columns[plan->order[i]]);
    }
}

/* "(t.a, t.b) > ('x'::text, '2'::integer)": rows behind a place in the order. */
static void add_behind(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                       const struct pg_plan *plan, size_t first)
{
    const struct pg_start *start = &plan->start;

    tide_pg_sql_add(sql, "(");
    add_order_columns(sql, table, plan, first, start->count);
    tide_pg_sql_add(sql, start->inclusive ? ") >= (" : ") > (");
    for (size_t i = first; i < start->count; i++) {
        tide_pg_sql_add(sql, i > first ? ", " : "");
        tide_pg_sql_literal(sql, start->values[i]);
        tide_pg_sql_format(sql, "::%s", table->columns[plan->order[i]].type_name);
    }
    tide_pg_sql_add(sql, ")");
}

void pg_query_behind(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                     const struct pg_plan *plan)
{
    add_behind(sql, table, plan, 0);
}

/* Rows without a cursor come last: behind one of them are only others. */
static void add_start(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                      const struct pg_plan *plan)
{
    const struct pg_start *start = &plan->start;
    bool is_among_nulls = start->count > 0 && !start->values[0];

    if (is_among_nulls) {
        tide_pg_sql_add(sql, " AND ");
        add_order_columns(sql, table, plan, 0, 1);
        tide_pg_sql_add(sql, " IS NULL AND ");
        add_behind(sql, table, plan, 1);
        return;
    }
    if (start->count > 0) {
        tide_pg_sql_add(sql, " AND (");
        add_behind(sql, table, plan, 0);
        if (plan->has_cursor && plan->nulls) {
            tide_pg_sql_add(sql, " OR ");
            add_order_columns(sql, table, plan, 0, 1);
            tide_pg_sql_add(sql, " IS NULL");
        }
        tide_pg_sql_add(sql, ")");
    } else if (plan->has_cursor && !plan->nulls) {
        tide_pg_sql_add(sql, " AND ");
        add_order_columns(sql, table, plan, 0, 1);
        tide_pg_sql_add(sql, " IS NOT NULL");
    }
}

static void add_age(struct tide_pg_sql *sql, const struct pg_ages *ages)
{
    tide_pg_sql_format(sql, "age(t.xmin) %sBETWEEN %lld AND %lld",
                       ages->except ? "NOT " : "", (long long)ages->least,
                       (long long)ages->most);
}

static void add_ages(struct tide_pg_sql *sql, const struct pg_ages *ages)
{
    if (!pg_ages_are_all(ages)) {
        tide_pg_sql_add(sql, " AND ");
        add_age(sql, ages);
    }
}

/* Members that are read from further back, beside the window of all. */
static void add_late(struct tide_pg_sql *sql, const struct pg_plan *plan)
{
    tide_pg_sql_add(sql, " AND (");
    add_age(sql, &plan->ages);
    for (size_t i = 0; i < plan->members.count; i++) {
        const struct pg_member *member = &plan->members.list[i];

        if (member->is_read && member->is_late) {
            tide_pg_sql_format(sql, " OR (t.tableoid = %" PRIu32, member->oid);
            add_ages(sql, &member->ages);
            tide_pg_sql_add(sql, ")");
        }
    }
    tide_pg_sql_add(sql, ")");
}

/* A table can become a part when the snapshot is taken already: it is left to the next
 * run, which finds it among the parts. */
static void add_members(struct tide_pg_sql *sql, const struct pg_plan *plan)
{
    const char *between = " AND t.tableoid IN (";

    for (size_t i = 0; plan->members.is_divided && i < plan->members.count; i++) {
        if (plan->members.list[i].is_read) {
            tide_pg_sql_format(sql, "%s%" PRIu32, between, plan->members.list[i].oid);
            between = ", ";
        }
    }
    tide_pg_sql_add(sql, between[0] == ',' ? ")" : "");
}

static void add_window(struct tide_pg_sql *sql, const struct pg_plan *plan)
{
    if (pg_members_are_late(&plan->members)) {
        add_late(sql, plan);
    } else {
        add_ages(sql, &plan->ages);
    }
    add_members(sql, plan);
}

/* Rows come as they lie on disk only when no other scan is joined and none helps. */
static void add_settings(struct tide_pg_sql *sql, const struct pg_plan *plan)
{
    if (plan->read == PG_READ_ROW) {
        tide_pg_sql_add(sql, "SET LOCAL synchronize_seqscans = off; "
                             "SET LOCAL max_parallel_workers_per_gather = 0; ");
    }
}

/* The blocks of a stretch.  The first one begins behind a row. */
static void add_stretch(struct tide_pg_sql *sql, const struct pg_plan *plan,
                        const struct pg_stretch *stretch, bool is_first)
{
    const struct pg_start *start = &plan->start;

    if (is_first && start->count > 0) {
        tide_pg_sql_add(sql, " AND t.ctid > ");
        tide_pg_sql_literal(sql, start->values[start->count - 1]);
        tide_pg_sql_add(sql, "::tid");
    } else if (stretch->first > 0) {
        tide_pg_sql_format(sql, " AND t.ctid > '(%" PRIu32 ",0)'::tid", stretch->first);
    }
    if (stretch->end > 0) {
        tide_pg_sql_format(sql, " AND t.ctid < '(%" PRIu32 ",0)'::tid", stretch->end);
    }
}

static void add_table(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                      const struct pg_part *part)
{
    tide_pg_sql_add(sql, " FROM ");
    if (part) {
        tide_pg_sql_add(sql, "ONLY ");
        tide_pg_sql_add(sql, part->name);
    } else {
        tide_pg_sql_name(sql, &table->name);
    }
    tide_pg_sql_add(sql, " AS t");
}

/* What is asked for in one statement.  Conditions begin with " AND ", or are empty. */
struct copy {
    const struct tide_pg_table *table;
    const struct pg_selection *selection;
    const struct pg_plan *plan;
    int64_t row_limit;
    const struct pg_part *part; /* or NULL: the whole table */
    struct tide_pg_sql conditions;
};

static void add_copy(struct tide_pg_sql *sql, const struct copy *copy)
{
    const struct pg_plan *plan = copy->plan;

    tide_pg_sql_add(sql, "COPY (SELECT ");
    add_columns(sql, copy->table, copy->selection);
    add_table(sql, copy->table, copy->part);
    if (copy->conditions.length > 0) {
        tide_pg_sql_format(sql, " WHERE %s", copy->conditions.text + strlen(" AND "));
    }
    if (plan->order_count > 0 && plan->read != PG_READ_ROW) {
        tide_pg_sql_add(sql, " ORDER BY ");
        add_order_columns(sql, copy->table, plan, 0, plan->order_count);
    }
    if (copy->row_limit > 0) {
        tide_pg_sql_format(sql, " LIMIT %lld", (long long)copy->row_limit);
    }
    tide_pg_sql_add(sql, ") TO STDOUT (FORMAT binary)");
}

/* What was written in front of the start since it was read. */
static void add_again(struct tide_pg_sql *conditions, const struct tide_pg_table *table,
                      const struct pg_plan *plan)
{
    add_ages(conditions, &plan->newer);
    tide_pg_sql_add(conditions, " AND NOT ");
    add_behind(conditions, table, plan, 0);
}

/* All that is left in one statement. */
static void add_rest(struct tide_pg_sql *sql, struct copy *copy)
{
    add_window(&copy->conditions, copy->plan);
    add_start(&copy->conditions, copy->table, copy->plan);
    add_copy(sql, copy);
}

/* One of the stretches. */
static void add_stretch_copy(struct tide_pg_sql *sql, struct copy *copy, uint32_t i)
{
    const struct pg_stretch stretch = pg_stretches_at(&copy->plan->stretches, i);

    add_stretch(&copy->conditions, copy->plan, &stretch, i == 0);
    copy->part = stretch.part;
    add_copy(sql, copy);
}

static void add_statement(struct tide_pg_sql *sql, struct copy *copy, uint32_t number)
{
    const struct pg_plan *plan = copy->plan;

    tide_pg_sql_reset(&copy->conditions);
    if (plan->again && number == 0) {
        add_again(&copy->conditions, copy->table, plan);
        add_copy(sql, copy);
    } else if (plan->stretches.count > 0) {
        add_stretch_copy(sql, copy, number - plan->again);
    } else {
        add_rest(sql, copy);
    }
}

uint32_t pg_query_build(struct tide_pg_sql *sql, const struct tide_pg_table *table,
                        const struct pg_selection *selection, const struct pg_plan *plan,
                        int64_t row_limit, uint32_t first)
{
    struct copy copy = {
        .table = table, .selection = selection, .plan = plan, .row_limit = row_limit};
    uint32_t count = pg_plan_statements(plan);
    uint32_t next = first;

    if (first == 0) {
        add_settings(sql, plan);
    }
    while (next < count && (next == first || sql->length < MESSAGE)) {
        tide_pg_sql_add(sql, next > first ? "; " : "");
        add_statement(sql, &copy, next++);
    }
    sql->failed = sql->failed || copy.conditions.failed;
    tide_pg_sql_clear(&copy.conditions);
    return next;
}
