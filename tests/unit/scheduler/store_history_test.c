/*
 * store_history_test - what runs leave: positions and rejects, retention and sums.
 */
#include "store_fixture.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "schedule/slot.h"

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

/* Another connection that has the file to itself until it is closed. */
static sqlite3 *hold_database(void)
{
    char *path = fixture_path(&fx, "tidemill.db");
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    free(path);
    return db;
}

/* The first group may hold one command, if the thread is quick; the others are full. */
static void what_is_queued_together_shares_transactions(void **state)
{
    enum { COMMANDS = 5001, GROUP_MOST = 1000 };
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    int64_t run = create_run(&fx, pipeline.id, -1).run.id;
    struct answer last = {.fixture = &fx};
    struct tide_store_stats old, now;
    sqlite3 *held = hold_database();

    (void)state;
    tide_store_stats(fx.store, &old);
    for (int i = 1; i < COMMANDS; i++) {
        tide_store_position_set(fx.store, run, "t", "p", NULL, NULL);
    }
    tide_store_position_set(fx.store, run, "t", "last", take_done, &last);
    assert_int_equal(sqlite3_close(held), SQLITE_OK);
    fixture_await(&fx, &last.done);
    tide_store_stats(fx.store, &now);
    assert_int_equal(now.commands - old.commands, COMMANDS);
    assert_in_range(now.commits - old.commits, COMMANDS / GROUP_MOST + 1,
                    COMMANDS / GROUP_MOST + 2);
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
    fake_clock_advance(&fx.clock, 1000);
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
    const struct CMUnitTest tests[] = {
        STORE_TEST(positions_reach_the_next_job_until_they_are_reset),
        STORE_TEST(a_position_is_forgotten_for_one_table),
        STORE_TEST(rejects_are_kept_in_order_and_listed_in_pages),
        STORE_TEST(a_command_that_fails_does_not_sink_the_others),
        STORE_TEST(what_is_queued_together_shares_transactions),
        STORE_TEST(retention_removes_the_old_and_the_many_but_no_live_run),
        STORE_TEST(the_last_trace_of_a_deleted_pipeline_goes_with_its_last_run),
        STORE_TEST(sums_outlive_their_runs),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
