/*
 * flow_reader - batches out of the source, each with its place.
 *
 * That a checkpoint has made rows durable comes back to it before its next read.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "batch/batch_ops.h"
#include "run/flow.h"

/* From so many bytes on a place is long, and so often it is asked for all the same. */
#define LONG_POSITION 4096
#define ASKS_A_CHECKPOINT 50

/* The source's place after the last batch, malloc'ed, or NULL. */
static char *ask_position(struct tide_flow *flow)
{
    const struct tide_source *source = flow->engine->source.entry->source;
    struct tide_error unused;
    const char *position = NULL;

    /* A run that was told to stop early knows a place that is behind rows it left out. */
    if (flow->engine->request->row_limit > 0 || !source->position) {
        return NULL;
    }
    tide_plugin_host_enter(&flow->source, "position", &unused);
    position = source->position(flow->source_state);
    (void)tide_plugin_host_leave(&flow->source, TIDE_OK, &unused);
    return position ? tide_strdup(position) : NULL;
}

/* The place behind the batch just read, malloc'ed, or NULL.  One that takes long to write
 * down, as that among many files does, is not asked for behind each batch: of all those
 * between two checkpoints one is used. */
static char *ask_now_and_then(struct tide_flow *flow)
{
    char *position = NULL;

    if (flow->ask_at > 0 && tide_clock_now() < flow->ask_at) {
        return NULL;
    }
    position = ask_position(flow);
    flow->ask_at = 0;
    if (position && strlen(position) > LONG_POSITION) {
        flow->ask_at =
            tide_clock_now() + flow->engine->request->checkpoint / ASKS_A_CHECKPOINT;
    }
    return position;
}

int tide_flow_acknowledge(struct tide_flow *flow, const char *position,
                          struct tide_error *err)
{
    const struct tide_source *source = flow->engine->source.entry->source;

    if (!source->acknowledge || !position) {
        return TIDE_OK;
    }
    tide_plugin_host_enter(&flow->source, "acknowledge", err);
    return tide_plugin_host_leave(
        &flow->source, source->acknowledge(flow->source_state, position, err), err);
}

/* Tell the source of the last checkpoint, once. */
static int acknowledge_checkpoint(struct tide_flow *flow, struct tide_error *err)
{
    char *position = tide_flow_take_committed(flow);
    int rc = tide_flow_acknowledge(flow, position, err);

    free(position);
    return rc;
}

int tide_flow_take(struct tide_flow *flow, struct tide_parcel *parcel, int64_t *bytes,
                   struct tide_error *err)
{
    int rc = acknowledge_checkpoint(flow, err);

    if (rc == TIDE_OK) {
        rc = tide_flow_read(flow, &parcel->batch, err);
    }
    parcel->number = flow->reading;
    if (rc == TIDE_OK) {
        parcel->received = tide_tally_received(flow->tally);
        *bytes = tide_batch_bytes(&parcel->batch, &flow->received);
        tide_ledger_add(&tide_flow_ledger(flow)->bytes_read, *bytes);
        if (flow->makes_checkpoints) {
            parcel->position = ask_now_and_then(flow);
            flow->reading++;
        }
    } else if (rc == TIDE_END) {
        flow->position_after = ask_position(flow);
    }
    return rc;
}

bool tide_flow_source_is_over(struct tide_flow *flow)
{
    const struct tide_source *source = flow->engine->source.entry->source;
    struct tide_error unused;
    bool is_over = false;

    if (source->at_end) {
        tide_plugin_host_enter(&flow->source, "at_end", &unused);
        is_over = source->at_end(flow->source_state);
        (void)tide_plugin_host_leave(&flow->source, TIDE_OK, &unused);
    }
    return is_over;
}

/* All that is left, into the middle. */
static int pump_source(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_parcel parcel = {0};
    int64_t bytes = 0;
    int rc = TIDE_OK;

    while ((rc = tide_flow_take(flow, &parcel, &bytes, err)) == TIDE_OK) {
        if (parcel.batch.array.length > 0 || parcel.position) {
            rc = tide_channel_send(flow->to_middle, &parcel, bytes);
        }
        tide_parcel_clear(&parcel);
        if (rc != TIDE_OK) {
            return tide_error_cancelled(err);
        }
    }
    return rc;
}

void tide_flow_read_all(struct tide_flow *flow)
{
    struct tide_error err = {0};

    if (pump_source(flow, &err) == TIDE_END) {
        tide_channel_finish(flow->to_middle);
    } else {
        tide_flow_fail(flow, &err);
    }
}
