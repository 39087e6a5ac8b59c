/*
 * plugin_reader - reads the plugins of a folder on the thread pool, at start and whenever
 * it is asked to.
 *
 * Layer:   uses core/plugin and libuv.
 * Threads: the loop's.
 */
#ifndef TIDE_PLUGIN_READER_H
#define TIDE_PLUGIN_READER_H

#include <uv.h>

#include "plugin/catalog.h"

struct tide_plugin_reader;

/** A catalog, the receiver's to close, or what went wrong. */
typedef void (*tide_plugin_reader_fn)(void *arg, struct tide_catalog *catalog,
                                      const struct tide_error *err);

/** Begin to read; done comes for this and for every further reading. */
struct tide_plugin_reader *tide_plugin_reader_create(uv_loop_t *loop, const char *folder,
                                                     const char *cache_file,
                                                     tide_plugin_reader_fn done,
                                                     void *arg);
/** Read again; while a reading is under way, once more after it. */
void tide_plugin_reader_again(struct tide_plugin_reader *reader);
/** What is under way is waited for and dropped. */
void tide_plugin_reader_close(struct tide_plugin_reader *reader,
                              void (*closed)(void *arg), void *arg);

#endif
