/*
 * json - reading values; see json.h.
 */
#include "json.h"

#include <string.h>

#include "text.h"

/* ---- strings ---- */

/* \uXXXX, and the second half of a surrogate pair, at json->at. */
static bool pass_code(struct json_text *json)
{
    size_t left = (size_t)(json->end - json->at);
    int code = left >= 6 ? json_hex4(json->at + 2) : -1;
    int low;

    if (code < 0) {
        return json_fail(json, "\\u must be followed by four hexadecimal digits");
    }
    if (code >= 0xd800 && code < 0xdc00) {
        low = left >= 12 && json->at[6] == '\\' && json->at[7] == 'u'
                  ? json_hex4(json->at + 8)
                  : -1;
        if (low < 0xdc00 || low > 0xdfff) {
            return json_fail(json, "half of a surrogate pair stands alone");
        }
        json->at += 12;
        return true;
    }
    if (code >= 0xdc00 && code <= 0xdfff) {
        return json_fail(json, "half of a surrogate pair stands alone");
    }
    json->at += 6;
    return true;
}

static bool pass_escape(struct json_text *json)
{
    uint8_t letter = json->end - json->at > 1 ? json->at[1] : '\0';

    if (letter == 'u') {
        return pass_code(json);
    }
    if (letter == '\0' || !strchr("\"\\/bfnrt", letter)) {
        return json_fail(json, "a backslash is followed by no known escape");
    }
    json->at += 2;
    return true;
}

static bool read_string(struct json_text *json, struct json_value *value)
{
    value->kind = JSON_STRING;
    value->escaped = false;
    value->text = json->at++;
    for (;;) {
        json->at = json_find_special(json->at, json->end);
        if (json->at == json->end) {
            return json_fail(json, "a string is not closed");
        }
        if (*json->at == '"') {
            break;
        }
        if (*json->at != '\\') {
            return json_fail(json, "a control character stands in a string unescaped");
        }
        value->escaped = true;
        if (!pass_escape(json)) {
            return false;
        }
    }
    json->at++;
    value->length = (size_t)(json->at - value->text);
    return true;
}

bool json_read_key(struct json_text *json, struct json_value *value)
{
    if (json->at == json->end || *json->at != '"') {
        return json_fail(json, "a key in quotes is expected");
    }
    return read_string(json, value);
}

/* ---- numbers and words ---- */

static bool is_digit(const struct json_text *json)
{
    return json->at < json->end && *json->at >= '0' && *json->at <= '9';
}

static bool pass_digits(struct json_text *json)
{
    if (!is_digit(json)) {
        return json_fail(json, "a digit is expected");
    }
    while (is_digit(json)) {
        json->at++;
    }
    return true;
}

static bool pass_exponent(struct json_text *json)
{
    if (!json_take(json, 'e') && !json_take(json, 'E')) {
        return true;
    }
    if (!json_take(json, '-')) {
        (void)json_take(json, '+');
    }
    return pass_digits(json);
}

static bool read_number(struct json_text *json, struct json_value *value)
{
    const uint8_t *start = json->at;
    const uint8_t *whole;

    (void)json_take(json, '-');
    if (json_take(json, '0')) {
        if (is_digit(json)) {
            return json_fail(json, "a number may not start with 0");
        }
    } else if (!pass_digits(json)) {
        return false;
    }
    whole = json->at;
    if ((json_take(json, '.') && !pass_digits(json)) || !pass_exponent(json)) {
        return false;
    }
    value->kind = json->at == whole ? JSON_INTEGER : JSON_NUMBER;
    value->text = start;
    value->length = (size_t)(json->at - start);
    return true;
}

static bool read_word(struct json_text *json, struct json_value *value, const char *word,
                      int kind)
{
    size_t length = strlen(word);

    if ((size_t)(json->end - json->at) < length || memcmp(json->at, word, length) != 0) {
        return json_fail(json, "a value is expected");
    }
    value->kind = kind;
    value->text = json->at;
    value->length = length;
    json->at += length;
    return true;
}

static bool read_scalar(struct json_text *json, struct json_value *value)
{
    if (json->at == json->end) {
        return json_fail(json, "a value is expected");
    }
    switch (*json->at) {
    case '"':
        return read_string(json, value);
    case 't':
        return read_word(json, value, "true", JSON_BOOL);
    case 'f':
        return read_word(json, value, "false", JSON_BOOL);
    case 'n':
        return read_word(json, value, "null", JSON_NULL);
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return read_number(json, value);
    default:
        return json_fail(json, "a value is expected");
    }
}

/* ---- objects and arrays ---- */

/* The containers that are open, innermost last. */
struct nesting {
    size_t depth;
    uint8_t closers[JSON_DEPTH];
};

static bool pass_key(struct json_text *json)
{
    struct json_value key;

    return json_read_key(json, &key) && json_pass_colon(json);
}

/* Open a container at json->at, and stand in front of its first value or, when it is
 * empty, of its end. */
static bool enter(struct json_text *json, struct nesting *nesting, bool *empty)
{
    uint8_t closer = *json->at == '{' ? '}' : ']';

    if (nesting->depth == JSON_DEPTH) {
        return json_fail(json, "values are nested too deeply");
    }
    nesting->closers[nesting->depth++] = closer;
    json->at++;
    json_skip_blanks(json);
    *empty = json->at < json->end && *json->at == closer;
    return *empty || closer == ']' || pass_key(json);
}

/* Behind a value: close what ends here, and stand in front of the next value. */
static bool leave(struct json_text *json, struct nesting *nesting)
{
    while (nesting->depth > 0) {
        uint8_t closer = nesting->closers[nesting->depth - 1];

        json_skip_blanks(json);
        if (json_take(json, ',')) {
            json_skip_blanks(json);
            return closer == ']' || pass_key(json);
        }
        if (!json_take(json, (char)closer)) {
            return json_fail(json, closer == ']' ? "a comma or ] is expected"
                                                 : "a comma or } is expected");
        }
        nesting->depth--;
    }
    return true;
}

static bool pass_one(struct json_text *json, struct nesting *nesting)
{
    struct json_value scalar;
    bool done = true;

    if (json->at < json->end && (*json->at == '{' || *json->at == '[')) {
        if (!enter(json, nesting, &done)) {
            return false;
        }
    } else if (!read_scalar(json, &scalar)) {
        return false;
    }
    return !done || leave(json, nesting);
}

static bool read_nested(struct json_text *json, struct json_value *value)
{
    struct nesting nesting;

    value->kind = JSON_NESTED;
    value->text = json->at;
    nesting.depth = 0;
    do {
        if (!pass_one(json, &nesting)) {
            return false;
        }
    } while (nesting.depth > 0);
    value->length = (size_t)(json->at - value->text);
    return true;
}

bool json_read_value(struct json_text *json, struct json_value *value)
{
    if (json->at < json->end && (*json->at == '{' || *json->at == '[')) {
        return read_nested(json, value);
    }
    return read_scalar(json, value);
}
