/*
 * verdict - from all that was seen of a worker, what became of its run.
 */
#include "supervise/verdict.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "base/json.h"

#define MIB (1024.0 * 1024.0)

/* ---- numbers ------------------------------------------------------------------------*/

static void take_counts(struct json_object *steps, struct tide_run_end *end)
{
    for (int i = 0; i < TIDE_STEPS; i++) {
        struct json_object *step = tide_json_member(steps, tide_step_name(i));

        end->passed[i] = tide_json_int(step, "passed", 0);
        end->failed[i] = tide_json_int(step, "failed", 0);
    }
}

/* The end event's own numbers, else what the ledger had when the worker died. */
static void take_numbers(const struct tide_evidence *evidence, struct tide_run_end *end)
{
    const struct tide_ledger *ledger = &evidence->ledger;
    struct json_object *steps = tide_json_member(evidence->end, "steps");
    struct json_object *rejects = tide_json_member(evidence->end, "rejects");

    memcpy(end->passed, ledger->passed, sizeof end->passed);
    memcpy(end->failed, ledger->failed, sizeof end->failed);
    if (steps) {
        take_counts(steps, end);
    }
    end->bytes_read = tide_json_int(evidence->end, "bytes_read", ledger->bytes_read);
    end->bytes_written =
        tide_json_int(evidence->end, "bytes_written", ledger->bytes_written);
    end->rejects_kept = evidence->rejects_kept;
    end->rejects_dropped =
        evidence->rejects_dropped + tide_json_int(rejects, "dropped", 0);
}

/* What the store keeps of the end event beside the numbers. */
static char *take_detail(struct json_object *end)
{
    static const char *const members[] = {"steps", "tables", "guarantee"};
    struct json_object *detail;
    char *text;

    if (!end) {
        return NULL;
    }
    detail = json_object_new_object();
    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct json_object *member = tide_json_member(end, members[i]);

        if (member) {
            tide_json_set(detail, members[i], json_object_get(member));
        }
    }
    text = tide_json_format(detail);
    json_object_put(detail);
    return text;
}

/* ---- words --------------------------------------------------------------------------*/

static void add_place(const struct tide_ledger *ledger, struct tide_text *error)
{
    if (ledger->magic != TIDE_LEDGER_MAGIC) {
        tide_text_append(error, " while it was starting");
        return;
    }
    if (ledger->activity[0]) {
        tide_text_appendf(error, " while %s", ledger->activity);
    }
    if (ledger->step >= 0 && ledger->step < TIDE_STEPS) {
        tide_text_appendf(error, " in step %s", tide_step_name(ledger->step));
    }
}

static void fail(struct tide_verdict *verdict, const char *code)
{
    verdict->end.state = TIDE_RUN_FAILED;
    tide_text_reset(&verdict->code);
    tide_text_append(&verdict->code, code);
}

/* A limit on memory ends a worker by a failed allocation, in whatever way it takes it. */
static bool is_out_of_memory(const struct tide_evidence *evidence, int signal)
{
    int64_t limit = evidence->limits.memory_bytes;

    return limit > 0 && evidence->peak_bytes >= limit / 4 * 3 &&
           (signal == SIGABRT || signal == SIGSEGV || signal == SIGBUS ||
            signal == SIGKILL);
}

/* SIGXCPU comes first, and SIGKILL a while later to one that goes on. */
static bool is_out_of_time(const struct tide_evidence *evidence, int signal)
{
    int64_t limit = evidence->limits.cpu_seconds * INT64_C(1000000);

    return signal == SIGXCPU ||
           (signal == SIGKILL && limit > 0 && evidence->cpu_us >= limit);
}

static void judge_signal(const struct tide_evidence *evidence, int signal,
                         struct tide_verdict *verdict)
{
    struct tide_text *error = &verdict->error;

