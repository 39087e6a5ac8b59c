/*
 * view - records of the store as the JSON objects that the API shows.
 *
 * Layer: scheduler/api.
 */
#ifndef TIDE_API_VIEW_H
#define TIDE_API_VIEW_H

#include <json-c/json.h>

#include "pipeline/worker.h"
#include "store/store.h"

/** "2024-11-27T18:22:47.937Z", or null for 0. */
struct json_object *tide_view_time(int64_t time);
/** "1h" of 60, "7m" of 7; null for 0. */
struct json_object *tide_view_period(int64_t minutes);
/** Minutes of one of the ten periods that may be set ("5m" … "24h"); 0 for any other. */
int64_t tide_period_parse(const char *text);
/** The ten, for messages. */
extern const char tide_period_words[];

/** A run as GET /v1/pipelines/runs shows it; of a live one with `progress`.  `whole` adds
 * what GET of a single run adds: steps, tables, guarantee. */
struct json_object *tide_view_run(const struct tide_run_record *run,
                                  const struct tide_ledger *progress, bool whole);
/** A pipeline as GET /v1/pipelines shows it. */
struct json_object *tide_view_pipeline(const struct tide_pipeline_record *pipeline);
/** The same as /api/public/v1 shows it. */
struct json_object *tide_view_metadata(const struct tide_pipeline_record *pipeline);
struct json_object *tide_view_reject(const struct tide_reject_record *reject);

#endif
