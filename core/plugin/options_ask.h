/*
 * options_ask - a plugin that is loaded here, asked whether options can work.
 */
#ifndef TIDE_PLUGIN_OPTIONS_ASK_H
#define TIDE_PLUGIN_OPTIONS_ASK_H

#include "plugin/options.h"

/** Where refusals go. */
struct tide_hearing {
    tide_options_refused_fn refused;
    void *arg;
};

/** Options that the tables have nothing against. */
struct tide_ask {
    size_t index; /**< handed to the hearing */
    uint32_t kind;
    const char *name;
    struct json_object *options;
};

/** Load the plugin, bind its options, and ask it and its components.  What keeps it from
 * being asked is a refusal, too. */
void tide_options_ask(const char *plugin_folder, const char *base_folder,
                      const struct tide_ask *ask, const struct tide_hearing *hearing);

#endif
