/*
 * server - libmicrohttpd inside the daemon's loop.
 *
 * The library runs in "external epoll" mode: its epoll descriptor is watched by a
 * uv_poll, and after every MHD_run() it is asked when it wants to run again, because that
 * descriptor is edge triggered and a call that is skipped leaves connections standing.
 *
 * Layer:   scheduler/http.
 * Threads: the loop's.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "http/internal.h"

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"

#define PEM_LIMIT ((size_t)1024 * 1024)
/** Of the library, for one connection: the request line and headers must fit. */
#define CONNECTION_MEMORY ((size_t)32 * 1024)

static void on_drive(uv_timer_t *timer)
{
    tide_http_drive(timer->data);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    tide_http_drive(poll->data);
}

void tide_http_wake(struct tide_http_server *server)
{
    (void)uv_timer_start(&server->drive, on_drive, 0, 0);
}

void tide_http_drive(struct tide_http_server *server)
{
    MHD_UNSIGNED_LONG_LONG timeout;

    if (!server->daemon) {
        return;
    }
    (void)MHD_run(server->daemon);
    if (server->was_full) {
        server->was_full = false;
        tide_http_wake(server);
    } else if (MHD_get_timeout(server->daemon, &timeout) == MHD_YES) {
        (void)uv_timer_start(&server->drive, on_drive, (uint64_t)timeout, 0);
    } else {
        (void)uv_timer_stop(&server->drive);
    }
    tide_http_maybe_finish(server);
}

TIDE_PRINTF(2, 0)
static void on_library_log(void *arg, const char *format, va_list args)
{
    char line[512];

    (void)arg;
    (void)vsnprintf(line, sizeof line, format, args);
    line[strcspn(line, "\n")] = '\0';
    TIDE_LOG(TIDE_LOG_DEBUG, "http library", TIDE_KEY_TEXT("text", line));
}

static struct MHD_Daemon *start_library(struct tide_http_server *server, int fd)
{
    static char priorities[] = "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2";
    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, server->certificate},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->key},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, priorities},
        {MHD_OPTION_END, 0, NULL},
    };
    unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     (server->tls ? MHD_USE_TLS : 0);

    return MHD_start_daemon(
        flags, 0, NULL, NULL, tide_http_on_request, server, MHD_OPTION_EXTERNAL_LOGGER,
        on_library_log, NULL, MHD_OPTION_LISTEN_SOCKET, fd,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, CONNECTION_MEMORY,
        MHD_OPTION_CONNECTION_LIMIT, server->options.max_connections,
        MHD_OPTION_PER_IP_CONNECTION_LIMIT, server->options.max_connections_per_address,
        MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_NOTIFY_CONNECTION,
        tide_http_on_connection, server, MHD_OPTION_URI_LOG_CALLBACK, tide_http_on_target,
        server, MHD_OPTION_NOTIFY_COMPLETED, tide_http_on_completed, server,
        MHD_OPTION_ARRAY, server->tls ? tls : &tls[3], MHD_OPTION_END);
}

static int read_pem(const char *path, const char *what, char **out,
                    struct tide_error *err)
{
    size_t length;

    if (tide_file_read(path, PEM_LIMIT, out, &length, err)) {
        (void)tide_error_wrap(err, "%s", what);
        err->code = TIDE_E_CONFIG;
        return TIDE_E_CONFIG;
    }
    return TIDE_OK;
}

static int load_tls(struct tide_http_server *server,
                    const struct tide_http_options *options, struct tide_error *err)
{
    int code;

    if (!options->tls_certificate && !options->tls_key) {
        return TIDE_OK;
    }
    if (!options->tls_certificate || !options->tls_key) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "tls_certificate and tls_key go together; %s is missing",
                              options->tls_key ? "tls_certificate" : "tls_key");
    }
    server->tls = true;
    code =
        read_pem(options->tls_certificate, "tls_certificate", &server->certificate, err);
    return code ? code : read_pem(options->tls_key, "tls_key", &server->key, err);
}

