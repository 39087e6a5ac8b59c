/*
 * utf8 - whether a long stretch of text is UTF-8, fast also where it is not ASCII.
 *
 * The answer is that of tide_is_utf8() of the SDK, which stops at every character beyond
 * ASCII.  Here 64 bytes are judged at once: one mask tells which bytes continue a
 * character, another, made of the leading bytes, which must; they have to be the same.
 *
 * Header-only, because each plugin is linked by itself.  Layer: plugins, uses the SDK.
 */
#ifndef TIDE_SHARED_UTF8_H
#define TIDE_SHARED_UTF8_H

#include <stdbool.h>
#include <string.h>
#include <tidemill/value.h>

#if !defined(__SSE2__)

static inline bool utf8_is_valid(const uint8_t *data, size_t length)
{
    return tide_is_utf8(data, length);
}

#else

#include <emmintrin.h>

/* 64 bytes. */
struct utf8_block {
    __m128i part[4];
};

/* What leading bytes of one block ask of the next. */
struct utf8_carry {
    uint64_t wanted; /* bytes at its start that must continue a character */
    uint64_t after_e0, after_ed, after_f0, after_f4;
};

static inline uint64_t utf8_join(const __m128i part[4])
{
    return (uint64_t)(uint32_t)_mm_movemask_epi8(part[0]) |
           (uint64_t)(uint32_t)_mm_movemask_epi8(part[1]) << 16 |
           (uint64_t)(uint32_t)_mm_movemask_epi8(part[2]) << 32 |
           (uint64_t)(uint32_t)_mm_movemask_epi8(part[3]) << 48;
}

/* The bytes that are not below `least`. */
static inline uint64_t utf8_from(const struct utf8_block *block, uint8_t least)
{
    const __m128i *part = block->part;
    __m128i limit = _mm_set1_epi8((char)least);
    __m128i found[4] = {_mm_cmpeq_epi8(_mm_max_epu8(part[0], limit), part[0]),
                        _mm_cmpeq_epi8(_mm_max_epu8(part[1], limit), part[1]),
                        _mm_cmpeq_epi8(_mm_max_epu8(part[2], limit), part[2]),
                        _mm_cmpeq_epi8(_mm_max_epu8(part[3], limit), part[3])};

    return utf8_join(found);
}

static inline uint64_t utf8_equal(const struct utf8_block *block, uint8_t byte)
{
    const __m128i *part = block->part;
    __m128i wanted = _mm_set1_epi8((char)byte);
    __m128i found[4] = {_mm_cmpeq_epi8(part[0], wanted), _mm_cmpeq_epi8(part[1], wanted),
                        _mm_cmpeq_epi8(part[2], wanted), _mm_cmpeq_epi8(part[3], wanted)};

    return utf8_join(found);
}

/* The bytes behind the marked ones; the last mark goes to the next block. */
static inline uint64_t utf8_behind(uint64_t marks, uint64_t *carry)
{
    uint64_t behind = marks << 1 | *carry;

    *carry = marks >> 63;
    return behind;
}

/* Second bytes that would make a character overlong, a surrogate, or beyond U+10FFFF. */
static inline bool utf8_second_bytes_are_good(const struct utf8_block *block,
                                              struct utf8_carry *carry)
{
    uint64_t from_90 = utf8_from(block, 0x90), from_a0 = utf8_from(block, 0xa0);
    uint64_t bad = utf8_behind(utf8_equal(block, 0xe0), &carry->after_e0) & ~from_a0;

    bad |= utf8_behind(utf8_equal(block, 0xed), &carry->after_ed) & from_a0;
    bad |= utf8_behind(utf8_equal(block, 0xf0), &carry->after_f0) & ~from_90;
    bad |= utf8_behind(utf8_equal(block, 0xf4), &carry->after_f4) & from_90;
    return bad == 0;
}

static inline bool utf8_block_is_good(const struct utf8_block *block, uint64_t high,
                                      struct utf8_carry *carry)
{
    uint64_t two = utf8_from(block, 0xc0), three = utf8_from(block, 0xe0);
    uint64_t four = utf8_from(block, 0xf0);
    uint64_t wanted = carry->wanted | two << 1 | three << 2 | four << 3;
    uint64_t never = (two & ~utf8_from(block, 0xc2)) | utf8_from(block, 0xf5);
    bool special = (three | carry->after_e0 | carry->after_ed | carry->after_f0 |
                    carry->after_f4) != 0;

    carry->wanted = two >> 63 | three >> 62 | four >> 61;
    return wanted == (high & ~two) && never == 0 &&
           (!special || utf8_second_bytes_are_good(block, carry));
}

static inline __m128i utf8_load(const uint8_t *data)
{
    return _mm_loadu_si128((const __m128i *)(const void *)data);
}

static inline bool utf8_step(const uint8_t *data, struct utf8_carry *carry)
{
    struct utf8_block block = {{utf8_load(data), utf8_load(data + 16),
                                utf8_load(data + 32), utf8_load(data + 48)}};
    uint64_t high = utf8_join(block.part);

    return high == 0 ? carry->wanted == 0 : utf8_block_is_good(&block, high, carry);
}

/** Whether all bytes are well-formed UTF-8. */
static inline bool utf8_is_valid(const uint8_t *data, size_t length)
{
    struct utf8_carry carry = {0, 0, 0, 0, 0};
    uint8_t tail[64] = {0};
    size_t done = 0;

    for (; done + 64 <= length; done += 64) {
        if (!utf8_step(data + done, &carry)) {
            return false;
        }
    }
    memcpy(tail, data + done, length - done);
    return utf8_step(tail, &carry) && carry.wanted == 0;
}

#endif

#endif
