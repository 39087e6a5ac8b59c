/*
 * standard_files - see standard_files.h.
 */
#include "base/standard_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The lowest descriptor that is free is taken, and those below are not. */
void tide_standard_files_open(void)
{
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++) {
        if (fcntl(file, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", O_RDWR) != file) {
            perror("/dev/null");
            exit(EXIT_FAILURE);
        }
    }
}
