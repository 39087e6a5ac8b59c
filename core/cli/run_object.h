/*
 * run_object - a run as the API shows it, for `tidemill run --json`, and as people read
 * it.
 */
#ifndef TIDE_CLI_RUN_OBJECT_H
#define TIDE_CLI_RUN_OBJECT_H

#include <json-c/json.h>
#include <stdint.h>
#include <stdio.h>

/** The run object from a worker's "end" event; the caller's reference. */
struct json_object *tide_run_object(struct json_object *end, int64_t id,
                                    const char *pipeline, int64_t started_at,
                                    int64_t ended_at);

/** Its steps, tables and transformations as text; the advice, which may be empty, stands
 * behind the number of rejects that are not shown. */
void tide_run_object_print(struct json_object *run, const char *advice, FILE *out);

/** The exit status it means. */
int tide_run_object_status(struct json_object *run);

#endif
