/*
 * checkpoint_test - rows and position are made durable on the way, and a run that was cut
 * off is gone on with: no row is lost and none is there twice.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "run_fixture.h"

#define COUNTS(...) ((const int64_t[]){__VA_ARGS__})
#define ALL(n) COUNTS(n, n, n, n, n, n)
#define NONE ALL(0)

static void expect_file(const struct fixture *fixture, const char *name,
                        const char *wanted)
{
    char *text = fixture_read(fixture, name);

    assert_string_equal(text, wanted);
    free(text);
}

/* Ids from..to are in the file that record writes, each once and in order. */
static void expect_ids(const struct fixture *fixture, int64_t from, int64_t to)
{
    char *rows = fixture_read(fixture, "rows");
    char *rest = NULL;
    int64_t next = from;

    for (char *line = strtok_r(rows, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        if (line[0] >= '0' && line[0] <= '9') {
            assert_int_equal(strtoll(line, NULL, 10), next);
            next++;
        }
    }
    assert_int_equal(next, to + 1);
    free(rows);
}

static int64_t count_lines(const struct fixture *fixture, const char *name,
                           const char *beginning)
{
    char *text = fixture_read(fixture, name);
    char *rest = NULL;
    int64_t count = 0;

    for (char *line = strtok_r(text, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        count += strncmp(line, beginning, strlen(beginning)) == 0;
    }
    free(text);
    return count;
}

static bool is_resumed(const struct fixture *fixture)
{
    struct json_object *tables = tide_json_member(fixture->end, "tables");
    bool told = tide_json_bool(fixture_event(fixture, "table", 0), "resumed", false);

    assert_int_equal(
        tide_json_bool(json_object_array_get_idx(tables, 0), "resumed", !told), told);
    return told;
}

/* ---- on the way ---------------------------------------------------------------------*/

static void test_rows_and_position_are_committed_on_the_way(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 5, \"batch\": 2", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(5), NONE);
    expect_file(fixture, "rows",
                "table numbers mode 1 key\n1 name-1\n2 name-2\n"
                "commit {\"checkpoint\":\"2\",\"rows\":2}\n"
                "table numbers mode 1 key\n3 name-3\n4 name-4\n"
                "commit {\"checkpoint\":\"4\",\"rows\":4}\n"
                "table numbers mode 1 key\n5 name-5\n"
                "commit {\"checkpoint\":\"5\",\"rows\":5}\n"
                "table numbers mode 1 key\ncommit 5 final\n");
    expect_file(fixture, "rows.numbers", "5");
    assert_int_equal(fixture_count(fixture, "checkpoint"), 3);
    assert_int_equal(tide_json_int(fixture_event(fixture, "checkpoint", 1), "rows", -1),
                     4);
    assert_false(is_resumed(fixture));
}

static void test_no_checkpoint_comes_before_its_time(void **state)
{
    struct fixture *fixture = *state;

    fixture_run(fixture, "\"rows\": 50, \"batch\": 2", "", "", "");
    fixture_expect_counts(fixture, ALL(50), NONE);
    assert_int_equal(fixture_count(fixture, "checkpoint"), 0);
    assert_int_equal(count_lines(fixture, "rows", "commit"), 1);
}

static void test_the_source_is_told_of_checkpoints(void **state)
{
    struct fixture *fixture = *state;
    char *source =
        tide_strf("\"rows\": 60, \"batch\": 1, \"seen\": \"%s/seen\"", fixture->folder);

    fixture->request.checkpoint = 0;
    fixture_run(fixture, source, "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    /* The reader is never more than a few batches before the writer. */
    assert_true(count_lines(fixture, "seen", "acknowledge") > 1);
    assert_int_equal(count_lines(fixture, "seen", "acknowledge 60"), 1);
    free(source);
}

/* Rows of a batch each, with places of so many bytes; how often one was asked for. */
static int64_t count_asked(struct fixture *fixture, int64_t bytes, int64_t checkpoint)
{
    char *source =
        tide_strf("\"rows\": 60, \"batch\": 1, \"pads\": %lld, \"seen\": \"%s/seen\"",
                  (long long)bytes, fixture->folder);
    int64_t asked = 0;

    fixture_forget(fixture);
    fixture->request.checkpoint = checkpoint;
    fixture_run(fixture, source, "", "", "");
    free(source);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(60), NONE);
    asked = count_lines(fixture, "seen", "ask -");
    fixture_remove(fixture, "seen");
    fixture_remove(fixture, "rows");
    fixture_remove(fixture, "rows.numbers");
    return asked;
}

static void test_a_long_position_is_not_asked_for_behind_each_batch(void **state)
{
    const int64_t hour = INT64_C(3600) * 1000000;

    /* The last one is behind the end. */
    assert_int_equal(count_asked(*state, 20, hour), 61);
    assert_int_equal(count_asked(*state, 5000, hour), 2);
    assert_int_equal(count_asked(*state, 5000, 0), 61);
}

static void test_a_batch_whose_rows_are_all_dropped_moves_the_position(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 2", "",
                "\"filter\": {\"and\": [{\"field\": \"id\", \"operator\": \"is greater "
                "than\", \"values\": [5]}]}",
                "");
    fixture_expect_counts(fixture, COUNTS(6, 6, 1, 1, 1, 1), COUNTS(0, 0, 5, 0, 0, 0));
    expect_file(fixture, "rows",
                "table numbers mode 1 key\ncommit {\"checkpoint\":\"2\"}\n"
                "table numbers mode 1 key\ncommit {\"checkpoint\":\"4\"}\n"
                "table numbers mode 1 key\n6 name-6\n"
                "commit {\"checkpoint\":\"6\",\"rows\":1}\n"
                "table numbers mode 1 key\ncommit 6 final\n");
}

