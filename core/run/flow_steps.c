/*
 * flow_steps - what happens to one batch: receiving, the steps of the middle, writing.
 *
 * Rows that fail a step are taken out before the next one.  Nothing is allocated for a
 * row that passes.
 */
#include <inttypes.h>

#include "base/json.h"
#include "batch/batch_ops.h"
#include "run/flow.h"

/* ---- what the steps share -----------------------------------------------------------*/

static int out_of_memory(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_LIMIT, "memory for a batch is out");
}

/* Zeroed bytes, one for each row of the batch in hand. */
static int clear_drop(struct tide_flow *flow, int64_t rows, struct tide_error *err)
{
    if (rows > flow->drop_capacity) {
        free(flow->drop);
        flow->drop_capacity = 0;
        flow->drop = malloc((size_t)rows);
        if (!flow->drop) {
            return out_of_memory(err);
        }
        flow->drop_capacity = rows;
    }
    if (rows > 0) {
        memset(flow->drop, 0, (size_t)rows);
    }
    return TIDE_OK;
}

/* Take the rows out that drop marks, count both kinds. */
static int settle_step(struct tide_flow *flow, int step, struct tide_batch *batch,
                       const struct tide_schema *schema, const uint8_t *drop,
                       int64_t dropped, struct tide_error *err)
{
    if (dropped > 0 && tide_batch_compact(batch, schema, drop) != TIDE_OK) {
        return out_of_memory(err);
    }
    tide_flow_count(flow, step, batch->array.length, dropped);
    return TIDE_OK;
}

static void enter_step(struct tide_flow *flow, int step)
{
    __atomic_store_n(&tide_flow_ledger(flow)->step, step, __ATOMIC_RELAXED);
}

/* What a plugin handed over must be what it promised. */
static int check_batch(const struct tide_flow *flow, const struct tide_plugin_host *host,
                       const struct tide_batch *batch, const struct tide_schema *schema,
                       struct tide_error *err)
{
    if (!batch->array.release || batch->array.length < 0 ||
        (size_t)batch->array.n_children != schema->column_count) {
        return tide_error_set(
            err, TIDE_E_INTERNAL,
            "%s handed over a batch of %" PRId64 " columns, not %zu", host->label,
            batch->array.release ? batch->array.n_children : 0, schema->column_count);
    }
    if (flow->engine->request->check &&
        tide_batch_validate(batch, schema, err) != TIDE_OK) {
        return tide_error_wrap(err, "%s handed over a broken batch", host->label);
    }
    return TIDE_OK;
}

/* ---- receiving ----------------------------------------------------------------------*/

static int cut_off(struct tide_flow *flow, struct tide_batch *batch,
                   struct tide_error *err)
{
    int64_t limit = flow->engine->request->row_limit;
    int64_t left = limit - flow->tally->passed[TIDE_STEP_RECEIVE];
    struct tide_batch part = {0};

    if (limit == 0 || batch->array.length <= left) {
        return TIDE_OK;
    }
    if (tide_batch_slice(batch, &flow->source_schema, 0, left, &part) != TIDE_OK) {
        return out_of_memory(err);
    }
    tide_batch_release(batch);
    tide_batch_move(&part, batch);
    return TIDE_OK;
}

int tide_flow_receive(struct tide_flow *flow, struct tide_batch *batch,
                      struct tide_error *err)
{
    int rc = check_batch(flow, &flow->source, batch, &flow->source_schema, err);

    if (rc == TIDE_OK) {
        rc = cut_off(flow, batch, err);
    }
    for (size_t i = 0; rc == TIDE_OK && i < flow->excluded_count; i++) {
        tide_batch_drop_column(batch, flow->excluded[i]);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    tide_flow_count(flow, TIDE_STEP_RECEIVE, batch->array.length, 0);
    tide_ledger_add(&tide_flow_ledger(flow)->batches, 1);
    return TIDE_OK;
}

int tide_flow_read(struct tide_flow *flow, struct tide_batch *batch,
                   struct tide_error *err)
{
    int64_t limit = flow->engine->request->row_limit;
    int rc = TIDE_OK;

    if (tide_flow_is_stopped(flow)) {
        return tide_error_cancelled(err);
    }
    if (limit > 0 && flow->tally->passed[TIDE_STEP_RECEIVE] >= limit) {
        return TIDE_END;
    }
    tide_plugin_host_enter(&flow->source, "read", err);
    rc = flow->engine->source.entry->source->read(flow->source_state, batch, err);
    rc = tide_plugin_host_leave_with(&flow->source, rc, TIDE_END, err);
    if (rc == TIDE_OK) {
        rc = tide_flow_receive(flow, batch, err);
    }
    if (rc != TIDE_OK) {
        tide_batch_release(batch);
    }
    return rc;
}

/* ---- validation and filter ----------------------------------------------------------*/

struct refusing {
    struct tide_flow *flow;
    int step;
    struct tide_batch before; /**< the rows as they came to the step */
    const struct tide_schema *schema;
};

static int refuse_row(void *arg, int64_t row, const char *code, const char *message)
{
    struct refusing *refusing = arg;

    return tide_flow_reject_row(refusing->flow, refusing->step, &refusing->before,
                                refusing->schema, row, code, message,
                                &refusing->flow->row);
}

static int validate(struct tide_flow *flow, int step, struct tide_validation *validation,
                    struct tide_batch *batch, struct tide_error *err)
{
    struct refusing refusing = {.flow = flow, .step = step, .schema = &validation->from};
    int64_t dropped = 0;

