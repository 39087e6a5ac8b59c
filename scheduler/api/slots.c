/*
 * slots - GET /v1/pipelines/:id/schedule: the last and the next ten slots.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include "api/call.h"
#include "api/view.h"

#include "base/json.h"
#include "schedule/slot.h"

#define SHOWN 10
/** Runs that are looked through for the last slots; those on request stand among them. */
#define SEARCHED 100

static struct json_object *next_slots(const struct tide_pipeline_record *pipeline)
{
    struct json_object *list = json_object_new_array_ext(SHOWN);
    int64_t slot = pipeline->next_due;

    for (int i = 0; slot && i < SHOWN; i++) {
        (void)json_object_array_add(list, tide_view_time(slot));
        slot =
            tide_slot_after(pipeline->uid, pipeline->period_minutes * TIDE_MINUTE, slot);
    }
    return list;
}

static struct json_object *slot_of(const struct tide_run_record *run)
{
    struct json_object *out = json_object_new_object();

    tide_json_set(out, "slot", tide_view_time(run->slot));
    tide_json_set_int(out, "run", run->id);
    tide_json_set_text(out, "state", tide_run_state_name((int)run->state));
    tide_json_set_text(out, "error", run->error);
    if (run->state == TIDE_RUN_SKIPPED) {
        tide_json_set_int(out, "slotCount", run->slot_count);
    }
    return out;
}

static void on_runs(void *arg, const struct tide_run_record *runs, size_t count,
                    const struct tide_error *err)
{
    struct tide_call *call = arg;
    struct json_object *last;

    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    last = json_object_new_array_ext(SHOWN);
    for (size_t i = 0; i < count && json_object_array_length(last) < SHOWN; i++) {
        if (runs[i].slot) {
            (void)json_object_array_add(last, slot_of(&runs[i]));
        }
    }
    tide_json_set(call->body, "last", last);
    tide_call_reply_json(call, 200, json_object_get(call->body));
}

/** The answer is gathered in call->body: first the pipeline, then its runs. */
static void on_pipeline(void *arg, const struct tide_pipeline_record *pipeline,
                        const struct tide_error *err)
{
    struct tide_call *call = arg;
    struct tide_run_filter filter = {.workspace = call->workspace, .limit = SEARCHED};

    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    call->body = json_object_new_object();
    tide_json_set(call->body, "period", tide_view_period(pipeline->period_minutes));
    tide_json_set_bool(call->body, "enabled", pipeline->enabled);
    tide_json_set(call->body, "next", next_slots(pipeline));
    filter.pipeline = pipeline->id;
    tide_store_run_list(call->api->options.store, &filter, on_runs, call);
}

void tide_api_get_schedule(struct tide_call *call)
{
    struct tide_pipeline_ref ref = tide_call_pipeline(call);

    tide_store_pipeline_get(call->api->options.store, &ref, on_pipeline, call);
}
