/*
 * plugin_harness - a host that remembers, around one plugin.
 */
#include "plugin_harness.h"

#include <json-c/json.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "plugin/load.h"
#include "plugin/options.h"

void harness_abort(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    (void)fputs("# plugin_harness: ", stderr);
    (void)vfprintf(stderr, format, args);
    (void)fputc('\n', stderr);
    va_end(args);
    abort();
}

/* ---- the host ---- */

static struct plugin_harness *harness_of(const struct tide_host *host)
{
    return host->context;
}

static char *copy_or_null(const char *text)
{
    return text ? tide_strdup(text) : NULL;
}

static void host_log(const struct tide_host *host, int level, const char *message)
{
    struct plugin_harness *harness = harness_of(host);

    harness->logs =
        tide_realloc(harness->logs, (harness->log_count + 1) * sizeof *harness->logs);
    harness->logs[harness->log_count++] =
        (struct harness_log){level, tide_strdup(message)};
}

static int64_t host_now(const struct tide_host *host)
{
    return harness_of(host)->now_us;
}

static bool host_cancelled(const struct tide_host *host)
{
    return harness_of(host)->cancelled;
}

static const char *host_secret(const struct tide_host *host, const char *name)
{
    (void)name;
    return harness_of(host)->secret;
}

static int keep(struct plugin_harness *harness, struct harness_reject reject)
{
    harness->rejects = tide_realloc(harness->rejects, (harness->reject_count + 1) *
                                                          sizeof *harness->rejects);
    harness->rejects[harness->reject_count++] = reject;
    return harness->reject_limit > 0 && harness->reject_count >= harness->reject_limit
               ? TIDE_E_LIMIT
               : TIDE_OK;
}

static int host_reject(const struct tide_host *host, const struct tide_reject *reject)
{
    return keep(
        harness_of(host),
        (struct harness_reject){
            .code = tide_strdup(reject->code),
            .message = tide_strdup(reject->message),
            .origin = copy_or_null(reject->origin),
            .position = reject->position,
            .row = -1,
            .raw = reject->raw ? tide_strndup(reject->raw, reject->raw_length) : NULL,
            .raw_length = reject->raw_length});
}

static int host_reject_row(const struct tide_host *host, int64_t row, const char *code,
                           const char *message)
{
    return keep(harness_of(host), (struct harness_reject){.code = tide_strdup(code),
                                                          .message = tide_strdup(message),
                                                          .row = row});
}

static void *host_allocate(const struct tide_host *host, size_t size)
{
    struct plugin_harness *harness = harness_of(host);

    if (harness->allocations_left == 0) {
        return NULL;
    }
    if (harness->allocations_left > 0) {
        harness->allocations_left--;
    }
    return calloc(1, size > 0 ? size : 1);
}

/* ---- init and fini ---- */

static struct json_object *parse_options(const char *text)
{
    struct json_object *options = NULL;
    struct tide_error err = {0};

    if (text && tide_json_parse(text, strlen(text), &options, &err) != TIDE_OK) {
        harness_abort("options %s: %s", text, err.message);
    }
    return options;
}

static void complain(void *arg, const char *key, bool is_shape, const char *message)
{
    (void)is_shape;
    (void)fprintf(stderr, "# plugin_harness: option %s of %s: %s\n", key ? key : "",
                  (const char *)arg, message);
}

/* Nobody may bind what was not checked: so check it, as the engine would. */
static void check(const char *folder, uint32_t kind, const char *name,
                  struct json_object *options)
{
    struct tide_catalog *catalog = tide_catalog_of_loaded(folder);
    const struct tide_plugin_info *info = tide_catalog_find(catalog, kind, name);
    char *label = tide_strdup(name);

    if (!info || tide_options_check(catalog, info, options, complain, label) != 0) {
        harness_abort("the options of %s are wrong", name);
    }
    free(label);
    tide_catalog_close(catalog);
}

void plugin_harness_init(struct plugin_harness *harness, uint32_t kind, const char *name,
                         const char *options)
{
    struct json_object *parsed = parse_options(options);
    char *folder = tide_plugin_folder(), *base = tide_path_absolute(".");
    struct tide_error err = {0};

    *harness = (struct plugin_harness){
        .host = {.abi = TIDE_ABI,
                 .size = sizeof harness->host,
                 .context = harness,
                 .log = host_log,
                 .now = host_now,
                 .cancelled = host_cancelled,
                 .secret = host_secret,
                 .reject = host_reject,
                 .reject_row = host_reject_row,
                 .allocate = host_allocate},
        .allocations_left = -1,
        .arena = tide_arena_create(),
    };
    if (tide_plugin_load(folder, kind, name, &harness->plugin, &err) != TIDE_OK) {
        harness_abort("%s: %s", err.where, err.message);
    }
    check(folder, kind, name, parsed);
    if (tide_options_bind(folder, harness->plugin, parsed, base, harness->arena,
                          &harness->options, &err) != TIDE_OK) {
        harness_abort("options of %s: %s", name, err.message);
    }
    json_object_put(parsed);
    free(folder);
    free(base);
}

void plugin_harness_forget(struct plugin_harness *harness)
{
    for (size_t i = 0; i < harness->reject_count; i++) {
        free(harness->rejects[i].code);
        free(harness->rejects[i].message);
        free(harness->rejects[i].origin);
        free(harness->rejects[i].raw);
    }
    for (size_t i = 0; i < harness->log_count; i++) {
        free(harness->logs[i].message);
    }
    free(harness->rejects);
    free(harness->logs);
    harness->rejects = NULL;
    harness->logs = NULL;
    harness->reject_count = 0;
    harness->log_count = 0;
}

void plugin_harness_fini(struct plugin_harness *harness)
{
    plugin_harness_forget(harness);
    tide_arena_destroy(harness->arena);
}

char *plugin_harness_rejects(const struct plugin_harness *harness)
{
    struct tide_text text = {0};

    for (size_t i = 0; i < harness->reject_count; i++) {
        const struct harness_reject *reject = &harness->rejects[i];

        if (reject->row >= 0) {
            tide_text_appendf(&text, "row %lld %s\n", (long long)reject->row,
                              reject->code);
        } else {
            tide_text_appendf(&text, "%s:%lld %s\n", reject->origin ? reject->origin : "",
                              (long long)reject->position, reject->code);
        }
    }
    return tide_text_take(&text);
}
