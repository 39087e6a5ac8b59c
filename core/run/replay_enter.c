/*
 * replay_enter - one rejected row, put in again where it left; see replay_internal.h.
 */
#include "run/replay_internal.h"

#include "batch/batch_ops.h"

/* ---- a row that has its values ------------------------------------------------------*/

/* Where a row goes on. */
struct entry {
    int step;                         /* whose work comes first */
    size_t transform;                 /* the first to apply */
    const struct tide_schema *schema; /* NULL: the row's way is another one now */
};

static struct entry find_entry(const struct tide_flow *flow,
                               const struct tide_replay_row *row)
{
    size_t count = flow->transform_count;

    if (row->step <= TIDE_STEP_FILTER) {
        return (struct entry){TIDE_STEP_INPUT_VALIDATION, 0, &flow->received};
    }
    if (row->passed > count || tide_replay_trail_of(flow, row->passed) != row->trail) {
        return (struct entry){TIDE_STEP_TRANSFORMATION, 0, NULL};
    }
    if (row->passed < count) {
        return (struct entry){TIDE_STEP_TRANSFORMATION, row->passed,
                              &flow->transforms[row->passed].in};
    }
    /* What the destination refused had its columns already; the fit checks them. */
    return (struct entry){TIDE_STEP_OUTPUT_VALIDATION, count,
                          row->step == TIDE_STEP_FINALIZE ? &flow->accepted
                                                          : &flow->outgoing};
}

/* The row counts as passed wherever it has been before. */
static void count_way(struct tide_flow *flow, const struct entry *entry)
{
    for (int step = 0; step < entry->step; step++) {
        tide_flow_count(flow, step, 1, 0);
    }
    for (size_t i = 0; i < entry->transform; i++) {
        flow->engine->transform_counts[flow->transforms[i].index].passed++;
    }
}

static int refuse(struct tide_replaying *replaying, const struct tide_replay_row *row,
                  const struct entry *entry, const char *code, const char *message)
{
    struct tide_text raw = {0};
    const struct tide_reject_note note =
        tide_replay_note_again(row, entry->step, code, message, &raw);
    int rc = TIDE_OK;

    count_way(&replaying->flow, entry);
    tide_flow_count(&replaying->flow, entry->step, 0, 1);
    rc = tide_flow_reject(&replaying->flow, &note);
    tide_text_fini(&raw);
    return rc;
}

static int move_row(struct tide_replaying *replaying, const struct tide_replay_row *row,
                    const struct entry *entry, struct tide_batch *batch,
                    struct tide_error *err)
{
    struct tide_flow *flow = &replaying->flow;
    int rc = TIDE_OK;

    count_way(flow, entry);
    tide_ledger_add(&tide_flow_ledger(flow)->batches, 1);
    tide_ledger_add(&tide_flow_ledger(flow)->bytes_read, (int64_t)strlen(row->row));
    if (entry->schema == &flow->accepted) {
        tide_flow_count(flow, TIDE_STEP_OUTPUT_VALIDATION, 1, 0);
    } else {
        rc = tide_flow_process_from(flow, entry->step, entry->transform, batch, err);
    }
    if (rc == TIDE_OK && batch->array.length > 0) {
        rc = tide_flow_write(flow, batch, err);
    }
    return rc;
}

static int enter_row(struct tide_replaying *replaying, const struct tide_replay_row *row,
                     struct tide_error *err)
{
    const struct entry entry = find_entry(&replaying->flow, row);
    struct tide_misfit misfit;
    struct tide_batch batch = {0};
    int rc = TIDE_OK;

    if (!entry.schema) {
        return refuse(replaying, row, &entry, "other_way",
                      "the transformations that the row has passed were changed: restore "
                      "them, or run the table again from its source");
    }
    rc = tide_replay_row_fit(row, &replaying->table, entry.schema, &batch, &misfit, err);
    if (rc == TIDE_E_DATA) {
        return refuse(replaying, row, &entry, misfit.code, misfit.message);
    }
    if (rc == TIDE_OK) {
        rc = move_row(replaying, row, &entry, &batch, err);
    }
    tide_batch_release(&batch);
    return rc;
}

/* ---- bytes that never became a row --------------------------------------------------*/

static int call_again(struct tide_flow *flow, const struct tide_replay_row *row,
                      struct tide_batch *batch, struct tide_error *err)
{
    const struct tide_source *source = flow->engine->source.entry->source;
    struct tide_text raw = {0};
    struct tide_reject reject = {.origin = row->origin, .position = row->position};
    int rc = TIDE_OK;

    tide_replay_row_bytes(row, &raw);
    reject.raw = raw.data ? raw.data : "";
    reject.raw_length = raw.length;
    flow->source.is_muted = false;
    tide_plugin_host_enter(&flow->source, "again", err);
    rc = source->again(flow->source_state, &reject, batch, err);
    rc = tide_plugin_host_leave(&flow->source, rc, err);
    flow->source.is_muted = true;
    tide_text_fini(&raw);
    return rc;
}

/* The rows that the source has made of the bytes: one, as a rule. */
static int move_received(struct tide_flow *flow, const struct tide_replay_row *row,
                         struct tide_batch *batch, struct tide_error *err)
{
    int rc = tide_flow_receive(flow, batch, err);

    batch->origin = row->origin;
    if (rc == TIDE_OK) {
        rc = tide_flow_process(flow, batch, err);
    }
    if (rc == TIDE_OK && batch->array.length > 0) {
        rc = tide_flow_write(flow, batch, err);
    }
    return rc;
}

static int refuse_bytes(struct tide_replaying *replaying,
                        const struct tide_replay_row *row, const char *message)
{
    static const struct entry receive = {TIDE_STEP_RECEIVE, 0, NULL};

    return refuse(replaying, row, &receive, "no_row", message);
}

static int enter_bytes(struct tide_replaying *replaying,
                       const struct tide_replay_row *row, struct tide_error *err)
{
    struct tide_flow *flow = &replaying->flow;
    int64_t refused = flow->tally->failed[TIDE_STEP_RECEIVE];
    struct tide_batch batch = {0};
    int rc = call_again(flow, row, &batch, err);

    if (rc == TIDE_E_CONFIG || rc == TIDE_E_DATA) {
        rc = refuse_bytes(replaying, row, err->message);
    } else if (rc >= 0 && batch.array.release && batch.array.length > 0) {
        rc = move_received(flow, row, &batch, err);
    } else if (rc >= 0 && refused == flow->tally->failed[TIDE_STEP_RECEIVE]) {
        rc = refuse_bytes(replaying, row, "the source finds no row in it");
    }
    tide_batch_release(&batch);
    return rc < 0 ? rc : TIDE_OK;
}

int tide_replay_enter(struct tide_replaying *replaying, const struct tide_replay_row *row,
                      struct tide_error *err)
{
    if (row->step >= 0 && row->row && row->types) {
        return enter_row(replaying, row, err);
    }
    if (row->raw && replaying->flow.engine->source.entry->source->again) {
        return enter_bytes(replaying, row, err);
    }
    return refuse_bytes(replaying, row,
                        "the source cannot make a row of it: run the table again");
}
