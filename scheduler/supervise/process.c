/*
 * process - starts a worker with its five descriptors, and sees how it ended.
 */
#define _GNU_SOURCE /* memfd_create, posix_spawn_file_actions_addclosefrom_np */

#include "supervise/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

/* What the child will find as 0, 1, 2, 3 and 4. */
#define CHILD_FDS 5

/* ---- descriptors --------------------------------------------------------------------*/

/* Above those of the child, so that none is overwritten while they are put in place. */
static int move_up(int fd)
{
    int high;

    if (fd < 0 || fd >= CHILD_FDS) {
        return fd;
    }
    high = fcntl(fd, F_DUPFD_CLOEXEC, CHILD_FDS);
    (void)close(fd);
    return high;
}

static int open_job(const char *job, size_t length)
{
    int fd = move_up(memfd_create("tidemill-job", MFD_CLOEXEC));

    for (size_t sent = 0; fd >= 0 && sent < length;) {
        ssize_t n = write(fd, job + sent, length - sent);

        if (n < 0 && errno != EINTR) {
            (void)close(fd);
            return -1;
        }
        sent += n > 0 ? (size_t)n : 0;
    }
    if (fd >= 0) {
        (void)lseek(fd, 0, SEEK_SET);
    }
    return fd;
}

/* Sealed: a worker that cut it short would end the daemon by SIGBUS. */
static int open_ledger(struct tide_process *process)
{
    int fd = move_up(memfd_create("tidemill-ledger", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    void *page;

    if (fd < 0) {
        return -1;
    }
    if (ftruncate(fd, sizeof(struct tide_ledger)) != 0 ||
        fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
        (void)close(fd);
        return -1;
    }
    page = mmap(NULL, sizeof(struct tide_ledger), PROT_READ, MAP_SHARED, fd, 0);
    if (page == MAP_FAILED) {
        (void)close(fd);
        return -1;
    }
    process->ledger = page;
    return fd;
}

static int open_events(int *reader)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return -1;
    }
    ends[0] = move_up(ends[0]);
    ends[1] = move_up(ends[1]);
    if (ends[0] < 0 || ends[1] < 0 || fcntl(ends[0], F_SETFL, O_NONBLOCK) != 0) {
        (void)close(ends[0]);
        (void)close(ends[1]);
        return -1;
    }
    *reader = ends[0];
    return ends[1];
}

static void close_all(int fds[CHILD_FDS])
{
    for (int i = 0; i < CHILD_FDS; i++) {
        if (fds[i] >= 0 && i != STDERR_FILENO) {
            (void)close(fds[i]);
        }
    }
}

static int open_all(struct tide_process *process, const char *job, size_t job_length,
                    int fds[CHILD_FDS], int *reader, struct tide_error *err)
{
    fds[0] = open_job(job, job_length);
    fds[1] = move_up(open("/dev/null", O_WRONLY | O_CLOEXEC));
    fds[2] = STDERR_FILENO;
    fds[TIDE_WORKER_LEDGER_FD] = open_ledger(process);
    fds[TIDE_WORKER_EVENTS_FD] = open_events(reader);
    for (int i = 0; i < CHILD_FDS; i++) {
        if (fds[i] < 0) {
            return tide_error_set(err, TIDE_E_IO,
                                  "cannot make the descriptors of a worker: %s",
                                  strerror(errno));
        }
    }
    return TIDE_OK;
}

/* ---- starting -----------------------------------------------------------------------*/

static int prepare_actions(posix_spawn_file_actions_t *actions, const int fds[CHILD_FDS])
{
    int failure = 0;

    for (int i = 0; failure == 0 && i < CHILD_FDS; i++) {
        failure = posix_spawn_file_actions_adddup2(actions, fds[i], i);
    }
    return failure ? failure
                   : posix_spawn_file_actions_addclosefrom_np(actions, CHILD_FDS);
}

