/*
 * json_check - a JSON recogniser: one pass, no recursion, no memory but a bit a level.
 */
#include "batch/json_check.h"

#include <string.h>
#include <tidemill/value.h>

struct check {
    const char *at, *end;
    unsigned depth;
    uint8_t objects[TIDE_JSON_CHECK_DEPTH / 8]; /* which levels are objects */
};

static void skip_blank(struct check *check)
{
    while (check->at < check->end && (*check->at == ' ' || *check->at == '\n' ||
                                      *check->at == '\r' || *check->at == '\t')) {
        check->at++;
    }
}

static bool take(struct check *check, char c)
{
    if (check->at < check->end && *check->at == c) {
        check->at++;
        return true;
    }
    return false;
}

static bool take_word(struct check *check, const char *word, size_t length)
{
    if ((size_t)(check->end - check->at) < length ||
        memcmp(check->at, word, length) != 0) {
        return false;
    }
    check->at += length;
    return true;
}

/* ---- strings ---- */

static bool take_unit(struct check *check, unsigned *unit)
{
    *unit = 0;
    if (check->end - check->at < 4) {
        return false;
    }
    for (int i = 0; i < 4; i++) {
        unsigned digit = tide_hex_digit_(*check->at++);

        if (digit > 15) {
            return false;
        }
        *unit = *unit << 4 | digit;
    }
    return true;
}

/* From behind the backslash. */
static bool take_escape(struct check *check)
{
    unsigned unit;
    char c;

    if (check->at == check->end) {
        return false;
    }
    c = *check->at++;
    if (c != 'u') {
        return c != '\0' && strchr("\"\\/bfnrt", c) != NULL;
    }
    if (!take_unit(check, &unit)) {
        return false;
    }
    if (unit < 0xd800 || unit > 0xdfff) {
        return true;
    }
    return unit < 0xdc00 && take(check, '\\') && take(check, 'u') &&
           take_unit(check, &unit) && unit >= 0xdc00 && unit <= 0xdfff;
}

static bool take_string(struct check *check)
{
    if (!take(check, '"')) {
        return false;
    }
    while (check->at < check->end) {
        uint8_t c = (uint8_t)*check->at;

        if (c == '"') {
            check->at++;
            return true;
        }
        if (c == '\\') {
            check->at++;
            if (!take_escape(check)) {
                return false;
            }
        } else if (c < 0x20) {
            return false;
        } else {
            size_t step = tide_utf8_step((const uint8_t *)check->at,
                                         (size_t)(check->end - check->at));

            if (step == 0) {
                return false;
            }
            check->at += step;
        }
    }
    return false;
}

/* ---- numbers ---- */

static bool take_digits(struct check *check)
{
    const char *start = check->at;

    while (check->at < check->end && tide_digit_(*check->at) <= 9) {
        check->at++;
    }
    return check->at > start;
}

static bool take_number(struct check *check)
{
    (void)take(check, '-');
    if (!take(check, '0') && !take_digits(check)) {
        return false;
    }
    if (take(check, '.') && !take_digits(check)) {
        return false;
    }
    if (take(check, 'e') || take(check, 'E')) {
        if (!take(check, '-')) {
            (void)take(check, '+');
        }
        return take_digits(check);
    }
    return true;
}

/* ---- structure ---- */

static bool in_object(const struct check *check)
{
    unsigned level = check->depth - 1;

    return (check->objects[level / 8] >> (level % 8) & 1) != 0;
}

static bool open_level(struct check *check, bool object)
{
    unsigned level = check->depth;

    if (level == TIDE_JSON_CHECK_DEPTH) {
        return false;
    }
    check->depth++;
    check->objects[level / 8] &= (uint8_t) ~(1u << (level % 8));
    check->objects[level / 8] |= (uint8_t)((unsigned)object << (level % 8));
    return true;
}

static bool take_key(struct check *check)
{
    skip_blank(check);
    if (!take_string(check)) {
        return false;
    }
    skip_blank(check);
    return take(check, ':');
}

/* A scalar, or the beginning of what holds others: *opened then tells that its first
 * value, or its end, comes next. */
static bool take_value(struct check *check, bool *opened)
{
    char c;

    *opened = false;
    skip_blank(check);
    if (check->at == check->end) {
        return false;
    }
    c = *check->at;
    switch (c) {
    case '{':
    case '[':
        check->at++;
        *opened = true;
        return open_level(check, c == '{');
    case '"':
        return take_string(check);
    case 't':
        return take_word(check, "true", 4);
    case 'f':
        return take_word(check, "false", 5);
    case 'n':
        return take_word(check, "null", 4);
    default:
        return take_number(check);
    }
}

/* Close what ends here; then, unless all is closed, a comma must announce the next value
 * (with its key). */
static bool take_next(struct check *check, bool opened)
{
    while (check->depth > 0) {
        bool object = in_object(check);

        skip_blank(check);
        if (take(check, object ? '}' : ']')) {
            check->depth--;
            opened = false;
            continue;
        }
        if (!opened && !take(check, ',')) {
            return false;
        }
        return !object || take_key(check);
    }
    return true;
}

bool tide_json_is_valid(const char *text, size_t length)
{
    struct check check = {.at = text, .end = text + length};
    bool opened;

    do {
        if (!take_value(&check, &opened) || !take_next(&check, opened)) {
            return false;
        }
    } while (check.depth > 0);
    skip_blank(&check);
    return check.at == check.end;
}
