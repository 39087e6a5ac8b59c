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
#define READ_SIZE 65536
/* So many bags of rejects may wait for the store before the worker has to wait. */
#define STORES_MOST 4
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

static void flush_rejects(struct tide_supervised *run);

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
        flush_rejects(run);
        evidence.rejects_kept = run->rejects->kept;
        evidence.rejects_dropped = run->rejects->dropped;
    }
    tide_process_ledger(&run->process, &evidence.ledger);
    tide_verdict_decide(&evidence, &run->verdict);
    write_end(run);
}

/* The worker is done when its exit and the end of its pipe were both seen, and what
 * became of its positions is known. */
static void check_done(struct tide_supervised *run)
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

/* ---- events -------------------------------------------------------------------------*/

static void on_pipe_closed(uv_handle_t *handle)
{
    struct tide_supervised *run = handle->data;

    run->pipe_closed = true;
    check_done(run);
}

static void close_pipe(struct tide_supervised *run)
{
    if (!uv_is_closing((uv_handle_t *)&run->events)) {
        uv_close((uv_handle_t *)&run->events, on_pipe_closed);
    }
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer);

static void offer_buffer(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer)
{
    struct tide_supervised *run = handle->data;

    (void)suggested;
    *buffer = uv_buf_init(run->buffer, READ_SIZE);
}

static void read_events(struct tide_supervised *run)
{
    if (uv_read_start((uv_stream_t *)&run->events, offer_buffer, on_read) != 0) {
        close_pipe(run);
    }
}

static void on_rejects_stored(void *arg, const struct tide_error *err)
{
    struct tide_supervised *run = arg;

    run->stores--;
    if (err) {
        TIDE_LOG(TIDE_LOG_WARNING, "rejects not stored", TIDE_KEY_INT("run", run->id),
                 TIDE_KEY_TEXT("error", err->message));
    }
    if (run->paused && !uv_is_closing((uv_handle_t *)&run->events)) {
        run->paused = false;
        read_events(run);
    }
}

static void flush_rejects(struct tide_supervised *run)
{
    if (run->rejects->count == 0) {
        return;
    }
    run->stores++;
    tide_store_rejects_add(run->supervise->store, run->id, run->rejects->records,
                           run->rejects->count, on_rejects_stored, run);
    tide_reject_empty(run->rejects);
}

static void on_position_stored(void *arg, const struct tide_error *err)
{
    struct tide_supervised *run = arg;

    run->positions--;
    if (err) {
        TIDE_LOG(TIDE_LOG_ERROR, "position not stored", TIDE_KEY_INT("run", run->id),
                 TIDE_KEY_TEXT("error", err->message));
        free(run->position_error);
        run->position_error = tide_strdup(err->message);
    }
    check_done(run);
}

static void note_position(struct tide_supervised *run, struct json_object *event)
{
    const char *table = tide_json_text(event, "table");
    const char *position = tide_json_text(event, "position");

    if (table) {
        run->positions++;
        tide_store_position_set(run->supervise->store, run->id, table, position,
                                on_position_stored, run);
    }
}

static void on_settled(void *arg, const struct tide_error *err)
{
    struct tide_supervised *run = arg;

    run->positions--;
    if (err) {
        TIDE_LOG(TIDE_LOG_ERROR, "rejects not settled", TIDE_KEY_INT("run", run->id),
                 TIDE_KEY_TEXT("error", err->message));
        free(run->replay_error);
        run->replay_error = run->is_replay ? tide_strdup(err->message) : NULL;
    }
    check_done(run);
}

/* What was rejected of a table so far is final; of a replay, the rejects that were run
 * again are done with. */
static void settle_rejects(struct tide_supervised *run, struct json_object *event)
{
    const char *table = tide_json_text(event, "table");
    struct json_object *list = tide_json_member(event, "rejects");
    size_t count =
        json_object_is_type(list, json_type_array) ? json_object_array_length(list) : 0;
    int64_t *ordinals = tide_alloc_array(count + 1, sizeof *ordinals);

    for (size_t i = 0; i < count; i++) {
        ordinals[i] = json_object_get_int64(json_object_array_get_idx(list, i));
    }
    flush_rejects(run);
    run->positions++;
    run->is_replay = run->is_replay || list;
    tide_store_rejects_settle(run->supervise->store, run->id, table ? table : "",
                              ordinals, count, on_settled, run);
    free(ordinals);
}

