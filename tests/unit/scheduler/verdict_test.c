/*
 * verdict_test - what becomes of a run by what was seen of its worker: the ends that no
 * real process shows quickly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "supervise/verdict.h"

#define MIB (INT64_C(1024) * 1024)

/* What waitpid() says of one that was killed. */
static struct tide_evidence killed_by(int signal)
{
    struct tide_evidence evidence = {
        .status = signal,
        .limits = {.memory_bytes = 100 * MIB, .cpu_seconds = 10, .wall_seconds = 60},
        .grace_us = 2500000,
        .ledger = {.magic = TIDE_LEDGER_MAGIC, .step = TIDE_STEP_TRANSFORMATION}};

    (void)snprintf(evidence.ledger.activity, sizeof evidence.ledger.activity,
                   "transform rename apply");
    return evidence;
}

static void assert_verdict(const struct tide_evidence *evidence,
                           enum tide_run_state state, const char *code, const char *error)
{
    struct tide_verdict verdict = {0};

    tide_verdict_decide(evidence, &verdict);
    assert_int_equal(verdict.end.state, state);
    assert_string_equal(verdict.end.error, error);
    assert_string_equal(verdict.end.error_code, code);
    tide_verdict_fini(&verdict);
}

static void a_crash_near_the_memory_limit_is_that_limit(void **state)
{
    struct tide_evidence evidence = killed_by(SIGABRT);

    (void)state;
    evidence.peak_bytes = 99 * MIB;
    assert_verdict(&evidence, TIDE_RUN_FAILED, "limit",
                   "worker met its memory limit of 100 MiB (it held 99 MiB) and was "
                   "killed by signal 6 (Aborted) while transform rename apply in step "
                   "transformation");
    evidence.peak_bytes = 10 * MIB;
    assert_verdict(&evidence, TIDE_RUN_FAILED, "internal",
                   "worker was killed by signal 6 (Aborted) while transform rename apply "
                   "in step transformation");
}

static void a_kill_after_the_limit_on_cpu_time_is_that_limit(void **state)
{
    struct tide_evidence evidence = killed_by(SIGKILL);

    (void)state;
    evidence.cpu_us = 20000000;
    assert_verdict(&evidence, TIDE_RUN_FAILED, "limit",
                   "worker used more than its limit of 10 s of CPU time while transform "
                   "rename apply in step transformation");
}

static void a_kill_by_nobody_we_know_says_who_it_may_have_been(void **state)
{
    struct tide_evidence evidence = killed_by(SIGKILL);

    (void)state;
    assert_verdict(&evidence, TIDE_RUN_FAILED, "internal",
                   "worker was killed by signal 9 (Killed: by the system, when memory "
                   "runs out, or by a person) while transform rename apply in step "
                   "transformation");
}

static void a_kill_by_us_says_why(void **state)
{
    struct tide_evidence evidence = killed_by(SIGKILL);

    (void)state;
    evidence.killed = true;
    evidence.cause = TIDE_STOP_SHUTDOWN;
    assert_verdict(
        &evidence, TIDE_RUN_CANCELLED, "cancelled",
        "run was cancelled: the daemon is stopping; it did not stop within 2.5 "
        "s, so its worker was killed while transform rename apply in step "
        "transformation");
    evidence.cause = TIDE_STOP_WALL;
    assert_verdict(&evidence, TIDE_RUN_FAILED, "limit",
                   "run took longer than its limit of 60 s while transform rename apply "
                   "in step transformation");
}

static struct json_object *end_event(const char *state)
{
    struct json_object *end = json_object_new_object();

    tide_json_set_text(end, "event", "end");
    tide_json_set_text(end, "state", state);
    return end;
}

static void a_state_that_does_not_exist_fails_the_run(void **state)
{
    struct tide_evidence evidence = {.end = end_event("done")};

    (void)state;
    assert_verdict(&evidence, TIDE_RUN_FAILED, "internal",
                   "worker ended with the unknown state \"done\"");
    json_object_put(evidence.end);
}

static void a_run_that_ended_before_it_could_be_stopped_keeps_its_result(void **state)
{
    struct tide_evidence evidence = {.end = end_event("succeeded"),
                                     .cause = TIDE_STOP_CANCELLED};
    struct tide_verdict verdict = {0};

    (void)state;
    tide_verdict_decide(&evidence, &verdict);
    assert_int_equal(verdict.end.state, TIDE_RUN_SUCCEEDED);
    assert_null(verdict.end.error);
    tide_verdict_fini(&verdict);
    json_object_put(evidence.end);
}

static void a_limit_that_stopped_a_run_is_named_and_not_the_stop(void **state)
{
    struct tide_evidence evidence = {.end = end_event("cancelled"),
                                     .cause = TIDE_STOP_WALL,
                                     .limits = {.wall_seconds = 60},
                                     .ledger = {.magic = TIDE_LEDGER_MAGIC, .step = -1}};

    (void)state;
    assert_verdict(&evidence, TIDE_RUN_FAILED, "limit",
                   "run took longer than its limit of 60 s");
    json_object_put(evidence.end);
}

static void a_failure_that_was_told_outlives_the_stop_and_the_crash(void **state)
{
    struct tide_evidence evidence = {.end = end_event("failed")};
    struct json_object *error = json_object_new_object();

    (void)state;
    tide_json_set_text(error, "message", "disk is full");
    tide_json_set_text(error, "code", "io");
    tide_json_set(evidence.end, "error", error);
    evidence.status = SIGSEGV;
    assert_verdict(&evidence, TIDE_RUN_FAILED, "io", "disk is full");
    evidence.cause = TIDE_STOP_CANCELLED;
    evidence.status = SIGKILL;
    evidence.killed = true;
    assert_verdict(&evidence, TIDE_RUN_FAILED, "io", "disk is full");
    evidence.status = 0;
    evidence.killed = false;
    tide_json_set_text(evidence.end, "state", "cancelled");
    assert_verdict(&evidence, TIDE_RUN_FAILED, "io", "disk is full");
    json_object_put(evidence.end);
}

static void a_crash_of_a_run_that_was_asked_to_stop_is_a_crash(void **state)
{
    struct tide_evidence evidence = killed_by(SIGSEGV);
    struct tide_verdict verdict = {0};

    (void)state;
    evidence.cause = TIDE_STOP_CANCELLED;
    tide_verdict_decide(&evidence, &verdict);
    assert_int_equal(verdict.end.state, TIDE_RUN_FAILED);
    assert_string_equal(verdict.end.error_code, "internal");
    tide_verdict_fini(&verdict);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_failure_that_was_told_outlives_the_stop_and_the_crash),
        cmocka_unit_test(a_crash_of_a_run_that_was_asked_to_stop_is_a_crash),
        cmocka_unit_test(a_crash_near_the_memory_limit_is_that_limit),
        cmocka_unit_test(a_kill_after_the_limit_on_cpu_time_is_that_limit),
        cmocka_unit_test(a_kill_by_nobody_we_know_says_who_it_may_have_been),
        cmocka_unit_test(a_kill_by_us_says_why),
        cmocka_unit_test(a_state_that_does_not_exist_fails_the_run),
        cmocka_unit_test(a_run_that_ended_before_it_could_be_stopped_keeps_its_result),
        cmocka_unit_test(a_limit_that_stopped_a_run_is_named_and_not_the_stop),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
