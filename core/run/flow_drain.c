/*
 * flow_drain - a table in whose source no columns were found.
 *
 * It may still have what was meant to be rows: each is rejected, and nothing is written.
 */
#include "batch/batch_ops.h"
#include "run/flow.h"

/* Rows without any column go nowhere. */
static int reject_empty(struct tide_flow *flow, const struct tide_batch *batch)
{
    int rc = TIDE_OK;

    for (int64_t row = 0; rc == TIDE_OK && row < batch->array.length; row++) {
        const struct tide_reject_note note = {
            .step = TIDE_STEP_RECEIVE,
            .code = "no_columns",
            .message = "the row has no columns, and neither has any other",
            .origin = batch->origin,
            .position = tide_batch_position(batch, row),
        };

        tide_flow_count(flow, TIDE_STEP_RECEIVE, 0, 1);
        rc = tide_flow_reject(flow, &note);
    }
    return rc;
}

/* No rows are to be there, and of which columns nobody knows: the old ones stay. */
static int refuse_replace(const struct tide_flow *flow, struct tide_error *err)
{
    if (flow->table->mode != TIDE_MODE_REPLACE) {
        return TIDE_OK;
    }
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "the source has no columns, so what is to take the "
                          "place of the rows is not known; the destination is as it was. "
                          "Give the source a header line (csv), declare its columns "
                          "under types (jsonl), or use mode append");
}

int tide_flow_drain(struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_source *source = flow->engine->source.entry->source;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !tide_flow_is_stopped(flow)) {
        struct tide_batch batch = {0};

        tide_plugin_host_enter(&flow->source, "read", err);
        rc = source->read(flow->source_state, &batch, err);
        rc = tide_plugin_host_leave_with(&flow->source, rc, TIDE_END, err);
        if (rc == TIDE_OK) {
            rc = reject_empty(flow, &batch);
        }
        tide_batch_release(&batch);
    }
    if (flow->error.code != TIDE_OK) {
        *err = flow->error;
        return err->code;
    }
    if (rc < 0) {
        return rc;
    }
    if (rc != TIDE_END) {
        return tide_error_cancelled(err);
    }
    rc = tide_rejects_judge(flow->engine->rejects, err);
    return rc == TIDE_OK ? refuse_replace(flow, err) : rc;
}
