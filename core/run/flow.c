/*
 * flow - one table of a run: its life, and what its threads share; see flow.h.
 */
#include "run/flow.h"

#include "base/check.h"
#include "base/json.h"
#include "batch/batch_ops.h"
#include "run/replay.h"
#include "run/verify.h"

void tide_flow_init(struct tide_flow *flow, struct tide_engine *engine, size_t table)
{
    memset(flow, 0, sizeof *flow);
    flow->engine = engine;
    flow->table = &engine->pipeline->tables[table];
    flow->tally = &engine->tables[table];
    flow->reading = 1;
    flow->covered_before = tide_rejects_covered(engine->rejects, TIDE_REJECTS_ALL);
    atomic_init(&flow->is_stopped, false);
    atomic_init(&flow->holds_rejects, false);
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
    tide_flow_close_source(flow);
}

void tide_flow_fini(struct tide_flow *flow)
{
    /* Batches go first: what they point at may be the plugins'. */
    tide_channel_destroy(flow->to_middle);
    tide_channel_destroy(flow->to_writer);
    tide_flow_take_back(flow);
    close_plugins(flow);
    (void)tide_rejects_release(flow->engine->rejects, TIDE_REJECTS_ALL);
    tide_plugin_host_fini(&flow->source);
    tide_plugin_host_fini(&flow->destination);
    tide_validation_fini(&flow->input);
    tide_validation_fini(&flow->output);
    tide_filter_destroy(flow->filter);
    tide_unread_fini(&flow->unread);
    tide_verify_destroy(flow->verify);
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
    free(flow->destination_readable);
    free(flow->position_before);
    free(flow->position_after);
    free(flow->position_kept);
    free(flow->load_from);
    free(flow->reached);
    free(flow->committed);
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

void tide_flow_tell_table(const struct tide_flow *flow)
{
    const struct tide_table *table = flow->table;
    struct json_object *event = json_object_new_object();

    tide_json_set_text(event, "event", "table");
    tide_json_set_text(event, "table", table->name);
    tide_json_set_text(event, "as", table->as);
    tide_json_set_text(event, "mode", tide_engine_mode_name(table->mode));
    tide_json_set_bool(event, "resumed", flow->is_resumed);
    tide_engine_emit(flow->engine, event);
}

/* The number of the parcel that is at a step, on that step's thread. */
static int64_t parcel_at(const struct tide_flow *flow, int step)
{
    if (step == TIDE_STEP_RECEIVE) {
        return flow->reading;
    }
    return step == TIDE_STEP_FINALIZE ? flow->writing : flow->processing;
}

int tide_flow_reject(struct tide_flow *flow, const struct tide_reject_note *note)
{
    struct tide_reject_note full = *note;
    struct tide_error err = {0};

    full.table = flow->table->name;
    full.parcel = flow->makes_checkpoints ? parcel_at(flow, note->step) : 0;
    full.is_held = atomic_load(&flow->holds_rejects);
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
        note.row_length = scratch->length;
        tide_text_append_char(scratch, '\0');
        tide_replay_note(flow, step, batch, schema, row, scratch);
        note.row = scratch->data;
        note.replay = scratch->data + note.row_length + 1;
    }
    return tide_flow_reject(flow, &note);
}
