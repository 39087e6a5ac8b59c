/*
 * helper - a process that does for us what may crash or hang: it loads plugins.
 */
#define _GNU_SOURCE /* pipe2, memfd_create */
#include "plugin/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"

#define TIME_LIMIT_US 5000000
#define OUTPUT_LIMIT (1u << 20)

/* AddressSanitizer and ThreadSanitizer reserve terabytes. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define WITH_SANITIZER
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) ||                     \
    defined(WITH_SANITIZER)
#define MEMORY_LIMIT RLIM_INFINITY
#else
#define MEMORY_LIMIT (1u << 30)
#endif
#define FILES_LIMIT 64

/* ---- in the helper ---- */

static void set_limits(void)
{
    const struct rlimit memory = {MEMORY_LIMIT, MEMORY_LIMIT};
    const struct rlimit files = {FILES_LIMIT, FILES_LIMIT};
    const struct rlimit seconds = {TIME_LIMIT_US / 1000000, TIME_LIMIT_US / 1000000 + 1};
    const struct rlimit none = {0, 0};

    (void)setrlimit(RLIMIT_DATA, &memory);
    (void)setrlimit(RLIMIT_NOFILE, &files);
    (void)setrlimit(RLIMIT_CPU, &seconds);
    (void)setrlimit(RLIMIT_CORE, &none);
}

int tide_helper_begin(void)
{
    int real = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 16);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (null >= 0) {
        (void)dup2(null, STDOUT_FILENO);
        (void)close(null);
    }
    set_limits();
    return real;
}

static void write_all(int fd, const char *data, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, data, length);

        if (written < 0 && errno != EINTR) {
            return;
        }
        if (written > 0) {
            data += written;
            length -= (size_t)written;
        }
    }
}

void tide_helper_answer(int out, struct json_object *answer)
{
    char *text = tide_json_format(answer);
    char *line = tide_strf("%s\n", text);

    write_all(out, line, strlen(line));
    free(line);
    free(text);
    json_object_put(answer);
}

/* ---- around the helper ---- */

/* What the helper reads, as a file: a pipe would want somebody to write it meanwhile. */
static int make_input(const char *text)
{
    int file;

    if (!text) {
        return open("/dev/null", O_RDONLY | O_CLOEXEC);
    }
    file = memfd_create("tidemill-question", MFD_CLOEXEC);
    if (file >= 0) {
        write_all(file, text, strlen(text));
        (void)lseek(file, 0, SEEK_SET);
    }
    return file;
}

static pid_t start(const struct tide_helper_question *question, int in, int out)
{
    const char *const *given = question->arguments;
    char *argv[] = {tide_strdup(question->helper), tide_strdup(given[0]),
                    given[1] ? tide_strdup(given[1]) : NULL, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t all, none;
    pid_t child = -1;

    (void)sigfillset(&all);
    (void)sigemptyset(&none);
    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawnattr_init(&attributes);
    (void)posix_spawnattr_setsigdefault(&attributes, &all);
    (void)posix_spawnattr_setsigmask(&attributes, &none);
    (void)posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
    (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                           0);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                                    POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSIGMASK);
    if (posix_spawn(&child, question->helper, &actions, &attributes, argv, environ) !=
        0) {
        child = -1;
    }
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; argv[i]; i++) {
        free(argv[i]);
    }
    return child;
}

/* Read to the end; false when the time is over or there is too much. */
static bool read_output(int fd, int64_t until, struct tide_text *output)
{
    for (;;) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        int64_t left = (until - tide_clock_now()) / 1000;
        char buffer[4096];
        ssize_t length;

        if (left <= 0 || output->length > OUTPUT_LIMIT) {
            return false;
        }
        if (poll(&waiting, 1, (int)left) <= 0) {
            continue;
        }
        length = read(fd, buffer, sizeof buffer);
        if (length == 0 || (length < 0 && errno != EINTR)) {
            return true;
        }
        if (length > 0) {
            tide_text_append_n(output, buffer, (size_t)length);
        }
    }
}

/*
 * The status of a child whose output is over, or whose time is.  A process that ends has
 * its status fixed before its files are closed, so that to kill it at the end of its
 * output changes nothing; but one that closed its output and goes on is ended here, with
 * what it started.
 */
static int reap(pid_t child)
{
    int status = 0;

    (void)kill(-child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
        continue;
    }
    return status;
}

static int judge(const char *when, bool in_time, int status, size_t length,
                 struct tide_error *err)
{
    if (!in_time) {
        return tide_error_set(err, TIDE_E_TRANSIENT,
                              "hangs %s: it did not answer within %d s", when,
                              TIME_LIMIT_US / 1000000);
    }
    if (WIFSIGNALED(status)) {
        return tide_error_set(err, TIDE_E_INTERNAL, "crashed %s (signal %d, %s)", when,
                              WTERMSIG(status), strsignal(WTERMSIG(status)));
    }
    if (length == 0 || WEXITSTATUS(status) != 0) {
        return tide_error_set(err, TIDE_E_INTERNAL,
                              "ended the process %s (exit status %d)", when,
                              WEXITSTATUS(status));
    }
    return TIDE_OK;
}

/* The child keeps the other ends. */
static int ask_child(const struct tide_helper_question *question, int in, int out,
                     int answers, struct tide_text *answer, struct tide_error *err)
{
    pid_t child = start(question, in, out);
    bool in_time;

    (void)close(out);
    if (child <= 0) {
        return tide_error_set(err, TIDE_E_IO, "cannot be looked at: %s does not start",
                              question->helper);
    }
    in_time = read_output(answers, tide_clock_now() + TIME_LIMIT_US, answer);
    return judge(question->when, in_time, reap(child), answer->length, err);
}

int tide_helper_ask(const struct tide_helper_question *question, struct tide_text *answer,
                    struct tide_error *err)
{
    int in = make_input(question->input);
    int ends[2];
    int rc;

    if (in < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        rc = tide_error_set(err, TIDE_E_IO, "cannot be looked at: %s", strerror(errno));
    } else {
        rc = ask_child(question, in, ends[1], ends[0], answer, err);
        (void)close(ends[0]);
    }
    if (in >= 0) {
        (void)close(in);
    }
    return rc;
}
