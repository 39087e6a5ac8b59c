/*
 * supervise - runs workers: starts them, watches them, and writes down how they ended.
 *
 * This file keeps the line of waiting runs, the active ones, and the end of it all; what
 * happens to one run is in supervised.c.
 */
#include "supervise/supervise.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "supervise/supervised.h"

/* How often clocks are looked at while there are runs. */
#define TICK_MS 200
/* Of queued runs at start, each a few hundred bytes. */
#define RESUME_MOST 100000

int64_t tide_supervise_now(const struct tide_supervise *supervise)
{
    return supervise->clock->monotonic(supervise->clock);
}

/* ---- lists --------------------------------------------------------------------------*/

static void append(struct tide_supervised **list, struct tide_supervised *run)
{
    while (*list) {
        list = &(*list)->next;
    }
    run->next = NULL;
    *list = run;
}

static void take_out(struct tide_supervised **list, const struct tide_supervised *run)
{
    while (*list != run) {
        TIDE_INVARIANT(*list);
        list = &(*list)->next;
    }
    *list = run->next;
}

static struct tide_supervised *find(struct tide_supervised *list, int64_t id)
{
    while (list && list->id != id) {
        list = list->next;
    }
    return list;
}

static bool is_busy(const struct tide_supervise *supervise, const char *pipeline)
{
    const struct tide_supervised *run = supervise->active;

    while (run && strcmp(run->pipeline, pipeline) != 0) {
        run = run->next;
    }
    return run != NULL;
}

/* ---- the line -----------------------------------------------------------------------*/

static void start_next(struct tide_supervise *supervise)
{
    struct tide_supervised **place = &supervise->waiting;
    int64_t now = tide_supervise_now(supervise);

    while (*place && !supervise->closing &&
           supervise->stats.live < supervise->max_concurrent) {
        struct tide_supervised *run = *place;

        if (run->not_before > now || is_busy(supervise, run->pipeline)) {
            place = &run->next;
            continue;
        }
        *place = run->next;
        supervise->stats.waiting--;
        supervise->stats.live++;
        append(&supervise->active, run);
        tide_supervised_start(run);
    }
}

static void maybe_close(struct tide_supervise *supervise);

static void after_change(struct tide_supervise *supervise)
{
    start_next(supervise);
    if (!supervise->waiting && !supervise->active && !supervise->handles_closing) {
        (void)uv_timer_stop(&supervise->tick);
    }
    maybe_close(supervise);
}

static void on_tick(uv_timer_t *timer)
{
    struct tide_supervise *supervise = timer->data;
    struct tide_supervised *next;
    bool late =
        supervise->closing && tide_supervise_now(supervise) >= supervise->close_deadline;

    for (struct tide_supervised *run = supervise->active; run; run = next) {
        next = run->next;
        if (late) {
            tide_supervised_stop(run, TIDE_STOP_SHUTDOWN);
        }
        tide_supervised_reap(run);
        tide_supervised_tick(run);
    }
    start_next(supervise);
}

void tide_supervise_submit(struct tide_supervise *supervise,
                           const struct tide_run_record *record)
{
    struct tide_supervised *run;

    if (supervise->closing || find(supervise->waiting, record->id) ||
        find(supervise->active, record->id)) {
        return;
    }
    run = tide_alloc(sizeof *run);
    run->supervise = supervise;
    run->id = record->id;
    memcpy(run->pipeline, record->pipeline_uid, strlen(record->pipeline_uid));
    append(&supervise->waiting, run);
    supervise->stats.waiting++;
    if (!uv_is_active((uv_handle_t *)&supervise->tick)) {
        (void)uv_timer_start(&supervise->tick, on_tick, TICK_MS, TICK_MS);
    }
    start_next(supervise);
}

static void on_queued(void *arg, const struct tide_run_record *runs, size_t count,
                      const struct tide_error *err)
{
    struct tide_supervise *supervise = arg;

    supervise->resuming--;
    if (err) {
        TIDE_LOG(TIDE_LOG_ERROR, "queued runs not loaded",
                 TIDE_KEY_TEXT("error", err->message));
    }
    for (size_t i = count; i > 0; i--) {
        tide_supervise_submit(supervise, &runs[i - 1]);
    }
    maybe_close(supervise);
}