static void test_a_destination_may_keep_all_for_the_end(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 30, \"batch\": 2", "\"waits\": true", "", "");
    fixture_expect_counts(fixture, ALL(30), NONE);
    assert_int_equal(fixture_count(fixture, "checkpoint"), 0);
    assert_int_equal(count_lines(fixture, "rows", "commit"), 1);
    expect_ids(fixture, 1, 30);
}

static void test_what_is_kept_for_the_end_does_not_count(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 30, \"batch\": 2, \"fail_after\": 25",
                "\"waits\": true", "", "");
    fixture_expect_failure(fixture, TIDE_E_IO, "the source broke");
}

struct watch {
    struct fixture *fixture;
    int64_t passed;
};

/* Cancels the run once rows are durable. */
static void *cancel_when_durable(void *arg)
{
    struct watch *watch = arg;
    const int64_t *passed = &watch->fixture->ledger.passed[TIDE_STEP_FINALIZE];

    while (__atomic_load_n(passed, __ATOMIC_RELAXED) < watch->passed) {
        (void)sched_yield();
    }
    atomic_store(&watch->fixture->cancel, true);
    return NULL;
}

static void test_a_checkpoint_does_not_wait_for_more_rows(void **state)
{
    struct fixture *fixture = *state;
    struct watch watch = {fixture, 10};
    pthread_t thread;

    fixture->request.checkpoint = 1000;
    assert_int_equal(pthread_create(&thread, NULL, cancel_when_durable, &watch), 0);
    fixture_run(fixture, "\"rows\": 20, \"batch\": 5, \"waits_after\": 11", "", "", "");
    assert_int_equal(pthread_join(thread, NULL), 0);
    fixture_expect_state(fixture, TIDE_RUN_CANCELLED);
    expect_ids(fixture, 1, 10);
}

static int count_and_refuse_third(void *arg, struct tide_error *err)
{
    int *asked = arg;

    if (++*asked == 3) {
        return tide_error_set(err, TIDE_E_CONFLICT, "another run has the lease");
    }
    return TIDE_OK;
}

