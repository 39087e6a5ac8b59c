/*
 * store_runs_test - runs, slots, rejects, positions, retention and sums: every statement
 * about them.
 */
#include "store_fixture.h"

#include <string.h>

#include "schedule/slot.h"

static struct fixture fx;

static int setup(void **state)
{
    (void)state;
    fixture_setup(&fx);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fixture_teardown(&fx);
    return 0;
}

static const struct tide_run_end success = {.state = TIDE_RUN_SUCCEEDED,
                                            .passed = {10, 9, 8, 8, 8, 8},
                                            .failed = {0, 1, 1, 0, 0, 0},
                                            .bytes_read = 100,
                                            .bytes_written = 90,
                                            .rejects_kept = 1,
                                            .rejects_dropped = 2,
                                            .detail = "{\"steps\":{}}"};

/* A run that ended well. */
static int64_t whole_run(int64_t pipeline)
{
    int64_t id = create_run(&fx, pipeline, -1).run.id;

    assert_int_equal(start_run(&fx, id).err.code, TIDE_OK);
    assert_int_equal(finish_run(&fx, id, &success).err.code, TIDE_OK);
    return id;
}

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
    tide_fake_clock_advance(&fx.clock, 5);
    job = start_run(&fx, run.id);
    assert_int_equal(job.err.code, TIDE_OK);
    assert_int_equal(job.run.state, TIDE_RUN_RUNNING);
    assert_int_equal(job.run.started_at, NOON + 5);
    assert_string_equal(job.definition, pipeline.definition);
    assert_string_equal(job.positions, "{}");
    tide_fake_clock_advance(&fx.clock, 5);
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

static struct answer get_run(int64_t workspace, int64_t run)
{
    struct answer answer = {.fixture = &fx};

