/*
 * store_runs_test - runs: every statement about them.
 */
#include "store_fixture.h"

#include <string.h>

static void a_run_goes_from_queued_to_its_end(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    struct answer made = create_run(&fx, pipeline.id, 0);
    struct tide_run_record run = made.run;
    struct answer job;

    (void)state;
    assert_int_equal(made.refusal, TIDE_RUN_ACCEPTED);
    assert_true(run.id > 0 && run.id <= INT32_MAX);
    assert_int_equal(run.pipeline, pipeline.id);
    assert_string_equal(run.pipeline_uid, pipeline.uid);
    assert_int_equal(run.state, TIDE_RUN_QUEUED);
    assert_int_equal(run.trigger, TIDE_TRIGGER_API);
    assert_int_equal(run.incremental, 0);
    assert_int_equal(run.slot, 0);
    assert_int_equal(run.attempt, 1);
    assert_int_equal(run.created_at, NOON);
    fake_clock_advance(&fx.clock, 5);
    job = start_run(&fx, run.id);
    assert_int_equal(job.err.code, TIDE_OK);
    assert_int_equal(job.run.state, TIDE_RUN_RUNNING);
    assert_int_equal(job.run.started_at, NOON + 5);
    assert_string_equal(job.definition, pipeline.definition);
    assert_string_equal(job.positions, "{}");
    fake_clock_advance(&fx.clock, 5);
    run = finish_run(&fx, run.id, &success).run;
    assert_int_equal(run.state, TIDE_RUN_SUCCEEDED);
    assert_int_equal(run.ended_at, NOON + 10);
    assert_memory_equal(run.passed, success.passed, sizeof run.passed);
    assert_memory_equal(run.failed, success.failed, sizeof run.failed);
    assert_int_equal(run.bytes_read, 100);
    assert_int_equal(run.bytes_written, 90);
    assert_int_equal(run.rejects_kept, 1);
    assert_int_equal(run.rejects_dropped, 2);
    assert_string_equal(run.error, "");
    assert_string_equal(run.detail, "{\"steps\":{}}");
    assert_int_equal(read_pipeline(&fx, pipeline.id).last_success_at, NOON + 10);
}

static void a_final_state_never_changes(void **state)
{
    int64_t id = whole_run(make_pipeline(&fx, "a", 0).id);
    struct tide_run_end failure = {.state = TIDE_RUN_FAILED, .error = "no"};

    (void)state;
    assert_int_equal(finish_run(&fx, id, &failure).err.code, TIDE_E_CONFLICT);
    assert_int_equal(start_run(&fx, id).err.code, TIDE_E_CONFLICT);
    assert_int_equal(read_run(&fx, id).state, TIDE_RUN_SUCCEEDED);
    assert_int_equal(finish_run(&fx, 1, &failure).err.code, TIDE_E_NOT_FOUND);
}

static void a_failure_is_kept_with_its_error(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    int64_t id = create_run(&fx, pipeline.id, -1).run.id;
    struct tide_run_end failure = {
        .state = TIDE_RUN_FAILED, .error = "disk is full", .error_code = "io"};

    (void)state;
    (void)start_run(&fx, id);
    (void)finish_run(&fx, id, &failure);
    assert_string_equal(read_run(&fx, id).error, "disk is full");
    assert_string_equal(read_run(&fx, id).error_code, "io");
    assert_null(read_run(&fx, id).detail);
    assert_string_equal(read_pipeline(&fx, pipeline.id).last_error, "disk is full");
    assert_int_equal(read_pipeline(&fx, pipeline.id).last_success_at, 0);
    assert_int_equal(read_pipeline(&fx, pipeline.id).last_run_at, NOON);
}

static void refusals_are_checked_in_their_order(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    struct answer live = create_run(&fx, pipeline.id, -1);

    (void)state;
    (void)set_mode(&fx, pipeline.id, TIDE_DESTINATION_INSPECTION);
    (void)enable_pipeline(&fx, pipeline.id, false);
    assert_int_equal(create_run(&fx, 1, 1).refusal, TIDE_REFUSED_NO_PIPELINE);
    assert_int_equal(create_run(&fx, pipeline.id, 1).refusal, TIDE_REFUSED_NO_CURSOR);
    assert_int_equal(create_run(&fx, pipeline.id, 0).refusal, TIDE_REFUSED_DISABLED);
    (void)enable_pipeline(&fx, pipeline.id, true);
    assert_int_equal(create_run(&fx, pipeline.id, 0).refusal, TIDE_REFUSED_IN_PROGRESS);
    (void)start_run(&fx, live.run.id);
    assert_int_equal(create_run(&fx, pipeline.id, 0).refusal, TIDE_REFUSED_IN_PROGRESS);
    (void)finish_run(&fx, live.run.id, &success);
    assert_int_equal(create_run(&fx, pipeline.id, 0).refusal, TIDE_REFUSED_INSPECTION);
    (void)set_mode(&fx, pipeline.id, TIDE_DESTINATION_MAINTENANCE);
    assert_int_equal(create_run(&fx, pipeline.id, 0).refusal, TIDE_REFUSED_MAINTENANCE);
    (void)set_mode(&fx, pipeline.id, TIDE_DESTINATION_NORMAL);
    assert_int_equal(create_run(&fx, pipeline.id, 0).refusal, TIDE_RUN_ACCEPTED);
}

