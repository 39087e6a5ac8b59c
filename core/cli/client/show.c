/*
 * show - what the daemon answered, as people read it.
 */
#include "cli/client/show.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "cli/args.h"
#include "cli/client/daemon.h"
#include "cli/grid.h"
#include "cli/run_object.h"

#define FOLLOW_PERIOD_MS 300

void tide_show_json(struct json_object *value)
{
    puts(tide_json_pretty(value));
}

static bool is_live(struct json_object *run)
{
    const char *state = tide_json_text(run, "state");

    return state && (strcmp(state, "queued") == 0 || strcmp(state, "running") == 0);
}

static int fetch(int64_t id, struct json_object **run)
{
    struct tide_error err = {0};
    char path[64];
    int rc;

    (void)snprintf(path, sizeof path, "/v1/pipelines/runs/%" PRId64, id);
    rc = tide_daemon_get(path, run, &err);
    if (rc != TIDE_OK) {
        tide_cli_complain(&err);
    }
    return rc;
}

static void print_progress(struct json_object *run)
{
    struct json_object *progress = tide_json_member(run, "progress");
    struct json_object *passed = tide_json_member(progress, "passed");
    char received[32], written[32];

    if (!passed || !isatty(STDERR_FILENO)) {
        return;
    }
    (void)fprintf(
        stderr, "\r\033[K%s  %s rows received, %s written", tide_json_text(run, "state"),
        tide_grid_thousands(json_object_get_int64(json_object_array_get_idx(passed, 0)),
                            received),
        tide_grid_thousands(json_object_get_int64(json_object_array_get_idx(passed, 5)),
                            written));
}

static void print_run(int64_t id, struct json_object *run)
{
    const char *ended = tide_json_text(run, "endTime");

    if (isatty(STDERR_FILENO)) {
        (void)fputs("\r\033[K", stderr);
    }
    printf("run %" PRId64 ": %s, %s to %s\n\n", id, tide_json_text(run, "state"),
           tide_json_text(run, "startTime"), ended ? ended : "now");
    tide_run_object_print(run, "", stdout);
}

int tide_show_run(int64_t id, bool follow, bool json)
{
    const struct timespec pause = {.tv_nsec = FOLLOW_PERIOD_MS * 1000000L};
    struct json_object *run = NULL;
    int status;

    if (fetch(id, &run) != TIDE_OK) {
        return TIDE_EXIT_FAILED;
    }
    while (follow && is_live(run)) {
        print_progress(run);
        (void)nanosleep(&pause, NULL);
        json_object_put(run);
        run = NULL;
        if (fetch(id, &run) != TIDE_OK) {
            return TIDE_EXIT_FAILED;
        }
    }
    if (json) {
        tide_show_json(run);
    } else {
        print_run(id, run);
    }
    status = is_live(run) ? TIDE_EXIT_OK : tide_run_object_status(run);
    json_object_put(run);
    return status;
}
