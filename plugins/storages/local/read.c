/*
 * read - one file from front to back.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "local.h"

struct input {
    int fd;
    char *path;
};

int local_read_open(const void *options, const struct tide_host *host, const char *root,
                    const char *name, void **file, struct tide_error *err)
{
    struct input *input;
    int rc = local_check_name(name, err);

    (void)options;
    (void)host;
    if (rc != TIDE_OK) {
        return rc;
    }
    input = calloc(1, sizeof *input);
    if (!input) {
        return tide_error_memory(err);
    }
    input->fd = -1;
    input->path = local_join(root, name);
    if (!input->path) {
        rc = tide_error_memory(err);
        goto out;
    }
    input->fd = open(input->path, O_RDONLY | O_CLOEXEC);
    if (input->fd < 0) {
        rc = local_error(err, "open", input->path, errno);
        goto out;
    }
    (void)posix_fadvise(input->fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    *file = input;
    input = NULL;
out:
    local_read_close(input);
    return rc;
}

int local_read(void *file, uint8_t *data, size_t capacity, size_t *length,
               struct tide_error *err)
{
    const struct input *input = file;
    ssize_t got;

    do {
        got = read(input->fd, data, capacity);
    } while (got < 0 && errno == EINTR);
    if (got < 0) {
        return local_error(err, "read", input->path, errno);
    }
    *length = (size_t)got;
    return TIDE_OK;
}

int local_read_seek(void *file, int64_t offset, struct tide_error *err)
{
    const struct input *input = file;

    if (lseek(input->fd, offset, SEEK_SET) < 0) {
        return local_error(err, "seek in", input->path, errno);
    }
    return TIDE_OK;
}

void local_read_close(void *file)
{
    struct input *input = file;

    if (!input) {
        return;
    }
    if (input->fd >= 0) {
        (void)close(input->fd);
    }
    free(input->path);
    free(input);
}
