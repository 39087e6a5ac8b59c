/*
 * daemon_start - the parts of tidemilld, started in order; see daemon.c.
 */
#include "daemon_parts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"

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

/* ---- the others ---- */

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

int tide_daemon_start(struct daemon *daemon, struct tide_error *err)
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
