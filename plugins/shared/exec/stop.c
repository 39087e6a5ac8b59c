/*
 * stop - a program comes to its end: by itself, or because it is told.
 *
 * Its group is signalled before it is reaped, for its number is ours only so long.
 */
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"

/* Between two looks whether it has ended. */
#define TICK_MS 10

/* What it is given to end after SIGTERM. */
#define GRACE_US 2000000

static int64_t clock_us(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static bool has_ended(const struct child *child)
{
    siginfo_t info = {0};

    return waitid(P_PID, (id_t)child->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
           info.si_pid == child->pid;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

/* End what is left of the group, and learn how its leader ended. */
static int reap(struct child *child)
{
    int status = 0;

    (void)kill(-child->pid, SIGKILL);
    (void)waitpid(child->pid, &status, 0);
    child->pid = 0;
    child_drain(child);
    return status;
}

int child_judge(const struct child *child, int status, struct tide_error *err)
{
    const char *name = child->options->command.items[0];
    const char *colon = child->last[0] ? ": " : "";

    if (WIFSIGNALED(status)) {
        return tide_error_set(
            err, TIDE_E_IO, "\"%s\" was ended by signal %d (%s)%s%.700s", name,
            WTERMSIG(status), strsignal(WTERMSIG(status)), colon, child->last);
    }
    if (WEXITSTATUS(status) != 0) {
        return tide_error_set(err, TIDE_E_IO, "\"%s\" ended with status %d%s%.700s", name,
                              WEXITSTATUS(status), colon, child->last);
    }
    return TIDE_OK;
}

int child_left_rows(const struct child *child, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_IO,
                          "\"%s\" ended with status 0 before it had read all rows",
                          child->options->command.items[0]);
}

static int await_end(struct child *child, struct tide_error *err)
{
    int64_t end = clock_us() + child->options->timeout;

    while (!has_ended(child)) {
        bool ready;
        int rc = child_wait(child, -1, 0, TICK_MS, &ready, err);

        if (rc != TIDE_OK) {
            return rc;
        }
        if (clock_us() >= end) {
            return tide_error_set(
                err, TIDE_E_LIMIT,
                "\"%s\" has not ended %" PRId64 " ms after its work; see option timeout",
                child->options->command.items[0], child->options->timeout / 1000);
        }
    }
    return TIDE_OK;
}

int child_finish(struct child *child, struct tide_error *err)
{
    int kept = child_keep_unread(child), rc = TIDE_OK;

    close_fd(&child->in);
    if (child->pid != 0) {
        rc = await_end(child, err);
        rc = rc == TIDE_OK ? child_judge(child, reap(child), err) : rc;
    }
    if (rc == TIDE_OK && child_has_unread(&kept)) {
        rc = child_left_rows(child, err);
    }
    close_fd(&kept);
    return rc;
}

/* A wait at the end of its life hears no cancel: it is short. */
static void wait_for_end(const struct child *child)
{
    static const struct timespec tick = {0, TICK_MS * 1000000L};
    int64_t end = clock_us() + GRACE_US;

    while (!has_ended(child) && clock_us() < end) {
        (void)nanosleep(&tick, NULL);
    }
}

void child_stop(struct child *child)
{
    close_fd(&child->in);
    close_fd(&child->out);
    if (child->pid != 0) {
        if (!has_ended(child)) {
            (void)kill(-child->pid, SIGTERM);
            wait_for_end(child);
        }
        (void)reap(child);
    }
    close_fd(&child->errors.fd);
    close_fd(&child->chatter.fd);
}
