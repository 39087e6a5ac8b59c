/*
 * call - the small steps that all resources share: bodies, parameters, answers.
 *
 * Layer:   scheduler/api.
 * Threads: the loop's.
 */
#include "api/call.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/json.h"
#include "base/text.h"

/* ---- what is asked ---- */

/** No type at all is taken for JSON. */
static bool is_json(const struct tide_call *call)
{
    const char *type = tide_http_header(call->request, "Content-Type");
    size_t length = type ? strcspn(type, "; \t") : 0;

    return !type || (length == 16 && strncasecmp(type, "application/json", 16) == 0);
}

bool tide_call_read_body(struct tide_call *call)
{
    struct tide_error err = {0};
    size_t length;
    const char *text = tide_http_body(call->request, &length);

    if (length == 0) {
        call->body = json_object_new_object();
        return true;
    }
    if (!is_json(call)) {
        tide_call_reply_error(call, 415, "unsupported_media_type",
                              "the body must be sent as application/json");
        return false;
    }
    if (tide_json_parse(text, length, &call->body, &err)) {
        tide_call_reply_error(call, 400, "bad_request", "the body is not JSON: %s",
                              err.message);
        return false;
    }
    if (!json_object_is_type(call->body, json_type_object)) {
        tide_call_reply_error(call, 400, "bad_request", "the body must be a JSON object");
        return false;
    }
    return true;
}

/* "what "name"; did you mean "nearest"?", as 400. */
static void refuse_name(struct tide_call *call, const char *what, const char *name,
                        const char *const *known)
{
    const char *nearest = NULL;
    size_t count = 0;

    while (known[count]) {
        count++;
    }
    nearest = tide_text_nearest(name, known, count);
    tide_call_reply_error(call, 400, "bad_request", "%s \"%.100s\"%s%s%s", what, name,
                          nearest ? "; did you mean \"" : "", nearest ? nearest : "",
                          nearest ? "\"?" : "");
}

static bool is_known(const char *const *known, const char *name)
{
    while (*known && strcmp(*known, name) != 0) {
        known++;
    }
    return *known != NULL;
}

bool tide_call_only_knows(struct tide_call *call, const char *const *known)
{
    struct json_object_iterator i = json_object_iter_begin(call->body);
    struct json_object_iterator end = json_object_iter_end(call->body);

    for (; !json_object_iter_equal(&i, &end); json_object_iter_next(&i)) {
        const char *name = json_object_iter_peek_name(&i);

        if (!is_known(known, name)) {
            refuse_name(call, "the body has an unknown member", name, known);
            return false;
        }
    }
    return true;
}

bool tide_call_only_asks(struct tide_call *call, const char *const *known)
{
    const char *name = tide_http_unknown(call->request, known);

    if (name) {
        refuse_name(call,
                    known[0] ? "there is no parameter"
                             : "this call takes no parameters; there is no",
                    name, known);
    }
    return !name;
}

bool tide_call_query_int(struct tide_call *call, const char *name, int64_t fallback,
                         int64_t minimum, int64_t maximum, int64_t *value)
{
    const char *text = tide_http_query(call->request, name);
    char *end;

    if (!text) {
        *value = fallback;
        return true;
    }
    errno = 0;
    *value = strtoll(text, &end, 10);
    if (errno || *text < '0' || *text > '9' || *end || *value < minimum ||
        *value > maximum) {
        tide_call_reply_error(call, 400, "bad_request",
                              "the parameter %s must be a number from %lld to %lld", name,
                              (long long)minimum, (long long)maximum);
        return false;
    }
    return true;
}

bool tide_call_query_bool(struct tide_call *call, const char *name, bool *value)
{
    const char *text = tide_http_query(call->request, name);

    *value = text && strcmp(text, "true") == 0;
    if (text && !*value && strcmp(text, "false") != 0) {
        tide_call_reply_error(call, 400, "bad_request",
                              "the parameter %s must be true or false", name);
        return false;
    }
    return true;
}

struct tide_pipeline_ref tide_call_pipeline(const struct tide_call *call)
{
    return (struct tide_pipeline_ref){.workspace = call->workspace, .id = call->id};
}

/* ---- what is answered ---- */

void tide_call_reply_nothing(struct tide_call *call)
{
    tide_http_reply(call->request, 200, NULL, NULL, 0);
}

void tide_call_reply_json(struct tide_call *call, unsigned status,
                          struct json_object *value)
{
    tide_http_reply_json(call->request, status, value);
}

void tide_call_reply_list(struct tide_call *call, const char *name,
                          struct json_object *list, int64_t last)
{
    struct json_object *out = json_object_new_object();
    size_t count = json_object_array_length(list);

    tide_json_set(out, name, list);
    if (count > 0 && (int64_t)count == call->limit) {
        tide_json_set_int(out, "cursor", last);
    }
    tide_call_reply_json(call, 200, out);
}

void tide_call_reply_error(struct tide_call *call, unsigned status, const char *code,
                           const char *format, ...)
{
    char message[1024];
    va_list args;

    va_start(args, format);
    /* NOLINTNEXTLINE(clang-analyzer-valist.Uninitialized): started in the line above */
    (void)vsnprintf(message, sizeof message, format, args);
    va_end(args);
    tide_http_reply_error(call->request, status, code, "%s", message);
}

/** On /v1/pipelines a state that does not allow it is 422, else 409. */
static void reply_conflict(struct tide_call *call, const char *message)
{
    bool pascal = tide_http_request_style(call->request) == TIDE_HTTP_PASCAL;

    tide_call_reply_error(call, pascal ? 422 : 409, pascal ? "unprocessable" : "conflict",
                          "%s", message);
}

void tide_call_reply_failure(struct tide_call *call, const struct tide_error *err)
{
    switch (err->code) {
    case TIDE_E_NOT_FOUND:
        tide_call_reply_error(call, 404, "not_found", "%s", err->message);
        break;
    case TIDE_E_CONFLICT:
        reply_conflict(call, err->message);
        break;
    case TIDE_E_CONFIG:
    case TIDE_E_DATA:
        tide_call_reply_error(call, 400, "bad_request", "%s", err->message);
        break;
    case TIDE_E_TRANSIENT:
    case TIDE_E_CANCELLED:
        tide_call_reply_error(call, 503, "unavailable", "%s", err->message);
        break;
    default:
        tide_call_reply_error(call, 500, "internal_error", "%s", err->message);
    }
}
