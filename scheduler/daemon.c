/*
 * daemon - all parts of tidemilld, put together, run, and taken apart in order.
 *
 * Start: store, supervisor, API, HTTP, schedule; the plugins are read on the thread pool
 *        meanwhile.  SIGHUP reads them again.
 * End:   the first SIGTERM or SIGINT closes HTTP (running requests are answered), then
 * the API, the schedule, the supervisor (runs get their grace), the store.  A second
 *        signal ends the process at once; the store then calls its runs interrupted at
 *        the next start.
 * Layer: uses every part of scheduler.
 */
#include "daemon.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <uv.h>

#include "api/api.h"
#include "base/check.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "http/http.h"
#include "plugin_reader.h"
#include "retention.h"
#include "schedule/schedule.h"
#include "store/store.h"
#include "supervise/supervise.h"
#include "test_clock.h"

/** Running requests may take so long once the daemon is asked to end. */
#define HTTP_GRACE_MS 3000
#define SIGNALS 3

/** The parts in the order in which they are closed; the loop ends when all are. */
enum stage {
    STAGE_PLUGINS,
    STAGE_HTTP,
    STAGE_API,
    STAGE_SCHEDULE,
    STAGE_SUPERVISE,
    STAGE_RETENTION,
    STAGE_STORE,
    STAGE_SIGNALS
};

struct daemon {
    const struct tide_settings *settings;
    uv_loop_t loop;
    const struct tide_clock *clock;
    struct tide_test_clock test_clock;
    struct tide_store *store;
    struct tide_supervise *supervise;
    struct tide_schedule *schedule;
    struct tide_api *api;
    struct tide_http_server *http;
    struct tide_retention *retention;
    struct tide_plugin_reader *plugins;
    uv_signal_t signals[SIGNALS];
    bool stopping;
    enum stage stage; /**< of closing: the next */
    int64_t started;
};

/* ---- plugins ---- */

static void log_catalog(const struct tide_catalog *catalog)
{
    int64_t refused = 0;

    for (size_t i = 0; i < tide_catalog_count(catalog); i++) {
        const struct tide_plugin_info *info = tide_catalog_at(catalog, i);

        if (info->refused) {
            refused++;
            TIDE_LOG(TIDE_LOG_WARNING, "plugin refused",
                     TIDE_KEY_TEXT("path", info->path),
                     TIDE_KEY_TEXT("reason", info->refused));
        }
    }
    TIDE_LOG(TIDE_LOG_INFO, "plugins read",
             TIDE_KEY_INT("usable", (int64_t)tide_catalog_count(catalog) - refused),
             TIDE_KEY_INT("refused", refused));
}

static void on_catalog(void *arg, struct tide_catalog *catalog,
                       const struct tide_error *err)
{
    struct daemon *daemon = arg;

    if (err) {
        TIDE_LOG(TIDE_LOG_ERROR, "the plugins cannot be read",
                 TIDE_KEY_TEXT("error", err->message));
        return;
    }
    log_catalog(catalog);
    tide_api_set_catalog(daemon->api, catalog);
    TIDE_LOG(TIDE_LOG_INFO, "ready", TIDE_KEY_TEXT("url", tide_http_url(daemon->http)),
             TIDE_KEY_INT("ms", (int64_t)(uv_hrtime() / 1000000) - daemon->started));
}

static void start_plugins(struct daemon *daemon)
{
    char *cache = tide_path_join(daemon->settings->state_dir, "plugins.json");

    daemon->plugins = tide_plugin_reader_create(
        &daemon->loop, daemon->settings->plugin_dir, cache, on_catalog, daemon);
    free(cache);
}

/* ---- end ---- */

static void stop_next(struct daemon *daemon);

static void on_closed(void *arg)
{
    stop_next(arg);
}

static void close_signals(struct daemon *daemon)
{
    for (int i = 0; i < SIGNALS; i++) {
        uv_close((uv_handle_t *)&daemon->signals[i], NULL);
    }
}

/** Close one part; false when it is not there, so there is nothing to wait for. */
static bool close_part(struct daemon *daemon, enum stage stage)
{
    switch (stage) {
    case STAGE_PLUGINS:
        if (daemon->plugins) {
            tide_plugin_reader_close(daemon->plugins, on_closed, daemon);
        }
        return daemon->plugins != NULL;
    case STAGE_HTTP:
        if (daemon->http) {
            tide_api_set_server(daemon->api, NULL);
            tide_http_close(daemon->http, HTTP_GRACE_MS, on_closed, daemon);
        }
        return daemon->http != NULL;
    case STAGE_API:
        if (daemon->api) {
            tide_api_close(daemon->api, on_closed, daemon);
        }
        return daemon->api != NULL;
    case STAGE_SCHEDULE:
        if (daemon->schedule) {
            tide_schedule_close(daemon->schedule, on_closed, daemon);
        }
        return daemon->schedule != NULL;
    case STAGE_SUPERVISE:
        if (daemon->supervise) {
            tide_supervise_close(daemon->supervise, daemon->settings->shutdown_grace,
                                 on_closed, daemon);
        }
        return daemon->supervise != NULL;
    case STAGE_RETENTION:
        if (daemon->retention) {
            tide_retention_close(daemon->retention, on_closed, daemon);
        }
        return daemon->retention != NULL;
    case STAGE_STORE:
        if (daemon->store) {
            tide_store_close(daemon->store, on_closed, daemon);
        }
        return daemon->store != NULL;
    case STAGE_SIGNALS:
        close_signals(daemon);
        return true;
    }
    return true;
}