/* Events with other names tell of progress that the ledger shows as well. */
static void on_event(void *arg, const char *name, struct json_object *event)
{
    struct tide_supervised *run = arg;

    if (run->end) {
        return;
    }
    if (strcmp(name, "reject") == 0) {
        if (tide_reject_take(run->rejects, event, run->supervise->reject_count,
                             run->supervise->reject_bytes)) {
            flush_rejects(run);
        }
    } else if (strcmp(name, "position") == 0) {
        note_position(run, event);
    } else if (strcmp(name, "committed") == 0 || strcmp(name, "replayed") == 0) {
        settle_rejects(run, event);
    } else if (strcmp(name, "end") == 0) {
        run->end = json_object_get(event);
    }
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct tide_supervised *run = stream->data;
    struct tide_error err;

    if (length < 0) {
        close_pipe(run);
        return;
    }
    if (tide_event_feed(&run->reader, buffer->base, (size_t)length, on_event, run,
                        &err) != TIDE_OK) {
        run->garbage = tide_strdup(err.message);
        tide_supervised_stop(run, TIDE_STOP_GARBAGE);
        close_pipe(run);
        return;
    }
    if (run->stores >= STORES_MOST) {
        run->paused = true;
        (void)uv_read_stop(stream);
    }
}

/* ---- starting -----------------------------------------------------------------------*/

static void append_job(struct tide_text *text, const struct tide_supervise *supervise,
                       const struct tide_run_job *job)
{
    static const char *const incremental[] = {"null", "false", "true"};
    const struct tide_worker_limits *limits = &supervise->limits;
    const struct tide_run_record *run = job->run;

    tide_text_appendf(text, "{\"run\":%lld,\"pipeline\":\"%s\",\"definition\":%s",
                      (long long)run->id, run->pipeline_uid, job->definition);
    tide_text_append(text, ",\"base_folder\":");
    if (job->base_folder) {
        tide_text_append_json(text, job->base_folder, strlen(job->base_folder));
    } else {
        tide_text_append(text, "null");
    }
    tide_text_append(text, ",\"plugin_folder\":");
    tide_text_append_json(text, supervise->plugin_folder,
                          strlen(supervise->plugin_folder));
    tide_text_appendf(text,
                      ",\"incremental\":%s,\"started_at\":%lld,\"attempt\":%lld"
                      ",\"positions\":%s,\"limit\":0,\"check\":false"
                      ",\"checkpoint\":%lld",
                      incremental[run->incremental + 1], (long long)run->started_at,
                      (long long)run->attempt, job->positions,
                      (long long)supervise->checkpoint_us);
    tide_text_appendf(text,
                      ",\"limits\":{\"memory\":%lld,\"cpu_seconds\":%lld"
                      ",\"open_files\":%lld,\"wall_seconds\":%lld}"
                      ",\"rejects\":{\"count\":%lld,\"bytes\":%lld}",
                      (long long)limits->memory_bytes, (long long)limits->cpu_seconds,
                      (long long)limits->open_files, (long long)limits->wall_seconds,
                      (long long)supervise->reject_count,
                      (long long)supervise->reject_bytes);
    if (job->replay) {
        tide_text_append(text, ",\"replay\":");
        tide_text_append(text, job->replay);
    }
    tide_text_append(text, "}\n");
}

static void start_worker(struct tide_supervised *run, const struct tide_run_job *job)
{
    struct tide_supervise *supervise = run->supervise;
    struct tide_text text = {0};
    struct tide_error err;
    int events = -1;
    int code;

    append_job(&text, supervise, job);
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
    run->buffer = tide_alloc(READ_SIZE);
    run->rejects = tide_alloc(sizeof *run->rejects);
    TIDE_INVARIANT(uv_pipe_init(supervise->loop, &run->events, 0) == 0);
    run->events.data = run;
    TIDE_INVARIANT(uv_pipe_open(&run->events, events) == 0);
    read_events(run);
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
    check_done(run);
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
    flush_rejects(run);
    if (!run->reaped) {
        check_limits(run, now);
    } else if (now - run->reaped_at > PIPE_GRACE && !run->paused) {
        close_pipe(run);
    }
}
