/*
 * gate - refuses requests whose framing two parties could read differently.
 *
 * Layer: plain C.
 */
#include "http/gate.h"

#include <string.h>
#include <strings.h>

static void refuse(struct tide_http_gate *gate, unsigned status, const char *reason)
{
    if (!gate->status) {
        gate->status = status;
        gate->reason = reason;
    }
}

/** tchar of RFC 9110. */
static bool is_token(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c <= ' ' || c >= 0x7f || strchr("\"(),/:;<=>?@[\\]{}", c)) {
            return false;
        }
    }
    return length > 0;
}

static bool has_control(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char c = (unsigned char)text[i];

        if ((c < ' ' && c != '\t') || c == 0x7f) {
            return true;
        }
    }
    return false;
}

static int64_t plain_number(const char *text, size_t length)
{
    int64_t value = 0;

    if (length == 0 || length > 18) {
        return -1;
    }
    for (size_t i = 0; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return -1;
        }
        value = value * 10 + (text[i] - '0');
    }
    return value;
}

static bool is_word(const char *text, size_t length, const char *word)
{
    return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

static void take_framing(struct tide_http_gate *gate, const char *name,
                         size_t name_length, const char *value, size_t value_length)
{
    if (is_word(name, name_length, "host")) {
        gate->hosts++;
    } else if (is_word(name, name_length, "content-length")) {
        gate->lengths++;
        gate->content_length = plain_number(value, value_length);
    } else if (is_word(name, name_length, "transfer-encoding")) {
        gate->encodings++;
        gate->chunked = is_word(value, value_length, "chunked");
    } else if (is_word(name, name_length, "expect")) {
        gate->expects++;
        gate->expect_continue = is_word(value, value_length, "100-continue");
    }
}

void tide_http_gate_header(struct tide_http_gate *gate, const char *name,
                           size_t name_length, const char *value, size_t value_length)
{
    if (!value) {
        value = "";
        value_length = 0;
    }
    if (!is_token(name, name_length)) {
        refuse(gate, 400, "a header's name holds a byte that names may not have");
    } else if (has_control(value, value_length)) {
        refuse(gate, 400, "a header's value holds a control byte");
    } else {
        take_framing(gate, name, name_length, value, value_length);
    }
}

static void check_body(struct tide_http_gate *gate, bool http_1_1)
{
    if (gate->lengths > 1) {
        refuse(gate, 400, "more than one Content-Length header");
    } else if (gate->encodings > 1) {
        refuse(gate, 400, "more than one Transfer-Encoding header");
    } else if (gate->lengths && gate->encodings) {
        refuse(gate, 400, "both Content-Length and Transfer-Encoding");
    } else if (gate->lengths && gate->content_length < 0) {
        refuse(gate, 400, "Content-Length is not a number");
    } else if (gate->encodings && !http_1_1) {
        refuse(gate, 400, "Transfer-Encoding in an HTTP/1.0 request");
    } else if (gate->encodings && !gate->chunked) {
        refuse(gate, 501, "the only Transfer-Encoding known here is chunked");
    }
}

bool tide_http_gate_close(struct tide_http_gate *gate, const char *version)
{
    bool http_1_1 = strcmp(version, "HTTP/1.1") == 0;

    if (!http_1_1 && strcmp(version, "HTTP/1.0") != 0) {
        refuse(gate, 505, "only HTTP/1.1 and HTTP/1.0 are spoken here");
    }
    if (gate->hosts > 1) {
        refuse(gate, 400, "more than one Host header");
    } else if (http_1_1 && gate->hosts == 0) {
        refuse(gate, 400, "the Host header is missing");
    }
    check_body(gate, http_1_1);
    if (gate->expects && !gate->expect_continue) {
        refuse(gate, 417, "the only expectation known here is 100-continue");
    }
    return gate->status == 0;
}

bool tide_http_gate_has_body(const struct tide_http_gate *gate)
{
    return gate->encodings > 0 || (gate->lengths > 0 && gate->content_length > 0);
}
