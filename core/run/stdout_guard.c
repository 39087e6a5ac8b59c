/*
 * stdout_guard - what plugins print is counted and held against them; see stdout_guard.h.
 */
#define _GNU_SOURCE /* pipe2 */

#include "run/stdout_guard.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/check.h"
#include "base/memory.h"
#include "run/activity.h"

#define PIPE_READS 16 /* and no more, should someone print all the time */

/* For what is printed afterwards: a stream that was unbuffered keeps its buffer of one
 * byte, and would write each character by itself, unless it is given another. */
static char result_buffer[BUFSIZ];

struct tide_stdout_guard {
    const struct tide_ledger *ledger;
    int pipe;             /**< its reading end, not blocking */
    int before;           /**< what fd 1 was */
    pthread_mutex_t lock; /**< over the reading and all below */
    int64_t bytes;
    char culprit[64]; /**< whose call the first of them came in */
};

static void blame(struct tide_stdout_guard *guard, const char *culprit)
{
    if (culprit) {
        (void)snprintf(guard->culprit, sizeof guard->culprit, "%s", culprit);
        return;
    }
    tide_activity_last(guard->ledger, guard->culprit);
    guard->culprit[strcspn(guard->culprit, ":")] = '\0';
}

/* Read what the pipe holds; culprit NULL: of whoever was last at work. */
static void drain(struct tide_stdout_guard *guard, const char *culprit)
{
    char buffer[4096];
    ssize_t got = sizeof buffer;

    (void)pthread_mutex_lock(&guard->lock);
    for (int i = 0; i < PIPE_READS && got == sizeof buffer; i++) {
        got = read(guard->pipe, buffer, sizeof buffer);
        if (got > 0 && guard->bytes == 0) {
            blame(guard, culprit);
        }
        guard->bytes += got > 0 ? got : 0;
    }
    (void)pthread_mutex_unlock(&guard->lock);
}

static void close_if_open(int fd)
{
    if (fd >= 0) {
        (void)close(fd);
    }
}

static void put_back(struct tide_stdout_guard *guard)
{
    if (dup2(guard->before, STDOUT_FILENO) < 0) {
        (void)close(STDOUT_FILENO);
    }
}

static void discard(struct tide_stdout_guard *guard)
{
    close_if_open(guard->pipe);
    close_if_open(guard->before);
    (void)pthread_mutex_destroy(&guard->lock);
    free(guard);
}

int tide_stdout_guard_start(const struct tide_ledger *ledger,
                            struct tide_stdout_guard **out, struct tide_error *err)
{
    struct tide_stdout_guard *guard = tide_alloc(sizeof *guard);
    int ends[2] = {-1, -1};
    int rc = 0;

    guard->ledger = ledger;
    (void)fflush(stdout);
    TIDE_INVARIANT(pthread_mutex_init(&guard->lock, NULL) == 0);
    guard->before = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0);
    if (guard->before < 0 || pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0 ||
        dup2(ends[1], STDOUT_FILENO) < 0) {
        rc = errno;
    }
    guard->pipe = ends[0];
    close_if_open(ends[1]);
    if (rc != 0) {
        /* The pipe comes into its place last: fd 1 is still what it was. */
        discard(guard);
        return tide_error_set(err, TIDE_E_IO, "cannot guard standard output: %s",
                              strerror(rc));
    }
    /* What is printed shall arrive while its author is still at it. */
    (void)setvbuf(stdout, NULL, _IONBF, 0);
    *out = guard;
    return TIDE_OK;
}

int tide_stdout_guard_check(struct tide_stdout_guard *guard, struct tide_error *err)
{
    int64_t bytes = 0;

    (void)fflush(stdout);
    drain(guard, NULL);
    (void)pthread_mutex_lock(&guard->lock);
    bytes = guard->bytes;
    (void)pthread_mutex_unlock(&guard->lock);
    if (bytes == 0) {
        return TIDE_OK;
    }
    return tide_error_set(err, TIDE_E_INTERNAL,
                          "%s wrote %" PRId64
                          " bytes to standard output; a plugin speaks through its host's "
                          "log alone",
                          guard->culprit[0] ? guard->culprit : "a plugin", bytes);
}

void tide_stdout_guard_after_call(void *arg, const char *plugin)
{
    drain(arg, plugin);
}

int tide_stdout_guard_before_commit(void *arg, struct tide_error *err)
{
    return tide_stdout_guard_check(arg, err);
}

void tide_stdout_guard_stop(struct tide_stdout_guard *guard)
{
    if (!guard) {
        return;
    }
    (void)fflush(stdout);
    put_back(guard);
    (void)setvbuf(stdout, result_buffer, _IOFBF, sizeof result_buffer);
    discard(guard);
}
