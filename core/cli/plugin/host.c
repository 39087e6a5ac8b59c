/*
 * host - the table that the plugin under test is handed: it counts, and answers as it is
 * told.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/plugin/kit.h"

static struct tide_kit_host *own(const struct tide_host *host)
{
    return host->context;
}

static void host_log(const struct tide_host *host, int level, const char *message)
{
    (void)host;
    (void)level;
    (void)message;
}

static int64_t host_now(const struct tide_host *host)
{
    const struct tide_clock *clock = tide_clock_system();

    (void)host;
    return clock->wall(clock);
}

static bool host_cancelled(const struct tide_host *host)
{
    return own(host)->cancelled;
}

static const char *host_secret(const struct tide_host *host, const char *name)
{
    (void)host;
    (void)name;
    return NULL;
}

static int host_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    (void)reject;
    own(host)->rejected++;
    return own(host)->reject_answer;
}

static int host_reject_row(const struct tide_host *host, int64_t row, const char *code,
                           const char *message)
{
    struct tide_kit_host *kit = own(host);

    (void)code;
    (void)message;
    if (row < 0 || row >= kit->rows_in_hand) {
        kit->misplaced++;
    }
    kit->rejected++;
    return kit->reject_answer;
}

static void *host_allocate(const struct tide_host *host, size_t size)
{
    struct tide_kit_host *kit = own(host);

    kit->allocations++;
    return kit->allocations == kit->failing ? NULL : calloc(1, size > 0 ? size : 1);
}

void tide_kit_host_init(struct tide_kit_host *host)
{
    memset(host, 0, sizeof *host);
    host->host = (struct tide_host){
        .abi = TIDE_ABI,
        .size = sizeof host->host,
        .context = host,
        .log = host_log,
        .now = host_now,
        .cancelled = host_cancelled,
        .secret = host_secret,
        .reject = host_reject,
        .reject_row = host_reject_row,
        .allocate = host_allocate,
    };
}
