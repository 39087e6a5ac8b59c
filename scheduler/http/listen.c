/*
 * listen - a listening socket from a text such as "127.0.0.1:8084".
 *
 * The socket is ours, not the library's, so that every failure has its own message and
 * port 0 tells which port it became.
 *
 * Layer: scheduler/http.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/internal.h"

static int bad_address(const char *address, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_CONFIG,
                          "listen: \"%s\" is no address; write host:port, for example "
                          "127.0.0.1:8084 or [::1]:8084",
                          address);
}

static int split(const char *address, char **host, char **port, struct tide_error *err)
{
    const char *colon = strrchr(address, ':');
    size_t length = colon ? (size_t)(colon - address) : 0;
    const char *start = address;

    if (length > 2 && address[0] == '[' && address[length - 1] == ']') {
        start++;
        length -= 2;
    } else if (memchr(address, ':', length)) {
        length = 0;
    }
    if (length == 0 || !colon[1] ||
        strspn(colon + 1, "0123456789") != strlen(colon + 1) || strlen(colon + 1) > 5 ||
        atoi(colon + 1) > 65535) {
        return bad_address(address, err);
    }
    *host = tide_strndup(start, length);
    *port = tide_strdup(colon + 1);
    return TIDE_OK;
}

static int bind_one(const struct addrinfo *info, const char *address, int *out,
                    struct tide_error *err)
{
    int on = 1;
    int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) ||
        bind(fd, info->ai_addr, info->ai_addrlen) || listen(fd, 511)) {
        int code = tide_error_set(err, TIDE_E_IO, "cannot listen on %s: %s", address,
                                  strerror(errno));

        if (fd >= 0) {
            (void)close(fd);
        }
        return code;
    }
    *out = fd;
    return TIDE_OK;
}

static char *url_of(int fd, bool tls)
{
    struct sockaddr_storage bound;
    socklen_t length = sizeof bound;
    char host[64], port[8];

    if (getsockname(fd, (struct sockaddr *)&bound, &length) ||
        getnameinfo((struct sockaddr *)&bound, length, host, sizeof host, port,
                    sizeof port, NI_NUMERICHOST | NI_NUMERICSERV)) {
        return tide_strdup("");
    }
    return tide_strf(strchr(host, ':') ? "%s://[%s]:%s" : "%s://%s:%s",
                     tls ? "https" : "http", host, port);
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;

        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    }
    return IN6_IS_ADDR_LOOPBACK(
        &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

int tide_http_listen(const char *address, bool tls, int *fd, char **url, bool *loopback,
                     struct tide_error *err)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    struct addrinfo *found = NULL;
    char *host = NULL, *port = NULL;
    int code = split(address, &host, &port, err);
    int failed;

    if (code) {
        return code;
    }
    failed = getaddrinfo(host, port, &hints, &found);
    if (failed) {
        code = tide_error_set(err, TIDE_E_CONFIG, "listen: %s: %s", address,
                              gai_strerror(failed));
        goto out;
    }
    code = bind_one(found, address, fd, err);
    if (!code) {
        *url = url_of(*fd, tls);
        *loopback = is_loopback(found->ai_addr);
    }
out:
    if (found) {
        freeaddrinfo(found);
    }
    free(host);
    free(port);
    return code;
}
