/*
 * store_fixture - a store in a folder of its own, and its calls made to wait for their
 * answers.
 */
#ifndef TIDE_TESTS_STORE_FIXTURE_H
#define TIDE_TESTS_STORE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/memory.h"
#include "store/store.h"
#include "support/fake_clock.h"

/* 2024-11-27T18:00:00Z */
#define NOON INT64_C(1732730400000000)

struct fixture {
    char folder[64];
    char *key_file;
    uv_loop_t loop;
    struct fake_clock clock;
    struct tide_store *store;
    struct tide_store_opening opening;
    struct tide_arena *arena; /**< what was answered lives here */
};

/** The answer to one call; texts live in the fixture's arena. */
struct answer {
    struct fixture *fixture;
    bool done;
    struct tide_error err; /**< code TIDE_OK when it went well */
    struct tide_key_record key;
    struct tide_pipeline_record pipeline;
    struct tide_pipeline_record *pipelines;
    enum tide_run_refusal refusal;
    struct tide_run_record run;
    struct tide_run_record *runs;
    struct tide_reject_record *rejects;
    struct tide_store_totals totals;
    const char *definition, *positions, *replay;
    struct tide_replay_counts counts;
    int64_t count;
    bool stale;
    int64_t next_due;
};

/** The one of the test program, and what cmocka calls around each test. */
extern struct fixture fx;
int store_setup(void **state);
int store_teardown(void **state);
#define STORE_TEST(name_)                                                                \
    cmocka_unit_test_setup_teardown(name_, store_setup, store_teardown)

void fixture_setup(struct fixture *fixture);
void fixture_teardown(struct fixture *fixture);
/** Of the state directory; malloc'ed. */
char *fixture_path(const struct fixture *fixture, const char *name);
int fixture_open(struct fixture *fixture, struct tide_error *err);
/** Close and wait until it is closed. */
void fixture_close(struct fixture *fixture);
void fixture_reopen(struct fixture *fixture);
/** Run the loop until the answer is there. */
void fixture_await(struct fixture *fixture, const bool *done);
/** The workspace of the first key. */
int64_t fixture_workspace(struct fixture *fixture);

/* Callbacks; arg is a struct answer. */
void take_done(void *arg, const struct tide_error *err);
void take_count(void *arg, int64_t count, const struct tide_error *err);
void take_key(void *arg, const struct tide_key_record *key, const struct tide_error *err);
void take_pipeline(void *arg, const struct tide_pipeline_record *pipeline,
                   const struct tide_error *err);
void take_pipelines(void *arg, const struct tide_pipeline_record *pipelines, size_t count,
                    const struct tide_error *err);
void take_run(void *arg, const struct tide_run_record *run, const struct tide_error *err);
void take_runs(void *arg, const struct tide_run_record *runs, size_t count,
               const struct tide_error *err);
void take_created(void *arg, enum tide_run_refusal refusal,
                  const struct tide_run_record *run, const struct tide_error *err);
void take_replay(void *arg, enum tide_run_refusal refusal,
                 const struct tide_run_record *run,
                 const struct tide_replay_counts *counts, const struct tide_error *err);
void take_job(void *arg, const struct tide_run_job *job, const struct tide_error *err);
void take_claimed(void *arg, const struct tide_slot_claimed *claimed,
                  const struct tide_error *err);
void take_rejects(void *arg, const struct tide_reject_record *rejects, size_t count,
                  const struct tide_error *err);
void take_totals(void *arg, const struct tide_store_totals *totals,
                 const struct tide_error *err);

/* Calls that wait; what is not expected to fail fails the test when it does. */
struct tide_pipeline_record make_pipeline(struct fixture *fixture, const char *name,
                                          int64_t minutes);
struct tide_pipeline_record make_pipeline_of(struct fixture *fixture, const char *name,
                                             int64_t minutes, const char *definition);
struct tide_pipeline_record read_pipeline(struct fixture *fixture, int64_t id);
struct tide_pipeline_record enable_pipeline(struct fixture *fixture, int64_t id,
                                            bool enabled);
struct tide_pipeline_record set_period(struct fixture *fixture, int64_t id,
                                       int64_t minutes);
struct tide_pipeline_record set_mode(struct fixture *fixture, int64_t id,
                                     enum tide_destination_mode mode);
void delete_pipeline(struct fixture *fixture, int64_t id);
struct answer create_run(struct fixture *fixture, int64_t pipeline, int incremental);
struct answer start_run(struct fixture *fixture, int64_t run);
struct answer replay_run(struct fixture *fixture, int64_t run, bool again);
struct answer finish_run(struct fixture *fixture, int64_t run,
                         const struct tide_run_end *end);
struct tide_run_record read_run(struct fixture *fixture, int64_t id);
struct answer list_runs(struct fixture *fixture, const struct tide_run_filter *filter);
struct answer claim_slot(struct fixture *fixture, const struct tide_slot_claim *claim);

/** How a run ended well. */
extern const struct tide_run_end success;
/** A run of fx that did; its id. */
int64_t whole_run(int64_t pipeline);
struct answer get_run(int64_t workspace, int64_t run);

#endif
