/*
 * api - the daemon's HTTP API: two surfaces and the service paths, over the store.
 *
 *     /v1/pipelines              status, schedule, runs; errors {"code": "NotFound"}
 *     /api/public/v1/pipelines   definition documents;   errors {"code": "not_found"}
 *     /healthz /readyz /metrics /openapi.yaml
 *
 * Layer:   uses the other parts of scheduler through their headers, core/pipeline to
 *          check definitions.
 * Threads: the loop's; definitions are checked on libuv's thread pool.
 */
#ifndef TIDE_API_API_H
#define TIDE_API_API_H

#include <uv.h>

#include "base/clock.h"
#include "http/http.h"
#include "plugin/catalog.h"
#include "schedule/schedule.h"
#include "store/store.h"
#include "supervise/supervise.h"

struct tide_api;

/** All but the loop and the clock are borrowed until tide_api_close(). */
struct tide_api_options {
    uv_loop_t *loop;
    const struct tide_clock *clock;
    struct tide_store *store;
    struct tide_supervise *supervise;
    struct tide_schedule *schedule;
};

struct tide_api *tide_api_create(const struct tide_api_options *options);
/** After the HTTP server is closed: the last call ends, whether somebody still waits for
 * it or not, then the memory is freed and closed is called. */
void tide_api_close(struct tide_api *api, void (*closed)(void *arg), void *arg);

/** Use this catalog from now on; takes it.  Until the first one, definitions are answered
 * 503 and /readyz says no. */
void tide_api_set_catalog(struct tide_api *api, struct tide_catalog *catalog);

/** Fill in routes, surfaces and dispatch. */
void tide_api_describe(struct tide_api *api, struct tide_http_options *options);
/** The server that /metrics counts. */
void tide_api_set_server(struct tide_api *api, const struct tide_http_server *server);

#endif
