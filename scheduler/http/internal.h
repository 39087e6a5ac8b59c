/*
 * internal - what the files of this folder share: the server, its connections, its
 * requests.
 *
 * Layer:   scheduler/http alone includes it.
 * Threads: the loop's.
 */
#ifndef TIDE_HTTP_INTERNAL_H
#define TIDE_HTTP_INTERNAL_H

#include <microhttpd.h>

#include "base/memory.h"
#include "base/text.h"
#include "http/gate.h"
#include "http/http.h"

/** A client's socket.  The library owns the descriptor; we may only shut it down. */
struct tide_http_connection {
    struct tide_http_server *server;
    struct tide_http_request *request; /**< in progress, or NULL; borrowed */
    struct tide_http_connection *previous, *next;
    uint64_t deadline; /**< of uv_now(); 0: the client owes us nothing */
    int fd;
    bool loopback;
    bool poisoned; /**< the library refused a request: what follows cannot be trusted */
};

enum tide_http_phase {
    TIDE_HTTP_HEADERS, /**< the request line has come */
    TIDE_HTTP_BODY,    /**< the gate let it in */
    TIDE_HTTP_WAITING, /**< dispatched; its connection is suspended */
    TIDE_HTTP_ANSWERED /**< `response` is set, or was given to the library */
};

/** Lives until the library has completed it and, when it was dispatched, until it was
 * replied to. */
struct tide_http_request {
    struct tide_http_server *server;
    struct tide_http_connection *connection;
    struct MHD_Connection *handle;
    struct tide_http_request *previous, *next; /**< among the waiting ones */
    struct tide_arena *arena;
    struct tide_http_gate gate;
    struct tide_http_target target;
    const char *method, *path, *query;
    size_t path_length;
    enum tide_http_style style;
    enum tide_http_phase phase;
    char id[33];
    struct tide_text body;
    size_t received;
    struct MHD_Response *response;
    unsigned status;
    unsigned references;
    bool dispatching; /**< dispatch() is on the stack */
    bool refused;     /**< `response` was made here; the body is read and dropped */
    bool abandoned;   /**< nobody waits for the reply any more */
    uint64_t started;
    void *companion;
    void (*release)(void *companion);
};

struct tide_http_server {
    uv_loop_t *loop;
    struct MHD_Daemon *daemon;
    uv_poll_t poll;      /**< the library's epoll descriptor is readable */
    uv_timer_t drive;    /**< the library wants to run again */
    uv_timer_t watchdog; /**< the next deadline of a connection */
    uv_timer_t grace;    /**< of closing */
    struct tide_http_options options;
    char *certificate, *key;
    char *url;
    bool loopback, tls;
    struct tide_http_connection *first, *last; /**< those with a deadline, by it */
    size_t connections;
    bool
        was_full; /**< a place became free: the library must look at its listener again */
    struct tide_http_request *waiting;
    size_t body_bytes; /**< of the bodies that are held */
    uint64_t answers[600];
    bool closing;
    unsigned open_handles;
    void (*closed)(void *arg);
    void *closed_arg;
};

/* ---- server.c ---- */

/** Let the library work, now, and see when it wants to again. */
void tide_http_drive(struct tide_http_server *server);
/** The same, from the loop, soon. */
void tide_http_wake(struct tide_http_server *server);
/** When closing: end it if the last connection is gone. */
void tide_http_maybe_finish(struct tide_http_server *server);

/* ---- listen.c ---- */

/** A listening socket for "host:port"; *url is malloc'ed.  TIDE_E_CONFIG, TIDE_E_IO. */
TIDE_MUST_CHECK
int tide_http_listen(const char *address, bool tls, int *fd, char **url, bool *loopback,
                     struct tide_error *err);

/* ---- connection.c ---- */

void tide_http_on_connection(void *arg, struct MHD_Connection *handle, void **context,
                             enum MHD_ConnectionNotificationCode code);
/** The client has until then to do its part. */
void tide_http_arm(struct tide_http_connection *connection);
/** It is our turn. */
void tide_http_disarm(struct tide_http_connection *connection);
void tide_http_on_watchdog(uv_timer_t *timer);
/** End those that are between two requests. */
void tide_http_close_idle(struct tide_http_server *server);

/* ---- request.c ---- */

void *tide_http_on_target(void *arg, const char *target, struct MHD_Connection *handle);
enum MHD_Result tide_http_on_request(void *arg, struct MHD_Connection *handle,
                                     const char *url, const char *method,
                                     const char *version, const char *data, size_t *size,
                                     void **context);
void tide_http_on_completed(void *arg, struct MHD_Connection *handle, void **context,
                            enum MHD_RequestTerminationCode code);

/* ---- reply.c ---- */

/** Make the response of an error that was found in this folder. */
void tide_http_refuse(struct tide_http_request *request, unsigned status, bool close,
                      const char *message);
void tide_http_respond(struct tide_http_request *request, unsigned status,
                       const struct tide_http_header *headers, char *body, size_t length);
/** Answer 503 to all that wait, whose replies will be ignored. */
void tide_http_abandon_waiting(struct tide_http_server *server);
void tide_http_drop_body(struct tide_http_request *request);
void tide_http_request_unref(struct tide_http_request *request);

#endif