    tide_store_run_get(fx.store, workspace, run, take_run, &answer);
    fixture_await(&fx, &answer.done);
    return answer;
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

/* ---- slots --------------------------------------------------------------------------*/

static struct tide_slot_claim claim_of(const struct tide_pipeline_record *pipeline,
                                       const int64_t *slots, size_t count)
{
    return (struct tide_slot_claim){.pipeline_uid = pipeline->uid,
                                    .due = pipeline->next_due,
                                    .next_due = slots[count - 1] + 60 * TIDE_MINUTE,
                                    .slots = slots,
                                    .slot_count = count};
}

static void a_claim_inserts_the_run_and_moves_next_due(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    struct tide_slot_claim claim = claim_of(&pipeline, &pipeline.next_due, 1);
    struct answer first = claim_slot(&fx, &claim);

    (void)state;
    assert_int_equal(first.count, 1);
    assert_int_equal(first.runs[0].slot, pipeline.next_due);
    assert_int_equal(first.runs[0].trigger, TIDE_TRIGGER_SCHEDULE);
    assert_int_equal(first.runs[0].state, TIDE_RUN_QUEUED);
    assert_int_equal(read_pipeline(&fx, pipeline.id).next_due, claim.next_due);
    assert_false(first.stale);
    assert_int_equal(first.next_due, claim.next_due);
    first = claim_slot(&fx, &claim);
    assert_int_equal(first.count, 0);
    assert_true(first.stale);
    assert_int_equal(first.next_due, claim.next_due);
    assert_int_equal(list_runs(&fx, &(struct tide_run_filter){.limit = 9}).count, 1);
}

static void a_slot_met_by_a_live_run_is_skipped_with_the_reason(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    struct tide_slot_claim claim = claim_of(&pipeline, &pipeline.next_due, 1);
    struct answer runs;

    (void)state;
    (void)start_run(&fx, create_run(&fx, pipeline.id, -1).run.id);
    assert_int_equal(claim_slot(&fx, &claim).count, 0);
    runs = list_runs(&fx, &(struct tide_run_filter){.limit = 9});
    assert_int_equal(runs.count, 2);
    assert_int_equal(runs.runs[0].state, TIDE_RUN_SKIPPED);
    assert_int_equal(runs.runs[0].slot, pipeline.next_due);
    assert_int_equal(runs.runs[0].slot_count, 1);
    assert_string_equal(runs.runs[0].error, "pipeline is already in progress");
    assert_int_equal(read_pipeline(&fx, pipeline.id).next_due, claim.next_due);
}

static void overlap_may_queue_one_and_no_more(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    struct tide_slot_claim claim = claim_of(&pipeline, &pipeline.next_due, 1);

    (void)state;
    (void)start_run(&fx, create_run(&fx, pipeline.id, -1).run.id);
    claim.queue_on_overlap = true;
    assert_int_equal(claim_slot(&fx, &claim).count, 1);
    pipeline = read_pipeline(&fx, pipeline.id);
    claim = claim_of(&pipeline, &pipeline.next_due, 1);
    claim.queue_on_overlap = true;
    assert_int_equal(claim_slot(&fx, &claim).count, 0);
}

static void a_mode_skips_the_slot_and_says_so(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    struct tide_slot_claim claim = claim_of(&pipeline, &pipeline.next_due, 1);
    struct answer runs;

    (void)state;
    (void)set_mode(&fx, pipeline.id, TIDE_DESTINATION_MAINTENANCE);
    assert_int_equal(claim_slot(&fx, &claim).count, 0);
    runs = list_runs(&fx, &(struct tide_run_filter){.limit = 9});
    assert_string_equal(runs.runs[0].error, "data warehouse is in maintenance mode");
}

static void missed_slots_and_backfill_go_with_the_claim(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    int64_t hour = 60 * TIDE_MINUTE, due = pipeline.next_due;
    int64_t slots[] = {due + 3 * hour, due + 4 * hour};
    struct tide_slot_skip skip = {.slot = due + 2 * hour, .count = 3, .reason = "late"};
    struct tide_slot_claim claim = claim_of(&pipeline, slots, 2);
    struct answer runs;

    (void)state;
    claim.skips = &skip;
    claim.skip_count = 1;
    runs = claim_slot(&fx, &claim);
    assert_int_equal(runs.count, 2);
    assert_int_equal(runs.runs[0].trigger, TIDE_TRIGGER_BACKFILL);
    assert_int_equal(runs.runs[1].trigger, TIDE_TRIGGER_SCHEDULE);
    runs =
        list_runs(&fx, &(struct tide_run_filter){
                           .limit = 9, .states = TIDE_RUN_STATE_BIT(TIDE_RUN_SKIPPED)});
    assert_int_equal(runs.count, 1);
    assert_int_equal(runs.runs[0].slot, due + 2 * hour);
    assert_int_equal(runs.runs[0].slot_count, 3);
    assert_string_equal(runs.runs[0].error, "late");
}

static void a_claim_of_an_edited_or_disabled_pipeline_is_stale(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    struct tide_slot_claim claim = claim_of(&pipeline, &pipeline.next_due, 1);
    struct answer claimed;

    (void)state;
    (void)enable_pipeline(&fx, pipeline.id, false);
    claimed = claim_slot(&fx, &claim);
    assert_true(claimed.stale);
    assert_int_equal(claimed.next_due, 0);
    (void)enable_pipeline(&fx, pipeline.id, true);
    claim.due += 1;
    claimed = claim_slot(&fx, &claim);
    assert_true(claimed.stale);
    assert_int_equal(claimed.next_due, pipeline.next_due);
    delete_pipeline(&fx, pipeline.id);
    claimed = claim_slot(&fx, &claim);
    assert_true(claimed.stale);
    assert_int_equal(claimed.next_due, 0);
    assert_int_equal(list_runs(&fx, &(struct tide_run_filter){.limit = 9}).count, 0);
}

static void a_slot_is_never_run_twice_even_when_next_due_goes_back(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    struct tide_slot_claim claim = claim_of(&pipeline, &pipeline.next_due, 1);
    struct answer run = claim_slot(&fx, &claim);
    struct tide_slot_claim back = {
        .pipeline_uid = pipeline.uid, .due = claim.next_due, .next_due = claim.due};

    (void)state;
    (void)start_run(&fx, run.runs[0].id);
    (void)finish_run(&fx, run.runs[0].id, &success);
    (void)claim_slot(&fx, &back);
    assert_int_equal(read_pipeline(&fx, pipeline.id).next_due, claim.due);
    assert_int_equal(claim_slot(&fx, &claim).count, 0);
    assert_int_equal(read_pipeline(&fx, pipeline.id).next_due, claim.next_due);
    assert_int_equal(list_runs(&fx, &(struct tide_run_filter){.limit = 9}).count, 1);
}

/* ---- positions, rejects -------------------------------------------------------------*/

static void positions_reach_the_next_job_until_they_are_reset(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    struct tide_pipeline_ref ref = {.id = pipeline.id};
    struct tide_pipeline_change change = {
        .name = "a", .definition = "{}", .reset_positions = true};
    int64_t run = create_run(&fx, pipeline.id, -1).run.id;
    struct answer set = {.fixture = &fx};

    (void)state;
    (void)start_run(&fx, run);
    tide_store_position_set(fx.store, run, "t\"1", "p1", NULL, NULL);
    tide_store_position_set(fx.store, run, "t\"1", "p2", take_done, &set);
    fixture_await(&fx, &set.done);
    (void)finish_run(&fx, run, &success);
    run = create_run(&fx, pipeline.id, -1).run.id;
    assert_string_equal(start_run(&fx, run).positions, "{\"t\\\"1\":\"p2\"}");
    (void)finish_run(&fx, run, &success);
    tide_store_pipeline_replace(fx.store, &ref, &change, NULL, NULL);
    run = create_run(&fx, pipeline.id, -1).run.id;
    assert_string_equal(start_run(&fx, run).positions, "{}");
}

static void a_position_is_forgotten_for_one_table(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    int64_t run = create_run(&fx, pipeline.id, -1).run.id;
    struct answer set = {.fixture = &fx};

    (void)state;
    (void)start_run(&fx, run);
    tide_store_position_set(fx.store, run, "kept", "p1", NULL, NULL);
    tide_store_position_set(fx.store, run, "t", "p1", NULL, NULL);
    tide_store_position_set(fx.store, run, "t", NULL, take_done, &set);
    fixture_await(&fx, &set.done);
    (void)finish_run(&fx, run, &success);
    run = create_run(&fx, pipeline.id, -1).run.id;
    assert_string_equal(start_run(&fx, run).positions, "{\"kept\":\"p1\"}");
}

static struct answer list_rejects(int64_t run, int64_t after, int64_t limit)
{
    struct answer answer = {.fixture = &fx};