    if (is_out_of_time(evidence, signal)) {
        fail(verdict, "limit");
        tide_text_appendf(error, "worker used more than its limit of %lld s of CPU time",
                          (long long)evidence->limits.cpu_seconds);
    } else if (is_out_of_memory(evidence, signal)) {
        fail(verdict, "limit");
        tide_text_appendf(error,
                          "worker met its memory limit of %.0f MiB (it held %.0f MiB) "
                          "and was killed by signal %d (%s)",
                          (double)evidence->limits.memory_bytes / MIB,
                          (double)evidence->peak_bytes / MIB, signal, strsignal(signal));
    } else {
        fail(verdict, "internal");
        tide_text_appendf(error, "worker was killed by signal %d (%s%s)", signal,
                          strsignal(signal),
                          signal == SIGKILL ? ": by the system, when memory runs out, or "
                                              "by a person"
                                            : "");
    }
    add_place(&evidence->ledger, error);
}

/* Nobody ended it, and it did not end as it should. */
static void judge_crash(const struct tide_evidence *evidence,
                        struct tide_verdict *verdict)
{
    struct tide_text *error = &verdict->error;

    if (WIFSIGNALED(evidence->status)) {
        judge_signal(evidence, WTERMSIG(evidence->status), verdict);
        return;
    }
    fail(verdict, "internal");
    if (WEXITSTATUS(evidence->status) != 0) {
        tide_text_appendf(error, "worker exited with status %d",
                          WEXITSTATUS(evidence->status));
        add_place(&evidence->ledger, error);
    } else {
        tide_text_append(error, "worker ended without a result");
        add_place(&evidence->ledger, error);
    }
}

static void judge_stopped(const struct tide_evidence *evidence,
                          struct tide_verdict *verdict)
{
    verdict->end.state = TIDE_RUN_CANCELLED;
    tide_text_append(&verdict->error, evidence->cause == TIDE_STOP_SHUTDOWN
                                          ? "run was cancelled: the daemon is stopping"
                                          : "run was cancelled");
    tide_text_append(&verdict->code, "cancelled");
    if (evidence->killed) {
        tide_text_appendf(&verdict->error,
                          "; it did not stop within %.3g s, so its worker was killed",
                          (double)evidence->grace_us / 1e6);
        add_place(&evidence->ledger, &verdict->error);
    }
}

static void judge_wall(const struct tide_evidence *evidence, struct tide_verdict *verdict)
{
    fail(verdict, "limit");
    tide_text_appendf(&verdict->error, "run took longer than its limit of %lld s",
                      (long long)evidence->limits.wall_seconds);
    add_place(&evidence->ledger, &verdict->error);
}

static void judge_hang(const struct tide_evidence *evidence, struct tide_verdict *verdict)
{
    fail(verdict, "limit");
    tide_text_appendf(&verdict->error, "worker hung: no sign of life for %lld s",
                      (long long)evidence->limits.hang_seconds);
    add_place(&evidence->ledger, &verdict->error);
    tide_text_append(&verdict->error, "; it was killed");
}

static void judge_garbage(const struct tide_evidence *evidence,
                          struct tide_verdict *verdict)
{
    fail(verdict, "internal");
    tide_text_appendf(&verdict->error, "worker sent what is no event (%s)",
                      evidence->garbage);
    add_place(&evidence->ledger, &verdict->error);
}

/* The worker told of something that went wrong, other than being stopped. */
static bool is_failure(struct json_object *end)
{
    const char *state = tide_json_text(end, "state");
    const char *code = tide_json_text(tide_json_member(end, "error"), "code");

    return state &&
           (strcmp(state, "failed") == 0 ||
            (strcmp(state, "cancelled") == 0 && code && strcmp(code, "cancelled") != 0));
}

/* It ended by itself and said how. */
static void take_result(const struct tide_evidence *evidence,
                        struct tide_verdict *verdict)
{
    struct json_object *error = tide_json_member(evidence->end, "error");
    const char *state = tide_json_text(evidence->end, "state");
    int number = TIDE_RUN_FAILED;

    if (!state || tide_run_state_parse(state, &number) != TIDE_OK ||
        number < TIDE_RUN_SUCCEEDED || number > TIDE_RUN_CANCELLED) {
        fail(verdict, "internal");
        tide_text_appendf(&verdict->error,
                          "worker ended with the unknown state \"%.40s\"",
                          state ? state : "");
        return;
    }
    verdict->end.state = (enum tide_run_state)number;
    if (is_failure(evidence->end)) {
        verdict->end.state = TIDE_RUN_FAILED;
    }
    if (error) {
        const char *where = tide_json_text(error, "where");
        const char *message = tide_json_text(error, "message");
        const char *code = tide_json_text(error, "code");

        if (where && *where) {
            tide_text_appendf(&verdict->error, "%s: ", where);
        }
        tide_text_append(&verdict->error, message ? message : "");
        tide_text_append(&verdict->code, code ? code : "");
    }
}

