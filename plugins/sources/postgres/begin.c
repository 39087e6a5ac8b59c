/*
 * begin - where a run begins, from what a former one left.
 */
#include "begin.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "front.h"
#include "start.h"

/* Transactions that wait behind an open one, from which on it is worth a word. */
#define MANY_WAITING 10000

static const char made_anew[] = "the table was made anew since the run before";
static const char untold[] =
    "it cannot be told whether rows that were read were changed since";
static const char other_cursor[] = "the run before read it by another cursor, or none";

/* ---- what does not fit ----------------------------------------------------------- */

static void warn(const struct pg_plan_facts *facts, const char *why)
{
    const struct tide_host *host = facts->pg->host;
    char message[320];

    (void)snprintf(message, sizeof message, "%s: table %.64s is read from its start", why,
                   facts->request->table);
    host->log(host, TIDE_LOG_WARNING, message);
}

/* A cut-off run that cannot be ended: what it gave cannot be told from what it did
 * not. */
static int cannot_end(const struct pg_plan_facts *facts, const char *why,
                      struct tide_error *err)
{
    if (facts->request->exact) {
        return tide_error_at(err, TIDE_E_CONFLICT, facts->request->table, "%s", why);
    }
    return tide_error_at(
        err, TIDE_E_CONFLICT, facts->request->table,
        "the run before was cut off and cannot be ended: %s; empty the destination's "
        "table and run with --full, or use mode merge or replace, which may read rows "
        "twice",
        why);
}

/* Begin at the start where rows may come twice, else fail. */
static int start_over(struct pg_plan *plan, const struct pg_plan_facts *facts,
                      const char *why, struct tide_error *err)
{
    if (!plan->may_repeat) {
        return cannot_end(facts, why, err);
    }
    warn(facts, why);
    return TIDE_OK;
}

/* Whether the destination may hold rows of a run that did not come to its end. */
static bool is_unfinished(const struct pg_position *position)
{
    switch (position->read) {
    case PG_READ_SNAPSHOT:
        return position->has_to;
    case PG_READ_CURSOR:
        return position->more;
    default:
        return true;
    }
}

/* Begin at the start: behind a whole run, what is read then is another table's. */
static int begin_anew(struct pg_plan *plan, const struct pg_plan_facts *facts,
                      const char *why, struct tide_error *err)
{
    if (is_unfinished(facts->position)) {
        return start_over(plan, facts, why, err);
    }
    warn(facts, why);
    return TIDE_OK;
}

/* A server that can come to know what the position tells. */
static int lags_behind(const struct pg_plan_facts *facts, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_TRANSIENT,
                          "%s is a standby that has not yet got what the run before "
                          "read",
                          facts->pg->place);
}

/* ---- full reads ------------------------------------------------------------------ */

/* Where rows may come twice, those written in front of the start since come again. */
static void begin_again(struct pg_plan *plan, const struct pg_plan_facts *facts)
{
    const struct pg_clock *clock = &facts->relation->clock;

    plan->mark = facts->position->mark;
    plan->newer = pg_ages_since(plan->mark, clock);
    plan->again = plan->mark < clock->end;
}

/* Else none may have been, nor moved from there. */
static int begin_once(struct pg_plan *plan, const struct pg_plan_facts *facts,
                      struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    const struct pg_clock *clock = &facts->relation->clock;
    struct pg_ages newer = pg_ages_since(position->mark, clock);
    struct pg_front front = {.rows = position->rows};
    int rc = TIDE_OK;

    if (!position->has_rows) {
        return cannot_end(facts, untold, err);
    }
    if (position->mark < clock->end) {
        rc = pg_front_look(facts->pg, facts->table, plan, &newer, &front, err);
    }
    if (rc == TIDE_OK && pg_front_has_changed(&front, position->rows, plan->exact)) {
        rc = cannot_end(facts, "rows among those that it read were changed since", err);
    }
    plan->rows = front.rows;
    return rc;
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

    if (!pg_start_has_same_key(plan, facts)) {
        return begin_anew(plan, facts, other_order(plan, facts), err);
    }
    if (verdict == PG_WINDOW_AHEAD && facts->relation->is_standby) {
        return lags_behind(facts, err);
    }
    if (!facts->position->has_mark || verdict != PG_WINDOW_READ) {
        return start_over(plan, facts, untold, err);
    }
    pg_start_behind(plan, facts->position, true);
    if (plan->may_repeat) {
        begin_again(plan, facts);
        return TIDE_OK;
    }
    return begin_once(plan, facts, err);
}

