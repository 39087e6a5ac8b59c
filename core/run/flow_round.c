/*
 * flow_round - the tables of an interrupted run, and which of them are done.
 *
 * A table that is read whole and appended must not be read again by the run that resumes
 * one which was interrupted in a later table.  So what is kept of it says that it is done
 * in that run, by name; of the first such table this is taken back when all are done, in
 * one commit: a run was interrupted if and only if its first table says so, and then
 * those that name the same run are left alone.
 */
#include "base/log.h"
#include "base/memory.h"
#include "run/flow.h"

static bool is_marked(const struct tide_flow *flow)
{
    const struct tide_engine *engine = flow->engine;
    const struct tide_run_request *request = engine->request;

    return engine->pipeline->table_count > 1 && flow->table->mode == TIDE_MODE_APPEND &&
           !tide_flow_is_incremental(flow) && request->row_limit == 0 &&
           !request->replay &&
           engine->destination.entry->destination->flags & TIDE_DESTINATION_TRANSACTIONAL;
}

/* Named after its first table, too: one that is first now and was not then knows nothing
 * of whether that run came to its end. */
static char *make_name(const struct tide_flow *flow)
{
    const char *run = flow->engine->request->run_id;

    return tide_strf("%s/%s", run ? run : "", flow->table->name);
}

static bool begins(const struct tide_flow *flow, const char *round)
{
    const char *first = strchr(round, '/');

    return first && strcmp(first + 1, flow->table->name) == 0;
}

static void join_first(struct tide_flow *flow, char *round)
{
    struct tide_engine *engine = flow->engine;

    engine->round_first = (size_t)(flow->table - engine->pipeline->tables);
    if (round && begins(flow, round)) {
        flow->is_done = true;
        engine->round = round;
        return;
    }
    free(round);
    engine->round = make_name(flow);
}

static void join(struct tide_flow *flow, char *round)
{
    struct tide_engine *engine = flow->engine;

    if (!engine->round) {
        join_first(flow, round);
        return;
    }
    flow->is_done = round && strcmp(round, engine->round) == 0;
    free(round);
}

void tide_flow_join_round(struct tide_flow *flow, const struct tide_position *kept)
{
    const struct tide_engine *engine = flow->engine;
    char *round = NULL;

    flow->is_marked = is_marked(flow);
    if (!flow->is_marked) {
        return;
    }
    if (kept->run && (engine->request->incremental != 0 || engine->is_round_over)) {
        round = tide_strdup(kept->run);
    }
    join(flow, round);
    if (flow->is_done && !engine->is_round_over) {
        flow->is_resumed = true;
        tide_flow_recall_rejects(flow, kept->rejected);
        TIDE_LOG(TIDE_LOG_INFO, "the last run was interrupted after this table",
                 TIDE_KEY_TEXT("table", flow->table->name));
    }
}

/* What was kept, without the mark. */
static int unmark(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_position kept;
    char *position = NULL;
    int rc = TIDE_OK;

    tide_position_parse(flow->position_kept, &kept);
    if (kept.words) {
        position = tide_position_format(&(struct tide_position){.words = kept.words});
    }
    rc = tide_flow_commit_position(flow, position, err);
    free(position);
    tide_position_clear(&kept);
    return rc;
}

int tide_round_end(struct tide_engine *engine, struct tide_error *err)
{
    struct tide_flow flow;
    int rc = TIDE_OK;

    if (!engine->round) {
        return TIDE_OK;
    }
    engine->is_round_over = true;
    tide_flow_init(&flow, engine, engine->round_first);
    flow.source.is_muted = true;
    rc = tide_flow_open(&flow, err);
    if (rc == TIDE_OK && flow.is_done) {
        rc = unmark(&flow, err);
    }
    tide_flow_fini(&flow);
    return rc == TIDE_OK ? TIDE_OK : tide_error_wrap(err, "the end of the run");
}
