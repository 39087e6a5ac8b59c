/*
 * spawn - a program is started: pipes, environment, arguments, its own process group.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
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

static int add_actions(posix_spawn_file_actions_t *actions, const char *directory,
                       const struct ends *ends)
{
    int failed = posix_spawn_file_actions_adddup2(actions, ends->in, STDIN_FILENO);

    if (!failed) {
        failed = posix_spawn_file_actions_adddup2(actions, ends->out, STDOUT_FILENO);
    }
    if (!failed) {
        failed = posix_spawn_file_actions_adddup2(actions, ends->errors, STDERR_FILENO);
    }
    if (!failed && directory) {
        failed = posix_spawn_file_actions_addchdir_np(actions, directory);
    }
    return failed;
}

/* Its own group, and signals as a shell would hand them on. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none, pipe;

    (void)sigemptyset(&none);
    (void)sigemptyset(&pipe);
    (void)sigaddset(&pipe, SIGPIPE);
    (void)posix_spawnattr_setpgroup(attributes, 0);
    (void)posix_spawnattr_setsigmask(attributes, &none);
    (void)posix_spawnattr_setsigdefault(attributes, &pipe);
    return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP |
                                                    POSIX_SPAWN_SETSIGMASK |
                                                    POSIX_SPAWN_SETSIGDEF);
}

/* 0, or the errno of the failure. */
static int spawn(struct child *child, char **arguments, char **environment,
                 const struct ends *ends)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);

    if (failed) {
        return failed;
    }
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = add_actions(&actions, child->options->directory, ends);
        if (!failed) {
            failed = set_attributes(&attributes);
        }
        if (!failed) {
            failed = posix_spawnp(&child->pid, arguments[0], &actions, &attributes,
                                  arguments, environment);
        }
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return failed;
}

static int cannot_start(const struct child *child, int reason, struct tide_error *err)
{
    const char *directory = child->options->directory;

    return tide_error_set(err, TIDE_E_CONFIG, "cannot start \"%s\"%s%s: %s",
                          child->options->command.items[0], directory ? " in " : "",
                          directory ? directory : "", strerror(reason));
}

int child_start(struct child *child, const char *const *more, bool takes,
                struct tide_error *err)
{
    const struct child_options *options = child->options;
    struct ends ends = {-1, -1, -1};
    char **arguments = NULL, **environment = NULL;
    int rc, failed;

    if (options->command.count == 0) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "command is empty: name the program to run");
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
        rc = tide_error_set(err, TIDE_E_LIMIT, "out of memory");
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
