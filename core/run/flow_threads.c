/*
 * flow_threads - a table's threads, how they begin and how they end.
 */
#define _GNU_SOURCE /* pthread_setname_np */

#include "base/check.h"
#include "base/clock.h"
#include "base/memory.h"
#include "batch/batch_ops.h"
#include "run/activity.h"
#include "run/flow.h"

/* Microseconds that the first batch is held back: where the source shows meanwhile that
 * it has no more, no thread is started to write it, and a short run is shorter by that.
 */
#define FIRST_BATCH_WAITS INT64_C(1000)

/* Plugins' libraries want more than the engine does; the default of 8 MiB would count
 * against the memory limit. */
#define STACK_BYTES ((size_t)1024 * 1024)

/* False when it cannot be started, of which the flow fails. */
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

static void *reader_main(void *arg)
{
    char spare[TIDE_CRASH_STACK];

    (void)pthread_setname_np(pthread_self(), "reader");
    tide_activity_enter_thread(spare);
    tide_flow_read_all(arg);
    return NULL;
}

/* ---- the writer ---------------------------------------------------------------------*/

static int take_parcel(struct tide_flow *flow, struct tide_parcel *parcel,
                       struct tide_error *err)
{
    int rc = TIDE_OK;

    flow->writing = parcel->number;
    flow->received_written = parcel->received;
    rc = tide_flow_write(flow, &parcel->batch, err);
    if (rc == TIDE_OK) {
        tide_flow_reach(flow, parcel->position);
        parcel->position = NULL;
    }
    tide_parcel_clear(parcel);
    return rc;
}

/* Until when rows may stay undecided that are lent now. */
static int64_t loan_due(const struct tide_flow *flow)
{
    int64_t longest = flow->engine->request->longest_loan, due = 0;

    if (__builtin_add_overflow(tide_clock_now(),
                               longest > 0 ? longest : TIDE_LONGEST_LOAN, &due)) {
        return TIDE_CHANNEL_FOREVER;
    }
    return due;
}

/* Until when a parcel is waited for: rows are not left undecided for long. */
static int64_t wait_until(const struct tide_flow *flow)
{
    int64_t due = tide_flow_checkpoint_due(flow);
    int64_t idle = flow->lent_count > 0 ? loan_due(flow) : TIDE_CHANNEL_FOREVER;

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
            return tide_error_cancelled(err);
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
    char spare[TIDE_CRASH_STACK];

    (void)pthread_setname_np(pthread_self(), "writer");
    tide_activity_enter_thread(spare);
    if (pump_destination(flow, &err) != TIDE_OK) {
        tide_flow_fail(flow, &err);
    }
    return NULL;
}

/* ---- the middle ---------------------------------------------------------------------*/

/* What this thread knows of the writer's. */
struct middle {
    struct tide_flow *flow;
    struct tide_parcel first; /* held back: the writer's thread is not started */
    bool holds_first;
    bool has_writer;
    pthread_t writer;
};

static int process(struct tide_flow *flow, struct tide_parcel *parcel,
                   struct tide_error *err)
{
    int rc = TIDE_OK;

    flow->processing = parcel->number;
    if (parcel->batch.array.length > 0) {
        rc = tide_flow_process(flow, &parcel->batch, err);
    }
    if (rc == TIDE_OK && parcel->batch.array.length == 0) {
        tide_batch_release(&parcel->batch);
    }
    return rc;
}

static int send_to_writer(struct tide_flow *flow, struct tide_parcel *parcel,
                          struct tide_error *err)
{
    const struct tide_batch *batch = &parcel->batch;
    int64_t bytes =
        batch->array.length > 0 ? tide_batch_bytes(batch, &flow->accepted) : 0;

    return tide_channel_send(flow->to_writer, parcel, bytes) == TIDE_OK
               ? TIDE_OK
               : tide_error_cancelled(err);
}

static int start_writer(struct middle *middle, struct tide_error *err)
{
    struct tide_flow *flow = middle->flow;

    if (middle->has_writer) {
        return TIDE_OK;
    }
    middle->has_writer = start_thread(flow, writer_main, "writer", &middle->writer);
    if (!middle->has_writer) {
        return tide_error_cancelled(err);
    }
    middle->holds_first = false;
    return send_to_writer(flow, &middle->first, err);
}

/* Where all rows are gone the place behind them still goes on. */
static int pass_on(struct middle *middle, struct tide_parcel *parcel,
                   struct tide_error *err)
{
    int rc = TIDE_OK;