    tide_store_rejects_list(fx.store, 0, run, after, limit, take_rejects, &answer);
    fixture_await(&fx, &answer.done);
    return answer;
}

static void rejects_are_kept_in_order_and_listed_in_pages(void **state)
{
    int64_t run = create_run(&fx, make_pipeline(&fx, "a", 0).id, -1).run.id;
    struct tide_reject_record rejects[5];
    struct answer page = {.fixture = &fx};

    (void)state;
    for (int i = 0; i < 5; i++) {
        rejects[i] = (struct tide_reject_record){.ordinal = i + 1,
                                                 .table = "t",
                                                 .step = "receive",
                                                 .code = "malformed",
                                                 .message = "no",
                                                 .origin = i ? "t.csv" : NULL,
                                                 .position = 10 + i,
                                                 .row = i ? "{\"a\":1}" : NULL,
                                                 .raw = i ? NULL : "a,b"};
    }
    tide_store_rejects_add(fx.store, run, rejects, 5, take_done, &page);
    fixture_await(&fx, &page.done);
    assert_int_equal(page.err.code, TIDE_OK);
    page = list_rejects(run, 0, 3);
    assert_int_equal(page.count, 3);
    assert_string_equal(page.rejects[0].raw, "a,b");
    assert_null(page.rejects[0].row);
    assert_null(page.rejects[0].origin);
    assert_string_equal(page.rejects[1].row, "{\"a\":1}");
    assert_string_equal(page.rejects[1].origin, "t.csv");
    page = list_rejects(run, 3, 3);
    assert_int_equal(page.count, 2);
    assert_int_equal(page.rejects[1].ordinal, 5);
    assert_int_equal(page.rejects[1].position, 14);
    assert_int_equal(list_rejects(1, 0, 3).err.code, TIDE_E_NOT_FOUND);
}

static void a_command_that_fails_does_not_sink_the_others(void **state)
{
    int64_t run = create_run(&fx, make_pipeline(&fx, "a", 0).id, -1).run.id;
    struct tide_reject_record twice[2] = {
        {.ordinal = 1, .table = "t", .step = "s", .code = "c", .message = "m"},
        {.ordinal = 1, .table = "t", .step = "s", .code = "c", .message = "m"}};
    struct answer before = {.fixture = &fx}, bad = {.fixture = &fx};
    struct answer after = {.fixture = &fx};
    struct tide_store_stats old, now;

    (void)state;
    tide_store_stats(fx.store, &old);
    tide_store_position_set(fx.store, run, "a", "1", take_done, &before);
    tide_store_rejects_add(fx.store, run, twice, 2, take_done, &bad);
    tide_store_position_set(fx.store, run, "b", "2", take_done, &after);
    fixture_await(&fx, &after.done);
    assert_int_equal(before.err.code, TIDE_OK);
    assert_int_equal(bad.err.code, TIDE_E_INTERNAL);
    assert_int_equal(after.err.code, TIDE_OK);
    assert_int_equal(list_rejects(run, 0, 9).count, 0);
    assert_string_equal(start_run(&fx, run).positions, "{\"a\":\"1\",\"b\":\"2\"}");
    tide_store_stats(fx.store, &now);
    assert_int_equal(now.failures, 0);
    assert_int_equal(now.waiting, 0);
    assert_int_equal(now.commands - old.commands, 5);
}

static void what_is_queued_together_shares_transactions(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    int64_t run = create_run(&fx, pipeline.id, -1).run.id;
    struct answer last = {.fixture = &fx};
    struct tide_store_stats old, now;

    (void)state;
    tide_store_stats(fx.store, &old);
    for (int i = 0; i < 5000; i++) {
        tide_store_position_set(fx.store, run, "t", "p", NULL, NULL);
    }
    tide_store_position_set(fx.store, run, "t", "last", take_done, &last);
    fixture_await(&fx, &last.done);
    tide_store_stats(fx.store, &now);
    assert_int_equal(now.commands - old.commands, 5001);
    assert_true(now.commits - old.commits < 2500);
    assert_string_equal(start_run(&fx, run).positions, "{\"t\":\"last\"}");
}

/* ---- retention and sums -------------------------------------------------------------*/

static int64_t prune(int64_t before, int64_t keep)
{
    struct answer answer = {.fixture = &fx};

    tide_store_run_prune(fx.store, before, keep, take_count, &answer);
    fixture_await(&fx, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    return answer.count;
}

static void retention_removes_the_old_and_the_many_but_no_live_run(void **state)
{
    struct tide_pipeline_record one = make_pipeline(&fx, "one", 0);
    struct tide_pipeline_record two = make_pipeline(&fx, "two", 0);
    struct tide_reject_record reject = {
        .ordinal = 1, .table = "t", .step = "s", .code = "c", .message = "m"};
    int64_t first, live;

    (void)state;
    first = create_run(&fx, one.id, -1).run.id;
    tide_store_rejects_add(fx.store, first, &reject, 1, NULL, NULL);
    (void)finish_run(&fx, first, &success);
    live = create_run(&fx, two.id, -1).run.id;
    tide_fake_clock_advance(&fx.clock, 1000);
    for (int i = 0; i < 5; i++) {
        (void)whole_run(one.id);
    }
    assert_int_equal(prune(NOON, 0), 0);
    assert_int_equal(prune(NOON + 1, 0), 1);
    assert_int_equal(get_run(0, first).err.code, TIDE_E_NOT_FOUND);
    assert_int_equal(prune(0, 3), 2);
    assert_int_equal(prune(0, 3), 0);
    assert_int_equal(list_runs(&fx, &(struct tide_run_filter){.limit = 9}).count, 4);
    assert_int_equal(read_run(&fx, live).state, TIDE_RUN_QUEUED);
}

static void the_last_trace_of_a_deleted_pipeline_goes_with_its_last_run(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    int64_t id = whole_run(pipeline.id);

    (void)state;
    delete_pipeline(&fx, pipeline.id);
    assert_int_equal(prune(NOON + 1, 0), 1);
    assert_int_equal(get_run(0, id).err.code, TIDE_E_NOT_FOUND);
}

static struct answer totals(void)
{
    struct answer answer = {.fixture = &fx};

    tide_store_totals(fx.store, take_totals, &answer);
    fixture_await(&fx, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    return answer;
}

static void sums_outlive_their_runs(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    struct tide_slot_skip skip = {.slot = pipeline.next_due, .count = 7, .reason = "x"};
    struct tide_slot_claim claim = {.pipeline_uid = pipeline.uid,
                                    .due = pipeline.next_due,
                                    .next_due = pipeline.next_due + 60 * TIDE_MINUTE,
                                    .skips = &skip,
                                    .skip_count = 1};
    struct answer sums;

    (void)state;
    (void)whole_run(pipeline.id);
    (void)whole_run(pipeline.id);
    (void)claim_slot(&fx, &claim);
    (void)create_run(&fx, pipeline.id, -1);
    (void)prune(NOON + 1, 0);
    sums = totals();
    assert_int_equal(sums.totals.runs[TIDE_RUN_SUCCEEDED], 2);
    assert_int_equal(sums.totals.runs[TIDE_RUN_QUEUED], 1);
    assert_int_equal(sums.totals.runs[TIDE_RUN_RUNNING], 0);
    assert_int_equal(sums.totals.runs[TIDE_RUN_SKIPPED], 7);
    assert_int_equal(sums.totals.pipeline_count, 1);
    assert_int_equal(sums.totals.pipelines[0].pipeline, pipeline.id);
    assert_int_equal(sums.totals.pipelines[0].passed[0], 20);
    assert_int_equal(sums.totals.pipelines[0].failed[2], 2);
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(name_, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_run_goes_from_queued_to_its_end),
        TEST(a_final_state_never_changes),
        TEST(a_failure_is_kept_with_its_error),
        TEST(refusals_are_checked_in_their_order),
        TEST(the_refusals_read_as_the_api_documents_them),
        TEST(two_requests_at_once_make_one_run),
        TEST(a_run_starts_by_the_definition_of_the_moment),
        TEST(runs_are_listed_newest_first_by_filters_and_cursor),
        TEST(a_run_of_another_workspace_does_not_exist),
        TEST(a_claim_inserts_the_run_and_moves_next_due),
        TEST(a_slot_met_by_a_live_run_is_skipped_with_the_reason),
        TEST(overlap_may_queue_one_and_no_more),
        TEST(a_mode_skips_the_slot_and_says_so),
        TEST(missed_slots_and_backfill_go_with_the_claim),
        TEST(a_claim_of_an_edited_or_disabled_pipeline_is_stale),
        TEST(a_slot_is_never_run_twice_even_when_next_due_goes_back),
        TEST(positions_reach_the_next_job_until_they_are_reset),
        TEST(a_position_is_forgotten_for_one_table),
        TEST(rejects_are_kept_in_order_and_listed_in_pages),
        TEST(a_command_that_fails_does_not_sink_the_others),
        TEST(what_is_queued_together_shares_transactions),
        TEST(retention_removes_the_old_and_the_many_but_no_live_run),
        TEST(the_last_trace_of_a_deleted_pipeline_goes_with_its_last_run),
        TEST(sums_outlive_their_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
