/*
 * supervised - one run in the hands of the supervisor.
 */
#include "supervise/supervised.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"
#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"

#define SECOND INT64_C(1000000)
/* How long the pipe of a reaped worker may stay open: somebody else has it. */
#define PIPE_GRACE SECOND
#define FINISH_ATTEMPTS_CLOSING 10

/* ---- the end: written down ----------------------------------------------------------*/

static void on_finished(void *arg, const struct tide_run_record *record,
                        const struct tide_error *err)
{
    struct tide_supervised *run = arg;
    struct tide_supervise *supervise = run->supervise;
    bool final = !err || err->code == TIDE_E_CONFLICT || err->code == TIDE_E_NOT_FOUND;

    if (!final && !(supervise->closing && run->attempts >= FINISH_ATTEMPTS_CLOSING)) {
        run->not_before = tide_supervise_now(supervise) + SECOND;
        return;
    }
    if (err) {
        TIDE_LOG(TIDE_LOG_WARNING, "end of run not stored", TIDE_KEY_INT("run", run->id),
                 TIDE_KEY_TEXT("error", err->message));
    }
    tide_supervise_release(supervise, run, record);
}

static void write_end(struct tide_supervised *run)
{
    run->attempts++;
    run->not_before = 0;
    tide_store_run_finish(run->supervise->store, run->id, &run->verdict.end, on_finished,
                          run);
}

static void finish(struct tide_supervised *run)
{
    struct tide_evidence evidence = {.cause = run->cause,
                                     .killed = run->killed,
                                     .start_error = run->start_error,
                                     .garbage = run->garbage,
                                     .position_error = run->position_error,
                                     .replay_error = run->replay_error,
                                     .status = run->process.status,
                                     .peak_bytes = run->process.peak_bytes,
                                     .cpu_us = run->process.cpu_us,
                                     .end = run->end,
                                     .limits = run->supervise->limits,
                                     .grace_us = run->supervise->grace_us};

    run->state = TIDE_SUPERVISED_ENDING;
    if (run->rejects) {
        tide_supervised_flush_rejects(run);
        evidence.rejects_kept = run->rejects->kept;
        evidence.rejects_dropped = run->rejects->dropped;
    }
    tide_process_ledger(&run->process, &evidence.ledger);
    tide_verdict_decide(&evidence, &run->verdict);
    write_end(run);
}

void tide_supervised_check_done(struct tide_supervised *run)
{
    if (run->reaped && run->pipe_closed && run->positions == 0 &&
        run->state == TIDE_SUPERVISED_LIVE) {
        finish(run);
    }
}

void tide_supervised_destroy(struct tide_supervised *run)
{
    TIDE_REQUIRE(run->stores == 0 && run->positions == 0);
    tide_process_fini(&run->process);
    tide_event_reader_fini(&run->reader);
    if (run->rejects) {
        tide_reject_empty(run->rejects);
    }
    free(run->rejects);
    tide_verdict_fini(&run->verdict);
    json_object_put(run->end);
    free(run->buffer);
    free(run->start_error);
    free(run->garbage);
    free(run->position_error);
    free(run->replay_error);
    free(run);
}

/* ---- starting -----------------------------------------------------------------------*/

static void start_worker(struct tide_supervised *run, const struct tide_run_job *job)
{
    struct tide_supervise *supervise = run->supervise;
    struct tide_text text = {0};
    struct tide_error err;
    int events = -1;
    int code;

    tide_supervised_job(supervise, job, &text);
    code = tide_process_start(&run->process, supervise->worker_path, text.data,
                              text.length, &events, &err);
    tide_text_fini(&text);
    if (code != TIDE_OK) {
        run->start_error = tide_strdup(err.message);
        finish(run);
        return;
    }
    run->state = TIDE_SUPERVISED_LIVE;
    run->started_at = tide_supervise_now(supervise);
    run->buffer = tide_alloc(TIDE_SUPERVISED_READ);
    run->rejects = tide_alloc(sizeof *run->rejects);
    TIDE_INVARIANT(uv_pipe_init(supervise->loop, &run->events, 0) == 0);
    run->events.data = run;
    TIDE_INVARIANT(uv_pipe_open(&run->events, events) == 0);
    tide_supervised_read(run);
    supervise->stats.started++;
    TIDE_LOG(TIDE_LOG_INFO, "run started", TIDE_KEY_INT("run", run->id),
             TIDE_KEY_TEXT("pipeline", job->run->pipeline_name),
             TIDE_KEY_TEXT("trigger", tide_trigger_name((int)job->run->trigger)),
             TIDE_KEY_INT("process", run->process.pid));
}

