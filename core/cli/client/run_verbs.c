/*
 * run_verbs - `tidemill trigger`, `run-status` and `rejects`: single runs of a daemon.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/client/daemon.h"
#include "cli/client/show.h"
#include "cli/verbs.h"

struct run_verb_args {
    bool json, follow, incremental, full;
    int64_t limit;
};

static const struct tide_arg trigger_args_table[] = {
    {"follow", TIDE_ARG_FLAG, NULL, offsetof(struct run_verb_args, follow),
     "wait for its end and show it"},
    {"incremental", TIDE_ARG_FLAG, NULL, offsetof(struct run_verb_args, incremental),
     "continue where the last run ended"},
    {"full", TIDE_ARG_FLAG, NULL, offsetof(struct run_verb_args, full),
     "read everything, whatever a cursor or a checkpoint says"},
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct run_verb_args, json),
     "print what the daemon answered"},
    {0},
};

static const struct tide_arg status_args_table[] = {
    {"follow", TIDE_ARG_FLAG, NULL, offsetof(struct run_verb_args, follow),
     "wait for its end"},
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct run_verb_args, json),
     "print what the daemon answered"},
    {0},
};

static const struct tide_arg rejects_args_table[] = {
    {"limit", TIDE_ARG_COUNT, "N", offsetof(struct run_verb_args, limit),
     "show at most N rejects (all that were kept)"},
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct run_verb_args, json),
     "print a JSON line a reject"},
    {0},
};

static int complain(const struct tide_error *err)
{
    tide_cli_complain(err);
    return TIDE_EXIT_FAILED;
}

static int start_run(const struct run_verb_args *args, int64_t pipeline, int64_t *run,
                     struct tide_error *err)
{
    struct tide_daemon_body body = {"application/json", "{}"};
    struct tide_daemon_reply reply;
    char path[64];
    int rc;

    if (args->incremental || args->full) {
        body.data = args->full ? "{\"incremental\":false}" : "{\"incremental\":true}";
    }
    (void)snprintf(path, sizeof path, "/v1/pipelines/%" PRId64 "/runs", pipeline);
    rc = tide_daemon_send("POST", path, &body, &reply, err);
    *run = tide_json_int(reply.body, "id", 0);
    json_object_put(reply.body);
    return rc;
}

static int trigger(const void *values, const char *const *operands, size_t count)
{
    const struct run_verb_args *args = values;
    struct tide_error err = {0};
    int64_t pipeline, run;

    (void)count;
    if (tide_daemon_pipeline_id(operands[0], &pipeline, &err) != TIDE_OK ||
        start_run(args, pipeline, &run, &err) != TIDE_OK) {
        return complain(&err);
    }
    if (args->follow) {
        return tide_show_run(run, true, args->json);
    }
    printf(args->json ? "{\"id\":%" PRId64 "}\n" : "run %" PRId64 "\n", run);
    return TIDE_EXIT_OK;
}

static int run_status(const void *values, const char *const *operands, size_t count)
{
    const struct run_verb_args *args = values;
    struct tide_error err = {0};
    int64_t id;

    (void)count;
    if (tide_daemon_run_id(operands[0], &id, &err) != TIDE_OK) {
        (void)complain(&err);
        return TIDE_EXIT_USAGE;
    }
    return tide_show_run(id, args->follow, args->json);
}

/* Why it is not for a replay, or "". */
static const char *why_not(struct json_object *reject)
{
    if (tide_json_bool(reject, "replayable", true)) {
        return "";
    }
    return tide_json_bool(reject, "settled", true)
               ? " (cannot be replayed)"
               : " (not settled: the next run reads it again, unless this one was "
                 "interrupted right after a commit; it cannot be replayed)";
}

static void print_reject(struct json_object *reject)
{
    const char *origin = tide_json_text(reject, "origin");
    struct json_object *row = tide_json_member(reject, "row");
    const char *raw = tide_json_text(reject, "raw");
    int64_t replayed_by = tide_json_int(reject, "replayedBy", 0);
    char *text = row ? tide_json_format(row) : NULL;

    printf("%s:%" PRId64 " %s %s: %s%s\n",
           origin ? origin : tide_json_text(reject, "table"),
           tide_json_int(reject, "position", 0), tide_json_text(reject, "step"),
           tide_json_text(reject, "code"), tide_json_text(reject, "message"),
           why_not(reject));
    if (replayed_by) {
        printf("    replayed by run %" PRId64 "\n", replayed_by);
    }
    if (text || raw) {
        printf("    %s\n", text ? text : raw);
    }
    free(text);
}

static void print_page(struct json_object *rejects, bool json, int64_t most,
                       int64_t *shown)
{
    size_t count = rejects ? json_object_array_length(rejects) : 0;

    for (size_t i = 0; i < count && *shown < most; i++, (*shown)++) {
        struct json_object *reject = json_object_array_get_idx(rejects, i);

        if (json) {
            char *text = tide_json_format(reject);

            puts(text);
            free(text);
        } else {
            print_reject(reject);
        }
    }
}

/* The cursor of the next page, malloc'ed, or NULL at the end. */
static char *next_page(struct json_object *body)
{
    struct json_object *cursor = tide_json_member(body, "cursor");

    return cursor ? tide_strdup(json_object_get_string(cursor)) : NULL;
}

static int rejects(const void *values, const char *const *operands, size_t count)
{
    const struct run_verb_args *args = values;
    int64_t id, shown = 0, most = args->limit ? args->limit : INT64_MAX;
    struct tide_error err = {0};
    char *cursor = NULL;

    (void)count;
    if (tide_daemon_run_id(operands[0], &id, &err) != TIDE_OK) {
        (void)complain(&err);
        return TIDE_EXIT_USAGE;
    }
    do {
        char *path = tide_strf("/v1/pipelines/runs/%" PRId64 "/rejects?limit=100%s%s", id,
                               cursor ? "&cursor=" : "", cursor ? cursor : "");
        struct json_object *body = NULL;
        int rc = tide_daemon_get(path, &body, &err);

        free(path);
        free(cursor);
        cursor = NULL;
        if (rc != TIDE_OK) {
            return complain(&err);
        }
        print_page(tide_json_member(body, "rejects"), args->json, most, &shown);
        cursor = next_page(body);
        json_object_put(body);
    } while (cursor && shown < most);
    free(cursor);
    if (shown == 0 && !args->json) {
        puts("no rejects");
    }
    return TIDE_EXIT_OK;
}

const struct tide_verb tide_verb_trigger = {
    .name = "trigger",
    .operands = "NAME",
    .least = 1,
    .most = 1,
    .summary = "Start a run of a pipeline (its name or id) now.",
    .args = trigger_args_table,
    .size = sizeof(struct run_verb_args),
    .run = trigger,
};

const struct tide_verb tide_verb_run_status = {
    .name = "run-status",
    .operands = "ID",
    .least = 1,
    .most = 1,
    .summary = "Show one run, or follow it to its end.",
    .details =
        "Exit status: 0 succeeded or still live, 1 failed, 3 succeeded with rejects.",
    .args = status_args_table,
    .size = sizeof(struct run_verb_args),
    .run = run_status,
};

const struct tide_verb tide_verb_rejects = {
    .name = "rejects",
    .operands = "ID",
    .least = 1,
    .most = 1,
    .summary = "List the rows a run rejected: step, place, reason and the row.",
    .args = rejects_args_table,
    .size = sizeof(struct run_verb_args),
    .run = rejects,
};
