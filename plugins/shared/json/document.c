/*
 * document - see document.h.
 */
#include "document.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

#define PADDING 64

/* ---- writing ---- */

static char *make_room(struct json_out *out, size_t room)
{
    size_t needed = out->length + room + 1, capacity = out->capacity * 2;
    char *text;

    if (out->failed) {
        return NULL;
    }
    if (needed > out->capacity) {
        capacity = capacity > needed ? capacity : needed;
        text = realloc(out->text, capacity);
        if (!text) {
            out->failed = true;
            return NULL;
        }
        out->text = text;
        out->capacity = capacity;
    }
    return out->text + out->length;
}

void json_out_bytes(struct json_out *out, const void *data, size_t length)
{
    char *to = make_room(out, length);

    if (to) {
        memcpy(to, data, length);
        to[length] = '\0';
        out->length += length;
    }
}

void json_out_raw(struct json_out *out, const char *text)
{
    json_out_bytes(out, text, strlen(text));
}

void json_out_string(struct json_out *out, const char *text)
{
    if (!text) {
        json_out_raw(out, "null");
        return;
    }
    json_out_raw(out, "\"");
    while (*text) {
        size_t plain = 0;
        uint8_t escape[8];

        while ((uint8_t)text[plain] >= ' ' && text[plain] != '"' && text[plain] != '\\') {
            plain++;
        }
        json_out_bytes(out, text, plain);
        text += plain;
        if (*text) {
            json_out_bytes(out, escape,
                           (size_t)(json_put_escape(escape, (uint8_t)*text) - escape));
            text++;
        }
    }
    json_out_raw(out, "\"");
}

void json_out_int(struct json_out *out, int64_t value)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%" PRId64, value);
    json_out_raw(out, digits);
}

void json_out_reset(struct json_out *out)
{
    out->length = 0;
    out->failed = false;
}

void json_out_fini(struct json_out *out)
{
    free(out->text);
    memset(out, 0, sizeof *out);
}

/* ---- reading ---- */

const char *json_document_open(struct json_document *document, const void *text,
                               size_t length)
{
    struct json_text json = {0};

    memset(document, 0, sizeof *document);
    document->bytes = calloc(1, length + PADDING);
    if (!document->bytes) {
        return "memory is out";
    }
    memcpy(document->bytes, text, length);
    json.at = document->bytes;
    json.end = document->bytes + length;
    json_skip_blanks(&json);
    if (!json_read_value(&json, &document->root)) {
        return json.fault;
    }
    json_skip_blanks(&json);
    return json.at == json.end ? NULL : "something follows its end";
}

void json_document_close(struct json_document *document)
{
    free(document->bytes);
    memset(document, 0, sizeof *document);
}

static bool is_container(const struct json_value *value, char opener)
{
    return value->kind == JSON_NESTED && value->text[0] == (uint8_t)opener;
}

static bool is_key(const struct json_value *value, const char *key)
{
    size_t length = strlen(key);

    return value->length == length + 2 && memcmp(value->text + 1, key, length) == 0;
}

bool json_member(const struct json_value *object, const char *key,
                 struct json_value *value)
{
    struct json_text json = {0};
    struct json_value found;
    bool first = true;

    if (!is_container(object, '{')) {
        return false;
    }
    json.at = object->text + 1;
    json.end = object->text + object->length;
    while (json_next_item(&json, &first) > 0 && json_read_key(&json, &found) &&
           json_pass_colon(&json) && json_read_value(&json, value)) {
        if (is_key(&found, key)) {
            return true;
        }
    }
    return false;
}

bool json_member_array(const struct json_value *object, const char *key,
                       struct json_value *array)
{
    return json_member(object, key, array) && is_container(array, '[');
}

bool json_element(const struct json_value *array, struct json_text *place,
                  struct json_value *value)
{
    bool first = !place->at;

    if (!is_container(array, '[')) {
        return false;
    }
    if (first) {
        place->at = array->text + 1;
        place->end = array->text + array->length;
    }
    json_skip_blanks(place);
    if (json_take(place, ']') || (!first && !json_take(place, ','))) {
        return false;
    }
    json_skip_blanks(place);
    return json_read_value(place, value);
}

char *json_string(const struct json_value *value)
{
    char *text;
    size_t length;

    if (value->kind != JSON_STRING) {
        return NULL;
    }
    text = malloc(value->length + PADDING);
    if (!text) {
        return NULL;
    }
    length = json_unescape((uint8_t *)text, value->text + 1, value->length - 2);
    text[length] = '\0';
    if (strlen(text) != length) {
        free(text);
        return NULL;
    }
    return text;
}

char *json_member_string(const struct json_value *object, const char *key)
{
    struct json_value value;

    return json_member(object, key, &value) ? json_string(&value) : NULL;
}

bool json_member_int(const struct json_value *object, const char *key, int64_t *value)
{
    struct json_value found;
    char digits[32];
    intmax_t number;

    if (!json_member(object, key, &found) || found.kind != JSON_INTEGER ||
        found.length >= sizeof digits) {
        return false;
    }
    memcpy(digits, found.text, found.length);
    digits[found.length] = '\0';
    errno = 0;
    number = strtoimax(digits, NULL, 10);
    if (errno != 0) {
        return false;
    }
    *value = number;
    return true;
}
