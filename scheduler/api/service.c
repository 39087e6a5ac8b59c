/*
 * service - /healthz, /readyz and /openapi.yaml: for those who run the daemon.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include <string.h>

#include "api/call.h"
#include "api/openapi.h"

#include "base/json.h"
#include "base/memory.h"

static struct json_object *status(const char *word)
{
    struct json_object *out = json_object_new_object();

    tide_json_set_text(out, "status", word);
    return out;
}

void tide_api_health(struct tide_call *call)
{
    tide_call_reply_json(call, 200, status("ok"));
}

static void reply_not_ready(struct tide_call *call, const char *reason)
{
    struct json_object *out = status("starting");

    tide_json_set_text(out, "reason", reason);
    tide_call_reply_json(call, 503, out);
}

static void on_store_answers(void *arg, const struct tide_pipeline_record *pipelines,
                             size_t count, const struct tide_error *err)
{
    (void)pipelines;
    (void)count;
    if (err) {
        reply_not_ready(arg, err->message);
    } else {
        tide_call_reply_json(arg, 200, status("ready"));
    }
}

void tide_api_ready(struct tide_call *call)
{
    struct tide_pipeline_filter filter = {.limit = 1};

    if (!call->api->catalog) {
        reply_not_ready(call, "the plugins are being read");
    } else if (!tide_schedule_is_ready(call->api->options.schedule)) {
        reply_not_ready(call, "the schedule is being loaded");
    } else {
        tide_store_pipeline_list(call->api->options.store, &filter, on_store_answers,
                                 call);
    }
}

void tide_api_openapi(struct tide_call *call)
{
    static const struct tide_http_header headers[] = {
        {"Content-Type", "application/yaml"}, {NULL, NULL}};
    char *body = tide_alloc(tide_openapi_length + 1);

    memcpy(body, tide_openapi, tide_openapi_length);
    tide_http_reply(call->request, 200, headers, body, tide_openapi_length);
}
