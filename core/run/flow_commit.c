/*
 * flow_commit - rows are made durable: at checkpoints and at the end.
 *
 * Rows count as passed only once they are durable.  A checkpoint that the destination
 * puts off (TIDE_MORE) is asked for again when the next one is due.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "run/flow.h"

static int call_commit(struct tide_flow *flow, const char *position, bool final,
                       struct tide_error *err)
{
    const struct tide_destination *plugin = flow->engine->destination.entry->destination;

    tide_plugin_host_enter(&flow->destination, "commit", err);
    return tide_plugin_host_leave_with(
        &flow->destination, plugin->commit(flow->destination_state, position, final, err),
        final ? TIDE_OK : TIDE_MORE, err);
}

/* Whoever started the run has the last word. */
static int may_commit(struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_run_request *request = flow->engine->request;
    int rc = TIDE_OK;

    if (request->before_commit) {
        rc = request->before_commit(request->guard, err);
    }
    if (rc == TIDE_OK && tide_flow_is_stopped(flow)) {
        rc = tide_error_cancelled(err);
    }
    return rc;
}

static void count_taken(struct tide_flow *flow)
{
    tide_flow_count(flow, TIDE_STEP_FINALIZE, flow->taken, 0);
    flow->taken = 0;
}

static struct json_object *make_event(const struct tide_flow *flow, const char *name)
{
    struct json_object *event = json_object_new_object();

    tide_json_set_text(event, "event", name);
    tide_json_set_text(event, "table", flow->table->name);
    return event;
}

/* ---- checkpoints --------------------------------------------------------------------*/

void tide_flow_put_off_checkpoint(struct tide_flow *flow)
{
    if (__builtin_add_overflow(tide_clock_now(), flow->engine->request->checkpoint,
                               &flow->checkpoint_due)) {
        flow->checkpoint_due = TIDE_CHANNEL_FOREVER;
    }
}

void tide_flow_reach(struct tide_flow *flow, char *position)
{
    free(flow->reached);
    flow->reached = position;
}

int64_t tide_flow_checkpoint_due(const struct tide_flow *flow)
{
    return flow->reached ? flow->checkpoint_due : TIDE_CHANNEL_FOREVER;
}

char *tide_flow_take_committed(struct tide_flow *flow)
{
    char *position = NULL;

    (void)pthread_mutex_lock(&flow->lock);
    position = flow->committed;
    flow->committed = NULL;
    (void)pthread_mutex_unlock(&flow->lock);
    return position;
}

/* What was rejected so far is rejected for good.  A replay says so with what it
 * replayed. */
static void tell_committed(struct tide_flow *flow)
{
    if (!flow->engine->request->replay) {
        tide_engine_emit(flow->engine, make_event(flow, "committed"));
    }
}

/* In front of a commit, for nobody reads their rows again when the run dies in it.  Until
 * they are told to be committed they count as rows that are read again. */
static bool tell_rejects(struct tide_flow *flow)
{
    return atomic_load(&flow->holds_rejects) &&
           tide_rejects_release(flow->engine->rejects, flow->writing) > 0;
}

/* Where checkpoints are put off, rejects do not wait for them. */
static void release_rejects(struct tide_flow *flow)
{
    atomic_store(&flow->holds_rejects, false);
    (void)tide_rejects_release(flow->engine->rejects, TIDE_REJECTS_ALL);
}

static void note_checkpoint(struct tide_flow *flow)
{
    struct json_object *event = make_event(flow, "checkpoint");

    count_taken(flow);
    (void)pthread_mutex_lock(&flow->lock);
    free(flow->committed);
    flow->committed = flow->reached;
    flow->reached = NULL;
    (void)pthread_mutex_unlock(&flow->lock);
    tide_json_set_int(event, "rows", flow->tally->passed[TIDE_STEP_FINALIZE]);
    tide_engine_emit(flow->engine, event);
}

/* Of the load up to a parcel, until which the source gave this run so many rows. */
static void fill_counts(const struct tide_flow *flow, int64_t parcel, int64_t received,
                        struct tide_position *position)
{
    int64_t loaded = flow->tally->passed[TIDE_STEP_FINALIZE] + flow->taken;
    int64_t rejected =
        tide_rejects_covered(flow->engine->rejects, parcel) - flow->covered_before;

