/*
 * plugin_reader - reads the plugins of a folder on the thread pool, at start and whenever
 * it is asked to.
 *
 * Layer:   uses core/plugin and libuv.
 * Threads: the loop's; read() runs on the pool and touches nothing that the loop does
 *          meanwhile.
 */
#include "plugin_reader.h"

#include <stdlib.h>

#include "base/check.h"
#include "base/memory.h"

struct tide_plugin_reader {
    uv_loop_t *loop;
    uv_work_t work;
    char *folder, *cache_file;
    tide_plugin_reader_fn done;
    void *arg;
    bool busy, again;
    struct tide_catalog *catalog; /**< of the reading under way */
    struct tide_error err;
    void (*closed)(void *arg);
    void *closed_arg;
};

static void finish(struct tide_plugin_reader *reader)
{
    void (*closed)(void *arg) = reader->closed;
    void *arg = reader->closed_arg;

    free(reader->folder);
    free(reader->cache_file);
    free(reader);
    closed(arg);
}

static void read_folder(uv_work_t *work)
{
    struct tide_plugin_reader *reader = work->data;

    reader->catalog = NULL;
    (void)tide_catalog_open(reader->folder, reader->cache_file, &reader->catalog,
                            &reader->err);
}

static void on_read(uv_work_t *work, int status)
{
    struct tide_plugin_reader *reader = work->data;

    (void)status;
    reader->busy = false;
    if (reader->closed) {
        tide_catalog_close(reader->catalog);
        finish(reader);
        return;
    }
    reader->done(reader->arg, reader->catalog, reader->catalog ? NULL : &reader->err);
    if (reader->again) {
        tide_plugin_reader_again(reader);
    }
}

void tide_plugin_reader_again(struct tide_plugin_reader *reader)
{
    reader->again = reader->busy;
    if (!reader->busy) {
        reader->busy = true;
        reader->work.data = reader;
        TIDE_INVARIANT(uv_queue_work(reader->loop, &reader->work, read_folder, on_read) ==
                       0);
    }
}

struct tide_plugin_reader *tide_plugin_reader_create(uv_loop_t *loop, const char *folder,
                                                     const char *cache_file,
                                                     tide_plugin_reader_fn done,
                                                     void *arg)
{
    struct tide_plugin_reader *reader = tide_alloc(sizeof *reader);

    reader->loop = loop;
    reader->folder = tide_strdup(folder);
    reader->cache_file = tide_strdup(cache_file);
    reader->done = done;
    reader->arg = arg;
    tide_plugin_reader_again(reader);
    return reader;
}

void tide_plugin_reader_close(struct tide_plugin_reader *reader,
                              void (*closed)(void *arg), void *arg)
{
    reader->closed = closed;
    reader->closed_arg = arg;
    if (!reader->busy) {
        finish(reader);
    }
}
