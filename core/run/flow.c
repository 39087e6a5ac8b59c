/*
 * flow - one table of a run: its threads, and how they end; see flow.h.
 */
#define _GNU_SOURCE /* pthread_setname_np */

#include "run/flow.h"

#include "base/check.h"
#include "base/json.h"
#include "batch/batch_ops.h"

/* Two batches on their way between two threads keep both busy; more would only take
 * memory. */
static const struct tide_channel_bounds channel_bounds = {
    .batches = 2,
    .rows = (int64_t)2 * TIDE_FLOW_BATCH_ROWS,
    .bytes = TIDE_FLOW_BATCH_BYTES,
};

/* Plugins' libraries want more than the engine does; the default of 8 MiB would count
 * against the memory limit. */
#define STACK_BYTES ((size_t)1024 * 1024)

void tide_flow_init(struct tide_flow *flow, struct tide_engine *engine, size_t table)
{
    memset(flow, 0, sizeof *flow);
    flow->engine = engine;
    flow->table = &engine->pipeline->tables[table];
    flow->tally = &engine->tables[table];
    atomic_init(&flow->is_stopped, false);
    TIDE_INVARIANT(pthread_mutex_init(&flow->lock, NULL) == 0);
    tide_plugin_host_init(&flow->source, flow, TIDE_STEP_RECEIVE, TIDE_KIND_SOURCE,
                          engine->source.entry->name);
    tide_plugin_host_init(&flow->destination, flow, TIDE_STEP_FINALIZE,
                          TIDE_KIND_DESTINATION, engine->destination.entry->name);
}

static void close_plugins(struct tide_flow *flow)
{
    struct tide_error unused;

    if (flow->destination_state) {
        tide_plugin_host_enter(&flow->destination, "close", &unused);
        flow->engine->destination.entry->destination->close(flow->destination_state);
        (void)tide_plugin_host_leave(&flow->destination, TIDE_OK, &unused);
    }
    for (size_t i = 0; i < flow->transform_count; i++) {
        struct tide_flow_transform *transform = &flow->transforms[i];

        if (transform->state) {
            tide_plugin_host_enter(&transform->host, "close", &unused);
            transform->plugin->close(transform->state);
            (void)tide_plugin_host_leave(&transform->host, TIDE_OK, &unused);
        }
        tide_plugin_host_fini(&transform->host);
        tide_schema_clear(&transform->in);
        tide_schema_clear(&transform->out);
    }
    if (flow->source_state) {
        tide_plugin_host_enter(&flow->source, "close", &unused);
        flow->engine->source.entry->source->close(flow->source_state);
        (void)tide_plugin_host_leave(&flow->source, TIDE_OK, &unused);
    }
}

void tide_flow_fini(struct tide_flow *flow)
{
    /* Batches go first: what they point at may be the plugins'. */
    tide_channel_destroy(flow->to_middle);
    tide_channel_destroy(flow->to_writer);
    close_plugins(flow);
    tide_plugin_host_fini(&flow->source);
    tide_plugin_host_fini(&flow->destination);
    tide_validation_fini(&flow->input);
    tide_validation_fini(&flow->output);
    tide_filter_destroy(flow->filter);
    tide_schema_clear(&flow->source_schema);
    tide_schema_clear(&flow->received);
    tide_schema_clear(&flow->outgoing);
    tide_schema_clear(&flow->accepted);
    tide_text_fini(&flow->row);
    free(flow->transforms);
    free(flow->excluded);
    free(flow->drop);
    free(flow->key);
    free(flow->destination_name);
    free(flow->position_before);
    free(flow->position_after);
    (void)pthread_mutex_destroy(&flow->lock);
}

/* ---- what all threads use -----------------------------------------------------------*/

void tide_flow_fail(struct tide_flow *flow, const struct tide_error *err)
{
    (void)pthread_mutex_lock(&flow->lock);
    if (flow->error.code == TIDE_OK ||
        (flow->error.code == TIDE_E_CANCELLED && err->code != TIDE_E_CANCELLED)) {
        flow->error = *err;
    }
    atomic_store(&flow->is_stopped, true);
    (void)pthread_mutex_unlock(&flow->lock);
    if (flow->to_middle) {
        tide_channel_cancel(flow->to_middle);
        tide_channel_cancel(flow->to_writer);
    }
}

bool tide_flow_is_stopped(struct tide_flow *flow)
{
    const atomic_bool *cancel = flow->engine->request->cancel;

    return atomic_load(&flow->is_stopped) || (cancel && atomic_load(cancel));
}

struct tide_ledger *tide_flow_ledger(struct tide_flow *flow)
{
    return flow->engine->request->ledger;
}

void tide_flow_count(struct tide_flow *flow, int step, int64_t passed, int64_t failed)
{
    tide_ledger_count(flow->engine->request->ledger, flow->tally, step, passed, failed);
}

