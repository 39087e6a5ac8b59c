/*
 * fake_worker - a worker that behaves as its definition's "script" says, for the tests of
 * the supervisor: it speaks the protocol of pipeline/worker.h, or breaks it.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "pipeline/worker.h"

static struct tide_ledger *ledger;
static volatile sig_atomic_t asked;

static void on_term(int number)
{
    (void)number;
    asked = 1;
}

static void send_text(const char *text, size_t length)
{
    while (length > 0) {
        ssize_t sent = write(TIDE_WORKER_EVENTS_FD, text, length);

        if (sent < 0 && errno != EINTR) {
            exit(70);
        }
        text += sent > 0 ? sent : 0;
        length -= sent > 0 ? (size_t)sent : 0;
    }
}

static void send_event(const char *line)
{
    send_text(line, strlen(line));
    send_text("\n", 1);
}

static void send_end(const char *state, const char *error)
{
    char line[1024];

    (void)snprintf(line, sizeof line,
                   "{\"event\":\"end\",\"state\":\"%s\",\"error\":%s,\"steps\":{"
                   "\"receive\":{\"passed\":10,\"failed\":1},"
                   "\"input_validation\":{\"passed\":9,\"failed\":1},"
                   "\"filter\":{\"passed\":8,\"failed\":1},"
                   "\"transformation\":{\"passed\":8,\"failed\":0},"
                   "\"output_validation\":{\"passed\":8,\"failed\":0},"
                   "\"finalize\":{\"passed\":8,\"failed\":0}},"
                   "\"tables\":[{\"name\":\"t\"}],\"rejects\":{\"kept\":1,\"dropped\":4},"
                   "\"bytes_read\":100,\"bytes_written\":80,\"guarantee\":\"exactly "
                   "once\"}",
                   state, error);
    send_event(line);
}

static void begin(void)
{
    ledger->version = 1;
    ledger->passed[TIDE_STEP_RECEIVE] = 5;
    ledger->failed[TIDE_STEP_RECEIVE] = 2;
    ledger->bytes_read = 55;
    ledger->step = TIDE_STEP_RECEIVE;
    (void)snprintf(ledger->activity, sizeof ledger->activity, "source csv read");
    __atomic_store_n(&ledger->magic, TIDE_LEDGER_MAGIC, __ATOMIC_RELEASE);
    send_event("{\"event\":\"ready\"}");
}

static void wait_for_ever(void)
{
    for (;;) {
        (void)pause();
    }
}

static void succeed(void)
{
    send_event("{\"event\":\"table\",\"table\":\"t\",\"as\":\"t\",\"mode\":\"append\"}");
    send_event("{\"event\":\"reject\",\"table\":\"t\",\"step\":\"receive\",\"code\":"
               "\"malformed\",\"message\":\"bad line\",\"origin\":\"t.csv\",\"position\":"
               "17,\"row\":\"{\\\"a\\\":[1,\\\"x\\\"]}\",\"raw\":null,"
               "\"replay\":\"j 0 1\"}");
    send_event("{\"event\":\"committed\",\"table\":\"t\"}");
    send_event("{\"event\":\"position\",\"table\":\"t\",\"position\":\"p-9\"}");
    send_event("{\"event\":\"something_newer\"}");
    send_end("succeeded", "null");
}

static void fail(void)
{
    send_end("failed", "{\"code\":\"config\",\"where\":\"tables[0]\",\"message\":\"no "
                       "such file\"}");
}

static void crash(void)
{
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
}

static void use_up_cpu(void)
{
    (void)raise(SIGXCPU);
}

static void stop_politely(void)
{
    sigset_t term, old;

    (void)sigemptyset(&term);
    (void)sigaddset(&term, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &term, &old);
    (void)signal(SIGTERM, on_term);
    ledger->heartbeat_us = INT64_MAX / 2; /* lively, whatever clock the test has */
    ledger->batches = 1;
    while (!asked) {
        (void)sigsuspend(&old);
    }
    send_end("cancelled", "{\"code\":\"cancelled\",\"message\":\"stopped\"}");
}

static void ignore_signals(void)
{
    (void)signal(SIGTERM, SIG_IGN);
    ledger->batches = 1;
    wait_for_ever();
}

static void talk_nonsense(void)
{
    send_event("hello");
    wait_for_ever();
}

static void send_no_name(void)
{
    send_event("{\"evnt\":\"end\"}");
    wait_for_ever();
}

