/*
 * redact - secrets blanked out of what a run says: messages, raw bytes and rejected rows.
 *
 * A secret of fewer than four bytes is blanked only where it is the whole text: a
 * password "a" must not make every message unreadable.  secrets ends with NULL or is
 * NULL.
 */
#ifndef TIDE_RUN_REDACT_H
#define TIDE_RUN_REDACT_H

#include <tidemill/error.h>

#include "base/text.h"

/** Blank secrets in a text. */
void tide_redact_text(const char *const *secrets, struct tide_text *text);
/** Blank secrets in the values of a JSON text, which stays JSON: within strings, and
 * other scalars that are a secret as a whole.  Keys stay. */
void tide_redact_json(const char *const *secrets, struct tide_text *json);
/** Blank secrets in what an error says. */
void tide_redact_error(const char *const *secrets, struct tide_error *err);

#endif
