/*
 * stale - temporary files that other runs left, or still write.
 *
 * A process that was killed cannot remove its file.  Its lock is gone with it, and so the
 * next run that writes the same name knows.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "local.h"

#define MARK ".tidemill-"

char *local_temporary_name(const char *base, const char *run)
{
    size_t size = strlen(base) + strlen(run) + sizeof MARK + 1;
    char *name = malloc(size);

    if (!name) {
        return NULL;
    }
    (void)snprintf(name, size, ".%s" MARK "%s", base, run);
    for (char *at = name; *at; at++) {
        if (*at == '/') {
            *at = '_';
        }
    }
    return name;
}

static bool is_temporary_of(const char *entry, const char *base)
{
    size_t length = strlen(base);

    return entry[0] == '.' && strncmp(entry + 1, base, length) == 0 &&
           strncmp(entry + 1 + length, MARK, strlen(MARK)) == 0;
}

static int clear_one(int folder, const char *path, const char *entry,
                     struct tide_error *err)
{
    int fd = openat(folder, entry, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    int rc = TIDE_OK;

    if (fd < 0) {
        return TIDE_OK;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        (void)unlinkat(folder, entry, 0);
    } else if (errno == EWOULDBLOCK) {
        rc = tide_error_set(err, TIDE_E_TRANSIENT,
                            "another run is writing this file now (%s/%s)", path, entry);
    }
    (void)close(fd);
    return rc;
}

int local_clear_stale(const char *folder, const char *base, const char *own,
                      struct tide_error *err)
{
    DIR *entries = opendir(folder);
    const struct dirent *entry = NULL;
    int rc = TIDE_OK;

    if (!entries) {
        return local_error(err, "list", folder, errno);
    }
    while (rc == TIDE_OK &&
           (rc = local_next_entry(entries, folder, &entry, err)) == TIDE_OK && entry) {
        if (is_temporary_of(entry->d_name, base) && strcmp(entry->d_name, own) != 0) {
            rc = clear_one(dirfd(entries), folder, entry->d_name, err);
        }
    }
    (void)closedir(entries);
    return rc;
}