static void send_a_long_line(void)
{
    static char block[65536];

    (void)signal(SIGPIPE, SIG_DFL);
    memset(block, 'x', sizeof block);
    for (;;) {
        send_text(block, sizeof block);
    }
}

static void send_many_rejects(void)
{
    char line[512];

    for (int i = 1; i <= 5000; i++) {
        (void)snprintf(line, sizeof line,
                       "{\"event\":\"reject\",\"table\":\"t\",\"step\":\"filter\","
                       "\"code\":\"c\",\"message\":\"m\",\"origin\":null,\"position\":%d,"
                       "\"row\":null,\"raw\":\"%d\"}",
                       i, i);
        send_event(line);
    }
    send_end("succeeded", "null");
}

static void exit_early(void)
{
    exit(3);
}

static void crash_after_the_end(void)
{
    send_end("succeeded", "null");
    exit(9);
}

/* Somebody else has the pipe: until its reader is gone. */
static void leave_a_child(void)
{
    if (fork() == 0) {
        struct pollfd pipe_end = {.fd = TIDE_WORKER_EVENTS_FD};

        (void)poll(&pipe_end, 1, -1);
        _exit(0);
    }
    send_end("succeeded", "null");
}

static void leave_an_escaped_child(void)
{
    int gate[2];
    char byte;

    if (pipe(gate) != 0) {
        exit(71);
    }
    if (fork() == 0) {
        struct pollfd pipe_end = {.fd = TIDE_WORKER_EVENTS_FD};

        (void)setsid();
        (void)close(gate[0]);
        (void)close(gate[1]);
        (void)poll(&pipe_end, 1, -1);
        _exit(0);
    }
    (void)close(gate[1]);
    (void)!read(gate[0], &byte, 1);
    send_end("succeeded", "null");
}

/* Say what we were given, as the message of an error. */
static void report(struct json_object *job)
{
    struct json_object *end = json_object_new_object();
    struct json_object *error = json_object_new_object();
    struct stat output, nothing;
    char *line;

    json_object_object_del(job, "definition");
    tide_json_set_bool(job, "output_is_null",
                       fstat(1, &output) == 0 && stat("/dev/null", &nothing) == 0 &&
                           output.st_rdev == nothing.st_rdev);
    tide_json_set_bool(job, "leaks", fcntl(5, F_GETFD) >= 0 || fcntl(9, F_GETFD) >= 0);
    tide_json_set_bool(job, "leads", getpgrp() == getpid());
    line = tide_json_format(job);
    tide_json_set_text(error, "code", "config");
    tide_json_set_text(error, "message", line);
    free(line);
    tide_json_set_text(end, "event", "end");
    tide_json_set_text(end, "state", "failed");
    tide_json_set(end, "error", error);
    line = tide_json_format(end);
    send_event(line);
    free(line);
    json_object_put(end);
}

static const struct script {
    const char *name;
    void (*act)(void);
} scripts[] = {
    {"succeed", succeed},
    {"fail", fail},
    {"crash", crash},
    {"cpu", use_up_cpu},
    {"polite", stop_politely},
    {"stubborn", ignore_signals},
    {"hang", wait_for_ever},
    {"nonsense", talk_nonsense},
    {"nameless", send_no_name},
    {"long line", send_a_long_line},
    {"many", send_many_rejects},
    {"early", exit_early},
    {"late", crash_after_the_end},
    {"child", leave_a_child},
    {"escaped", leave_an_escaped_child},
};

static void play(const char *name, struct json_object *job)
{
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++) {
        if (strcmp(scripts[i].name, name) == 0) {
            scripts[i].act();
        }
    }
    if (strcmp(name, "report") == 0) {
        report(job);
    }
}

int main(void)
{
    struct json_object *job = NULL;
    struct tide_error err;
    const char *script;
    char *text = NULL;
    size_t length;

    if (tide_file_read("-", 1024 * 1024, &text, &length, &err) != TIDE_OK ||
        tide_json_parse(text, length, &job, &err) != TIDE_OK) {
        return 72;
    }
    ledger = mmap(NULL, sizeof *ledger, PROT_READ | PROT_WRITE, MAP_SHARED,
                  TIDE_WORKER_LEDGER_FD, 0);
    if (ledger == MAP_FAILED) {
        return 73;
    }
    script = tide_json_text(tide_json_member(job, "definition"), "script");
    if (script && strcmp(script, "dead at birth") != 0) {
        begin();
        play(script, job);
    } else {
        crash();
    }
    json_object_put(job);
    free(text);
    return 0;
}
