/*
 * pattern_apply - literal and regular expression search over a whole column.
 *
 * A literal is looked for in the data of all rows at once; a hit that reaches from one
 * row into the next is none.  A regular expression runs per value, by PCRE2's JIT where
 * there is one; a single class of characters needs no matcher where all text is ASCII.
 * Bytes that are not UTF-8 never match and never harm.
 */
#define _GNU_SOURCE /* memmem */

#include <string.h>

#include "pattern_internal.h"

#define JIT_STACK_START ((size_t)32 * 1024)
#define JIT_STACK_MAX ((size_t)1024 * 1024)

/* Where the groups of a match lie: pairs of start and end, from `base` in the data. */
struct hit {
    const size_t *groups;
    uint32_t count; /**< groups that took part, the whole match among them */
    size_t base;
    size_t start, end; /**< the whole match, in the data */
};

static size_t group_length(const struct hit *hit, int32_t group)
{
    const size_t *pair = &hit->groups[2 * (size_t)group];

    if ((uint32_t)group >= hit->count || pair[0] == PCRE2_UNSET || pair[0] > pair[1]) {
        return 0;
    }
    return pair[1] - pair[0];
}

static size_t replacement_length(const struct replacement *replacement,
                                 const struct hit *hit)
{
    size_t length = 0;

    for (size_t i = 0; i < replacement->count; i++) {
        const struct replacement_part *part = &replacement->parts[i];

        length += part->group == REPLACEMENT_TEXT ? part->length
                                                  : group_length(hit, part->group);
    }
    return length;
}

static int replace_hit(const struct pattern *pattern, struct rewrite *rewrite,
                       int64_t row, const struct hit *hit)
{
    const struct replacement *replacement = &pattern->replacement;
    size_t length = replacement_length(replacement, hit);
    int rc = rewrite_open_gap(rewrite, row, hit->start, length);

    for (size_t i = 0; rc == TIDE_OK && i < replacement->count; i++) {
        const struct replacement_part *part = &replacement->parts[i];

        if (part->group == REPLACEMENT_TEXT) {
            rewrite_append(rewrite, part->text, part->length);
        } else if (group_length(hit, part->group) > 0) {
            rewrite_append(
                rewrite, rewrite->data + hit->base + hit->groups[2 * (size_t)part->group],
                group_length(hit, part->group));
        }
    }
    if (rc == TIDE_OK) {
        rewrite_skip(rewrite, hit->end);
    }
    return rc;
}

static int apply_literal(const struct pattern *pattern, struct rewrite *rewrite)
{
    size_t length = pattern->literal_length;
    const uint8_t *data = rewrite->data;
    const int32_t *offsets = rewrite->offsets;
    size_t at = (size_t)offsets[0];
    int64_t row = 0;
    int rc = TIDE_OK;

    while (rc == TIDE_OK && rewrite->length - at >= length) {
        const uint8_t *found =
            memmem(data + at, rewrite->length - at, pattern->literal, length);
        const size_t whole[2] = {0, length};
        struct hit hit = {.groups = whole, .count = 1};

        if (!found) {
            break;
        }
        hit.start = hit.base = (size_t)(found - data);
        hit.end = hit.start + length;
        while ((size_t)offsets[row + 1] <= hit.start) {
            row++;
        }
        if (hit.end > (size_t)offsets[row + 1]) {
            at = hit.start + 1;
            continue;
        }
        rc = replace_hit(pattern, rewrite, row, &hit);
        at = hit.end;
    }
    return rc;
}

/* Bytes of the character at the beginning of a text that is not empty. */
static size_t character_length(const uint8_t *text, size_t length)
{
    size_t wanted = text[0] < 0xc0 ? 1 : text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;

    return wanted < length ? wanted : length;
}

static int find_next(const struct pattern *pattern, const uint8_t *value, size_t length,
                     size_t at)
{
    if (pattern->has_jit) {
        return pcre2_jit_match(pattern->code, value, length, at, 0, pattern->match,
                               pattern->context);
    }
    return pcre2_match(pattern->code, value, length, at, 0, pattern->match,
                       pattern->context);
}

