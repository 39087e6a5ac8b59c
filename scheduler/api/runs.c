/*
 * runs - /v1/pipelines/runs and /v1/pipelines/:id/runs: start, list, get, cancel.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include "api/call.h"
#include "api/view.h"

#include <string.h>

#include "base/json.h"
#include "base/text.h"

/** How many runs a list without a limit shows, and the most that a limit may ask for. */
#define LIST_ALL 1000
#define LIST_MOST 100

/* ---- start ---- */

static void reply_refused(struct tide_call *call, enum tide_run_refusal refusal)
{
    static const struct {
        unsigned status;
        const char *code;
    } answers[] = {
        [TIDE_REFUSED_NO_PIPELINE] = {404, "not_found"},
        [TIDE_REFUSED_NO_CURSOR] = {422, "cannot_run_incrementally"},
        [TIDE_REFUSED_DISABLED] = {422, "pipeline_disabled"},
        [TIDE_REFUSED_IN_PROGRESS] = {422, "pipeline_already_running"},
        [TIDE_REFUSED_INSPECTION] = {422, "inspection_mode"},
        [TIDE_REFUSED_MAINTENANCE] = {422, "maintenance_mode"},
        [TIDE_REFUSED_NO_REJECTS] = {422, "no_rejects"},
    };

    tide_call_reply_error(call, answers[refusal].status, answers[refusal].code, "%s",
                          tide_run_refusal_message(refusal));
}

struct json_object *tide_api_start_run(struct tide_call *call,
                                       enum tide_run_refusal refusal,
                                       const struct tide_run_record *run,
                                       const struct tide_error *err)
{
    struct json_object *out;

    if (err) {
        tide_call_reply_failure(call, err);
        return NULL;
    }
    if (refusal != TIDE_RUN_ACCEPTED) {
        reply_refused(call, refusal);
        return NULL;
    }
    tide_supervise_submit(call->api->options.supervise, run);
    out = json_object_new_object();
    tide_json_set_int(out, "id", run->id);
    return out;
}

static void on_created(void *arg, enum tide_run_refusal refusal,
                       const struct tide_run_record *run, const struct tide_error *err)
{
    struct json_object *out = tide_api_start_run(arg, refusal, run, err);

    if (out) {
        tide_call_reply_json(arg, 200, out);
    }
}

void tide_api_create_run(struct tide_call *call)
{
    static const char *const known[] = {"incremental", NULL};
    struct tide_run_new new_run = {.trigger = TIDE_TRIGGER_API, .incremental = -1};
    struct json_object *incremental;

    if (!tide_call_read_body(call) || !tide_call_only_knows(call, known)) {
        return;
    }
    incremental = tide_json_member(call->body, "incremental");
    if (incremental && !json_object_is_type(incremental, json_type_boolean)) {
        tide_call_reply_error(call, 400, "bad_request",
                              "\"incremental\" must be true, false or null");
        return;
    }
    if (incremental) {
        new_run.incremental = json_object_get_boolean(incremental) ? 1 : 0;
    }
    new_run.pipeline = tide_call_pipeline(call);
    tide_store_run_create(call->api->options.store, &new_run, on_created, call);
}

/* ---- list and get ---- */

static struct json_object *view(const struct tide_call *call,
                                const struct tide_run_record *run, bool whole)
{
    struct tide_ledger ledger;
    bool live = run->state == TIDE_RUN_RUNNING &&
                tide_supervise_progress(call->api->options.supervise, run->id, &ledger);

    return tide_view_run(run, live ? &ledger : NULL, whole);
}

static void on_list(void *arg, const struct tide_run_record *runs, size_t count,
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
        (void)json_object_array_add(list, view(call, &runs[i], false));
    }
    tide_call_reply_list(call, "runs", list, count > 0 ? runs[count - 1].sequence : 0);
}

static void refuse_state(struct tide_call *call, const char *text)
{
    const char *names[TIDE_RUN_SKIPPED + 1];
    const char *nearest;

    for (int state = 0; state <= TIDE_RUN_SKIPPED; state++) {
        names[state] = tide_run_state_name(state);
    }
    nearest = tide_text_nearest(text, names, TIDE_RUN_SKIPPED + 1);
    tide_call_reply_error(call, 400, "bad_request",
                          "\"%.40s\" is no state; use queued, running, succeeded, "
                          "failed, cancelled, interrupted or skipped%s%s%s",
                          text, nearest ? "; did you mean \"" : "",
                          nearest ? nearest : "", nearest ? "\"?" : "");
}

static bool read_state(struct tide_call *call, unsigned *states)
{
    const char *text = tide_http_query(call->request, "state");
    int state;

    if (!text) {
        return true;
    }
    if (tide_run_state_parse(text, &state)) {
        refuse_state(call, text);
        return false;
    }
    *states = TIDE_RUN_STATE_BIT(state);
    return true;
}

void tide_api_list_runs(struct tide_call *call)
{
    struct tide_run_filter filter = {.workspace = call->workspace};

    if (!tide_call_query_int(call, "limit", LIST_ALL, 1,
                             tide_http_query(call->request, "limit") ? LIST_MOST
                                                                     : LIST_ALL,
                             &filter.limit) ||
        !tide_call_query_int(call, "cursor", 0, 1, INT64_MAX, &filter.before) ||
        !tide_call_query_int(call, "pipeline", 0, 1, INT32_MAX, &filter.pipeline) ||
        !read_state(call, &filter.states)) {
        return;
    }
    call->limit = filter.limit;
    tide_store_run_list(call->api->options.store, &filter, on_list, call);
}

static void on_run(void *arg, const struct tide_run_record *run,
                   const struct tide_error *err)
{
    if (err) {
        tide_call_reply_failure(arg, err);
    } else {
        tide_call_reply_json(arg, 200, view(arg, run, true));
    }
}

void tide_api_get_run(struct tide_call *call)
{
    tide_store_run_get(call->api->options.store, call->workspace, call->id, on_run, call);
}

/* ---- cancel ---- */

static void on_run_to_cancel(void *arg, const struct tide_run_record *run,
                             const struct tide_error *err)
{
    struct tide_call *call = arg;

    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    if (run->ended_at || !tide_supervise_cancel(call->api->options.supervise, run->id)) {
        tide_call_reply_error(call, 422, "run_ended", "run has already ended");
        return;
    }
    tide_call_reply_nothing(call);
}

void tide_api_cancel_run(struct tide_call *call)
{
    tide_store_run_get(call->api->options.store, call->workspace, call->id,
                       on_run_to_cancel, call);
}
