/*
 * pattern - what is looked for, compiled.
 *
 * An expression without special characters is a literal; for one that is a single class
 * of characters a table is made beside the compiled code.
 */
#include <stdlib.h>
#include <string.h>

#include "pattern_internal.h"

/* A value on which the matcher takes more steps than this is refused: a few milliseconds,
 * where an unlucky expression would take hours. */
#define MATCH_LIMIT 1000000
#define HEAP_LIMIT_KIB 16384

static int use_literal(struct pattern *pattern, const char *find, struct tide_error *err)
{
    pattern->literal_length = strlen(find);
    pattern->literal = (uint8_t *)strdup(find);
    return pattern->literal ? TIDE_OK : tide_error_memory(err);
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
    pattern->match = pcre2_match_data_create_from_pattern(pattern->code, NULL);
    pattern->context = pcre2_match_context_create(NULL);
    if (!pattern->match || !pattern->context) {
        return tide_error_memory(err);
    }
    pcre2_set_match_limit(pattern->context, MATCH_LIMIT);
    pcre2_set_heap_limit(pattern->context, HEAP_LIMIT_KIB);
    return TIDE_OK;
}

int pattern_make_class(struct pattern *pattern)
{
    struct byte_class *class = pattern->class;

    if (class) {
        return TIDE_OK;
    }
    class = calloc(1, sizeof *class);
    if (!class) {
        return TIDE_E_LIMIT;
    }
    class->repeats = pattern->repeats;
    for (uint8_t byte = 0; byte < 0x80; byte++) {
        class->has[byte] = pcre2_match(pattern->code, &byte, 1, 0, 0, pattern->match,
                                       pattern->context) > 0;
    }
    pattern->class = class;
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
    int rc;

    if (find[0] == '\0') {
        return tide_error_at(err, TIDE_E_CONFIG, "find",
                             "is empty: say what to look for");
    }
    if (is_case_sensitive && (!is_regex || is_plain(find))) {
        return use_literal(pattern, find, err);
    }
    rc = use_code(pattern, find, is_regex ? options : options | PCRE2_LITERAL, err);
    pattern->is_class = is_regex && byte_class_is(find, &pattern->repeats);
    return rc;
}

int pattern_create(const char *find, const char *replace, bool is_regex,
                   bool is_case_sensitive, struct pattern **out, struct tide_error *err)
{
    struct pattern *pattern = calloc(1, sizeof *pattern);
    int rc = TIDE_OK;

    if (!pattern) {
        return tide_error_memory(err);
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
    free(pattern->class);
    free(pattern);
}