/* Returns what PCRE2 said at last, or TIDE_E_LIMIT through *rc. */
static int replace_in_value(const struct pattern *pattern, struct rewrite *rewrite,
                            int64_t row, int *rc)
{
    size_t base = (size_t)rewrite->offsets[row];
    size_t length = (size_t)rewrite->offsets[row + 1] - base;
    const uint8_t *value = rewrite->data + base;
    const size_t *groups = pcre2_get_ovector_pointer(pattern->match);
    size_t at = 0;

    while (at <= length) {
        int count = find_next(pattern, value, length, at);
        struct hit hit = {.groups = groups, .base = base, .count = (uint32_t)count};

        if (count < 0) {
            return count;
        }
        if (groups[0] < at || groups[1] < groups[0]) {
            return PCRE2_ERROR_BADSUBSPATTERN;
        }
        hit.start = base + groups[0];
        hit.end = base + groups[1];
        *rc = replace_hit(pattern, rewrite, row, &hit);
        if (*rc != TIDE_OK) {
            return PCRE2_ERROR_NOMATCH;
        }
        at = groups[1];
        if (groups[0] == groups[1]) {
            at += at < length ? character_length(value + at, length - at) : 1;
        }
    }
    return PCRE2_ERROR_NOMATCH;
}

static int refuse_value(int code, int64_t row, pattern_refuse_fn refuse, void *arg)
{
    PCRE2_UCHAR reason[128];

    (void)pcre2_get_error_message(code, reason, sizeof reason);
    return refuse(arg, row, (const char *)reason);
}

/* Compile to machine code, which takes longer than a few values do without. */
static int make_ready(struct pattern *pattern)
{
    if (pattern->is_ready) {
        return TIDE_OK;
    }
    if (pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0) {
        pattern->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
        if (!pattern->stack) {
            return TIDE_E_LIMIT;
        }
        pcre2_jit_stack_assign(pattern->context, NULL, pattern->stack);
        pattern->has_jit = true;
    }
    pattern->is_ready = true;
    return TIDE_OK;
}

static int apply_code(struct pattern *pattern, struct rewrite *rewrite,
                      pattern_refuse_fn refuse, void *arg)
{
    int rc = make_ready(pattern);

    for (int64_t row = 0; rc == TIDE_OK && row < rewrite->rows; row++) {
        int said = PCRE2_ERROR_NOMATCH;

        if (tide_array_is_null(rewrite->column, row)) {
            continue;
        }
        said = replace_in_value(pattern, rewrite, row, &rc);
        if (said != PCRE2_ERROR_NOMATCH) {
            rc = refuse_value(said, row, refuse, arg);
        }
    }
    return rc;
}

/* One value of ASCII, by a class. */
static int replace_bytes(const struct pattern *pattern, struct rewrite *rewrite,
                         int64_t row)
{
    const struct byte_class *class = pattern->class;
    size_t at = (size_t)rewrite->offsets[row], end = (size_t)rewrite->offsets[row + 1];
    int rc = TIDE_OK;

    for (; rc == TIDE_OK && at < end; at++) {
        size_t whole[2] = {0, 1};
        struct hit hit = {.groups = whole, .count = 1, .base = at, .start = at};

        if (!class->has[rewrite->data[at]]) {
            continue;
        }
        while (class->repeats && at + 1 < end && class->has[rewrite->data[at + 1]]) {
            at++;
        }
        hit.end = at + 1;
        whole[1] = hit.end - hit.start;
        rc = replace_hit(pattern, rewrite, row, &hit);
    }
    return rc;
}

static int apply_class(struct pattern *pattern, struct rewrite *rewrite)
{
    int rc = pattern_make_class(pattern);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (pattern->replacement.count == 0) {
        return rewrite_drop(rewrite, pattern->class->has);
    }
    for (int64_t row = 0; rc == TIDE_OK && row < rewrite->rows; row++) {
        if (!tide_array_is_null(rewrite->column, row)) {
            rc = replace_bytes(pattern, rewrite, row);
        }
    }
    return rc;
}

int pattern_apply(struct pattern *pattern, struct rewrite *rewrite,
                  pattern_refuse_fn refuse, void *arg)
{
    if (pattern->literal) {
        return apply_literal(pattern, rewrite);
    }
    if (pattern->is_class && byte_class_is_ascii(rewrite->data, rewrite->length)) {
        return apply_class(pattern, rewrite);
    }
    return apply_code(pattern, rewrite, refuse, arg);
}
