/*
 * router - which route a method and a path belong to.
 *
 * Patterns are literal but for the segment ":id", which is one or more digits.  A path is
 * compared as it came: nothing is decoded, so an encoded path matches nothing.
 *
 * Layer: plain C.
 */
#ifndef TIDE_HTTP_ROUTER_H
#define TIDE_HTTP_ROUTER_H

#include <stddef.h>
#include <stdint.h>

struct tide_http_route {
    const char *method; /**< "GET" also answers HEAD */
    const char *path;   /**< "/v1/pipelines/:id/runs" */
};

enum tide_http_match {
    TIDE_HTTP_MATCHED,
    TIDE_HTTP_NO_PATH,   /**< 404 */
    TIDE_HTTP_NO_METHOD, /**< 405; `allow` is filled */
    TIDE_HTTP_ASKS       /**< OPTIONS on a path that exists; `allow` is filled */
};

struct tide_http_target {
    size_t route;
    int64_t id;      /**< of the last :id; -1 when out of range or not canonical */
    char allow[128]; /**< "DELETE, GET, HEAD, OPTIONS" */
};

/** `path` ends at path_length. */
enum tide_http_match tide_http_match(const struct tide_http_route *routes, size_t count,
                                     const char *method, const char *path,
                                     size_t path_length, struct tide_http_target *target);

#endif
