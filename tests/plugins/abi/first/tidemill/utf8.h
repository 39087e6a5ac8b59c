/*
 * utf8 - whether bytes are well-formed UTF-8, and how many characters they are.
 */
#ifndef TIDEMILL_UTF8_H
#define TIDEMILL_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Length of the well-formed sequence at the start of `at` (1 to 4), or 0: cut short,
 * overlong, a surrogate, beyond U+10FFFF, or `length` is 0. */
static inline size_t tide_utf8_step(const uint8_t *at, size_t length)
{
    uint8_t least = 0x80, most = 0xbf;
    size_t size;

    if (length == 0) {
        return 0;
    }
    if (at[0] < 0x80) {
        return 1;
    }
    size = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
    if (at[0] < 0xc2 || at[0] > 0xf4 || length < size) {
        return 0;
    }
    switch (at[0]) {
    case 0xe0:
        least = 0xa0;
        break;
    case 0xed:
        most = 0x9f;
        break;
    case 0xf0:
        least = 0x90;
        break;
    case 0xf4:
        most = 0x8f;
        break;
    default:
        break;
    }
    if (at[1] < least || at[1] > most) {
        return 0;
    }
    for (size_t i = 2; i < size; i++) {
        if ((at[i] & 0xc0) != 0x80) {
            return 0;
        }
    }
    return size;
}

/** Whether all bytes are well-formed UTF-8. */
static inline bool tide_is_utf8(const uint8_t *at, size_t length)
{
    const uint8_t *end = at + length;

    while (at < end) {
        size_t step;
        uint64_t word;

        while ((size_t)(end - at) >= sizeof word) {
            memcpy(&word, at, sizeof word);
            if (word & UINT64_C(0x8080808080808080)) {
                break;
            }
            at += sizeof word;
        }
        if (at == end) {
            break;
        }
        step = tide_utf8_step(at, (size_t)(end - at));
        if (step == 0) {
            return false;
        }
        at += step;
    }
    return true;
}

/** Characters (code points) of well-formed UTF-8. */
static inline size_t tide_utf8_count(const char *text, size_t length)
{
    size_t count = 0;

    for (size_t i = 0; i < length; i++) {
        count += ((uint8_t)text[i] & 0xc0) != 0x80;
    }
    return count;
}

#ifdef __cplusplus
}
#endif

#endif
