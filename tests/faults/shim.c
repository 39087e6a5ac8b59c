/*
 * shim - which call fails, and who called; see shim.h.
 */
#include "shim.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tally.h"

#define RANGES 512

struct range {
    uintptr_t start, end;
    enum fault_owner owner;
};

static struct tally *tally;
static int kinds;
static uint32_t at;
static bool stays, cuts;
static char stuck[32]; /* the function that fails from now on */

static struct range ranges[RANGES];
static atomic_int range_count;
static atomic_flag ranges_lock = ATOMIC_FLAG_INIT;

/* ---- owners -------------------------------------------------------------------------*/

static enum fault_owner owner_of_object(const char *path)
{
    static const char *const libraries[] = {"/libpq.so",   "/libsqlite3.so",
                                            "/libz.so",    "/libzstd.so",
                                            "/libpcre2-8", "/libstdc++.so"};

    if (strstr(path, "/plugins/")) {
        return OWNER_PLUGIN;
    }
    if (strstr(path, "/ld-linux") || strstr(path, "/ld-musl")) {
        return OWNER_LOADER;
    }
    for (size_t i = 0; i < sizeof libraries / sizeof libraries[0]; i++) {
        if (strstr(path, libraries[i])) {
            return OWNER_LIBRARY;
        }
    }
    return OWNER_OTHER;
}

static const struct range *find_range(uintptr_t address)
{
    for (int i = 0; i < range_count; i++) {
        if (address >= ranges[i].start && address < ranges[i].end) {
            return &ranges[i];
        }
    }
    return NULL;
}

static void add_range(uintptr_t start, uintptr_t end, enum fault_owner owner)
{
    if (!find_range(start) && range_count < RANGES) {
        ranges[range_count] = (struct range){start, end, owner};
        range_count++;
    }
}

static int add_object(struct dl_phdr_info *info, size_t size, void *arg)
{
    (void)size;
    (void)arg;
    for (int i = 0; i < info->dlpi_phnum; i++) {
        if (info->dlpi_phdr[i].p_type == PT_LOAD &&
            (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
            uintptr_t start = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;

            add_range(start, start + info->dlpi_phdr[i].p_memsz,
                      owner_of_object(info->dlpi_name));
        }
    }
    return 0;
}

enum fault_owner fault_owner_of(const void *address)
{
    const struct range *range = find_range((uintptr_t)address);

    if (!range) {
        while (atomic_flag_test_and_set(&ranges_lock)) {
        }
        (void)dl_iterate_phdr(add_object, NULL);
        atomic_flag_clear(&ranges_lock);
        range = find_range((uintptr_t)address);
    }
    return range ? range->owner : OWNER_OTHER;
}

void fault_name_address(const void *address, char *out, size_t size)
{
    Dl_info info;

    if (dladdr(address, &info) != 0 && info.dli_fname) {
        const char *slash = strrchr(info.dli_fname, '/');

        (void)snprintf(out, size, "%s+%#tx", slash ? slash + 1 : info.dli_fname,
                       (const char *)address - (const char *)info.dli_fbase);
    }
}

/* ---- which call ---------------------------------------------------------------------*/

static bool counts(int kind, const void *caller)
{
    enum fault_owner owner = OWNER_OTHER;

    if (!tally || (kinds & kind) == 0) {
        return false;
    }
    owner = fault_owner_of(caller);
    if (kind == FAULT_ALLOC) {
        return owner == OWNER_PLUGIN || owner == OWNER_LIBRARY;
    }
    return owner != OWNER_LOADER;
}

/* While calls are only counted, by one thread at a time. */
static void note_site(const void *caller, uint32_t call)
{
    uint64_t address = (uint64_t)(uintptr_t)caller;
    uint32_t i = 0;

    while (atomic_flag_test_and_set(&ranges_lock)) {
    }
    while (i < tally->site_count && tally->sites[i].caller != address) {
        i++;
    }
    if (i == tally->site_count && i < TALLY_SITES) {
        tally->sites[i] = (struct tally_site){address, call, 0};
        tally->site_count++;
    }
    atomic_flag_clear(&ranges_lock);
}

bool fault_strikes(int kind, const char *function, const void *caller)
{
    uint32_t call = 0;

    if (!counts(kind, caller)) {
        return false;
    }
    if (stuck[0]) {
        return strcmp(stuck, function) == 0;
    }
    call = __atomic_add_fetch(&tally->calls, 1, __ATOMIC_RELAXED);
    if (at == 0) {
        note_site(caller, call);
    }
    if (call != at) {
        return false;
    }
    tally->struck = 1;
    (void)snprintf(tally->function, sizeof tally->function, "%s", function);
    fault_name_address(caller, tally->caller, sizeof tally->caller);
    if (stays) {
        (void)snprintf(stuck, sizeof stuck, "%s", function);
    }
    return true;
}

size_t fault_cut(size_t length)
{
    static atomic_uint turn;
    size_t most = tally && cuts ? 1 + turn++ * 7 % 61 : length;

    return most < length ? most : length;
}

bool fault_is_on(void)
{
    return tally != NULL;
}

struct tally *fault_tally(void)
{
    return tally;
}

/* ---- beginning and end --------------------------------------------------------------*/

static int parse_kinds(const char *text)
{
    return (strstr(text, "alloc") ? FAULT_ALLOC : 0) |
           (strstr(text, "io") ? FAULT_IO : 0) | (strstr(text, "net") ? FAULT_NET : 0);
}

static struct tally *map_tally(const char *path)
{
    long file = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
    long page = -1;

    if (file < 0) {
        return NULL;
    }
    page = syscall(SYS_mmap, NULL, sizeof(struct tally), PROT_READ | PROT_WRITE,
                   MAP_SHARED, file, 0);
    (void)syscall(SYS_close, file);
    return page == -1 ? NULL : (struct tally *)page;
}

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("TIDE_FAULT_TALLY"),
               *program = getenv("TIDE_FAULT_PROGRAM");
    const char *which = getenv("TIDE_FAULT_KINDS"), *number = getenv("TIDE_FAULT_AT");

    if (path && (!program || strcmp(program, program_invocation_short_name) == 0)) {
        kinds = parse_kinds(which ? which : "");
        at = number ? (uint32_t)strtoul(number, NULL, 10) : 0;
        stays = getenv("TIDE_FAULT_STAYS") != NULL;
        cuts = getenv("TIDE_FAULT_SHORT") != NULL;
        tally = map_tally(path);
    }
    (void)unsetenv("LD_PRELOAD");
}

__attribute__((destructor)) static void end(void)
{
    if (tally) {
        fault_tell_blocks();
        tally->is_ended = 1;
    }
}
