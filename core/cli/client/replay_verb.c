/*
 * replay_verb - `tidemill replay`: what a run rejected is run again.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "cli/client/daemon.h"
#include "cli/client/show.h"
#include "cli/verbs.h"

struct replay_args {
    bool again, follow, json;
};

static const struct tide_arg replay_args_table[] = {
    {"again", TIDE_ARG_FLAG, NULL, offsetof(struct replay_args, again),
     "also those that were replayed before"},
    {"follow", TIDE_ARG_FLAG, NULL, offsetof(struct replay_args, follow),
     "wait for its end and show it"},
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct replay_args, json),
     "print what the daemon answered"},
    {0},
};

static int complain(const struct tide_error *err, int status)
{
    tide_cli_complain(err);
    return status;
}

static void print_others(struct json_object *rejects)
{
    static const struct {
        const char *member, *words;
    } others[] = {
        {"replayedBefore", "replayed before; --again takes them too"},
        {"left", "more than fit; replay it once more"},
        {"notReplayable",
         "not to be replayed: cut, blanked for a secret, or read again by "
         "the next run"},
        {"notKept", "counted alone and not kept"},
    };

    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        int64_t count = tide_json_int(rejects, others[i].member, 0);

        if (count > 0) {
            printf("  %" PRId64 " %s\n", count, others[i].words);
        }
    }
}

static void print_reply(struct json_object *reply, int64_t of)
{
    struct json_object *rejects = tide_json_member(reply, "rejects");

    printf("run %" PRId64 " replays %" PRId64 " rows that run %" PRId64 " rejected\n",
           tide_json_int(reply, "id", 0), tide_json_int(rejects, "replaying", 0), of);
    print_others(rejects);
}

static int replay(const void *values, const char *const *operands, size_t count)
{
    const struct replay_args *args = values;
    struct tide_daemon_body body = {"application/json",
                                    args->again ? "{\"again\":true}" : "{}"};
    struct tide_daemon_reply reply = {0};
    struct tide_error err = {0};
    char path[80];
    int64_t of, run;
    int rc = TIDE_OK;

    (void)count;
    if (tide_daemon_run_id(operands[0], &of, &err) != TIDE_OK) {
        return complain(&err, TIDE_EXIT_USAGE);
    }
    (void)snprintf(path, sizeof path, "/v1/pipelines/runs/%" PRId64 "/replay", of);
    rc = tide_daemon_send("POST", path, &body, &reply, &err);
    run = tide_json_int(reply.body, "id", 0);
    if (rc == TIDE_OK && args->json && !args->follow) {
        tide_show_json(reply.body);
    } else if (rc == TIDE_OK && !args->json) {
        print_reply(reply.body, of);
    }
    json_object_put(reply.body);
    if (rc != TIDE_OK) {
        return complain(&err, TIDE_EXIT_FAILED);
    }
    return args->follow ? tide_show_run(run, true, args->json) : TIDE_EXIT_OK;
}

const struct tide_verb tide_verb_replay = {
    .name = "replay",
    .operands = "ID",
    .least = 1,
    .most = 1,
    .summary = "Run the rows that a run rejected again, through the definition as it is "
               "now.",
    .details =
        "Each row enters at the step that refused it and is added to the "
        "destination; a row is\n"
        "not replayed twice.  Exit status: 0 started, with --follow as run-status; "
        "1 failed.",
    .args = replay_args_table,
    .size = sizeof(struct replay_args),
    .run = replay,
};
