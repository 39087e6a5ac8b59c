/*
 * describe - reads a plugin's description in a process that may die of it.
 */
#define _GNU_SOURCE /* pipe2 */
#include "plugin/describe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "plugin/load.h"

#define TIME_LIMIT_US 5000000
#define OUTPUT_LIMIT (1u << 20)
#define PASSING "passing"

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

/* Keep the real standard output for the description alone. */
static int take_stdout(void)
{
    int real = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 16);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (null >= 0) {
        (void)dup2(null, STDOUT_FILENO);
        (void)close(null);
    }
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

int tide_describe_main(const char *file)
{
    const struct tide_plugin_entry *entry;
    struct tide_plugin_info *info;
    struct tide_error err = {0};
    struct json_object *json;
    int real = take_stdout();
    char *line, *text;
    int rc;

    set_limits();
    rc = tide_plugin_load_file(file, &entry, &err);
    info = rc == TIDE_OK ? tide_plugin_info_of(entry, file)
                         : tide_plugin_info_refused(file, err.message);
    json = tide_plugin_info_to_json(info);
    tide_json_set_bool(json, PASSING, rc == TIDE_E_IO);
    text = tide_json_format(json);
    line = tide_strf("%s\n", text);
    write_all(real, line, strlen(line));
    free(line);
    free(text);
    json_object_put(json);
    tide_plugin_info_destroy(info);
    return 0;
}

/* ---- around the helper ---- */

static pid_t start(const char *helper, const char *file, int out)
{
    char *argv[] = {tide_strdup(helper), tide_strdup("--describe"), tide_strdup(file),
                    NULL};
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
    (void)posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY,
                                           0);
    (void)posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY,
                                           0);
    (void)posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
    (void)posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP |
                                                    POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETSIGMASK);
    if (posix_spawn(&child, helper, &actions, &attributes, argv, environ) != 0) {
        child = -1;
    }
    (void)posix_spawnattr_destroy(&attributes);
    (void)posix_spawn_file_actions_destroy(&actions);
    for (size_t i = 0; argv[i]; i++) {
        free(argv[i]);
    }
    return child;
}

static int64_t now(void)
{
    const struct tide_clock *clock = tide_clock_system();

    return clock->monotonic(clock);
}

/* Read to the end; false when the time is over or there is too much. */
static bool read_output(int fd, int64_t until, struct tide_text *output)
{
    for (;;) {
        struct pollfd waiting = {.fd = fd, .events = POLLIN};
        int64_t left = (until - now()) / 1000;
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

static char *why_refused(bool in_time, int status, size_t length)
{
    if (!in_time) {
        return tide_strf("hangs on load: it did not answer within %d s",
                         TIME_LIMIT_US / 1000000);
    }
    if (WIFSIGNALED(status)) {
        return tide_strf("crashed on load (signal %d, %s)", WTERMSIG(status),
                         strsignal(WTERMSIG(status)));
    }
    if (length == 0) {
        return tide_strf("ended the process on load (exit status %d)",
                         WEXITSTATUS(status));
    }
    return tide_strdup("did not describe itself");
}

static struct tide_plugin_info *parse_output(const char *file,
                                             const struct tide_text *text, bool *passing)
{
    struct json_object *json = NULL;
    struct tide_plugin_info *info = NULL;

    if (text->length > 0 &&
        tide_json_parse(text->data, text->length, &json, NULL) == TIDE_OK &&
        tide_plugin_info_from_json(json, &info, NULL) == TIDE_OK) {
        *passing = tide_json_bool(json, PASSING, false);
        if (strcmp(info->path, file) != 0) {
            tide_plugin_info_destroy(info);
            info = NULL;
        }
    }
    json_object_put(json);
    return info;
}

static struct tide_plugin_info *refused(const char *file, char *why)
{
    struct tide_plugin_info *info = tide_plugin_info_refused(file, why);

    free(why);
    return info;
}

/* What came of a child that was started. */
static struct tide_plugin_info *hear(const char *file, pid_t child, int out,
                                     bool *passing)
{
    struct tide_plugin_info *info = NULL;
    struct tide_text output = {0};
    bool in_time = read_output(out, now() + TIME_LIMIT_US, &output);
    int status = reap(child);

    *passing = !in_time;
    if (in_time && WIFEXITED(status) && WEXITSTATUS(status) == 0) {
        info = parse_output(file, &output, passing);
    }
    if (!info) {
        info = refused(file, why_refused(in_time, status, output.length));
    }
    tide_text_fini(&output);
    return info;
}

struct tide_plugin_info *tide_describe(const char *helper, const char *file,
                                       bool *passing)
{
    struct tide_plugin_info *info;
    int ends[2];
    pid_t child;

    *passing = true;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        return refused(file, tide_strf("cannot be looked at: %s", strerror(errno)));
    }
    child = start(helper, file, ends[1]);
    (void)close(ends[1]);
    info =
        child > 0
            ? hear(file, child, ends[0], passing)
            : refused(file, tide_strf("cannot be looked at: %s does not start", helper));
    (void)close(ends[0]);
    return info;
}
