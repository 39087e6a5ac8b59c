/*
 * list_verb - `tidemill list` and `tidemill runs`: the daemon's pipelines and their runs.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "cli/client/daemon.h"
#include "cli/client/show.h"
#include "cli/grid.h"
#include "cli/verbs.h"

struct list_args {
    bool json;
    int64_t limit;
    const char *state;
};

static const struct tide_arg list_args_table[] = {
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct list_args, json),
     "print what the daemon answered"},
    {0},
};

static const struct tide_arg runs_args_table[] = {
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct list_args, json),
     "print what the daemon answered"},
    {"limit", TIDE_ARG_COUNT, "N", offsetof(struct list_args, limit),
     "show at most N runs, up to 100 (20)"},
    {"state", TIDE_ARG_TEXT, "STATE", offsetof(struct list_args, state),
     "show runs in this state alone"},
    {0},
};

static void add(struct tide_grid *grid, const char *text)
{
    tide_grid_add(grid, text ? text : "-");
}

static void add_headings(struct tide_grid *grid, const char *const *headings,
                         size_t count)
{
    for (size_t i = 0; i < count; i++) {
        tide_grid_add(grid, headings[i]);
    }
}

static void add_id(struct tide_grid *grid, struct json_object *object, const char *key)
{
    char digits[24];

    (void)snprintf(digits, sizeof digits, "%" PRId64, tide_json_int(object, key, 0));
    tide_grid_add(grid, digits);
}

static void print_pipelines(struct json_object *pipelines)
{
    static const char *const headings[] = {"id", "name", "enabled", "period", "next run"};
    struct tide_grid *grid = tide_grid_create(5);

    add_headings(grid, headings, 5);
    for (size_t i = 0; i < json_object_array_length(pipelines); i++) {
        struct json_object *pipeline = json_object_array_get_idx(pipelines, i);

        add_id(grid, pipeline, "id");
        add(grid, tide_json_text(pipeline, "name"));
        add(grid, tide_json_bool(pipeline, "enabled", false) ? "yes" : "no");
        add(grid, tide_json_text(pipeline, "period"));
        add(grid, tide_json_text(pipeline, "nextRun"));
    }
    tide_grid_print(grid, "", stdout);
    tide_grid_destroy(grid);
}

static int64_t last_of(struct json_object *run, const char *outcome)
{
    struct json_object *array = tide_json_member(run, outcome);
    size_t length = array ? json_object_array_length(array) : 0;

    return length ? json_object_get_int64(json_object_array_get_idx(array, length - 1))
                  : 0;
}

static int64_t rejected(struct json_object *run)
{
    struct json_object *array = tide_json_member(run, "failed");
    int64_t total = 0;

    for (size_t i = 0; array && i < json_object_array_length(array); i++) {
        total += i == 2 ? 0 : json_object_get_int64(json_object_array_get_idx(array, i));
    }
    return total;
}

static void print_runs(struct json_object *runs)
{
    static const char *const headings[] = {"id",    "pipeline", "state",   "trigger",
                                           "start", "written",  "rejected"};
    struct tide_grid *grid = tide_grid_create(7);

    tide_grid_align_right(grid, 5);
    tide_grid_align_right(grid, 6);
    add_headings(grid, headings, 7);
    for (size_t i = 0; i < json_object_array_length(runs); i++) {
        struct json_object *run = json_object_array_get_idx(runs, i);

        add_id(grid, run, "id");
        add_id(grid, run, "pipeline");
        add(grid, tide_json_text(run, "state"));
        add(grid, tide_json_text(run, "trigger"));
        add(grid, tide_json_text(run, "startTime"));
        tide_grid_add_number(grid, last_of(run, "passed"));
        tide_grid_add_number(grid, rejected(run));
    }
    tide_grid_print(grid, "", stdout);
    tide_grid_destroy(grid);
}

static int show(const char *path, const char *plural, bool json,
                void (*print)(struct json_object *items))
{
    struct tide_error err = {0};
    struct json_object *body = NULL, *items;

    if (tide_daemon_get(path, &body, &err) != TIDE_OK) {
        tide_cli_complain(&err);
        return TIDE_EXIT_FAILED;
    }
    items = tide_json_member(body, plural);
    if (json) {
        tide_show_json(body);
    } else if (items && json_object_array_length(items) > 0) {
        print(items);
    } else {
        printf("no %s\n", plural);
    }
    json_object_put(body);
    return TIDE_EXIT_OK;
}

static int list(const void *values, const char *const *operands, size_t count)
{
    const struct list_args *args = values;

    (void)operands;
    (void)count;
    return show("/v1/pipelines", "pipelines", args->json, print_pipelines);
}

static int runs(const void *values, const char *const *operands, size_t count)
{
    const struct list_args *args = values;
    struct tide_error err = {0};
    char path[256], pipeline[48] = "";
    int64_t id;

    if (count == 1) {
        if (tide_daemon_pipeline_id(operands[0], &id, &err) != TIDE_OK) {
            tide_cli_complain(&err);
            return TIDE_EXIT_FAILED;
        }
        (void)snprintf(pipeline, sizeof pipeline, "&pipeline=%" PRId64, id);
    }
    (void)snprintf(path, sizeof path, "/v1/pipelines/runs?limit=%" PRId64 "%s%s%.32s",
                   args->limit ? args->limit : 20, pipeline, args->state ? "&state=" : "",
                   args->state ? args->state : "");
    return show(path, "runs", args->json, print_runs);
}

const struct tide_verb tide_verb_list = {
    .name = "list",
    .operands = "",
    .summary = "List the daemon's pipelines.",
    .args = list_args_table,
    .size = sizeof(struct list_args),
    .run = list,
};

const struct tide_verb tide_verb_runs = {
    .name = "runs",
    .operands = "[NAME]",
    .most = 1,
    .summary = "List runs, newest first; of one pipeline, or of all.",
    .args = runs_args_table,
    .size = sizeof(struct list_args),
    .run = runs,
};
