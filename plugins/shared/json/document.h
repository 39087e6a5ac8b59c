/*
 * document - small JSON texts of our own making: written piece by piece, read by key.
 *
 * For positions and manifests, which one plugin both writes and reads.
 */
#ifndef TIDE_SHARED_JSON_DOCUMENT_H
#define TIDE_SHARED_JSON_DOCUMENT_H

#include "json.h"

/* ---- writing ---- */

/** Zeroed at first.  Once memory was out, failed stays and nothing is added. */
struct json_out {
    char *text; /**< owned, terminated; NULL while nothing was added */
    size_t length;
    size_t capacity;
    bool failed;
};

/** Add text as it is. */
void json_out_raw(struct json_out *out, const char *text);
/** Add bytes as they are. */
void json_out_bytes(struct json_out *out, const void *data, size_t length);
/** Add a text as a string with its quotes; NULL as null. */
void json_out_string(struct json_out *out, const char *text);
void json_out_int(struct json_out *out, int64_t value);
/** Forget the text, keep the memory. */
void json_out_reset(struct json_out *out);
void json_out_fini(struct json_out *out);

/* ---- reading ---- */

/** A text with the padding that reading needs, and its outermost value. */
struct json_document {
    uint8_t *bytes; /**< owned */
    struct json_value root;
};

/** Copy and check a text.  NULL, or what is wrong with it: a constant.  In any case to be
 * closed. */
const char *json_document_open(struct json_document *document, const void *text,
                               size_t length);
void json_document_close(struct json_document *document);

/** The value of a key of an object; false when there is none, or it is no object. */
bool json_member(const struct json_value *object, const char *key,
                 struct json_value *value);

/** The member of an object that is an array; false when there is none. */
bool json_member_array(const struct json_value *object, const char *key,
                       struct json_value *array);

/** The next element of an array.  *place is zeroed at first. */
bool json_element(const struct json_value *array, struct json_text *place,
                  struct json_value *value);

/** The text of a string, malloc'ed; NULL when it is none, holds NUL, or memory is out. */
char *json_string(const struct json_value *value);
/** The member of an object that is a string; as json_string. */
char *json_member_string(const struct json_value *object, const char *key);
/** The member of an object that is an integer of 64 bits; false when it is none. */
bool json_member_int(const struct json_value *object, const char *key, int64_t *value);

#endif
