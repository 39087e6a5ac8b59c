/*
 * supervised_events - what a worker tells on its pipe, and what becomes of it: rejects
 * and positions go to the store, the end is kept.
 *
 * A worker that rejects faster than the store writes has to wait: its pipe is not read.
 */
#include "supervise/supervised.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"

/* So many bags of rejects may wait for the store before the worker has to wait. */
#define STORES_MOST 4

/* ---- rejects and positions ----------------------------------------------------------*/

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
        tide_supervised_read(run);
    }
}

void tide_supervised_flush_rejects(struct tide_supervised *run)
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
    tide_supervised_check_done(run);
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
    tide_supervised_check_done(run);
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
    tide_supervised_flush_rejects(run);
    run->positions++;
    run->is_replay = run->is_replay || list;
    tide_store_rejects_settle(run->supervise->store, run->id, table ? table : "",
                              ordinals, count, on_settled, run);
    free(ordinals);
}

/* ---- the pipe -----------------------------------------------------------------------*/

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
            tide_supervised_flush_rejects(run);
        }
    } else if (strcmp(name, "position") == 0) {
        note_position(run, event);
    } else if (strcmp(name, "committed") == 0 || strcmp(name, "replayed") == 0) {
        settle_rejects(run, event);
    } else if (strcmp(name, "end") == 0) {
        run->end = json_object_get(event);
    }
}

static void on_pipe_closed(uv_handle_t *handle)
{
    struct tide_supervised *run = handle->data;

    run->pipe_closed = true;
    tide_supervised_check_done(run);
}

void tide_supervised_close_pipe(struct tide_supervised *run)
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
    *buffer = uv_buf_init(run->buffer, TIDE_SUPERVISED_READ);
}

void tide_supervised_read(struct tide_supervised *run)
{
    if (uv_read_start((uv_stream_t *)&run->events, offer_buffer, on_read) != 0) {
        tide_supervised_close_pipe(run);
    }
}

static void on_read(uv_stream_t *stream, ssize_t length, const uv_buf_t *buffer)
{
    struct tide_supervised *run = stream->data;
    struct tide_error err;

    if (length < 0) {
        tide_supervised_close_pipe(run);
        return;
    }
    if (tide_event_feed(&run->reader, buffer->base, (size_t)length, on_event, run,
                        &err) != TIDE_OK) {
        run->garbage = tide_strdup(err.message);
        tide_supervised_stop(run, TIDE_STOP_GARBAGE);
        tide_supervised_close_pipe(run);
        return;
    }
    if (run->stores >= STORES_MOST) {
        run->paused = true;
        (void)uv_read_stop(stream);
    }
}
