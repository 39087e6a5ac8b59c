/*
 * begin_full - where a full read begins, from what a former one left.
 */
#include "begin_full.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "altered.h"
#include "front.h"
#include "misfit.h"
#include "start.h"

static const char untold[] =
    "it cannot be told whether rows that were read were changed since";

/* Where rows may come twice, those written in front of the start since come again. */
static void begin_again(struct pg_plan *plan, const struct pg_plan_facts *facts)
{
    const struct pg_clock *clock = &facts->relation->clock;

    plan->mark = facts->position->mark;
    plan->newer = pg_ages_since(plan->mark, clock);
    plan->again = plan->mark < clock->end;
}

/* All that was written while an older transaction was open is taken for changed. */
static int rows_have_changed(const struct pg_plan_facts *facts,
                             const struct pg_front *front, struct tide_error *err)
{
    static const char changed[] = "rows among those that it read were changed since";
    const struct pg_clock *clock = &facts->relation->clock;
    uint64_t mark = facts->position->mark;
    char why[256];

    if (!front->has_newer && !front->is_before_newer) {
        return pg_misfit_cannot_end(facts, changed, err);
    }
    if (clock->oldest == mark && mark < clock->end) {
        (void)snprintf(why, sizeof why,
                       "%s, or written since transaction %" PRIu64
                       " began, which is still open and hides the answer",
                       changed, mark);
    } else {
        (void)snprintf(why, sizeof why,
                       "%s, or written while a transaction was open that hides the "
                       "answer",
                       changed);
    }
    return pg_misfit_cannot_end(facts, why, err);
}

/* Else none may have been, nor moved from there. */
static int begin_once(struct pg_plan *plan, const struct pg_plan_facts *facts,
                      const struct pg_ages *newer, struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    struct pg_front front = {.rows = position->rows};
    int rc = TIDE_OK;

    if (!position->has_rows) {
        return pg_misfit_cannot_end(facts, untold, err);
    }
    if (position->mark < facts->relation->clock.end) {
        rc = pg_front_look(facts->pg, facts->table, plan, newer, &front, err);
    }
    if (rc == TIDE_OK && pg_front_has_changed(&front, position->rows, plan->exact)) {
        rc = rows_have_changed(facts, &front, err);
    }
    plan->rows = front.rows;
    return rc;
}

/* Where all is to be of one moment, the rows must also say the same. */
static int begin_exactly(struct pg_plan *plan, const struct pg_plan_facts *facts,
                         const struct pg_ages *newer, struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    bool changed = false;
    int rc = TIDE_OK;

    if (position->mark < facts->relation->clock.end) {
        rc = pg_altered_look(facts->pg, facts->table, newer, &changed, err);
    }
    if (changed) {
        return pg_misfit_cannot_end(
            facts, "the table's columns, or their types, were altered since", err);
    }
    return rc == TIDE_OK ? begin_once(plan, facts, newer, err) : rc;
}

/* Why the place means nothing any more. */
static const char *other_order(const struct pg_plan *plan,
                               const struct pg_plan_facts *facts)
{
    if (plan->read == PG_READ_KEY) {
        return "the table's primary key is another now";
    }
    return facts->relation->is_divided
               ? "a table that is read with it was added, taken away or rewritten"
               : "the table has no usable primary key and was rewritten since";
}

/* Behind a place by key or on disk: in front of both lie the same rows as long as no
 * version is newer. */
static int begin_behind(struct pg_plan *plan, const struct pg_plan_facts *facts,
                        struct tide_error *err)
{
    struct pg_window then = {.whole = true, .to = facts->position->mark};
    enum pg_window_verdict verdict = pg_window_resume(&then, &facts->relation->clock);
    struct pg_ages newer;

    if (!pg_start_has_same_key(plan, facts)) {
        return pg_misfit_begin_anew(plan, facts, other_order(plan, facts), err);
    }
    if (verdict == PG_WINDOW_AHEAD && facts->relation->is_standby) {
        return pg_misfit_lags_behind(facts, err);
    }
    if (!facts->position->has_mark || verdict != PG_WINDOW_READ) {
        return pg_misfit_start_over(plan, facts, untold, err);
    }
    pg_start_behind(plan, facts->position, true);
    if (plan->may_repeat) {
        begin_again(plan, facts);
        return TIDE_OK;
    }
    newer = pg_ages_since(facts->position->mark, &facts->relation->clock);
    return plan->exact ? begin_exactly(plan, facts, &newer, err)
                       : begin_once(plan, facts, &newer, err);
}

int pg_begin_full(struct pg_plan *plan, const struct pg_plan_facts *facts,
                  struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    enum pg_server_verdict server = pg_start_server(plan, facts);

    plan->mark = facts->relation->clock.oldest;
    if (!position->result) {
        return TIDE_OK;
    }
    if (position->read != plan->read) {
        return pg_misfit_begin_anew(
            plan, facts,
            facts->request->row_limit > 0
                ? "a run with a limit does not go on with one without"
                : "the run before read the table in another way",
            err);
    }
    if (server != PG_SERVER_SAME) {
        return pg_misfit_elsewhere(plan, facts, server, err);
    }
    if (!pg_start_is_same_table(plan, position)) {
        return pg_misfit_begin_anew(plan, facts, pg_misfit_made_anew, err);
    }
    return begin_behind(plan, facts, err);
}
