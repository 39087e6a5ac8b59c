/*
 * catalog - all plugins of a folder, usable and refused.
 */
#include "plugin/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "plugin/cache.h"
#include "plugin/describe.h"
#include "plugin/load.h"

struct tide_catalog {
    struct tide_plugin_info **items;
    size_t count, capacity;
    char *folder;
    char *helper; /* NULL: a catalog that loads what it is asked for */
};

static void add(struct tide_catalog *catalog, struct tide_plugin_info *info)
{
    if (catalog->count == catalog->capacity) {
        catalog->capacity = catalog->capacity ? catalog->capacity * 2 : 32;
        catalog->items = tide_realloc(
            catalog->items, catalog->capacity * sizeof(struct tide_plugin_info *));
    }
    catalog->items[catalog->count++] = info;
}

/* ---- reading a folder ---- */

/* Helpers that run at a time. */
#define HELPERS 4

struct file {
    char *path, *stamp;
    struct tide_plugin_info *info;
    bool passing; /* it is refused for now */
};

struct scan {
    const char *folder, *helper;
    struct file *files;
    size_t count, capacity;
    atomic_size_t next; /* file that no helper looks at yet */
};

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void add_file(struct scan *scan, const char *path)
{
    if (scan->count == scan->capacity) {
        scan->capacity = scan->capacity ? scan->capacity * 2 : 32;
        scan->files = tide_realloc(scan->files, scan->capacity * sizeof *scan->files);
    }
    scan->files[scan->count++] = (struct file){.path = tide_strdup(path)};
}

/* Shared objects of a folder, and with depth those of folders in it. */
static void scan_folder(struct scan *scan, const char *folder, int depth)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, by_name);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char *path = tide_path_join(folder, name);

        if (tide_text_ends(name, ".so") && name[0] != '.') {
            add_file(scan, path);
        } else if (depth > 0 && name[0] != '.') {
            scan_folder(scan, path, depth - 1);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
}

static void scan_kinds(struct scan *scan)
{
    for (uint32_t kind = TIDE_KIND_SOURCE; kind <= TIDE_KIND_STORAGE; kind++) {
        char *below = tide_strf("%s/%ss", scan->folder, tide_plugin_kind_name(kind));

        scan_folder(scan, below, 1);
        free(below);
    }
    scan_folder(scan, scan->folder, 0);
}

/* Have helpers look at one file after another that the cache did not know. */
static void *describe_files(void *arg)
{
    struct scan *scan = arg;

    for (;;) {
        size_t i = atomic_fetch_add(&scan->next, 1);

        if (i >= scan->count) {
            return NULL;
        }
        if (!scan->files[i].info) {
            scan->files[i].info =
                tide_describe(scan->helper, scan->files[i].path, &scan->files[i].passing);
        }
    }
}

static void describe_all(struct scan *scan, size_t unknown)
{
    pthread_t threads[HELPERS];
    size_t started = 0;

    while (started + 1 < HELPERS && started + 1 < unknown &&
           pthread_create(&threads[started], NULL, describe_files, scan) == 0) {
        started++;
    }
    (void)describe_files(scan);
    while (started > 0) {
        (void)pthread_join(threads[--started], NULL);
    }
}

/* A plugin is only found where its kind and name say; and the first of two is used. */
static void refuse_misplaced(const struct scan *scan, struct tide_plugin_info *info)
{
    char *found = tide_plugin_find_file(scan->folder, info->kind, info->name);
    const char *kind = tide_plugin_kind_name(info->kind);

    if (!found) {
        info->refused = tide_strf("is the %s \"%s\", which is looked for in %ss/%s.so",
                                  kind, info->name, kind, info->name);
    } else if (strcmp(found, info->path) != 0) {
        info->refused = tide_strf("%s is the %s \"%s\" already", found, kind, info->name);
    }
    free(found);
}

static size_t ask_cache(struct scan *scan, struct tide_plugin_cache *cache)
{
    size_t unknown = 0;

    for (size_t i = 0; i < scan->count; i++) {
        struct file *file = &scan->files[i];

        file->info = tide_plugin_cache_take(cache, file->path, &file->stamp);
        unknown += !file->info;
    }
    return unknown;
}

static struct tide_catalog *collect(struct scan *scan, struct tide_plugin_cache *cache)
{
    struct tide_catalog *catalog = tide_alloc(sizeof *catalog);

    catalog->folder = tide_strdup(scan->folder);
    catalog->helper = tide_strdup(scan->helper);
    for (size_t i = 0; i < scan->count; i++) {
        struct file *file = &scan->files[i];

        if (!file->passing) {
            tide_plugin_cache_put(cache, file->path, file->stamp, file->info);
        }
        if (!file->info->refused) {
            refuse_misplaced(scan, file->info);
        }
        add(catalog, file->info);
        free(file->path);
        free(file->stamp);
    }
    free(scan->files);
    return catalog;
}