    if (parcel->batch.array.length == 0 && !parcel->position) {
        return TIDE_OK;
    }
    if (!middle->has_writer && !middle->holds_first) {
        middle->holds_first = true;
        middle->first = *parcel;
        memset(parcel, 0, sizeof *parcel);
        return TIDE_OK;
    }
    rc = start_writer(middle, err);
    return rc == TIDE_OK ? send_to_writer(middle->flow, parcel, err) : rc;
}

static int move_on(struct middle *middle, struct tide_parcel *parcel,
                   struct tide_error *err)
{
    int rc = process(middle->flow, parcel, err);

    return rc == TIDE_OK ? pass_on(middle, parcel, err) : rc;
}

/* The first batch and, while the source says that it has no more, what is read behind it:
 * its end.  A source that is over so soon needs no thread. */
static int pump_first(struct middle *middle, struct tide_error *err)
{
    struct tide_flow *flow = middle->flow;
    struct tide_parcel parcel = {0};
    int64_t unused = 0;
    int rc = TIDE_OK;

    do {
        rc = tide_flow_take(flow, &parcel, &unused, err);
        if (rc == TIDE_OK) {
            rc = move_on(middle, &parcel, err);
        }
        tide_parcel_clear(&parcel);
    } while (rc == TIDE_OK && tide_flow_source_is_over(flow));
    return rc;
}

static int pump_middle(struct middle *middle, struct tide_error *err)
{
    struct tide_flow *flow = middle->flow;
    struct tide_parcel parcel = {0};
    int rc = TIDE_OK;

    while (rc == TIDE_OK) {
        int64_t until = middle->holds_first ? tide_clock_now() + FIRST_BATCH_WAITS
                                            : TIDE_CHANNEL_FOREVER;

        rc = tide_channel_receive(flow->to_middle, &parcel, until);
        if (rc == TIDE_OK) {
            rc = move_on(middle, &parcel, err);
        } else if (rc == TIDE_MORE) {
            rc = start_writer(middle, err);
        } else if (rc == TIDE_E_CANCELLED) {
            return tide_error_cancelled(err);
        }
        tide_parcel_clear(&parcel);
    }
    return rc;
}

/* All there is came with the first batch, if there was one. */
static int write_alone(struct middle *middle, struct tide_error *err)
{
    struct tide_flow *flow = middle->flow;
    int rc = TIDE_OK;

    tide_flow_put_off_checkpoint(flow);
    if (middle->holds_first) {
        rc = take_parcel(flow, &middle->first, err);
    }
    if (rc == TIDE_OK) {
        rc = tide_flow_checkpoint(flow, err);
    }
    return rc == TIDE_OK ? tide_flow_commit(flow, err) : rc;
}

/* And the other two, which are over when this returns. */
static void run_middle(struct tide_flow *flow)
{
    struct middle middle = {.flow = flow};
    struct tide_error err = {0};
    bool has_reader = false;
    pthread_t reader;
    int rc = pump_first(&middle, &err);

    if (rc == TIDE_OK) {
        has_reader = start_thread(flow, reader_main, "reader", &reader);
        rc = has_reader ? pump_middle(&middle, &err) : tide_error_cancelled(&err);
    }
    if (rc == TIDE_END && middle.has_writer) {
        tide_channel_finish(flow->to_writer);
    } else if (rc == TIDE_END) {
        rc = write_alone(&middle, &err);
    }
    if (rc < 0) {
        tide_flow_fail(flow, &err);
    }
    if (middle.has_writer) {
        (void)pthread_join(middle.writer, NULL);
    }
    if (has_reader) {
        (void)pthread_join(reader, NULL);
    }
    tide_parcel_clear(&middle.first);
}

/* ---- all of them --------------------------------------------------------------------*/

/* Two batches on their way between two threads keep both busy; more would only take
 * memory. */
static const struct tide_channel_bounds channel_bounds = {
    .parcels = 2,
    .rows = INT64_C(2) * TIDE_FLOW_BATCH_ROWS,
    .bytes = 2 * TIDE_FLOW_BATCH_BYTES,
};

int tide_flow_run(struct tide_flow *flow, struct tide_error *err)
{
    const atomic_bool *cancel = flow->engine->request->cancel;

    if (flow->source_schema.column_count == 0) {
        return tide_flow_drain(flow, err);
    }
    if (tide_unread_tell(flow, err) != TIDE_OK) {
        return err->code;
    }
    flow->to_middle = tide_channel_create(&channel_bounds, cancel);
    flow->to_writer = tide_channel_create(&channel_bounds, cancel);
    run_middle(flow);
    if (flow->error.code != TIDE_OK) {
        *err = flow->error;
        return err->code;
    }
    return tide_flow_acknowledge(flow, flow->position_after, err);
}
