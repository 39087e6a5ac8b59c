/*
 * options_ask - a plugin that is loaded here, asked whether options can work.
 */
#include "plugin/options_ask.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "plugin/load.h"

/* ---- the host as a plugin sees it, when there is no run ---- */

static void host_log(const struct tide_host *host, int level, const char *message)
{
    (void)host;
    (void)level;
    TIDE_LOG_PLAIN(TIDE_LOG_DEBUG, message);
}

static int64_t host_now(const struct tide_host *host)
{
    const struct tide_clock *clock = tide_clock_system();

    (void)host;
    return clock->wall(clock);
}

static bool host_cancelled(const struct tide_host *host)
{
    (void)host;
    return false;
}

static const char *host_secret(const struct tide_host *host, const char *name)
{
    (void)host;
    (void)name;
    return NULL;
}

static int host_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    (void)host;
    (void)reject;
    return TIDE_E_INTERNAL;
}

static int host_reject_row(const struct tide_host *host, int64_t row, const char *code,
                           const char *message)
{
    (void)host;
    (void)row;
    (void)code;
    (void)message;
    return TIDE_E_INTERNAL;
}

static void *host_allocate(const struct tide_host *host, size_t size)
{
    (void)host;
    return calloc(1, size > 0 ? size : 1);
}

static const struct tide_host no_run = {
    .abi = TIDE_ABI,
    .size = sizeof no_run,
    .log = host_log,
    .now = host_now,
    .cancelled = host_cancelled,
    .secret = host_secret,
    .reject = host_reject,
    .reject_row = host_reject_row,
    .allocate = host_allocate,
};

/* ---- in the process that loads them ---- */

static void ask_plugin(const struct tide_plugin_entry *entry, const void *options,
                       size_t asked, const struct tide_hearing *hearing)
{
    struct tide_error err = {0};
    int rc = entry->check ? entry->check(options, &no_run, &err) : TIDE_OK;

    /* Out of memory is no word on the options. */
    if (rc < 0 && rc != TIDE_E_LIMIT) {
        hearing->refused(hearing->arg, asked, err.where[0] ? err.where : NULL,
                         err.message[0] ? err.message : "refused without saying why");
    }
}

/* The plugin, and the components that its options name. */
static void ask_all(const struct tide_plugin_entry *entry, const void *options,
                    size_t asked, const struct tide_hearing *hearing)
{
    const struct tide_option *option = entry->options;

    ask_plugin(entry, options, asked, hearing);
    for (; option && option->name; option++) {
        struct tide_component component;

        if (option->type == TIDE_OPTION_COMPONENT) {
            memcpy(&component, (const char *)options + option->offset, sizeof component);
            if (component.plugin) {
                ask_plugin(component.plugin, component.options, asked, hearing);
            }
        }
    }
}

void tide_options_ask(const char *plugin_folder, const char *base_folder,
                      const struct tide_ask *ask, const struct tide_hearing *hearing)
{
    struct tide_arena *arena = tide_arena_create();
    const struct tide_plugin_entry *entry = NULL;
    struct tide_error err = {0};
    const void *bound = NULL;

    if (tide_plugin_load(plugin_folder, ask->kind, ask->name, &entry, &err) != TIDE_OK ||
        tide_options_bind(plugin_folder, entry, ask->options, base_folder, arena, &bound,
                          &err) != TIDE_OK) {
        hearing->refused(hearing->arg, ask->index, NULL, err.message);
    } else {
        ask_all(entry, bound, ask->index, hearing);
    }
    tide_arena_destroy(arena);
}