/** Close the next part that is there; called again when that is gone. */
static void stop_next(struct daemon *daemon)
{
    bool waits = false;

    while (!waits) {
        waits = close_part(daemon, daemon->stage++);
    }
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

/* ---- start ---- */

static void watch_signals(struct daemon *daemon)
{
    static const int numbers[SIGNALS] = {SIGTERM, SIGINT, SIGHUP};

    for (int i = 0; i < SIGNALS; i++) {
        (void)uv_signal_init(&daemon->loop, &daemon->signals[i]);
        daemon->signals[i].data = daemon;
        (void)uv_signal_start(&daemon->signals[i], on_signal, numbers[i]);
    }
}

static int open_store(struct daemon *daemon, struct tide_store_opening *opening,
                      struct tide_error *err)
{
    const char *folder = daemon->settings->state_dir;
    char *key_file = tide_path_join(folder, "api-key");
    struct tide_store_options options = {.loop = &daemon->loop,
                                         .clock = daemon->clock,
                                         .folder = folder,
                                         .key_file = key_file};
    int code = tide_folder_make(folder, 0700, err);

    if (!code) {
        code = tide_store_open(&options, &daemon->store, opening, err);
    }
    if (!code && opening->created) {
        printf("API key, shown once and kept in %s:\n%s\n", key_file, opening->key);
        (void)fflush(stdout);
    }
    free(key_file);
    return code;
}

static int start_supervise(struct daemon *daemon, struct tide_error *err)
{
    const struct tide_settings *settings = daemon->settings;
    struct tide_supervise_options options = {
        .loop = &daemon->loop,
        .clock = daemon->clock,
        .store = daemon->store,
        .plugin_folder = settings->plugin_dir,
        .max_concurrent = settings->max_runs,
        .grace_us = settings->cancel_grace,
        .limits = {.memory_bytes = settings->limit_memory,
                   .cpu_seconds = (settings->limit_cpu + 999999) / 1000000,
                   .open_files = settings->limit_open_files,
                   .wall_seconds = (settings->limit_wall + 999999) / 1000000,
                   .hang_seconds = (settings->limit_hang + 999999) / 1000000},
        .checkpoint_us = settings->checkpoint,
        .reject_count = settings->reject_count,
        .reject_bytes = settings->reject_bytes,
    };

    return tide_supervise_create(&options, &daemon->supervise, err);
}

static void start_schedule(struct daemon *daemon)
{
    struct tide_schedule_options options = {
        .loop = &daemon->loop,
        .clock = daemon->clock,
        .store = daemon->store,
        .supervise = daemon->supervise,
        .rules = {.missed = (enum tide_missed_policy)daemon->settings->missed,
                  .most = TIDE_SLOTS_MOST,
                  .grace = 30 * INT64_C(1000000)},
        .queue_on_overlap = daemon->settings->overlap == 1,
    };

    daemon->schedule = tide_schedule_create(&options);
}

static int start_http(struct daemon *daemon, struct tide_error *err)
{
    const struct tide_settings *settings = daemon->settings;
    struct tide_api_options api = {.loop = &daemon->loop,
                                   .clock = daemon->clock,
                                   .store = daemon->store,
                                   .supervise = daemon->supervise,
                                   .schedule = daemon->schedule};
    struct tide_http_options options = {
        .listen = settings->listen,
        .tls_certificate = settings->tls_certificate,
        .tls_key = settings->tls_key,
        .body_limit = (size_t)settings->body_limit,
        .request_timeout_us = settings->request_timeout,
        .max_connections = (unsigned)settings->max_connections,
        .max_connections_per_address = (unsigned)settings->max_connections_per_address,
    };
    int code;

    daemon->api = tide_api_create(&api);
    tide_api_describe(daemon->api, &options);
    code = tide_http_create(&daemon->loop, &options, &daemon->http, err);
    if (code) {
        return code;
    }
    tide_api_set_server(daemon->api, daemon->http);
    if (!tide_http_is_loopback(daemon->http) && !tide_http_is_tls(daemon->http)) {
        TIDE_LOG(TIDE_LOG_WARNING,
                 "the API listens to other machines without TLS: keys can be read on the "
                 "way",
                 TIDE_KEY_TEXT("url", tide_http_url(daemon->http)));
    }
    return TIDE_OK;
}

/** <state_dir>/address tells clients of this machine where the API is: host:port, or a
 * whole URL when it is not plain HTTP. */
static int write_address(const struct daemon *daemon, struct tide_error *err)
{
    const char *url = tide_http_url(daemon->http);
    char *path = tide_path_join(daemon->settings->state_dir, "address");
    char *line =
        tide_strf("%s\n", tide_http_is_tls(daemon->http) ? url : url + strlen("http://"));
    int code = tide_file_write(path, line, strlen(line), 0644, err);

    free(line);
    free(path);
    return code;
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

static int start(struct daemon *daemon, struct tide_error *err)
{
    struct tide_store_opening opening = {0};
    int code = open_store(daemon, &opening, err);

    if (!code) {
        code = start_supervise(daemon, err);
    }
    if (code) {
        return code;
    }
    start_schedule(daemon);
    code = start_http(daemon, err);
    if (!code) {
        code = write_address(daemon, err);
    }
    if (code) {
        return code;
    }
    daemon->retention = tide_retention_create(&daemon->loop, daemon->clock, daemon->store,
                                              daemon->settings->retention,
                                              daemon->settings->retention_runs);
    tide_supervise_resume(daemon->supervise);
    start_plugins(daemon);
    TIDE_LOG(TIDE_LOG_INFO, "listening",
             TIDE_KEY_TEXT("url", tide_http_url(daemon->http)),
             TIDE_KEY_TEXT("state", daemon->settings->state_dir),
             TIDE_KEY_INT("interrupted", opening.interrupted),
             TIDE_KEY_INT("queued", opening.queued));
    return TIDE_OK;
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
    code = start(daemon, err);
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
