/*
 * worker_test - tidemill-worker as the daemon starts it: events, ledger, signals, crashes
 * and limits.
 */
#define _GNU_SOURCE /* memfd_create, pipe2 */

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "run_fixture.h"

struct worker {
    pid_t process;
    int events; /**< reading end */
    struct tide_ledger *ledger;
    struct tide_text output; /**< all events, once it has ended */
    int status;
};

/* ---- starting one -------------------------------------------------------------------*/

static char *job_of(struct fixture *fixture, const char *source, const char *limits)
{
    return tide_strf(
        "{\"run\": 7, \"pipeline\": \"p\", \"plugin_folder\": \"%s\","
        " \"base_folder\": \"%s\", \"incremental\": null, \"limits\": {%s},"
        " \"definition\": {\"definition_version\": 1, \"name\": \"test\","
        "  \"sync\": {\"frequency\": 60},"
        "  \"source\": {\"connection\": {\"plugin\": \"script\", \"options\": {%s}}},"
        "  \"destination\": {\"connection\": {\"plugin\": \"record\","
        "    \"options\": {\"path\": \"%s/rows\"}}},"
        "  \"tables\": [{\"name\": \"numbers\", \"mode\": \"append\"}]}}",
        fixture->folder, fixture->folder, limits, source, fixture->folder);
}

/* In the child: the descriptors a worker expects. */
static void become_worker(int job, int ledger, int events)
{
    const char *build = getenv("top_builddir");
    char *path = tide_strf("%s/tidemill-worker", build ? build : ".");
    int nothing = open("/dev/null", O_WRONLY);

    if (dup2(job, 20) < 0 || dup2(ledger, 21) < 0 || dup2(events, 22) < 0) {
        _exit(120);
    }
    if (dup2(20, 0) < 0 || dup2(nothing, 1) < 0 || dup2(21, 3) < 0 || dup2(22, 4) < 0) {
        _exit(121);
    }
    (void)execl(path, "tidemill-worker", (char *)NULL);
    _exit(122);
}

static void start(struct worker *worker, const char *job)
{
    int input[2], events[2];
    int ledger = memfd_create("ledger", MFD_CLOEXEC);

    memset(worker, 0, sizeof *worker);
    assert_int_equal(pipe2(input, O_CLOEXEC), 0);
    assert_int_equal(pipe2(events, O_CLOEXEC), 0);
    assert_int_equal(ftruncate(ledger, sizeof *worker->ledger), 0);
    worker->ledger =
        mmap(NULL, sizeof *worker->ledger, PROT_READ | PROT_WRITE, MAP_SHARED, ledger, 0);
    assert_true(worker->ledger != MAP_FAILED);
    worker->process = fork();
    assert_true(worker->process >= 0);
    if (worker->process == 0) {
        become_worker(input[0], ledger, events[1]);
    }
    assert_int_equal(write(input[1], job, strlen(job)), (ssize_t)strlen(job));
    (void)close(input[0]);
    (void)close(input[1]);
    (void)close(events[1]);
    (void)close(ledger);
    worker->events = events[0];
}

static void wait_for_end(struct worker *worker)
{
    char buffer[4096];
    ssize_t got = 0;

    do {
        got = read(worker->events, buffer, sizeof buffer);
        if (got > 0) {
            tide_text_append_n(&worker->output, buffer, (size_t)got);
        }
    } while (got > 0 || (got < 0 && errno == EINTR));
    (void)close(worker->events);
    assert_int_equal(waitpid(worker->process, &worker->status, 0), worker->process);
}

static void clean_up(struct worker *worker)
{
    (void)munmap(worker->ledger, sizeof *worker->ledger);
    tide_text_fini(&worker->output);
}

/* Run a job to its end. */
static void run(struct worker *worker, struct fixture *fixture, const char *source,
                const char *limits)
{
    char *job = job_of(fixture, source, limits);

    start(worker, job);
    wait_for_end(worker);
    free(job);
}

/* The last event; the caller's reference. */
static struct json_object *end_of(const struct worker *worker)
{
    struct json_object *end = NULL;
    char *last = NULL;

    assert_true(WIFEXITED(worker->status));
    assert_int_equal(WEXITSTATUS(worker->status), 0);
    assert_non_null(worker->output.data);
    worker->output.data[worker->output.length - 1] = '\0';
    last = strrchr(worker->output.data, '\n');
    last = last ? last + 1 : worker->output.data;
    assert_int_equal(tide_json_parse(last, strlen(last), &end, NULL), TIDE_OK);
    assert_string_equal(tide_json_text(end, "event"), "end");
    return end;
}

