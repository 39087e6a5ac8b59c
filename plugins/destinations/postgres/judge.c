/*
 * judge - whether a type keeps a value as it is.
 */
#include "judge.h"

#include <string.h>
#include <strings.h>

#include "judge_item.h"

const char pg_range[] = "range";
const char pg_precision[] = "precision";
const char pg_type[] = "type";

#define NAME_BYTES 63

/* ---- one value ------------------------------------------------------------------- */

static const char *judge_item(const struct tide_pg_type *type, const char *text,
                              size_t length)
{
    switch (type->oid) {
    case PG_OID_FLOAT4:
    case PG_OID_FLOAT8:
        return pg_judge_float(type->oid == PG_OID_FLOAT4, text, length);
    case PG_OID_NUMERIC:
        return pg_judge_decimal(type, text, length);
    case PG_OID_OID:
    case PG_OID_XID:
    case PG_OID_CID:
        return pg_judge_whole(UINT32_MAX, text, length);
    case PG_OID_XID8:
        return pg_judge_whole(UINT64_MAX, text, length);
    case PG_OID_TID:
        return memchr(text, '-', length) ? pg_range : NULL;
    case PG_OID_MONEY:
        return pg_judge_money(text, length);
    case PG_OID_INTERVAL:
        return pg_judge_interval(type, text, length);
    case PG_OID_TIMETZ:
        return pg_judge_timetz(type, text, length);
    default:
        return pg_judge_moment(type, text, length);
    }
}

/* How many bytes and characters a text may have. */
static const char *judge_length(const struct tide_pg_type *type, size_t bytes,
                                size_t characters)
{
    switch (type->oid) {
    case PG_OID_CHAR:
        return bytes > 1 ? pg_range : NULL;
    case PG_OID_NAME:
        return bytes > NAME_BYTES ? pg_range : NULL;
    default:
        return characters > (size_t)type->max_length ? pg_range : NULL;
    }
}

static bool is_text(const struct tide_pg_type *type)
{
    return type->oid == PG_OID_CHAR || type->oid == PG_OID_NAME ||
           type->oid == PG_OID_VARCHAR || type->oid == PG_OID_BPCHAR;
}

/* ---- lists ----------------------------------------------------------------------- */

/* "[0:1]=" in front of an array says where it begins to count. */
static const char *skip_bounds(const char *text, const char *end)
{
    const char *sign =
        text < end && *text == '[' ? memchr(text, '=', (size_t)(end - text)) : NULL;

    return sign ? sign + 1 : text;
}

static bool is_null(const char *text, size_t length)
{
    return length == 4 && strncasecmp(text, "null", 4) == 0;
}

/* Count an item of an array of texts, up to what ends it. */
static const char *count_item(const char *at, const char *end, size_t *bytes,
                              size_t *characters)
{
    bool is_quoted = false;

    *bytes = *characters = 0;
    for (; at < end && (is_quoted || !strchr("{},", *at)); at++) {
        if (*at == '"') {
            is_quoted = !is_quoted;
            continue;
        }
        at += *at == '\\' && at + 1 < end;
        *bytes += 1;
        *characters += ((unsigned char)*at & 0xc0) != 0x80;
    }
    return at;
}

static const char *judge_texts(const struct tide_pg_type *type, const char *text,
                               const char *end)
{
    const char *why = NULL;

    for (const char *at = skip_bounds(text, end); !why && at < end; at++) {
        const char *start;
        size_t bytes, characters;

        while (at < end && *at == ' ') {
            at++;
        }
        start = at;
        at = count_item(at, end, &bytes, &characters);
        why = is_null(start, (size_t)(at - start))
                  ? NULL
                  : judge_length(type, bytes, characters);
    }
    return why;
}

/* oidvector has blanks between its items. */
static bool is_between(const struct tide_pg_type *type, char c)
{
    return c == ' ' ? type->oid == PG_OID_OID : c != '\0' && strchr("{}[]()<>,;\"\\", c);
}

/* What is said by words, not by a value. */
static bool is_word(const char *text, size_t length)
{
    return length == 0 || is_null(text, length) ||
           (length == 5 && strncasecmp(text, "empty", 5) == 0);
}

static void trim(const char **text, const char **end)
{
    while (*text < *end && **text == ' ') {
        ++*text;
    }
    while (*end > *text && (*end)[-1] == ' ') {
        --*end;
    }
}

/* Of values without quotes, brackets or commas in them, which money alone has and does
 * without: what is between these is one. */
static const char *judge_items(const struct tide_pg_type *type, const char *text,
                               const char *end)
{
    const char *why = NULL;

    for (const char *at = skip_bounds(text, end); !why && at < end; at++) {
        const char *start = at, *stop;

        while (at < end && !is_between(type, *at)) {
            at++;
        }
        stop = at;
        trim(&start, &stop);
        if (!is_word(start, (size_t)(stop - start))) {
            why = judge_item(type, start, (size_t)(stop - start));
        }
    }
    return why;
}

const char *pg_judge_text(const struct pg_guard *guard, const char *text, size_t length)
{
    const struct tide_pg_type *type = &guard->item;
    const char *end = text + length;

    if (guard->is_list) {
        return is_text(type) ? judge_texts(type, text, end)
                             : judge_items(type, text, end);
    }
    if (is_text(type)) {
        return judge_length(type, length, length);
    }
    trim(&text, &end);
    return judge_item(type, text, (size_t)(end - text));
}
