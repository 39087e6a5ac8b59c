/*
 * binding - whether a plugin's file has what it calls looked up when it is loaded.
 *
 * Asking the linker for that at dlopen() asks it for the libraries behind the plugin too,
 * thousands of functions of which a run calls few: so it is asked only where the plugin's
 * file does not say so itself.
 */
#include "plugin/binding.h"

#include <fcntl.h>
#include <link.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* More than any file has that is worth looking at. */
enum { MOST_PARTS = 64, MOST_TAGS = 128 };

static bool read_at(int fd, void *data, size_t length, size_t offset)
{
    return pread(fd, data, length, (off_t)offset) == (ssize_t)length;
}

static bool says_now(const ElfW(Dyn) * tag)
{
    return tag->d_tag == DT_BIND_NOW ||
           (tag->d_tag == DT_FLAGS && (tag->d_un.d_val & DF_BIND_NOW)) ||
           (tag->d_tag == DT_FLAGS_1 && (tag->d_un.d_val & DF_1_NOW));
}

static bool has_tag(int fd, const ElfW(Phdr) * part)
{
    ElfW(Dyn) tags[MOST_TAGS];
    size_t count = part->p_filesz / sizeof *tags;

    count = count < MOST_TAGS ? count : MOST_TAGS;
    if (!read_at(fd, tags, count * sizeof *tags, part->p_offset)) {
        return false;
    }
    for (size_t i = 0; i < count && tags[i].d_tag != DT_NULL; i++) {
        if (says_now(&tags[i])) {
            return true;
        }
    }
    return false;
}

static bool look(int fd)
{
    ElfW(Ehdr) head;
    ElfW(Phdr) parts[MOST_PARTS];

    if (!read_at(fd, &head, sizeof head, 0) ||
        memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phnum > MOST_PARTS ||
        head.e_phentsize != sizeof *parts ||
        !read_at(fd, parts, head.e_phnum * sizeof *parts, head.e_phoff)) {
        return false;
    }
    for (size_t i = 0; i < head.e_phnum; i++) {
        if (parts[i].p_type == PT_DYNAMIC) {
            return has_tag(fd, &parts[i]);
        }
    }
    return false;
}

bool tide_binds_now(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool found = fd >= 0 && look(fd);

    if (fd >= 0) {
        (void)close(fd);
    }
    return found;
}