static void test_each_commit_asks_first(void **state)
{
    struct fixture *fixture = *state;
    int asked = 0;

    fixture->request.checkpoint = 0;
    fixture->request.before_commit = count_and_refuse_third;
    fixture->request.guard = &asked;
    fixture_run(fixture, "\"rows\": 50, \"batch\": 5", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    assert_int_equal(fixture->err.code, TIDE_E_CONFLICT);
    expect_ids(fixture, 1, 10);
    assert_int_equal(fixture->ledger.passed[TIDE_STEP_FINALIZE], 10);
}

/* ---- which tables -------------------------------------------------------------------*/

static void expect_checkpoints(struct fixture *fixture, const char *source,
                               const char *table, const char *more, bool wanted)
{
    fixture_forget(fixture);
    fixture->source = source;
    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 2", "", table, more);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    assert_int_equal(fixture_count(fixture, "checkpoint"), wanted ? 3 : 0);
    fixture_remove(fixture, "rows.numbers");
}

static void test_a_replaced_table_appears_at_once(void **state)
{
    expect_checkpoints(*state, "script", "\"mode\": \"replace\"", "", false);
}

static void test_the_newest_of_a_key_must_not_be_overtaken(void **state)
{
    const char *table = "\"mode\": \"merge\", \"key\": [\"name\"], \"cursor\": \"id\"";

    expect_checkpoints(*state, "script", table, "", false);
    expect_checkpoints(*state, "script_ordered", table, "", true);
    expect_checkpoints(*state, "script", "\"mode\": \"merge\", \"key\": [\"name\"]", "",
                       true);
}

static void test_a_share_of_rejects_is_judged_at_the_end(void **state)
{
    expect_checkpoints(*state, "script", "", "\"max_rejects\": \"5%\"", false);
    expect_checkpoints(*state, "script", "", "\"max_rejects\": 5", true);
}

static void test_a_source_must_be_resumable(void **state)
{
    expect_checkpoints(*state, "script_plain", "", "", false);
    expect_checkpoints(*state, "script_plain", "\"cursor\": \"id\"", "", false);
}

static void test_a_limited_run_makes_none_and_keeps_what_was_kept(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture->request.row_limit = 4;
    fixture_run(fixture, "\"rows\": 20, \"batch\": 2", "\"position\": \"15\"",
                "\"cursor\": \"id\"", "");
    expect_ids(fixture, 16, 19);
    expect_file(fixture, "rows.numbers", "15");
    assert_int_equal(fixture_count(fixture, "checkpoint"), 0);
    assert_int_equal(fixture_count(fixture, "position"), 0);
}

/* ---- going on -----------------------------------------------------------------------*/

static void test_a_run_that_was_cut_off_is_gone_on_with(void **state)
{
    struct fixture *fixture = *state;
    int64_t durable = 0;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 80, \"batch\": 2, \"fails_acknowledged\": true", "",
                "", "");
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    durable = fixture->ledger.passed[TIDE_STEP_FINALIZE];
    assert_true(durable > 0 && durable < 80);
    expect_ids(fixture, 1, durable);

    fixture_forget(fixture);
    fixture_run(fixture, "\"rows\": 80, \"batch\": 3", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(80 - durable), NONE);
    assert_true(is_resumed(fixture));
    expect_ids(fixture, 1, 80);
    expect_file(fixture, "rows.numbers", "80");
}

/* Whether it succeeded. */
static bool run_at(struct fixture *fixture, int64_t batch, int64_t fail_after,
                   int64_t fails_commit, const char *table)
{
    char *source = tide_strf("\"rows\": 12, \"batch\": %lld, \"fail_after\": %lld",
                             (long long)batch, (long long)fail_after);
    char *destination = tide_strf("\"fails_commit\": %lld", (long long)fails_commit);

    fixture_forget(fixture);
    fixture_run(fixture, source, destination, table, "");
    free(source);
    free(destination);
    return fixture->state == TIDE_RUN_SUCCEEDED;
}

/* Runs that fail at a row and at commits, and are repeated until one does not. */
static void expect_once_each(struct fixture *fixture, const char *table)
{
    for (int64_t batch = 1; batch <= 13; batch += batch < 5 ? 1 : 4) {
        for (int64_t at = 1; at <= 12; at++) {
            if (!run_at(fixture, batch, at, 0, table) &&
                !run_at(fixture, batch, 0, at % 4 + 1, table) &&
                !run_at(fixture, batch, at, at % 3 + 1, table)) {
                assert_true(run_at(fixture, batch, 0, 0, table));
            }
            expect_ids(fixture, 1, 12);
            fixture_remove(fixture, "rows");
            fixture_remove(fixture, "rows.numbers");
        }
    }
}

static void test_wherever_it_fails_each_row_is_there_once(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture->source = "script_ordered";
    expect_once_each(fixture, "\"cursor\": \"id\"");
    expect_once_each(fixture, "\"mode\": \"merge\", \"key\": [\"id\"]");
}

