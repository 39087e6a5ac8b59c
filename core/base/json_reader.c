/*
 * json_reader - RFC 8259 by recursive descent, at most TIDE_JSON_DEPTH deep.
 */
#include "base/json_reader.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "base/check.h"
#include "base/memory.h"
#include "base/text.h"

struct reader {
    const char *at, *end;
    const char *counted; /* place is the place of this byte */
    struct tide_place place;
    unsigned depth;
    bool document;
    const struct tide_placed_sink *sink;
    struct tide_place *where;
    struct tide_error *err;
};

static int read_value(struct reader *reader, struct json_object **out);

/* ---- the tree ---- */

struct json_object *tide_json_made(struct json_object *value)
{
    TIDE_INVARIANT(value != NULL);
    return value;
}

void tide_json_add(struct json_object *object, const char *key, struct json_object *value)
{
    int rc = json_object_object_add(object, key, value);

    TIDE_INVARIANT(rc == 0);
}

void tide_json_push(struct json_object *array, struct json_object *value)
{
    int rc = json_object_array_add(array, value);

    TIDE_INVARIANT(rc == 0);
}

/* ---- places ---- */

/* The place of `at`, which is never before one asked for earlier. */
static struct tide_place place_of(struct reader *reader, const char *at)
{
    for (; reader->counted < at; reader->counted++) {
        if (*reader->counted == '\n') {
            reader->place.line++;
            reader->place.column = 1;
        } else if (((uint8_t)*reader->counted & 0xc0) != 0x80) {
            reader->place.column++;
        }
    }
    return reader->place;
}

static int fail_at(struct reader *reader, struct tide_place place, const char *message)
{
    *reader->where = place;
    return tide_error_set(reader->err, TIDE_E_DATA, "%s", message);
}

static int fail(struct reader *reader, const char *message)
{
    return fail_at(reader, place_of(reader, reader->at),
                   reader->at == reader->end ? "the text ends too early" : message);
}

int tide_place_error(struct tide_place place, const char *name, struct tide_error *err)
{
    int rc = tide_error_wrap(err, "line %u, column %u", place.line, place.column);

    if (err) {
        (void)snprintf(err->where, sizeof err->where, "%.160s%s%u:%u", name ? name : "",
                       name ? ":" : "", place.line, place.column);
    }
    return rc;
}

/* ---- texts ---- */

static void skip_blank(struct reader *reader)
{
    while (reader->at < reader->end && (*reader->at == ' ' || *reader->at == '\n' ||
                                        *reader->at == '\t' || *reader->at == '\r')) {
        reader->at++;
    }
}

/* Four hexadecimal digits. */
static bool read_unit(struct reader *reader, unsigned *out)
{
    unsigned unit = 0;

    if (reader->end - reader->at < 4) {
        reader->at = reader->end;
        return false;
    }
    for (int i = 0; i < 4; i++) {
        unsigned digit = tide_hex_digit_(reader->at[i]);

        if (digit > 15) {
            return false;
        }
        unit = unit * 16 + digit;
    }
    reader->at += 4;
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
static int read_unicode(struct reader *reader, struct tide_text *text)
{
    unsigned high, low = 0;

    if (!read_unit(reader, &high)) {
        return fail(reader, "\\u wants four hexadecimal digits");
    }
    if (high == 0 && reader->document) {
        return fail(reader, "a text holds a NUL character");
    }
    if (high >= 0xd800 && high < 0xe000) {
        if (high >= 0xdc00 || reader->end - reader->at < 2 || reader->at[0] != '\\' ||
            reader->at[1] != 'u') {
            return fail(reader, "half of a surrogate pair stands alone");
        }
        reader->at += 2;
        if (!read_unit(reader, &low) || low < 0xdc00 || low >= 0xe000) {
            return fail(reader, "the second half of a surrogate pair is wrong");
        }
        high = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    }
    append_character(text, high);
    return TIDE_OK;
}

static int read_escape(struct reader *reader, struct tide_text *text)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    const char *found;

    if (reader->at == reader->end) {
        return fail(reader, "");
    }
    if (*reader->at == 'u') {
        reader->at++;
        return read_unicode(reader, text);
    }
    found = memchr(letters, *reader->at, sizeof letters - 1);
    if (!found) {
        return fail(reader, "there is no such escape");
    }
    reader->at++;
    tide_text_append_char(text, meanings[found - letters]);
    return TIDE_OK;
}

