/*
 * flow_write - rows into the destination.
 *
 * A batch refused as a whole is split in halves until the bad rows stand alone; order is
 * kept.  A destination that is lent its batches decides about many at once and refuses
 * rows one by one.
 */
#include "batch/batch_ops.h"
#include "run/verify.h"

/* ---- writing ------------------------------------------------------------------------*/

static int write_once(struct tide_flow *flow, const struct tide_batch *batch,
                      struct tide_error *err)
{
    const struct tide_destination *plugin = flow->engine->destination.entry->destination;
    int rc = tide_plugin_host_hold(&flow->destination, batch, &flow->accepted, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    tide_plugin_host_enter(&flow->destination, "write", err);
    rc = plugin->write(flow->destination_state, batch, err);
    tide_plugin_host_drop(&flow->destination);
    if (rc == TIDE_E_DATA) {
        /* No failure yet: what it said may become the message of a rejected row. */
        (void)tide_plugin_host_leave(&flow->destination, TIDE_OK, err);
        return rc;
    }
    return tide_plugin_host_leave(&flow->destination, rc, err);
}

static int reject_only_row(struct tide_flow *flow, const struct tide_batch *batch,
                           struct tide_error *err)
{
    const char *message =
        err->message[0] ? err->message : "the destination refused the row";

    tide_flow_count(flow, TIDE_STEP_FINALIZE, 0, 1);
    if (tide_flow_reject_row(flow, TIDE_STEP_FINALIZE, batch, &flow->accepted, 0,
                             "refused", message, &flow->destination.row) != TIDE_OK) {
        return tide_error_set(err, TIDE_E_CANCELLED, "the run may take no more bad rows");
    }
    return TIDE_OK;
}

static int write_half(struct tide_flow *flow, const struct tide_batch *batch,
                      int64_t start, int64_t count, struct tide_error *err)
{
    struct tide_batch half = {0};
    int rc = tide_batch_slice(batch, &flow->accepted, start, count, &half);

    if (rc != TIDE_OK) {
        return tide_error_set(err, TIDE_E_LIMIT, "memory for a batch is out");
    }
    rc = tide_flow_write(flow, &half, err);
    tide_batch_release(&half);
    return rc;
}

/* Some row is bad, nobody knows which, and none was taken. */
static int write_in_halves(struct tide_flow *flow, const struct tide_batch *batch,
                           struct tide_error *err)
{
    int64_t rows = batch->array.length;
    int rc = TIDE_OK;

    if (rows == 1) {
        return reject_only_row(flow, batch, err);
    }
    rc = write_half(flow, batch, 0, rows / 2, err);
    if (rc == TIDE_OK) {
        rc = write_half(flow, batch, rows / 2, rows - rows / 2, err);
    }
    return rc;
}

static void note_taken(struct tide_flow *flow, const struct tide_batch *batch)
{
    flow->taken += batch->array.length;
    tide_ledger_add(&tide_flow_ledger(flow)->bytes_written,
                    tide_batch_bytes(batch, &flow->accepted));
}

/* The batch was taken, but for the rows that were refused one by one. */
static void note_written(struct tide_flow *flow, const struct tide_batch *batch)
{
    note_taken(flow, batch);
    flow->taken -= flow->destination.refused_count;
    tide_verify_note(flow, batch, flow->destination.refused);
}

/* None of the batch was taken because of rows that were refused one by one. */
static int take_out_refused(struct tide_flow *flow, struct tide_batch *batch,
                            struct tide_error *err)
{
    if (tide_batch_compact(batch, &flow->accepted, flow->destination.refused) !=
        TIDE_OK) {
        return tide_error_set(err, TIDE_E_LIMIT, "memory for a batch is out");
    }
    return TIDE_OK;
}

static int write_whole(struct tide_flow *flow, struct tide_batch *batch,
                       struct tide_error *err)
{
    const int64_t *refused = &flow->destination.refused_count;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && batch->array.length > 0) {
        rc = write_once(flow, batch, err);
        tide_flow_count(flow, TIDE_STEP_FINALIZE, 0, *refused);
        if (rc >= 0) {
            note_written(flow, batch);
            return TIDE_OK;
        }
        if (rc == TIDE_E_DATA && tide_flow_is_stopped(flow)) {
            rc = tide_error_cancelled(err);
        } else if (rc == TIDE_E_DATA && *refused == 0) {
            return write_in_halves(flow, batch, err);
        } else if (rc == TIDE_E_DATA) {
            rc = take_out_refused(flow, batch, err);
        }
    }
    return rc;
}

/* ---- lending ------------------------------------------------------------------------*/

/* A call in which rows of the batches lent may be refused. */
static void begin_call(struct tide_flow *flow, const char *verb, struct tide_error *err)
{
    flow->refused_before = flow->destination.refused_count;
    tide_plugin_host_enter(&flow->destination, verb, err);
}

static int end_call(struct tide_flow *flow, int rc, struct tide_error *err)
{
    int64_t refused = flow->destination.refused_count - flow->refused_before;

    flow->taken -= refused;
    tide_flow_count(flow, TIDE_STEP_FINALIZE, 0, refused);
    return tide_plugin_host_leave(&flow->destination, rc, err);
}

static bool is_enough(const struct tide_flow *flow)
{
    return flow->lent_count == TIDE_FLOW_LENT_BATCHES ||
           flow->destination.rows >= TIDE_FLOW_LENT_ROWS ||
           flow->lent_bytes >= TIDE_FLOW_LENT_BYTES;
}

static int lend(struct tide_flow *flow, struct tide_batch *batch, struct tide_error *err)
{
    const struct tide_destination *plugin = flow->engine->destination.entry->destination;
    struct tide_batch *lent = &flow->lent[flow->lent_count];
    int rc;

    *lent = *batch;
    memset(batch, 0, sizeof *batch);
    flow->lent_count++;
    rc = tide_plugin_host_hold(&flow->destination, lent, &flow->accepted, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    flow->lent_bytes += tide_batch_bytes(lent, &flow->accepted);
    note_taken(flow, lent);
    begin_call(flow, "write", err);
    rc = end_call(flow, plugin->write(flow->destination_state, lent, err), err);
    return rc >= 0 && is_enough(flow) ? tide_flow_settle(flow, err) : rc;
}

int tide_flow_settle(struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_destination *plugin = flow->engine->destination.entry->destination;
    const uint8_t *refused;
    int rc;

    if (flow->lent_count == 0) {
        return TIDE_OK;
    }
    begin_call(flow, "settle", err);
    rc = end_call(flow, plugin->settle(flow->destination_state, err), err);
    if (rc < 0) {
        return rc;
    }
    refused = flow->destination.refused;
    for (size_t i = 0; i < flow->lent_count; i++) {
        tide_verify_note(flow, &flow->lent[i], refused);
        refused += flow->lent[i].array.length;
    }
    tide_flow_take_back(flow);
    return TIDE_OK;
}

void tide_flow_take_back(struct tide_flow *flow)
{
    tide_plugin_host_drop(&flow->destination);
    for (size_t i = 0; i < flow->lent_count; i++) {
        tide_batch_release(&flow->lent[i]);
    }
    flow->lent_count = 0;
    flow->lent_bytes = 0;
}

/* ---- interface ----------------------------------------------------------------------*/

int tide_flow_write(struct tide_flow *flow, struct tide_batch *batch,
                    struct tide_error *err)
{
    if (batch->array.length == 0) {
        return TIDE_OK;
    }
    return flow->destination_request.lends ? lend(flow, batch, err)
                                           : write_whole(flow, batch, err);
}