static void expect_begin(struct fixture *fixture, const char *kept, const char *table,
                         const char *wanted)
{
    char *source = tide_strf("\"rows\": 20, \"seen\": \"%s/seen\"", fixture->folder);
    char *destination = tide_strf("\"position\": \"%s\"", kept);

    fixture_forget(fixture);
    fixture_run(fixture, source, destination, table, "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    expect_file(fixture, "seen", wanted);
    fixture_remove(fixture, "seen");
    fixture_remove(fixture, "rows.numbers");
    free(source);
    free(destination);
}

static void test_a_checkpoint_is_gone_on_from_with_and_without_a_cursor(void **state)
{
    const char *kept = "{\\\"checkpoint\\\":\\\"18\\\"}";

    expect_begin(*state, kept, "", "position -\nposition 18\nacknowledge 20\n");
    assert_true(is_resumed(*state));
    expect_begin(*state, kept, "\"cursor\": \"id\"",
                 "position -\nposition 18\nacknowledge 20\n");
    expect_begin(*state, kept, "\"mode\": \"merge\", \"key\": [\"id\"]",
                 "repeatable position -\nrepeatable position 18\nacknowledge 20\n");
    expect_begin(*state, kept, "\"mode\": \"replace\"",
                 "plain repeatable position -\nacknowledge 20\n");
}

static void test_the_end_of_a_run_is_gone_on_from_with_a_cursor_alone(void **state)
{
    expect_begin(*state, "18", "", "position -\nacknowledge 20\n");
    expect_begin(*state, "18", "\"cursor\": \"id\"",
                 "position -\nposition 18\nacknowledge 20\n");
    assert_false(is_resumed(*state));
}

static void test_a_run_from_scratch_does_not_go_on(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.incremental = 0;
    expect_begin(fixture, "{\\\"checkpoint\\\":\\\"18\\\"}", "\"cursor\": \"id\"",
                 "position -\nacknowledge 20\n");
    expect_ids(fixture, 1, 20);
    assert_false(is_resumed(fixture));
}

static void test_words_like_a_checkpoint_are_the_sources_own(void **state)
{
    expect_begin(*state, "{\\\"position\\\":\\\"18\\\"}", "\"cursor\": \"id\"",
                 "position -\nposition 18\nacknowledge 20\n");
    assert_false(is_resumed(*state));
}

static void test_a_source_that_cannot_go_on_does_not_double_rows(void **state)
{
    struct fixture *fixture = *state;

    fixture->source = "script_plain";
    fixture_run(fixture, "\"rows\": 20",
                "\"position\": \"{\\\"checkpoint\\\":\\\"18\\\"}\"", "", "");
    fixture_expect_failure(fixture, TIDE_E_CONFLICT, "cannot go on behind them");
    expect_begin(fixture, "{\\\"checkpoint\\\":\\\"18\\\"}",
                 "\"mode\": \"merge\", \"key\": [\"id\"]",
                 "plain repeatable position -\nacknowledge 20\n");
}

static void test_the_source_is_told_whether_there_will_be_checkpoints(void **state)
{
    struct fixture *fixture = *state;

    expect_begin(fixture, "", "", "position -\nacknowledge 20\n");
    expect_begin(fixture, "", "\"mode\": \"replace\"",
                 "plain repeatable position -\nacknowledge 20\n");
    fixture->request.row_limit = 20;
    expect_begin(fixture, "", "", "plain position -\n");
}

static void test_an_end_without_a_position_forgets_the_one_before(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 2, \"forgets\": true", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    /* The last batch has no position, and no checkpoint of its own. */
    assert_int_equal(fixture_count(fixture, "checkpoint"), 2);
    assert_int_equal(count_lines(fixture, "rows", "commit - final"), 1);
    expect_file(fixture, "rows.numbers", "");
    assert_int_equal(fixture_count(fixture, "position"), 1);
    assert_null(tide_json_text(fixture_event(fixture, "position", 0), "position"));
    expect_ids(fixture, 1, 6);
}

/* ---- tables that are not what they were ---------------------------------------------*/

static void expect_begin_with(struct fixture *fixture, const char *destination,
                              const char *table, const char *wanted)
{
    char *source = tide_strf("\"rows\": 20, \"seen\": \"%s/seen\"", fixture->folder);

    fixture_forget(fixture);
    fixture_run(fixture, source, destination, table, "");
    if (wanted) {
        fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
        expect_file(fixture, "seen", wanted);
        fixture_remove(fixture, "rows.numbers");
    } else {
        fixture_expect_state(fixture, TIDE_RUN_FAILED);
        assert_int_equal(fixture->err.code, TIDE_E_CONFLICT);
    }
    fixture_remove(fixture, "seen");
    free(source);
}

#define CUT(more)                                                                        \
    "\"position\": \"{\\\"checkpoint\\\":\\\"18\\\",\\\"rows\\\":3" more "}\""
#define AT_START "position -\nacknowledge 20\n"

static void test_a_load_whose_rows_are_gone_begins_anew(void **state)
{
    expect_begin_with(*state, CUT("") ", \"is_empty\": true", "", AT_START);
    assert_false(is_resumed(*state));
    expect_begin_with(*state, CUT("") ", \"is_empty\": false", "",
                      "position -\nposition 18\nacknowledge 20\n");
    /* A checkpoint that covers no rows, or was kept before they were counted. */
    expect_begin_with(*state,
                      "\"position\": \"{\\\"checkpoint\\\":\\\"18\\\"}\", "
                      "\"is_empty\": true",
                      "", "position -\nposition 18\nacknowledge 20\n");
}

static void test_what_was_loaded_before_that_load_is_believed(void **state)
{
    expect_begin_with(*state, CUT(",\\\"from\\\":\\\"15\\\"") ", \"is_empty\": true",
                      "\"cursor\": \"id\"", "position -\nposition 15\nacknowledge 20\n");
    /* Without a cursor there is no place to begin at but the start. */
    expect_begin_with(*state, CUT(",\\\"from\\\":\\\"15\\\"") ", \"is_empty\": true", "",
                      AT_START);
}

static void test_a_load_that_came_to_its_end_is_believed_of_an_empty_table(void **state)
{
    expect_begin_with(*state, "\"position\": \"18\", \"is_empty\": true",
                      "\"cursor\": \"id\"", "position -\nposition 18\nacknowledge 20\n");
}

static void test_a_table_made_anew_is_filled_from_the_start(void **state)
{
    const char *cursor = "\"cursor\": \"id\"";
    const char *merge = "\"mode\": \"merge\", \"key\": [\"id\"], \"cursor\": \"id\"";
    const char *empty = "\"position\": \"18\", \"is_remade\": true, \"is_empty\": true";
    const char *full = "\"position\": \"18\", \"is_remade\": true";

    expect_begin_with(*state, empty, cursor, AT_START);
    expect_begin_with(*state, full, cursor, NULL);
    assert_non_null(strstr(((struct fixture *)*state)->err.message, "has rows"));
    expect_begin_with(*state, full, merge, "plain repeatable " AT_START);
    expect_begin_with(*state, CUT("") ", \"is_remade\": true", "", NULL);
    expect_begin_with(*state, full, "", AT_START);
}

static void test_a_checkpoint_keeps_where_its_load_began(void **state)
{
    struct fixture *fixture = *state;
    const char *table = "\"cursor\": \"id\"";
    char *kept = NULL;

    fixture->source = "script_ordered";
    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 4, \"batch\": 2", "", table, "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    for (int i = 0; i < 2; i++) {
        fixture_forget(fixture);
        fixture_run(fixture, "\"rows\": 60, \"batch\": 1, \"fails_acknowledged\": true",
                    "", table, "");
        fixture_expect_state(fixture, TIDE_RUN_FAILED);
    }
    kept = fixture_read(fixture, "rows.numbers");
    assert_non_null(strstr(kept, ",\"from\":\"4\"}"));
    free(kept);
    fixture_forget(fixture);
    fixture_run(fixture, "\"rows\": 60, \"batch\": 3", "\"is_empty\": true", table, "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    fixture_expect_counts(fixture, ALL(56), NONE);
}

/* ---- the limit of rejects -----------------------------------------------------------*/

/* Rows 3, 6, ... are rejected by the source.  Whether the run succeeded. */
static bool run_bad(struct fixture *fixture, const char *more, const char *limit)
{
    char *source = tide_strf("\"rows\": 30, \"batch\": 2, \"bad_every\": 3%s", more);

    fixture_forget(fixture);
    fixture->request.checkpoint = 0;
    fixture_run(fixture, source, "", "", limit);
    free(source);
    return fixture->state == TIDE_RUN_SUCCEEDED;
}

static void test_the_limit_of_rejects_holds_over_what_is_gone_on_with(void **state)
{
    struct fixture *fixture = *state;
    const char *cut = ", \"fail_after\": 20";

    assert_false(run_bad(fixture, cut, "\"max_rejects\": 9"));
    assert_int_equal(fixture->err.code, TIDE_E_IO);
    assert_false(run_bad(fixture, "", "\"max_rejects\": 9"));
    assert_true(is_resumed(fixture));
    assert_int_equal(fixture->err.code, TIDE_E_DATA);
    assert_non_null(strstr(fixture->err.message, "max_rejects"));
    /* Nor does another attempt begin to count anew. */
    assert_false(run_bad(fixture, "", "\"max_rejects\": 9"));
    assert_true(run_bad(fixture, "", "\"max_rejects\": 10"));
    assert_true(is_resumed(fixture));
    /* Another load, another count. */
    assert_true(run_bad(fixture, "", "\"max_rejects\": 10"));
    assert_false(is_resumed(fixture));
}

/* ---- several tables -----------------------------------------------------------------*/

#define THREE                                                                            \
    "\"mode\": \"append\"}, {\"name\": \"others\", \"mode\": \"append\"}, "              \
    "{\"name\": \"third\", \"mode\": \"append\""

/* How often each of the rows 1..12 of a table is in the file that record writes. */
static void expect_times(const struct fixture *fixture, const char *table, int64_t times)
{
    char *rows = fixture_read(fixture, "rows");
    char *rest = NULL, name[32] = "";
    int64_t found[13] = {0};

    for (char *line = strtok_r(rows, "\n", &rest); line;
         line = strtok_r(NULL, "\n", &rest)) {
        (void)sscanf(line, "table %31s", name);
        if (line[0] >= '0' && line[0] <= '9' && strcmp(name, table) == 0) {
            found[strtoll(line, NULL, 10)]++;
        }
    }
    for (int64_t id = 1; id <= 12; id++) {
        assert_int_equal(found[id], times);
    }
    free(rows);
}

static bool run_three_with(struct fixture *fixture, int number, const char *with,
                           const char *limit)
{
    char *source = tide_strf("\"rows\": 12, \"batch\": 3%s%s", *with ? ", " : "", with);
    char *id = tide_strf("%d", number);

    fixture_forget(fixture);
    fixture->request.run_id = id;
    fixture_run(fixture, source, "", THREE, limit);
    free(source);
    free(id);
    return fixture->state == TIDE_RUN_SUCCEEDED;
}

static bool run_three(struct fixture *fixture, int number, const char *fails)
{
    return run_three_with(fixture, number, fails, "");
}

static void expect_three(const struct fixture *fixture, int64_t numbers, int64_t others,
                         int64_t third)
{
    expect_times(fixture, "numbers", numbers);
    expect_times(fixture, "others", others);
    expect_times(fixture, "third", third);
}

static void test_tables_that_were_done_are_not_appended_again(void **state)
{
    struct fixture *fixture = *state;

    assert_false(run_three(fixture, 1, "\"only\": \"third\", \"fail_after\": 1"));
    expect_three(fixture, 1, 1, 0);
    assert_false(run_three(fixture, 2, "\"only\": \"third\", \"fail_after\": 1"));
    assert_true(run_three(fixture, 3, ""));
    assert_true(is_resumed(fixture));
    expect_three(fixture, 1, 1, 1);
    fixture_expect_counts(fixture, ALL(12), NONE);
    /* That was the end of it: what follows is another run of all. */
    assert_true(run_three(fixture, 4, ""));
    assert_false(is_resumed(fixture));
    expect_three(fixture, 2, 2, 2);
}

static void test_a_table_is_gone_on_with_behind_those_that_were_done(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    for (int at = 1; at <= 12; at++) {
        char *fails = tide_strf("\"only\": \"others\", \"fail_after\": %d", at);

        assert_false(run_three(fixture, 2 * at, fails));
        assert_true(run_three(fixture, 2 * at + 1, ""));
        expect_three(fixture, at, at, at);
        free(fails);
    }
}

static void test_a_table_that_was_done_and_is_empty_now_is_asked_about(void **state)
{
    struct fixture *fixture = *state;

    assert_false(run_three(fixture, 1, "\"only\": \"third\", \"fail_after\": 1"));
    fixture_forget(fixture);
    fixture_run(fixture, "\"rows\": 12, \"batch\": 3", "\"is_empty\": true", THREE, "");
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    assert_int_equal(fixture->err.code, TIDE_E_CONFLICT);
    assert_non_null(strstr(fixture->err.message, "loaded 12 rows into it"));
    expect_three(fixture, 1, 1, 0);
}

static void test_rejects_of_tables_that_were_done_count(void **state)
{
    struct fixture *fixture = *state;
    const char *bad = "\"bad_every\": 4", *limit = "\"max_rejects\": 8";
    char *cut = tide_strf("%s, \"only\": \"third\", \"fail_after\": 1", bad);

    assert_false(run_three_with(fixture, 1, cut, limit));
    assert_int_equal(fixture->err.code, TIDE_E_IO);
    assert_false(run_three_with(fixture, 2, bad, limit));
    assert_int_equal(fixture->err.code, TIDE_E_DATA);
    assert_true(run_three_with(fixture, 3, bad, "\"max_rejects\": 9"));
    assert_true(is_resumed(fixture));
    free(cut);
}

static void test_a_first_table_that_was_cut_off_has_none_behind_it(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    assert_true(run_three(fixture, 1, ""));
    assert_false(run_three(fixture, 2, "\"only\": \"numbers\", \"fail_after\": 8"));
    assert_true(run_three(fixture, 3, ""));
    expect_three(fixture, 2, 2, 2);
}

static void test_from_scratch_all_tables_are_read(void **state)
{
    struct fixture *fixture = *state;

    assert_false(run_three(fixture, 1, "\"only\": \"third\", \"fail_after\": 1"));
    fixture->request.incremental = 0;
    assert_true(run_three(fixture, 2, ""));
    expect_three(fixture, 2, 2, 1);
    fixture->request.incremental = -1;
    assert_true(run_three(fixture, 3, ""));
    expect_three(fixture, 3, 3, 2);
}

/* ---- rejects ------------------------------------------------------------------------*/

/* Count the rejects that a run has settled: those in front of its last "committed". */
static void count_settled(const struct fixture *fixture, int64_t times[31])
{
    size_t count = json_object_array_length(fixture->events), last = 0;

    for (size_t i = 0; i < count; i++) {
        struct json_object *event = json_object_array_get_idx(fixture->events, i);

        last = strcmp(tide_json_text(event, "event"), "committed") == 0 ? i : last;
    }
    for (size_t i = 0; i < last; i++) {
        struct json_object *event = json_object_array_get_idx(fixture->events, i);

        if (strcmp(tide_json_text(event, "event"), "reject") == 0) {
            times[tide_json_int(event, "position", 0)]++;
        }
    }
}

static void test_a_row_is_rejected_for_good_once(void **state)
{
    struct fixture *fixture = *state;
    const char *transforms = "\"transformations\": [{\"type\": \"picky\", \"config\": "
                             "{\"refuse_every\": 5}}]";
    int64_t times[31] = {0};

    fixture->request.checkpoint = 0;
    fixture_run(fixture,
                "\"rows\": 30, \"batch\": 2, \"bad_every\": 3, "
                "\"fails_acknowledged\": true",
                "\"refuses_row\": 7", "", transforms);
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    count_settled(fixture, times);
    fixture_forget(fixture);
    fixture_run(fixture, "\"rows\": 30, \"batch\": 4, \"bad_every\": 3",
                "\"refuses_row\": 7", "", transforms);
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    assert_true(is_resumed(fixture));
    count_settled(fixture, times);
    for (int64_t id = 1; id <= 30; id++) {
        bool is_bad = id % 3 == 0 || id % 5 == 0 || id % 7 == 0;

        assert_int_equal(times[id], is_bad);
    }
}

static void test_rejects_do_not_wait_for_checkpoints_that_are_put_off(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture,
                "\"rows\": 30, \"batch\": 1, \"bad_every\": 3, \"fail_after\": 28",
                "\"waits\": true", "", "");
    fixture_expect_state(fixture, TIDE_RUN_FAILED);
    assert_int_equal(fixture_count(fixture, "reject"), 9);
    assert_int_equal(fixture_count(fixture, "committed"), 0);
}

