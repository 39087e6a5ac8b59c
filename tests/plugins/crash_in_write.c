/* crash_in_write - a destination that dies at its third batch. */
#include <signal.h>
#include <tidemill/plugin.h>

static int open(const void *options, const struct tide_destination_request *request,
                const struct tide_host *host, void **state, struct tide_schema *accepted,
                char **position, struct tide_error *err)
{
    (void)options;
    (void)host;
    *position = NULL;
    *state = calloc(1, sizeof(int));
    if (!*state || tide_schema_copy(request->schema, accepted) != TIDE_OK) {
        free(*state);
        return tide_error_memory(err);
    }
    return TIDE_OK;
}

static int write(void *state, const struct tide_batch *batch, struct tide_error *err)
{
    int *batches = state;

    (void)batch;
    (void)err;
    if (++*batches == 3) {
        (void)raise(SIGSEGV);
    }
    return TIDE_OK;
}

static int commit(void *state, const char *position, bool final, struct tide_error *err)
{
    (void)state;
    (void)position;
    (void) final;
    (void)err;
    return TIDE_OK;
}

static const struct tide_destination crash = {.size = sizeof crash,
                                              .flags = TIDE_DESTINATION_APPEND |
                                                       TIDE_DESTINATION_REPLACE,
                                              .open = open,
                                              .write = write,
                                              .commit = commit,
                                              .close = free};

TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "crash_in_write", "1.0",
                                      "Crashes at its third batch."),
                     .destination = &crash};
