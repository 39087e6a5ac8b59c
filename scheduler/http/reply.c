/*
 * reply - the answer of a request, whether its connection still waits, was answered by
 * us, or is gone.
 *
 * Layer:   scheduler/http.
 * Threads: the loop's.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "http/internal.h"

#include "base/check.h"
#include "base/json.h"
#include "base/log.h"

static void add_headers(struct tide_http_request *request, struct MHD_Response *response,
                        const struct tide_http_header *headers, bool has_body)
{
    bool has_type = false;

    for (; headers && headers->name; headers++) {
        has_type = has_type || strcasecmp(headers->name, "Content-Type") == 0;
        (void)MHD_add_response_header(response, headers->name, headers->value);
    }
    if (has_body && !has_type) {
        (void)MHD_add_response_header(response, "Content-Type", "application/json");
    }
    (void)MHD_add_response_header(response, "Cache-Control", "no-store");
    (void)MHD_add_response_header(response, "Request-Id", request->id);
    if (request->server->closing) {
        (void)MHD_add_response_header(response, "Connection", "close");
    }
}

/** 503 is the answer of a daemon that starts or ends, and no fault. */
static enum tide_log_level level_of(unsigned status)
{
    return status >= 500 && status != 503 ? TIDE_LOG_WARNING : TIDE_LOG_DEBUG;
}

void tide_http_respond(struct tide_http_request *request, unsigned status,
                       const struct tide_http_header *headers, char *body, size_t length)
{
    static char nothing[1];

    TIDE_REQUIRE(!request->response && status >= 100 && status < 600);
    request->response = MHD_create_response_from_buffer(
        body ? length : 0, body ? body : nothing,
        body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
    TIDE_INVARIANT(request->response);
    request->status = status;
    request->phase = TIDE_HTTP_ANSWERED;
    add_headers(request, request->response, headers, body != NULL);
    request->server->answers[status]++;
    TIDE_LOG(
        level_of(status), "request answered", TIDE_KEY_TEXT("request", request->id),
        TIDE_KEY_TEXT("method", request->method), TIDE_KEY_TEXT("path", request->path),
        TIDE_KEY_INT("status", status),
        TIDE_KEY_INT("ms", (int64_t)(uv_now(request->server->loop) - request->started)));
}

void tide_http_refuse(struct tide_http_request *request, unsigned status, bool close,
                      const char *message)
{
    struct tide_http_header headers[3] = {{NULL, NULL}};
    size_t n = 0;
    char *body =
        tide_http_problem_format(request->style, tide_http_status_code(status), message);

    if (close && !request->server->closing) {
        headers[n++] = (struct tide_http_header){"Connection", "close"};
    }
    if (status == 405) {
        headers[n++] = (struct tide_http_header){"Allow", request->target.allow};
    }
    request->refused = true;
    tide_http_respond(request, status, headers, body, strlen(body));
}

static void unlink_waiting(struct tide_http_request *request)
{
    *(request->previous ? &request->previous->next : &request->server->waiting) =
        request->next;
    if (request->next) {
        request->next->previous = request->previous;
    }
    request->previous = request->next = NULL;
}

void tide_http_reply(struct tide_http_request *request, unsigned status,
                     const struct tide_http_header *headers, char *body, size_t length)
{
    if (request->abandoned) {
        free(body);
    } else {
        bool suspended = !request->dispatching;

        tide_http_respond(request, status, headers, body, length);
        if (suspended) {
            unlink_waiting(request);
            MHD_resume_connection(request->handle);
            tide_http_wake(request->server);
        }
    }
    tide_http_request_unref(request);
}

void tide_http_abandon_waiting(struct tide_http_server *server)
{
    while (server->waiting) {
        struct tide_http_request *request = server->waiting;

        unlink_waiting(request);
        tide_http_refuse(request, 503, true, "the daemon is shutting down");
        request->abandoned = true;
        MHD_resume_connection(request->handle);
    }
}

void tide_http_drop_body(struct tide_http_request *request)
{
    if (!request->abandoned) { /* else the server may be gone */
        request->server->body_bytes -= request->body.length;
    }
    tide_text_fini(&request->body);
}

void tide_http_request_unref(struct tide_http_request *request)
{
    if (--request->references > 0) {
        return;
    }
    if (request->release) {
        request->release(request->companion);
    }
    if (request->response) {
        MHD_destroy_response(request->response);
    }
    tide_http_drop_body(request);
    tide_arena_destroy(request->arena);
    free(request);
}

void tide_http_reply_json(struct tide_http_request *request, unsigned status,
                          struct json_object *value)
{
    char *body = tide_json_format(value);

    json_object_put(value);
    tide_http_reply(request, status, NULL, body, strlen(body));
}

void tide_http_reply_error(struct tide_http_request *request, unsigned status,
                           const char *code, const char *format, ...)
{
    struct tide_error text;
    va_list args;
    char *body;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started in the line above */
    (void)vsnprintf(text.message, sizeof text.message, format, args);
    va_end(args);
    body = tide_http_problem_format(request->style, code, text.message);
    tide_http_reply(request, status, NULL, body, strlen(body));
}
