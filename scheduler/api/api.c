/*
 * api - the table of all calls, and the way of a request to its handler.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include "api/api.h"

#include <stdlib.h>

#include "api/call.h"
#include "api/definition.h"
#include "base/check.h"
#include "base/memory.h"

enum access {
    WITH_KEY,
    OPEN,     /**< anybody */
    LOOPBACK, /**< anybody of this machine, else with a key */
};

/* The parameters of calls. */
static const char *const none[] = {NULL};
static const char *const of_pipelines[] = {"archived", NULL};
static const char *const of_runs[] = {"pipeline", "state", "limit", "cursor", NULL};
static const char *const of_rejects[] = {"limit", "cursor", NULL};
static const char *const of_metadata[] = {"name", "archived", "page", "page_size", NULL};

static const struct {
    const char *method, *path;
    tide_call_fn handle;
    enum access access;
    const char *const *parameters; /* NULL: any, and none is looked at */
} table[] = {
    {"GET", "/v1/pipelines", tide_api_list_pipelines, WITH_KEY, of_pipelines},
    {"GET", "/v1/pipelines/runs", tide_api_list_runs, WITH_KEY, of_runs},
    {"GET", "/v1/pipelines/runs/:id", tide_api_get_run, WITH_KEY, none},
    {"POST", "/v1/pipelines/runs/:id/cancel", tide_api_cancel_run, WITH_KEY, none},
    {"GET", "/v1/pipelines/runs/:id/rejects", tide_api_list_rejects, WITH_KEY,
     of_rejects},
    {"POST", "/v1/pipelines/runs/:id/replay", tide_api_replay, WITH_KEY, none},
    {"GET", "/v1/pipelines/:id", tide_api_get_pipeline, WITH_KEY, none},
    {"DELETE", "/v1/pipelines/:id", tide_api_delete_pipeline, WITH_KEY, none},
    {"PUT", "/v1/pipelines/:id/status", tide_api_put_status, WITH_KEY, none},
    {"GET", "/v1/pipelines/:id/schedule", tide_api_get_schedule, WITH_KEY, none},
    {"PUT", "/v1/pipelines/:id/schedule", tide_api_put_schedule, WITH_KEY, none},
    {"POST", "/v1/pipelines/:id/runs", tide_api_create_run, WITH_KEY, none},
    {"GET", "/api/public/v1/pipelines", tide_api_list_metadata, WITH_KEY, of_metadata},
    {"POST", "/api/public/v1/pipelines", tide_api_create_from_definition, WITH_KEY, none},
    {"POST", "/api/public/v1/pipelines/validate", tide_api_validate_definition, WITH_KEY,
     none},
    {"GET", "/api/public/v1/pipelines/:id", tide_api_get_metadata, WITH_KEY, none},
    {"DELETE", "/api/public/v1/pipelines/:id", tide_api_archive, WITH_KEY, none},
    {"GET", "/api/public/v1/pipelines/:id/definition", tide_api_get_definition, WITH_KEY,
     none},
    {"PUT", "/api/public/v1/pipelines/:id/definition", tide_api_replace_definition,
     WITH_KEY, none},
    {"POST", "/api/public/v1/pipelines/:id/definition/validate",
     tide_api_validate_definition, WITH_KEY, none},
    {"GET", "/healthz", tide_api_health, OPEN, NULL},
    {"GET", "/readyz", tide_api_ready, OPEN, NULL},
    {"GET", "/openapi.yaml", tide_api_openapi, OPEN, NULL},
    {"GET", "/metrics", tide_api_metrics, LOOPBACK, NULL},
};
#define TABLE_SIZE (sizeof table / sizeof *table)

static const struct tide_http_surface surfaces[] = {
    {"/v1", TIDE_HTTP_PASCAL},
    {"/api/public/v1", TIDE_HTTP_LOWER},
};

void tide_shared_catalog_unref(struct tide_shared_catalog *shared)
{
    if (shared && --shared->references == 0) {
        tide_catalog_close(shared->catalog);
        free(shared);
    }
}

static void maybe_finish(struct tide_api *api)
{
    void (*closed)(void *arg) = api->closed;
    void *arg = api->closed_arg;

    if (!closed || api->works > 0 || api->calls > 0) {
        return;
    }
    tide_shared_catalog_unref(api->catalog);
    free(api->routes);
    free(api);
    closed(arg);
}

static void call_release(void *companion)
{
    struct tide_call *call = companion;
    struct tide_api *api = call->api;

    json_object_put(call->body);
    tide_definition_destroy(call->definition);
    free(call);
    api->calls--;
    maybe_finish(api);
}

static void dispatch(struct tide_http_request *request, size_t route, void *arg)
{
    struct tide_call *call = tide_alloc(sizeof *call);
    enum access access = table[route].access;

    call->api = arg;
    call->api->calls++;
    call->request = request;
    call->route = route;
    call->id = tide_http_path_id(request);
    tide_http_attach(request, call, call_release);
    if (access == OPEN || (access == LOOPBACK && tide_http_peer_is_loopback(request))) {
        tide_call_admit(call);
    } else {
        tide_auth_check(call);
    }
}

void tide_call_admit(struct tide_call *call)
{
    const char *const *known = table[call->route].parameters;

    if (!known || tide_call_only_asks(call, known)) {
        table[call->route].handle(call);
    }
}

void tide_api_describe(struct tide_api *api, struct tide_http_options *options)
{
    options->routes = api->routes;
    options->route_count = TABLE_SIZE;
    options->surfaces = surfaces;
    options->surface_count = sizeof surfaces / sizeof *surfaces;
    options->dispatch = dispatch;
    options->arg = api;
}

void tide_api_set_server(struct tide_api *api, const struct tide_http_server *server)
{
    api->server = server;
}

struct tide_api *tide_api_create(const struct tide_api_options *options)
{
    struct tide_api *api = tide_alloc(sizeof *api);

    api->options = *options;
    api->routes = tide_alloc_array(TABLE_SIZE, sizeof *api->routes);
    for (size_t i = 0; i < TABLE_SIZE; i++) {
        api->routes[i] =
            (struct tide_http_route){.method = table[i].method, .path = table[i].path};
    }
    return api;
}

void tide_api_set_catalog(struct tide_api *api, struct tide_catalog *catalog)
{
    struct tide_shared_catalog *shared = tide_alloc(sizeof *shared);

    shared->catalog = catalog;
    shared->references = 1;
    tide_shared_catalog_unref(api->catalog);
    api->catalog = shared;
}

void tide_api_work_done(struct tide_api *api)
{
    TIDE_INVARIANT(api->works > 0);
    api->works--;
    maybe_finish(api);
}

void tide_api_close(struct tide_api *api, void (*closed)(void *arg), void *arg)
{
    api->closed = closed;
    api->closed_arg = arg;
    maybe_finish(api);
}
