/*
 * pipelines - /v1/pipelines: list, get, status, period, delete.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include "api/call.h"
#include "api/view.h"

#include "base/json.h"

static void on_changed(void *arg, const struct tide_pipeline_record *pipeline,
                       const struct tide_error *err)
{
    (void)pipeline;
    if (err) {
        tide_call_reply_failure(arg, err);
    } else {
        tide_call_reply_nothing(arg);
    }
}

static void on_pipeline(void *arg, const struct tide_pipeline_record *pipeline,
                        const struct tide_error *err)
{
    if (err) {
        tide_call_reply_failure(arg, err);
    } else {
        tide_call_reply_json(arg, 200, tide_view_pipeline(pipeline));
    }
}

static void on_list(void *arg, const struct tide_pipeline_record *pipelines, size_t count,
                    const struct tide_error *err)
{
    struct json_object *out, *list;

    if (err) {
        tide_call_reply_failure(arg, err);
        return;
    }
    out = json_object_new_object();
    list = json_object_new_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_object_array_add(list, tide_view_pipeline(&pipelines[i]));
    }
    tide_json_set(out, "pipelines", list);
    tide_call_reply_json(arg, 200, out);
}

void tide_api_list_pipelines(struct tide_call *call)
{
    struct tide_pipeline_filter filter = {.workspace = call->workspace};

    if (tide_call_query_bool(call, "archived", &filter.archived)) {
        tide_store_pipeline_list(call->api->options.store, &filter, on_list, call);
    }
}

void tide_api_get_pipeline(struct tide_call *call)
{
    struct tide_pipeline_ref ref = tide_call_pipeline(call);

    tide_store_pipeline_get(call->api->options.store, &ref, on_pipeline, call);
}

void tide_api_put_status(struct tide_call *call)
{
    static const char *const known[] = {"enabled", NULL};
    struct tide_pipeline_ref ref = tide_call_pipeline(call);
    struct json_object *enabled;

    if (!tide_call_read_body(call) || !tide_call_only_knows(call, known)) {
        return;
    }
    enabled = tide_json_member(call->body, "enabled");
    if (!json_object_is_type(enabled, json_type_boolean)) {
        tide_call_reply_error(call, 400, "bad_request",
                              "\"enabled\" is required, and must be true or false");
        return;
    }
    tide_store_pipeline_enable(call->api->options.store, &ref,
                               json_object_get_boolean(enabled), on_changed, call);
}

void tide_api_put_schedule(struct tide_call *call)
{
    static const char *const known[] = {"period", NULL};
    struct tide_pipeline_ref ref = tide_call_pipeline(call);
    struct json_object *period = NULL;
    int64_t minutes = 0;
    bool present;

    if (!tide_call_read_body(call) || !tide_call_only_knows(call, known)) {
        return;
    }
    present = json_object_object_get_ex(call->body, "period", &period);
    if (json_object_is_type(period, json_type_string)) {
        minutes = tide_period_parse(json_object_get_string(period));
    }
    if (!present || (period && minutes == 0)) {
        tide_call_reply_error(call, 400, "bad_request",
                              "\"period\" is required, and must be %s, or null",
                              tide_period_words);
        return;
    }
    tide_store_pipeline_period(call->api->options.store, &ref, minutes, on_changed, call);
}

static void on_deleted(void *arg, const struct tide_pipeline_record *pipeline,
                       const struct tide_error *err)
{
    struct tide_call *call = arg;

    if (!err) {
        (void)tide_supervise_cancel_pipeline(call->api->options.supervise, pipeline->uid);
    }
    on_changed(arg, pipeline, err);
}

void tide_api_delete_pipeline(struct tide_call *call)
{
    struct tide_pipeline_ref ref = tide_call_pipeline(call);

    tide_store_pipeline_delete(call->api->options.store, &ref, on_deleted, call);
}
