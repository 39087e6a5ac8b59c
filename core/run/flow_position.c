/*
 * flow_position - where the reading of a table begins.
 *
 * Read whole, from the end of the last run (incremental), or from the last checkpoint of
 * an interrupted one.  When the destination keeps positions with its rows, its word is
 * believed over what was given; it is known only once the source is open, for it wants to
 * know the columns, and the source is opened once more where the two differ.
 */
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "run/flow.h"

/* A table that is replaced must come whole; one without a cursor has no other way unless
 * it is asked for. */
bool tide_flow_is_incremental(const struct tide_flow *flow)
{
    int wanted = flow->engine->request->incremental;

    if (flow->table->mode == TIDE_MODE_REPLACE ||
        !(flow->engine->source.entry->source->flags & TIDE_SOURCE_INCREMENTAL)) {
        return false;
    }
    return wanted == 1 || (wanted < 0 && flow->table->cursor);
}

static bool is_resumable(const struct tide_flow *flow)
{
    return (flow->table->mode != TIDE_MODE_REPLACE || flow->makes_checkpoints) &&
           flow->engine->source.entry->source->flags & TIDE_SOURCE_RESUMABLE;
}

void tide_flow_begin_position(struct tide_flow *flow)
{
    const struct tide_pipeline *pipeline = flow->engine->pipeline;
    size_t table = (size_t)(flow->table - pipeline->tables);
    uint32_t source = flow->engine->source.entry->source->flags;
    uint32_t destination = flow->engine->destination.entry->destination->flags;
    const char *given = NULL;

    flow->makes_checkpoints =
        flow->engine->request->row_limit == 0 &&
        tide_pipeline_makes_checkpoints(pipeline, table, source, destination);
    atomic_store(&flow->holds_rejects, flow->makes_checkpoints);

    if (tide_flow_is_incremental(flow) && flow->engine->request->positions) {
        given = tide_json_text(flow->engine->request->positions, flow->table->name);
        flow->position_before = given ? tide_strdup(given) : NULL;
    }
}

/* Begin at a place (taken, or NULL: the start) and not where the source was opened. */
static int begin_at(struct tide_flow *flow, char *position, struct tide_error *err)
{
    const char *before = flow->position_before;

    if (before == position || (before && position && strcmp(before, position) == 0)) {
        free(position);
        return TIDE_OK;
    }
    free(flow->position_before);
    flow->position_before = position;
    return tide_flow_reopen_source(flow, err);
}

void tide_flow_recall_rejects(struct tide_flow *flow, const struct tide_position *kept)
{
    flow->rejected_before = kept->rejected;
    flow->filtered_before = kept->filtered;
    tide_rejects_recall(flow->engine->rejects, flow->rejected_before,
                        kept->rows + kept->rejected + kept->filtered);
}

/* Tell the destination to keep the staged rows. */
static int resume_staged(struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_destination *plugin = flow->engine->destination.entry->destination;

    tide_plugin_host_enter(&flow->destination, "resume", err);
    return tide_plugin_host_leave(&flow->destination,
                                  plugin->resume(flow->destination_state, err), err);
}

/* At the checkpoint, if rows are still made as they were.  TIDE_E_CONFLICT. */
static int begin_like_before(struct tide_flow *flow,
                             const struct tide_position *checkpoint,
                             struct tide_error *err)
{
    char *recipe = tide_flow_recipe(flow);
    bool is_same = checkpoint->recipe && strcmp(checkpoint->recipe, recipe) == 0;

    free(recipe);
    return is_same ? begin_at(flow, tide_strdup(checkpoint->words), err)
                   : tide_error_set(err, TIDE_E_CONFLICT,
                                    "the definition or the columns were changed");
}

/* A replaced table must equal the source: an interrupted load starts over when the
 * source has changed.  *went_on: it has not. */
static int go_on_replacing(struct tide_flow *flow, const struct tide_position *checkpoint,
                           bool *went_on, struct tide_error *err)
{
    struct tide_error why = {0};
    int rc = begin_like_before(flow, checkpoint, &why);

    *went_on = rc == TIDE_OK;
    if (rc == TIDE_OK) {
        return resume_staged(flow, err);
    }
    if (rc != TIDE_E_CONFLICT && rc != TIDE_E_CONFIG) {
        *err = why;
        return rc;
    }
    TIDE_LOG(TIDE_LOG_WARNING,
             "the last run was interrupted and cannot be resumed; the table is replaced "
             "from the start",
             TIDE_KEY_TEXT("table", flow->table->name),
             TIDE_KEY_TEXT("why", why.message));
    return begin_at(flow, NULL, err);
}