void tide_supervise_resume(struct tide_supervise *supervise)
{
    struct tide_run_filter filter = {.states = TIDE_RUN_STATE_BIT(TIDE_RUN_QUEUED),
                                     .limit = RESUME_MOST};

    supervise->resuming++;
    tide_store_run_list(supervise->store, &filter, on_queued, supervise);
}

/* ---- called back by a run -----------------------------------------------------------*/

void tide_supervise_return(struct tide_supervise *supervise, struct tide_supervised *run,
                           bool again)
{
    take_out(&supervise->active, run);
    supervise->stats.live--;
    if (again && !supervise->closing && run->cause == TIDE_STOP_NONE) {
        run->state = TIDE_SUPERVISED_WAITING;
        append(&supervise->waiting, run);
        supervise->stats.waiting++;
    } else {
        tide_supervised_destroy(run);
    }
    after_change(supervise);
}

static void log_end(const struct tide_run_record *record)
{
    int level = record->state == TIDE_RUN_FAILED ? TIDE_LOG_WARNING : TIDE_LOG_INFO;

    TIDE_LOG((enum tide_log_level)level, "run ended", TIDE_KEY_INT("run", record->id),
             TIDE_KEY_TEXT("pipeline", record->pipeline_name),
             TIDE_KEY_TEXT("state", tide_run_state_name((int)record->state)),
             TIDE_KEY_INT("milliseconds", (record->ended_at - record->started_at) / 1000),
             TIDE_KEY_INT("rows", record->passed[TIDE_STEP_FINALIZE]),
             TIDE_KEY_TEXT("error", record->error));
}

void tide_supervise_release(struct tide_supervise *supervise, struct tide_supervised *run,
                            const struct tide_run_record *record)
{
    take_out(&supervise->active, run);
    supervise->stats.live--;
    tide_supervised_destroy(run);
    if (record) {
        supervise->stats.ended[record->state]++;
        log_end(record);
        if (supervise->watch) {
            supervise->watch(supervise->watch_arg, record);
        }
    }
    after_change(supervise);
}

/* ---- questions and requests ---------------------------------------------------------*/

/* From the line to the active ones, where its end is written. */
static void cancel_waiting(struct tide_supervise *supervise, struct tide_supervised *run)
{
    take_out(&supervise->waiting, run);
    supervise->stats.waiting--;
    supervise->stats.live++;
    append(&supervise->active, run);
    tide_supervised_stop(run, TIDE_STOP_CANCELLED);
}

bool tide_supervise_cancel(struct tide_supervise *supervise, int64_t id)
{
    struct tide_supervised *run = find(supervise->active, id);

    if (run) {
        tide_supervised_stop(run, TIDE_STOP_CANCELLED);
        return true;
    }
    run = find(supervise->waiting, id);
    if (run) {
        cancel_waiting(supervise, run);
    }
    return run != NULL;
}

int64_t tide_supervise_cancel_pipeline(struct tide_supervise *supervise,
                                       const char *pipeline_uid)
{
    struct tide_supervised *next;
    int64_t count = 0;

    for (struct tide_supervised *run = supervise->active; run; run = run->next) {
        if (strcmp(run->pipeline, pipeline_uid) == 0) {
            tide_supervised_stop(run, TIDE_STOP_CANCELLED);
            count++;
        }
    }
    for (struct tide_supervised *run = supervise->waiting; run; run = next) {
        next = run->next;
        if (strcmp(run->pipeline, pipeline_uid) == 0) {
            cancel_waiting(supervise, run);
            count++;
        }
    }
    return count;
}

bool tide_supervise_progress(const struct tide_supervise *supervise, int64_t id,
                             struct tide_ledger *ledger)
{
    const struct tide_supervised *run = find(supervise->active, id);

    if (!run || run->state != TIDE_SUPERVISED_LIVE) {
        return false;
    }
    tide_process_ledger(&run->process, ledger);
    return true;
}

void tide_supervise_watch(struct tide_supervise *supervise, tide_supervise_watch_fn watch,
                          void *arg)
{
    supervise->watch = watch;
    supervise->watch_arg = arg;
}

