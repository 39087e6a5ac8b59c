/*
 * spawn - a program is started: pipes, environment, arguments, its own process group.
 *
 * When the thread that starts it ends without stopping it, as a run does that is killed,
 * the kernel ends the program: it shall not take the end of its input for the end of the
 * rows, nor run on.  So whoever starts it must live as long as it; what opens and closes
 * plugins does.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

void child_init(struct child *child, const struct child_options *options,
                const struct tide_host *host)
{
    memset(child, 0, sizeof *child);
    child->options = options;
    child->host = host;
    child->in = child->out = -1;
    child->errors.fd = child->chatter.fd = -1;
    child->errors.level = TIDE_LOG_WARNING;
    child->chatter.level = TIDE_LOG_DEBUG;
}

/* The ends of the pipes that the program gets. */
struct ends {
    int in, out, errors;
};

static void close_end(int *fd)
{
    if (*fd >= 0) {
        (void)close(*fd);
    }
    *fd = -1;
}

static void close_ends(struct ends *ends)
{
    close_end(&ends->in);
    close_end(&ends->out);
    close_end(&ends->errors);
}

/* Our end does not block, theirs does. */
static int make_pipe(int *ours, int *theirs, bool we_write)
{
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) != 0) {
        return TIDE_E_IO;
    }
    *ours = fds[we_write ? 1 : 0];
    *theirs = fds[we_write ? 0 : 1];
    return fcntl(*ours, F_SETFL, O_NONBLOCK) == 0 ? TIDE_OK : TIDE_E_IO;
}

static int make_pipes(struct child *child, bool takes, struct ends *ends)
{
    int rc = make_pipe(takes ? &child->chatter.fd : &child->out, &ends->out, false);

    if (rc == TIDE_OK) {
        rc = make_pipe(&child->errors.fd, &ends->errors, false);
    }
    if (rc == TIDE_OK && takes) {
        rc = make_pipe(&child->in, &ends->in, true);
    } else if (rc == TIDE_OK) {
        ends->in = open("/dev/null", O_RDONLY | O_CLOEXEC);
        rc = ends->in >= 0 ? TIDE_OK : TIDE_E_IO;
    }
    return rc;
}

static char **make_arguments(const struct tide_list *command, const char *const *more)
{
    size_t extra = 0, count = 0;
    char **arguments;

    while (more && more[extra]) {
        extra++;
    }
    arguments = calloc(command->count + extra + 1, sizeof(char *));
    for (size_t i = 0; arguments && i < command->count; i++) {
        memcpy(&arguments[count++], &command->items[i], sizeof(char *));
    }
    for (size_t i = 0; arguments && i < extra; i++) {
        memcpy(&arguments[count++], &more[i], sizeof(char *));
    }
    return arguments;
}

static bool is_replaced(const struct tide_map *map, const char *entry)
{
    size_t length = strcspn(entry, "=");

    for (size_t i = 0; i < map->count; i++) {
        if (strncmp(map->pairs[i].key, entry, length) == 0 &&
            map->pairs[i].key[length] == '\0') {
            return true;
        }
    }
    return false;
}

static char *make_entry(const struct tide_pair *pair)
{
    size_t size = strlen(pair->key) + strlen(pair->value) + 2;
    char *entry = malloc(size);

    if (entry) {
        (void)snprintf(entry, size, "%s=%s", pair->key, pair->value);
    }
    return entry;
}

/* The first `map->count` entries are owned. */
static char **make_environment(const struct tide_map *map)
{
    size_t count = 0;
    char **environment;

    while (environ[count]) {
        count++;
    }
    environment = calloc(count + map->count + 1, sizeof(char *));
    count = 0;
    for (; environment && count < map->count; count++) {
        environment[count] = make_entry(&map->pairs[count]);
        if (!environment[count]) {
            return environment;
        }
    }
    for (char **entry = environ; environment && *entry; entry++) {
        if (!is_replaced(map, *entry)) {
            environment[count++] = *entry;
        }
    }
    return environment;
}

static void free_environment(char **environment, size_t owned)
{
    for (size_t i = 0; environment && i < owned; i++) {
        free(environment[i]);
    }
    free(environment);
}

/* ---- between fork and exec: what a signal handler may call, and no more -------------*/

/* What the new process is told. */
struct start {
    char **arguments, **environment;
    const char *directory; /**< or NULL: ours */
    const struct ends *ends;
    pid_t parent;
    int failure; /**< takes the errno when it cannot start; closed by exec */
};