static void the_refusals_read_as_the_api_documents_them(void **state)
{
    (void)state;
    assert_string_equal(tide_run_refusal_message(TIDE_RUN_ACCEPTED), "");
    assert_string_equal(tide_run_refusal_message(TIDE_REFUSED_NO_CURSOR),
                        "incremental requires an update time column");
    assert_string_equal(tide_run_refusal_message(TIDE_REFUSED_DISABLED),
                        "pipeline is disabled");
    assert_string_equal(tide_run_refusal_message(TIDE_REFUSED_IN_PROGRESS),
                        "pipeline is already in progress");
    assert_string_equal(tide_run_refusal_message(TIDE_REFUSED_INSPECTION),
                        "data warehouse is in inspection mode");
    assert_string_equal(tide_run_refusal_message(TIDE_REFUSED_MAINTENANCE),
                        "data warehouse is in maintenance mode");
}

static void two_requests_at_once_make_one_run(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    struct answer answers[8];
    int accepted = 0;

    (void)state;
    for (int i = 0; i < 8; i++) {
        struct tide_run_new fresh = {.pipeline = {.id = pipeline.id}, .incremental = -1};

        answers[i] = (struct answer){.fixture = &fx};
        tide_store_run_create(fx.store, &fresh, take_created, &answers[i]);
    }
    for (int i = 0; i < 8; i++) {
        fixture_await(&fx, &answers[i].done);
        accepted += answers[i].refusal == TIDE_RUN_ACCEPTED;
    }
    assert_int_equal(accepted, 1);
}

static void a_run_starts_by_the_definition_of_the_moment(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    struct tide_pipeline_ref ref = {.id = pipeline.id};
    struct tide_pipeline_change change = {.name = "a", .definition = "{\"v\":2}"};
    struct answer edited = {.fixture = &fx};
    struct answer run = create_run(&fx, pipeline.id, -1);
    struct answer job;

    (void)state;
    tide_store_pipeline_replace(fx.store, &ref, &change, take_pipeline, &edited);
    job = start_run(&fx, run.run.id);
    assert_true(edited.done);
    assert_string_equal(job.definition, "{\"v\":2}");
    assert_int_equal(job.run.definition_version, 2);
}

static void runs_are_listed_newest_first_by_filters_and_cursor(void **state)
{
    struct tide_pipeline_record one = make_pipeline(&fx, "one", 0);
    struct tide_pipeline_record two = make_pipeline(&fx, "two", 0);
    int64_t ids[30];
    struct answer page;
    int64_t live;

    (void)state;
    for (int i = 0; i < 30; i++) {
        ids[i] = whole_run(i % 2 ? two.id : one.id);
    }
    live = create_run(&fx, one.id, -1).run.id;
    page = list_runs(&fx, &(struct tide_run_filter){.limit = 1000});
    assert_int_equal(page.count, 31);
    assert_int_equal(page.runs[0].id, live);
    assert_int_equal(page.runs[30].id, ids[0]);
    page = list_runs(&fx, &(struct tide_run_filter){.limit = 2, .pipeline = two.id});
    assert_int_equal(page.count, 2);
    assert_int_equal(page.runs[1].id, ids[27]);
    page = list_runs(&fx, &(struct tide_run_filter){.limit = 2,
                                                    .pipeline = two.id,
                                                    .before = page.runs[1].sequence});
    assert_int_equal(page.runs[0].id, ids[25]);
    page = list_runs(&fx, &(struct tide_run_filter){
                              .limit = 9, .states = TIDE_RUN_STATE_BIT(TIDE_RUN_QUEUED)});
    assert_int_equal(page.count, 1);
    page = list_runs(
        &fx, &(struct tide_run_filter){.limit = 90,
                                       .states = TIDE_RUN_STATE_BIT(TIDE_RUN_QUEUED) |
                                                 TIDE_RUN_STATE_BIT(TIDE_RUN_SUCCEEDED)});
    assert_int_equal(page.count, 31);
    page = list_runs(&fx, &(struct tide_run_filter){.limit = 9, .workspace = 1});
    assert_int_equal(page.count, 0);
}

static void a_run_of_another_workspace_does_not_exist(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    int64_t id = create_run(&fx, pipeline.id, -1).run.id;

    (void)state;
    assert_int_equal(get_run(pipeline.workspace, id).err.code, TIDE_OK);
    assert_int_equal(get_run(pipeline.workspace + 1, id).err.code, TIDE_E_NOT_FOUND);
    assert_string_equal(get_run(0, 1).err.message, "run does not exist");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_run_goes_from_queued_to_its_end),
        STORE_TEST(a_final_state_never_changes),
        STORE_TEST(a_failure_is_kept_with_its_error),
        STORE_TEST(refusals_are_checked_in_their_order),
        STORE_TEST(the_refusals_read_as_the_api_documents_them),
        STORE_TEST(two_requests_at_once_make_one_run),
        STORE_TEST(a_run_starts_by_the_definition_of_the_moment),
        STORE_TEST(runs_are_listed_newest_first_by_filters_and_cursor),
        STORE_TEST(a_run_of_another_workspace_does_not_exist),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
