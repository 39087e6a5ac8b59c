/*
 * flow_threads - a table's reader, middle and writer, and how they end.
 *
 * What the reader knows of the source's place goes with the rows; that a checkpoint has
 * made them durable comes back to it before its next read.
 */
#define _GNU_SOURCE /* pthread_setname_np */

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "batch/batch_ops.h"
#include "run/activity.h"
#include "run/flow.h"

/* From so many bytes on a place is long, and so often it is asked for all the same. */
#define LONG_POSITION 4096
#define ASKS_A_CHECKPOINT 50

/* Microseconds that a destination's rows stay undecided while none come. */
#define LONGEST_LOAN INT64_C(100000)

/* Plugins' libraries want more than the engine does; the default of 8 MiB would count
 * against the memory limit. */
#define STACK_BYTES ((size_t)1024 * 1024)

static int stopped(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CANCELLED, "the run was asked to stop");
}

/* ---- the reader ---------------------------------------------------------------------*/

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

static int acknowledge(struct tide_flow *flow, const char *position,
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
    int rc = acknowledge(flow, position, err);

    free(position);
    return rc;
}

static int read_parcel(struct tide_flow *flow, struct tide_parcel *parcel,
                       struct tide_error *err)
{
    int rc = acknowledge_checkpoint(flow, err);

    if (rc == TIDE_OK) {
        rc = tide_flow_read(flow, &parcel->batch, err);
    }
    parcel->number = flow->reading;
    if (rc == TIDE_OK && flow->makes_checkpoints) {
        parcel->position = ask_now_and_then(flow);
        flow->reading++;
    }
    return rc;
}

static int pump_source(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_parcel parcel = {0};
    int rc = TIDE_OK;

    while ((rc = read_parcel(flow, &parcel, err)) == TIDE_OK) {
        int64_t bytes = tide_batch_bytes(&parcel.batch, &flow->received);

        tide_ledger_add(&tide_flow_ledger(flow)->bytes_read, bytes);
        if (parcel.batch.array.length > 0 || parcel.position) {
            rc = tide_channel_send(flow->to_middle, &parcel, bytes);
        }
        tide_parcel_clear(&parcel);
        if (rc != TIDE_OK) {
            return stopped(err);
        }
    }
    return rc;
}

static void *reader_main(void *arg)
{
    struct tide_flow *flow = arg;
    struct tide_error err = {0};

    (void)pthread_setname_np(pthread_self(), "reader");
    tide_activity_enter_thread();
    if (pump_source(flow, &err) == TIDE_END) {
        flow->position_after = ask_position(flow);
        tide_channel_finish(flow->to_middle);
    } else {
        tide_flow_fail(flow, &err);
    }
    return NULL;
}

/* ---- the middle ---------------------------------------------------------------------*/

/* Where all rows are gone the place behind them still goes on. */
static int pass_on(struct tide_flow *flow, struct tide_parcel *parcel,
                   struct tide_error *err)
{
    struct tide_batch *batch = &parcel->batch;
    int64_t bytes = 0;
    int rc = TIDE_OK;

