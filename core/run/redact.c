/*
 * redact - secrets blanked out of what a run says; see redact.h.
 */
#define _GNU_SOURCE /* memmem */

#include "run/redact.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define REDACTED "[redacted]"
#define SEARCHED_LENGTH 4

/* ---- texts --------------------------------------------------------------------------*/

static bool is_whole(const char *const *secrets, const char *text, size_t length)
{
    for (size_t i = 0; secrets && secrets[i]; i++) {
        if (length > 0 && strlen(secrets[i]) == length &&
            memcmp(secrets[i], text, length) == 0) {
            return true;
        }
    }
    return false;
}

/* Replace every occurrence of a secret in text. */
static void blank_one(struct tide_text *text, const char *secret)
{
    size_t length = strlen(secret);
    struct tide_text clean = {0};
    const char *at = text->data;
    const char *end = at + text->length;
    const char *found = memmem(at, text->length, secret, length);

    if (!found) {
        return;
    }
    while (found) {
        tide_text_append_n(&clean, at, (size_t)(found - at));
        tide_text_append(&clean, REDACTED);
        at = found + length;
        found = memmem(at, (size_t)(end - at), secret, length);
    }
    tide_text_append_n(&clean, at, (size_t)(end - at));
    tide_text_fini(text);
    *text = clean;
}

void tide_redact_text(const char *const *secrets, struct tide_text *text)
{
    if (text->length == 0) {
        return;
    }
    if (is_whole(secrets, text->data, text->length)) {
        tide_text_reset(text);
        tide_text_append(text, REDACTED);
        return;
    }
    for (size_t i = 0; secrets && secrets[i]; i++) {
        if (strlen(secrets[i]) >= SEARCHED_LENGTH) {
            blank_one(text, secrets[i]);
        }
    }
}

static void redact_field(const char *const *secrets, char *field, size_t size)
{
    struct tide_text text = {0};

    tide_text_append(&text, field);
    tide_redact_text(secrets, &text);
    (void)snprintf(field, size, "%s", text.data ? text.data : "");
    tide_text_fini(&text);
}

void tide_redact_error(const char *const *secrets, struct tide_error *err)
{
    if (secrets && err->code != TIDE_OK) {
        redact_field(secrets, err->message, sizeof err->message);
        redact_field(secrets, err->where, sizeof err->where);
    }
}

/* ---- JSON ---------------------------------------------------------------------------*/

static bool is_structure(char c)
{
    return strchr("{}[]:, \t\r\n", c) != NULL;
}

/* Bytes of the string or other scalar that begins at text. */
static size_t token_length(const char *text, size_t length)
{
    size_t at = 1;

    if (text[0] != '"') {
        while (at < length && !is_structure(text[at])) {
            at++;
        }
        return at;
    }
    while (at < length && text[at] != '"') {
        at += text[at] == '\\' ? 2 : 1;
    }
    return at < length ? at + 1 : length;
}

static bool is_key(const char *after, const char *end)
{
    while (after < end && strchr(" \t\r\n", *after)) {
        after++;
    }
    return after < end && *after == ':';
}

static bool is_text_of(struct json_object *value, const struct tide_text *text)
{
    size_t length = (size_t)json_object_get_string_len(value);

    return text->length == length &&
           (length == 0 ||
            memcmp(text->data, json_object_get_string(value), length) == 0);
}

static void append_string(const char *const *secrets, const char *token, size_t length,
                          struct tide_text *out)
{
    struct json_object *value = NULL;
    struct tide_text text = {0};

    if (tide_json_parse(token, length, &value, NULL) != TIDE_OK) {
        tide_text_append(out, "\"" REDACTED "\"");
        return;
    }
    tide_text_append_n(&text, json_object_get_string(value),
                       (size_t)json_object_get_string_len(value));
    tide_redact_text(secrets, &text);
    if (is_text_of(value, &text)) {
        tide_text_append_n(out, token, length);
    } else {
        tide_text_append_json(out, text.data ? text.data : "", text.length);
    }
    tide_text_fini(&text);
    json_object_put(value);
}

static void append_scalar(const char *const *secrets, const char *token, size_t length,
                          struct tide_text *out)
{
    if (token[0] == '"') {
        append_string(secrets, token, length, out);
    } else if (is_whole(secrets, token, length)) {
        tide_text_append(out, "\"" REDACTED "\"");
    } else {
        tide_text_append_n(out, token, length);
    }
}

void tide_redact_json(const char *const *secrets, struct tide_text *json)
{
    const char *at = json->data;
    const char *end = at + json->length;
    struct tide_text clean = {0};

    if (!secrets || json->length == 0) {
        return;
    }
    while (at < end) {
        size_t length = is_structure(*at) ? 1 : token_length(at, (size_t)(end - at));

        if (is_structure(*at) || is_key(at + length, end)) {
            tide_text_append_n(&clean, at, length);
        } else {
            append_scalar(secrets, at, length, &clean);
        }
        at += length;
    }
    tide_text_fini(json);
    *json = clean;
}
