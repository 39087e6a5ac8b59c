/*
 * rejects - /v1/pipelines/runs/:id/rejects and /replay: the rows a run refused, and why,
 * and those rows run again.
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
    struct json_object *list;

    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    list = json_object_new_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_object_array_add(list, tide_view_reject(&rejects[i]));
    }
    tide_call_reply_list(call, "rejects", list,
                         count > 0 ? rejects[count - 1].ordinal : 0);
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

/* ---- replay -------------------------------------------------------------------------*/

static struct json_object *counts_of(const struct tide_replay_counts *counts)
{
    struct json_object *out = json_object_new_object();

    tide_json_set_int(out, "replaying", counts->taken);
    tide_json_set_int(out, "left", counts->left);
    tide_json_set_int(out, "replayedBefore", counts->replayed);
    tide_json_set_int(out, "notReplayable", counts->unable);
    tide_json_set_int(out, "notKept", counts->dropped);
    return out;
}

static void on_replay(void *arg, enum tide_run_refusal refusal,
                      const struct tide_run_record *run,
                      const struct tide_replay_counts *counts,
                      const struct tide_error *err)
{
    struct json_object *out = tide_api_start_run(arg, refusal, run, err);

    if (out) {
        tide_json_set(out, "rejects", counts_of(counts));
        tide_call_reply_json(arg, 200, out);
    }
}

void tide_api_replay(struct tide_call *call)
{
    static const char *const known[] = {"again", NULL};
    struct json_object *again;

    if (!tide_call_read_body(call) || !tide_call_only_knows(call, known)) {
        return;
    }
    again = tide_json_member(call->body, "again");
    if (again && !json_object_is_type(again, json_type_boolean)) {
        tide_call_reply_error(call, 400, "bad_request",
                              "\"again\" must be true, false or null");
        return;
    }
    tide_store_run_replay(call->api->options.store, call->workspace, call->id,
                          again && json_object_get_boolean(again), on_replay, call);
}
