/*
 * store_open_test - what is refused at opening, migrations, and what survives a kill.
 */
#include "store_fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "store/sqlite.h"

static sqlite3 *open_file(void)
{
    char *path = fixture_path(&fx, "tidemill.db");
    sqlite3 *db = NULL;

    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    free(path);
    return db;
}

/* Do something to the closed file. */
static void alter(const char *sql)
{
    sqlite3 *db = open_file();

    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void overwrite(long offset, const char *bytes, size_t length)
{
    char *path = fixture_path(&fx, "tidemill.db");
    int file = open(path, O_WRONLY | O_CLOEXEC);

    assert_true(file >= 0);
    assert_int_equal(pwrite(file, bytes, length, offset), length);
    assert_int_equal(close(file), 0);
    free(path);
}

static void a_second_daemon_is_refused(void **state)
{
    struct fixture other = fx;
    struct tide_error err;

    (void)state;
    assert_int_equal(fixture_open(&other, &err), TIDE_E_CONFLICT);
    assert_non_null(strstr(err.message, "in use by another tidemilld"));
    assert_non_null(strstr(err.message, fx.folder));
    fixture_reopen(&fx);
}

static void a_store_of_a_newer_version_is_refused(void **state)
{
    struct tide_error err;

    (void)state;
    fixture_close(&fx);
    alter("PRAGMA user_version = 1000");
    assert_int_equal(fixture_open(&fx, &err), TIDE_E_CONFIG);
    assert_non_null(strstr(err.message, "newer tidemilld"));
}

static void a_file_that_is_no_database_is_refused(void **state)
{
    struct tide_error err;

    (void)state;
    fixture_close(&fx);
    overwrite(0, "this is a text, not a database", 30);
    assert_int_equal(fixture_open(&fx, &err), TIDE_E_IO);
    assert_non_null(strstr(err.message, "tidemill.db"));
    assert_non_null(strstr(err.message, "damaged"));
}

static void a_damaged_page_is_found_at_opening(void **state)
{
    char noise[2048];
    struct tide_error err;

    (void)state;
    memset(noise, 0x5a, sizeof noise);
    for (int i = 0; i < 50; i++) {
        (void)make_pipeline(&fx, "fill", 0);
    }
    fixture_close(&fx);
    overwrite(4096, noise, sizeof noise);
    assert_int_equal(fixture_open(&fx, &err), TIDE_E_IO);
    assert_non_null(strstr(err.message, "damaged"));
}

static void the_database_of_another_program_is_left_alone(void **state)
{
    struct tide_error err;

    (void)state;
    fixture_close(&fx);
    alter("PRAGMA application_id = 42");
    assert_int_equal(fixture_open(&fx, &err), TIDE_E_CONFIG);
    assert_non_null(strstr(err.message, "another program"));
}

static void a_missing_folder_is_named(void **state)
{
    struct fixture other = fx;
    struct tide_error err;

    (void)state;
    (void)snprintf(other.folder, sizeof other.folder, "/nonexistent/state");
    assert_int_equal(fixture_open(&other, &err), TIDE_E_IO);
    assert_non_null(strstr(err.message, "/nonexistent/state"));
}

static int64_t pragma(const char *sql)
{
    sqlite3 *db = open_file();
    sqlite3_stmt *statement = NULL;
    int64_t value;

    assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    value = sqlite3_column_int64(statement, 0);
    (void)sqlite3_finalize(statement);
    (void)sqlite3_close(db);
    return value;
}

static void migrations_run_in_order_each_in_one_transaction(void **state)
{
    const char *const scripts[] = {
        tide_sqlite_migrations[0], "ALTER TABLE pipeline ADD COLUMN colour TEXT;",
        "UPDATE pipeline SET colour = 'green';", "CREATE TABLE a (b); SELECT broken;"};
    struct tide_sqlite sqlite = {.path = fx.key_file, .lock = -1};
    struct tide_error err;

    (void)state;
    (void)make_pipeline(&fx, "old", 0);
    fixture_close(&fx);
    assert_int_equal(pragma("PRAGMA user_version"), tide_sqlite_migration_count);
    alter("PRAGMA user_version = 1");
    sqlite.db = open_file();
    assert_int_equal(tide_sqlite_migrate(&sqlite, scripts, 3, &err), TIDE_OK);
    assert_int_equal(pragma("PRAGMA user_version"), 3);
    assert_int_equal(pragma("SELECT count(*) FROM pipeline WHERE colour = 'green'"), 1);
    assert_int_equal(tide_sqlite_migrate(&sqlite, scripts, 4, &err), TIDE_E_INTERNAL);
    assert_non_null(strstr(err.message, "migration to version 4"));
    assert_int_equal(pragma("PRAGMA user_version"), 3);
    assert_int_equal(pragma("SELECT count(*) FROM sqlite_master WHERE name = 'a'"), 0);
    for (size_t i = 0; i < sqlite.cached; i++) {
        (void)sqlite3_finalize(sqlite.cache[i].statement);
    }
    assert_int_equal(sqlite3_close(sqlite.db), SQLITE_OK);
}

static void runs_that_were_live_are_interrupted_and_queued_ones_wait(void **state)
{
    struct tide_pipeline_record one = make_pipeline(&fx, "one", 0);
    struct tide_pipeline_record two = make_pipeline(&fx, "two", 0);
    int64_t live = create_run(&fx, one.id, -1).run.id;
    int64_t queued = create_run(&fx, two.id, -1).run.id;
    struct tide_run_record run;

    (void)state;
    (void)start_run(&fx, live);
    fake_clock_advance(&fx.clock, 1000);
    fixture_reopen(&fx);
    assert_int_equal(fx.opening.interrupted, 1);
    assert_int_equal(fx.opening.queued, 1);
    run = read_run(&fx, live);
    assert_int_equal(run.state, TIDE_RUN_INTERRUPTED);
    assert_int_equal(run.ended_at, NOON + 1000);
    assert_string_equal(run.error, "the daemon ended while the run was live");
    assert_int_equal(read_run(&fx, queued).state, TIDE_RUN_QUEUED);
    assert_int_equal(create_run(&fx, one.id, -1).refusal, TIDE_RUN_ACCEPTED);
}

static void what_was_asked_before_closing_is_stored_and_answered(void **state)
{
    struct tide_pipeline_record pipeline = make_pipeline(&fx, "a", 0);
    struct tide_pipeline_ref ref = {.id = pipeline.id};
    struct answer answers[100];

    (void)state;
    for (int i = 0; i < 100; i++) {
        answers[i] = (struct answer){.fixture = &fx};
        tide_store_pipeline_period(fx.store, &ref, i + 1, take_pipeline, &answers[i]);
    }
    fixture_reopen(&fx);
    for (int i = 0; i < 100; i++) {
        assert_true(answers[i].done);
        assert_int_equal(answers[i].pipeline.period_minutes, i + 1);
    }
    assert_int_equal(read_pipeline(&fx, pipeline.id).period_minutes, 100);
}

/* ---- a kill -------------------------------------------------------------------------*/

struct writer {
    struct fixture *fixture;
    int64_t pipeline, sent;
    int told;
};

static void write_next(struct writer *writer);

static void tell(void *arg, const struct tide_pipeline_record *pipeline,
                 const struct tide_error *err)
{
    struct writer *writer = arg;

    if (err || write(writer->told, &pipeline->period_minutes, sizeof(int64_t)) !=
                   sizeof(int64_t)) {
        _exit(1);
    }
    write_next(writer);
}

/* Each write is promised on the pipe once it is answered. */
static void write_next(struct writer *writer)
{
    struct tide_pipeline_ref ref = {.id = writer->pipeline};

    writer->sent++;
    tide_store_pipeline_period(writer->fixture->store, &ref, writer->sent, tell, writer);
}

static void write_for_ever(int64_t pipeline, int told)
{
    struct writer writer = {.fixture = &fx, .pipeline = pipeline, .told = told};
    struct tide_error err;

    if (uv_loop_init(&fx.loop) != 0 || fixture_open(&fx, &err) != TIDE_OK) {
        _exit(2);
    }
    for (int i = 0; i < 4; i++) {
        write_next(&writer);
    }
    (void)uv_run(&fx.loop, UV_RUN_DEFAULT);
    _exit(3);
}

static int64_t kill_after(pid_t child, int told, int answers)
{
    int64_t last = 0;
    int status;

    for (int i = 0; i < answers; i++) {
        assert_int_equal(read(told, &last, sizeof last), sizeof last);
    }
    assert_int_equal(kill(child, SIGKILL), 0);
    while (read(told, &last, sizeof last) == sizeof last) {
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    return last;
}

static void what_was_answered_survives_a_kill(void **state)
{
    int64_t pipeline = make_pipeline(&fx, "a", 0).id;
    struct tide_error err;

    (void)state;
    fixture_close(&fx);
    assert_int_equal(uv_loop_close(&fx.loop), 0);
    for (int round = 0; round < 5; round++) {
        int ends[2];
        int64_t last, found;
        pid_t child;

        assert_int_equal(pipe(ends), 0);
        child = fork();
        if (child == 0) {
            (void)close(ends[0]);
            write_for_ever(pipeline, ends[1]);
        }
        assert_int_equal(close(ends[1]), 0);
        last = kill_after(child, ends[0], 20 + 7 * round);
        assert_int_equal(close(ends[0]), 0);
        assert_int_equal(uv_loop_init(&fx.loop), 0);
        assert_int_equal(fixture_open(&fx, &err), TIDE_OK);
        found = read_pipeline(&fx, pipeline).period_minutes;
        assert_true(found >= last && found <= last + 8);
        fixture_close(&fx);
        assert_int_equal(uv_loop_close(&fx.loop), 0);
    }
    assert_int_equal(uv_loop_init(&fx.loop), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        STORE_TEST(a_second_daemon_is_refused),
        STORE_TEST(a_store_of_a_newer_version_is_refused),
        STORE_TEST(a_file_that_is_no_database_is_refused),
        STORE_TEST(a_damaged_page_is_found_at_opening),
        STORE_TEST(the_database_of_another_program_is_left_alone),
        STORE_TEST(a_missing_folder_is_named),
        STORE_TEST(migrations_run_in_order_each_in_one_transaction),
        STORE_TEST(runs_that_were_live_are_interrupted_and_queued_ones_wait),
        STORE_TEST(what_was_asked_before_closing_is_stored_and_answered),
        STORE_TEST(what_was_answered_survives_a_kill),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