static void expect_failure(const struct worker *worker, const char *code,
                           const char *message)
{
    struct json_object *end = end_of(worker);
    struct json_object *error = tide_json_member(end, "error");

    assert_string_equal(tide_json_text(end, "state"), "failed");
    if (strcmp(tide_json_text(error, "code"), code) != 0 ||
        !strstr(tide_json_text(error, "message"), message)) {
        fail_msg("%s", json_object_to_json_string(error));
    }
    json_object_put(end);
}

static void wait_for_batch(const struct worker *worker)
{
    while (__atomic_load_n(&worker->ledger->batches, __ATOMIC_RELAXED) == 0) {
        (void)sched_yield();
    }
}

/* ---- tests --------------------------------------------------------------------------*/

static void test_a_run_tells_its_end_and_its_counts(void **state)
{
    struct worker worker;
    struct json_object *end = NULL;

    run(&worker, *state, "\"rows\": 1000, \"batch\": 100", "");
    end = end_of(&worker);
    assert_string_equal(tide_json_text(end, "state"), "succeeded");
    assert_int_equal(worker.ledger->magic, TIDE_LEDGER_MAGIC);
    assert_int_equal(worker.ledger->passed[TIDE_STEP_FINALIZE], 1000);
    assert_true(worker.ledger->heartbeat_us > 0);
    assert_true(tide_text_starts(worker.output.data, "{\"event\":\"ready\"}\n"));
    json_object_put(end);
    clean_up(&worker);
}

static void test_a_definition_that_is_wrong_is_an_end_too(void **state)
{
    struct worker worker;

    run(&worker, *state, "\"rwos\": 3", "");
    expect_failure(&worker, "config", "rows");
    clean_up(&worker);
}

static void test_a_job_that_is_none_is_an_end_too(void **unused)
{
    struct worker worker;

    (void)unused;
    start(&worker, "{\"run\": 1");
    wait_for_end(&worker);
    expect_failure(&worker, "data", "job");
    clean_up(&worker);
}

static void test_sigterm_cancels_at_a_batch_boundary(void **state)
{
    struct worker worker;
    struct json_object *end = NULL;
    char *job = job_of(*state, "\"rows\": 100, \"batch\": 10, \"waits_after\": 50", "");

    start(&worker, job);
    wait_for_batch(&worker);
    assert_int_equal(kill(worker.process, SIGTERM), 0);
    wait_for_end(&worker);
    end = end_of(&worker);
    assert_string_equal(tide_json_text(end, "state"), "cancelled");
    json_object_put(end);
    free(job);
    clean_up(&worker);
}

static void test_a_crash_leaves_the_plugins_name(void **state)
{
    struct worker worker;

    run(&worker, *state, "\"rows\": 100, \"batch\": 10, \"crashes_after\": 50", "");
    assert_true(WIFSIGNALED(worker.status));
    assert_int_equal(WTERMSIG(worker.status), SIGABRT);
    assert_string_equal(worker.ledger->activity, "source script: read");
    clean_up(&worker);
}

static void test_what_a_plugin_prints_fails_its_run(void **state)
{
    struct fixture *fixture = *state;
    struct worker worker;
    char *rows = NULL;

    run(&worker, fixture, "\"rows\": 10, \"prints_after\": 5", "");
    expect_failure(&worker, "internal", "wrote 6 bytes to standard output");
    rows = fixture_read(fixture, "rows");
    assert_string_equal(rows, "");
    free(rows);
    clean_up(&worker);
}

static void test_a_run_out_of_time_fails_and_says_so(void **state)
{
    struct worker worker;

    run(&worker, *state, "\"rows\": 100, \"batch\": 10, \"waits_after\": 50",
        "\"wall_seconds\": 1");
    expect_failure(&worker, "limit", "time limit of 1 s reached");
    clean_up(&worker);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(test_a_run_tells_its_end_and_its_counts),
        RUN_TEST(test_a_definition_that_is_wrong_is_an_end_too),
        RUN_TEST(test_a_job_that_is_none_is_an_end_too),
        RUN_TEST(test_sigterm_cancels_at_a_batch_boundary),
        RUN_TEST(test_a_crash_leaves_the_plugins_name),
        RUN_TEST(test_what_a_plugin_prints_fails_its_run),
        RUN_TEST(test_a_run_out_of_time_fails_and_says_so),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
