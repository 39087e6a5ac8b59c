/*
 * progress - one line on a terminal that tells how a run goes.
 */
#include "cli/progress.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cli/grid.h"

#define PERIOD_US 200000

struct tide_progress {
    const struct tide_ledger *ledger;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool stopping, started;
    int64_t began, last_at, last_rows, last_bytes;
};

static int64_t load(const int64_t *counter)
{
    return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

const char *tide_progress_short(double number, const char *unit, char out[32])
{
    static const char *const prefixes[] = {"", "k", "M", "G", "T"};
    size_t i = 0;

    while (number >= 1000 && i < 4) {
        number /= 1000;
        i++;
    }
    (void)snprintf(out, 32, number < 10 && i > 0 ? "%.1f%s%s" : "%.0f%s%s", number,
                   prefixes[i], unit);
    return out;
}

static void print_line(struct tide_progress *progress)
{
    const struct tide_ledger *ledger = progress->ledger;
    int64_t at = tide_clock_now(), rows = load(&ledger->passed[TIDE_STEP_RECEIVE]);
    int64_t bytes = load(&ledger->bytes_read), rejected = 0;
    double seconds = (double)(at - progress->last_at) / 1e6;
    char count[32], row_rate[32], byte_rate[32];

    for (int i = 0; i < TIDE_STEPS; i++) {
        rejected += i == TIDE_STEP_FILTER ? 0 : load(&ledger->failed[i]);
    }
    if (seconds <= 0) {
        return;
    }
    (void)fprintf(stderr, "\r\033[K%s rows  %s  %s  %lld rejected  %.0f s",
                  tide_grid_thousands(rows, count),
                  tide_progress_short((double)(rows - progress->last_rows) / seconds,
                                      " rows/s", row_rate),
                  tide_progress_short((double)(bytes - progress->last_bytes) / seconds,
                                      "B/s", byte_rate),
                  (long long)rejected, (double)(at - progress->began) / 1e6);
    (void)fflush(stderr);
    progress->last_at = at;
    progress->last_rows = rows;
    progress->last_bytes = bytes;
}

static void *watch(void *arg)
{
    struct tide_progress *progress = arg;

    pthread_mutex_lock(&progress->mutex);
    while (!progress->stopping) {
        struct timespec until;

        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += PERIOD_US * 1000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_cond_timedwait(&progress->changed, &progress->mutex, &until);
        if (!progress->stopping) {
            print_line(progress);
        }
    }
    pthread_mutex_unlock(&progress->mutex);
    return NULL;
}

struct tide_progress *tide_progress_start(const struct tide_ledger *ledger)
{
    struct tide_progress *progress = tide_alloc(sizeof *progress);
    pthread_condattr_t attributes;

    progress->ledger = ledger;
    progress->began = progress->last_at = tide_clock_now();
    (void)pthread_mutex_init(&progress->mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&progress->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
    progress->started = isatty(STDERR_FILENO) &&
                        pthread_create(&progress->thread, NULL, watch, progress) == 0;
    return progress;
}

void tide_progress_stop(struct tide_progress *progress)
{
    if (progress->started) {
        pthread_mutex_lock(&progress->mutex);
        progress->stopping = true;
        pthread_cond_signal(&progress->changed);
        pthread_mutex_unlock(&progress->mutex);
        (void)pthread_join(progress->thread, NULL);
        (void)fputs("\r\033[K", stderr);
    }
    (void)pthread_mutex_destroy(&progress->mutex);
    (void)pthread_cond_destroy(&progress->changed);
    free(progress);
}
