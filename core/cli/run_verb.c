/*
 * run_verb - `tidemill run FILE`: one run, here and now.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/definition.h"
#include "cli/progress.h"
#include "cli/reject_list.h"
#include "cli/run_object.h"
#include "cli/verbs.h"
#include "run/activity.h"
#include "run/run.h"
#include "run/stdout_guard.h"

#define GRACE_SECONDS 10 /* between being asked to stop and giving up */
#define REJECTS_SHOWN 5
#define REJECTS_LISTED 1000
#define REJECTS_LISTED_TEXT "1000"

struct run_args {
    int64_t limit;
    const char *checkpoint, *pipeline;
    bool json, check, full;
};

static const struct tide_arg run_args_table[] = {
    {"limit", TIDE_ARG_COUNT, "N", offsetof(struct run_args, limit),
     "read at most N rows of each table"},
    {"json", TIDE_ARG_FLAG, NULL, offsetof(struct run_args, json),
     "print the run as the API shows it"},
    {"check", TIDE_ARG_FLAG, NULL, offsetof(struct run_args, check),
     "check that every batch of every plugin keeps the rules"},
    {"full", TIDE_ARG_FLAG, NULL, offsetof(struct run_args, full),
     "read everything, whatever a cursor or a checkpoint says"},
    {"checkpoint", TIDE_ARG_TEXT, "TIME", offsetof(struct run_args, checkpoint),
     "time between two checkpoints, where they can be made (5s)"},
    {"pipeline", TIDE_ARG_TEXT, "KEY", offsetof(struct run_args, pipeline),
     "the key under which the destination keeps the pipeline's positions"},
    {0},
};

/* What the run's events are shown with. */
struct watcher {
    bool lists;                   /* or they are shown at once */
    struct tide_reject_list list; /* owned */
    int rejects;
};

static atomic_bool cancelled;

/* The run ends at its next batch boundary; one that comes to none is left to its fate. */
static void on_signal(int number)
{
    if (atomic_exchange(&cancelled, true)) {
        _exit(128 + number);
    }
    (void)alarm(GRACE_SECONDS);
}

static void on_alarm(int number)
{
    static const char message[] = "tidemill: a plugin does not stop; giving up on it\n";

    (void)number;
    (void)!write(STDERR_FILENO, message, sizeof message - 1);
    _exit(TIDE_EXIT_FAILED);
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};

    (void)sigaction(SIGINT, &action, NULL);
    (void)sigaction(SIGTERM, &action, NULL);
    action.sa_handler = on_alarm;
    (void)sigaction(SIGALRM, &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

static int64_t random_id(void)
{
    uint32_t id = 0;

    while (id == 0) {
        if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id) {
            id = (uint32_t)getpid();
        }
        id &= 0x7fffffff;
    }
    return id;
}

static void show_reject(struct watcher *watcher, struct json_object *event)
{
    if (watcher->rejects++ >= REJECTS_SHOWN) {
        return;
    }
    if (isatty(STDERR_FILENO)) {
        (void)fputs("\r\033[K", stderr);
    }
    tide_reject_show(event);
}

static void take_reject(struct watcher *watcher, struct json_object *event)
{
    if (watcher->lists) {
        tide_reject_list_add(&watcher->list, event);
    } else {
        show_reject(watcher, event);
    }
}

static void show_table(struct json_object *event)
{
    if (tide_json_bool(event, "resumed", false)) {
        (void)fprintf(stderr,
                      "%s: the last run was interrupted; resuming from its last "
                      "checkpoint\n",
                      tide_json_text(event, "table"));
    }
}

static void on_event(void *arg, struct json_object *event)
{
    const char *kind = tide_json_text(event, "event");

    if (kind && strcmp(kind, "reject") == 0) {
        take_reject(arg, event);
    } else if (kind && strcmp(kind, "table") == 0) {
        show_table(event);
    }
}

static void print_summary(struct json_object *run, const char *name, int64_t took_us)
{
    struct json_object *passed = tide_json_member(run, "passed");
    double seconds = (double)took_us / 1e6;
    double rows = (double)json_object_get_int64(json_object_array_get_idx(passed, 0));
    char rate[32];

    printf("%s: %s in %.2f s", name, tide_json_text(run, "state"), seconds);
    if (seconds > 0.01) {
        printf(", %s", tide_progress_short(rows / seconds, " rows/s", rate));
    }
    printf("\n\n");
    tide_run_object_print(run, "; --json lists the first " REJECTS_LISTED_TEXT, stdout);
}

static void print_run(const struct run_args *args, struct json_object *run,
                      const char *name, int64_t took_us)
{
    if (args->json) {
        puts(tide_json_pretty(run));
    } else {
        print_summary(run, name, took_us);
    }
}

/* Standard output is for the result: a plugin that prints there fails its run.  NULL: it
 * cannot be guarded, and the run did not begin. */
static struct json_object *execute_guarded(struct tide_run_request *request)
{
    struct tide_stdout_guard *guard = NULL;
    struct tide_progress *progress;
    struct json_object *end = NULL;
    struct tide_error err = {0};
    char spare[TIDE_CRASH_STACK];

