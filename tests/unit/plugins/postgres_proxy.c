/*
 * postgres_proxy - a way to the server that is cut when a COMMIT passes.
 *
 * One thread serves all connections.  A message is told by its whole bytes, which is
 * enough for what is sent alone.
 */
#include "postgres_proxy.h"

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 8

static const char commit_message[] = "Q\0\0\0\x0b"
                                     "COMMIT";

struct link {
    int client, server; /* -1: closed */
};

struct proxy {
    pthread_t thread;
    int listener, stop[2];
    int64_t port, server_port;
    enum proxy_fate fate;
    int spared, seen;
    struct link links[MOST];
    size_t count;
    bool holds_commit; /* of link 0, for its server */
};

static void shut(int *socket)
{
    if (*socket >= 0) {
        (void)close(*socket);
    }
    *socket = -1;
}

static bool send_all(int socket, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t sent = send(socket, data, length, MSG_NOSIGNAL);

        if (sent <= 0) {
            return false;
        }
        data += sent;
        length -= (size_t)sent;
    }
    return true;
}

static int new_socket(int64_t port, bool listens)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons((uint16_t)port),
                                  .sin_addr = {htonl(INADDR_LOOPBACK)}};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int rc = listens ? bind(fd, (struct sockaddr *)&address, sizeof address)
                     : connect(fd, (struct sockaddr *)&address, sizeof address);

    if (rc != 0 || (listens && listen(fd, MOST) != 0)) {
        abort();
    }
    return fd;
}

/* The COMMIT's fate; the client learns of a broken connection alone. */
static void cut(struct proxy *proxy, struct link *link)
{
    if (proxy->fate == PROXY_FORWARDED) {
        (void)send_all(link->server, commit_message, sizeof commit_message);
    } else if (proxy->fate == PROXY_SWALLOWED) {
        shut(&link->server);
    } else {
        proxy->holds_commit = true;
    }
    shut(&link->client);
}

static bool has_word(const char *data, size_t length, const char *word)
{
    size_t size = strlen(word);

    for (size_t i = 0; i + size <= length; i++) {
        if (memcmp(data + i, word, size) == 0) {
            return true;
        }
    }
    return false;
}

static void from_client(struct proxy *proxy, struct link *link)
{
    char data[65536];
    ssize_t got = recv(link->client, data, sizeof data, 0);

    if (got <= 0) {
        shut(&link->client);
        shut(&link->server);
        return;
    }
    if ((size_t)got == sizeof commit_message &&
        memcmp(data, commit_message, sizeof commit_message) == 0 &&
        proxy->seen++ == proxy->spared && proxy->fate != PROXY_DEAF) {
        cut(proxy, link);
        return;
    }
    (void)send_all(link->server, data, (size_t)got);
    if (proxy->holds_commit && (has_word(data, (size_t)got, "pg_advisory_xact_lock") ||
                                has_word(data, (size_t)got, "DO UPDATE"))) {
        proxy->holds_commit = false;
        (void)send_all(proxy->links[0].server, commit_message, sizeof commit_message);
    }
}

static void from_server(struct link *link)
{
    char data[65536];
    ssize_t got = recv(link->server, data, sizeof data, 0);

    if (got <= 0) {
        shut(&link->client);
        shut(&link->server);
    } else if (link->client >= 0) {
        (void)send_all(link->client, data, (size_t)got);
    }
}

/* Who is not accepted is connected all the same, and waits. */
static bool is_deaf(const struct proxy *proxy)
{
    return proxy->fate == PROXY_DEAF && proxy->count > 0;
}

static void accept_client(struct proxy *proxy)
{
    int client = accept(proxy->listener, NULL, NULL);

    if (client < 0 || proxy->count == MOST) {
        abort();
    }
    proxy->links[proxy->count++] =
        (struct link){.client = client, .server = new_socket(proxy->server_port, false)};
}

static void *serve(void *arg)
{
    struct proxy *proxy = arg;

    for (;;) {
        struct pollfd polled[2 + 2 * MOST] = {
            {.fd = proxy->stop[0], .events = POLLIN},
            {.fd = is_deaf(proxy) ? -1 : proxy->listener, .events = POLLIN},
        };
        size_t count = proxy->count;

        for (size_t i = 0; i < count; i++) {
            polled[2 + 2 * i] =
                (struct pollfd){.fd = proxy->links[i].client, .events = POLLIN};
            polled[3 + 2 * i] =
                (struct pollfd){.fd = proxy->links[i].server, .events = POLLIN};
        }
        (void)poll(polled, 2 + 2 * count, -1);
        if (polled[0].revents) {
            return NULL;
        }
        if (polled[1].revents) {
            accept_client(proxy);
        }
        for (size_t i = 0; i < count; i++) {
            if (polled[3 + 2 * i].revents) {
                from_server(&proxy->links[i]);
            }
            if (polled[2 + 2 * i].revents && proxy->links[i].client >= 0) {
                from_client(proxy, &proxy->links[i]);
            }
        }
    }
}

struct proxy *proxy_start(int64_t port, enum proxy_fate fate, int spared)
{
    struct proxy *proxy = calloc(1, sizeof *proxy);
    struct sockaddr_in address;
    socklen_t length = sizeof address;

    proxy->server_port = port;
    proxy->fate = fate;
    proxy->spared = spared;
    proxy->listener = new_socket(0, true);
    if (getsockname(proxy->listener, (struct sockaddr *)&address, &length) != 0 ||
        pipe(proxy->stop) != 0) {
        abort();
    }
    proxy->port = ntohs(address.sin_port);
    if (pthread_create(&proxy->thread, NULL, serve, proxy) != 0) {
        abort();
    }
    return proxy;
}

int64_t proxy_port(const struct proxy *proxy)
{
    return proxy->port;
}

int proxy_stop(struct proxy *proxy)
{
    int seen;

    shut(&proxy->stop[1]);
    (void)pthread_join(proxy->thread, NULL);
    for (size_t i = 0; i < proxy->count; i++) {
        shut(&proxy->links[i].client);
        shut(&proxy->links[i].server);
    }
    shut(&proxy->listener);
    shut(&proxy->stop[0]);
    seen = proxy->seen;
    free(proxy);
    return seen;
}
