/*
 * request - one request, from its first line to the end of its answer.
 *
 * States: headers -> body -> waiting -> answered.  A request that is refused keeps
 * reading its body, up to a bound, and drops it: closing at once would reset the
 *         connection under a client that is still sending, and the reason would be lost.
 *         A client that asks with Expect: 100-continue is told at once.
 * Layer:  scheduler/http.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "http/internal.h"
#include "http/query.h"

#include "base/check.h"
#include "base/log.h"

/** How much of a refused body is read before the connection is closed instead. */
#define DRAIN_LIMIT (INT64_C(64) * 1024 * 1024)

/** Of all bodies that are held at a time; the next one is answered 503. */
#define BODIES_LIMIT (UINT64_C(64) * 1024 * 1024)

static void make_id(char out[33])
{
    unsigned char bytes[16];

    TIDE_INVARIANT(getrandom(bytes, sizeof bytes, 0) == (ssize_t)sizeof bytes);
    for (size_t i = 0; i < sizeof bytes; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", bytes[i]);
    }
}

/** Absolute form ("http://host/path") is allowed; what counts is the path. */
static const char *skip_authority(const char *target)
{
    const char *rest = tide_text_starts(target, "http://")    ? target + 7
                       : tide_text_starts(target, "https://") ? target + 8
                                                              : NULL;

    if (!rest) {
        return target;
    }
    rest = strchr(rest, '/');
    return rest ? rest : "/";
}

static enum tide_http_style style_of(const struct tide_http_server *server,
                                     const char *path)
{
    const struct tide_http_surface *surface = server->options.surfaces;

    for (size_t i = 0; i < server->options.surface_count; i++) {
        if (tide_text_starts(path, surface[i].prefix)) {
            return surface[i].style;
        }
    }
    return TIDE_HTTP_UPPER;
}

static void set_target(struct tide_http_request *request, const char *target)
{
    const char *path = skip_authority(target);

    request->path_length = strcspn(path, "?");
    request->path = tide_arena_strndup(request->arena, path, request->path_length);
    path += request->path_length;
    request->query = tide_arena_strdup(request->arena, *path ? path + 1 : path);
    request->style = style_of(request->server, request->path);
}

void *tide_http_on_target(void *arg, const char *target, struct MHD_Connection *handle)
{
    struct tide_http_request *request = tide_alloc(sizeof *request);

    request->server = arg;
    request->handle = handle;
    request->connection =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
            ->socket_context;
    request->connection->request = request;
    request->arena = tide_arena_create();
    request->references = 1;
    request->method = "";
    request->started = uv_now(request->server->loop);
    make_id(request->id);
    set_target(request, target);
    tide_http_arm(request->connection);
    return request;
}

static enum MHD_Result check_header(void *arg, enum MHD_ValueKind kind, const char *name,
                                    size_t name_length, const char *value,
                                    size_t value_length)
{
    (void)kind;
    tide_http_gate_header(arg, name, name_length, value, value_length);
    return MHD_YES;
}

/** Find the route, or make the answer that says why there is none. */
static void find_route(struct tide_http_request *request)
{
    const struct tide_http_options *options = &request->server->options;
    struct tide_http_header headers[] = {{"Allow", request->target.allow}, {NULL, NULL}};

    switch (tide_http_match(options->routes, options->route_count, request->method,
                            request->path, request->path_length, &request->target)) {
    case TIDE_HTTP_MATCHED:
        break;
    case TIDE_HTTP_NO_PATH:
        tide_http_refuse(request, 404, false, "there is nothing at this path");
        return;
    case TIDE_HTTP_NO_METHOD:
        tide_http_refuse(request, 405, false, "this path does not know that method");
        return;
    case TIDE_HTTP_ASKS:
        request->refused = true;
        tide_http_respond(request, 204, headers, NULL, 0);
        return;
    }
    if (!tide_http_query_is_valid(request->query)) {
        tide_http_refuse(request, 400, false, "the query holds a broken %-escape");
    }
}

static void check_length(struct tide_http_request *request)
{
    int64_t length = request->gate.lengths ? request->gate.content_length : 0;

    if (length > (int64_t)request->server->options.body_limit) {
        tide_http_refuse(request, 413, length > DRAIN_LIMIT, "the body is too large");
    }
}

static enum MHD_Result send_response(struct tide_http_request *request)
{
    enum MHD_Result result =
        MHD_queue_response(request->handle, request->status, request->response);

    MHD_destroy_response(request->response);
    request->response = NULL;
    tide_http_arm(request->connection);
    return result;
}

