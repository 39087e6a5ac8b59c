/*
 * store_replay_test - which rejects of a run are run again, when, and how often.
 */
#include "store_fixture.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

/* ---- runs with rejects --------------------------------------------------------------*/

/* Even ones are of table a, odd ones of b; every third was cut. */
static void add_rejects(int64_t run, int count, const char *row)
{
    struct tide_reject_record *rejects = calloc((size_t)count, sizeof *rejects);
    struct answer added = {.fixture = &fx};

    assert_non_null(rejects);
    for (int i = 0; i < count; i++) {
        int ordinal = i + 1;

        rejects[i] = (struct tide_reject_record){
            .ordinal = ordinal,
            .table = ordinal % 2 ? "b" : "a",
            .step = "transformation",
            .code = "picky",
            .message = "no",
            .position = 10 + ordinal,
            .row = row,
            .replay = ordinal % 3 ? "s 0 1" : NULL,
        };
    }
    tide_store_rejects_add(fx.store, run, rejects, (size_t)count, take_done, &added);
    fixture_await(&fx, &added.done);
    assert_int_equal(added.err.code, TIDE_OK);
    free(rejects);
}

static void settle(int64_t run, const char *table, const int64_t *ordinals, size_t count)
{
    struct answer settled = {.fixture = &fx};

    tide_store_rejects_settle(fx.store, run, table, ordinals, count, take_done, &settled);
    fixture_await(&fx, &settled.done);
    assert_int_equal(settled.err.code, TIDE_OK);
}

static void end_run(int64_t run, enum tide_run_state state)
{
    const struct tide_run_end end = {
        .state = state, .rejects_kept = 6, .rejects_dropped = 4, .error = "it broke"};

    assert_int_equal(finish_run(&fx, run, &end).err.code, TIDE_OK);
}

/* A run of table a, which it has committed, and b, where it failed: six rejects. */
static int64_t half_a_run(const char *row)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "p", 0);
    int64_t run = create_run(&fx, pipeline.id, -1).run.id;

    assert_int_equal(start_run(&fx, run).err.code, TIDE_OK);
    add_rejects(run, 6, row);
    settle(run, "a", NULL, 0);
    end_run(run, TIDE_RUN_FAILED);
    return run;
}

static void expect_counts(const struct answer *answer, int64_t taken, int64_t left,
                          int64_t replayed, int64_t unable)
{
    assert_int_equal(answer->err.code, TIDE_OK);
    assert_int_equal(answer->counts.taken, taken);
    assert_int_equal(answer->counts.left, left);
    assert_int_equal(answer->counts.replayed, replayed);
    assert_int_equal(answer->counts.unable, unable);
    assert_int_equal(answer->counts.dropped, 4);
}

/* ---- what is replayed ---------------------------------------------------------------*/

static void what_is_settled_and_whole_is_run_again(void **state)
{
    int64_t of = half_a_run("{\"s\":\"x\"}");
    struct answer made = replay_run(&fx, of, false);
    struct answer job;
    struct json_object *replay = NULL, *rejects, *first;

    (void)state;
    assert_int_equal(made.refusal, TIDE_RUN_ACCEPTED);
    expect_counts(&made, 2, 0, 0, 4);
    assert_int_equal(made.run.replay_of, of);
    assert_int_equal(made.run.trigger, TIDE_TRIGGER_API);
    job = start_run(&fx, made.run.id);
    assert_int_equal(tide_json_parse(job.replay, strlen(job.replay), &replay, NULL),
                     TIDE_OK);
    assert_int_equal(tide_json_int(replay, "run", 0), of);
    assert_false(tide_json_bool(replay, "again", true));
    rejects = tide_json_member(replay, "rejects");
    assert_int_equal(json_object_array_length(rejects), 2);
    first = json_object_array_get_idx(rejects, 0);
    assert_int_equal(tide_json_int(first, "ordinal", 0), 2);
    assert_int_equal(tide_json_int(first, "position", 0), 12);
    assert_string_equal(tide_json_text(first, "table"), "a");
    assert_string_equal(tide_json_text(first, "step"), "transformation");
    assert_string_equal(tide_json_text(first, "row"), "{\"s\":\"x\"}");
    assert_string_equal(tide_json_text(first, "replay"), "s 0 1");
    json_object_put(replay);
}

