/* wrong_abi - speaks a version of the interface that nobody here does. */
#include <tidemill/plugin.h>

static const struct tide_transform none = {.size = sizeof none};

TIDE_PLUGIN_ENTRY = {.abi = TIDE_ABI + 41,
                     .size = sizeof(struct tide_plugin_entry),
                     .kind = TIDE_KIND_TRANSFORM,
                     .name = "wrong_abi",
                     .version = "1.0",
                     .summary = "Speaks another version.",
                     .transform = &none};
