/*
 * encode - base64 and hexadecimal.
 */
#include "batch/encode.h"

#include <string.h>
#include <tidemill/value.h>

static const char alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t tide_base64_size(size_t length)
{
    return (length + 2) / 3 * 4;
}

void tide_base64_encode(const uint8_t *bytes, size_t length, char *out)
{
    for (; length > 0; bytes += 3, out += 4) {
        uint32_t group = (uint32_t)bytes[0] << 16;

        group |= length > 1 ? (uint32_t)bytes[1] << 8 : 0;
        group |= length > 2 ? bytes[2] : 0;
        out[0] = alphabet[group >> 18];
        out[1] = alphabet[group >> 12 & 63];
        out[2] = (char)(length > 1 ? alphabet[group >> 6 & 63] : '=');
        out[3] = (char)(length > 2 ? alphabet[group & 63] : '=');
        if (length < 3) {
            break;
        }
        length -= 3;
    }
}

size_t tide_hex_size(size_t length)
{
    return 2 + length * 2;
}

void tide_hex_encode(const uint8_t *bytes, size_t length, char *out)
{
    static const char digits[] = "0123456789abcdef";

    *out++ = '\\';
    *out++ = 'x';
    for (size_t i = 0; i < length; i++) {
        *out++ = digits[bytes[i] >> 4];
        *out++ = digits[bytes[i] & 15];
    }
}

static int parse_hex(const char *text, size_t length, uint8_t *out)
{
    for (size_t i = 0; i + 1 < length; i += 2) {
        unsigned high = tide_hex_digit_(text[i]), low = tide_hex_digit_(text[i + 1]);

        if (high > 15 || low > 15) {
            return TIDE_E_DATA;
        }
        *out++ = (uint8_t)(high << 4 | low);
    }
    return length % 2 == 0 ? TIDE_OK : TIDE_E_DATA;
}

/* The six bits of a character, or 64. */
static uint32_t sextet(char c)
{
    const char *found = c ? strchr(alphabet, c) : NULL;

    return found ? (uint32_t)(found - alphabet) : 64;
}

/* Bits behind the last byte must be 0: each value has one text. */
static int parse_base64(const char *text, size_t length, uint8_t *out, size_t *out_length)
{
    size_t padding = 0;
    uint32_t group = 0;
    unsigned bits = 0;
    uint8_t *at = out;

    while (padding < 2 && padding < length && text[length - 1 - padding] == '=') {
        padding++;
    }
    if (length % 4 != 0) {
        return TIDE_E_DATA;
    }
    for (size_t i = 0; i < length - padding; i++) {
        uint32_t value = sextet(text[i]);

        if (value > 63) {
            return TIDE_E_DATA;
        }
        group = (group << 6 | value) & 0xfff;
        bits += 6;
        if (bits >= 8) {
            bits -= 8;
            *at++ = (uint8_t)(group >> bits);
        }
    }
    if ((group & ((1u << bits) - 1)) != 0) {
        return TIDE_E_DATA;
    }
    *out_length = (size_t)(at - out);
    return TIDE_OK;
}

int tide_bytes_parse(const char *text, size_t length, uint8_t *out, size_t *out_length)
{
    if (length >= 2 && text[0] == '\\' && text[1] == 'x') {
        int rc = parse_hex(text + 2, length - 2, out);

        if (rc == TIDE_OK) {
            *out_length = (length - 2) / 2;
        }
        return rc;
    }
    return parse_base64(text, length, out, out_length);
}