/* ---- the verdict --------------------------------------------------------------------*/

/* It ended as one that is asked to stop may: not by a crash of its own. */
static bool is_stopped(const struct tide_evidence *evidence)
{
    int signal = WIFSIGNALED(evidence->status) ? WTERMSIG(evidence->status) : 0;

    return signal ? signal == SIGTERM || (signal == SIGKILL && evidence->killed)
                  : WEXITSTATUS(evidence->status) == 0;
}

/* It did not end by itself, or not as it should. */
static void judge_broken(const struct tide_evidence *evidence,
                         struct tide_verdict *verdict)
{
    switch (evidence->cause) {
    case TIDE_STOP_NONE:
        judge_crash(evidence, verdict);
        break;
    case TIDE_STOP_CANCELLED:
    case TIDE_STOP_SHUTDOWN:
        if (is_stopped(evidence)) {
            judge_stopped(evidence, verdict);
        } else {
            judge_crash(evidence, verdict);
        }
        break;
    case TIDE_STOP_WALL:
        judge_wall(evidence, verdict);
        break;
    case TIDE_STOP_HANG:
        judge_hang(evidence, verdict);
        break;
    case TIDE_STOP_GARBAGE:
        judge_garbage(evidence, verdict);
        break;
    }
}

/* A worker that was done before it could be stopped keeps its result; one that stopped
 * when asked is explained by who asked, when that was us.  A failure it told of stays
 * that failure, however the process ended after. */
static void judge(const struct tide_evidence *evidence, struct tide_verdict *verdict)
{
    bool clean = evidence->end && WIFEXITED(evidence->status) &&
                 WEXITSTATUS(evidence->status) == 0;

    if (evidence->start_error) {
        fail(verdict, "io");
        tide_text_append(&verdict->error, evidence->start_error);
        return;
    }
    if (is_failure(evidence->end)) {
        take_result(evidence, verdict);
        return;
    }
    if (!clean || evidence->cause == TIDE_STOP_GARBAGE) {
        judge_broken(evidence, verdict);
        return;
    }
    take_result(evidence, verdict);
    if (verdict->end.state == TIDE_RUN_CANCELLED && evidence->cause != TIDE_STOP_NONE) {
        tide_text_reset(&verdict->error);
        tide_text_reset(&verdict->code);
        judge_broken(evidence, verdict);
    }
}

/* The rows arrived, but the next run will read them again. */
static void judge_position(const struct tide_evidence *evidence,
                           struct tide_verdict *verdict)
{
    if (verdict->end.state == TIDE_RUN_SUCCEEDED && evidence->replay_error) {
        fail(verdict, "io");
        tide_text_appendf(&verdict->error,
                          "the rows were written, but it could not be stored that they "
                          "were replayed, so the next replay takes them again: %s",
                          evidence->replay_error);
    }
    if (verdict->end.state == TIDE_RUN_SUCCEEDED && evidence->position_error) {
        fail(verdict, "io");
        tide_text_appendf(&verdict->error,
                          "the rows were written, but the position they reach could not "
                          "be stored, so the next run reads them again: %s",
                          evidence->position_error);
    }
}

void tide_verdict_decide(const struct tide_evidence *evidence,
                         struct tide_verdict *verdict)
{
    take_numbers(evidence, &verdict->end);
    judge(evidence, verdict);
    judge_position(evidence, verdict);
    verdict->detail = take_detail(evidence->end);
    verdict->end.detail = verdict->detail;
    verdict->end.error = verdict->error.data;
    verdict->end.error_code = verdict->code.data;
}

void tide_verdict_fini(struct tide_verdict *verdict)
{
    tide_text_fini(&verdict->error);
    tide_text_fini(&verdict->code);
    free(verdict->detail);
}