    flow->processing = parcel->number;
    if (batch->array.length > 0) {
        rc = tide_flow_process(flow, batch, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    if (batch->array.length > 0) {
        bytes = tide_batch_bytes(batch, &flow->accepted);
    } else if (parcel->position) {
        tide_batch_release(batch);
    } else {
        return TIDE_OK;
    }
    rc = tide_channel_send(flow->to_writer, parcel, bytes);
    return rc == TIDE_OK ? TIDE_OK : stopped(err);
}

static int pump_middle(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_parcel parcel = {0};
    int rc = TIDE_OK;

    while ((rc = tide_channel_receive(flow->to_middle, &parcel, TIDE_CHANNEL_FOREVER)) ==
           TIDE_OK) {
        rc = pass_on(flow, &parcel, err);
        tide_parcel_clear(&parcel);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return rc == TIDE_E_CANCELLED ? stopped(err) : rc;
}

static void run_middle(struct tide_flow *flow)
{
    struct tide_error err = {0};

    if (pump_middle(flow, &err) == TIDE_END) {
        tide_channel_finish(flow->to_writer);
    } else {
        tide_flow_fail(flow, &err);
    }
}

/* ---- the writer ---------------------------------------------------------------------*/

static int take_parcel(struct tide_flow *flow, struct tide_parcel *parcel,
                       struct tide_error *err)
{
    int rc = TIDE_OK;

    flow->writing = parcel->number;
    rc = tide_flow_write(flow, &parcel->batch, err);
    if (rc == TIDE_OK) {
        tide_flow_reach(flow, parcel->position);
        parcel->position = NULL;
    }
    tide_parcel_clear(parcel);
    return rc;
}

/* Until when a parcel is waited for: rows are not left undecided for long. */
static int64_t wait_until(const struct tide_flow *flow)
{
    int64_t due = tide_flow_checkpoint_due(flow);
    int64_t idle =
        flow->lent_count > 0 ? tide_clock_now() + LONGEST_LOAN : TIDE_CHANNEL_FOREVER;

    return due < idle ? due : idle;
}

static int pump_destination(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_parcel parcel = {0};
    int rc = TIDE_OK;

    tide_flow_put_off_checkpoint(flow);
    do {
        rc = tide_channel_receive(flow->to_writer, &parcel, wait_until(flow));
        if (rc == TIDE_OK) {
            rc = take_parcel(flow, &parcel, err);
        } else if (rc == TIDE_MORE) {
            rc = tide_flow_settle(flow, err);
        } else if (rc == TIDE_E_CANCELLED) {
            return stopped(err);
        }
        if (rc == TIDE_OK) {
            rc = tide_flow_checkpoint(flow, err);
        }
    } while (rc == TIDE_OK);
    return rc == TIDE_END ? tide_flow_commit(flow, err) : rc;
}

static void *writer_main(void *arg)
{
    struct tide_flow *flow = arg;
    struct tide_error err = {0};

    (void)pthread_setname_np(pthread_self(), "writer");
    tide_activity_enter_thread();
    if (pump_destination(flow, &err) != TIDE_OK) {
        tide_flow_fail(flow, &err);
    }
    return NULL;
}

/* ---- all of them --------------------------------------------------------------------*/

static bool start_thread(struct tide_flow *flow, void *(*start)(void *), const char *name,
                         pthread_t *thread)
{
    struct tide_error err;
    pthread_attr_t attributes;
    int rc = 0;

    TIDE_INVARIANT(pthread_attr_init(&attributes) == 0);
    (void)pthread_attr_setstacksize(&attributes, STACK_BYTES);
    rc = pthread_create(thread, &attributes, start, flow);
    (void)pthread_attr_destroy(&attributes);
    if (rc != 0) {
        (void)tide_error_set(&err, TIDE_E_LIMIT, "cannot start the %s thread: %s", name,
                             strerror(rc));
        tide_flow_fail(flow, &err);
        return false;
    }
    return true;
}

/* Two batches on their way between two threads keep both busy; more would only take
 * memory. */
static const struct tide_channel_bounds channel_bounds = {
    .parcels = 2,
    .rows = INT64_C(2) * TIDE_FLOW_BATCH_ROWS,
    .bytes = 2 * TIDE_FLOW_BATCH_BYTES,
};

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

/* A source in which no columns were found may still have what was meant to be rows: each
 * is rejected, and nothing is written. */
static int drain(struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_source *source = flow->engine->source.entry->source;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && !tide_flow_is_stopped(flow)) {
        struct tide_batch batch = {0};

        tide_plugin_host_enter(&flow->source, "read", err);
        rc = source->read(flow->source_state, &batch, err);
        rc = tide_plugin_host_leave(&flow->source, rc, err);
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
        return stopped(err);
    }
    rc = tide_rejects_judge(flow->engine->rejects, err);
    return rc == TIDE_OK ? refuse_replace(flow, err) : rc;
}

int tide_flow_run(struct tide_flow *flow, struct tide_error *err)
{
    const atomic_bool *cancel = flow->engine->request->cancel;
    pthread_t reader, writer;
    bool has_writer = false, has_reader = false;

    if (flow->source_schema.column_count == 0) {
        return drain(flow, err);
    }
    if (tide_unread_tell(flow, err) != TIDE_OK) {
        return err->code;
    }
    flow->to_middle = tide_channel_create(&channel_bounds, cancel);
    flow->to_writer = tide_channel_create(&channel_bounds, cancel);
    has_writer = start_thread(flow, writer_main, "writer", &writer);
    has_reader = has_writer && start_thread(flow, reader_main, "reader", &reader);
    if (has_reader) {
        run_middle(flow);
        (void)pthread_join(reader, NULL);
    }
    if (has_writer) {
        (void)pthread_join(writer, NULL);
    }
    if (flow->error.code != TIDE_OK) {
        *err = flow->error;
        return err->code;
    }
    return acknowledge(flow, flow->position_after, err);
}
