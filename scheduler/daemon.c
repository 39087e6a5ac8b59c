/*
 * daemon - all parts of tidemilld, put together, run, and taken apart in order.
 *
 * Start: store, supervisor, API, HTTP, schedule; the plugins are read on the thread pool
 *        meanwhile.  SIGHUP reads them again.
 * End:   the first SIGTERM or SIGINT closes HTTP (running requests are answered), then
 *        the API, the schedule, the supervisor (runs get their grace), the store.  A
 *        second signal ends the process at once; the store then calls its runs
 *        interrupted at the next start.
 * Layer: uses every part of scheduler.
 */
#include "daemon_parts.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/check.h"
#include "base/log.h"
#include "base/memory.h"

/** Running requests may take so long once the daemon is asked to end. */
#define HTTP_GRACE_MS 3000

/* ---- end ---- */

static void stop_next(struct daemon *daemon);

static void on_closed(void *arg)
{
    stop_next(arg);
}

static void close_signals(struct daemon *daemon)
{
    for (int i = 0; i < TIDE_DAEMON_SIGNALS; i++) {
        uv_close((uv_handle_t *)&daemon->signals[i], NULL);
    }
}

static bool has_part(const struct daemon *daemon, enum stage stage)
{
    const void *const parts[] = {
        [STAGE_PLUGINS] = daemon->plugins,
        [STAGE_HTTP] = daemon->http,
        [STAGE_API] = daemon->api,
        [STAGE_SCHEDULE] = daemon->schedule,
        [STAGE_SUPERVISE] = daemon->supervise,
        [STAGE_RETENTION] = daemon->retention,
        [STAGE_STORE] = daemon->store,
        [STAGE_SIGNALS] = daemon->signals,
    };

    return parts[stage] != NULL;
}

static void close_part(struct daemon *daemon, enum stage stage)
{
    switch (stage) {
    case STAGE_PLUGINS:
        tide_plugin_reader_close(daemon->plugins, on_closed, daemon);
        break;
    case STAGE_HTTP:
        tide_api_set_server(daemon->api, NULL);
        tide_http_close(daemon->http, HTTP_GRACE_MS, on_closed, daemon);
        break;
    case STAGE_API:
        tide_api_close(daemon->api, on_closed, daemon);
        break;
    case STAGE_SCHEDULE:
        tide_schedule_close(daemon->schedule, on_closed, daemon);
        break;
    case STAGE_SUPERVISE:
        tide_supervise_close(daemon->supervise, daemon->settings->shutdown_grace,
                             on_closed, daemon);
        break;
    case STAGE_RETENTION:
        tide_retention_close(daemon->retention, on_closed, daemon);
        break;
    case STAGE_STORE:
        tide_store_close(daemon->store, on_closed, daemon);
        break;
    case STAGE_SIGNALS:
        close_signals(daemon);
        break;
    }
}

/** Close the next part that is there; called again when that is gone. */
static void stop_next(struct daemon *daemon)
{
    while (!has_part(daemon, daemon->stage)) {
        daemon->stage++;
    }
    close_part(daemon, daemon->stage++);
}

static void stop(struct daemon *daemon)
{
    daemon->stopping = true;
    stop_next(daemon);
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct daemon *daemon = handle->data;

    if (number == SIGHUP) {
        if (!daemon->stopping) {
            tide_plugin_reader_again(daemon->plugins);
        }
        return;
    }
    if (daemon->stopping) {
        TIDE_LOG_PLAIN(TIDE_LOG_WARNING, "second signal, ending at once");
        (void)signal(number, SIG_DFL);
        (void)raise(number);
        return;
    }
    TIDE_LOG(TIDE_LOG_INFO, "stopping", TIDE_KEY_TEXT("signal", strsignal(number)));
    stop(daemon);
}

/* ---- run ---- */

static void watch_signals(struct daemon *daemon)
{
    static const int numbers[TIDE_DAEMON_SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

    for (int i = 0; i < TIDE_DAEMON_SIGNALS; i++) {
        (void)uv_signal_init(&daemon->loop, &daemon->signals[i]);
        daemon->signals[i].data = daemon;
        (void)uv_signal_start(&daemon->signals[i], on_signal, numbers[i]);
    }
}

/** Each connection is a descriptor; the usual soft limit of 1024 is soon met. */
static void raise_file_limit(const struct tide_settings *settings)
{
    rlim_t wanted = (rlim_t)settings->max_connections + 1024;
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < wanted) {
        limit.rlim_cur = limit.rlim_max < wanted ? limit.rlim_max : wanted;
        (void)setrlimit(RLIMIT_NOFILE, &limit);
    }
}

int tide_daemon_run(const struct tide_settings *settings, struct tide_error *err)
{
    struct daemon *daemon = tide_alloc(sizeof *daemon);
    int code;

    daemon->settings = settings;
    daemon->started = (int64_t)(uv_hrtime() / 1000000);
    daemon->clock = tide_clock_system();
    if (settings->test_clock) {
        tide_test_clock_init(&daemon->test_clock, settings->test_clock);
        daemon->clock = &daemon->test_clock.clock;
    }
    (void)umask(077);
    (void)signal(SIGPIPE, SIG_IGN);
    raise_file_limit(settings);
    TIDE_INVARIANT(uv_loop_init(&daemon->loop) == 0);
    watch_signals(daemon);
    code = tide_daemon_start(daemon, err);
    if (code) {
        stop(daemon);
    }
    (void)uv_run(&daemon->loop, UV_RUN_DEFAULT);
    TIDE_INVARIANT(uv_loop_close(&daemon->loop) == 0);
    if (!code) {
        TIDE_LOG_PLAIN(TIDE_LOG_INFO, "stopped");
    }
    free(daemon);
    return code;
}
