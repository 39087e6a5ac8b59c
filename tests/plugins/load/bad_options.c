/* bad_options - its options table has a field outside of its struct. */
#include "on_load.h"

struct bad_options {
    int64_t number;
};

static const struct tide_option table[] = {
    {.name = "number",
     .type = TIDE_OPTION_INT,
     .offset = offsetof(struct bad_options, number) + 4,
     .help = "Half of it lies outside."},
    {0},
};

static void on_load(void)
{
}

TIDE_PLUGIN_ENTRY = {TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "bad_options", "1.0",
                                      "Declares an option that does not fit."),
                     .options = table, .options_size = sizeof(struct bad_options),
                     .transform = &quiet};
