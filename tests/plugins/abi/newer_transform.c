/*
 * newer - a transform of a header that has grown: its entry and its table end with
 * members that nobody here knows.
 */
#include <tidemill/plugin.h>
#include <tidemill/row.h>

static void unknown(void)
{
    abort();
}

struct newer_table {
    struct tide_transform known;
    void (*later)(void);
    int64_t much_later[4];
};

struct newer_entry {
    struct tide_plugin_entry known;
    void (*later)(void);
    int64_t much_later[4];
};

static int newer_bind(const void *options, const struct tide_host *host,
                      struct tide_schema *schema, void **state, struct tide_error *err)
{
    (void)options;
    (void)schema;
    *state = NULL;
    /* What a newer plugin wants of a host, it may use only where the host has it. */
    if (host->size > sizeof *host) {
        return tide_error_set(err, TIDE_E_CONFIG, "the host is newer than its header");
    }
    return TIDE_OK;
}

static int newer_apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    (void)state;
    (void)batch;
    (void)err;
    return TIDE_OK;
}

static const struct newer_table newer = {.known = {.size = sizeof newer,
                                                   .flags = 1u << 31,
                                                   .bind = newer_bind,
                                                   .apply = newer_apply,
                                                   .close = free},
                                         .later = unknown,
                                         .much_later = {1, 2, 3, 4}};

extern const struct newer_entry tide_plugin_entry;
__attribute__((visibility("default"))) const struct newer_entry tide_plugin_entry = {
    .known = {.abi = TIDE_ABI,
              .size = sizeof tide_plugin_entry,
              .kind = TIDE_KIND_TRANSFORM,
              .flags = 1u << 31,
              .name = "newer",
              .version = "9.0",
              .summary = "Does nothing, by a header of the future.",
              .transform = &newer.known},
    .later = unknown,
    .much_later = {1, 2, 3, 4}};
