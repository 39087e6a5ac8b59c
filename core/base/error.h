/*
 * error - the table of failure codes: the word each one is shown and stored as.
 */
#ifndef TIDE_BASE_ERROR_H
#define TIDE_BASE_ERROR_H

#include <tidemill/error.h>

/** "config", "data", "transient" ...; "unknown" for a number that is no code. */
const char *tide_code_name(int code);

#endif