    enter_step(flow, step);
    if (validation->is_free) {
        tide_flow_count(flow, step, batch->array.length, 0);
        return TIDE_OK;
    }
    if (clear_drop(flow, batch->array.length, err) != TIDE_OK) {
        return err->code;
    }
    if (tide_batch_share(batch, &refusing.before) != TIDE_OK) {
        return out_of_memory(err);
    }
    dropped = tide_validation_apply(validation, batch, flow->drop, refuse_row, &refusing);
    tide_batch_release(&refusing.before);
    if (dropped < 0) {
        return tide_error_set(err, (int)dropped,
                              "the run may take no more bad rows, or "
                              "memory is out");
    }
    return settle_step(flow, step, batch, &validation->to, flow->drop, dropped, err);
}

int tide_flow_validate_input(struct tide_flow *flow, struct tide_batch *batch,
                             struct tide_error *err)
{
    return validate(flow, TIDE_STEP_INPUT_VALIDATION, &flow->input, batch, err);
}

int tide_flow_validate_output(struct tide_flow *flow, struct tide_batch *batch,
                              struct tide_error *err)
{
    return validate(flow, TIDE_STEP_OUTPUT_VALIDATION, &flow->output, batch, err);
}

int tide_flow_filter(struct tide_flow *flow, struct tide_batch *batch,
                     struct tide_error *err)
{
    int64_t dropped = 0;

    enter_step(flow, TIDE_STEP_FILTER);
    if (!flow->filter) {
        tide_flow_count(flow, TIDE_STEP_FILTER, batch->array.length, 0);
        return TIDE_OK;
    }
    if (clear_drop(flow, batch->array.length, err) != TIDE_OK) {
        return err->code;
    }
    dropped = tide_filter_apply(flow->filter, batch, flow->drop);
    return settle_step(flow, TIDE_STEP_FILTER, batch, &flow->input.to, flow->drop,
                       dropped, err);
}

/* ---- transformation -----------------------------------------------------------------*/

static int apply_transform(struct tide_flow *flow, struct tide_flow_transform *transform,
                           struct tide_batch *batch, struct tide_error *err)
{
    int64_t rows = batch->array.length;
    int rc = tide_plugin_host_hold(&transform->host, batch, &transform->in, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    batch->flags = 0;
    tide_plugin_host_enter(&transform->host, "apply", err);
    rc = transform->plugin->apply(transform->state, batch, err);
    rc = tide_plugin_host_leave(&transform->host, rc, err);
    tide_plugin_host_drop(&transform->host);
    if (rc < 0) {
        return rc;
    }
    batch->flags = 0;
    if (batch->array.release && batch->array.length != rows) {
        return tide_error_set(err, TIDE_E_INTERNAL,
                              "%s made %" PRId64 " rows of %" PRId64
                              "; a transform must keep every row",
                              transform->host.label, batch->array.length, rows);
    }
    return check_batch(flow, &transform->host, batch, &transform->out, err);
}

int tide_flow_transform(struct tide_flow *flow, size_t i, struct tide_batch *batch,
                        struct tide_error *err)
{
    struct tide_flow_transform *transform = &flow->transforms[i];
    struct tide_pair_count *count = &flow->engine->transform_counts[transform->index];
    int64_t refused = 0;

    enter_step(flow, TIDE_STEP_TRANSFORMATION);
    flow->transform = i;
    if (apply_transform(flow, transform, batch, err) != TIDE_OK) {
        return err->code;
    }
    refused = transform->host.refused_count;
    if (refused > 0 &&
        tide_batch_compact(batch, &transform->out, transform->host.refused) != TIDE_OK) {
        return out_of_memory(err);
    }
    count->passed += batch->array.length;
    count->failed += refused;
    return TIDE_OK;
}

static int transform_from(struct tide_flow *flow, size_t first, struct tide_batch *batch,
                          struct tide_error *err)
{
    int64_t rows = batch->array.length;
    int rc = TIDE_OK;

    for (size_t i = first; rc == TIDE_OK && i < flow->transform_count; i++) {
        if (batch->array.length > 0) {
            rc = tide_flow_transform(flow, i, batch, err);
        }
    }
    if (rc == TIDE_OK) {
        tide_flow_count(flow, TIDE_STEP_TRANSFORMATION, batch->array.length,
                        rows - batch->array.length);
    }
    return rc;
}

int tide_flow_process_from(struct tide_flow *flow, int step, size_t transform,
                           struct tide_batch *batch, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (step <= TIDE_STEP_INPUT_VALIDATION) {
        rc = tide_flow_validate_input(flow, batch, err);
    }
    if (rc == TIDE_OK && step <= TIDE_STEP_FILTER) {
        rc = tide_flow_filter(flow, batch, err);
    }
    if (rc == TIDE_OK && step <= TIDE_STEP_TRANSFORMATION) {
        rc = transform_from(flow, transform, batch, err);
    }
    if (rc == TIDE_OK && batch->array.length > 0) {
        rc = tide_flow_validate_output(flow, batch, err);
    }
    return rc;
}

int tide_flow_process(struct tide_flow *flow, struct tide_batch *batch,
                      struct tide_error *err)
{
    return tide_flow_process_from(flow, TIDE_STEP_INPUT_VALIDATION, 0, batch, err);
}
