/*
 * json_reader - RFC 8259 by recursive descent, at most TIDE_JSON_DEPTH deep.
 */
#include "base/json_reader.h"

#include <stdlib.h>
#include <string.h>
#include <tidemill/value.h>

#include "base/check.h"
#include "base/json_token.h"

struct reader {
    struct tide_json_cursor cursor;
    const struct tide_placed_sink *sink;
    unsigned depth;
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

int tide_place_error(struct tide_place place, const char *name, struct tide_error *err)
{
    int rc = tide_error_wrap(err, "line %u, column %u", place.line, place.column);

    (void)snprintf(err->where, sizeof err->where, "%.160s%s%u:%u", name ? name : "",
                   name ? ":" : "", place.line, place.column);
    return rc;
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
    struct tide_place place = tide_json_place(&reader->cursor, reader->cursor.at);
    struct tide_text text = {0};
    int rc;

    if (reader->cursor.at == reader->cursor.end || *reader->cursor.at != '"') {
        return tide_json_fail(&reader->cursor, "a key in double quotes is missing");
    }
    reader->cursor.at++;
    rc = tide_json_take_text(&reader->cursor, &text);
    if (rc == TIDE_OK && text.length > 0 && memchr(text.data, '\0', text.length)) {
        rc = tide_json_fail_at(&reader->cursor, place, "a key holds a NUL character");
    }
    if (rc == TIDE_OK && json_object_object_get_ex(object, text.data, NULL)) {
        *reader->cursor.where = place;
        rc = tide_error_set(reader->cursor.err, TIDE_E_DATA,
                            "the key \"%.200s\" is there twice", text.data);
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
    struct tide_place key_place = tide_json_place(&reader->cursor, reader->cursor.at),
                      place;
    char *key = NULL;
    int rc = read_key(reader, object, &key);

    if (rc != TIDE_OK) {
        return rc;
    }
    tide_json_skip_blank(&reader->cursor);
    if (reader->cursor.at == reader->cursor.end || *reader->cursor.at != ':') {
        rc = tide_json_fail(&reader->cursor, "a colon is missing behind the key");
        goto out;
    }
    reader->cursor.at++;
    tide_json_skip_blank(&reader->cursor);
    place = tide_json_place(&reader->cursor, reader->cursor.at);
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
    struct tide_place place = tide_json_place(&reader->cursor, reader->cursor.at);
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

    reader->cursor.at++;
    tide_json_skip_blank(&reader->cursor);
    if (reader->cursor.at < reader->cursor.end && *reader->cursor.at == close) {
        reader->cursor.at++;
        return TIDE_OK;
    }
    while (rc == TIDE_OK) {
        rc = close == '}' ? read_member(reader, container)
                          : read_element(reader, container);
        if (rc != TIDE_OK) {
            break;
        }
        tide_json_skip_blank(&reader->cursor);
        if (reader->cursor.at < reader->cursor.end && *reader->cursor.at == close) {
            reader->cursor.at++;
            break;
        }
        if (reader->cursor.at == reader->cursor.end || *reader->cursor.at != ',') {
            return tide_json_fail(&reader->cursor,
                                  "a comma or the closing bracket is missing");
        }
        reader->cursor.at++;
        tide_json_skip_blank(&reader->cursor);
    }
    return rc;
}

static int read_container(struct reader *reader, struct json_object **out)
{
    bool object = *reader->cursor.at == '{';
    struct json_object *container;
    int rc;

    if (reader->depth == TIDE_JSON_DEPTH) {
        return tide_json_fail(&reader->cursor, "nested more than 64 deep");
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

    reader->cursor.at++;
    rc = tide_json_take_text(&reader->cursor, &text);
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

    if (reader->cursor.at < reader->cursor.end) {
        c = *reader->cursor.at;
    }
    if (c == '{' || c == '[') {
        return read_container(reader, out);
    }
    if (c == '"') {
        return read_string(reader, out);
    }
    if (c == '-' || tide_digit_(c) <= 9) {
        return tide_json_take_number(&reader->cursor, out);
    }
    if (tide_json_take_word(&reader->cursor, "null")) {
        *out = NULL;
    } else if (tide_json_take_word(&reader->cursor, "true")) {
        *out = tide_json_made(json_object_new_boolean(true));
    } else if (tide_json_take_word(&reader->cursor, "false")) {
        *out = tide_json_made(json_object_new_boolean(false));
    } else {
        return tide_json_fail(&reader->cursor, "a value is missing");
    }
    return TIDE_OK;
}

int tide_json_read(const char *text, size_t length, bool document,
                   const struct tide_placed_sink *sink, struct json_object **out,
                   struct tide_place *where, struct tide_error *err)
{
    struct reader reader = {.cursor = {.at = text,
                                       .end = text + length,
                                       .counted = text,
                                       .place = {1, 1},
                                       .document = document,
                                       .where = where,
                                       .err = err},
                            .sink = sink};
    struct json_object *root = NULL;
    struct tide_place place;
    int rc;

    if (length > INT32_MAX) {
        *where = reader.cursor.place;
        return tide_error_set(err, TIDE_E_LIMIT, "a JSON text of more than 2 GiB");
    }
    tide_json_skip_blank(&reader.cursor);
    place = tide_json_place(&reader.cursor, reader.cursor.at);
    rc = read_value(&reader, &root);
    if (rc == TIDE_OK) {
        tide_json_skip_blank(&reader.cursor);
        if (reader.cursor.at < reader.cursor.end) {
            rc = tide_json_fail(&reader.cursor, "something follows the end of the value");
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
