/*
 * flow_write - rows into the destination.
 *
 * A batch refused as a whole is split in halves until the bad rows stand alone; order is
 * kept.
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

/* Some row is bad and none was taken. */
static int write_in_parts(struct tide_flow *flow, struct tide_batch *batch,
                          struct tide_error *err)
{
    int64_t rows = batch->array.length;
    int rc = TIDE_OK;

    if (tide_flow_is_stopped(flow)) {
        return tide_error_set(err, TIDE_E_CANCELLED, "the run was asked to stop");
    }
    if (flow->destination.refused_count > 0) {
        return tide_flow_write(flow, batch, err);
    }
    if (rows == 1) {
        return reject_only_row(flow, batch, err);
    }
    rc = write_half(flow, batch, 0, rows / 2, err);
    if (rc == TIDE_OK) {
        rc = write_half(flow, batch, rows / 2, rows - rows / 2, err);
    }
    return rc;
}

int tide_flow_write(struct tide_flow *flow, struct tide_batch *batch,
                    struct tide_error *err)
{
    struct tide_plugin_host *host = &flow->destination;
    int64_t rows = batch->array.length;
    int rc = TIDE_OK;

    if (rows == 0) {
        return TIDE_OK;
    }
    rc = write_once(flow, batch, err);
    tide_flow_count(flow, TIDE_STEP_FINALIZE, 0, host->refused_count);
    if (rc == TIDE_E_DATA) {
        if (host->refused_count > 0 &&
            tide_batch_compact(batch, &flow->accepted, host->refused) != TIDE_OK) {
            return tide_error_set(err, TIDE_E_LIMIT, "memory for a batch is out");
        }
        return write_in_parts(flow, batch, err);
    }
    if (rc < 0) {
        return rc;
    }
    tide_verify_note(flow, batch);
    flow->taken += rows - host->refused_count;
    tide_ledger_add(&tide_flow_ledger(flow)->bytes_written,
                    tide_batch_bytes(batch, &flow->accepted));
    return TIDE_OK;
}
