/*
 * begin - where a run begins, from what a former one left.
 */
#include "begin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "begin_full.h"
#include "misfit.h"
#include "start.h"

/* Transactions that wait behind an open one, from which on it is worth a word. */
#define MANY_WAITING 10000

static const char other_cursor[] = "the last run read it by another cursor, or none";

/* ---- by cursor ------------------------------------------------------------------- */

/* With rows that may repeat, equal cursors that were committed late come along. */
static int begin_at_cursor(struct pg_plan *plan, const struct pg_plan_facts *facts,
                           struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    bool same_key = pg_start_has_same_key(plan, facts);

    if (!same_key && !plan->may_repeat && pg_misfit_is_unfinished(position)) {
        return pg_misfit_cannot_end(facts, "the table's primary key was changed", err);
    }
    plan->nulls = position->nulls;
    if (position->cursor) {
        pg_start_behind(plan, position, same_key && !plan->may_repeat);
    }
    return TIDE_OK;
}

static int begin_by_cursor(struct pg_plan *plan, const struct pg_plan_facts *facts,
                           struct tide_error *err)
{
    const struct pg_position *position = facts->position;

    if (!position->result) {
        return TIDE_OK;
    }
    if (position->read == PG_READ_SNAPSHOT) {
        return tide_error_at(err, TIDE_E_CONFIG, "incremental",
                             "the last run read with incremental: snapshot, which keeps "
                             "no cursor to resume from; set it again, or empty the "
                             "destination's table and run with --full");
    }
    if (position->read != PG_READ_CURSOR || !pg_start_is_same_cursor(plan, facts)) {
        return pg_misfit_begin_anew(plan, facts, other_cursor, err);
    }
    return begin_at_cursor(plan, facts, err);
}

/* ---- by transactions ------------------------------------------------------------- */

/* The first window, behind what was read by cursor before. */
static int begin_first(struct pg_plan *plan, const struct pg_plan_facts *facts,
                       struct tide_error *err)
{
    const struct pg_position *position = facts->position;

    plan->window = pg_window_first(&facts->relation->clock);
    if (!position->result) {
        return TIDE_OK;
    }
    if (position->read == PG_READ_CURSOR && pg_start_is_same_cursor(plan, facts)) {
        return begin_at_cursor(plan, facts, err);
    }
    return pg_misfit_begin_anew(
        plan, facts,
        position->read == PG_READ_SNAPSHOT ? pg_misfit_made_anew : other_cursor, err);
}

/* The rest of a window that was begun. */
static int begin_rest(struct pg_plan *plan, const struct pg_plan_facts *facts,
                      struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    bool same_cursor = pg_start_is_same_cursor(plan, facts);
    bool same_key = pg_start_has_same_key(plan, facts);

    if ((!same_cursor || !same_key) && !plan->may_repeat) {
        return pg_misfit_cannot_end(
            facts,
            same_cursor ? "the table's primary key was changed, or the table "
                          "has none and was rewritten"
                        : "the cursor was changed",
            err);
    }
    plan->nulls = position->nulls;
    if (same_cursor && same_key) {
        pg_start_behind(plan, position, true);
    } else if (same_cursor && position->cursor) {
        pg_start_behind(plan, position, false);
    }
    return TIDE_OK;
}

/* A position that this server cannot have given. */
static int begin_ahead(struct pg_plan *plan, const struct pg_plan_facts *facts,
                       struct tide_error *err)
{
    if (facts->relation->is_standby) {
        return pg_misfit_lags_behind(facts, err);
    }
    plan->window = pg_window_first(&facts->relation->clock);
    return pg_misfit_start_over(
        plan, facts,
        "the last run read another server, or this one before it was restored", err);
}

/* The window behind that of the position, or the rest of that one.  *follows: it is. */
static int begin_window(struct pg_plan *plan, const struct pg_plan_facts *facts,
                        bool *follows, struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    const struct pg_clock *clock = &facts->relation->clock;
    enum pg_server_verdict server = pg_start_server(plan, facts);
    enum pg_window_verdict verdict;

    if (position->read == PG_READ_SNAPSHOT && server != PG_SERVER_SAME) {
        plan->window = pg_window_first(clock);
        return pg_misfit_elsewhere(plan, facts, server, err);
    }
    if (position->read != PG_READ_SNAPSHOT || !pg_start_is_same_table(plan, position)) {
        return begin_first(plan, facts, err);
    }
    if (position->has_to) {
        plan->window = (struct pg_window){
            .whole = !position->has_from, .from = position->from, .to = position->to};
        verdict = pg_window_resume(&plan->window, clock);
    } else {
        verdict = pg_window_next(position->from, clock, plan->may_repeat, &plan->window);
    }
    if (verdict == PG_WINDOW_AHEAD) {
        return begin_ahead(plan, facts, err);
    }
    if (verdict == PG_WINDOW_TOO_OLD) {
        plan->window = pg_window_first(clock);
        return pg_misfit_start_over(
            plan, facts, "more than two billion transactions have passed since", err);
    }
    *follows = true;
    plan->nothing = verdict == PG_WINDOW_NOTHING;
    return position->has_to ? begin_rest(plan, facts, err) : TIDE_OK;
}