    tide_run_tune_memory();
    tide_activity_watch_crashes(request->ledger, true);
    tide_activity_enter_thread(spare);
    if (tide_stdout_guard_start(request->ledger, &guard, &err) != TIDE_OK) {
        (void)fprintf(stderr, "tidemill: %s\n", err.message);
        return NULL;
    }
    request->before_commit = tide_stdout_guard_before_commit;
    request->after_call = tide_stdout_guard_after_call;
    request->guard = guard;
    progress = tide_progress_start(request->ledger);
    (void)tide_run_execute(request, &end, &err);
    tide_progress_stop(progress);
    tide_stdout_guard_stop(guard);
    return end;
}

/* Rows that come again although nothing went wrong. */
static void warn_of_repeats(const struct run_args *args,
                            const struct tide_pipeline *pipeline,
                            const struct tide_catalog *catalog)
{
    for (size_t i = 0; i < pipeline->table_count; i++) {
        const struct tide_table *table = &pipeline->tables[i];

        if (table->mode != TIDE_MODE_APPEND || !table->cursor) {
            continue;
        }
        if (args->limit > 0) {
            TIDE_LOG(TIDE_LOG_WARNING,
                     "--limit keeps no position: the next run appends these rows again",
                     TIDE_KEY_TEXT("table", table->name));
        } else if (!tide_pipeline_keeps_position(pipeline, catalog, i)) {
            TIDE_LOG(TIDE_LOG_WARNING,
                     "this destination keeps no position, only the daemon does: each run "
                     "by hand reads the table from its start and appends all rows again",
                     TIDE_KEY_TEXT("table", table->name));
        }
    }
}

static int execute(const struct run_args *args, const struct tide_pipeline *pipeline,
                   int64_t checkpoint)
{
    const struct tide_clock *clock = tide_clock_system();
    int64_t id = random_id(), started_at = clock->wall(clock),
            took = clock->monotonic(clock);
    static struct tide_ledger ledger; /* for a crash at any time */
    struct watcher watcher = {.lists = args->json};
    struct json_object *end, *run;
    char *folder = tide_plugin_folder(), *run_id = tide_strf("%" PRId64, id);
    struct tide_run_request request = {
        .pipeline = pipeline,
        .plugin_folder = folder,
        .pipeline_id = args->pipeline ? args->pipeline : pipeline->name,
        .run_id = run_id,
        .started_at = started_at,
        .incremental = args->full ? 0 : -1,
        .row_limit = args->limit,
        .checkpoint = checkpoint,
        .check = args->check,
        .reject_count = args->json ? REJECTS_LISTED : REJECTS_SHOWN,
        .reject_bytes = INT64_C(1) << 20,
        .ledger = &ledger,
        .event = on_event,
        .event_arg = &watcher,
        .cancel = &cancelled,
    };
    int status = TIDE_EXIT_FAILED;

    end = execute_guarded(&request);
    if (end) {
        took = clock->monotonic(clock) - took;
        run = tide_run_object(end, id, pipeline->name, started_at, started_at + took);
        if (watcher.lists) {
            tide_json_set(tide_json_member(run, "rejects"), "items",
                          tide_reject_list_take(&watcher.list));
        }
        print_run(args, run, pipeline->name, took);
        status = tide_run_object_status(run);
        json_object_put(run);
    }
    json_object_put(end);
    free(run_id);
    free(folder);
    return status;
}

static int run(const void *values, const char *const *operands, size_t count)
{
    struct tide_catalog *catalog = NULL;
    struct tide_pipeline *pipeline = NULL;
    const struct run_args *args = values;
    int64_t checkpoint = TIDE_CHECKPOINT_EVERY;
    struct tide_error err = {0};
    int status;

    (void)count;
    if (args->checkpoint &&
        tide_duration_parse(args->checkpoint, &checkpoint, &err) != TIDE_OK) {
        (void)fprintf(stderr, "tidemill: --checkpoint: %s\n", err.message);
        return TIDE_EXIT_USAGE;
    }
    status = tide_cli_load(operands[0], &catalog, &pipeline);
    if (status == TIDE_EXIT_OK) {
        catch_signals();
        warn_of_repeats(args, pipeline, catalog);
        status = execute(args, pipeline, checkpoint);
    }
    tide_pipeline_destroy(pipeline);
    tide_catalog_close(catalog);
    return status;
}

const struct tide_verb tide_verb_run = {
    .name = "run",
    .operands = "FILE",
    .least = 1,
    .most = 1,
    .summary = "Run the pipeline of a definition file, without a daemon.",
    .details =
        "FILE is YAML, or JSON when it ends in .json; - is standard input.  Relative\n"
        "paths in it start from its folder.  Exit status: 0 succeeded, 1 failed,\n"
        "2 bad definition, 3 succeeded with rejected rows.",
    .args = run_args_table,
    .size = sizeof(struct run_args),
    .run = run,
};
