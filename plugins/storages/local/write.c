/*
 * write - a file that appears whole or not at all.
 *
 * Order: write under a temporary name in the same folder (from where it goes to disk all
 * the while, behind.h), fsync, rename over the real
 * name, fsync the folder.  Until the rename a reader sees the old file; a process that
 * dies leaves only the temporary one, which the next run removes.
 */
#include <config.h> /* makes copy_file_range visible */

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "behind.h"
#include "local.h"

#define COPY_PIECE (1 << 20)

struct output {
    int fd;
    struct behind behind;
    bool published;
    char *path;
    char *folder;
    size_t folder_before; /* how much of its path was there before us */
    char *temporary_name; /* within folder */
    char *temporary;      /* its path */
};

/* Whether the name still leads to the file we hold: another run may have taken it for a
 * dead one between our open and our lock. */
static int look_whether_there(const struct output *output, bool *is_there,
                              struct tide_error *err)
{
    struct stat held, named;

    if (fstat(output->fd, &held) != 0) {
        return local_error(err, "look at", output->temporary, errno);
    }
    if (stat(output->temporary, &named) != 0) {
        *is_there = false;
        return errno == ENOENT ? TIDE_OK
                               : local_error(err, "look at", output->temporary, errno);
    }
    *is_there = held.st_ino == named.st_ino && held.st_dev == named.st_dev;
    return TIDE_OK;
}

