/*
 * child - what is said to the program, and what it says.
 */
#include "child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

/* How long a wait goes without a look at the cancel flag. */
#define LOOK_MS 100

/* ---- lines for the log ---- */

static void end_line(struct child *child, struct child_lines *lines)
{
    size_t length = lines->length;

    while (length > 0 && strchr(" \t\r", lines->line[length - 1])) {
        length--;
    }
    lines->line[length] = '\0';
    lines->length = 0;
    if (length == 0) {
        return;
    }
    child->host->log(child->host, lines->level, lines->line);
    if (lines == &child->errors) {
        memcpy(child->last, lines->line, length + 1);
    }
}

static void add_bytes(struct child *child, struct child_lines *lines, const char *data,
                      size_t length)
{
    for (size_t i = 0; i < length; i++) {
        if (data[i] == '\n') {
            end_line(child, lines);
        } else if (lines->length < CHILD_LINE_MAX) {
            unsigned char byte = (unsigned char)data[i];

            lines->line[lines->length++] = byte < ' ' && byte != '\t' ? '?' : data[i];
        }
    }
}

/* Take what is there. */
static void drain_lines(struct child *child, struct child_lines *lines)
{
    char piece[4096];
    ssize_t got = -1;

    while (lines->fd >= 0 && (got = read(lines->fd, piece, sizeof piece)) > 0) {
        add_bytes(child, lines, piece, (size_t)got);
    }
    if (lines->fd >= 0 && (got == 0 || (errno != EAGAIN && errno != EINTR))) {
        end_line(child, lines);
        (void)close(lines->fd);
        lines->fd = -1;
    }
}

void child_drain(struct child *child)
{
    drain_lines(child, &child->errors);
    drain_lines(child, &child->chatter);
}

/* ---- waiting ---- */

int child_wait(struct child *child, int fd, short events, int wait_ms, bool *ready,
               struct tide_error *err)
{
    struct pollfd fds[] = {{.fd = fd, .events = events},
                           {.fd = child->errors.fd, .events = POLLIN},
                           {.fd = child->chatter.fd, .events = POLLIN}};
    int count = poll(fds, 3, wait_ms);

    *ready = count > 0 && fds[0].revents != 0;
    if (count > 0 && (fds[1].revents || fds[2].revents)) {
        child_drain(child);
    }
    if (child->host->cancelled(child->host)) {
        return tide_error_cancelled(err);
    }
    if (count < 0 && errno != EINTR) {
        return tide_error_set(err, TIDE_E_IO, "cannot wait for \"%s\": %s",
                              child->options->command.items[0], strerror(errno));
    }
    return TIDE_OK;
}

/* ---- its stdout ---- */

int child_read(struct child *child, uint8_t *data, size_t capacity, size_t *length,
               struct tide_error *err)
{
    *length = 0;
    for (;;) {
        ssize_t got = read(child->out, data, capacity);
        bool ready;
        int rc;

        if (got >= 0) {
            *length = (size_t)got;
            return TIDE_OK;
        }
        if (errno != EAGAIN && errno != EINTR) {
            return tide_error_set(err, TIDE_E_IO, "cannot read from \"%s\": %s",
                                  child->options->command.items[0], strerror(errno));
        }
        rc = child_wait(child, child->out, POLLIN, LOOK_MS, &ready, err);
        if (rc != TIDE_OK) {
            return rc;
        }
    }
}

/* ---- its stdin ---- */

/* write() to a pipe that may be broken: the signal of that is this thread's, and is taken
 * back.  -1 with errno. */
static ssize_t write_quietly(int fd, const uint8_t *data, size_t length)
{
    static const struct timespec at_once = {0, 0};
    sigset_t pipe, old, pending;
    bool was_pending;
    ssize_t done;
    int reason;

    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)sigpending(&pending);
    was_pending = sigismember(&pending, SIGPIPE) == 1;
    (void)pthread_sigmask(SIG_BLOCK, &pipe, &old);
    done = write(fd, data, length);
    reason = errno;
    if (done < 0 && reason == EPIPE && !was_pending) {
        (void)sigtimedwait(&pipe, NULL, &at_once);
    }
    (void)pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = reason;
    return done;
}

/* It reads no more.  Why is what its exit tells. */
static int broken_pipe(struct child *child, struct tide_error *err)
{
    int rc = child_finish(child, err);

    return rc == TIDE_OK ? child_left_rows(child, err) : rc;
}

int child_write(struct child *child, const uint8_t *data, size_t length,
                struct tide_error *err)
{
    while (length > 0) {
        ssize_t done = write_quietly(child->in, data, length);
        bool ready;
        int rc = TIDE_OK;

        if (done >= 0) {
            data += done;
            length -= (size_t)done;
        } else if (errno == EPIPE) {
            return broken_pipe(child, err);
        } else if (errno == EAGAIN || errno == EINTR) {
            rc = child_wait(child, child->in, POLLOUT, LOOK_MS, &ready, err);
        } else {
            rc = tide_error_set(err, TIDE_E_IO, "cannot write to \"%s\": %s",
                                child->options->command.items[0], strerror(errno));
        }
        if (rc != TIDE_OK) {
            return rc;
        }
    }
    return TIDE_OK;
}
