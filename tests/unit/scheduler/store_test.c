/*
 * store_test - keys and pipelines: every statement about them.
 */
#include "store_fixture.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "schedule/slot.h"

static struct answer find_key(const char *key)
{
    struct answer answer = {.fixture = &fx};
    uint8_t hash[TIDE_KEY_HASH_SIZE];

    tide_key_hash(key, strlen(key), hash);
    tide_store_key_find(fx.store, hash, take_key, &answer);
    fixture_await(&fx, &answer.done);
    return answer;
}

static void the_first_start_makes_a_key_and_shows_it_once(void **state)
{
    char key[TIDE_KEY_TEXT_SIZE];
    struct answer answer;

    (void)state;
    assert_true(fx.opening.created);
    assert_int_equal(strncmp(fx.opening.key, "api_", 4), 0);
    assert_int_equal(strlen(fx.opening.key), 44);
    (void)snprintf(key, sizeof key, "%s", fx.opening.key);
    fixture_reopen(&fx);
    assert_false(fx.opening.created);
    assert_string_equal(fx.opening.key, "");
    answer = find_key(key);
    assert_int_equal(answer.err.code, TIDE_OK);
    assert_true(answer.key.workspace > 0 && answer.key.workspace <= INT32_MAX);
    assert_true(answer.key.workspace_exists);
    assert_int_equal(find_key("api_wrong").err.code, TIDE_E_NOT_FOUND);
}