void tide_supervise_stats(const struct tide_supervise *supervise,
                          struct tide_supervise_stats *stats)
{
    *stats = supervise->stats;
}

/* ---- creating -----------------------------------------------------------------------*/

/* libuv may merge several signals into one, so each of our own is looked at. */
static void on_child(uv_signal_t *handle, int number)
{
    struct tide_supervise *supervise = handle->data;
    struct tide_supervised *next;

    (void)number;
    for (struct tide_supervised *run = supervise->active; run; run = next) {
        next = run->next;
        tide_supervised_reap(run);
    }
}

static void start_handles(struct tide_supervise *supervise)
{
    TIDE_INVARIANT(uv_signal_init(supervise->loop, &supervise->child) == 0);
    TIDE_INVARIANT(uv_timer_init(supervise->loop, &supervise->tick) == 0);
    supervise->child.data = supervise;
    supervise->tick.data = supervise;
    supervise->handles = 2;
    TIDE_INVARIANT(uv_signal_start(&supervise->child, on_child, SIGCHLD) == 0);
}

static int64_t or_else(int64_t value, int64_t fallback)
{
    return value > 0 ? value : fallback;
}

int tide_supervise_create(const struct tide_supervise_options *options,
                          struct tide_supervise **out, struct tide_error *err)
{
    struct tide_supervise *supervise;
    char *worker = options->worker_path ? tide_strdup(options->worker_path)
                                        : tide_program_path("tidemill-worker");

    if (access(worker, X_OK) != 0) {
        int code = tide_error_set(err, TIDE_E_IO,
                                  "the worker program %s is not there or may not be run",
                                  worker);

        free(worker);
        return code;
    }
    supervise = tide_alloc(sizeof *supervise);
    supervise->loop = options->loop;
    supervise->clock = options->clock;
    supervise->store = options->store;
    supervise->worker_path = worker;
    supervise->plugin_folder = options->plugin_folder
                                   ? tide_strdup(options->plugin_folder)
                                   : tide_plugin_folder();
    supervise->max_concurrent =
        or_else(options->max_concurrent, 2 * sysconf(_SC_NPROCESSORS_ONLN));
    supervise->grace_us = or_else(options->grace_us, INT64_C(10000000));
    supervise->limits = options->limits;
    supervise->checkpoint_us = or_else(options->checkpoint_us, INT64_C(5000000));
    supervise->reject_count = or_else(options->reject_count, 1000);
    supervise->reject_bytes = or_else(options->reject_bytes, INT64_C(4194304));
    start_handles(supervise);
    *out = supervise;
    return TIDE_OK;
}

/* ---- closing ------------------------------------------------------------------------*/

static void on_handle_closed(uv_handle_t *handle)
{
    struct tide_supervise *supervise = handle->data;
    void (*closed)(void *arg) = supervise->closed;
    void *arg = supervise->closed_arg;

    if (--supervise->handles > 0) {
        return;
    }
    free(supervise->worker_path);
    free(supervise->plugin_folder);
    free(supervise);
    closed(arg);
}

static void maybe_close(struct tide_supervise *supervise)
{
    if (!supervise->closing || supervise->active || supervise->resuming > 0 ||
        supervise->handles_closing) {
        return;
    }
    supervise->handles_closing = true;
    uv_close((uv_handle_t *)&supervise->child, on_handle_closed);
    uv_close((uv_handle_t *)&supervise->tick, on_handle_closed);
}

void tide_supervise_close(struct tide_supervise *supervise, int64_t grace_us,
                          void (*closed)(void *arg), void *arg)
{
    TIDE_REQUIRE(closed && !supervise->closing);
    supervise->closing = true;
    supervise->close_deadline = tide_supervise_now(supervise) + grace_us;
    supervise->closed = closed;
    supervise->closed_arg = arg;
    while (supervise->waiting) {
        struct tide_supervised *run = supervise->waiting;

        supervise->waiting = run->next;
        supervise->stats.waiting--;
        tide_supervised_destroy(run);
    }
    maybe_close(supervise);
}
