/*
 * leaks - what stays behind when the same thing is done many times, and what happens when
 * memory is short.
 *
 * Memory is measured in three stretches: what a library keeps for later grows in one of
 * them, a leak in each.  A stretch has a thread of its own, for with its end the
 * allocator's cache of that thread is given back and does not look like a leak.
 */
#include <dirent.h>
#include <malloc.h>
#include <pthread.h>

#include "cli/plugin/kit.h"

#define ROUNDS 24
#define STRETCHES 3
/* The smallest block of the allocator. */
#define SMALLEST 24
/* Allocations made to fail one after another. */
#define FAILURES 12

struct held {
    size_t bytes, files;
};

static size_t open_files(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");

    while (folder && readdir(folder)) {
        count++;
    }
    if (folder) {
        (void)closedir(folder);
    }
    return count;
}

static struct held measure(void)
{
    const struct mallinfo2 info = mallinfo2();

    return (struct held){info.uordblks + info.hblkhd, open_files()};
}

struct stretch {
    struct tide_kit *kit;
    tide_trial_fn trial;
    int rc;
};

static void *do_rounds(void *arg)
{
    struct stretch *stretch = arg;

    for (int i = 0; stretch->rc == TIDE_OK && i < ROUNDS; i++) {
        stretch->rc = stretch->trial(stretch->kit);
    }
    return NULL;
}

static int repeat(struct tide_kit *kit, tide_trial_fn trial)
{
    struct stretch stretch = {.kit = kit, .trial = trial};
    pthread_t thread;

    if (pthread_create(&thread, NULL, do_rounds, &stretch) != 0 ||
        pthread_join(thread, NULL) != 0) {
        return tide_kit_skip(kit, "no thread for it");
    }
    return stretch.rc;
}

int tide_kit_leaks(struct tide_kit *kit, tide_trial_fn trial)
{
    int rc = repeat(kit, trial);
    struct held start = measure(), before = start, after = start;
    int grown = 0;

    for (int i = 0; rc == TIDE_OK && i < STRETCHES; i++) {
        rc = repeat(kit, trial);
        after = measure();
        grown += after.bytes > before.bytes &&
                 after.bytes - before.bytes >= (size_t)ROUNDS * SMALLEST;
        before = after;
    }
    if (rc != TIDE_OK) {
        return rc;
    }
    if (after.files >= start.files + (size_t)ROUNDS * STRETCHES) {
        return tide_kit_broken(kit, "%zu files stayed open after %d rounds",
                               after.files - start.files, ROUNDS * STRETCHES);
    }
    if (grown == STRETCHES) {
        return tide_kit_broken(kit,
                               "%zu bytes stayed behind after %d rounds of open, use and "
                               "close: about %zu each",
                               after.bytes - start.bytes, ROUNDS * STRETCHES,
                               (after.bytes - start.bytes) / (ROUNDS * STRETCHES));
    }
    return TIDE_OK;
}

int tide_kit_short_of_memory(struct tide_kit *kit, tide_trial_fn trial)
{
    int rc = TIDE_OK;

    for (int i = 1; rc == TIDE_OK && i <= FAILURES; i++) {
        kit->host.allocations = 0;
        kit->host.failing = i;
        rc = trial(kit);
    }
    kit->host.failing = 0;
    return rc;
}