/* A new group, no signal blocked, none handled or ignored. */
static int prepare_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, all;
    int failure = posix_spawnattr_setpgroup(attributes, 0);

    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    (void)sigdelset(&all, SIGKILL);
    (void)sigdelset(&all, SIGSTOP);
    if (failure == 0) {
        failure = posix_spawnattr_setsigmask(attributes, &none);
    }
    if (failure == 0) {
        failure = posix_spawnattr_setsigdefault(attributes, &all);
    }
    return failure ? failure
                   : posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP |
                                                              POSIX_SPAWN_SETSIGMASK |
                                                              POSIX_SPAWN_SETSIGDEF);
}

static int spawn_with(char *path, const int fds[CHILD_FDS],
                      posix_spawn_file_actions_t *actions, posix_spawnattr_t *attributes,
                      pid_t *pid)
{
    char *const arguments[] = {path, NULL};
    int failure = prepare_actions(actions, fds);

    if (failure == 0) {
        failure = prepare_attributes(attributes);
    }
    return failure ? failure
                   : posix_spawn(pid, path, actions, attributes, arguments, environ);
}

static int spawn(char *path, const int fds[CHILD_FDS], pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failure = posix_spawn_file_actions_init(&actions);

    if (failure) {
        return failure;
    }
    failure = posix_spawnattr_init(&attributes);
    if (failure == 0) {
        failure = spawn_with(path, fds, &actions, &attributes, pid);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failure;
}

int tide_process_start(struct tide_process *process, char *path, const char *job,
                       size_t job_length, int *events, struct tide_error *err)
{
    int fds[CHILD_FDS] = {-1, -1, -1, -1, -1};
    int reader = -1, failure;
    int code = open_all(process, job, job_length, fds, &reader, err);

    if (code == TIDE_OK && (failure = spawn(path, fds, &process->pid)) != 0) {
        process->pid = 0;
        code = tide_error_set(err, TIDE_E_IO, "cannot start the worker %s: %s", path,
                              strerror(failure));
    }
    close_all(fds);
    if (code == TIDE_OK) {
        *events = reader;
    } else if (reader >= 0) {
        (void)close(reader);
    }
    return code;
}

/* ---- ending -------------------------------------------------------------------------*/

static int64_t microseconds(const struct timeval *time)
{
    return (int64_t)time->tv_sec * 1000000 + time->tv_usec;
}

bool tide_process_reap(struct tide_process *process)
{
    struct rusage usage;
    siginfo_t info = {0};

    if (process->pid == 0) {
        return true;
    }
    if (waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
        info.si_pid != process->pid) {
        return false;
    }
    /* As long as it is not reaped its number, and so that of its group, is its own. */
    (void)kill(-process->pid, SIGKILL);
    TIDE_INVARIANT(wait4(process->pid, &process->status, 0, &usage) == process->pid);
    process->peak_bytes = (int64_t)usage.ru_maxrss * 1024;
    process->cpu_us = microseconds(&usage.ru_utime) + microseconds(&usage.ru_stime);
    process->pid = 0;
    return true;
}

void tide_process_ask(const struct tide_process *process)
{
    if (process->pid > 0) {
        (void)kill(process->pid, SIGTERM);
    }
}

void tide_process_kill(const struct tide_process *process)
{
    if (process->pid > 0) {
        (void)kill(-process->pid, SIGKILL);
    }
}

void tide_process_ledger(const struct tide_process *process, struct tide_ledger *copy)
{
    enum { WORDS = sizeof(struct tide_ledger) / sizeof(uint64_t) };
    const uint64_t *from = (const uint64_t *)(const void *)process->ledger;
    uint64_t words[WORDS] = {0};

    _Static_assert(WORDS * sizeof(uint64_t) == sizeof(struct tide_ledger),
                   "a ledger is whole words");
    for (size_t i = 0; from && i < WORDS; i++) {
        words[i] = __atomic_load_n(&from[i], __ATOMIC_RELAXED);
    }
    memcpy(copy, words, sizeof *copy);
    copy->activity[sizeof copy->activity - 1] = '\0';
}

void tide_process_fini(struct tide_process *process)
{
    TIDE_REQUIRE(process->pid == 0);
    if (process->ledger) {
        (void)munmap(process->ledger, sizeof *process->ledger);
        process->ledger = NULL;
    }
}
