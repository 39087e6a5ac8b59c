/*
 * Tests of the sqlite destination with two runs that write at the same time: one comes in
 * between a checkpoint of the other and its next transaction.
 */
#include "sqlite_kit.h"

/* What a run does between the commit and the next transaction of another one. */
static struct other_run {
    struct harness *harness;
    const struct load *load; /* of the run that is interrupted */
    const char *pipeline, *table, *expected, *rows, *position;
    size_t count; /* of those that came in between */
} other;

static void run_other(void)
{
    struct tide_destination_request request = other.harness->destination;
    const struct tide_destination *plugin = other.load->plugin;
    struct plugin_harness *host = &other.harness->plugin;
    struct tide_schema accepted = {0};
    struct tide_batch batch = {0};
    char *position = NULL;
    void *state = NULL;

    request.run = "other";
    request.pipeline = other.pipeline;
    request.table = other.table ? other.table : request.table;
    assert_int_equal(plugin->open(host->options, &request, &host->host, &state, &accepted,
                                  &position, &host->err),
                     TIDE_OK);
    if (other.expected) {
        assert_string_equal(position, other.expected);
    } else {
        assert_null(position);
    }
    harness_batch(&accepted, other.rows, &batch);
    assert_int_equal(plugin->write(state, &batch, &host->err), TIDE_OK);
    assert_int_equal(plugin->commit(state, other.position, true, &host->err), TIDE_OK);
    plugin->close(state);
    tide_batch_release(&batch);
    tide_schema_clear(&accepted);
    free(position);
}

/* SQLite calls it in front of each statement. */
static int see_statement(unsigned event, void *arg, void *statement, void *text)
{
    (void)event;
    (void)arg;
    (void)statement;
    if (other.load && strcmp(text, "BEGIN IMMEDIATE") == 0) {
        run_other();
        other.load = NULL;
        other.count++;
    }
    return 0;
}

static int watch(sqlite3 *db, const char **message,
                 const struct sqlite3_api_routines *api)
{
    (void)message;
    (void)api;
    return sqlite3_trace_v2(db, SQLITE_TRACE_STMT, see_statement, NULL);
}

/* Make a checkpoint, and let the other run do its work behind it. */
static void commit_and_let_in(struct load *load, const char *position)
{
    other.load = load;
    assert_int_equal(load_commit(other.harness, load, position, false), TIDE_OK);
    assert_null(other.load);
}

static void check_stepped_in(struct harness *harness, int rc)
{
    assert_int_equal(rc, TIDE_E_TRANSIENT);
    assert_non_null(strstr(harness->plugin.err.message, "another run of"));
}

static void begin_watched(struct harness *harness, struct load *load, int mode)
{
    union {
        int (*with)(sqlite3 *, const char **, const struct sqlite3_api_routines *);
        void (*without)(void);
    } hook = {watch};

    other = (struct other_run){.harness = harness};
    other.pipeline = harness->destination.pipeline;
    assert_int_equal(sqlite3_auto_extension(hook.without), SQLITE_OK);
    load_begin(harness, load, "t", "n int64", mode);
    sqlite3_reset_auto_extension();
}

static void two_runs_at_once_do_not_double_rows(void **state)
{
    struct harness *harness = *state;
    struct load load;

    for (int writes = 0; writes < 2; writes++) {
        begin_watched(harness, &load, TIDE_MODE_APPEND);
        load_write(harness, &load, "1\n2\n");
        other.expected = "two";
        other.rows = "3\n";
        other.position = writes ? "three" : NULL;
        commit_and_let_in(&load, "two");
        check_stepped_in(harness, writes ? load_try(harness, &load, "3\n")
                                         : load_commit(harness, &load, "end", true));
        load_close(&load);
        assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM t"), "1,2,3");
        db_run(harness, "DROP TABLE t; DELETE FROM _tidemill_positions");
    }
}

static void runs_of_other_pipelines_may_write_in_between(void **state)
{
    struct harness *harness = *state;
    struct load load;

    begin_watched(harness, &load, TIDE_MODE_APPEND);
    load_write(harness, &load, "1\n");
    other.pipeline = "another";
    other.rows = "7\n";
    other.position = "seven";
    commit_and_let_in(&load, "one");
    load_write(harness, &load, "2\n");
    assert_int_equal(load_commit(harness, &load, "two", true), TIDE_OK);
    load_close(&load);
    assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM t"), "1,7,2");
}

/* Two definitions of one name, each with a table of its own. */
static void another_table_of_the_pipeline_may_be_replaced_in_between(void **state)
{
    struct harness *harness = *state;
    struct load load;

    harness->destination.checkpoints = true;
    begin_watched(harness, &load, TIDE_MODE_REPLACE);
    load_write(harness, &load, "1\n");
    other.table = "u";
    other.rows = "7\n8\n";
    other.position = "eight";
    commit_and_let_in(&load, "one");
    load_write(harness, &load, "2\n");
    assert_int_equal(load_commit(harness, &load, "two", false), TIDE_OK);
    load_close(&load);
    load_begin(harness, &load, "t", "n int64", TIDE_MODE_REPLACE);
    assert_string_equal(load.position, "two");
    load_close(&load);
    assert_string_equal(db_ask(harness, "SELECT group_concat(n) FROM u"), "7,8");
}

#define TEST(function)                                                                   \
    cmocka_unit_test_setup_teardown(function, harness_setup, harness_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(two_runs_at_once_do_not_double_rows),
        TEST(runs_of_other_pipelines_may_write_in_between),
        TEST(another_table_of_the_pipeline_may_be_replaced_in_between),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
