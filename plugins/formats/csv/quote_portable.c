/*
 * quote_portable - quotes taken off and put on, one byte at a time.
 */
#include "quote.h"

size_t csv_unquote_portable(uint8_t *to, const uint8_t *from, size_t length,
                            uint8_t quote)
{
    size_t out = 0;

    for (size_t i = 0; i < length; i++) {
        to[out++] = from[i];
        if (from[i] == quote) {
            i++;
        }
    }
    return out;
}

size_t csv_double_portable(uint8_t *to, const uint8_t *from, size_t length, uint8_t quote)
{
    size_t out = 0;

    for (size_t i = 0; i < length; i++) {
        to[out++] = from[i];
        if (from[i] == quote) {
            to[out++] = quote;
        }
    }
    return out;
}

const uint8_t *csv_next_special_portable(const uint8_t *at, const uint8_t *end,
                                         const struct csv_syntax *syntax)
{
    while (at < end && *at != syntax->delimiter && *at != syntax->quote &&
           *at != syntax->escape && *at != '\n' && *at != '\r') {
        at++;
    }
    return at;
}
