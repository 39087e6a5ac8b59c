/*
 * behind - see behind.h.
 */
#include <config.h> /* makes sync_file_range visible */

#include "behind.h"

#include <errno.h>
#include <fcntl.h>

/* A page that is still written to is not begun with: it would go to disk twice. */
#define PAGE 4096

/* A disk that fails says so once, to whoever waits for it first. */
static int settle(struct behind *behind, int fd)
{
    const unsigned wait =
        SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;

    if (sync_file_range(fd, behind->settled, behind->begun - behind->settled, wait) < 0) {
        return errno;
    }
    (void)posix_fadvise(fd, 0, behind->begun, POSIX_FADV_DONTNEED);
    behind->settled = behind->begun;
    return 0;
}

/* What was begun a step ago is waited for: the disk always has one to do.  A file system
 * that cannot begin early does it all at the end. */
int behind_wrote(struct behind *behind, int fd, size_t length)
{
    int64_t ready = 0;
    int rc = 0;

    behind->written += (int64_t)length;
    ready = (behind->written - behind->begun) / PAGE * PAGE;
    if (ready < BEHIND_STEP ||
        sync_file_range(fd, behind->begun, ready, SYNC_FILE_RANGE_WRITE) < 0) {
        return 0;
    }
    if (behind->begun >= BEHIND_LARGE) {
        rc = settle(behind, fd);
    }
    behind->begun += ready;
    return rc;
}
