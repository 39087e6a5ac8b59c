/*
 * store_fixture - a store in a folder of its own, and its calls made to wait for their
 * answers.
 */
#define _GNU_SOURCE /* nftw */

#include "store_fixture.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"

/* ---- the folder and the store -------------------------------------------------------*/

void fixture_setup(struct fixture *fixture)
{
    struct tide_error err;

    memset(fixture, 0, sizeof *fixture);
    (void)snprintf(fixture->folder, sizeof fixture->folder, "/tmp/tide-store-XXXXXX");
    assert_non_null(mkdtemp(fixture->folder));
    fixture->key_file = fixture_path(fixture, "api-key");
    assert_int_equal(uv_loop_init(&fixture->loop), 0);
    fake_clock_init(&fixture->clock, NOON);
    fixture->arena = tide_arena_create();
    assert_int_equal(fixture_open(fixture, &err), TIDE_OK);
}

static int remove_entry(const char *path, const struct stat *status, int type,
                        struct FTW *ftw)
{
    (void)status;
    (void)type;
    (void)ftw;
    return remove(path);
}

void fixture_teardown(struct fixture *fixture)
{
    if (fixture->store) {
        fixture_close(fixture);
    }
    assert_int_equal(uv_loop_close(&fixture->loop), 0);
    assert_int_equal(nftw(fixture->folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
    tide_arena_destroy(fixture->arena);
    free(fixture->key_file);
}

char *fixture_path(const struct fixture *fixture, const char *name)
{
    return tide_path_join(fixture->folder, name);
}

int fixture_open(struct fixture *fixture, struct tide_error *err)
{
    struct tide_store_options options = {.loop = &fixture->loop,
                                         .clock = &fixture->clock.clock,
                                         .folder = fixture->folder,
                                         .key_file = fixture->key_file};

    return tide_store_open(&options, &fixture->store, &fixture->opening, err);
}

static void note_closed(void *arg)
{
    *(bool *)arg = true;
}

void fixture_close(struct fixture *fixture)
{
    bool closed = false;

    tide_store_close(fixture->store, note_closed, &closed);
    fixture->store = NULL;
    fixture_await(fixture, &closed);
}

void fixture_reopen(struct fixture *fixture)
{
    struct tide_error err;

    fixture_close(fixture);
    assert_int_equal(fixture_open(fixture, &err), TIDE_OK);
}

void fixture_await(struct fixture *fixture, const bool *done)
{
    while (!*done) {
        (void)uv_run(&fixture->loop, UV_RUN_ONCE);
    }
}

/* ---- answers ------------------------------------------------------------------------*/

static const char *keep(struct answer *answer, const char *text)
{
    return text ? tide_arena_strdup(answer->fixture->arena, text) : NULL;
}

static struct answer *note(void *arg, const struct tide_error *err)
{
    struct answer *answer = arg;

    answer->done = true;
    if (err) {
        answer->err = *err;
    }
    return answer;
}

void take_done(void *arg, const struct tide_error *err)
{
    (void)note(arg, err);
}

void take_count(void *arg, int64_t count, const struct tide_error *err)
{
    note(arg, err)->count = count;
}

void take_key(void *arg, const struct tide_key_record *key, const struct tide_error *err)
{
    struct answer *answer = note(arg, err);

    if (key) {
        answer->key = *key;
        answer->key.name = keep(answer, key->name);
    }
}

static struct tide_pipeline_record keep_pipeline(struct answer *answer,
                                                 const struct tide_pipeline_record *old)
{
    struct tide_pipeline_record copy = *old;

    copy.uid = keep(answer, old->uid);
    copy.name = keep(answer, old->name);
    copy.definition = keep(answer, old->definition);
    copy.base_folder = keep(answer, old->base_folder);
    copy.last_error = keep(answer, old->last_error);
    return copy;
}

static struct tide_run_record keep_run(struct answer *answer,
                                       const struct tide_run_record *old)
{
    struct tide_run_record copy = *old;

    copy.pipeline_uid = keep(answer, old->pipeline_uid);
    copy.pipeline_name = keep(answer, old->pipeline_name);
    copy.error = keep(answer, old->error);
    copy.error_code = keep(answer, old->error_code);
    copy.detail = keep(answer, old->detail);
    return copy;
}

void take_pipeline(void *arg, const struct tide_pipeline_record *pipeline,
                   const struct tide_error *err)
{
    struct answer *answer = note(arg, err);

    if (pipeline) {
        answer->pipeline = keep_pipeline(answer, pipeline);
    }
}

void take_pipelines(void *arg, const struct tide_pipeline_record *pipelines, size_t count,
                    const struct tide_error *err)
{
    struct answer *answer = note(arg, err);

    answer->pipelines =
        tide_arena_alloc(answer->fixture->arena, (count + 1) * sizeof *answer->pipelines);
    for (size_t i = 0; i < count; i++) {
        answer->pipelines[i] = keep_pipeline(answer, &pipelines[i]);
    }
    answer->count = (int64_t)count;
}

void take_run(void *arg, const struct tide_run_record *run, const struct tide_error *err)
{
    struct answer *answer = note(arg, err);

    if (run) {
        answer->run = keep_run(answer, run);
    }
}

void take_runs(void *arg, const struct tide_run_record *runs, size_t count,
               const struct tide_error *err)
{
    struct answer *answer = note(arg, err);

    answer->runs =
        tide_arena_alloc(answer->fixture->arena, (count + 1) * sizeof *answer->runs);
    for (size_t i = 0; i < count; i++) {
        answer->runs[i] = keep_run(answer, &runs[i]);
    }
    answer->count = (int64_t)count;
}

void take_created(void *arg, enum tide_run_refusal refusal,
                  const struct tide_run_record *run, const struct tide_error *err)
{
    struct answer *answer = note(arg, err);

    answer->refusal = refusal;
    if (run) {
        answer->run = keep_run(answer, run);
    }
}

void take_job(void *arg, const struct tide_run_job *job, const struct tide_error *err)
{
    struct answer *answer = note(arg, err);

    if (job) {
        answer->run = keep_run(answer, job->run);
        answer->definition = keep(answer, job->definition);
        answer->positions = keep(answer, job->positions);
        answer->replay = keep(answer, job->replay);
    }
}

void take_replay(void *arg, enum tide_run_refusal refusal,
                 const struct tide_run_record *run,
                 const struct tide_replay_counts *counts, const struct tide_error *err)
{
    struct answer *answer = arg;

    take_created(arg, refusal, run, err);
    if (counts) {
        answer->counts = *counts;
    }
}

void take_claimed(void *arg, const struct tide_slot_claimed *claimed,
                  const struct tide_error *err)
{
    struct answer *answer = arg;

    take_runs(arg, claimed ? claimed->runs : NULL, claimed ? claimed->run_count : 0, err);
    if (claimed) {
        answer->stale = claimed->stale;
        answer->next_due = claimed->next_due;
    }
}

void take_rejects(void *arg, const struct tide_reject_record *rejects, size_t count,
                  const struct tide_error *err)
{
    struct answer *answer = note(arg, err);

    answer->rejects =
        tide_arena_alloc(answer->fixture->arena, (count + 1) * sizeof *answer->rejects);
    for (size_t i = 0; i < count; i++) {
        struct tide_reject_record *copy = &answer->rejects[i];

        *copy = rejects[i];
        copy->table = keep(answer, rejects[i].table);
        copy->step = keep(answer, rejects[i].step);
        copy->code = keep(answer, rejects[i].code);
        copy->message = keep(answer, rejects[i].message);
        copy->origin = keep(answer, rejects[i].origin);
        copy->row = keep(answer, rejects[i].row);
        copy->raw = keep(answer, rejects[i].raw);
        copy->replay = keep(answer, rejects[i].replay);
    }
    answer->count = (int64_t)count;
}

void take_totals(void *arg, const struct tide_store_totals *totals,
                 const struct tide_error *err)
{
    struct answer *answer = note(arg, err);
    struct tide_pipeline_totals *copy;

    if (totals) {
        copy = tide_arena_alloc(answer->fixture->arena,
                                (totals->pipeline_count + 1) * sizeof *copy);
        memcpy(copy, totals->pipelines, totals->pipeline_count * sizeof *copy);
        answer->totals = *totals;
        answer->totals.pipelines = copy;
    }
}

/* ---- calls that wait ----------------------------------------------------------------*/

int64_t fixture_workspace(struct fixture *fixture)
{
    struct answer answer = {.fixture = fixture};
    uint8_t hash[TIDE_KEY_HASH_SIZE];

    tide_key_hash(fixture->opening.key, strlen(fixture->opening.key), hash);
    tide_store_key_find(fixture->store, hash, take_key, &answer);
    fixture_await(fixture, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    return answer.key.workspace;
}

struct tide_pipeline_record make_pipeline(struct fixture *fixture, const char *name,
                                          int64_t minutes)
{
    return make_pipeline_of(fixture, name, minutes, "{\"name\":\"x\"}");
}

struct tide_pipeline_record make_pipeline_of(struct fixture *fixture, const char *name,
                                             int64_t minutes, const char *definition)
{
    struct answer answer = {.fixture = fixture};
    struct tide_pipeline_new fresh = {.workspace = fixture_workspace(fixture),
                                      .name = name,
                                      .definition = definition,
                                      .enabled = true,
                                      .period_minutes = minutes};

    tide_store_pipeline_create(fixture->store, &fresh, take_pipeline, &answer);
    fixture_await(fixture, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    return answer.pipeline;
}

static struct tide_pipeline_record settle(struct answer *answer)
{
    fixture_await(answer->fixture, &answer->done);
    assert_int_equal(answer->err.code, TIDE_OK);
    return answer->pipeline;
}

struct tide_pipeline_record read_pipeline(struct fixture *fixture, int64_t id)
{
    struct answer answer = {.fixture = fixture};
    struct tide_pipeline_ref ref = {.id = id};

    tide_store_pipeline_get(fixture->store, &ref, take_pipeline, &answer);
    return settle(&answer);
}

struct tide_pipeline_record enable_pipeline(struct fixture *fixture, int64_t id,
                                            bool enabled)
{
    struct answer answer = {.fixture = fixture};
    struct tide_pipeline_ref ref = {.id = id};

    tide_store_pipeline_enable(fixture->store, &ref, enabled, take_pipeline, &answer);
    return settle(&answer);
}

struct tide_pipeline_record set_period(struct fixture *fixture, int64_t id,
                                       int64_t minutes)
{
    struct answer answer = {.fixture = fixture};
    struct tide_pipeline_ref ref = {.id = id};

    tide_store_pipeline_period(fixture->store, &ref, minutes, take_pipeline, &answer);
    return settle(&answer);
}

struct tide_pipeline_record set_mode(struct fixture *fixture, int64_t id,
                                     enum tide_destination_mode mode)
{
    struct answer answer = {.fixture = fixture};
    struct tide_pipeline_ref ref = {.id = id};

    tide_store_pipeline_mode(fixture->store, &ref, mode, take_pipeline, &answer);
    return settle(&answer);
}

void delete_pipeline(struct fixture *fixture, int64_t id)
{
    struct answer answer = {.fixture = fixture};
    struct tide_pipeline_ref ref = {.id = id};

    tide_store_pipeline_delete(fixture->store, &ref, take_pipeline, &answer);
    (void)settle(&answer);
}

struct answer create_run(struct fixture *fixture, int64_t pipeline, int incremental)
{
    struct answer answer = {.fixture = fixture};
    struct tide_run_new fresh = {.pipeline = {.id = pipeline},
                                 .trigger = TIDE_TRIGGER_API,
                                 .incremental = incremental};

    tide_store_run_create(fixture->store, &fresh, take_created, &answer);
    fixture_await(fixture, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    return answer;
}

struct answer start_run(struct fixture *fixture, int64_t run)
{
    struct answer answer = {.fixture = fixture};

    tide_store_run_start(fixture->store, run, take_job, &answer);
    fixture_await(fixture, &answer.done);
    return answer;
}

struct answer replay_run(struct fixture *fixture, int64_t run, bool again)
{
    struct answer answer = {.fixture = fixture};

    tide_store_run_replay(fixture->store, 0, run, again, take_replay, &answer);
    fixture_await(fixture, &answer.done);
    return answer;
}

struct answer finish_run(struct fixture *fixture, int64_t run,
                         const struct tide_run_end *end)
{
    struct answer answer = {.fixture = fixture};

    tide_store_run_finish(fixture->store, run, end, take_run, &answer);
    fixture_await(fixture, &answer.done);
    return answer;
}

struct tide_run_record read_run(struct fixture *fixture, int64_t id)
{
    struct answer answer = {.fixture = fixture};

    tide_store_run_get(fixture->store, 0, id, take_run, &answer);
    fixture_await(fixture, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    return answer.run;
}

struct answer list_runs(struct fixture *fixture, const struct tide_run_filter *filter)
{
    struct answer answer = {.fixture = fixture};

    tide_store_run_list(fixture->store, filter, take_runs, &answer);
    fixture_await(fixture, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    return answer;
}

struct answer claim_slot(struct fixture *fixture, const struct tide_slot_claim *claim)
{
    struct answer answer = {.fixture = fixture};

    tide_store_slot_claim(fixture->store, claim, take_claimed, &answer);
    fixture_await(fixture, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    return answer;
}

/* ---- the one of the test program ----------------------------------------------------*/

struct fixture fx;

int store_setup(void **state)
{
    (void)state;
    fixture_setup(&fx);
    return 0;
}

int store_teardown(void **state)
{
    (void)state;
    fixture_teardown(&fx);
    return 0;
}

const struct tide_run_end success = {.state = TIDE_RUN_SUCCEEDED,
                                     .passed = {10, 9, 8, 8, 8, 8},
                                     .failed = {0, 1, 1, 0, 0, 0},
                                     .bytes_read = 100,
                                     .bytes_written = 90,
                                     .rejects_kept = 1,
                                     .rejects_dropped = 2,
                                     .detail = "{\"steps\":{}}"};

int64_t whole_run(int64_t pipeline)
{
    int64_t id = create_run(&fx, pipeline, -1).run.id;

    assert_int_equal(start_run(&fx, id).err.code, TIDE_OK);
    assert_int_equal(finish_run(&fx, id, &success).err.code, TIDE_OK);
    return id;
}

struct answer get_run(int64_t workspace, int64_t run)
{
    struct answer answer = {.fixture = &fx};

    tide_store_run_get(fx.store, workspace, run, take_run, &answer);
    fixture_await(&fx, &answer.done);
    return answer;
}
