/*
 * catalog - all plugins of a folder, usable and refused.
 *
 * Each shared object is described by a helper process of its own (tidemill-worker
 * --describe FILE, with a time limit and limits on memory and files), so that one that
 * crashes, hangs or exits on load hurts nobody; the descriptions are cached in a file by
 * path, size, mtime and inode.
 *
 * Layer:   uses core/base, core/batch.
 * Threads: a catalog is made by one thread and may be read by many.
 */
#ifndef TIDE_PLUGIN_CATALOG_H
#define TIDE_PLUGIN_CATALOG_H

#include "plugin/info.h"

struct tide_catalog;

/** Read folder (<folder>/<kind>s/NAME.so, <folder>/<kind>s/NAME/NAME.so,
 * <folder>/NAME.so).  cache_file may be NULL: no cache.  Blocks for the helpers.  A
 * plugin that is refused is an entry, not an error. */
int tide_catalog_open(const char *folder, const char *cache_file,
                      struct tide_catalog **out, struct tide_error *err);
/** The same with another helper program than tidemill-worker. */
TIDE_MUST_CHECK
int tide_catalog_open_with(const char *folder, const char *cache_file, const char *helper,
                           struct tide_catalog **out, struct tide_error *err);
void tide_catalog_close(struct tide_catalog *catalog);

/** The plugin of that kind and name, usable or refused (see its `refused`), or NULL.
 * Borrowed. */
const struct tide_plugin_info *tide_catalog_find(const struct tide_catalog *catalog,
                                                 uint32_t kind, const char *name);
/** The nearest usable name of that kind, or NULL. */
const char *tide_catalog_nearest(const struct tide_catalog *catalog, uint32_t kind,
                                 const char *name);
size_t tide_catalog_count(const struct tide_catalog *catalog);
const struct tide_plugin_info *tide_catalog_at(const struct tide_catalog *catalog,
                                               size_t i);

/** A catalog of only those plugins a run names, loaded into this process as it asks for
 * them: no helper, no scan.  For the worker and `tidemill run`, which will load them
 * anyhow. */
struct tide_catalog *tide_catalog_of_loaded(const char *folder);

/** Where its plugins are; borrowed. */
const char *tide_catalog_folder(const struct tide_catalog *catalog);
/** The program that loads them for it; NULL: this one does.  Borrowed. */
const char *tide_catalog_helper(const struct tide_catalog *catalog);

#endif