/* From behind the opening quote to behind the closing one. */
static int read_text(struct reader *reader, struct tide_text *text)
{
    int rc = TIDE_OK;

    while (rc == TIDE_OK) {
        const char *start = reader->at;

        while (reader->at < reader->end && (uint8_t)*reader->at >= 0x20 &&
               *reader->at != '"' && *reader->at != '\\') {
            size_t step = tide_utf8_step((const uint8_t *)reader->at,
                                         (size_t)(reader->end - reader->at));

            if (step == 0) {
                return fail(reader, "this is not UTF-8");
            }
            reader->at += step;
        }
        tide_text_append_n(text, start, (size_t)(reader->at - start));
        if (reader->at == reader->end || (uint8_t)*reader->at < 0x20) {
            return fail(reader, "a control character in a text must be escaped");
        }
        if (*reader->at++ == '"') {
            return TIDE_OK;
        }
        rc = read_escape(reader, text);
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

static size_t skip_digits(struct reader *reader)
{
    const char *start = reader->at;

    while (reader->at < reader->end && tide_digit_(*reader->at) <= 9) {
        reader->at++;
    }
    return (size_t)(reader->at - start);
}

static int read_number(struct reader *reader, struct json_object **out)
{
    const char *start = reader->at;

    if (*reader->at == '-') {
        reader->at++;
    }
    if (reader->at < reader->end && *reader->at == '0') {
        reader->at++;
    } else if (skip_digits(reader) == 0) {
        return fail(reader, "a digit is missing");
    }
    if (reader->at < reader->end && *reader->at == '.') {
        reader->at++;
        if (skip_digits(reader) == 0) {
            return fail(reader, "a digit is missing");
        }
    }
    if (reader->at < reader->end && (*reader->at | 0x20) == 'e') {
        reader->at++;
        if (reader->at < reader->end && (*reader->at == '-' || *reader->at == '+')) {
            reader->at++;
        }
        if (skip_digits(reader) == 0) {
            return fail(reader, "a digit is missing");
        }
    }
    *out = tide_json_number(start, (size_t)(reader->at - start), reader->document);
    return TIDE_OK;
}

static bool read_word(struct reader *reader, const char *word)
{
    size_t length = strlen(word);

    if ((size_t)(reader->end - reader->at) < length ||
        memcmp(reader->at, word, length) != 0) {
        return false;
    }
    reader->at += length;
    return true;
}

/* ---- objects and arrays ---- */

static void tell(struct reader *reader, struct json_object *parent, const char *key,
                 size_t index, struct tide_place place, struct tide_place key_place)
{
    if (reader->sink) {
        reader->sink->placed(reader->sink->arg, parent, key, index, place, key_place);
    }
}

static int read_key(struct reader *reader, struct json_object *object, char **key)
{
    struct tide_place place = place_of(reader, reader->at);
    struct tide_text text = {0};
    int rc;

    if (reader->at == reader->end || *reader->at != '"') {
        return fail(reader, "a key in double quotes is missing");
    }
    reader->at++;
    rc = read_text(reader, &text);
    if (rc == TIDE_OK && text.length > 0 && memchr(text.data, '\0', text.length)) {
        rc = fail_at(reader, place, "a key holds a NUL character");
    }
    if (rc == TIDE_OK && json_object_object_get_ex(object, text.data, NULL)) {
        *reader->where = place;
        rc = tide_error_set(reader->err, TIDE_E_DATA, "the key \"%.200s\" is there twice",
                            text.data);
    }
    if (rc == TIDE_OK) {
        *key = tide_text_take(&text);
    }
    tide_text_fini(&text);
    return rc;
}

static int read_member(struct reader *reader, struct json_object *object)
{
    struct json_object *value = NULL;
    struct tide_place key_place = place_of(reader, reader->at), place;
    char *key = NULL;
    int rc = read_key(reader, object, &key);

    if (rc != TIDE_OK) {
        return rc;
    }
    skip_blank(reader);
    if (reader->at == reader->end || *reader->at != ':') {
        rc = fail(reader, "a colon is missing behind the key");
        goto out;
    }
    reader->at++;
    skip_blank(reader);
    place = place_of(reader, reader->at);
    rc = read_value(reader, &value);
    if (rc == TIDE_OK) {
        tide_json_add(object, key, value);
        tell(reader, object, key, 0, place, key_place);
    }
out:
    free(key);
    return rc;
}

static int read_element(struct reader *reader, struct json_object *array)
{
    struct json_object *value = NULL;
    struct tide_place place = place_of(reader, reader->at);
    int rc = read_value(reader, &value);

    if (rc == TIDE_OK) {
        tide_json_push(array, value);
        tell(reader, array, NULL, json_object_array_length(array) - 1, place, place);
    }
    return rc;
}

/* What stands between the brackets, with the opening one already seen. */
static int read_items(struct reader *reader, struct json_object *container, char close)
{
    int rc = TIDE_OK;

    reader->at++;
    skip_blank(reader);
    if (reader->at < reader->end && *reader->at == close) {
        reader->at++;
        return TIDE_OK;
    }
    while (rc == TIDE_OK) {
        rc = close == '}' ? read_member(reader, container)
                          : read_element(reader, container);
        if (rc != TIDE_OK) {
            break;
        }
        skip_blank(reader);
        if (reader->at < reader->end && *reader->at == close) {
            reader->at++;
            break;
        }
        if (reader->at == reader->end || *reader->at != ',') {
            return fail(reader, "a comma or the closing bracket is missing");
        }
        reader->at++;
        skip_blank(reader);
    }
    return rc;
}

static int read_container(struct reader *reader, struct json_object **out)
{
    bool object = *reader->at == '{';
    struct json_object *container;
    int rc;

    if (reader->depth == TIDE_JSON_DEPTH) {
        return fail(reader, "nested more than 64 deep");
    }
    container =
        tide_json_made(object ? json_object_new_object() : json_object_new_array());
    reader->depth++;
    rc = read_items(reader, container, object ? '}' : ']');
    reader->depth--;
    if (rc == TIDE_OK) {
        *out = container;
    } else {
        (void)json_object_put(container);
    }
    return rc;
}

static int read_string(struct reader *reader, struct json_object **out)
{
    struct tide_text text = {0};
    int rc;

    reader->at++;
    rc = read_text(reader, &text);
    if (rc == TIDE_OK) {
        *out = tide_json_made(
            json_object_new_string_len(text.data ? text.data : "", (int)text.length));
    }
    tide_text_fini(&text);
    return rc;
}

static int read_value(struct reader *reader, struct json_object **out)
{
    char c = '\0';

    if (reader->at < reader->end) {
        c = *reader->at;
    }
    if (c == '{' || c == '[') {
        return read_container(reader, out);
    }
    if (c == '"') {
        return read_string(reader, out);
    }
    if (c == '-' || tide_digit_(c) <= 9) {
        return read_number(reader, out);
    }
    if (read_word(reader, "null")) {
        *out = NULL;
    } else if (read_word(reader, "true")) {
        *out = tide_json_made(json_object_new_boolean(true));
    } else if (read_word(reader, "false")) {
        *out = tide_json_made(json_object_new_boolean(false));
    } else {
        return fail(reader, "a value is missing");
    }
    return TIDE_OK;
}

int tide_json_read(const char *text, size_t length, bool document,
                   const struct tide_placed_sink *sink, struct json_object **out,
                   struct tide_place *where, struct tide_error *err)
{
    struct reader reader = {.at = text,
                            .end = text + length,
                            .counted = text,
                            .place = {1, 1},
                            .document = document,
                            .sink = sink,
                            .where = where,
                            .err = err};
    struct json_object *root = NULL;
    struct tide_place place;
    int rc;

    if (length > INT32_MAX) {
        *where = reader.place;
        return tide_error_set(err, TIDE_E_LIMIT, "a JSON text of more than 2 GiB");
    }
    skip_blank(&reader);
    place = place_of(&reader, reader.at);
    rc = read_value(&reader, &root);
    if (rc == TIDE_OK) {
        skip_blank(&reader);
        if (reader.at < reader.end) {
            rc = fail(&reader, "something follows the end of the value");
        }
    }
    if (rc != TIDE_OK) {
        (void)json_object_put(root);
        return rc;
    }
    tell(&reader, NULL, NULL, 0, place, place);
    *out = root;
    return TIDE_OK;
}
