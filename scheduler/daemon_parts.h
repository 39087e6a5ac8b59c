/*
 * daemon_parts - all parts of tidemilld, and their start.
 *
 * Layer: private to the daemon.
 */
#ifndef TIDE_DAEMON_PARTS_H
#define TIDE_DAEMON_PARTS_H

#include <uv.h>

#include "api/api.h"
#include "daemon.h"
#include "http/http.h"
#include "plugin_reader.h"
#include "retention.h"
#include "schedule/schedule.h"
#include "store/store.h"
#include "supervise/supervise.h"
#include "test_clock.h"

#define TIDE_DAEMON_SIGNALS 3

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
    uv_signal_t signals[TIDE_DAEMON_SIGNALS];
    bool stopping;
    enum stage stage; /**< of closing: the next */
    int64_t started;
};

/** Open the store and start what is on it; on failure some parts are there, to be closed
 * like the others. */
TIDE_MUST_CHECK
int tide_daemon_start(struct daemon *daemon, struct tide_error *err);

#endif
