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
/** The description of a file as it is now, or NULL; the caller's.  *stamp (malloc'ed)
 * says what the file is now, for tide_plugin_cache_put(). */
struct tide_plugin_info *tide_plugin_cache_take(struct tide_plugin_cache *cache,
                                                const char *path, char **stamp);
/** Keep a description; it is copied.  The stamp is what the file was before it was
 * described: one that was replaced meanwhile is described again next time. */
void tide_plugin_cache_put(struct tide_plugin_cache *cache, const char *path,
                           const char *stamp, const struct tide_plugin_info *info);
/** Write the file when something changed, and free it. */
void tide_plugin_cache_close(struct tide_plugin_cache *cache);

#endif