static int begin_full(struct pg_plan *plan, const struct pg_plan_facts *facts,
                      struct tide_error *err)
{
    const struct pg_position *position = facts->position;

    plan->mark = facts->relation->clock.oldest;
    if (!position->result) {
        return TIDE_OK;
    }
    if (position->read != plan->read) {
        return begin_anew(plan, facts,
                          facts->request->row_limit > 0
                              ? "a run with a limit does not go on with one without"
                              : "the run before read the table in another way",
                          err);
    }
    if (!pg_start_is_same_table(plan, position)) {
        return begin_anew(plan, facts, made_anew, err);
    }
    return begin_behind(plan, facts, err);
}

/* ---- by cursor ------------------------------------------------------------------- */

/* With rows that may repeat, equal cursors that were committed late come along. */
static int begin_at_cursor(struct pg_plan *plan, const struct pg_plan_facts *facts,
                           struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    bool same_key = pg_start_has_same_key(plan, facts);

    if (!same_key && !plan->may_repeat && is_unfinished(position)) {
        return cannot_end(facts, "the table's primary key is another now", err);
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
                             "the run before read with incremental: snapshot, which "
                             "leaves no cursor to go on from; set it again, or empty the "
                             "destination's table and run from scratch");
    }
    if (position->read != PG_READ_CURSOR || !pg_start_is_same_cursor(plan, facts)) {
        return begin_anew(plan, facts, other_cursor, err);
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
    return begin_anew(plan, facts,
                      position->read == PG_READ_SNAPSHOT ? made_anew : other_cursor, err);
}

/* The rest of a window that was begun. */
static int begin_rest(struct pg_plan *plan, const struct pg_plan_facts *facts,
                      struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    bool same_cursor = pg_start_is_same_cursor(plan, facts);
    bool same_key = pg_start_has_same_key(plan, facts);

    if ((!same_cursor || !same_key) && !plan->may_repeat) {
        return cannot_end(facts,
                          same_cursor
                              ? "the table's primary key was changed, or the table "
                                "has none and was rewritten"
                              : "its cursor was another",
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
static int begin_elsewhere(struct pg_plan *plan, const struct pg_plan_facts *facts,
                           struct tide_error *err)
{
    if (facts->relation->is_standby) {
        return lags_behind(facts, err);
    }
    plan->window = pg_window_first(&facts->relation->clock);
    return begin_anew(
        plan, facts,
        "the run before read another server, or this one before it was restored", err);
}

static int begin_window(struct pg_plan *plan, const struct pg_plan_facts *facts,
                        struct tide_error *err)
{
    const struct pg_position *position = facts->position;
    const struct pg_clock *clock = &facts->relation->clock;
    enum pg_window_verdict verdict;

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
        return begin_elsewhere(plan, facts, err);
    }
    if (verdict == PG_WINDOW_TOO_OLD) {
        plan->window = pg_window_first(clock);
        return start_over(plan, facts,
                          "more than two billion transactions have passed since", err);
    }
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

static int begin_snapshot(struct pg_plan *plan, const struct pg_plan_facts *facts,
                          struct tide_error *err)
{
    int rc = begin_window(plan, facts, err);

    if (rc == TIDE_OK) {
        plan->ages =
            pg_window_ages(&plan->window, &facts->relation->clock, plan->may_repeat);
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
        return begin_full(plan, facts, err);
    }
}
