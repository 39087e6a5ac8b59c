/*
 * stopwatch - runs one command and writes what it took: "wall user system peak_kib first_byte status".
 *
 *     stopwatch RESULT OUTPUT COMMAND [ARGUMENT...]
 *
 * OUTPUT is the file for the command's standard output; "-" reads it through a pipe, throws it away and times the first
 * byte (else first_byte is -1).  A program of its own because a child's peak memory counts what its parent had in memory
 * when it forked, and this is small.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double seconds(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static double drain(int fd, double began)
{
    static char buffer[1 << 16];
    double first = -1;

    while (read(fd, buffer, sizeof buffer) > 0) {
        if (first < 0) {
            first = now() - began;
        }
    }
    return first;
}

int main(int argc, char **argv)
{
    int ends[2] = {-1, -1}, status = 0, out;
    double began, first = -1, wall;
    struct rusage usage;
    FILE *result;
    pid_t child;

    if (argc < 4) {
        (void)fputs("usage: stopwatch RESULT OUTPUT COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    if (strcmp(argv[2], "-") == 0) {
        if (pipe(ends) != 0) {
            perror("pipe");
            return 2;
        }
        out = ends[1];
    } else if ((out = open(argv[2], O_WRONLY | O_CREAT | O_TRUNC, 0644)) < 0) {
        perror(argv[2]);
        return 2;
    }
    began = now();
    child = fork();
    if (child == 0) {
        (void)dup2(out, STDOUT_FILENO);
        (void)close(out);
        (void)close(ends[0]);
        (void)execvp(argv[3], argv + 3);
        perror(argv[3]);
        _exit(127);
    }
    (void)close(out);
    if (ends[0] >= 0) {
        first = drain(ends[0], began);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) != child) {
        perror("wait4");
        return 2;
    }
    wall = now() - began;
    result = fopen(argv[1], "w");
    if (!result) {
        perror(argv[1]);
        return 2;
    }
    (void)fprintf(result, "%.6f %.6f %.6f %ld %.6f %d\n", wall, seconds(usage.ru_utime),
                  seconds(usage.ru_stime), usage.ru_maxrss, first,
                  WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    return fclose(result) == 0 ? 0 : 2;
}
