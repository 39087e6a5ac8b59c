/*
 * replacement - what a match is replaced by; see replacement.h.
 */
#include "replacement.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

static struct replacement_part *add_part(struct replacement *replacement, int32_t group)
{
    size_t size = (replacement->count + 1) * sizeof *replacement->parts;
    struct replacement_part *parts = realloc(replacement->parts, size);
    struct replacement_part *part = NULL;

    if (!parts) {
        return NULL;
    }
    replacement->parts = parts;
    part = &parts[replacement->count++];
    *part = (struct replacement_part){.group = group};
    return part;
}

/* Append to the text at the end, or begin one. */
static int add_text(struct replacement *replacement, const char *text, size_t length)
{
    struct replacement_part *part = NULL;
    uint8_t *grown = NULL;

    if (replacement->count > 0 &&
        replacement->parts[replacement->count - 1].group == REPLACEMENT_TEXT) {
        part = &replacement->parts[replacement->count - 1];
    } else {
        part = add_part(replacement, REPLACEMENT_TEXT);
    }
    grown = part ? realloc(part->text, part->length + length + 1) : NULL;
    if (!grown) {
        return TIDE_E_LIMIT;
    }
    memcpy(grown + part->length, text, length);
    part->text = grown;
    part->length += length;
    return TIDE_OK;
}

/* A number of one or two digits: the second is taken when there is such a group. */
static const char *read_group(const char *at, uint32_t groups, uint32_t *group)
{
    uint32_t longer = 0;

    *group = (uint32_t)(*at++ - '0');
    if (isdigit((unsigned char)*at)) {
        longer = *group * 10 + (uint32_t)(*at - '0');
        if (longer <= groups && *group > 0) {
            *group = longer;
            at++;
        }
    }
    return at;
}

static int add_group(struct replacement *replacement, uint32_t group, uint32_t groups,
                     struct tide_error *err)
{
    if (group > groups) {
        return tide_error_at(err, TIDE_E_CONFIG, "replace",
                             "there is no group %u: \"find\" has %u; write $$ for a "
                             "dollar and \\\\ for a backslash",
                             group, groups);
    }
    if (!add_part(replacement, (int32_t)group)) {
        return tide_error_memory(err);
    }
    return TIDE_OK;
}

/* ${12}: the only way to have a digit right behind a group. */
static int add_braced(struct replacement *replacement, const char **at, uint32_t groups,
                      struct tide_error *err)
{
    char *end = NULL;
    unsigned long group = strtoul(*at + 2, &end, 10);

    if (!isdigit((unsigned char)(*at)[2]) || *end != '}' || group > UINT16_MAX) {
        return tide_error_at(err, TIDE_E_CONFIG, "replace",
                             "\"${\" wants the number of a group and \"}\"");
    }
    *at = end + 1;
    return add_group(replacement, (uint32_t)group, groups, err);
}

/* Something that begins with a dollar or a backslash. */
static int add_special(struct replacement *replacement, const char **at, uint32_t groups,
                       struct tide_error *err)
{
    const char *text = *at;
    bool is_escape = text[0] == '\\';
    uint32_t group = 0;

    if (isdigit((unsigned char)text[1])) {
        *at = read_group(text + 1, groups, &group);
        return add_group(replacement, group, groups, err);
    }
    if (!is_escape && text[1] == '{') {
        return add_braced(replacement, at, groups, err);
    }
    if (text[1] == '$' || (is_escape && text[1] == '\\')) {
        *at = text + 2;
        return add_text(replacement, text + 1, 1);
    }
    if (is_escape) {
        return tide_error_at(err, TIDE_E_CONFIG, "replace",
                             "a backslash wants a digit, a dollar or a backslash behind "
                             "it; write \\\\ for a backslash");
    }
    *at = text + 1;
    return add_text(replacement, text, 1);
}

int replacement_compile(const char *text, uint32_t groups, struct replacement *out,
                        struct tide_error *err)
{
    struct replacement made = {0};
    int rc = TIDE_OK;

    while (rc == TIDE_OK && *text) {
        size_t plain = strcspn(text, "$\\");

        if (plain > 0) {
            rc = add_text(&made, text, plain);
            text += plain;
        } else {
            rc = add_special(&made, &text, groups, err);
        }
    }
    if (rc != TIDE_OK) {
        replacement_clear(&made);
        return rc == TIDE_E_LIMIT ? tide_error_set(err, rc, "out of memory") : rc;
    }
    *out = made;
    return TIDE_OK;
}

int replacement_verbatim(const char *text, struct replacement *out,
                         struct tide_error *err)
{
    struct replacement made = {0};

    if (*text && add_text(&made, text, strlen(text)) != TIDE_OK) {
        replacement_clear(&made);
        return tide_error_memory(err);
    }
    *out = made;
    return TIDE_OK;
}

void replacement_clear(struct replacement *replacement)
{
    for (size_t i = 0; i < replacement->count; i++) {
        free(replacement->parts[i].text);
    }
    free(replacement->parts);
    replacement->parts = NULL;
    replacement->count = 0;
}