static void the_key_file_holds_the_key_and_is_private(void **state)
{
    struct tide_error err;
    struct stat status;
    char *text = NULL;
    size_t length;

    (void)state;
    assert_int_equal(tide_file_read(fx.key_file, 100, &text, &length, &err), TIDE_OK);
    assert_int_equal(length, 45);
    assert_memory_equal(text, fx.opening.key, 44);
    assert_int_equal(stat(fx.key_file, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    free(text);
}

static void the_use_of_a_key_is_noted_once_a_minute(void **state)
{
    (void)state;
    assert_int_equal(find_key(fx.opening.key).key.last_used_at, 0);
    fake_clock_advance(&fx.clock, 59000000);
    assert_int_equal(find_key(fx.opening.key).key.last_used_at, NOON);
    assert_int_equal(find_key(fx.opening.key).key.last_used_at, NOON);
    fake_clock_advance(&fx.clock, 1000000);
    (void)find_key(fx.opening.key);
    assert_int_equal(find_key(fx.opening.key).key.last_used_at, NOON + 60000000);
}

static void a_created_pipeline_is_given_back_in_full(void **state)
{
    struct tide_pipeline_new fresh = {.workspace = fixture_workspace(&fx),
                                      .name = "søknader",
                                      .definition = "{\"definition_version\":1}",
                                      .base_folder = "/srv",
                                      .enabled = true,
                                      .period_minutes = 60,
                                      .has_cursor = true,
                                      .mode = TIDE_DESTINATION_INSPECTION};
    struct answer answer = {.fixture = &fx};
    const struct tide_pipeline_record *pipeline = &answer.pipeline;

    (void)state;
    tide_store_pipeline_create(fx.store, &fresh, take_pipeline, &answer);
    fixture_await(&fx, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    assert_int_equal(strlen(pipeline->uid), 32);
    assert_true(pipeline->id > 0 && pipeline->id <= INT32_MAX);
    assert_int_equal(pipeline->workspace, fresh.workspace);
    assert_string_equal(pipeline->name, "søknader");
    assert_true(pipeline->enabled && pipeline->has_cursor);
    assert_int_equal(pipeline->period_minutes, 60);
    assert_string_equal(pipeline->definition, fresh.definition);
    assert_int_equal(pipeline->definition_version, 1);
    assert_string_equal(pipeline->base_folder, "/srv");
    assert_int_equal(pipeline->mode, TIDE_DESTINATION_INSPECTION);
    assert_int_equal(pipeline->next_due,
                     tide_slot_after(pipeline->uid, 60 * TIDE_MINUTE, NOON));
    assert_int_equal(pipeline->created_at, NOON);
    assert_int_equal(pipeline->updated_at, NOON);
    assert_int_equal(pipeline->archived_at, 0);
    assert_string_equal(pipeline->last_error, "");
}

static void a_pipeline_needs_a_workspace(void **state)
{
    struct tide_pipeline_new fresh = {.workspace = 1, .name = "a", .definition = "{}"};
    struct answer answer = {.fixture = &fx};

    (void)state;
    tide_store_pipeline_create(fx.store, &fresh, take_pipeline, &answer);
    fixture_await(&fx, &answer.done);
    assert_int_equal(answer.err.code, TIDE_E_NOT_FOUND);
    assert_string_equal(answer.err.message, "workspace does not exist");
}

static struct answer get(struct tide_pipeline_ref ref)
{
    struct answer answer = {.fixture = &fx};

    tide_store_pipeline_get(fx.store, &ref, take_pipeline, &answer);
    fixture_await(&fx, &answer.done);
    return answer;
}

static void a_pipeline_is_found_by_id_uid_and_name(void **state)
{
    struct tide_pipeline_record old = make_pipeline(&fx, "orders", 0);
    struct tide_pipeline_record one = make_pipeline(&fx, "orders", 0);
    struct answer other;

    (void)state;
    assert_int_equal(get((struct tide_pipeline_ref){.id = old.id}).pipeline.id, old.id);
    assert_int_equal(get((struct tide_pipeline_ref){.uid = old.uid}).pipeline.id, old.id);
    assert_int_equal(get((struct tide_pipeline_ref){.name = "orders"}).pipeline.id,
                     one.id);
    other = get((struct tide_pipeline_ref){.id = old.id, .workspace = old.workspace + 1});
    assert_int_equal(other.err.code, TIDE_E_NOT_FOUND);
    assert_string_equal(other.err.message, "pipeline does not exist");
    other = get((struct tide_pipeline_ref){.name = "order"});
    assert_int_equal(other.err.code, TIDE_E_NOT_FOUND);
}

static struct answer list(struct tide_pipeline_filter filter)
{
    struct answer answer = {.fixture = &fx};

    tide_store_pipeline_list(fx.store, &filter, take_pipelines, &answer);
    fixture_await(&fx, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    return answer;
}

static void pipelines_are_listed_newest_first_in_pages(void **state)
{
    int64_t ids[40];
    struct answer page;

    (void)state;
    for (int i = 0; i < 40; i++) {
        ids[i] = make_pipeline(&fx, "many", 0).id;
    }
    page = list((struct tide_pipeline_filter){0});
    assert_int_equal(page.count, 40);
    for (int i = 0; i < 40; i++) {
        assert_int_equal(page.pipelines[i].id, ids[39 - i]);
    }
    page = list((struct tide_pipeline_filter){.limit = 3, .offset = 38});
    assert_int_equal(page.count, 2);
    assert_int_equal(page.pipelines[1].id, ids[0]);
    assert_int_equal(list((struct tide_pipeline_filter){.workspace = 1}).count, 0);
}

static void replacing_a_definition_counts_its_version(void **state)
{
    struct tide_pipeline_record old = make_pipeline(&fx, "a", 60);
    struct tide_pipeline_ref ref = {.id = old.id};
    struct tide_pipeline_change change = {
        .name = "b", .definition = "{\"b\":1}", .period_minutes = 60, .has_cursor = true};
    struct answer answer = {.fixture = &fx};

    (void)state;
    fake_clock_advance(&fx.clock, 1000);
    tide_store_pipeline_replace(fx.store, &ref, &change, take_pipeline, &answer);
    fixture_await(&fx, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    assert_string_equal(answer.pipeline.name, "b");
    assert_string_equal(answer.pipeline.definition, "{\"b\":1}");
    assert_int_equal(answer.pipeline.definition_version, 2);
    assert_true(answer.pipeline.has_cursor);
    assert_int_equal(answer.pipeline.next_due, old.next_due);
    assert_int_equal(answer.pipeline.created_at, NOON);
    assert_int_equal(answer.pipeline.updated_at, NOON + 1000);
}

static void enabling_starts_at_the_next_slot_after_now(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    int64_t later = NOON + 10 * 60 * TIDE_MINUTE;

    (void)state;
    pipeline = enable_pipeline(&fx, pipeline.id, false);
    assert_false(pipeline.enabled);
    assert_int_equal(pipeline.next_due, 0);
    fake_clock_advance(&fx.clock, later - NOON);
    pipeline = enable_pipeline(&fx, pipeline.id, true);
    assert_true(pipeline.enabled);
    assert_int_equal(pipeline.next_due,
                     tide_slot_after(pipeline.uid, 60 * TIDE_MINUTE, later));
}

static void a_period_may_be_set_while_disabled_and_counts_when_enabled(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);

    (void)state;
    assert_int_equal(pipeline.next_due, 0);
    (void)enable_pipeline(&fx, pipeline.id, false);
    pipeline = set_period(&fx, pipeline.id, 5);
    assert_int_equal(pipeline.period_minutes, 5);
    assert_int_equal(pipeline.next_due, 0);
    pipeline = enable_pipeline(&fx, pipeline.id, true);
    assert_int_equal(pipeline.next_due,
                     tide_slot_after(pipeline.uid, 5 * TIDE_MINUTE, NOON));
    pipeline = set_period(&fx, pipeline.id, 0);
    assert_int_equal(pipeline.next_due, 0);
    assert_true(pipeline.enabled);
}

static void the_same_period_again_changes_nothing(void **state)
{
    struct tide_pipeline_record old = make_pipeline(&fx, "a", 60);
    struct tide_pipeline_record same;

    (void)state;
    fake_clock_advance(&fx.clock, 3 * 60 * TIDE_MINUTE);
    same = set_period(&fx, old.id, 60);
    assert_int_equal(same.next_due, old.next_due);
    assert_int_equal(same.updated_at, old.updated_at);
}

static void an_archived_pipeline_is_readable_and_refuses_edits(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    struct tide_pipeline_ref ref = {.id = pipeline.id};
    struct answer answer = {.fixture = &fx}, again = {.fixture = &fx};
    int64_t run = create_run(&fx, pipeline.id, -1).run.id;

    (void)state;
    tide_store_pipeline_archive(fx.store, &ref, take_pipeline, &answer);
    fixture_await(&fx, &answer.done);
    assert_int_equal(answer.err.code, TIDE_OK);
    assert_int_equal(answer.pipeline.archived_at, NOON);
    assert_false(answer.pipeline.enabled);
    assert_int_equal(answer.pipeline.next_due, 0);
    assert_int_equal(read_run(&fx, run).state, TIDE_RUN_CANCELLED);
    assert_int_equal(read_pipeline(&fx, pipeline.id).archived_at, NOON);
    assert_int_equal(list((struct tide_pipeline_filter){0}).count, 0);
    assert_int_equal(list((struct tide_pipeline_filter){.archived = true}).count, 1);
    tide_store_pipeline_enable(fx.store, &ref, true, take_pipeline, &again);
    fixture_await(&fx, &again.done);
    assert_int_equal(again.err.code, TIDE_E_CONFLICT);
    assert_int_equal(create_run(&fx, pipeline.id, -1).refusal, TIDE_REFUSED_DISABLED);
}

static void a_deleted_pipeline_is_gone_and_its_runs_stay(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 60);
    int64_t run = create_run(&fx, pipeline.id, -1).run.id;
    struct tide_run_record record;

    (void)state;
    delete_pipeline(&fx, pipeline.id);
    assert_int_equal(get((struct tide_pipeline_ref){.id = pipeline.id}).err.code,
                     TIDE_E_NOT_FOUND);
    assert_int_equal(create_run(&fx, pipeline.id, -1).refusal, TIDE_REFUSED_NO_PIPELINE);
    record = read_run(&fx, run);
    assert_int_equal(record.state, TIDE_RUN_CANCELLED);
    assert_string_equal(record.error, "pipeline was deleted");
    assert_int_equal(record.pipeline, pipeline.id);
}

static void due_pipelines_are_those_that_are_enabled_with_a_period(void **state)
{
    struct tide_pipeline_record one = make_pipeline(&fx, "one", 1440);
    struct tide_pipeline_record two = make_pipeline(&fx, "two", 5);
    struct tide_pipeline_record off = make_pipeline(&fx, "off", 5);
    struct answer due = {.fixture = &fx};

    (void)state;
    (void)make_pipeline(&fx, "none", 0);
    (void)enable_pipeline(&fx, off.id, false);
    tide_store_pipelines_due(fx.store, take_pipelines, &due);
    fixture_await(&fx, &due.done);
    assert_int_equal(due.count, 2);
    assert_true(due.pipelines[0].next_due <= due.pipelines[1].next_due);
    assert_int_equal(due.pipelines[0].id + due.pipelines[1].id, one.id + two.id);
}

struct watched {
    int64_t calls;
    int64_t last_id;
    int64_t last_due;
    bool deleted;
};

static void watch(void *arg, const struct tide_pipeline_record *pipeline, bool deleted)
{
    struct watched *watched = arg;

    watched->calls++;
    watched->last_id = pipeline->id;
    watched->last_due = pipeline->next_due;
    watched->deleted = deleted;
}

static void the_watcher_hears_of_each_change_and_of_no_failure(void **state)
{
    struct watched watched = {0};
    struct tide_pipeline_ref nobody = {.id = 1};
    struct answer answer = {.fixture = &fx};
    struct tide_pipeline_record pipeline;

    (void)state;
    tide_store_watch(fx.store, watch, &watched);
    pipeline = make_pipeline(&fx, "a", 60);
    assert_int_equal(watched.calls, 1);
    assert_int_equal(watched.last_due, pipeline.next_due);
    (void)enable_pipeline(&fx, pipeline.id, false);
    assert_int_equal(watched.calls, 2);
    assert_int_equal(watched.last_due, 0);
    tide_store_pipeline_enable(fx.store, &nobody, true, take_pipeline, &answer);
    fixture_await(&fx, &answer.done);
    assert_int_equal(answer.err.code, TIDE_E_NOT_FOUND);
    assert_int_equal(watched.calls, 2);
    delete_pipeline(&fx, pipeline.id);
    assert_int_equal(watched.calls, 3);
    assert_true(watched.deleted);
    assert_int_equal(watched.last_id, pipeline.id);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(the_first_start_makes_a_key_and_shows_it_once),
        STORE_TEST(the_key_file_holds_the_key_and_is_private),
        STORE_TEST(the_use_of_a_key_is_noted_once_a_minute),
        STORE_TEST(a_created_pipeline_is_given_back_in_full),
        STORE_TEST(a_pipeline_needs_a_workspace),
        STORE_TEST(a_pipeline_is_found_by_id_uid_and_name),
        STORE_TEST(pipelines_are_listed_newest_first_in_pages),
        STORE_TEST(replacing_a_definition_counts_its_version),
        STORE_TEST(enabling_starts_at_the_next_slot_after_now),
        STORE_TEST(a_period_may_be_set_while_disabled_and_counts_when_enabled),
        STORE_TEST(the_same_period_again_changes_nothing),
        STORE_TEST(an_archived_pipeline_is_readable_and_refuses_edits),
        STORE_TEST(a_deleted_pipeline_is_gone_and_its_runs_stay),
        STORE_TEST(due_pipelines_are_those_that_are_enabled_with_a_period),
        STORE_TEST(the_watcher_hears_of_each_change_and_of_no_failure),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