/* A lock that the file system does not know (ENOTSUP) is done without. */
static int lock_temporary(const struct output *output, struct tide_error *err)
{
    if (flock(output->fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK) {
        return tide_error_set(err, TIDE_E_TRANSIENT,
                              "another process holds %s; is this run running twice?",
                              output->temporary);
    }
    return TIDE_OK;
}

/* A file of that name is of an earlier attempt of this same run: it is started over. */
static int create_temporary(struct output *output, struct tide_error *err)
{
    bool is_there = false;

    do {
        int rc;

        if (output->fd >= 0) {
            (void)close(output->fd);
        }
        output->fd =
            open(output->temporary, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (output->fd < 0) {
            return local_error(err, "create", output->temporary, errno);
        }
        rc = lock_temporary(output, err);
        if (rc == TIDE_OK) {
            rc = look_whether_there(output, &is_there, err);
            if (rc != TIDE_OK) {
                (void)unlink(output->temporary); /* no other run has that name */
            }
        }
        if (rc != TIDE_OK) {
            (void)close(output->fd);
            output->fd = -1;
            return rc;
        }
    } while (!is_there);
    if (ftruncate(output->fd, 0) < 0) {
        return local_error(err, "empty", output->temporary, errno);
    }
    return local_clear_stale(output->folder, local_base_of(output->path),
                             output->temporary_name, err);
}

/* Copy within the kernel; false with errno set when that cannot be done here. */
static bool copy_in_kernel(int from, int to, int64_t *copied)
{
    ssize_t moved;

    do {
        moved = copy_file_range(from, NULL, to, NULL, 1 << 30, 0);
        if (moved > 0) {
            *copied += moved;
        }
    } while (moved > 0 || (moved < 0 && errno == EINTR));
    return moved == 0;
}

static int copy_by_hand(struct output *output, int from, int64_t *copied,
                        struct tide_error *err)
{
    uint8_t *piece = malloc(COPY_PIECE);
    ssize_t got = 1;
    int rc = piece ? TIDE_OK : tide_error_memory(err);

    while (rc == TIDE_OK && got > 0) {
        got = read(from, piece, COPY_PIECE);
        if (got > 0) {
            rc = local_write(output, piece, (size_t)got, err);
            *copied += got;
        } else if (got < 0 && errno == EINTR) {
            got = 1;
        } else if (got < 0) {
            rc = local_error(err, "read", output->path, errno);
        }
    }
    free(piece);
    return rc;
}

static bool kernel_cannot_copy(int number)
{
    return number == EXDEV || number == EINVAL || number == ENOSYS ||
           number == EOPNOTSUPP || number == EPERM;
}

static int copy_present(struct output *output, int from, int64_t *copied,
                        struct tide_error *err)
{
    if (copy_in_kernel(from, output->fd, copied)) {
        return TIDE_OK;
    }
    if (*copied == 0 && kernel_cannot_copy(errno)) {
        return copy_by_hand(output, from, copied, err);
    }
    return tide_error_set(err, TIDE_E_IO, "cannot copy %s to %s: %s", output->path,
                          output->temporary, strerror(errno));
}

/* Take over from the file that is there now: its mode, and its contents when
 * appending. */
static int start_from_present(struct output *output, bool append, int64_t *copied,
                              struct tide_error *err)
{
    struct stat status;
    int from = open(output->path, O_RDONLY | O_CLOEXEC);
    int rc = TIDE_OK;

    if (from < 0 && errno == ENOENT) {
        return TIDE_OK;
    }
    if (from < 0 && !append) {
        return TIDE_OK;
    }
    if (from < 0 || fstat(from, &status) < 0) {
        rc = local_error(err, "open", output->path, errno);
    } else if (S_ISDIR(status.st_mode)) {
        rc = tide_error_set(err, TIDE_E_CONFIG, "%s is a folder; choose another name",
                            output->path);
    } else {
        (void)fchmod(output->fd, status.st_mode & 0777);
        rc = append ? copy_present(output, from, copied, err) : TIDE_OK;
    }
    if (from >= 0) {
        (void)close(from);
    }
    return rc;
}

static int prepare_names(struct output *output, const char *root, const char *name,
                         const char *run, struct tide_error *err)
{
    output->path = local_join(root, name);
    if (output->path) {
        output->folder = local_folder_of(output->path);
        output->temporary_name = local_temporary_name(local_base_of(output->path), run);
    }
    if (output->folder && output->temporary_name) {
        output->temporary = local_join(output->folder, output->temporary_name);
    }
    if (!output->temporary) {
        (void)tide_error_memory(err);
        return TIDE_E_LIMIT;
    }
    return TIDE_OK;
}

int local_write_open(const void *options, const struct tide_host *host, const char *root,
                     const char *name, const char *run, bool append, void **file,
                     int64_t *existing, struct tide_error *err)
{
    struct output *output;
    int64_t copied = 0;
    int rc = local_check_name(name, err);

    (void)options;
    (void)host;
    if (rc != TIDE_OK) {
        return rc;
    }
    output = calloc(1, sizeof *output);
    if (!output) {
        return tide_error_memory(err);
    }
    output->fd = -1;
    output->folder_before = SIZE_MAX;
    rc = prepare_names(output, root, name, run, err);
    if (rc == TIDE_OK) {
        output->folder_before = local_existing_prefix(output->folder);
        rc = local_make_folder(output->folder, err);
    }
    if (rc == TIDE_OK) {
        rc = create_temporary(output, err);
    }
    if (rc == TIDE_OK) {
        rc = start_from_present(output, append, &copied, err);
    }
    if (rc != TIDE_OK) {
        local_write_close(output);
        return rc;
    }
    output->behind.written = copied;
    *existing = copied;
    *file = output;
    return TIDE_OK;
}

int local_write(void *file, const uint8_t *data, size_t length, struct tide_error *err)
{
    struct output *output = file;
    size_t left = length;
    int number = 0;

    while (left > 0) {
        ssize_t written = write(output->fd, data, left);

        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written < 0) {
            return local_error(err, "write", output->path, errno);
        }
        data += written;
        left -= (size_t)written;
    }
    number = behind_wrote(&output->behind, output->fd, length);
    return number == 0 ? TIDE_OK : local_error(err, "write", output->path, number);
}

int local_publish(void *file, struct tide_error *err)
{
    struct output *output = file;

    if (fsync(output->fd) < 0) {
        return local_error(err, "sync", output->temporary, errno);
    }
    if (rename(output->temporary, output->path) < 0) {
        return tide_error_set(err, TIDE_E_IO, "cannot rename %s to %s: %s",
                              output->temporary, output->path, strerror(errno));
    }
    output->published = true;
    return local_sync_folder(output->folder, err);
}

/* Folders that were made for a file that did not come; one that others use now stays. */
static void remove_new_folders(struct output *output)
{
    while (output->folder && strlen(output->folder) > output->folder_before &&
           rmdir(output->folder) == 0) {
        char *slash = strrchr(output->folder, '/');

        if (!slash) {
            break;
        }
        *slash = '\0';
    }
}

void local_write_close(void *file)
{
    struct output *output = file;

    if (!output) {
        return;
    }
    if (output->fd >= 0) {
        if (!output->published) {
            (void)unlink(output->temporary);
        }
        (void)close(output->fd);
    }
    if (!output->published) {
        remove_new_folders(output);
    }
    free(output->path);
    free(output->folder);
    free(output->temporary_name);
    free(output->temporary);
    free(output);
}