static bool put_end(int end, int place)
{
    return end == place ? fcntl(end, F_SETFD, 0) == 0 : dup2(end, place) >= 0;
}

/* As a shell would hand them on: none is blocked, ours are not caught. */
static bool reset_signals(void)
{
    const struct sigaction standard = {.sa_handler = SIG_DFL};
    struct sigaction action;
    sigset_t none;

    for (int number = 1; number < NSIG; number++) {
        if (sigaction(number, NULL, &action) == 0 &&
            (action.sa_handler != SIG_IGN || number == SIGPIPE)) {
            (void)sigaction(number, &standard, NULL);
        }
    }
    (void)sigemptyset(&none);
    return sigprocmask(SIG_SETMASK, &none, NULL) == 0;
}

/* Whoever started it may have ended before it could be said. */
static bool end_with_parent(pid_t parent)
{
    return prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && getppid() == parent;
}

static _Noreturn void become(const struct start *start)
{
    const struct ends *ends = start->ends;

    if (end_with_parent(start->parent) && setpgid(0, 0) == 0 &&
        put_end(ends->in, STDIN_FILENO) && put_end(ends->out, STDOUT_FILENO) &&
        put_end(ends->errors, STDERR_FILENO) &&
        (!start->directory || chdir(start->directory) == 0) && reset_signals()) {
        (void)execvpe(start->arguments[0], start->arguments, start->environment);
    }
    (void)!write(start->failure, &errno, sizeof errno);
    _exit(127);
}

/* ---- its parent ---------------------------------------------------------------------*/

/* Our handlers do not run in the new process. */
static pid_t fork_quietly(const struct start *start)
{
    sigset_t all, before;
    pid_t pid;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pid = fork();
    if (pid == 0) {
        become(start);
    }
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return pid;
}

/* 0 once the program runs, or the errno of the failure. */
static int hear_failure(int failures)
{
    int failed = 0;
    ssize_t length;

    do {
        length = read(failures, &failed, sizeof failed);
    } while (length < 0 && errno == EINTR);
    return length == (ssize_t)sizeof failed ? failed : 0;
}

static int spawn(struct child *child, char **arguments, char **environment,
                 const struct ends *ends)
{
    struct start start = {.arguments = arguments,
                          .environment = environment,
                          .directory = child->options->directory,
                          .ends = ends,
                          .parent = getpid()};
    int failures[2], failed;

    if (pipe2(failures, O_CLOEXEC) != 0) {
        return errno;
    }
    start.failure = failures[1];
    child->pid = fork_quietly(&start);
    failed = child->pid < 0 ? errno : 0;
    (void)close(failures[1]);
    if (child->pid > 0) {
        failed = hear_failure(failures[0]);
        if (failed) {
            (void)waitpid(child->pid, NULL, 0);
        }
    }
    (void)close(failures[0]);
    return failed;
}

static int cannot_start(const struct child *child, int reason, struct tide_error *err)
{
    const char *directory = child->options->directory;

    return tide_error_set(err, TIDE_E_CONFIG, "cannot start \"%s\"%s%s: %s",
                          child->options->command.items[0], directory ? " in " : "",
                          directory ? directory : "", strerror(reason));
}

int child_check(const struct child_options *options, struct tide_error *err)
{
    if (options->command.count == 0 || options->command.items[0][0] == '\0') {
        return tide_error_at(err, TIDE_E_CONFIG, "command",
                             "command is empty: name the program to run");
    }
    return TIDE_OK;
}

int child_start(struct child *child, const char *const *more, bool takes,
                struct tide_error *err)
{
    const struct child_options *options = child->options;
    struct ends ends = {-1, -1, -1};
    char **arguments = NULL, **environment = NULL;
    int rc = child_check(options, err), failed;

    if (rc != TIDE_OK) {
        return rc;
    }
    rc = make_pipes(child, takes, &ends);
    if (rc != TIDE_OK) {
        rc = tide_error_set(err, rc, "cannot make a pipe: %s", strerror(errno));
        goto out;
    }
    arguments = make_arguments(&options->command, more);
    environment = make_environment(&options->environment);
    if (!arguments || !environment ||
        (options->environment.count && !environment[options->environment.count - 1])) {
        rc = tide_error_memory(err);
        goto out;
    }
    failed = spawn(child, arguments, environment, &ends);
    if (failed) {
        child->pid = 0;
        rc = cannot_start(child, failed, err);
    }
out:
    close_ends(&ends);
    free_environment(environment, options->environment.count);
    free(arguments);
    return rc;
}