static void watch(struct tide_http_server *server)
{
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);

    TIDE_INVARIANT(info);
    TIDE_INVARIANT(uv_poll_init(server->loop, &server->poll, info->listen_fd) == 0);
    (void)uv_timer_init(server->loop, &server->drive);
    (void)uv_timer_init(server->loop, &server->watchdog);
    (void)uv_timer_init(server->loop, &server->grace);
    server->poll.data = server->drive.data = server->watchdog.data = server->grace.data =
        server;
    server->open_handles = 4;
    TIDE_INVARIANT(uv_poll_start(&server->poll, UV_READABLE, on_readable) == 0);
}

static void server_free(struct tide_http_server *server)
{
    if (server->key) {
        explicit_bzero(server->key, strlen(server->key));
    }
    free(server->key);
    free(server->certificate);
    free(server->url);
    free(server);
}

int tide_http_create(uv_loop_t *loop, const struct tide_http_options *options,
                     struct tide_http_server **out, struct tide_error *err)
{
    struct tide_http_server *server = tide_alloc(sizeof *server);
    int fd = -1;
    int code = load_tls(server, options, err);

    if (!code) {
        code = tide_http_listen(options->listen, server->tls, &fd, &server->url,
                                &server->loopback, err);
    }
    if (code) {
        goto out;
    }
    server->loop = loop;
    server->options = *options;
    server->daemon = start_library(server, fd);
    if (!server->daemon) {
        (void)close(fd);
        code =
            tide_error_set(err, TIDE_E_CONFIG, "the HTTP server does not start%s",
                           server->tls ? ": is tls_key the key of tls_certificate, and "
                                         "are both PEM files?"
                                       : "");
        goto out;
    }
    watch(server);
    tide_http_drive(server);
    *out = server;
    server = NULL;
out:
    if (server) {
        server_free(server);
    }
    return code;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct tide_http_server *server = handle->data;
    void (*closed)(void *arg) = server->closed;
    void *arg = server->closed_arg;

    if (--server->open_handles > 0) {
        return;
    }
    server_free(server);
    closed(arg);
}

static void finish(struct tide_http_server *server)
{
    struct MHD_Daemon *daemon = server->daemon;

    server->daemon = NULL;
    (void)uv_poll_stop(&server->poll);
    MHD_stop_daemon(daemon);
    uv_close((uv_handle_t *)&server->poll, on_handle_closed);
    uv_close((uv_handle_t *)&server->drive, on_handle_closed);
    uv_close((uv_handle_t *)&server->watchdog, on_handle_closed);
    uv_close((uv_handle_t *)&server->grace, on_handle_closed);
}

void tide_http_maybe_finish(struct tide_http_server *server)
{
    if (server->closing && server->daemon && server->connections == 0) {
        finish(server);
    }
}

static void on_grace(uv_timer_t *timer)
{
    struct tide_http_server *server = timer->data;

    tide_http_abandon_waiting(server);
    (void)MHD_run(server->daemon);
    finish(server);
}

void tide_http_close(struct tide_http_server *server, uint64_t grace_ms,
                     void (*closed)(void *arg), void *arg)
{
    MHD_socket listener;

    TIDE_REQUIRE(!server->closing);
    server->closing = true;
    server->closed = closed;
    server->closed_arg = arg;
    listener = MHD_quiesce_daemon(server->daemon);
    if (listener != MHD_INVALID_SOCKET) {
        (void)close(listener);
    }
    (void)uv_timer_start(&server->grace, on_grace, grace_ms, 0);
    tide_http_close_idle(server);
    tide_http_wake(server);
}

const char *tide_http_url(const struct tide_http_server *server)
{
    return server->url;
}

bool tide_http_is_loopback(const struct tide_http_server *server)
{
    return server->loopback;
}

bool tide_http_is_tls(const struct tide_http_server *server)
{
    return server->tls;
}

uint64_t tide_http_answers(const struct tide_http_server *server, unsigned status)
{
    return status < 600 ? server->answers[status] : 0;
}

size_t tide_http_connections(const struct tide_http_server *server)
{
    return server->connections;
}
