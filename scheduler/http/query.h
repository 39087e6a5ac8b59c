/*
 * query - the parameters behind the "?" of a request's target.
 *
 * Layer: plain C.
 */
#ifndef TIDE_HTTP_QUERY_H
#define TIDE_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

/** Whether every % is followed by two hexadecimal digits, and none of them makes a
 * NUL. */
bool tide_http_query_is_valid(const char *query);
/** The first value of that name, decoded ("+" is a space), malloc'ed; "" for a name
 * without "="; NULL when it is absent.  `query` is valid. */
char *tide_http_query_find(const char *query, const char *name);
/** The first name that is not in `known` (ended by NULL), decoded, malloc'ed; NULL when
 * there is none.  `query` is valid. */
char *tide_http_query_unknown(const char *query, const char *const *known);

#endif
