/*
 * json_token - strings, numbers and literals by RFC 8259.
 */
#include "base/json_token.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "base/memory.h"

/* ---- places ---- */

struct tide_place tide_json_place(struct tide_json_cursor *cursor, const char *at)
{
    for (; cursor->counted < at; cursor->counted++) {
        if (*cursor->counted == '\n') {
            cursor->place.line++;
            cursor->place.column = 1;
        } else if (((uint8_t)*cursor->counted & 0xc0) != 0x80) {
            cursor->place.column++;
        }
    }
    return cursor->place;
}

int tide_json_fail_at(struct tide_json_cursor *cursor, struct tide_place place,
                      const char *message)
{
    *cursor->where = place;
    return tide_error_set(cursor->err, TIDE_E_DATA, "%s", message);
}

int tide_json_fail(struct tide_json_cursor *cursor, const char *message)
{
    return tide_json_fail_at(cursor, tide_json_place(cursor, cursor->at),
                             cursor->at == cursor->end ? "the text ends too early"
                                                       : message);
}

/* ---- texts ---- */

void tide_json_skip_blank(struct tide_json_cursor *cursor)
{
    while (cursor->at < cursor->end && (*cursor->at == ' ' || *cursor->at == '\n' ||
                                        *cursor->at == '\t' || *cursor->at == '\r')) {
        cursor->at++;
    }
}

/* Four hexadecimal digits. */
static bool read_unit(struct tide_json_cursor *cursor, unsigned *out)
{
    unsigned unit = 0;

    if (cursor->end - cursor->at < 4) {
        cursor->at = cursor->end;
        return false;
    }
    for (int i = 0; i < 4; i++) {
        unsigned digit = tide_hex_digit_(cursor->at[i]);

        if (digit > 15) {
            return false;
        }
        unit = unit * 16 + digit;
    }
    cursor->at += 4;
    *out = unit;
    return true;
}

static void append_character(struct tide_text *text, unsigned character)
{
    if (character < 0x80) {
        tide_text_append_char(text, (char)character);
        return;
    }
    if (character < 0x800) {
        tide_text_append_char(text, (char)(0xc0 | character >> 6));
    } else {
        if (character < 0x10000) {
            tide_text_append_char(text, (char)(0xe0 | character >> 12));
        } else {
            tide_text_append_char(text, (char)(0xf0 | character >> 18));
            tide_text_append_char(text, (char)(0x80 | (character >> 12 & 0x3f)));
        }
        tide_text_append_char(text, (char)(0x80 | (character >> 6 & 0x3f)));
    }
    tide_text_append_char(text, (char)(0x80 | (character & 0x3f)));
}

/* What follows \u; a character beyond U+FFFF comes as two surrogates. */
static int read_unicode(struct tide_json_cursor *cursor, struct tide_text *text)
{
    unsigned high, low = 0;

    if (!read_unit(cursor, &high)) {
        return tide_json_fail(cursor, "\\u wants four hexadecimal digits");
    }
    if (high == 0 && cursor->document) {
        return tide_json_fail(cursor, "a text holds a NUL character");
    }
    if (high >= 0xd800 && high < 0xe000) {
        if (high >= 0xdc00 || cursor->end - cursor->at < 2 || cursor->at[0] != '\\' ||
            cursor->at[1] != 'u') {
            return tide_json_fail(cursor, "half of a surrogate pair stands alone");
        }
        cursor->at += 2;
        if (!read_unit(cursor, &low) || low < 0xdc00 || low >= 0xe000) {
            return tide_json_fail(cursor, "the second half of a surrogate pair is wrong");
        }
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    append_character(text, high);
    return TIDE_OK;
}

static int read_escape(struct tide_json_cursor *cursor, struct tide_text *text)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (cursor->at == cursor->end) {
        return tide_json_fail(cursor, "");
    }
    if (*cursor->at == 'u') {
        cursor->at++;
        return read_unicode(cursor, text);
    }
    found = memchr(letters, *cursor->at, sizeof letters - 1);
    if (!found) {
        return tide_json_fail(cursor, "there is no such escape");
    }
    cursor->at++;
    tide_text_append_char(text, meanings[found - letters]);
    return TIDE_OK;
}

