/*
 * rejects - GET /v1/pipelines/runs/:id/rejects: the rows a run refused, and why.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include "api/call.h"
#include "api/view.h"

#include "base/json.h"

#define LIST_DEFAULT 100
#define LIST_MOST 1000

static void on_rejects(void *arg, const struct tide_reject_record *rejects, size_t count,
                       const struct tide_error *err)
{
    struct tide_call *call = arg;
    struct json_object *out, *list;

    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    out = json_object_new_object();
    list = json_object_new_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_object_array_add(list, tide_view_reject(&rejects[i]));
    }
    tide_json_set(out, "rejects", list);
    if (count > 0 && (int64_t)count == call->limit) {
        tide_json_set_int(out, "cursor", rejects[count - 1].ordinal);
    }
    tide_call_reply_json(call, 200, out);
}

void tide_api_list_rejects(struct tide_call *call)
{
    int64_t after;

    if (!tide_call_query_int(call, "limit", LIST_DEFAULT, 1, LIST_MOST, &call->limit) ||
        !tide_call_query_int(call, "cursor", 0, 1, INT64_MAX, &after)) {
        return;
    }
    tide_store_rejects_list(call->api->options.store, call->workspace, call->id, after,
                            call->limit, on_rejects, call);
}
