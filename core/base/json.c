/*
 * json - the shell around json-c: strict on the way in, always valid on the way out.
 */
#include "base/json.h"

#include <string.h>
#include <tidemill/value.h>

#include "base/check.h"
#include "base/json_reader.h"
#include "base/memory.h"
#include "base/text.h"

int tide_json_parse(const char *text, size_t length, struct json_object **out,
                    struct tide_error *err)
{
    struct tide_error failure = {0};
    struct tide_place where;
    int rc = tide_json_read(text, length, false, NULL, out, &where, &failure);

    if (rc != TIDE_OK) {
        rc = tide_place_error(where, NULL, &failure);
        if (err) {
            *err = failure;
        }
    }
    return rc;
}

char *tide_json_format(struct json_object *value)
{
    return tide_strdup(json_object_to_json_string_ext(
        value, JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE));
}

const char *tide_json_pretty(struct json_object *value)
{
    return json_object_to_json_string_ext(value, JSON_C_TO_STRING_PRETTY |
                                                     JSON_C_TO_STRING_SPACED |
                                                     JSON_C_TO_STRING_NOSLASHESCAPE);
}

/* ---- reading members ---- */

struct json_object *tide_json_member(struct json_object *object, const char *key)
{
    struct json_object *value = NULL;

    if (json_object_is_type(object, json_type_object)) {
        (void)json_object_object_get_ex(object, key, &value);
    }
    return value;
}

const char *tide_json_text(struct json_object *object, const char *key)
{
    struct json_object *value = tide_json_member(object, key);

    return json_object_is_type(value, json_type_string) ? json_object_get_string(value)
                                                        : NULL;
}

int64_t tide_json_int(struct json_object *object, const char *key, int64_t fallback)
{
    struct json_object *value = tide_json_member(object, key);

    return json_object_is_type(value, json_type_int) ? json_object_get_int64(value)
                                                     : fallback;
}

bool tide_json_bool(struct json_object *object, const char *key, bool fallback)
{
    struct json_object *value = tide_json_member(object, key);

    return json_object_is_type(value, json_type_boolean) ? json_object_get_boolean(value)
                                                         : fallback;
}

/* ---- adding members ---- */

/* A JSON text is UTF-8; a message of the operating system or of a plugin may not be. */
static struct json_object *make_string(const char *text)
{
    struct tide_text clean = {0};
    const uint8_t *at = (const uint8_t *)text;
    size_t length = strlen(text);
    struct json_object *value;

    if (tide_is_utf8(at, length)) {
        return tide_json_made(json_object_new_string_len(text, (int)length));
    }
    while (length > 0) {
        size_t step = tide_utf8_step(at, length);

        if (step > 0) {
            tide_text_append_n(&clean, at, step);
        } else {
            tide_text_append(&clean, "\xef\xbf\xbd");
            step = 1;
        }
        at += step;
        length -= step;
    }
    value = tide_json_made(json_object_new_string(clean.data));
    tide_text_fini(&clean);
    return value;
}

struct json_object *tide_json_string(const char *text)
{
    return text ? make_string(text) : NULL;
}

void tide_json_set_text(struct json_object *object, const char *key, const char *text)
{
    tide_json_add(object, key, tide_json_string(text));
}

void tide_json_set_int(struct json_object *object, const char *key, int64_t value)
{
    tide_json_add(object, key, tide_json_made(json_object_new_int64(value)));
}

void tide_json_set_bool(struct json_object *object, const char *key, bool value)
{
    tide_json_add(object, key, tide_json_made(json_object_new_boolean(value)));
}

void tide_json_set(struct json_object *object, const char *key, struct json_object *value)
{
    tide_json_add(object, key, value);
}

void tide_json_put(struct json_object *object, const char *key, struct json_object *value)
{
    int rc = json_object_object_add_ex(object, key, value,
                                       JSON_C_OBJECT_ADD_KEY_IS_NEW |
                                           JSON_C_OBJECT_ADD_CONSTANT_KEY);

    TIDE_INVARIANT(rc == 0);
}
