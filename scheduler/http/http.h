/*
 * http - an HTTP/1.1 server on the daemon's loop, with no type of its library in sight.
 *
 * A request that passed the gate, matches a route and is read in full goes to `dispatch`,
 * which answers through tide_http_reply(), at once or later from a callback of the loop.
 * Everything that is refused before that is answered here, as JSON in the shape of the
 * surface that the path belongs to.
 *
 * Layer:   uses core/base and libmicrohttpd; knows nothing of pipelines.
 * Threads: the loop's, alone.
 */
#ifndef TIDE_HTTP_HTTP_H
#define TIDE_HTTP_HTTP_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>
#include <uv.h>

#include "http/problem.h"
#include "http/router.h"

struct tide_http_server;
struct tide_http_request;

/** A part of the paths and the shape of its errors; the first whose prefix fits
 * counts. */
struct tide_http_surface {
    const char *prefix;
    enum tide_http_style style;
};

/** `route` is the index in options.routes.  Must lead to exactly one
 * tide_http_reply(). */
typedef void (*tide_http_dispatch_fn)(struct tide_http_request *request, size_t route,
                                      void *arg);

/** Texts and tables are borrowed while tide_http_create() runs, the tables (routes,
 * surfaces) until the server is closed. */
struct tide_http_options {
    const char *listen;          /**< "127.0.0.1:8084", "[::1]:0", "localhost:8084" */
    const char *tls_certificate; /**< PEM file, or NULL: no TLS */
    const char *tls_key;         /**< PEM file, or NULL */
    size_t body_limit;           /**< bytes of a body; more is 413 */
    int64_t request_timeout_us;  /**< to send a request, or to take an answer */
    unsigned max_connections;
    unsigned max_connections_per_address; /**< 0: no limit of its own */
    const struct tide_http_route *routes;
    size_t route_count;
    const struct tide_http_surface *surfaces; /**< any other path has style UPPER */
    size_t surface_count;
    tide_http_dispatch_fn dispatch;
    void *arg; /**< of dispatch */
};

/** Bind and listen.  TIDE_E_CONFIG for an address or certificate that cannot be used,
 * TIDE_E_IO when the system refuses. */
TIDE_MUST_CHECK
int tide_http_create(uv_loop_t *loop, const struct tide_http_options *options,
                     struct tide_http_server **out, struct tide_error *err);
/** Stop accepting, close idle connections, give running requests `grace_ms`, then answer
 * them 503; closed(arg) comes when nothing is left and the memory is freed.  A reply to a
 * request that was given up is allowed, and ignored. */
void tide_http_close(struct tide_http_server *server, uint64_t grace_ms,
                     void (*closed)(void *arg), void *arg);
/** "http://127.0.0.1:43211", with the port that was chosen.  Borrowed. */
const char *tide_http_url(const struct tide_http_server *server);
/** Whether clients of other machines can reach it. */
bool tide_http_is_loopback(const struct tide_http_server *server);
bool tide_http_is_tls(const struct tide_http_server *server);

/** Answers so far with that status (100..599). */
uint64_t tide_http_answers(const struct tide_http_server *server, unsigned status);
size_t tide_http_connections(const struct tide_http_server *server);

/* ---- a request; what is returned is borrowed until the reply ---- */

/** The digits of the route's :id; -1 when they are no id we could have given. */
int64_t tide_http_path_id(const struct tide_http_request *request);
/** Terminated; "" when there is none. */
const char *tide_http_body(const struct tide_http_request *request, size_t *length);
/** NULL when absent. */
const char *tide_http_header(const struct tide_http_request *request, const char *name);
/** Decoded; NULL when absent. */
const char *tide_http_query(const struct tide_http_request *request, const char *name);
/** The first name of the query that is not in `known` (ended by NULL), or NULL. */
const char *tide_http_unknown(const struct tide_http_request *request,
                              const char *const *known);
enum tide_http_style tide_http_request_style(const struct tide_http_request *request);
bool tide_http_peer_is_loopback(const struct tide_http_request *request);

/** Give the request a companion that is freed with it.  Once per request. */
void tide_http_attach(struct tide_http_request *request, void *companion,
                      void (*release)(void *companion));

/* ---- its answer ---- */

struct tide_http_header {
    const char *name;
    const char *value;
};

/** Answer.  body may be NULL (empty), else it is malloc'ed and taken.  headers end with
 * {NULL, NULL} or are NULL; they are copied.  The request is not to be used after. */
void tide_http_reply(struct tide_http_request *request, unsigned status,
                     const struct tide_http_header *headers, char *body, size_t length);
/** Answer with a document; takes the reference. */
void tide_http_reply_json(struct tide_http_request *request, unsigned status,
                          struct json_object *value);
/** Answer with an error; code in snake_case ("not_found"). */
TIDE_PRINTF(4, 5)
void tide_http_reply_error(struct tide_http_request *request, unsigned status,
                           const char *code, const char *format, ...);

#endif
