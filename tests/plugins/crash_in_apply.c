/* crash_in_apply - a transform that dies at its third batch. */
#include <signal.h>
#include <tidemill/plugin.h>

static int bind(const void *options, const struct tide_host *host,
                struct tide_schema *schema, void **state, struct tide_error *err)
{
    (void)options;
    (void)host;
    (void)schema;
    *state = calloc(1, sizeof(int));
    return *state ? TIDE_OK : tide_error_memory(err);
}

static int apply(void *state, struct tide_batch *batch, struct tide_error *err)
{
    int *batches = state;

    (void)batch;
    (void)err;
    if (++*batches == 3) {
        (void)raise(SIGABRT);
    }
    return TIDE_OK;
}

static const struct tide_transform crash = {
    .size = sizeof crash, .bind = bind, .apply = apply, .close = free};

TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "crash_in_apply", "1.0",
                                      "Aborts at its third batch."),
                     .transform = &crash};
