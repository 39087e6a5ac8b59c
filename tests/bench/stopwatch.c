/*
 * stopwatch - runs one command and writes what it took, as a line of JSON.
 *
 *     stopwatch RESULT OUTPUT FOLDER COMMAND [ARGUMENT...]
 *
 * OUTPUT is the file for the command's standard output; "-" reads it through a pipe and
 * throws it away.  "first" is when the first byte came out of that pipe or, where FOLDER
 * is not "-", went into a file of FOLDER, whatever that file's name is at the time; -1
 * when none did.  "thread" is the processor time of the busiest thread, looked up every
 * 10 ms.  A program of its own because a child's peak memory counts what its parent had
 * in memory when it forked, and this is small.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CHILD, PIPE, FOLDER, EVENTS };

struct watch {
    struct pollfd fds[EVENTS];
    int output; /* what the command writes to */
    pid_t child;
    double began, first, thread;
};

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

static void open_output(struct watch *watch, const char *name)
{
    int ends[2];

    if (strcmp(name, "-") != 0) {
        watch->output = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
        if (watch->output < 0) {
            fail(name);
        }
        return;
    }
    if (pipe(ends) != 0 || fcntl(ends[0], F_SETFD, FD_CLOEXEC) != 0) {
        fail("pipe");
    }
    watch->fds[PIPE].fd = ends[0];
    watch->output = ends[1];
}

static void watch_folder(struct watch *watch, const char *name)
{
    if (strcmp(name, "-") == 0) {
        return;
    }
    watch->fds[FOLDER].fd = inotify_init1(IN_CLOEXEC);
    if (watch->fds[FOLDER].fd < 0 ||
        inotify_add_watch(watch->fds[FOLDER].fd, name, IN_MODIFY) < 0) {
        fail(name);
    }
}

static void start(struct watch *watch, char **command)
{
    watch->began = now();
    watch->child = fork();
    if (watch->child == 0) {
        (void)dup2(watch->output, STDOUT_FILENO);
        (void)close(watch->output);
        (void)execvp(command[0], command);
        perror(command[0]);
        _exit(127);
    }
    (void)close(watch->output);
    watch->fds[CHILD].fd = (int)syscall(SYS_pidfd_open, watch->child, 0);
    if (watch->child < 0 || watch->fds[CHILD].fd < 0) {
        fail("start");
    }
}

/* Something may have come out: false at the end of it. */
static int drain(struct watch *watch, int which)
{
    static char buffer[1 << 16];

    if (read(watch->fds[which].fd, buffer, sizeof buffer) <= 0) {
        return 0;
    }
    if (watch->first < 0) {
        watch->first = now() - watch->began;
    }
    return 1;
}

static double thread_time(pid_t process, const char *thread)
{
    unsigned long long nanoseconds = 0;
    char name[300];
    FILE *file;

    (void)snprintf(name, sizeof name, "/proc/%d/task/%.20s/schedstat", (int)process,
                   thread);
    file = fopen(name, "re");
    if (file) {
        if (fscanf(file, "%llu", &nanoseconds) != 1) {
            nanoseconds = 0;
        }
        (void)fclose(file);
    }
    return (double)nanoseconds / 1e9;
}

static void look_at_threads(struct watch *watch)
{
    const struct dirent *entry;
    char name[64];
    double time;
    DIR *folder;

    (void)snprintf(name, sizeof name, "/proc/%d/task", (int)watch->child);
    folder = opendir(name);
    while (folder && (entry = readdir(folder))) {
        time = thread_time(watch->child, entry->d_name);
        watch->thread = time > watch->thread ? time : watch->thread;
    }
    if (folder) {
        (void)closedir(folder);
    }
}

static void wait_for_the_end(struct watch *watch)
{
    while (watch->fds[CHILD].fd >= 0 || watch->fds[PIPE].fd >= 0) {
        if (poll(watch->fds, EVENTS, 10) == 0) {
            look_at_threads(watch);
        }
        if (watch->fds[PIPE].revents && !drain(watch, PIPE)) {
            watch->fds[PIPE].fd = -1;
        }
        if (watch->fds[FOLDER].revents) {
            (void)drain(watch, FOLDER);
            watch->fds[FOLDER].fd = -1; /* the first byte is all that it is for */
        }
        if (watch->fds[CHILD].revents) {
            watch->fds[CHILD].fd = -1;
        }
    }
}

static int report(const struct watch *watch, const char *name)
{
    struct rusage usage;
    int status = 0;
    double wall = now() - watch->began;
    FILE *file;

    if (wait4(watch->child, &status, 0, &usage) != watch->child) {
        fail("wait4");
    }
    file = fopen(name, "w");
    if (!file) {
        fail(name);
    }
    (void)fprintf(file,
                  "{\"wall\": %.6f, \"cpu\": %.6f, \"peak\": %.3f, \"first\": %.6f, "
                  "\"thread\": %.6f, \"status\": %d}\n",
                  wall, seconds(usage.ru_utime) + seconds(usage.ru_stime),
                  (double)usage.ru_maxrss / 1024, watch->first, watch->thread,
                  WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(file) == 0 ? 0 : 2;
}

int main(int argc, char **argv)
{
    struct watch watch = {.first = -1};

    if (argc < 5) {
        (void)fputs("usage: stopwatch RESULT OUTPUT FOLDER COMMAND [ARGUMENT...]\n",
                    stderr);
        return 2;
    }
    for (int i = 0; i < EVENTS; i++) {
        watch.fds[i] = (struct pollfd){.fd = -1, .events = POLLIN};
    }
    open_output(&watch, argv[2]);
    watch_folder(&watch, argv[3]);
    start(&watch, argv + 4);
    wait_for_the_end(&watch);
    return report(&watch, argv[1]);
}