static size_t index_of(const struct fixture *fixture, const char *kind)
{
    struct json_object *event = fixture_event(fixture, kind, 0);
    size_t i = 0;

    assert_non_null(event);
    while (json_object_array_get_idx(fixture->events, i) != event) {
        i++;
    }
    return i;
}

/* What is told behind a commit alone is lost when the run is killed in it. */
static void test_rejects_are_told_in_front_of_the_commit(void **state)
{
    struct fixture *fixture = *state;

    fixture->request.checkpoint = 0;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 3, \"bad_every\": 3", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    assert_true(index_of(fixture, "reject") < index_of(fixture, "checkpoint"));
    assert_true(index_of(fixture, "checkpoint") < index_of(fixture, "committed"));
    fixture_forget(fixture);
    fixture->request.checkpoint = INT64_MAX;
    fixture_run(fixture, "\"rows\": 6, \"batch\": 3, \"bad_every\": 3", "", "", "");
    fixture_expect_state(fixture, TIDE_RUN_SUCCEEDED);
    assert_int_equal(fixture_count(fixture, "checkpoint"), 0);
    assert_true(index_of(fixture, "reject") < index_of(fixture, "position"));
    assert_true(index_of(fixture, "position") < index_of(fixture, "committed"));
}

#define TEST(name)                                                                       \
    cmocka_unit_test_setup_teardown(name, fixture_set_up, fixture_tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_rows_and_position_are_committed_on_the_way),
        TEST(test_no_checkpoint_comes_before_its_time),
        TEST(test_the_source_is_told_of_checkpoints),
        TEST(test_a_long_position_is_not_asked_for_behind_each_batch),
        TEST(test_a_batch_whose_rows_are_all_dropped_moves_the_position),
        TEST(test_a_destination_may_keep_all_for_the_end),
        TEST(test_what_is_kept_for_the_end_does_not_count),
        TEST(test_a_checkpoint_does_not_wait_for_more_rows),
        TEST(test_each_commit_asks_first),
        TEST(test_a_replaced_table_appears_at_once),
        TEST(test_the_newest_of_a_key_must_not_be_overtaken),
        TEST(test_a_share_of_rejects_is_judged_at_the_end),
        TEST(test_a_source_must_be_resumable),
        TEST(test_a_limited_run_makes_none_and_keeps_what_was_kept),
        TEST(test_a_run_that_was_cut_off_is_gone_on_with),
        TEST(test_wherever_it_fails_each_row_is_there_once),
        TEST(test_a_checkpoint_is_gone_on_from_with_and_without_a_cursor),
        TEST(test_the_end_of_a_run_is_gone_on_from_with_a_cursor_alone),
        TEST(test_a_run_from_scratch_does_not_go_on),
        TEST(test_words_like_a_checkpoint_are_the_sources_own),
        TEST(test_a_source_that_cannot_go_on_does_not_double_rows),
        TEST(test_the_source_is_told_whether_there_will_be_checkpoints),
        TEST(test_an_end_without_a_position_forgets_the_one_before),
        TEST(test_tables_that_were_done_are_not_appended_again),
        TEST(test_a_table_is_gone_on_with_behind_those_that_were_done),
        TEST(test_rejects_of_tables_that_were_done_count),
        TEST(test_the_limit_of_rejects_holds_over_what_is_gone_on_with),
        TEST(test_a_load_whose_rows_are_gone_begins_anew),
        TEST(test_what_was_loaded_before_that_load_is_believed),
        TEST(test_a_load_that_came_to_its_end_is_believed_of_an_empty_table),
        TEST(test_a_table_made_anew_is_filled_from_the_start),
        TEST(test_a_checkpoint_keeps_where_its_load_began),
        TEST(test_a_table_that_was_done_and_is_empty_now_is_asked_about),
        TEST(test_a_first_table_that_was_cut_off_has_none_behind_it),
        TEST(test_from_scratch_all_tables_are_read),
        TEST(test_a_row_is_rejected_for_good_once),
        TEST(test_rejects_do_not_wait_for_checkpoints_that_are_put_off),
        TEST(test_rejects_are_told_in_front_of_the_commit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
