/*
 * tidemill-worker - one run in one process, so that whatever a plugin does ends one run
 * and nothing else.
 *
 * pipeline/worker.h says what goes over which file descriptor.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/standard_files.h"
#include "config.h"
#include "plugin/describe.h"
#include "plugin/options.h"
#include "run/activity.h"
#include "run/stdout_guard.h"
#include "run/worker/job.h"
#include "run/worker/limits.h"

#define EXIT_USAGE 2

static const char help[] =
    "Usage: tidemill-worker              do the run whose job is on standard input\n"
    "       tidemill-worker --describe FILE  describe the plugin in FILE\n"
    "       tidemill-worker --check      ask plugins whether options can work\n"
    "       tidemill-worker --version | --help\n"
    "\n"
    "Started by tidemilld, once for each run.  File descriptor 3 must be a file of the\n"
    "ledger's size, 4 takes the events, one JSON object a line.\n";

struct worker {
    struct tide_job job;
    struct tide_ledger *ledger; /**< mapped */
    struct tide_stdout_guard *guard;
    bool has_ended; /**< the last event was sent */
};

/* ---- events -------------------------------------------------------------------------*/

static bool write_line(const char *line)
{
    size_t length = strlen(line), done = 0;

    while (done < length) {
        ssize_t put = write(TIDE_WORKER_EVENTS_FD, line + done, length - done);

        if (put < 0 && errno != EINTR) {
            return false;
        }
        done += put > 0 ? (size_t)put : 0;
    }
    return true;
}

/* A run that was cancelled by a limit has failed, and by which. */
static void name_limit(const struct worker *worker, struct json_object *event)
{
    struct tide_error err = {0};
    struct json_object *error = NULL;
    const char *state = tide_json_text(event, "state");

    if (!state || strcmp(state, "cancelled") != 0 ||
        tide_limits_reason(&worker->job.limits, &err) == TIDE_OK) {
        return;
    }
    error = json_object_new_object();
    tide_json_set_text(error, "code", tide_code_name(err.code));
    tide_json_set_text(error, "where", "");
    tide_json_set_text(error, "message", err.message);
    tide_json_set_text(event, "state", "failed");
    tide_json_set(event, "error", error);
}

/* A row goes as a text, so that nothing on its way reads its numbers and keys. */
static void wrap_row(struct json_object *event)
{
    struct json_object *row = tide_json_member(event, "row");
    char *text = row ? tide_json_format(row) : NULL;

    if (text) {
        tide_json_set_text(event, "row", text);
        free(text);
    }
}

static void send_event(void *arg, struct json_object *event)
{
    struct worker *worker = arg;
    const char *kind = tide_json_text(event, "event");
    bool is_end = kind && strcmp(kind, "end") == 0;
    struct tide_text line = {0};
    char *text = NULL;

    if (is_end) {
        name_limit(worker, event);
    } else if (kind && strcmp(kind, "reject") == 0) {
        wrap_row(event);
    }
    text = tide_json_format(event);
    tide_text_append(&line, text);
    tide_text_append_char(&line, '\n');
    if (write_line(line.data) && is_end) {
        worker->has_ended = true;
    }
    tide_text_fini(&line);
    free(text);
}

/* The end of a run that never began. */
static void send_failure(struct worker *worker, const struct tide_error *err)
{
    struct json_object *event = json_object_new_object();
    struct json_object *error = json_object_new_object();

    tide_json_set_text(error, "code", tide_code_name(err->code));
    tide_json_set_text(error, "where", err->where);
    tide_json_set_text(error, "message", err->message);
    tide_json_set_text(event, "event", "end");
    tide_json_set_text(event, "state", "failed");
    tide_json_set(event, "error", error);
    send_event(worker, event);
    json_object_put(event);
}

/* ---- the run ------------------------------------------------------------------------*/

static int map_ledger(struct worker *worker, struct tide_error *err)
{
    void *page = mmap(NULL, sizeof *worker->ledger, PROT_READ | PROT_WRITE, MAP_SHARED,
                      TIDE_WORKER_LEDGER_FD, 0);

    if (page == MAP_FAILED) {
        return tide_error_set(err, TIDE_E_IO, "cannot map the ledger, descriptor %d: %s",
                              TIDE_WORKER_LEDGER_FD, strerror(errno));
    }
    worker->ledger = page;
    return TIDE_OK;
}

/* What plugins start inherits neither the ledger nor the events, and reads nothing. */
static void keep_descriptors(void)
{
    int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)fcntl(TIDE_WORKER_LEDGER_FD, F_SETFD, FD_CLOEXEC);
    (void)fcntl(TIDE_WORKER_EVENTS_FD, F_SETFD, FD_CLOEXEC);
    if (nothing >= 0) {
        (void)dup2(nothing, STDIN_FILENO);
        (void)close(nothing);
    }
}

static int prepare(struct worker *worker, struct tide_error *err)
{
    int rc = map_ledger(worker, err);

    if (rc == TIDE_OK) {
        rc = tide_job_read(STDIN_FILENO, &worker->job, err);
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    keep_descriptors();
    tide_run_tune_memory();
    tide_activity_watch_crashes(worker->ledger, false);
    rc = tide_limits_set(&worker->job.limits, err);
    if (rc == TIDE_OK) {
        rc = tide_stdout_guard_start(worker->ledger, &worker->guard, err);
    }
    return rc == TIDE_OK ? tide_job_compile(&worker->job, err) : rc;
}

static void execute(struct worker *worker)
{
    struct tide_run_request request = {
        .ledger = worker->ledger,
        .event = send_event,
        .event_arg = worker,
        .cancel = tide_limits_cancel(),
        .before_commit = tide_stdout_guard_before_commit,
        .after_call = tide_stdout_guard_after_call,
        .guard = worker->guard,
    };
    struct json_object *end = NULL;
    char spare[TIDE_CRASH_STACK];

    tide_activity_enter_thread(spare);
    tide_job_request(&worker->job, &request);
    (void)tide_run_execute(&request, &end, NULL);
    json_object_put(end);
}

static int work(void)
{
    struct worker worker = {0};
    struct tide_error err = {0};

    tide_log_init("tidemill-worker", TIDE_LOG_JSON, TIDE_LOG_INFO);
    if (prepare(&worker, &err) == TIDE_OK) {
        execute(&worker);
    } else {
        send_failure(&worker, &err);
    }
    tide_stdout_guard_stop(worker.guard);
    tide_job_fini(&worker.job);
    if (worker.ledger) {
        (void)munmap(worker.ledger, sizeof *worker.ledger);
    }
    return worker.has_ended ? EXIT_SUCCESS : EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    tide_standard_files_open();
    if (argc == 1) {
        return work();
    }
    if (argc == 3 && strcmp(argv[1], "--describe") == 0) {
        return tide_describe_main(argv[2]);
    }
    if (argc == 2 && strcmp(argv[1], "--check") == 0) {
        return tide_options_try_main();
    }
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        puts("tidemill-worker " PACKAGE_VERSION);
        return EXIT_SUCCESS;
    }
    if (argc == 2 && strcmp(argv[1], "--help") == 0) {
        fputs(help, stdout);
        return EXIT_SUCCESS;
    }
    (void)fputs(help, stderr);
    return EXIT_USAGE;
}
