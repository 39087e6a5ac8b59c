/*
 * error - the table of failure codes: the word each one is shown and stored as, and
 * whether trying again may help.
 */
#ifndef TIDE_BASE_ERROR_H
#define TIDE_BASE_ERROR_H

#include <stdbool.h>
#include <tidemill/error.h>

/** "config", "data", "transient" ...; "unknown" for a number that is no code. */
const char *tide_code_name(int code);
/** Whether the same work may succeed later with nothing changed. */
bool tide_code_is_retryable(int code);
/** The code of a word; TIDE_E_INTERNAL for a word that is none. */
int tide_code_parse(const char *name);

#endif
