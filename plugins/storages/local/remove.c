/*
 * remove - a file goes, and with it what dead runs left under its name.
 */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local.h"

static int remove_in(const char *folder, const char *path, struct tide_error *err)
{
    struct stat status;
    int rc;

    if (stat(folder, &status) < 0 && errno == ENOENT) {
        return TIDE_OK;
    }
    rc = local_clear_stale(folder, local_base_of(path), "", err);
    if (rc == TIDE_OK && unlink(path) < 0 && errno != ENOENT) {
        rc = local_error(err, "remove", path, errno);
    }
    return rc == TIDE_OK ? local_sync_folder(folder, err) : rc;
}

int local_remove(const void *options, const struct tide_host *host, const char *root,
                 const char *name, struct tide_error *err)
{
    char *path = NULL, *folder = NULL;
    int rc = local_check_name(name, err);

    (void)options;
    (void)host;
    if (rc != TIDE_OK) {
        return rc;
    }
    path = local_join(root, name);
    folder = path ? local_folder_of(path) : NULL;
    rc = folder ? remove_in(folder, path, err) : tide_error_memory(err);
    free(folder);
    free(path);
    return rc;
}
