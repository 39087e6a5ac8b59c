/*
 * unread - what a program has left in its stdin when it ended.
 *
 * A pipe breaks only when it is written to: as long as it takes all that there is, nobody
 * notices that the program reads nothing.  So a read end of our own keeps what is left;
 * it is opened last, for it keeps the pipe from breaking, too.
 *
 * A pipe is opened again by its name in /proc; where there is none, nothing is known of
 * what is left.
 */
#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "child.h"

/* What was killed just now is given so long to let go of the pipe. */
#define TICK_MS 10
#define TICKS 100

static int open_again(int fd, int mode)
{
    char path[32];

    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return open(path, mode | O_NONBLOCK | O_CLOEXEC);
}

int child_keep_unread(const struct child *child)
{
    return child->in >= 0 ? open_again(child->in, O_RDONLY) : -1;
}

static bool has_bytes(int fd)
{
    int count = 0;

    return ioctl(fd, FIONREAD, &count) == 0 && count > 0;
}

/* Whether there are bytes that nobody can read any more: a write end, and it alone, tells
 * by POLLERR that no read end is open. */
static bool is_lost(int in)
{
    struct pollfd pipe = {.fd = in};

    for (int tick = 0; tick < TICKS && has_bytes(in); tick++) {
        if (poll(&pipe, 1, TICK_MS) > 0) {
            return has_bytes(in);
        }
    }
    return false;
}

bool child_has_unread(int *kept)
{
    bool has_some = *kept >= 0 && has_bytes(*kept);
    int in = has_some ? open_again(*kept, O_WRONLY) : -1;

    if (*kept >= 0) {
        (void)close(*kept);
    }
    *kept = -1;
    if (in >= 0) {
        has_some = is_lost(in);
        (void)close(in);
    }
    return has_some;
}
