/*
 * local - storage: files in the folders of this machine.
 *
 * This file is the plugin's entry and what its parts have in common: names, folders,
 * errors.
 */
#include "local.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int local_error(struct tide_error *err, const char *what, const char *path, int number)
{
    return tide_error_set(err, number == ENOENT ? TIDE_E_NOT_FOUND : TIDE_E_IO,
                          "cannot %s %s: %s", what, path, strerror(number));
}

static bool has_parent_step(const char *name)
{
    for (const char *at = name; at; at = strchr(at, '/')) {
        at += *at == '/';
        if (strncmp(at, "..", 2) == 0 && (at[2] == '/' || at[2] == '\0')) {
            return true;
        }
    }
    return false;
}

int local_check_name(const char *name, struct tide_error *err)
{
    size_t length = strlen(name);

    if (length == 0 || name[length - 1] == '/') {
        return tide_error_set(err, TIDE_E_CONFIG, "\"%s\" is not the name of a file",
                              name);
    }
    if (name[0] == '/') {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "\"%s\" is an absolute path; name the file relative to "
                              "the connection's path",
                              name);
    }
    if (has_parent_step(name)) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "\"%s\" leaves the connection's path; \"..\" is not "
                              "allowed",
                              name);
    }
    return TIDE_OK;
}

char *local_join(const char *folder, const char *name)
{
    size_t folder_length = strlen(folder);
    size_t size;
    char *path;

    while (folder_length > 0 && folder[folder_length - 1] == '/') {
        folder_length--;
    }
    size = folder_length + strlen(name) + 2;
    path = malloc(size);
    if (path) {
        (void)snprintf(path, size, "%.*s/%s", (int)folder_length, folder, name);
    }
    return path;
}

char *local_folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    if (!slash) {
        return strdup(".");
    }
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *local_base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

int local_next_entry(DIR *folder, const char *path, const struct dirent **entry,
                     struct tide_error *err)
{
    errno = 0;
    /* cppcheck-suppress readdirCalled ; each call has a folder of its own, and readdir_r
     * is deprecated */
    *entry = readdir(folder);
    return *entry || errno == 0 ? TIDE_OK : local_error(err, "list", path, errno);
}

int local_sync_folder(const char *path, struct tide_error *err)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = TIDE_OK;

    if (fd < 0) {
        return local_error(err, "open", path, errno);
    }
    /* Some file systems have nothing to sync for a folder and say EINVAL. */
    if (fsync(fd) < 0 && errno != EINVAL) {
        rc = local_error(err, "sync", path, errno);
    }
    (void)close(fd);
    return rc;
}

static int make_one_folder(const char *path, struct tide_error *err)
{
    char *parent;
    int rc;

    if (mkdir(path, 0777) < 0) {
        return errno == EEXIST ? TIDE_OK : local_error(err, "create", path, errno);
    }
    parent = local_folder_of(path);
    if (!parent) {
        return tide_error_memory(err);
    }
    rc = local_sync_folder(parent, err);
    free(parent);
    return rc;
}

size_t local_existing_prefix(const char *path)
{
    size_t length = strlen(path);
    char *prefix = strdup(path);
    struct stat status;

    while (prefix && length > 0 && stat(prefix, &status) != 0) {
        while (length > 0 && prefix[length - 1] != '/') {
            length--;
        }
        length -= length > 0;
        prefix[length] = '\0';
    }
    free(prefix);
    return length;
}

int local_make_folder(const char *path, struct tide_error *err)
{
    struct stat status;
    char *part;
    int rc = TIDE_OK;

    if (stat(path, &status) == 0) {
        return S_ISDIR(status.st_mode)
                   ? TIDE_OK
                   : tide_error_set(err, TIDE_E_CONFIG,
                                    "%s is a file where a folder is needed", path);
    }
    part = strdup(path);
    if (!part) {
        return tide_error_memory(err);
    }
    for (char *at = part + 1; rc == TIDE_OK && *at; at++) {
        if (*at == '/') {
            *at = '\0';
            rc = make_one_folder(part, err);
            *at = '/';
        }
    }
    if (rc == TIDE_OK) {
        rc = make_one_folder(part, err);
    }
    free(part);
    return rc;
}

static const struct tide_storage local_storage = {
    .size = sizeof local_storage,
    .list = local_list,
    .read_open = local_read_open,
    .read = local_read,
    .read_close = local_read_close,
    .write_open = local_write_open,
    .write = local_write,
    .publish = local_publish,
    .write_close = local_write_close,
    .read_seek = local_read_seek,
    .remove = local_remove,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_STORAGE, "local", "1.0",
                     "Files in the folders of this machine."),
    .storage = &local_storage,
};
