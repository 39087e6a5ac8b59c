/*
 * json - one JSON text, checked and taken apart.
 *
 * Strict: RFC 8259, nothing more; a lone surrogate is refused, because its string has no
 * text.  Each value keeps its place in the source, so that a number or a nested value can
 * be passed on byte for byte: what a library makes of 12345678901234567890 or 1.10 is too
 * late to mend.
 *
 * That all bytes are UTF-8 is not looked at here.  64 bytes behind the end are readable.
 */
#ifndef TIDE_SHARED_JSON_H
#define TIDE_SHARED_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Deeper nesting than this is refused. */
#define JSON_DEPTH 1024

enum json_kind {
    JSON_NULL,
    JSON_BOOL,
    JSON_INTEGER, /**< digits and a sign, of any length */
    JSON_NUMBER,  /**< with a fraction or an exponent */
    JSON_STRING,
    JSON_NESTED /**< object or array */
};

/** The bytes in the source, the quotes of a string among them. */
struct json_value {
    int kind;
    bool escaped; /**< a string with escapes */
    const uint8_t *text;
    size_t length;
};

/** What is left to read.  Once fault is set it stays, and at is where it was found. */
struct json_text {
    const uint8_t *at;
    const uint8_t *end;
    const char *fault; /**< NULL, or what was expected and not found; a constant */
};

static inline void json_skip_blanks(struct json_text *json)
{
    while (json->at < json->end && (*json->at == ' ' || *json->at == '\t' ||
                                    *json->at == '\n' || *json->at == '\r')) {
        json->at++;
    }
}

/** Whether the next byte is this one, which is then passed. */
static inline bool json_take(struct json_text *json, char byte)
{
    if (json->at < json->end && *json->at == (uint8_t)byte) {
        json->at++;
        return true;
    }
    return false;
}

static inline bool json_fail(struct json_text *json, const char *fault)
{
    if (!json->fault) {
        json->fault = fault;
    }
    return false;
}

/** Read the value that starts here, with no blanks in front.  False: see fault. */
bool json_read_value(struct json_text *json, struct json_value *value);

/** The same for the string that an object's key is. */
bool json_read_key(struct json_text *json, struct json_value *key);

/** Behind a key: pass the colon and the blanks around it. */
static inline bool json_pass_colon(struct json_text *json)
{
    json_skip_blanks(json);
    if (!json_take(json, ':')) {
        return json_fail(json, "a colon is expected");
    }
    json_skip_blanks(json);
    return true;
}

/** Within an object, behind its brace (*first, which is then cleared) or behind a value:
 * 1: a key comes; 0: the object was closed; -1: see fault. */
static inline int json_next_item(struct json_text *json, bool *first)
{
    bool opened = *first;

    *first = false;
    json_skip_blanks(json);
    if (json_take(json, '}')) {
        return 0;
    }
    if (!opened && !json_take(json, ',')) {
        (void)json_fail(json, "a comma or } is expected");
        return -1;
    }
    json_skip_blanks(json);
    return 1;
}

#endif
