/*
 * quote_sse2 - quotes taken off and put on, 16 bytes at a time.
 */
#include "quote.h"

#if defined(__SSE2__)

#include <emmintrin.h>

static inline __m128i load(const uint8_t *from)
{
    return _mm_loadu_si128((const __m128i *)(const void *)from);
}

static inline uint32_t match(__m128i block, __m128i wanted)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(block, wanted));
}

size_t csv_unquote_sse2(uint8_t *to, const uint8_t *from, size_t length, uint8_t quote)
{
    __m128i wanted = _mm_set1_epi8((char)quote);
    uint8_t *out = to;

    for (size_t i = 0; i < length;) {
        __m128i block = load(from + i);
        uint32_t quotes = match(block, wanted);
        size_t step = quotes ? (size_t)__builtin_ctz(quotes) + 1 : 16;

        _mm_storeu_si128((__m128i *)(void *)out, block);
        if (i + step > length) {
            out += length - i;
            break;
        }
        out += step;
        i += step + (quotes != 0);
    }
    return (size_t)(out - to);
}

size_t csv_double_sse2(uint8_t *to, const uint8_t *from, size_t length, uint8_t quote)
{
    __m128i wanted = _mm_set1_epi8((char)quote);
    uint8_t *out = to;

    for (size_t i = 0; i < length;) {
        __m128i block = load(from + i);
        uint32_t quotes = match(block, wanted);
        size_t step = quotes ? (size_t)__builtin_ctz(quotes) + 1 : 16;

        _mm_storeu_si128((__m128i *)(void *)out, block);
        if (i + step > length) {
            out += length - i;
            break;
        }
        out += step;
        i += step;
        if (quotes) {
            *out++ = quote;
        }
    }
    return (size_t)(out - to);
}

const uint8_t *csv_next_special_sse2(const uint8_t *at, const uint8_t *end,
                                     const struct csv_syntax *syntax)
{
    __m128i delimiter = _mm_set1_epi8((char)syntax->delimiter);
    __m128i quote = _mm_set1_epi8((char)syntax->quote);
    __m128i escape = _mm_set1_epi8((char)syntax->escape);
    __m128i lf = _mm_set1_epi8('\n'), cr = _mm_set1_epi8('\r');

    for (; at < end; at += 16) {
        __m128i block = load(at);
        __m128i found = _mm_or_si128(
            _mm_or_si128(_mm_cmpeq_epi8(block, delimiter), _mm_cmpeq_epi8(block, quote)),
            _mm_or_si128(_mm_cmpeq_epi8(block, lf), _mm_cmpeq_epi8(block, cr)));
        uint32_t mask = (uint32_t)_mm_movemask_epi8(found) | match(block, escape);

        if (mask) {
            at += __builtin_ctz(mask);
            break;
        }
    }
    return at < end ? at : end;
}

#endif
