/*
 * problem - an error of the API as a JSON body, in the shape of the surface it is sent
 * on.
 *
 * One code in snake_case serves all surfaces: NotFound, not_found and NOT_FOUND are the
 * same word in three styles.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_HTTP_PROBLEM_H
#define TIDE_HTTP_PROBLEM_H

#include <stddef.h>
#include <stdint.h>

enum tide_http_style {
    TIDE_HTTP_UPPER,  /**< {"error":{"code":"NOT_FOUND","message":…}} */
    TIDE_HTTP_LOWER,  /**< {"error":{"code":"not_found","message":…,"field":…}} */
    TIDE_HTTP_PASCAL, /**< {"error":{"code":"NotFound","message":…}} */
};

/** code in that style; out holds at least 64 bytes. */
void tide_http_style_code(enum tide_http_style style, const char *code, char out[64]);
/** The body; malloc'ed. */
char *tide_http_problem_format(enum tide_http_style style, const char *code,
                               const char *message);
/** The code that goes with a status when nothing better is known: 404 is "not_found". */
const char *tide_http_status_code(unsigned status);

#endif
