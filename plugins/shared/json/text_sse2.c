/*
 * text_sse2 - JSON strings 16 bytes at a time.
 */
#include "text.h"

#if defined(__SSE2__)

#include <emmintrin.h>

static inline __m128i load(const uint8_t *from)
{
    return _mm_loadu_si128((const __m128i *)(const void *)from);
}

/* All ones in the place of each special byte. */
static inline __m128i special(__m128i block)
{
    __m128i control = _mm_cmpeq_epi8(_mm_min_epu8(block, _mm_set1_epi8(0x1f)), block);
    __m128i quote = _mm_cmpeq_epi8(block, _mm_set1_epi8('"'));
    __m128i backslash = _mm_cmpeq_epi8(block, _mm_set1_epi8('\\'));

    return _mm_or_si128(control, _mm_or_si128(quote, backslash));
}

const uint8_t *json_find_special_sse2(const uint8_t *at, const uint8_t *end)
{
    for (; at < end; at += 16) {
        uint32_t mask = (uint32_t)_mm_movemask_epi8(special(load(at)));

        if (mask) {
            at += __builtin_ctz(mask);
            break;
        }
    }
    return at < end ? at : end;
}

size_t json_count_special_sse2(const uint8_t *data, size_t length)
{
    __m128i total = _mm_setzero_si128();
    uint64_t halves[2];
    size_t i = 0;

    for (; i + 16 <= length; i += 16) {
        __m128i ones = _mm_and_si128(special(load(data + i)), _mm_set1_epi8(1));

        total = _mm_add_epi64(total, _mm_sad_epu8(ones, _mm_setzero_si128()));
    }
    _mm_storeu_si128((__m128i *)(void *)halves, total);
    return (size_t)(halves[0] + halves[1]) +
           json_count_special_portable(data + i, length - i);
}

uint8_t *json_escape_sse2(uint8_t *to, const uint8_t *from, size_t length)
{
    const uint8_t *end = from + length;

    while (from < end) {
        __m128i block = load(from);
        uint32_t mask = (uint32_t)_mm_movemask_epi8(special(block));
        size_t step = mask ? (size_t)__builtin_ctz(mask) : 16;
        size_t left = (size_t)(end - from);

        _mm_storeu_si128((__m128i *)(void *)to, block);
        if (step >= left) {
            return to + left;
        }
        to += step;
        from += step;
        if (mask) {
            to = json_put_escape(to, *from++);
        }
    }
    return to;
}

#endif