/* Where the checkpoint says; *went_on: the source can. */
static int begin_behind(struct tide_flow *flow, const struct tide_position *checkpoint,
                        bool *went_on, struct tide_error *err)
{
    if (flow->table->mode == TIDE_MODE_REPLACE) {
        return go_on_replacing(flow, checkpoint, went_on, err);
    }
    *went_on = true;
    return begin_at(flow, tide_strdup(checkpoint->words), err);
}

/* Rows up to the checkpoint are there already, and those rejected count. */
static int go_on(struct tide_flow *flow, const struct tide_position *checkpoint,
                 struct tide_error *err)
{
    bool went_on = false;
    int rc = TIDE_OK;

    if (flow->table->mode == TIDE_MODE_APPEND && !is_resumable(flow)) {
        return tide_error_set(
            err, TIDE_E_CONFLICT,
            "the last run was interrupted and left rows in the destination, and this "
            "source cannot resume behind them; remove them and run with --full");
    }
    if (!is_resumable(flow)) {
        return begin_at(flow, NULL, err);
    }
    rc = begin_behind(flow, checkpoint, &went_on, err);
    if (rc != TIDE_OK || !went_on) {
        return rc;
    }
    flow->is_resumed = true;
    flow->rows_before = checkpoint->rows;
    flow->load_from = checkpoint->from ? tide_strdup(checkpoint->from) : NULL;
    tide_flow_recall_rejects(flow, checkpoint);
    TIDE_LOG(TIDE_LOG_INFO,
             "the last run was interrupted; resuming from its last "
             "checkpoint",
             TIDE_KEY_TEXT("table", flow->table->name));
    return TIDE_OK;
}

/* What was committed with the rows is true, also that nothing was: a table that is lost
 * is filled again.  Only a destination that keeps no positions leaves it to the
 * caller. */
static int choose(struct tide_flow *flow, const struct tide_position *kept,
                  struct tide_error *err)
{
    bool keeps_positions = flow->engine->destination.entry->destination->flags &
                           TIDE_DESTINATION_TRANSACTIONAL;
    bool is_believed = true;
    char *from = NULL;
    int rc = TIDE_OK;

    if (flow->engine->request->incremental == 0) {
        return TIDE_OK;
    }
    if (kept->words &&
        (kept->kind == TIDE_POSITION_CHECKPOINT || tide_flow_is_incremental(flow))) {
        rc = tide_flow_believe(flow, kept, &is_believed, &from, err);
    }
    if (rc != TIDE_OK || !is_believed) {
        return rc == TIDE_OK ? begin_at(flow, from, err) : rc;
    }
    if (kept->kind == TIDE_POSITION_CHECKPOINT) {
        return go_on(flow, kept, err);
    }
    if (!tide_flow_is_incremental(flow) || (!kept->words && !keeps_positions)) {
        return TIDE_OK;
    }
    return begin_at(flow, kept->words ? tide_strdup(kept->words) : NULL, err);
}

/* The rows of the run that is resumed are there, and it is not read again. */
static int check_done(struct tide_flow *flow, const struct tide_position *kept,
                      struct tide_error *err)
{
    bool is_believed = true;
    char *from = NULL;
    int rc = tide_flow_believe(flow, kept, &is_believed, &from, err);

    return rc == TIDE_OK ? tide_flow_take_over(flow, kept, err) : rc;
}

int tide_flow_settle_position(struct tide_flow *flow, char *kept, struct tide_error *err)
{
    struct tide_position position = {0};
    int rc = TIDE_OK;

    flow->position_kept = kept;
    if (kept) {
        tide_position_parse(kept, &position);
    }
    rc = tide_flow_join_round(flow, &position, err);
    if (rc == TIDE_OK && !flow->asks) {
        rc = flow->is_done ? check_done(flow, &position, err)
                           : choose(flow, &position, err);
    }
    if (rc == TIDE_OK && !flow->is_resumed && flow->position_before) {
        flow->load_from = tide_strdup(flow->position_before);
    }
    if (rc == TIDE_OK && !flow->is_done && tide_flow_is_remade(flow)) {
        free(flow->position_kept);
        flow->position_kept = NULL;
    }
    tide_position_clear(&position);
    return rc;
}
