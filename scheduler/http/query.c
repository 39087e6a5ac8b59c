/*
 * query - the parameters behind the "?" of a request's target.
 *
 * Layer: plain C.
 */
#include "http/query.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

bool tide_http_query_is_valid(const char *query)
{
    for (; *query; query++) {
        if (*query != '%') {
            continue;
        }
        if (hex(query[1]) < 0 || hex(query[2]) < 0 ||
            (query[1] == '0' && query[2] == '0')) {
            return false;
        }
    }
    return true;
}

static char *decode(const char *text, size_t length)
{
    char *out = tide_alloc(length + 1);
    size_t n = 0;

    for (size_t i = 0; i < length; i++) {
        if (text[i] == '%') {
            out[n++] = (char)(unsigned char)(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
        } else {
            out[n++] = (char)(text[i] == '+' ? ' ' : text[i]);
        }
    }
    return out;
}

static bool is_listed(const char *const *known, const char *name)
{
    while (*known && strcmp(*known, name) != 0) {
        known++;
    }
    return *known != NULL;
}

char *tide_http_query_unknown(const char *query, const char *const *known)
{
    while (*query) {
        size_t length = strcspn(query, "&");
        const char *equals = memchr(query, '=', length);
        char *name = decode(query, equals ? (size_t)(equals - query) : length);

        if (length > 0 && !is_listed(known, name)) {
            return name;
        }
        free(name);
        query += length;
        query += *query == '&';
    }
    return NULL;
}

char *tide_http_query_find(const char *query, const char *name)
{
    while (*query) {
        size_t length = strcspn(query, "&");
        const char *equals = memchr(query, '=', length);
        size_t name_length = equals ? (size_t)(equals - query) : length;
        char *found = decode(query, name_length);
        bool same = strcmp(found, name) == 0;

        free(found);
        if (same) {
            return equals ? decode(equals + 1, length - name_length - 1)
                          : tide_strdup("");
        }
        query += length;
        query += *query == '&';
    }
    return NULL;
}
