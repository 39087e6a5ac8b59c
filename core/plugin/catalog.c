/*
 * catalog - all plugins of a folder, usable and refused.
 */
#include "plugin/catalog.h"

#include <dirent.h>
#include <errno.h>
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
    char *loaded_from; /* of a catalog that loads what it is asked for, else NULL */
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

struct scan {
    struct tide_catalog *catalog;
    struct tide_plugin_cache *cache;
    char *helper;
};

static int by_name(const struct dirent **a, const struct dirent **b)
{
    return strcmp((*a)->d_name, (*b)->d_name);
}

static void scan_file(struct scan *scan, const char *path)
{
    struct tide_plugin_info *info = tide_plugin_cache_take(scan->cache, path);

    if (!info) {
        info = tide_describe(scan->helper, path);
    }
    tide_plugin_cache_put(scan->cache, path, info);
    add(scan->catalog, info);
}

/* Shared objects of a folder, and with depth those of folders in it that are named like
 * their plugin. */
static void scan_folder(struct scan *scan, const char *folder, int depth)
{
    struct dirent **entries = NULL;
    int count = scandir(folder, &entries, NULL, by_name);

    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        char *path = tide_path_join(folder, name);

        if (tide_text_ends(name, ".so") && name[0] != '.') {
            scan_file(scan, path);
        } else if (depth > 0 && name[0] != '.') {
            scan_folder(scan, path, depth - 1);
        }
        free(path);
        free(entries[i]);
    }
    free(entries);
}

static void scan_kinds(struct scan *scan, const char *folder)
{
    for (uint32_t kind = TIDE_KIND_SOURCE; kind <= TIDE_KIND_STORAGE; kind++) {
        char *below = tide_strf("%s/%ss", folder, tide_plugin_kind_name(kind));

        scan_folder(scan, below, 1);
        free(below);
    }
    scan_folder(scan, folder, 0);
}

/* Two plugins of one kind and name: the first that was found is used. */
static void refuse_doubles(struct tide_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++) {
        for (size_t j = i + 1; j < catalog->count; j++) {
            struct tide_plugin_info *first = catalog->items[i],
                                    *second = catalog->items[j];

            if (!first->refused && !second->refused && first->kind == second->kind &&
                strcmp(first->name, second->name) == 0) {
                second->refused =
                    tide_strf("%s is the %s \"%s\" already", first->path,
                              tide_plugin_kind_name(first->kind), first->name);
            }
        }
    }
}

int tide_catalog_open(const char *folder, const char *cache_file,
                      struct tide_catalog **out, struct tide_error *err)
{
    DIR *readable = opendir(folder);
    struct scan scan;

    if (!readable) {
        return tide_error_set(err, TIDE_E_IO,
                              "cannot read the plugin folder %s: %s; set "
                              "TIDEMILL_PLUGIN_DIR",
                              folder, strerror(errno));
    }
    (void)closedir(readable);
    scan.catalog = tide_alloc(sizeof *scan.catalog);
    scan.cache = tide_plugin_cache_open(cache_file);
    scan.helper = tide_program_path("tidemill-worker");
    scan_kinds(&scan, folder);
    refuse_doubles(scan.catalog);
    tide_plugin_cache_close(scan.cache);
    free(scan.helper);
    *out = scan.catalog;
    return TIDE_OK;
}

struct tide_catalog *tide_catalog_of_loaded(const char *folder)
{
    struct tide_catalog *catalog = tide_alloc(sizeof *catalog);

    catalog->loaded_from = tide_strdup(folder);
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
    free(catalog->loaded_from);
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
 * what it answers never changes. */
static const struct tide_plugin_info *find_by_loading(const struct tide_catalog *catalog,
                                                      uint32_t kind, const char *name)
{
    union {
        const struct tide_catalog *asked;
        struct tide_catalog *grown;
    } both = {catalog};
    const struct tide_plugin_entry *entry;
    struct tide_error err;
    struct tide_plugin_info *info;
    char *path;

    if (tide_plugin_load(catalog->loaded_from, kind, name, &entry, &err) != TIDE_OK) {
        return NULL;
    }
    path = tide_plugin_find_file(catalog->loaded_from, kind, name);
    info = tide_plugin_info_of(entry, path);
    free(path);
    add(both.grown, info);
    return info;
}

const struct tide_plugin_info *tide_catalog_find(const struct tide_catalog *catalog,
                                                 uint32_t kind, const char *name)
{
    const struct tide_plugin_info *info = find(catalog, kind, name);

    if (!info && catalog->loaded_from) {
        info = find_by_loading(catalog, kind, name);
    }
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
