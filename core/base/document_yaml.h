/*
 * document_yaml - YAML by libyaml's events, with what a definition may not use refused.
 */
#ifndef TIDE_BASE_DOCUMENT_YAML_H
#define TIDE_BASE_DOCUMENT_YAML_H

#include "base/json_reader.h"

/** As tide_json_read() for documents. */
TIDE_MUST_CHECK
int tide_yaml_read(const char *text, size_t length, const struct tide_placed_sink *sink,
                   struct json_object **out, struct tide_place *where,
                   struct tide_error *err);

#endif
