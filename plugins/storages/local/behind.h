/*
 * behind - a file goes to disk while it is written, and not all at once at its end.
 *
 * What makes it durable, the fsync of the end, then has little left to wait for.  A file
 * that becomes large leaves the page cache behind what is being written: nothing else
 * that this machine keeps there makes room for it, and the pages that it gives back are
 * the ones it takes next.  A small file stays, for whoever reads it now.
 */
#ifndef LOCAL_BEHIND_H
#define LOCAL_BEHIND_H

#include <stddef.h>
#include <stdint.h>

#define BEHIND_STEP (INT64_C(8) << 20)    /* bytes that are begun with at once */
#define BEHIND_LARGE (INT64_C(256) << 20) /* a file of more leaves the page cache */

struct behind {
    int64_t written; /* how long the file is */
    int64_t begun;   /* up to here it is on its way to disk */
    int64_t settled; /* up to here it is there, and not in memory any more */
};

/** So many bytes more were written at the end of the file.  0, or the error number of a
 * disk that did not take what was written before. */
int behind_wrote(struct behind *behind, int fd, size_t length);

#endif
