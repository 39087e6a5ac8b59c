/* leak_forever - a source that takes memory until there is none, or as much as it may. */
#include "counting_source.h"

#define STEP ((size_t)16 << 20)

struct leak {
    int64_t most;
};

static const struct tide_option leak_options[] = {
    {.name = "most",
     .type = TIDE_OPTION_SIZE,
     .offset = offsetof(struct leak, most),
     .default_value = "4GiB",
     .help = "Where to stop, to be kind to machines without limits."},
    {0},
};

static void *leaked;

static int misbehave(struct counting *counting, struct tide_batch *batch,
                     struct tide_error *err)
{
    const struct leak *leak = counting->options;

    for (int64_t taken = 0; taken < leak->most; taken += (int64_t)STEP) {
        void **more = malloc(STEP);

        if (!more) {
            break;
        }
        memset(more, 1, STEP);
        *more = leaked;
        leaked = more;
    }
    tide_batch_release(batch);
    return tide_error_memory(err);
}

TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_SOURCE, "leak_forever", "1.0",
                                      "Leaks without end at its third batch."),
                     .options = leak_options, .options_size = sizeof(struct leak),
                     .source = &counting_source};
