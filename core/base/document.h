/*
 * document - a YAML or JSON text as one tree that remembers where each value stood.
 *
 * YAML 1.2 core schema: `no` and `12:30` are texts.  One document; aliases, anchors, tags
 * and duplicate keys are refused; depth <= 64, <= 1 MiB.  JSON is read by the same rules
 * with JSON's own grammar.
 */
#ifndef TIDE_BASE_DOCUMENT_H
#define TIDE_BASE_DOCUMENT_H

#include <json-c/json.h>
#include <stddef.h>
#include <tidemill/error.h>

#define TIDE_DOCUMENT_MAX ((size_t)1024 * 1024)

enum tide_document_syntax { TIDE_DOCUMENT_YAML, TIDE_DOCUMENT_JSON };

/** Opaque; owns its tree. */
struct tide_document;

/** TIDE_E_DATA with "line 3, column 7" in the message; err->where is "name:3:7" when name
 * is not NULL. */
TIDE_MUST_CHECK
int tide_document_parse(const char *text, size_t length, enum tide_document_syntax syntax,
                        const char *name, struct tide_document **out,
                        struct tide_error *err);
void tide_document_destroy(struct tide_document *document);
/** The root, borrowed.  Numbers that json-c cannot hold exactly are texts. */
struct json_object *tide_document_root(const struct tide_document *document);
/** Line and column (from 1) where a value, or the value of that key of a mapping, stands;
 * 0 when unknown. */
void tide_document_where(const struct tide_document *document, struct json_object *parent,
                         const char *key, size_t index, unsigned *line, unsigned *column);

/** The same of the key itself. */
void tide_document_where_key(const struct tide_document *document,
                             struct json_object *parent, const char *key, unsigned *line,
                             unsigned *column);

/** A tree as canonical YAML: the order of the tree, texts quoted only where they must be;
 * malloc'ed. */
char *tide_document_format_yaml(struct json_object *root);

#endif
