/*
 * start - where in the order a position stands.
 */
#include "start.h"

#include <string.h>

bool pg_start_has_same_key(const struct pg_plan *plan, const struct pg_plan_facts *facts)
{
    const struct pg_position *position = facts->position;
    size_t first = plan->has_cursor ? 1 : 0;

    if (!plan->is_total || (size_t)position->key_count != plan->order_count - first ||
        (plan->by_row && strcmp(position->file, plan->file) != 0)) {
        return false;
    }
    for (int i = 0; i < position->key_count; i++) {
        const char *name = facts->table->columns[plan->order[first + (size_t)i]].name;

        if (strcmp(name, pg_position_key_column(position, i)) != 0) {
            return false;
        }
    }
    return true;
}

void pg_start_behind(struct pg_plan *plan, const struct pg_position *position,
                     bool with_key)
{
    struct pg_start *start = &plan->start;

    if (plan->has_cursor) {
        start->values[start->count++] = position->cursor;
    }
    for (int i = 0; with_key && i < position->key_count; i++) {
        start->values[start->count++] = pg_position_key_value(position, i);
    }
    start->inclusive = !with_key;
}

enum pg_server_verdict pg_start_server(const struct pg_plan *plan,
                                       const struct pg_plan_facts *facts)
{
    const struct pg_position *position = facts->position;
    bool is_known;

    if (!position->result) {
        return PG_SERVER_SAME;
    }
    is_known = position->server[0] != '\0' && plan->server[0] != '\0';
    if (strcmp(position->server, plan->server) != 0 &&
        (is_known || (plan->exact && !plan->has_cursor))) {
        return PG_SERVER_OTHER;
    }
    if (!is_known || !position->has_timeline || plan->timeline == 0 ||
        position->timeline == plan->timeline) {
        return PG_SERVER_SAME;
    }
    return position->timeline > plan->timeline && facts->relation->is_standby
               ? PG_SERVER_LAGS
               : PG_SERVER_SPLIT;
}

bool pg_start_is_same_table(const struct pg_plan *plan,
                            const struct pg_position *position)
{
    return strcmp(position->table, plan->table) == 0;
}

bool pg_start_is_same_cursor(const struct pg_plan *plan,
                             const struct pg_plan_facts *facts)
{
    const char *cursor = facts->table->columns[plan->order[0]].name;

    return facts->position->column && strcmp(facts->position->column, cursor) == 0;
}