/** The first call for a request: its headers are here, its body is not. */
static enum MHD_Result begin(struct tide_http_request *request, const char *method,
                             const char *version)
{
    struct tide_http_gate *gate = &request->gate;

    request->method = tide_arena_strdup(request->arena, method);
    request->phase = TIDE_HTTP_BODY;
    (void)MHD_get_connection_values_n(request->handle, MHD_HEADER_KIND, check_header,
                                      gate);
    if (!tide_http_gate_close(gate, version)) {
        request->connection->poisoned = true;
        tide_http_refuse(request, gate->status, true, gate->reason);
        return send_response(request);
    }
    find_route(request);
    if (!request->response) {
        check_length(request);
    }
    if (request->refused && tide_http_gate_has_body(gate) &&
        (gate->expect_continue || gate->content_length > DRAIN_LIMIT)) {
        request->connection->poisoned = true;
        return send_response(request);
    }
    return MHD_YES;
}

static enum MHD_Result take_body(struct tide_http_request *request, const char *data,
                                 size_t *size)
{
    request->received += *size;
    if ((int64_t)request->received > DRAIN_LIMIT) {
        return MHD_NO;
    }
    if (!request->refused && request->received > request->server->options.body_limit) {
        tide_http_drop_body(request);
        tide_http_refuse(request, 413, false, "the body is too large");
    }
    if (!request->refused && request->server->body_bytes + *size > BODIES_LIMIT) {
        tide_http_refuse(request, 503, false, "too many large requests at a time");
    }
    if (!request->refused) {
        request->server->body_bytes += *size;
        tide_text_append_n(&request->body, data, *size);
    }
    *size = 0;
    return MHD_YES;
}

static void wait_for_reply(struct tide_http_request *request)
{
    struct tide_http_server *server = request->server;

    request->phase = TIDE_HTTP_WAITING;
    request->next = server->waiting;
    if (request->next) {
        request->next->previous = request;
    }
    server->waiting = request;
    MHD_suspend_connection(request->handle);
}

static void dispatch(struct tide_http_request *request)
{
    const struct tide_http_options *options = &request->server->options;

    tide_http_disarm(request->connection);
    request->references++;
    request->dispatching = true;
    options->dispatch(request, request->target.route, options->arg);
    request->dispatching = false;
}

enum MHD_Result tide_http_on_request(void *arg, struct MHD_Connection *handle,
                                     const char *url, const char *method,
                                     const char *version, const char *data, size_t *size,
                                     void **context)
{
    struct tide_http_request *request = *context;

    (void)arg;
    (void)handle;
    (void)url;
    if (request->phase == TIDE_HTTP_HEADERS) {
        return request->connection->poisoned ? MHD_NO : begin(request, method, version);
    }
    if (*size) {
        return take_body(request, data, size);
    }
    if (request->phase == TIDE_HTTP_BODY) {
        dispatch(request);
    }
    if (request->response) {
        return send_response(request);
    }
    wait_for_reply(request);
    return MHD_YES;
}

/** The library refuses some requests by itself, with a page of its own, and may keep the
 * connection: what the client meant as a body would be read as the next request.  So
 * nothing more is read. */
static void poison(struct tide_http_connection *connection)
{
    connection->poisoned = true;
    (void)shutdown(connection->fd, SHUT_RD);
}

void tide_http_on_completed(void *arg, struct MHD_Connection *handle, void **context,
                            enum MHD_RequestTerminationCode code)
{
    struct tide_http_request *request = *context;
    struct tide_http_connection *connection;

    (void)arg;
    (void)handle;
    if (!request) {
        return;
    }
    connection = request->connection;
    connection->request = NULL;
    if (request->phase == TIDE_HTTP_HEADERS &&
        code == MHD_REQUEST_TERMINATED_COMPLETED_OK) {
        poison(connection);
    }
    if (request->server->closing) {
        connection->poisoned = true;
        (void)shutdown(connection->fd, SHUT_RD);
    }
    tide_http_arm(connection);
    *context = NULL;
    tide_http_request_unref(request);
}

int64_t tide_http_path_id(const struct tide_http_request *request)
{
    return request->target.id;
}

const char *tide_http_body(const struct tide_http_request *request, size_t *length)
{
    *length = request->body.length;
    return request->body.data ? request->body.data : "";
}

const char *tide_http_header(const struct tide_http_request *request, const char *name)
{
    return MHD_lookup_connection_value(request->handle, MHD_HEADER_KIND, name);
}

/* What the query's own functions hand out, as the request's. */
static const char *keep(const struct tide_http_request *request, char *found)
{
    const char *kept = found ? tide_arena_strdup(request->arena, found) : NULL;

    free(found);
    return kept;
}

const char *tide_http_query(const struct tide_http_request *request, const char *name)
{
    return keep(request, tide_http_query_find(request->query, name));
}

const char *tide_http_unknown(const struct tide_http_request *request,
                              const char *const *known)
{
    return keep(request, tide_http_query_unknown(request->query, known));
}

enum tide_http_style tide_http_request_style(const struct tide_http_request *request)
{
    return request->style;
}

bool tide_http_peer_is_loopback(const struct tide_http_request *request)
{
    return request->connection->loopback;
}

void tide_http_attach(struct tide_http_request *request, void *companion,
                      void (*release)(void *companion))
{
    TIDE_REQUIRE(!request->companion);
    request->companion = companion;
    request->release = release;
}