static void on_job(void *arg, const struct tide_run_job *job,
                   const struct tide_error *err)
{
    struct tide_supervised *run = arg;

    if (err) {
        bool gone = err->code == TIDE_E_CONFLICT || err->code == TIDE_E_NOT_FOUND;

        TIDE_LOG(gone ? TIDE_LOG_DEBUG : TIDE_LOG_WARNING, "run not started",
                 TIDE_KEY_INT("run", run->id), TIDE_KEY_TEXT("error", err->message));
        if (!gone && run->cause != TIDE_STOP_NONE) {
            finish(run);
            return;
        }
        run->not_before = tide_supervise_now(run->supervise) + SECOND;
        tide_supervise_return(run->supervise, run, !gone);
    } else if (run->cause != TIDE_STOP_NONE) {
        finish(run);
    } else {
        start_worker(run, job);
    }
}

void tide_supervised_start(struct tide_supervised *run)
{
    run->state = TIDE_SUPERVISED_STARTING;
    tide_store_run_start(run->supervise->store, run->id, on_job, run);
}

/* ---- stopping -----------------------------------------------------------------------*/

void tide_supervised_stop(struct tide_supervised *run, enum tide_stop_cause cause)
{
    if (run->cause != TIDE_STOP_NONE || run->state == TIDE_SUPERVISED_ENDING) {
        return;
    }
    run->cause = cause;
    if (run->state == TIDE_SUPERVISED_WAITING) {
        finish(run);
    } else if (cause == TIDE_STOP_HANG || cause == TIDE_STOP_GARBAGE) {
        run->killed = true;
        tide_process_kill(&run->process);
    } else {
        run->asked = true;
        run->asked_at = tide_supervise_now(run->supervise);
        tide_process_ask(&run->process);
    }
}

void tide_supervised_reap(struct tide_supervised *run)
{
    if (run->state != TIDE_SUPERVISED_LIVE || run->reaped ||
        !tide_process_reap(&run->process)) {
        return;
    }
    run->reaped = true;
    run->reaped_at = tide_supervise_now(run->supervise);
    tide_supervised_check_done(run);
}

static bool is_hanging(const struct tide_supervised *run, int64_t now)
{
    int64_t limit = run->supervise->limits.hang_seconds * SECOND;
    struct tide_ledger ledger;
    int64_t last;

    if (limit == 0) {
        return false;
    }
    tide_process_ledger(&run->process, &ledger);
    last = ledger.heartbeat_us > run->started_at ? ledger.heartbeat_us : run->started_at;
    return now - last > limit;
}

static void check_limits(struct tide_supervised *run, int64_t now)
{
    int64_t wall = run->supervise->limits.wall_seconds * SECOND;

    if (run->asked && !run->killed && now - run->asked_at >= run->supervise->grace_us) {
        run->killed = true;
        tide_process_kill(&run->process);
    } else if (run->cause == TIDE_STOP_NONE && is_hanging(run, now)) {
        tide_supervised_stop(run, TIDE_STOP_HANG);
    } else if (run->cause == TIDE_STOP_NONE && wall > 0 && now - run->started_at > wall) {
        tide_supervised_stop(run, TIDE_STOP_WALL);
    }
}

void tide_supervised_tick(struct tide_supervised *run)
{
    int64_t now = tide_supervise_now(run->supervise);

    if (run->state == TIDE_SUPERVISED_ENDING && run->not_before > 0 &&
        now >= run->not_before) {
        write_end(run);
    }
    if (run->state != TIDE_SUPERVISED_LIVE) {
        return;
    }
    tide_supervised_flush_rejects(run);
    if (!run->reaped) {
        check_limits(run, now);
    } else if (now - run->reaped_at > PIPE_GRACE && !run->paused) {
        tide_supervised_close_pipe(run);
    }
}
