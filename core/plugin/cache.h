/*
 * cache - descriptions of plugins, kept in a file between starts.
 *
 * A description is good for as long as its file's path, size, time of change and inode
 * are the same, and for this version of Tidemill.  A cache that cannot be read or written
 * is no cache, and no error.
 *
 * Layer: uses core/base.
 */
#ifndef TIDE_PLUGIN_CACHE_H
#define TIDE_PLUGIN_CACHE_H

#include "plugin/info.h"

struct tide_plugin_cache;

/** file may be NULL. */
struct tide_plugin_cache *tide_plugin_cache_open(const char *file);
/** The description of a file as it is now, or NULL; the caller's. */
struct tide_plugin_info *tide_plugin_cache_take(struct tide_plugin_cache *cache,
                                                const char *path);
/** Keep a description; it is copied. */
void tide_plugin_cache_put(struct tide_plugin_cache *cache, const char *path,
                           const struct tide_plugin_info *info);
/** Write the file when something changed, and free it. */
void tide_plugin_cache_close(struct tide_plugin_cache *cache);

#endif
