/*
 * shim_io - what reads, writes and makes files, and what talks to a server; see shim.h.
 *
 * Standard output and standard error are left alone: a program that cannot speak cannot
 * say what is wrong.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "shim.h"

#define CALLER __builtin_return_address(0)

/* True, with errno set, when the call is to fail. */
static bool fails(int kind, const char *function, int code, const void *caller)
{
    if (!fault_strikes(kind, function, caller)) {
        return false;
    }
    errno = code;
    return true;
}

static bool speaks(int file)
{
    return file == STDOUT_FILENO || file == STDERR_FILENO;
}

/* ---- bytes --------------------------------------------------------------------------*/

ssize_t read(int file, void *data, size_t length)
{
    if (fails(FAULT_IO, "read", EIO, CALLER)) {
        return -1;
    }
    return syscall(SYS_read, file, data, fault_cut(length));
}

ssize_t write(int file, const void *data, size_t length)
{
    if (speaks(file)) {
        return syscall(SYS_write, file, data, length);
    }
    if (fails(FAULT_IO, "write", ENOSPC, CALLER)) {
        return -1;
    }
    return syscall(SYS_write, file, data, fault_cut(length));
}

ssize_t pread(int file, void *data, size_t length, off_t offset)
{
    if (fails(FAULT_IO, "pread", EIO, CALLER)) {
        return -1;
    }
    return syscall(SYS_pread64, file, data, fault_cut(length), offset);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset)
{
    if (fails(FAULT_IO, "pwrite", ENOSPC, CALLER)) {
        return -1;
    }
    return syscall(SYS_pwrite64, file, data, fault_cut(length), offset);
}

ssize_t pread64(int file, void *data, size_t length, off64_t offset)
    __attribute__((alias("pread")));
ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset)
    __attribute__((alias("pwrite")));

ssize_t copy_file_range(int from, off64_t *from_offset, int to, off64_t *to_offset,
                        size_t length, unsigned flags)
{
    if (fails(FAULT_IO, "copy_file_range", EIO, CALLER)) {
        return -1;
    }
    return syscall(SYS_copy_file_range, from, from_offset, to, to_offset,
                   fault_cut(length), flags);
}

/* Both sides lose it: a library that is told so waits for the other's last words. */
static ssize_t break_connection(int file)
{
    (void)shutdown(file, SHUT_RDWR);
    errno = ECONNRESET;
    return -1;
}

ssize_t recv(int file, void *data, size_t length, int flags)
{
    if (fault_strikes(FAULT_NET, "recv", CALLER)) {
        return break_connection(file);
    }
    return syscall(SYS_recvfrom, file, data, fault_cut(length), flags, NULL, NULL);
}

ssize_t send(int file, const void *data, size_t length, int flags)
{
    if (fault_strikes(FAULT_NET, "send", CALLER)) {
        return break_connection(file);
    }
    return syscall(SYS_sendto, file, data, fault_cut(length), flags, NULL, 0);
}

/* ---- files --------------------------------------------------------------------------*/

int fsync(int file)
{
    return fails(FAULT_IO, "fsync", EIO, CALLER) ? -1 : (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    return fails(FAULT_IO, "fdatasync", EIO, CALLER) ? -1
                                                     : (int)syscall(SYS_fdatasync, file);
}

int rename(const char *from, const char *to)
{
    return fails(FAULT_IO, "rename", EIO, CALLER) ? -1
                                                  : (int)syscall(SYS_rename, from, to);
}

int mkdir(const char *path, mode_t mode)
{
    return fails(FAULT_IO, "mkdir", ENOSPC, CALLER) ? -1
                                                    : (int)syscall(SYS_mkdir, path, mode);
}

int ftruncate(int file, off_t length)
{
    return fails(FAULT_IO, "ftruncate", EIO, CALLER)
               ? -1
               : (int)syscall(SYS_ftruncate, file, length);
}

int ftruncate64(int file, off64_t length) __attribute__((alias("ftruncate")));

static int open_at(int folder, const char *path, int flags, va_list args,
                   const void *caller)
{
    mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(args, mode_t) : 0;

    if (fails(FAULT_IO, "open", EMFILE, caller)) {
        return -1;
    }
    return (int)syscall(SYS_openat, folder, path, flags, mode);
}

int open(const char *path, int flags, ...)
{
    va_list args;
    int file;

    va_start(args, flags);
    file = open_at(AT_FDCWD, path, flags, args, CALLER);
    va_end(args);
    return file;
}

int openat(int folder, const char *path, int flags, ...)
{
    va_list args;
    int file;

    va_start(args, flags);
    file = open_at(folder, path, flags, args, CALLER);
    va_end(args);
    return file;
}

int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int folder, const char *path, int flags, ...)
    __attribute__((alias("openat")));

void *mmap(void *address, size_t length, int protection, int flags, int file,
           off_t offset)
{
    if (fails(FAULT_IO, "mmap", ENOMEM, CALLER)) {
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, address, length, protection, flags, file, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int file,
             off64_t offset) __attribute__((alias("mmap")));

DIR *opendir(const char *path)
{
    DIR *(*real)(const char *path) = NULL;

    if (fails(FAULT_IO, "opendir", EMFILE, CALLER)) {
        return NULL;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "opendir");
    return real(path);
}

struct dirent *readdir(DIR *folder)
{
    struct dirent *(*real)(DIR * folder) = NULL;

    if (fails(FAULT_IO, "readdir", EIO, CALLER)) {
        return NULL;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "readdir");
    return real(folder);
}

struct dirent64 *readdir64(DIR *folder) __attribute__((alias("readdir")));

int stat(const char *path, struct stat *status)
{
    return fails(FAULT_IO, "stat", EIO, CALLER)
               ? -1
               : (int)syscall(SYS_newfstatat, AT_FDCWD, path, status, 0);
}

int stat64(const char *path, struct stat64 *status) __attribute__((alias("stat")));

/* ---- processes and servers ----------------------------------------------------------*/

int pipe2(int ends[2], int flags)
{
    return fails(FAULT_IO, "pipe2", EMFILE, CALLER)
               ? -1
               : (int)syscall(SYS_pipe2, ends, flags);
}

int posix_spawnp(pid_t *restrict child, const char *restrict program,
                 const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *restrict attributes,
                 char *const arguments[restrict], char *const environment[restrict])
{
    int (*real)(pid_t *, const char *, const posix_spawn_file_actions_t *,
                const posix_spawnattr_t *, char *const[], char *const[]) = NULL;

    if (fault_strikes(FAULT_IO, "posix_spawnp", CALLER)) {
        return EAGAIN;
    }
    *(void **)&real = dlsym(RTLD_NEXT, "posix_spawnp");
    return real(child, program, actions, attributes, arguments, environment);
}

int socket(int domain, int type, int protocol)
{
    return fails(FAULT_NET, "socket", EMFILE, CALLER)
               ? -1
               : (int)syscall(SYS_socket, domain, type, protocol);
}

int connect(int file, __CONST_SOCKADDR_ARG address, socklen_t length)
{
    return fails(FAULT_NET, "connect", ECONNREFUSED, CALLER)
               ? -1
               : (int)syscall(SYS_connect, file, address.__sockaddr__, length);
}
