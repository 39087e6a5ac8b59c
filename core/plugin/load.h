/*
 * load - a plugin in this process.
 *
 * Only the worker and the command line's engine verbs do this; never the daemon.  Nothing
 * is ever unloaded.
 */
#ifndef TIDE_PLUGIN_LOAD_H
#define TIDE_PLUGIN_LOAD_H

#include <tidemill/plugin.h>

/** dlopen the plugin of that kind and name below folder, check its ABI, and give its
 * entry (borrowed, for ever). TIDE_E_NOT_FOUND, TIDE_E_IO when the linker refuses it,
 * TIDE_E_CONFIG with the reason; err->where is the file.  Any thread. */
TIDE_MUST_CHECK
int tide_plugin_load(const char *folder, uint32_t kind, const char *name,
                     const struct tide_plugin_entry **out, struct tide_error *err);
/** The file that a loaded entry came from; borrowed, for ever. */
const char *tide_plugin_file(const struct tide_plugin_entry *entry);
/** The file in which that plugin would be, malloc'ed, or NULL when there is none. */
char *tide_plugin_find_file(const char *folder, uint32_t kind, const char *name);
/** The same by file. */
TIDE_MUST_CHECK
int tide_plugin_load_file(const char *path, const struct tide_plugin_entry **out,
                          struct tide_error *err);

#endif
