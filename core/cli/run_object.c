/*
 * run_object - a run as the API shows it, for `tidemill run --json`, and as people read
 * it.
 */
#include "cli/run_object.h"

#include <inttypes.h>
#include <string.h>

#include "base/json.h"
#include "base/text.h"
#include "cli/args.h"
#include "cli/grid.h"
#include "pipeline/worker.h"

static void set_time(struct json_object *run, const char *key, int64_t at)
{
    char text[32];

    tide_time_format_ms(at, text);
    tide_json_set_text(run, key, text);
}

static struct json_object *six(struct json_object *steps, const char *outcome)
{
    struct json_object *array = json_object_new_array_ext(TIDE_STEPS);

    for (int i = 0; i < TIDE_STEPS; i++) {
        struct json_object *step = tide_json_member(steps, tide_step_name(i));

        (void)json_object_array_add(
            array, json_object_new_int64(tide_json_int(step, outcome, 0)));
    }
    return array;
}

struct json_object *tide_run_object(struct json_object *end, int64_t id,
                                    const char *pipeline, int64_t started_at,
                                    int64_t ended_at)
{
    struct json_object *run = json_object_new_object();
    struct json_object *steps = tide_json_member(end, "steps");
    struct json_object *error = tide_json_member(end, "error");
    const char *message = tide_json_text(error, "message");

    tide_json_set_int(run, "id", id);
    tide_json_set_text(run, "pipeline", pipeline);
    set_time(run, "startTime", started_at);
    set_time(run, "endTime", ended_at);
    tide_json_set(run, "passed", six(steps, "passed"));
    tide_json_set(run, "failed", six(steps, "failed"));
    tide_json_set_text(run, "error", message ? message : "");
    tide_json_set_text(run, "state", tide_json_text(end, "state"));
    tide_json_set_text(run, "trigger", "cli");
    tide_json_set_int(run, "attempt", 1);
    tide_json_set(run, "steps", json_object_get(steps));
    tide_json_set(run, "tables", json_object_get(tide_json_member(end, "tables")));
    tide_json_set(run, "rejects", json_object_get(tide_json_member(end, "rejects")));
    return run;
}

static void print_steps(struct json_object *run, FILE *out)
{
    struct json_object *passed = tide_json_member(run, "passed");
    struct json_object *failed = tide_json_member(run, "failed");
    struct tide_grid *grid = tide_grid_create(3);

    tide_grid_align_right(grid, 1);
    tide_grid_align_right(grid, 2);
    tide_grid_add(grid, "step");
    tide_grid_add(grid, "passed");
    tide_grid_add(grid, "failed");
    for (int i = 0; i < TIDE_STEPS; i++) {
        char name[32];
        char *gap;

        (void)snprintf(name, sizeof name, "%s", tide_step_name(i));
        gap = strchr(name, '_');
        if (gap) {
            *gap = ' ';
        }
        tide_grid_add(grid, name);
        tide_grid_add_number(
            grid, json_object_get_int64(json_object_array_get_idx(passed, (size_t)i)));
        tide_grid_add_number(
            grid, json_object_get_int64(json_object_array_get_idx(failed, (size_t)i)));
    }
    tide_grid_print(grid, "  ", out);
    tide_grid_destroy(grid);
}

static void print_skipped(struct json_object *names, FILE *out)
{
    size_t count = names ? json_object_array_length(names) : 0;

    for (size_t i = 0; i < count; i++) {
        (void)fprintf(out, "%s%s",
                      i > 0 ? ", "
                            : "  not compared, since the destination spells their texts "
                              "its own way: ",
                      json_object_get_string(json_object_array_get_idx(names, i)));
    }
    if (count > 0) {
        (void)fputc('\n', out);
    }
}

static void print_verified(struct json_object *run, FILE *out)
{
    struct json_object *tables = tide_json_member(run, "tables");

    for (size_t i = 0; tables && i < json_object_array_length(tables); i++) {
        struct json_object *table = json_object_array_get_idx(tables, i);
        struct json_object *verified = tide_json_member(table, "verified");

        if (verified) {
            (void)fprintf(out,
                          "\nverified: %s, %" PRId64 " rows, the sums of %" PRId64
                          " columns are equal\n",
                          tide_json_text(table, "as"), tide_json_int(verified, "rows", 0),
                          tide_json_int(verified, "columns", 0));
            print_skipped(tide_json_member(verified, "not_compared"), out);
        }
    }
}

void tide_run_object_print(struct json_object *run, const char *advice, FILE *out)
{
    const char *error = tide_json_text(run, "error");
    struct json_object *rejects = tide_json_member(run, "rejects");
    int64_t dropped = tide_json_int(rejects, "dropped", 0);

    print_steps(run, out);
    print_verified(run, out);
    if (error && *error) {
        (void)fprintf(out, "\nerror: %s\n", error);
    }
    if (dropped > 0) {
        (void)fprintf(out, "\n%" PRId64 " more reject%s counted and not shown%s\n",
                      dropped, dropped == 1 ? " was" : "s were", advice);
    }
}

static bool has_rejects(struct json_object *run)
{
    struct json_object *failed = tide_json_member(run, "failed");

    for (int i = 0; i < TIDE_STEPS; i++) {
        if (i != TIDE_STEP_FILTER &&
            json_object_get_int64(json_object_array_get_idx(failed, (size_t)i)) > 0) {
            return true;
        }
    }
    return false;
}

int tide_run_object_status(struct json_object *run)
{
    const char *state = tide_json_text(run, "state");

    if (!state || strcmp(state, "succeeded") != 0) {
        return TIDE_EXIT_FAILED;
    }
    return has_rejects(run) ? TIDE_EXIT_REJECTS : TIDE_EXIT_OK;
}