/* Say when an open transaction keeps much, or all, from being read. */
static void tell_waiting(const struct pg_plan *plan, const struct pg_plan_facts *facts)
{
    const struct tide_host *host = facts->pg->host;
    const struct pg_clock *clock = &facts->relation->clock;
    uint64_t waiting = clock->end - clock->oldest;
    char message[256];

    if (plan->may_repeat || waiting == 0 || (waiting < MANY_WAITING && !plan->nothing)) {
        return;
    }
    (void)snprintf(message, sizeof message,
                   "transaction %" PRIu64 " is still open: rows of it and of up to "
                   "%" PRIu64 " later ones are left to the run after it has ended",
                   clock->oldest, waiting - 1);
    host->log(host, TIDE_LOG_WARNING, message);
}

/* The tables that are read with it may be others, or hold their rows anew. */
static int follow_members(struct pg_plan *plan, const struct pg_plan_facts *facts,
                          struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    bool is_anew = false;
    int rc;

    plan->nothing = plan->nothing && !pg_members_are_late(&plan->members);
    if (plan->may_repeat) {
        return TIDE_OK;
    }
    if (position->has_to && pg_members_have_left(&plan->members)) {
        return pg_misfit_cannot_end(
            facts, "a partition that was being read has been detached since", err);
    }
    rc = pg_members_look(&plan->members, facts->pg, facts->table, &facts->relation->clock,
                         position->has_to ? position->to : position->from, &is_anew, err);
    if (rc == TIDE_OK && is_anew) {
        rc = pg_misfit_cannot_end(
            facts,
            "all rows of the table, or of one of its partitions, are "
            "newer than the last run: an ALTER TABLE rewrote them, "
            "or the table was emptied and filled again",
            err);
    }
    return rc;
}

static int begin_snapshot(struct pg_plan *plan, const struct pg_plan_facts *facts,
                          struct tide_error *err)
{
    const struct pg_clock *clock = &facts->relation->clock;
    bool follows = false;
    int rc = pg_members_load(&plan->members, facts->pg, facts->table, facts->relation,
                             facts->position, err);

    if (rc == TIDE_OK) {
        rc = begin_window(plan, facts, &follows, err);
    }
    if (rc == TIDE_OK && follows) {
        rc = follow_members(plan, facts, err);
    } else {
        pg_members_begin_anew(&plan->members);
    }
    if (rc == TIDE_OK) {
        plan->ages = pg_window_ages(&plan->window, clock, plan->may_repeat);
        rc = pg_members_settle(&plan->members, &plan->window, clock, plan->may_repeat,
                               err);
        tell_waiting(plan, facts);
    }
    return rc;
}

/* Without a key to tell equal cursors apart, those of the last row come again. */
static void tell_again(const struct pg_plan *plan, const struct pg_plan_facts *facts)
{
    const struct tide_host *host = facts->pg->host;
    char message[320];

    if (plan->may_repeat || plan->is_total) {
        return;
    }
    (void)snprintf(message, sizeof message,
                   "%.64s has no primary key: each run reads the rows at the last cursor "
                   "again, so that they come at least once, not once; mode merge keeps "
                   "one of each",
                   facts->request->table);
    host->log(host, TIDE_LOG_WARNING, message);
}

int pg_plan_begin(struct pg_plan *plan, const struct pg_plan_facts *facts,
                  struct tide_error *err)
{
    plan->nulls = true;
    switch (plan->read) {
    case PG_READ_SNAPSHOT:
        return begin_snapshot(plan, facts, err);
    case PG_READ_CURSOR:
        tell_again(plan, facts);
        return begin_by_cursor(plan, facts, err);
    default:
        return pg_begin_full(plan, facts, err);
    }
}
