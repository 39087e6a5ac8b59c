/*
 * json_reader - the strict JSON parser behind json.h and document.h.
 *
 * json-c's own parser lets through what RFC 8259 does not, keeps the last of two equal
 * keys and tells no line; so the text is read here and only the tree is json-c's.
 */
#ifndef TIDE_BASE_JSON_READER_H
#define TIDE_BASE_JSON_READER_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <tidemill/error.h>

/** Deepest nesting of objects and arrays. */
#define TIDE_JSON_DEPTH 64

/** A line and a column, in characters; both from 1. */
struct tide_place {
    unsigned line, column;
};

/** Who is told where each value stands.  key is NULL for an element of an array (parent
 * is NULL for the root); key_place is that of the key, or of the value where there is
 * none. */
struct tide_placed_sink {
    void (*placed)(void *arg, struct json_object *parent, const char *key, size_t index,
                   struct tide_place place, struct tide_place key_place);
    void *arg;
};

/** Read one JSON text.  sink may be NULL.  With `document` set, numbers that int64 or
 * double cannot hold become texts, and NUL characters are refused.  On failure *where is
 * the place, and err->message does not have it yet. */
TIDE_MUST_CHECK
int tide_json_read(const char *text, size_t length, bool document,
                   const struct tide_placed_sink *sink, struct json_object **out,
                   struct tide_place *where, struct tide_error *err);

/** The value of a number in JSON's grammar; it is written again as it was read. */
struct json_object *tide_json_number(const char *text, size_t length, bool document);

/** Add a member; aborts when memory is out.  Takes the value. */
void tide_json_add(struct json_object *object, const char *key,
                   struct json_object *value);
/** Add an element; the same. */
void tide_json_push(struct json_object *array, struct json_object *value);
/** The object; aborts when memory was out. */
struct json_object *tide_json_made(struct json_object *value);

/** Put the place into a failure (err is not NULL): "line 3, column 7: " before its
 * message, and "name:3:7", or "3:7" without a name, in err->where. */
int tide_place_error(struct tide_place place, const char *name, struct tide_error *err);

#endif
