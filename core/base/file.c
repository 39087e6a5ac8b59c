/*
 * file - whole files read and replaced, and paths taken apart.
 *
 * A file is replaced so that a reader, and a machine that loses power, sees the old one
 * or the new one, whole.
 */
#define _GNU_SOURCE /* mkostemp */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/text.h"

static int fail(struct tide_error *err, const char *verb, const char *path)
{
    int code = errno == ENOENT || errno == ENOTDIR ? TIDE_E_NOT_FOUND : TIDE_E_IO;

    return tide_error_set(err, code, "cannot %s %s: %s", verb, path, strerror(errno));
}

/* ---- reading ---- */

static int read_all(int fd, const char *path, size_t limit, struct tide_text *text,
                    struct tide_error *err)
{
    char chunk[16384];

    for (;;) {
        ssize_t got = read(fd, chunk, sizeof chunk);

        if (got == 0) {
            return TIDE_OK;
        }
        if (got < 0) {
            if (errno == EINTR) {
                continue;
            }
            return fail(err, "read", path);
        }
        if ((size_t)got > limit - text->length) {
            return tide_error_set(err, TIDE_E_LIMIT, "%s is longer than %zu bytes", path,
                                  limit);
        }
        tide_text_append_n(text, chunk, (size_t)got);
    }
}

int tide_file_read(const char *path, size_t limit, char **data, size_t *length,
                   struct tide_error *err)
{
    bool standard = strcmp(path, "-") == 0;
    int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    struct tide_text text = {0};
    int rc;

    if (fd < 0) {
        return fail(err, "open", path);
    }
    rc = read_all(fd, standard ? "standard input" : path, limit, &text, err);
    if (rc == TIDE_OK) {
        *length = text.length;
        *data = tide_text_take(&text);
    }
    tide_text_fini(&text);
    if (!standard) {
        (void)close(fd);
    }
    return rc;
}

/* ---- writing ---- */

static int write_all(int fd, const void *data, size_t length)
{
    const char *at = data;

    while (length > 0) {
        ssize_t put = write(fd, at, length);

        if (put >= 0) {
            at += put;
            length -= (size_t)put;
        } else if (errno != EINTR) {
            return -1;
        }
    }
    return 0;
}

static int sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc;

    if (fd < 0) {
        return -1;
    }
    rc = fsync(fd);
    (void)close(fd);
    return rc;
}

int tide_file_write(const char *path, const void *data, size_t length, mode_t mode,
                    struct tide_error *err)
{
    char *folder = tide_path_folder(path);
    char *temporary = tide_strf("%s.XXXXXX", path);
    int fd = mkostemp(temporary, O_CLOEXEC);
    bool made = fd >= 0;
    int rc = TIDE_OK;

    if (!made || fchmod(fd, mode) != 0 || write_all(fd, data, length) != 0 ||
        fsync(fd) != 0) {
        rc = fail(err, "write", path);
    }
    if (made && close(fd) != 0 && rc == TIDE_OK) {
        rc = fail(err, "write", path);
    }
    if (rc == TIDE_OK && rename(temporary, path) != 0) {
        rc = fail(err, "replace", path);
    }
    if (rc == TIDE_OK && sync_folder(folder) != 0) {
        rc = fail(err, "make durable", path);
    } else if (rc != TIDE_OK && made) {
        (void)unlink(temporary);
    }
    free(temporary);
    free(folder);
    return rc;
}

static int make_one(const char *path, mode_t mode, struct tide_error *err)
{
    struct stat status;

    if (mkdir(path, mode) == 0) {
        return TIDE_OK;
    }
    if (errno == EEXIST && stat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        return TIDE_OK;
    }
    return fail(err, "make the folder", path);
}

int tide_folder_make(const char *path, mode_t mode, struct tide_error *err)
{
    char *copy = tide_strdup(path);
    int rc = TIDE_OK;

    for (char *slash = strchr(copy + (*copy == '/'), '/'); slash && rc == TIDE_OK;
         slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        rc = make_one(copy, mode, err);
        *slash = '/';
    }
    if (rc == TIDE_OK) {
        rc = make_one(copy, mode, err);
    }
    free(copy);
    return rc;
}

/* ---- paths ---- */

char *tide_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return tide_strdup(".");
    }
    while (slash > path && slash[-1] == '/') {
        slash--;
    }
    return slash == path ? tide_strdup("/") : tide_strndup(path, (size_t)(slash - path));
}

char *tide_path_join(const char *folder, const char *name)
{
    if (name[0] == '/' || folder[0] == '\0') {
        return tide_strdup(name);
    }
    while (name[0] == '.' && name[1] == '/') {
        name += 2;
    }
    if (strcmp(name, ".") == 0) {
        return tide_strdup(folder);
    }
    return tide_strf("%s%s%s", folder, tide_text_ends(folder, "/") ? "" : "/", name);
}

char *tide_path_absolute(const char *path)
{
    char *folder, *joined;

    if (path[0] == '/') {
        return tide_strdup(path);
    }
    folder = getcwd(NULL, 0);
    joined = tide_path_join(folder ? folder : "/", path);
    free(folder);
    return joined;
}
