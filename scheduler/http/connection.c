/*
 * connection - how long a client may take.
 *
 * The library's own timeout counts inactivity, so one byte a second keeps a connection
 * for ever.  Here a client has one span of time for each of its parts: to begin a
 * request, to finish sending it, to take the answer.  All spans are equally long, so the
 * list of connections is kept in the order of their deadlines by appending, and one timer
 * serves.
 *
 * Layer:   scheduler/http.
 * Threads: the loop's.
 */
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "http/internal.h"

#include "base/log.h"

static void disarm(struct tide_http_connection *connection)
{
    struct tide_http_server *server = connection->server;

    if (!connection->deadline) {
        return;
    }
    *(connection->previous ? &connection->previous->next : &server->first) =
        connection->next;
    *(connection->next ? &connection->next->previous : &server->last) =
        connection->previous;
    connection->previous = connection->next = NULL;
    connection->deadline = 0;
}

static void append(struct tide_http_connection *connection, uint64_t deadline)
{
    struct tide_http_server *server = connection->server;

    connection->deadline = deadline;
    connection->previous = server->last;
    *(server->last ? &server->last->next : &server->first) = connection;
    server->last = connection;
}

static void schedule_watchdog(struct tide_http_server *server)
{
    uint64_t now = uv_now(server->loop);
    uint64_t deadline;

    if (!server->first) {
        (void)uv_timer_stop(&server->watchdog);
        return;
    }
    deadline = server->first->deadline;
    (void)uv_timer_start(&server->watchdog, tide_http_on_watchdog,
                         deadline > now ? deadline - now : 0, 0);
}

void tide_http_arm(struct tide_http_connection *connection)
{
    struct tide_http_server *server = connection->server;
    uint64_t span = (uint64_t)server->options.request_timeout_us / 1000;

    disarm(connection);
    append(connection, uv_now(server->loop) + span + 1);
    if (!uv_is_active((uv_handle_t *)&server->watchdog)) {
        schedule_watchdog(server);
    }
}

void tide_http_disarm(struct tide_http_connection *connection)
{
    disarm(connection);
}

void tide_http_on_watchdog(uv_timer_t *timer)
{
    struct tide_http_server *server = timer->data;
    uint64_t now = uv_now(server->loop);
    bool any = false;

    while (server->first && server->first->deadline <= now) {
        struct tide_http_connection *late = server->first;

        TIDE_LOG(TIDE_LOG_DEBUG, "closed a slow connection",
                 TIDE_KEY_TEXT("request", late->request ? late->request->id : ""));
        disarm(late);
        late->poisoned = true;
        (void)shutdown(late->fd, SHUT_RDWR);
        any = true;
    }
    schedule_watchdog(server);
    if (any) {
        tide_http_drive(server);
    }
}

void tide_http_close_idle(struct tide_http_server *server)
{
    for (struct tide_http_connection *c = server->first; c; c = c->next) {
        if (!c->request) {
            c->poisoned = true;
            (void)shutdown(c->fd, SHUT_RDWR);
        }
    }
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;

        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    }
    if (address->sa_family == AF_INET6) {
        const struct sockaddr_in6 *v6 =
            (const struct sockaddr_in6 *)(const void *)address;

        return IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
    }
    return false;
}

static struct tide_http_connection *connection_create(struct tide_http_server *server,
                                                      struct MHD_Connection *handle)
{
    struct tide_http_connection *connection = tide_alloc(sizeof *connection);

    connection->server = server;
    connection->fd =
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    connection->loopback = is_loopback(
        MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CLIENT_ADDRESS)->client_addr);
    server->connections++;
    tide_http_arm(connection);
    return connection;
}

void tide_http_on_connection(void *arg, struct MHD_Connection *handle, void **context,
                             enum MHD_ConnectionNotificationCode code)
{
    struct tide_http_server *server = arg;
    struct tide_http_connection *connection = *context;

    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *context = connection_create(server, handle);
        return;
    }
    disarm(connection);
    server->was_full |= server->connections == server->options.max_connections;
    server->connections--;
    free(connection);
    *context = NULL;
}
