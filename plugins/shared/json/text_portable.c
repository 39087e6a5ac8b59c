/*
 * text_portable - JSON strings one byte at a time, and what is rare enough to stay so.
 */
#include <stdbool.h>

#include "text.h"

static bool is_special(uint8_t byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

const uint8_t *json_find_special_portable(const uint8_t *at, const uint8_t *end)
{
    while (at < end && !is_special(*at)) {
        at++;
    }
    return at;
}

size_t json_count_special_portable(const uint8_t *data, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++) {
        count += is_special(data[i]);
    }
    return count;
}

uint8_t *json_escape_portable(uint8_t *to, const uint8_t *from, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (is_special(from[i])) {
            to = json_put_escape(to, from[i]);
        } else {
            *to++ = from[i];
        }
    }
    return to;
}

uint8_t *json_put_escape(uint8_t *to, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char letter = byte < 0x20 ? letters[byte] : (char)byte;

    *to++ = '\\';
    if (letter) {
        *to++ = (uint8_t)letter;
        return to;
    }
    *to++ = 'u';
    *to++ = '0';
    *to++ = '0';
    *to++ = (uint8_t)digits[byte >> 4];
    *to++ = (uint8_t)digits[byte & 15];
    return to;
}

static int hex_digit(uint8_t byte)
{
    if (byte >= '0' && byte <= '9') {
        return byte - '0';
    }
    byte |= 0x20;
    return byte >= 'a' && byte <= 'f' ? byte - 'a' + 10 : -1;
}

int json_hex4(const uint8_t *at)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        int digit = hex_digit(at[i]);

        if (digit < 0) {
            return -1;
        }
        value = value * 16 + digit;
    }
    return value;
}

static uint8_t *put_utf8(uint8_t *to, uint32_t point)
{
    if (point < 0x80) {
        *to++ = (uint8_t)point;
        return to;
    }
    if (point < 0x800) {
        *to++ = (uint8_t)(0xc0 | point >> 6);
    } else {
        if (point < 0x10000) {
            *to++ = (uint8_t)(0xe0 | point >> 12);
        } else {
            *to++ = (uint8_t)(0xf0 | point >> 18);
            *to++ = (uint8_t)(0x80 | (point >> 12 & 0x3f));
        }
        *to++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
    }
    *to++ = (uint8_t)(0x80 | (point & 0x3f));
    return to;
}

/* \uXXXX at from, or two of them that are a surrogate pair; *used: bytes read. */
static uint8_t *put_code(uint8_t *to, const uint8_t *from, size_t *used)
{
    uint32_t point = (uint32_t)json_hex4(from + 2);

    *used = 6;
    if (point >= 0xd800 && point < 0xdc00) {
        uint32_t low = (uint32_t)json_hex4(from + 8);

        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        *used = 12;
    }
    return put_utf8(to, point);
}

static uint8_t resolve(uint8_t letter)
{
    switch (letter) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    default:
        return letter;
    }
}

size_t json_unescape(uint8_t *to, const uint8_t *from, size_t length)
{
    const uint8_t *end = from + length;
    uint8_t *out = to;

    while (from < end) {
        size_t used = 2;

        if (*from != '\\') {
            *out++ = *from++;
        } else if (from[1] == 'u') {
            out = put_code(out, from, &used);
            from += used;
        } else {
            *out++ = resolve(from[1]);
            from += 2;
        }
    }
    return (size_t)(out - to);
}
