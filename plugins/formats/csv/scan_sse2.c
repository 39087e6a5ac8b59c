/*
 * scan_sse2 - the index of a window of CSV by SSE2, 64 bytes a step.
 *
 * Each byte of interest becomes a bit of a 64-bit mask.  The prefix xor of the quotes is
 * the mask of what stands inside quotes: a doubled quote closes and opens again, which
 * leaves it right.  That reading holds as long as every opening quote stands behind a
 * separator or a closing quote and every closing quote in front of one; where it does
 * not, the scan stops.
 */
#include "scan.h"

#if defined(__SSE2__)

#include <emmintrin.h>
#include <string.h>

/* What one step hands to the next. */
struct carry {
    uint64_t inside; /* all ones within quotes */
    uint64_t start;  /* 1: the last byte was a separator or a closing quote */
    uint64_t closed; /* 1: the last byte was a closing quote */
};

struct masks {
    uint64_t separators; /* outside quotes */
    uint64_t lines;      /* line feeds, everywhere */
    uint64_t inside;
};

/* 64 bytes.  Loops over their four parts are written out: gcc does not unroll at -O2. */
struct block {
    __m128i part[4];
};

static inline uint64_t match_part(__m128i part, __m128i wanted)
{
    return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(part, wanted));
}

static inline uint64_t match(const struct block *block, uint8_t byte)
{
    __m128i wanted = _mm_set1_epi8((char)byte);

    return match_part(block->part[0], wanted) | match_part(block->part[1], wanted) << 16 |
           match_part(block->part[2], wanted) << 32 |
           match_part(block->part[3], wanted) << 48;
}

static inline __m128i load_part(const uint8_t *data)
{
    return _mm_loadu_si128((const __m128i *)(const void *)data);
}

static inline struct block load(const uint8_t *data)
{
    return (struct block){{load_part(data), load_part(data + 16), load_part(data + 32),
                           load_part(data + 48)}};
}

static inline __m128i any_bits(const struct block *block)
{
    return _mm_or_si128(_mm_or_si128(block->part[0], block->part[1]),
                        _mm_or_si128(block->part[2], block->part[3]));
}

static inline uint64_t prefix_xor(uint64_t bits)
{
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    return bits ^ bits << 32;
}

static inline uint64_t top(uint64_t mask)
{
    return mask >> 63;
}

/* CR LF may follow a closing quote; take such a CR out of the faults. */
static uint64_t forgive_line_ends(uint64_t faults, const uint8_t *data, size_t left)
{
    uint64_t kept = faults;

    for (uint64_t bits = faults; bits; bits &= bits - 1) {
        size_t at = (size_t)__builtin_ctzll(bits);

        if (data[at] == '\r' && (at + 1 >= left || data[at + 1] == '\n')) {
            kept &= ~(bits & -bits);
        }
    }
    return kept;
}

/* Quotes that stand where plain text has none: the bit of the first byte to judge. */
static uint64_t find_faults(uint64_t quotes, const struct masks *masks,
                            struct carry *carry, const uint8_t *data, size_t left)
{
    uint64_t opens = quotes & masks->inside;
    uint64_t closes = quotes & ~masks->inside;
    uint64_t starts = (masks->separators | closes) << 1 | carry->start;
    uint64_t follows = closes << 1 | carry->closed;
    uint64_t faults = follows & ~(masks->separators | opens);

    if (faults) {
        faults = forgive_line_ends(faults, data, left);
    }
    carry->start = top(masks->separators | closes);
    carry->closed = top(closes);
    return faults | (opens & ~starts);
}

/* How many bits are set; SSE2 has no instruction for it. */
static inline uint32_t count_bits(uint64_t bits)
{
    bits -= (bits >> 1) & UINT64_C(0x5555555555555555);
    bits = (bits & UINT64_C(0x3333333333333333)) +
           ((bits >> 2) & UINT64_C(0x3333333333333333));
    bits = (bits + (bits >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
    return (uint32_t)((bits * UINT64_C(0x0101010101010101)) >> 56);
}

static inline uint64_t put_lowest(uint32_t *out, uint64_t bits, uint32_t base)
{
    *out = base + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63);
    return bits & (bits - 1);
}

/* Write the positions of the bits, always a few at once: a loop of as many turns as there
 * are bits is mispredicted at almost every block.  Up to CSV_SPREAD places behind those
 * that count are written too. */
static inline uint32_t *spread(uint32_t *out, uint64_t bits, uint32_t base)
{
    uint32_t *end = out + count_bits(bits);

    do {
        bits = put_lowest(out, bits, base);
        bits = put_lowest(out + 1, bits, base);
        bits = put_lowest(out + 2, bits, base);
        bits = put_lowest(out + 3, bits, base);
        bits = put_lowest(out + 4, bits, base);
        bits = put_lowest(out + 5, bits, base);
        out += CSV_SPREAD;
    } while (out < end);
    return end;
}

static inline uint32_t *note_block(struct csv_index *index, uint32_t *out,
                                   const struct masks *masks, uint32_t base)
{
    uint64_t quoted = masks->lines & masks->inside;
    uint32_t before = (uint32_t)(out - index->separators) - 1;

    for (uint64_t lines = masks->lines & ~masks->inside; lines; lines &= lines - 1) {
        uint64_t upto = lines ^ (lines - 1);

        index->rows[++index->row_count] = before + count_bits(masks->separators & upto);
    }
    if (quoted) {
        uint32_t *lines = index->quoted_lines + index->quoted_count;

        index->quoted_count += (size_t)(spread(lines, quoted, base) - lines);
    }
    return spread(out, masks->separators, base);
}

static inline void keep(struct masks *masks, uint64_t mask)
{
    masks->separators &= mask;
    masks->lines &= mask;
}

void csv_scan_sse2(const uint8_t *data, size_t length, const struct csv_syntax *syntax,
                   struct csv_index *index)
{
    struct carry carry = {.start = 1};
    uint32_t *out = index->separators + 1;
    __m128i any = _mm_setzero_si128();

    index->separators[0] = UINT32_MAX;
    index->rows[0] = 0;
    index->row_count = 0;
    index->quoted_count = 0;
    for (size_t base = 0; base < length; base += 64) {
        size_t left = length - base;
        uint64_t valid = left < 64 ? (UINT64_C(1) << left) - 1 : UINT64_MAX;
        uint64_t quotes, faults = 0;
        struct block block = load(data + base);
        struct masks masks;

        any = _mm_or_si128(any, any_bits(&block));
        quotes = match(&block, syntax->quote) & valid;
        masks.lines = match(&block, '\n') & valid;
        masks.inside = quotes ? prefix_xor(quotes) ^ carry.inside : carry.inside;
        masks.separators = (match(&block, syntax->delimiter) & valid) | masks.lines;
        masks.separators &= ~masks.inside;
        carry.inside = 0 - top(masks.inside);
        if (quotes | carry.closed) {
            faults = find_faults(quotes, &masks, &carry, data + base, left);
        } else {
            carry.start = top(masks.separators);
        }
        if (faults) {
            keep(&masks, (faults & -faults) - 1);
        }
        out = note_block(index, out, &masks, (uint32_t)base);
        if (faults) {
            break;
        }
    }
    index->ascii = _mm_movemask_epi8(any) == 0;
}

#endif
