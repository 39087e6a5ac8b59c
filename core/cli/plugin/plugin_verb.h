/*
 * plugin_verb - what the parts of `tidemill plugin` share.
 */
#ifndef TIDE_CLI_PLUGIN_PLUGIN_VERB_H
#define TIDE_CLI_PLUGIN_PLUGIN_VERB_H

#include <stddef.h>
#include <stdint.h>

struct tide_plugin_args {
    const char *table, *cursor, *columns; /**< of test */
    const char *kind;                     /**< of new */
    int64_t timeout;                      /**< seconds for each promise; 0: the default */
};

/** `tidemill plugin test FILE [OPTION=VALUE ...]`; the exit status. */
int tide_plugin_test(const struct tide_plugin_args *args, const char *const *operands,
                     size_t count);

/** `tidemill plugin new NAME --kind K`; the exit status. */
int tide_plugin_new(const struct tide_plugin_args *args, const char *name);

#endif
