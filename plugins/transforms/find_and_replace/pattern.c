/*
 * pattern - literal and regular expression search over a whole column.
 *
 * A literal is looked for in the data of all rows at once; a hit that reaches from one
 * row into the next is none.  A regular expression runs per value, by PCRE2's JIT where
 * there is one.  An expression without special characters is a literal.  Bytes that are
 * not UTF-8 never match and never harm.
 */
#define _GNU_SOURCE /* memmem */
#define PCRE2_CODE_UNIT_WIDTH 8

#include "pattern.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* A value on which the matcher takes more steps than this is refused: a few milliseconds,
 * where an unlucky expression would take hours. */
#define MATCH_LIMIT 1000000
#define HEAP_LIMIT_KIB 16384
#define JIT_STACK_START ((size_t)32 * 1024)
#define JIT_STACK_MAX ((size_t)1024 * 1024)

struct pattern {
    struct replacement replacement;

    uint8_t *literal; /**< owned; NULL when code is used */
    size_t literal_length;

    pcre2_code *code;
    pcre2_match_data *match;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    bool has_jit;
};

static int out_of_memory(struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
}

/* ---- compiling ----------------------------------------------------------------------*/

static int use_literal(struct pattern *pattern, const char *find, struct tide_error *err)
{
    pattern->literal_length = strlen(find);
    pattern->literal = (uint8_t *)strdup(find);
    return pattern->literal ? TIDE_OK : out_of_memory(err);
}

static int compile_code(struct pattern *pattern, const char *find, uint32_t options,
                        struct tide_error *err)
{
    int code = 0;
    PCRE2_SIZE offset = 0;

    pattern->code = pcre2_compile((PCRE2_SPTR)find, PCRE2_ZERO_TERMINATED,
                                  options | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code,
                                  &offset, NULL);
    if (!pattern->code) {
        PCRE2_UCHAR reason[128];

        (void)pcre2_get_error_message(code, reason, sizeof reason);
        return tide_error_at(err, TIDE_E_CONFIG, "find",
                             "not a regular expression: %s, at character %zu of \"%s\"",
                             (const char *)reason, offset + 1, find);
    }
    return TIDE_OK;
}

static int use_code(struct pattern *pattern, const char *find, uint32_t options,
                    struct tide_error *err)
{
    int rc = compile_code(pattern, find, options, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    pattern->has_jit = pcre2_jit_compile(pattern->code, PCRE2_JIT_COMPLETE) == 0;
    pattern->match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    pattern->context = pcre2_match_context_create(NULL);
    if (!pattern->match || !pattern->context) {
        return out_of_memory(err);
    }
    pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
    pcre2_set_heap_limit(pattern->context, HEAP_LIMIT_KIB);
    if (pattern->has_jit) {
        pattern->stack = pcre2_jit_stack_create(JIT_STACK_START, JIT_STACK_MAX, NULL);
        if (!pattern->stack) {
            return out_of_memory(err);
        }
        pcre2_jit_stack_assign(pattern->context, NULL, pattern->stack);
    }
    return TIDE_OK;
}

static uint32_t count_groups(const struct pattern *pattern)
{
    uint32_t groups = 0;

    if (pattern->code) {
        (void)pcre2_pattern_info(pattern->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    }
    return groups;
}

static bool is_plain(const char *expression)
{
    return strpbrk(expression, "\\^$.|?*+()[]{}") == NULL;
}

static int compile_find(struct pattern *pattern, const char *find, bool is_regex,
                        bool is_case_sensitive, struct tide_error *err)
{
    uint32_t options = is_case_sensitive ? 0 : PCRE2_CASELESS;

    if (find[0] == '\0') {
        return tide_error_at(err, TIDE_E_CONFIG, "find",
                             "is empty: say what to look for");
    }
    if (is_case_sensitive && (!is_regex || is_plain(find))) {
        return use_literal(pattern, find, err);
    }
    return use_code(pattern, find, is_regex ? options : options | PCRE2_LITERAL, err);
}

int pattern_create(const char *find, const char *replace, bool is_regex,
                   bool is_case_sensitive, struct pattern **out, struct tide_error *err)
{
    struct pattern *pattern = calloc(1, sizeof *pattern);
    int rc = TIDE_OK;

    if (!pattern) {
        return out_of_memory(err);
    }
    rc = compile_find(pattern, find, is_regex, is_case_sensitive, err);
    if (rc == TIDE_OK && is_regex) {
        rc = replacement_compile(replace, count_groups(pattern), &pattern->replacement,
                                 err);
    } else if (rc == TIDE_OK) {
        rc = replacement_verbatim(replace, &pattern->replacement, err);
    }
    if (rc != TIDE_OK) {
        pattern_destroy(pattern);
        return rc;
    }
    *out = pattern;
    return TIDE_OK;
}

void pattern_destroy(struct pattern *pattern)
{
    if (!pattern) {
        return;
    }
    replacement_clear(&pattern->replacement);
    pcre2_match_data_free(pattern->match);
    pcre2_match_context_free(pattern->context);
    pcre2_jit_stack_free(pattern->stack);
    pcre2_code_free(pattern->code);
    free(pattern->literal);
    free(pattern);
}

/* ---- replacing ----------------------------------------------------------------------*/

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

static int apply_code(const struct pattern *pattern, struct rewrite *rewrite,
                      pattern_refuse_fn refuse, void *arg)
{
    int rc = TIDE_OK;

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

int pattern_apply(struct pattern *pattern, struct rewrite *rewrite,
                  pattern_refuse_fn refuse, void *arg)
{
    if (pattern->literal) {
        return apply_literal(pattern, rewrite);
    }
    return apply_code(pattern, rewrite, refuse, arg);
}
