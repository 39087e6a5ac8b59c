/*
 * store_slots_test - the claims of slots.
 */
#include "store_fixture.h"

#include <string.h>

#include "schedule/slot.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_claim_inserts_the_run_and_moves_next_due),
        STORE_TEST(a_slot_met_by_a_live_run_is_skipped_with_the_reason),
        STORE_TEST(overlap_may_queue_one_and_no_more),
        STORE_TEST(a_mode_skips_the_slot_and_says_so),
        STORE_TEST(missed_slots_and_backfill_go_with_the_claim),
        STORE_TEST(a_claim_of_an_edited_or_disabled_pipeline_is_stale),
        STORE_TEST(a_slot_is_never_run_twice_even_when_next_due_goes_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
