/*
 * show - what the daemon answered, as people read it.
 */
#ifndef TIDE_CLI_CLIENT_SHOW_H
#define TIDE_CLI_CLIENT_SHOW_H

#include <json-c/json.h>
#include <stdbool.h>
#include <stdint.h>

/** Print a JSON value, indented. */
void tide_show_json(struct json_object *value);

/** Fetch a run until it is in a final state and print it; returns the exit status it
 * means. */
int tide_show_run(int64_t id, bool follow, bool json);

#endif
