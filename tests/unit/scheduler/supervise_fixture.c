/*
 * supervise_fixture - a supervisor of fake workers; see supervise_fixture.h.
 */
#include "supervise_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"

struct tide_supervise *supervise;

struct answer ended;
int64_t ended_count;

void note_end(void *arg, const struct tide_run_record *run)
{
    (void)arg;
    ended.fixture = &fx;
    take_run(&ended, run, NULL);
    ended_count++;
}

void start_supervisor(int64_t concurrent)
{
    char *worker = tide_program_path("fake_worker");
    struct tide_supervise_options options = {
        .loop = &fx.loop,
        .clock = &fx.clock.clock,
        .store = fx.store,
        .worker_path = worker,
        .plugin_folder = "/plugins \"here\"",
        .max_concurrent = concurrent,
        .grace_us = 5 * SECOND,
        .limits = {.cpu_seconds = 7, .wall_seconds = 60, .hang_seconds = 30},
        .reject_count = 1000};
    struct tide_error err;

    assert_int_equal(tide_supervise_create(&options, &supervise, &err), TIDE_OK);
    tide_supervise_watch(supervise, note_end, NULL);
    free(worker);
}

void note_closed(void *arg)
{
    *(bool *)arg = true;
}

void stop_supervisor(int64_t grace)
{
    bool closed = false;

    tide_supervise_close(supervise, grace, note_closed, &closed);
    fixture_await(&fx, &closed);
    supervise = NULL;
}

int supervise_setup(void **state)
{
    (void)state;
    fixture_setup(&fx);
    ended = (struct answer){0};
    ended_count = 0;
    start_supervisor(4);
    return 0;
}

int supervise_teardown(void **state)
{
    (void)state;
    if (supervise) {
        stop_supervisor(0);
    }
    fixture_teardown(&fx);
    return 0;
}

/* ---- helpers ------------------------------------------------------------------------*/

struct tide_run_record submit(const char *script)
{
    struct tide_pipeline_record pipeline;
    char definition[64];
    struct answer made;

    (void)snprintf(definition, sizeof definition, "{\"script\":\"%s\"}", script);
    pipeline = make_pipeline_of(&fx, script, 0, definition);
    made = create_run(&fx, pipeline.id, -1);
    tide_supervise_submit(supervise, &made.run);
    return made.run;
}

void await_ends(int64_t count)
{
    while (ended_count < count) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
}

struct tide_run_record run_script(const char *script)
{
    int64_t before = ended_count;

    (void)submit(script);
    await_ends(before + 1);
    return ended.run;
}

struct tide_supervise_stats stats(void)
{
    struct tide_supervise_stats now;

    tide_supervise_stats(supervise, &now);
    return now;
}

void await_live(int64_t run)
{
    struct tide_ledger ledger = {0};

    while (!tide_supervise_progress(supervise, run, &ledger) ||
           ledger.magic != TIDE_LEDGER_MAGIC || ledger.batches == 0) {
        (void)uv_run(&fx.loop, UV_RUN_ONCE);
    }
}

void assert_contains(const char *text, const char *part)
{
    if (!strstr(text, part)) {
        fail_msg("\"%s\" is not in \"%s\"", part, text);
    }
}
