/*
 * encode - bytes as text: base64 in JSON, hexadecimal in the canonical text; and back.
 */
#ifndef TIDE_BATCH_ENCODE_H
#define TIDE_BATCH_ENCODE_H

#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

/** Bytes that base64 text of so many takes. */
size_t tide_base64_size(size_t length);
/** Write it (RFC 4648 section 4, padded) to out, which has room; not terminated. */
void tide_base64_encode(const uint8_t *bytes, size_t length, char *out);

/** Bytes that "\x..." of so many takes. */
size_t tide_hex_size(size_t length);
/** Write "\x" and two lower case digits a byte; not terminated. */
void tide_hex_encode(const uint8_t *bytes, size_t length, char *out);

/** Read bytes written as "\x" and hexadecimal digits, or as padded base64; out has room
 * for `length` bytes.  TIDE_E_DATA. */
int tide_bytes_parse(const char *text, size_t length, uint8_t *out, size_t *out_length);

#endif