/* From behind the opening quote to behind the closing one. */
int tide_json_take_text(struct tide_json_cursor *cursor, struct tide_text *text)
{
    int rc = TIDE_OK;

    while (rc == TIDE_OK) {
        const char *start = cursor->at;

        while (cursor->at < cursor->end && (uint8_t)*cursor->at >= 0x20 &&
               *cursor->at != '"' && *cursor->at != '\\') {
            size_t step = tide_utf8_step((const uint8_t *)cursor->at,
                                         (size_t)(cursor->end - cursor->at));

            if (step == 0) {
                return tide_json_fail(cursor, "this is not UTF-8");
            }
            cursor->at += step;
        }
        tide_text_append_n(text, start, (size_t)(cursor->at - start));
        if (cursor->at == cursor->end || (uint8_t)*cursor->at < 0x20) {
            return tide_json_fail(cursor,
                                  "a control character in a text must be escaped");
        }
        if (*cursor->at++ == '"') {
            return TIDE_OK;
        }
        rc = read_escape(cursor, text);
    }
    return rc;
}

/* ---- numbers and words ---- */

/* Whether a double holds the number so that nobody can tell the difference. */
static bool is_exact(const char *text, size_t length)
{
    struct tide_decimal_ parts;
    double number;

    return tide_scan_decimal_(text, length, &parts) && parts.count <= 17 &&
           tide_parse_float64(text, length, &number) == TIDE_OK;
}

/* Digits and a sign alone. */
static bool is_integer(const char *text, size_t length)
{
    return !memchr(text, '.', length) && !memchr(text, 'e', length) &&
           !memchr(text, 'E', length);
}

struct json_object *tide_json_number(const char *text, size_t length, bool document)
{
    bool integral = is_integer(text, length);
    struct json_object *value;
    int64_t integer;
    double number = 0;
    char *copy;

    if (integral && tide_parse_int64(text, length, &integer) == TIDE_OK &&
        (integer != 0 || *text != '-')) {
        return tide_json_made(json_object_new_int64(integer));
    }
    if (document && (integral || !is_exact(text, length))) {
        return tide_json_made(json_object_new_string_len(text, (int)length));
    }
    copy = tide_strndup(text, length);
    number = strtod(copy, NULL);
    value = json_object_new_double_s(number, copy);
    free(copy);
    return tide_json_made(value);
}

static size_t skip_digits(struct tide_json_cursor *cursor)
{
    const char *start = cursor->at;

    while (cursor->at < cursor->end && tide_digit_(*cursor->at) <= 9) {
        cursor->at++;
    }
    return (size_t)(cursor->at - start);
}

int tide_json_take_number(struct tide_json_cursor *cursor, struct json_object **out)
{
    const char *start = cursor->at;

    if (*cursor->at == '-') {
        cursor->at++;
    }
    if (cursor->at < cursor->end && *cursor->at == '0') {
        cursor->at++;
    } else if (skip_digits(cursor) == 0) {
        return tide_json_fail(cursor, "a digit is missing");
    }
    if (cursor->at < cursor->end && *cursor->at == '.') {
        cursor->at++;
        if (skip_digits(cursor) == 0) {
            return tide_json_fail(cursor, "a digit is missing");
        }
    }
    if (cursor->at < cursor->end && (*cursor->at | 0x20) == 'e') {
        cursor->at++;
        if (cursor->at < cursor->end && (*cursor->at == '-' || *cursor->at == '+')) {
            cursor->at++;
        }
        if (skip_digits(cursor) == 0) {
            return tide_json_fail(cursor, "a digit is missing");
        }
    }
    *out = tide_json_number(start, (size_t)(cursor->at - start), cursor->document);
    return TIDE_OK;
}

bool tide_json_take_word(struct tide_json_cursor *cursor, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(cursor->end - cursor->at) < length ||
        memcmp(cursor->at, word, length) != 0) {
        return false;
    }
    cursor->at += length;
    return true;
}