int tide_flow_reject(struct tide_flow *flow, const struct tide_reject_note *note)
{
    struct tide_reject_note full = *note;
    struct tide_error err = {0};

    full.table = flow->table->name;
    if (tide_rejects_take(flow->engine->rejects, &full, &err) == TIDE_OK) {
        return TIDE_OK;
    }
    tide_flow_fail(flow, &err);
    return TIDE_E_LIMIT;
}

int tide_flow_reject_row(struct tide_flow *flow, int step, const struct tide_batch *batch,
                         const struct tide_schema *schema, int64_t row, const char *code,
                         const char *message, struct tide_text *scratch)
{
    struct tide_reject_note note = {
        .step = step,
        .code = code,
        .message = message,
        .origin = batch->origin,
        .position = tide_batch_position(batch, row),
    };

    if (tide_rejects_keeps(flow->engine->rejects)) {
        tide_text_reset(scratch);
        tide_batch_row_json(batch, schema, row, scratch);
        note.row = scratch->data;
        note.row_length = scratch->length;
    }
    return tide_flow_reject(flow, &note);
}

/* ---- the threads --------------------------------------------------------------------*/

/* The source's place after its last row, for the commit. */
static void remember_position(struct tide_flow *flow)
{
    const struct tide_source *source = flow->engine->source.entry->source;
    struct tide_error unused;
    const char *position = NULL;

    /* A run that was told to stop early knows a place that is behind rows it left out. */
    if (flow->engine->request->row_limit > 0 || !source->position) {
        return;
    }
    tide_plugin_host_enter(&flow->source, "position", &unused);
    position = source->position(flow->source_state);
    (void)tide_plugin_host_leave(&flow->source, TIDE_OK, &unused);
    flow->position_after = position ? tide_strdup(position) : NULL;
}

static int pump_source(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_batch batch = {0};
    int rc = TIDE_OK;

    while ((rc = tide_flow_read(flow, &batch, err)) == TIDE_OK) {
        int64_t bytes = tide_batch_bytes(&batch, &flow->received);

        tide_ledger_add(&tide_flow_ledger(flow)->bytes_read, bytes);
        if (batch.array.length == 0) {
            tide_batch_release(&batch);
            continue;
        }
        rc = tide_channel_send(flow->to_middle, &batch, bytes);
        if (rc != TIDE_OK) {
            tide_batch_release(&batch);
            return tide_error_set(err, rc, "the run was asked to stop");
        }
    }
    return rc;
}

static void *reader_main(void *arg)
{
    struct tide_flow *flow = arg;
    struct tide_error err = {0};

    (void)pthread_setname_np(pthread_self(), "reader");
    if (pump_source(flow, &err) == TIDE_END) {
        remember_position(flow);
        tide_channel_finish(flow->to_middle);
    } else {
        tide_flow_fail(flow, &err);
    }
    return NULL;
}

static int pump_destination(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_batch batch = {0};
    int rc = TIDE_OK;

    while ((rc = tide_channel_receive(flow->to_writer, &batch)) == TIDE_OK) {
        rc = tide_flow_write(flow, &batch, err);
        tide_batch_release(&batch);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    if (rc == TIDE_E_CANCELLED) {
        return tide_error_set(err, rc, "the run was asked to stop");
    }
    return tide_flow_commit(flow, err);
}

static void *writer_main(void *arg)
{
    struct tide_flow *flow = arg;
    struct tide_error err = {0};

    (void)pthread_setname_np(pthread_self(), "writer");
    if (pump_destination(flow, &err) != TIDE_OK) {
        tide_flow_fail(flow, &err);
    }
    return NULL;
}

static int pump_middle(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_batch batch = {0};
    int rc = TIDE_OK;

    while ((rc = tide_channel_receive(flow->to_middle, &batch)) == TIDE_OK) {
        rc = tide_flow_process(flow, &batch, err);
        if (rc == TIDE_OK && batch.array.length > 0) {
            rc = tide_channel_send(flow->to_writer, &batch,
                                   tide_batch_bytes(&batch, &flow->accepted));
        }
        tide_batch_release(&batch);
        if (rc != TIDE_OK) {
            break;
        }
    }
    if (rc == TIDE_E_CANCELLED && err->code == TIDE_OK) {
        return tide_error_set(err, rc, "the run was asked to stop");
    }
    return rc;
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

static int acknowledge(struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_source *source = flow->engine->source.entry->source;

    if (!source->acknowledge || !flow->position_after) {
        return TIDE_OK;
    }
    tide_plugin_host_enter(&flow->source, "acknowledge", err);
    return tide_plugin_host_leave(
        &flow->source, source->acknowledge(flow->source_state, flow->position_after, err),
        err);
}

int tide_flow_run(struct tide_flow *flow, struct tide_error *err)
{
    const atomic_bool *cancel = flow->engine->request->cancel;
    pthread_t reader, writer;
    bool has_writer = false, has_reader = false;

    if (flow->source_schema.column_count == 0) {
        return TIDE_OK;
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
    return acknowledge(flow, err);
}
