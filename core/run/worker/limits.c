/*
 * limits - what a worker may use; see limits.h.
 */
#include "run/worker/limits.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>

/* How long a run has to stop by itself after its time is over. */
#define GRACE_SECONDS 10

enum reason { REASON_NONE, REASON_ASKED, REASON_CPU, REASON_WALL };

static atomic_bool cancel;
static atomic_int reason;

static void stop_for(enum reason why)
{
    int none = REASON_NONE;

    (void)atomic_compare_exchange_strong(&reason, &none, (int)why);
    atomic_store(&cancel, true);
}

static void on_terminate(int number)
{
    (void)number;
    stop_for(REASON_ASKED);
}

static void on_cpu_time(int number)
{
    (void)number;
    stop_for(REASON_CPU);
}

static void on_wall_time(int number)
{
    const struct itimerval grace = {.it_value = {.tv_sec = GRACE_SECONDS}};

    (void)number;
    if (atomic_load(&reason) == REASON_WALL) {
        (void)raise(SIGKILL);
    }
    stop_for(REASON_WALL);
    (void)setitimer(ITIMER_REAL, &grace, NULL);
}

static void handle(int number, void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    (void)sigemptyset(&action.sa_mask);
    (void)sigaction(number, &action, NULL);
}

static int set_limit(__rlimit_resource_t resource, const char *name, int64_t soft,
                     int64_t hard, struct tide_error *err)
{
    struct rlimit limit = {.rlim_cur = (rlim_t)soft, .rlim_max = (rlim_t)hard};
    struct rlimit old;

    if (soft <= 0) {
        return TIDE_OK;
    }
    if (getrlimit(resource, &old) == 0 && old.rlim_max != RLIM_INFINITY) {
        limit.rlim_max = limit.rlim_max < old.rlim_max ? limit.rlim_max : old.rlim_max;
        limit.rlim_cur = limit.rlim_cur < old.rlim_max ? limit.rlim_cur : old.rlim_max;
    }
    if (setrlimit(resource, &limit) != 0) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "cannot set the limit %s to %" PRId64 ": %s", name, soft,
                              strerror(errno));
    }
    return TIDE_OK;
}

int tide_limits_set(const struct tide_job_limits *limits, struct tide_error *err)
{
    const struct itimerval wall = {.it_value = {.tv_sec = limits->wall_seconds}};
    int rc = set_limit(RLIMIT_DATA, "memory", limits->memory, limits->memory, err);

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)signal(SIGPIPE, SIG_IGN);
    handle(SIGTERM, on_terminate);
    handle(SIGINT, on_terminate);
    handle(SIGXCPU, on_cpu_time);
    handle(SIGALRM, on_wall_time);
    if (rc == TIDE_OK) {
        rc = set_limit(RLIMIT_CPU, "cpu_seconds", limits->cpu_seconds,
                       limits->cpu_seconds + GRACE_SECONDS, err);
    }
    if (rc == TIDE_OK) {
        rc = set_limit(RLIMIT_NOFILE, "open_files", limits->open_files,
                       limits->open_files, err);
    }
    if (limits->wall_seconds > 0) {
        (void)setitimer(ITIMER_REAL, &wall, NULL);
    }
    return rc;
}

const atomic_bool *tide_limits_cancel(void)
{
    return &cancel;
}

int tide_limits_reason(const struct tide_job_limits *limits, struct tide_error *err)
{
    switch (atomic_load(&reason)) {
    case REASON_CPU:
        return tide_error_set(err, TIDE_E_LIMIT,
                              "CPU time limit of %" PRId64 " s reached",
                              limits->cpu_seconds);
    case REASON_WALL:
        return tide_error_set(err, TIDE_E_LIMIT, "time limit of %" PRId64 " s reached",
                              limits->wall_seconds);
    default:
        return TIDE_OK;
    }
}
