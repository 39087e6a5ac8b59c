/*
 * view - records of the store as the JSON objects that the API shows.
 *
 * Layer: scheduler/api.
 */
#include "api/view.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"

const char tide_period_words[] = "\"5m\", \"15m\", \"30m\", \"1h\", \"2h\", \"3h\", "
                                 "\"6h\", \"8h\", \"12h\" or \"24h\"";

static const struct {
    const char *word;
    int64_t minutes;
} periods[] = {
    {"5m", 5},   {"15m", 15}, {"30m", 30}, {"1h", 60},   {"2h", 120},
    {"3h", 180}, {"6h", 360}, {"8h", 480}, {"12h", 720}, {"24h", 1440},
};

struct json_object *tide_view_time(int64_t time)
{
    char text[32];

    if (time == 0) {
        return NULL;
    }
    tide_time_format_ms(time, text);
    return json_object_new_string(text);
}

struct json_object *tide_view_period(int64_t minutes)
{
    char text[24];

    if (minutes == 0) {
        return NULL;
    }
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
        if (periods[i].minutes == minutes) {
            return json_object_new_string(periods[i].word);
        }
    }
    (void)snprintf(text, sizeof text, "%lldm", (long long)minutes);
    return json_object_new_string(text);
}

int64_t tide_period_parse(const char *text)
{
    for (size_t i = 0; i < sizeof periods / sizeof *periods; i++) {
        if (strcmp(periods[i].word, text) == 0) {
            return periods[i].minutes;
        }
    }
    return 0;
}

static struct json_object *counts(const int64_t numbers[TIDE_STEPS])
{
    struct json_object *array = json_object_new_array_ext(TIDE_STEPS);

    for (int i = 0; i < TIDE_STEPS; i++) {
        (void)json_object_array_add(array, json_object_new_int64(numbers[i]));
    }
    return array;
}

static struct json_object *progress_of(const struct tide_ledger *ledger)
{
    struct json_object *progress = json_object_new_object();

    tide_json_set(progress, "passed", counts(ledger->passed));
    tide_json_set(progress, "failed", counts(ledger->failed));
    tide_json_set_int(progress, "bytesRead", ledger->bytes_read);
    tide_json_set_int(progress, "bytesWritten", ledger->bytes_written);
    tide_json_set_int(progress, "batches", ledger->batches);
    return progress;
}

/** What the worker told at its end. */
static void add_detail(struct json_object *out, const char *detail)
{
    static const char *const members[] = {"steps", "tables", "guarantee"};
    struct json_object *parsed = NULL;
    struct tide_error err = {0};

    if (!detail || tide_json_parse(detail, strlen(detail), &parsed, &err)) {
        return;
    }
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        struct json_object *member = tide_json_member(parsed, members[i]);

        if (member) {
            tide_json_set(out, members[i], json_object_get(member));
        }
    }
    json_object_put(parsed);
}

static struct json_object *rejects_of(const struct tide_run_record *run)
{
    struct json_object *rejects = json_object_new_object();

    tide_json_set_int(rejects, "kept", run->rejects_kept);
    tide_json_set_int(rejects, "dropped", run->rejects_dropped);
    return rejects;
}

struct json_object *tide_view_run(const struct tide_run_record *run,
                                  const struct tide_ledger *progress, bool whole)
{
    struct json_object *out = json_object_new_object();
    int64_t start = run->started_at ? run->started_at : run->created_at;

    tide_json_set_int(out, "id", run->id);
    tide_json_set_int(out, "pipeline", run->pipeline);
    tide_json_set(out, "startTime", tide_view_time(start));
    tide_json_set(out, "endTime", tide_view_time(run->ended_at));
    tide_json_set(out, "passed", counts(run->passed));
    tide_json_set(out, "failed", counts(run->failed));
    tide_json_set_text(out, "error", run->error);
    tide_json_set_text(out, "errorCode", run->error_code);
    tide_json_set_text(out, "state", tide_run_state_name((int)run->state));
    tide_json_set_text(out, "pipelineName", run->pipeline_name);
    tide_json_set_text(out, "trigger", tide_trigger_name((int)run->trigger));
    tide_json_set(out, "slot", tide_view_time(run->slot));
    tide_json_set_int(out, "attempt", run->attempt);
    tide_json_set(out, "incremental",
                  run->incremental < 0 ? NULL
                                       : json_object_new_boolean(run->incremental > 0));
    tide_json_set(out, "replayOf",
                  run->replay_of ? json_object_new_int64(run->replay_of) : NULL);
    tide_json_set_int(out, "definitionVersion", run->definition_version);
    tide_json_set_int(out, "bytesRead", run->bytes_read);
    tide_json_set_int(out, "bytesWritten", run->bytes_written);
    tide_json_set(out, "rejects", rejects_of(run));
    if (run->state == TIDE_RUN_SKIPPED) {
        tide_json_set_int(out, "slotCount", run->slot_count);
    }
    if (progress) {
        tide_json_set(out, "progress", progress_of(progress));
    }
    if (whole) {
        add_detail(out, run->detail);
    }
    return out;
}

