/*
 * router - which route a method and a path belong to.
 *
 * The table is small and its paths differ early, so it is walked from the top.
 *
 * Layer: plain C.
 */
#include "http/router.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/** The id of these digits, or -1: ids are 1..2^31-1 and are written without zeros. */
static int64_t id_of(const char *digits, size_t count)
{
    int64_t id = 0;

    if (count > 10 || digits[0] == '0') {
        return -1;
    }
    for (size_t i = 0; i < count; i++) {
        id = id * 10 + (digits[i] - '0');
    }
    return id <= INT32_MAX ? id : -1;
}

static bool path_fits(const char *pattern, const char *path, const char *end, int64_t *id)
{
    while (*pattern) {
        if (strncmp(pattern, ":id", 3) == 0) {
            const char *digits = path;

            while (path < end && is_digit(*path)) {
                path++;
            }
            if (path == digits) {
                return false;
            }
            *id = id_of(digits, (size_t)(path - digits));
            pattern += 3;
            continue;
        }
        if (path == end || *pattern != *path) {
            return false;
        }
        pattern++;
        path++;
    }
    return path == end;
}

static bool method_fits(const char *route, const char *method)
{
    return strcmp(route, method) == 0 ||
           (strcmp(method, "HEAD") == 0 && strcmp(route, "GET") == 0);
}

static void allow(struct tide_http_target *target, const char *method)
{
    size_t n = strlen(target->allow);

    (void)snprintf(target->allow + n, sizeof target->allow - n, "%s%s", n ? ", " : "",
                   method);
    if (strcmp(method, "GET") == 0) {
        allow(target, "HEAD");
    }
}

enum tide_http_match tide_http_match(const struct tide_http_route *routes, size_t count,
                                     const char *method, const char *path,
                                     size_t path_length, struct tide_http_target *target)
{
    memset(target, 0, sizeof *target);
    for (size_t i = 0; i < count; i++) {
        if (!path_fits(routes[i].path, path, path + path_length, &target->id)) {
            continue;
        }
        if (method_fits(routes[i].method, method)) {
            target->route = i;
            return TIDE_HTTP_MATCHED;
        }
        allow(target, routes[i].method);
    }
    if (!target->allow[0]) {
        return TIDE_HTTP_NO_PATH;
    }
    allow(target, "OPTIONS");
    return strcmp(method, "OPTIONS") == 0 ? TIDE_HTTP_ASKS : TIDE_HTTP_NO_METHOD;
}
