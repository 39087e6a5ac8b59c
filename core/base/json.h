/*
 * json - documents as json-c objects, read strictly.
 *
 * For documents (definitions, requests, events), never for rows.
 */
#ifndef TIDE_BASE_JSON_H
#define TIDE_BASE_JSON_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

/** One JSON text and nothing behind it; RFC 8259, depth <= 64, duplicate keys refused,
 * UTF-8 checked.  *out is a reference of the caller (NULL for null).  TIDE_E_DATA with
 * line:column in err->where. */
int tide_json_parse(const char *text, size_t length, struct json_object **out,
                    struct tide_error *err);
/** Compact, slashes as they are; malloc'ed. */
char *tide_json_format(struct json_object *value);
/** For people; borrowed from the value until it is printed again. */
const char *tide_json_pretty(struct json_object *value);

/** Members; NULL or the fallback when absent or of another type.  Borrowed from the
 * object. */
const char *tide_json_text(struct json_object *object, const char *key);
int64_t tide_json_int(struct json_object *object, const char *key, int64_t fallback);
bool tide_json_bool(struct json_object *object, const char *key, bool fallback);
struct json_object *tide_json_member(struct json_object *object, const char *key);

/** Add members; text NULL adds null. */
void tide_json_set_text(struct json_object *object, const char *key, const char *text);
void tide_json_set_int(struct json_object *object, const char *key, int64_t value);
void tide_json_set_bool(struct json_object *object, const char *key, bool value);
/** Takes the reference. */
void tide_json_set(struct json_object *object, const char *key,
                   struct json_object *value);
/** For members of what is made often: the object has no such key yet and borrows it, a
 * literal, for ever.  Takes the reference. */
void tide_json_put(struct json_object *object, const char *key,
                   struct json_object *value);
/** A string; what is no UTF-8 in text becomes U+FFFD.  text NULL is null. */
struct json_object *tide_json_string(const char *text);

#endif
