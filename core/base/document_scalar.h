/*
 * document_scalar - what a plain scalar means in the core schema of YAML 1.2.
 */
#ifndef TIDE_BASE_DOCUMENT_SCALAR_H
#define TIDE_BASE_DOCUMENT_SCALAR_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/** The value of a plain scalar: null (NULL), true, a number or a text; the caller's
 * reference.  .inf and .nan stay texts, for JSON has no such numbers. */
struct json_object *tide_scalar_resolve(const char *text, size_t length);
/** Whether any reader of the core schema takes the plain scalar for a text. */
bool tide_scalar_is_text(const char *text, size_t length);

#endif
