/*
 * misfit - what becomes of a run when a position does not fit the table any more.
 */
#include "misfit.h"

#include <stdio.h>

const char pg_misfit_made_anew[] = "the table was recreated since the last run";

static void warn(const struct pg_plan_facts *facts, const char *why)
{
    const struct tide_host *host = facts->pg->host;
    char message[320];

    (void)snprintf(message, sizeof message, "%s: table %.64s is read from its start", why,
                   facts->request->table);
    host->log(host, TIDE_LOG_WARNING, message);
}

bool pg_misfit_is_unfinished(const struct pg_position *position)
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

int pg_misfit_cannot_end(const struct pg_plan_facts *facts, const char *why,
                         struct tide_error *err)
{
    if (facts->request->exact) {
        return tide_error_at(err, TIDE_E_CONFLICT, facts->request->table, "%s", why);
    }
    if (!pg_misfit_is_unfinished(facts->position)) {
        return tide_error_at(
            err, TIDE_E_CONFLICT, facts->request->table,
            "which rows are new cannot be told: %s; run with --full, which appends all "
            "rows, and first empty the destination's table of those that are in it "
            "already, or use mode merge or replace, which may read rows twice",
            why);
    }
    return tide_error_at(
        err, TIDE_E_CONFLICT, facts->request->table,
        "the last run was interrupted and cannot be resumed: %s; empty the destination's "
        "table and run with --full, or use mode merge or replace, which may read rows "
        "twice",
        why);
}

int pg_misfit_start_over(const struct pg_plan *plan, const struct pg_plan_facts *facts,
                         const char *why, struct tide_error *err)
{
    if (!plan->may_repeat) {
        return pg_misfit_cannot_end(facts, why, err);
    }
    warn(facts, why);
    return TIDE_OK;
}

int pg_misfit_begin_anew(const struct pg_plan *plan, const struct pg_plan_facts *facts,
                         const char *why, struct tide_error *err)
{
    if (pg_misfit_is_unfinished(facts->position)) {
        return pg_misfit_start_over(plan, facts, why, err);
    }
    warn(facts, why);
    return TIDE_OK;
}

int pg_misfit_lags_behind(const struct pg_plan_facts *facts, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_TRANSIENT,
                          "%s is a standby that does not yet have what the last run "
                          "read",
                          facts->pg->place);
}

int pg_misfit_elsewhere(const struct pg_plan *plan, const struct pg_plan_facts *facts,
                        enum pg_server_verdict verdict, struct tide_error *err)
{
    if (verdict == PG_SERVER_LAGS) {
        return pg_misfit_lags_behind(facts, err);
    }
    return pg_misfit_start_over(
        plan, facts,
        verdict == PG_SERVER_OTHER
            ? "the last run read another server or database (if it was upgraded and lost "
              "nothing, the source's README says how to continue)"
            : "the server was restored since the last run, or a standby took over (if it "
              "lost nothing, the source's README says how to continue)",
        err);
}