    position->rows = flow->rows_before + loaded;
    position->rejected = flow->rejected_before + rejected;
    position->filtered = flow->filtered_before + received - loaded - rejected;
}

/* Of the place that was reached, with what it covers; malloc'ed. */
static char *format_checkpoint(const struct tide_flow *flow)
{
    struct tide_position position = {
        .kind = TIDE_POSITION_CHECKPOINT,
        .words = flow->reached,
        .from = flow->load_from,
        .recipe = flow->table->mode == TIDE_MODE_REPLACE ? tide_flow_recipe(flow) : NULL,
    };
    char *text;

    fill_counts(flow, flow->writing, flow->received_written, &position);
    text = tide_position_format(&position);
    free(position.recipe);
    return text;
}

int tide_flow_checkpoint(struct tide_flow *flow, struct tide_error *err)
{
    char *position = NULL;
    bool has_rejects = false;
    int rc = TIDE_OK;

    if (!flow->reached || tide_clock_now() < flow->checkpoint_due) {
        return TIDE_OK;
    }
    rc = tide_flow_settle(flow, err);
    if (rc == TIDE_OK) {
        rc = may_commit(flow, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    has_rejects = tell_rejects(flow);
    position = format_checkpoint(flow);
    rc = call_commit(flow, position, false, err);
    free(position);
    if (rc < 0) {
        return rc;
    }
    if (rc == TIDE_OK) {
        note_checkpoint(flow);
    } else {
        release_rejects(flow);
    }
    if (rc == TIDE_OK && has_rejects) {
        tell_committed(flow);
    }
    tide_flow_put_off_checkpoint(flow);
    return TIDE_OK;
}

/* ---- the end ------------------------------------------------------------------------*/

/* All that can still stop the last rows from becoming visible. */
static int check_before_end(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_tally tally = *flow->tally;
    int rc = tide_rejects_judge(flow->engine->rejects, err);

    tally.passed[TIDE_STEP_FINALIZE] += flow->taken;
    if (rc == TIDE_OK) {
        rc = tide_tally_check(&tally, err);
    }
    return rc == TIDE_OK ? may_commit(flow, err) : rc;
}

/* To be kept, malloc'ed, or NULL.  A limited run leaves what was kept before. */
static char *last_position(const struct tide_flow *flow)
{
    struct tide_position position = {.words = flow->position_after};

    if (flow->engine->request->row_limit > 0) {
        return flow->position_kept ? tide_strdup(flow->position_kept) : NULL;
    }
    if (flow->is_marked) {
        position.kind = TIDE_POSITION_DONE;
        position.run = flow->engine->round;
        fill_counts(flow, TIDE_REJECTS_ALL, tide_tally_received(flow->tally), &position);
    } else if (!position.words) {
        return NULL;
    }
    return tide_position_format(&position);
}

/* Without one, what was told of an earlier run holds no more. */
static void tell_position(struct tide_flow *flow)
{
    const struct tide_run_request *request = flow->engine->request;
    uint32_t flags = flow->engine->source.entry->source->flags;
    struct json_object *event = NULL;

    if (request->replay || request->row_limit > 0 ||
        !(flow->position_after || flags & TIDE_SOURCE_INCREMENTAL)) {
        return;
    }
    event = make_event(flow, "position");
    tide_json_set_text(event, "position", flow->position_after);
    tide_engine_emit(flow->engine, event);
}

int tide_flow_commit_position(struct tide_flow *flow, const char *position,
                              struct tide_error *err)
{
    int rc = may_commit(flow, err);

    if (rc == TIDE_OK) {
        rc = call_commit(flow, position, true, err);
    }
    return rc;
}

int tide_flow_commit(struct tide_flow *flow, struct tide_error *err)
{
    char *position = NULL;
    int rc = tide_flow_settle(flow, err);

    if (rc == TIDE_OK) {
        rc = check_before_end(flow, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    (void)tide_rejects_release(flow->engine->rejects, TIDE_REJECTS_ALL);
    position = last_position(flow);
    rc = call_commit(flow, position, true, err);
    free(position);
    if (rc != TIDE_OK) {
        return rc;
    }
    count_taken(flow);
    tell_position(flow);
    tell_committed(flow);
    return TIDE_OK;
}