int tide_catalog_open(const char *folder, const char *cache_file,
                      struct tide_catalog **out, struct tide_error *err)
{
    char *helper = tide_program_path("tidemill-worker");
    int rc = tide_catalog_open_with(folder, cache_file, helper, out, err);

    free(helper);
    return rc;
}

int tide_catalog_open_with(const char *folder, const char *cache_file, const char *helper,
                           struct tide_catalog **out, struct tide_error *err)
{
    DIR *readable = opendir(folder);
    struct scan scan = {.folder = folder, .helper = helper};
    struct tide_plugin_cache *cache;
    size_t unknown;

    if (!readable) {
        return tide_error_set(err, TIDE_E_IO,
                              "cannot read the plugin folder %s: %s; set "
                              "TIDEMILL_PLUGIN_DIR",
                              folder, strerror(errno));
    }
    (void)closedir(readable);
    scan_kinds(&scan);
    cache = tide_plugin_cache_open(cache_file);
    unknown = ask_cache(&scan, cache);
    if (unknown > 0) {
        describe_all(&scan, unknown);
    }
    *out = collect(&scan, cache);
    tide_plugin_cache_close(cache);
    return TIDE_OK;
}

struct tide_catalog *tide_catalog_of_loaded(const char *folder)
{
    struct tide_catalog *catalog = tide_alloc(sizeof *catalog);

    catalog->folder = tide_strdup(folder);
    return catalog;
}

void tide_catalog_close(struct tide_catalog *catalog)
{
    if (!catalog) {
        return;
    }
    for (size_t i = 0; i < catalog->count; i++) {
        tide_plugin_info_destroy(catalog->items[i]);
    }
    free(catalog->items);
    free(catalog->folder);
    free(catalog->helper);
    free(catalog);
}

/* ---- asking ---- */

static const struct tide_plugin_info *find(const struct tide_catalog *catalog,
                                           uint32_t kind, const char *name)
{
    const struct tide_plugin_info *refused = NULL;

    for (size_t i = 0; i < catalog->count; i++) {
        const struct tide_plugin_info *info = catalog->items[i];

        if (info->kind == kind && info->name && strcmp(info->name, name) == 0) {
            if (!info->refused) {
                return info;
            }
            refused = info;
        }
    }
    return refused;
}

/* A catalog of loaded plugins grows when it is asked; it is const to those who ask, for
 * what it answers never changes.  The caller holds the mutex. */
static const struct tide_plugin_info *find_by_loading(const struct tide_catalog *catalog,
                                                      uint32_t kind, const char *name)
{
    union {
        const struct tide_catalog *asked;
        struct tide_catalog *grown;
    } both = {catalog};
    const struct tide_plugin_entry *entry;
    struct tide_error err = {0};
    struct tide_plugin_info *info;
    char *path;
    int rc = tide_plugin_load(catalog->folder, kind, name, &entry, &err);

    if (rc == TIDE_OK) {
        info = tide_plugin_info_of(entry, tide_plugin_file(entry));
    } else {
        path = tide_plugin_find_file(catalog->folder, kind, name);
        if (!path) {
            return NULL;
        }
        info = tide_plugin_info_refused(path, err.message);
        free(path);
    }
    add(both.grown, info);
    return info;
}

const struct tide_plugin_info *tide_catalog_find(const struct tide_catalog *catalog,
                                                 uint32_t kind, const char *name)
{
    static pthread_mutex_t growing = PTHREAD_MUTEX_INITIALIZER;
    const struct tide_plugin_info *info;

    if (catalog->helper) {
        return find(catalog, kind, name);
    }
    pthread_mutex_lock(&growing);
    info = find(catalog, kind, name);
    if (!info) {
        info = find_by_loading(catalog, kind, name);
    }
    pthread_mutex_unlock(&growing);
    return info;
}

const char *tide_catalog_nearest(const struct tide_catalog *catalog, uint32_t kind,
                                 const char *name)
{
    const char **names = tide_alloc_array(catalog->count + 1, sizeof *names);
    const char *nearest;
    size_t count = 0;

    for (size_t i = 0; i < catalog->count; i++) {
        if (catalog->items[i]->kind == kind && !catalog->items[i]->refused) {
            names[count++] = catalog->items[i]->name;
        }
    }
    nearest = tide_text_nearest(name, names, count);
    free(names);
    return nearest;
}

size_t tide_catalog_count(const struct tide_catalog *catalog)
{
    return catalog->count;
}

const struct tide_plugin_info *tide_catalog_at(const struct tide_catalog *catalog,
                                               size_t i)
{
    return catalog->items[i];
}

const char *tide_catalog_folder(const struct tide_catalog *catalog)
{
    return catalog->folder;
}

const char *tide_catalog_helper(const struct tide_catalog *catalog)
{
    return catalog->helper;
}
