/*
 * problem - an error of the API as a JSON body, in the shape of the surface it is sent
 * on.
 *
 * Layer: uses core/base.
 */
#include "http/problem.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/text.h"

static void pascal(const char *code, char *out, size_t size)
{
    bool upper = true;
    size_t n = 0;

    for (; *code && n + 1 < size; code++) {
        if (*code == '_') {
            upper = true;
            continue;
        }
        out[n++] = (char)(upper ? toupper((unsigned char)*code) : *code);
        upper = false;
    }
    out[n] = '\0';
}

void tide_http_style_code(enum tide_http_style style, const char *code, char out[64])
{
    size_t n = 0;

    if (style == TIDE_HTTP_PASCAL) {
        pascal(code, out, 64);
        return;
    }
    for (; *code && n < 63; code++) {
        out[n++] =
            (char)(style == TIDE_HTTP_UPPER ? toupper((unsigned char)*code) : *code);
    }
    out[n] = '\0';
}

char *tide_http_problem_format(enum tide_http_style style, const char *code,
                               const char *message)
{
    struct tide_text body = {0};
    char styled[64];

    tide_http_style_code(style, code, styled);
    tide_text_append(&body, "{\"error\":{\"code\":");
    tide_text_append_json(&body, styled, strlen(styled));
    tide_text_append(&body, ",\"message\":");
    tide_text_append_json(&body, message, strlen(message));
    tide_text_append(&body, "}}");
    return tide_text_take(&body);
}

const char *tide_http_status_code(unsigned status)
{
    static const struct {
        unsigned status;
        const char *code;
    } table[] = {
        {400, "bad_request"},
        {401, "unauthorized"},
        {403, "forbidden"},
        {404, "not_found"},
        {405, "method_not_allowed"},
        {406, "not_acceptable"},
        {409, "conflict"},
        {413, "payload_too_large"},
        {415, "unsupported_media_type"},
        {422, "unprocessable"},
        {429, "too_many_requests"},
        {501, "not_implemented"},
        {503, "unavailable"},
    };

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].status == status) {
            return table[i].code;
        }
    }
    return status < 500 ? "bad_request" : "internal_error";
}
