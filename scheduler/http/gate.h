/*
 * gate - refuses requests whose framing two parties could read differently.
 *
 * The library below accepts several lengths, a length beside a transfer encoding and odd
 * header names; behind a proxy each of these is a way to smuggle a request.  The gate
 * sees every header once, before the body, and allows only what RFC 9112 calls
 * unambiguous.
 *
 * What it cannot see: the library takes a bare LF for a line's end, and closes without an
 * answer after a first line that is none.  A proxy in front has to send CR LF.
 *
 * Layer: plain C.
 */
#ifndef TIDE_HTTP_GATE_H
#define TIDE_HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Zero it to begin. */
struct tide_http_gate {
    unsigned hosts, lengths, encodings, expects;
    bool chunked; /**< Transfer-Encoding is exactly "chunked" */
    bool expect_continue;
    int64_t content_length; /**< -1 when it is not a plain number; valid when lengths */
    unsigned status;        /**< of the first refusal, 0 while all is well */
    const char *reason;     /**< a constant */
};

/** One header; a value may be NULL. */
void tide_http_gate_header(struct tide_http_gate *gate, const char *name,
                           size_t name_length, const char *value, size_t value_length);
/** After the last header.  True when the request may proceed; else status (400, 417, 501
 * or 505) and reason say why not. */
bool tide_http_gate_close(struct tide_http_gate *gate, const char *version);
bool tide_http_gate_has_body(const struct tide_http_gate *gate);

#endif
