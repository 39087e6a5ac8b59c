/*
 * document - GET /api/public/v1/pipelines/:id/definition: the document, as YAML or JSON,
 * without its secrets.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/accept.h"
#include "api/definition.h"

#include "base/json.h"
#include "base/memory.h"

static const char *const offered[] = {"application/json", "application/yaml",
                                      "application/x-yaml", "text/yaml", NULL};

static void reply_document(struct tide_call *call, struct json_object *document)
{
    const char *type = offered[call->limit];
    const struct tide_http_header headers[] = {{"Content-Type", type}, {NULL, NULL}};
    char *body = call->limit == 0 ? tide_strdup(tide_json_pretty(document))
                                  : tide_document_format_yaml(document);

    tide_http_reply(call->request, 200, headers, body, strlen(body));
}

static void on_pipeline(void *arg, const struct tide_pipeline_record *pipeline,
                        const struct tide_error *err)
{
    struct tide_call *call = arg;
    struct json_object *document = NULL;
    struct tide_error broken = {0};

    if (err) {
        tide_call_reply_failure(call, err);
        return;
    }
    if (!call->api->catalog) {
        tide_call_reply_error(call, 503, "unavailable",
                              "the daemon still reads its plugins; try again");
        return;
    }
    if (tide_json_parse(pipeline->definition, strlen(pipeline->definition), &document,
                        &broken)) {
        tide_call_reply_failure(call, &broken);
        return;
    }
    tide_secrets_redact(document, call->api->catalog->catalog);
    reply_document(call, document);
    json_object_put(document);
}

void tide_api_get_definition(struct tide_call *call)
{
    struct tide_pipeline_ref ref = tide_call_pipeline(call);
    int chosen = tide_accept_choose(tide_http_header(call->request, "Accept"), offered);

    if (chosen < 0) {
        tide_call_reply_error(call, 406, "not_acceptable",
                              "a definition can be had as application/yaml or "
                              "application/json");
        return;
    }
    call->limit = chosen;
    tide_store_pipeline_get(call->api->options.store, &ref, on_pipeline, call);
}
