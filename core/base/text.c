/*
 * text - the growing text, and questions about texts.
 */
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "base/check.h"
#include "base/memory.h"

/* Make room for `more` bytes and the terminator. */
static void reserve(struct tide_text *text, size_t more)
{
    size_t wanted;

    TIDE_REQUIRE(more < SIZE_MAX / 4 && text->length < SIZE_MAX / 4);
    wanted = text->length + more + 1;
    if (wanted <= text->capacity) {
        return;
    }
    if (wanted < text->capacity * 2) {
        wanted = text->capacity * 2;
    }
    text->data = tide_realloc(text->data, wanted < 64 ? 64 : wanted);
    text->capacity = wanted < 64 ? 64 : wanted;
}

void tide_text_append(struct tide_text *text, const char *more)
{
    tide_text_append_n(text, more, strlen(more));
}

void tide_text_append_n(struct tide_text *text, const void *more, size_t length)
{
    reserve(text, length);
    if (length > 0) {
        memcpy(text->data + text->length, more, length);
    }
    text->length += length;
    text->data[text->length] = '\0';
}

void tide_text_append_char(struct tide_text *text, char c)
{
    reserve(text, 1);
    text->data[text->length++] = c;
    text->data[text->length] = '\0';
}

void tide_text_appendf(struct tide_text *text, const char *format, ...)
{
    va_list args, again;
    int length;

    va_start(args, format);
    va_copy(again, args);
    length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    TIDE_REQUIRE(length >= 0);
    reserve(text, (size_t)length);
    (void)vsnprintf(text->data + text->length, (size_t)length + 1, format, again);
    va_end(again);
    text->length += (size_t)length;
}

/* ---- JSON strings ---- */

/* Escape one byte of ASCII that a JSON string may not hold as it is. */
static void append_escape(struct tide_text *text, unsigned char c)
{
    static const char names[] = "btn?fr"; /* of the bytes 8 to 13; 11 has none */

    if (c == '"' || c == '\\') {
        tide_text_append_char(text, '\\');
        tide_text_append_char(text, (char)c);
    } else if (c >= 8 && c <= 13 && c != 11) {
        tide_text_append_char(text, '\\');
        tide_text_append_char(text, names[c - 8]);
    } else {
        tide_text_appendf(text, "\\u%04x", c);
    }
}

/* Eight bytes of which each stands in a JSON string as it is: ASCII and neither a control
 * nor a quote nor a backslash.  A byte becomes one with its high bit set when it is less
 * than what is taken from it. */
static bool are_plain(const uint8_t *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), high = ones << 7;
    uint64_t word, quotes, backslashes;

    memcpy(&word, at, sizeof word);
    quotes = word ^ (ones * '"');
    backslashes = word ^ (ones * '\\');
    return ((word | (word - ones * 0x20) | (quotes - ones) | (backslashes - ones)) &
            high) == 0;
}

/* How many bytes from the start of `at` stand in a JSON string as they are. */
static size_t plain_run(const uint8_t *at, size_t length)
{
    size_t i = 0;

    while (i < length) {
        size_t step = 1;

        if (length - i >= sizeof(uint64_t) && are_plain(at + i)) {
            i += sizeof(uint64_t);
            continue;
        }
        if (at[i] >= 0x80) {
            step = tide_utf8_step(at + i, length - i);
        } else if (at[i] < 0x20 || at[i] == '"' || at[i] == '\\') {
            step = 0;
        }
        if (step == 0) {
            break;
        }
        i += step;
    }
    return i;
}

void tide_text_append_json(struct tide_text *text, const char *more, size_t length)
{
    const uint8_t *at = (const uint8_t *)more;

    reserve(text, length + 2);
    tide_text_append_char(text, '"');
    while (length > 0) {
        size_t run = plain_run(at, length);

        tide_text_append_n(text, at, run);
        at += run;
        length -= run;
        if (length > 0) {
            if (*at < 0x80) {
                append_escape(text, *at);
            } else {
                tide_text_append(text, "\xef\xbf\xbd");
            }
            at++;
            length--;
        }
    }
    tide_text_append_char(text, '"');
}

void tide_text_reset(struct tide_text *text)
{
    text->length = 0;
    if (text->data) {
        text->data[0] = '\0';
    }
}

void tide_text_fini(struct tide_text *text)
{
    free(text->data);
    memset(text, 0, sizeof *text);
}

char *tide_text_take(struct tide_text *text)
{
    char *data = text->data ? text->data : tide_strdup("");

    memset(text, 0, sizeof *text);
    return data;
}

/* ---- questions ---- */

bool tide_text_is_utf8(const char *text, size_t length)
{
    return tide_is_utf8((const uint8_t *)text, length);
}

bool tide_text_starts(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool tide_text_ends(const char *text, const char *suffix)
{
    size_t length = strlen(text), end = strlen(suffix);

    return end <= length && memcmp(text + length - end, suffix, end) == 0;
}