static void what_was_replayed_is_not_replayed_again(void **state)
{
    const int64_t done = 2, rest = 4;
    int64_t of = half_a_run("{\"s\":\"x\"}");
    struct answer made = replay_run(&fx, of, false);

    (void)state;
    (void)start_run(&fx, made.run.id);
    settle(made.run.id, "a", &done, 1);
    end_run(made.run.id, TIDE_RUN_FAILED);
    made = replay_run(&fx, of, false);
    expect_counts(&made, 1, 0, 1, 4);
    (void)start_run(&fx, made.run.id);
    settle(made.run.id, "a", &rest, 1);
    end_run(made.run.id, TIDE_RUN_SUCCEEDED);
    made = replay_run(&fx, of, false);
    assert_int_equal(made.refusal, TIDE_REFUSED_NO_REJECTS);
    expect_counts(&made, 0, 0, 2, 4);
}

static void again_takes_what_was_replayed_too(void **state)
{
    const int64_t done[] = {2, 4};
    int64_t of = half_a_run("{\"s\":\"x\"}");
    struct answer made = replay_run(&fx, of, false), job;

    (void)state;
    (void)start_run(&fx, made.run.id);
    settle(made.run.id, "a", done, 2);
    end_run(made.run.id, TIDE_RUN_SUCCEEDED);
    made = replay_run(&fx, of, true);
    assert_int_equal(made.refusal, TIDE_RUN_ACCEPTED);
    expect_counts(&made, 2, 0, 0, 4);
    job = start_run(&fx, made.run.id);
    assert_non_null(strstr(job.replay, "\"again\":true"));
    assert_non_null(strstr(job.replay, "\"ordinal\":4"));
}

static void one_replay_takes_as_much_as_a_job_holds(void **state)
{
    size_t length = (size_t)6 * 1024 * 1024;
    char *row = malloc(length + 1);
    struct answer made;
    int64_t of;

    (void)state;
    assert_non_null(row);
    memset(row, 'r', length);
    row[length] = '\0';
    of = half_a_run(row);
    settle(of, "b", NULL, 0);
    made = replay_run(&fx, of, false);
    expect_counts(&made, 2, 2, 0, 2);
    free(row);
}

static void a_replay_is_refused_like_any_run(void **state)
{
    int64_t of = half_a_run("{}");
    struct answer made;

    (void)state;
    (void)enable_pipeline(&fx, read_run(&fx, of).pipeline, false);
    assert_int_equal(replay_run(&fx, of, false).refusal, TIDE_REFUSED_DISABLED);
    (void)enable_pipeline(&fx, read_run(&fx, of).pipeline, true);
    made = replay_run(&fx, of, false);
    assert_int_equal(made.refusal, TIDE_RUN_ACCEPTED);
    assert_int_equal(replay_run(&fx, of, false).refusal, TIDE_REFUSED_IN_PROGRESS);
    assert_int_equal(replay_run(&fx, of + 1, false).err.code, TIDE_E_NOT_FOUND);
}

static void a_replay_says_nothing_of_how_the_pipeline_is(void **state)
{
    int64_t of = half_a_run("{}");
    int64_t pipeline = read_run(&fx, of).pipeline;
    struct answer made = replay_run(&fx, of, false);

    (void)state;
    (void)start_run(&fx, made.run.id);
    end_run(made.run.id, TIDE_RUN_SUCCEEDED);
    assert_string_equal(read_pipeline(&fx, pipeline).last_error, "it broke");
    assert_int_equal(read_pipeline(&fx, pipeline).last_success_at, 0);
}

static void an_ordinary_run_replays_nothing(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "p", 0);
    struct answer made = create_run(&fx, pipeline.id, -1);

    (void)state;
    assert_int_equal(made.run.replay_of, 0);
    assert_null(start_run(&fx, made.run.id).replay);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(what_is_settled_and_whole_is_run_again),
        STORE_TEST(what_was_replayed_is_not_replayed_again),
        STORE_TEST(again_takes_what_was_replayed_too),
        STORE_TEST(one_replay_takes_as_much_as_a_job_holds),
        STORE_TEST(a_replay_is_refused_like_any_run),
        STORE_TEST(a_replay_says_nothing_of_how_the_pipeline_is),
        STORE_TEST(an_ordinary_run_replays_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
