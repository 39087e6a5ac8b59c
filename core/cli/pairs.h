/*
 * pairs - a plugin's options as words of the command line: OPTION=VALUE.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_CLI_PAIRS_H
#define TIDE_CLI_PAIRS_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stddef.h>

/** The options as an object, the caller's reference.  A value is JSON (a number, true, a
 * list, a map) where it reads as one, else text. */
struct json_object *tide_cli_pairs(const char *const *pairs, size_t count);

/** Print a problem of an option on stderr; a tide_option_problem_fn whose arg is the
 * plugin's name (char *). */
void tide_cli_report_option(void *arg, const char *key, bool is_shape,
                            const char *message);

#endif