static const char *mode_name(enum tide_destination_mode mode)
{
    static const char *const names[] = {"normal", "inspection", "maintenance"};

    return names[mode];
}

struct json_object *tide_view_pipeline(const struct tide_pipeline_record *pipeline)
{
    struct json_object *out = json_object_new_object();

    tide_json_set_int(out, "id", pipeline->id);
    tide_json_set_text(out, "name", pipeline->name);
    tide_json_set_bool(out, "enabled", pipeline->enabled);
    tide_json_set(out, "period", tide_view_period(pipeline->period_minutes));
    tide_json_set(out, "nextRun", tide_view_time(pipeline->next_due));
    tide_json_set(out, "lastRun", tide_view_time(pipeline->last_run_at));
    tide_json_set(out, "lastSuccess", tide_view_time(pipeline->last_success_at));
    tide_json_set_text(out, "lastError", pipeline->last_error);
    tide_json_set_text(out, "mode", mode_name(pipeline->mode));
    tide_json_set_bool(out, "incremental", pipeline->has_cursor);
    tide_json_set_int(out, "definitionVersion", pipeline->definition_version);
    tide_json_set(out, "createdAt", tide_view_time(pipeline->created_at));
    tide_json_set(out, "updatedAt", tide_view_time(pipeline->updated_at));
    tide_json_set(out, "archivedAt", tide_view_time(pipeline->archived_at));
    return out;
}

/** {"connection_id": 42 | null, "type": "postgres" | null} of one end of a definition. */
static struct json_object *end_of(struct json_object *definition, const char *end)
{
    struct json_object *connection =
        tide_json_member(tide_json_member(definition, end), "connection");
    struct json_object *out = json_object_new_object();
    int64_t id = tide_json_int(connection, "id", 0);

    tide_json_set(out, "connection_id", id ? json_object_new_int64(id) : NULL);
    tide_json_set_text(out, "type", tide_json_text(connection, "plugin"));
    return out;
}

static const char *observed_state(const struct tide_pipeline_record *pipeline)
{
    if (pipeline->archived_at) {
        return "archived";
    }
    if (!pipeline->enabled) {
        return "stopped";
    }
    if (!pipeline->last_run_at) {
        return "created";
    }
    return pipeline->last_error && *pipeline->last_error ? "failed" : "running";
}

static const char *desired_status(const struct tide_pipeline_record *pipeline)
{
    if (pipeline->archived_at) {
        return "archived";
    }
    return pipeline->enabled ? "running" : "stopped";
}

struct json_object *tide_view_metadata(const struct tide_pipeline_record *pipeline)
{
    struct json_object *out = json_object_new_object();
    struct json_object *definition = NULL;
    struct tide_error err = {0};
    const char *error = pipeline->last_error;

    (void)tide_json_parse(pipeline->definition, strlen(pipeline->definition), &definition,
                          &err);
    tide_json_set_int(out, "id", pipeline->id);
    tide_json_set_text(out, "name", pipeline->name);
    tide_json_set_text(out, "status", desired_status(pipeline));
    tide_json_set_text(out, "state", observed_state(pipeline));
    tide_json_set(out, "source", end_of(definition, "source"));
    tide_json_set(out, "destination", end_of(definition, "destination"));
    tide_json_set(out, "last_source_sync_at", tide_view_time(pipeline->last_run_at));
    tide_json_set(out, "last_destination_sync_at",
                  tide_view_time(pipeline->last_success_at));
    tide_json_set_text(out, "last_error", error && *error ? error : NULL);
    tide_json_set_int(out, "definition_version", pipeline->definition_version);
    tide_json_set(out, "next_run_at", tide_view_time(pipeline->next_due));
    tide_json_set(out, "created_at", tide_view_time(pipeline->created_at));
    tide_json_set(out, "updated_at", tide_view_time(pipeline->updated_at));
    json_object_put(definition);
    return out;
}

struct json_object *tide_view_reject(const struct tide_reject_record *reject)
{
    struct json_object *out = json_object_new_object();
    struct json_object *row = NULL;
    struct tide_error err = {0};

    tide_json_set_int(out, "ordinal", reject->ordinal);
    tide_json_set_text(out, "table", reject->table);
    tide_json_set_text(out, "step", reject->step);
    tide_json_set_text(out, "code", reject->code);
    tide_json_set_text(out, "message", reject->message);
    tide_json_set_text(out, "origin", reject->origin);
    tide_json_set(out, "position",
                  reject->position ? json_object_new_int64(reject->position) : NULL);
    if (reject->row) {
        (void)tide_json_parse(reject->row, strlen(reject->row), &row, &err);
    }
    tide_json_set(out, "row", row);
    tide_json_set_text(out, "raw", reject->raw);
    tide_json_set_bool(out, "settled", reject->settled);
    tide_json_set_bool(out, "replayable", reject->replay && reject->settled);
    tide_json_set(out, "replayedBy",
                  reject->replayed_by ? json_object_new_int64(reject->replayed_by)
                                      : NULL);
    return out;
}
