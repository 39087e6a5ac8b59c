/*
 * load - a plugin in this process.
 */
#include "plugin/load.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "plugin/entry.h"
#include "plugin/info.h"

/* Every entry handed out so far, by file; never freed, for nothing is ever unloaded. */
struct loaded {
    char *path;
    struct tide_plugin_entry *entry;
    struct loaded *next;
};

static struct loaded *all_loaded;
static pthread_mutex_t all_loaded_mutex = PTHREAD_MUTEX_INITIALIZER;

static const struct tide_plugin_entry *find_loaded(const char *path)
{
    for (const struct loaded *at = all_loaded; at; at = at->next) {
        if (strcmp(at->path, path) == 0) {
            return at->entry;
        }
    }
    return NULL;
}

/* The linker's message without the file's name, which err->where has already. */
static const char *linker_says(const char *path)
{
    const char *message = dlerror();
    size_t length = strlen(path);

    if (!message) {
        return "for a reason the linker does not tell";
    }
    return strncmp(message, path, length) == 0 && strncmp(message + length, ": ", 2) == 0
               ? message + length + 2
               : message;
}

static int open_file(const char *path, const struct tide_plugin_entry **out,
                     struct tide_error *err)
{
    struct tide_plugin_entry *entry = NULL;
    struct loaded *loaded;
    const void *symbol;
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    int rc;

    if (!handle) {
        return tide_error_at(err, TIDE_E_IO, path, "does not load: %s",
                             linker_says(path));
    }
    symbol = dlsym(handle, TIDE_PLUGIN_SYMBOL);
    if (!symbol) {
        return tide_error_at(err, TIDE_E_CONFIG, path,
                             "is no Tidemill plugin: it exports no " TIDE_PLUGIN_SYMBOL);
    }
    rc = tide_entry_adopt(symbol, &entry, err);
    if (rc != TIDE_OK) {
        if (err) {
            (void)snprintf(err->where, sizeof err->where, "%s", path);
        }
        return rc;
    }
    loaded = tide_alloc(sizeof *loaded);
    loaded->path = tide_strdup(path);
    loaded->entry = entry;
    loaded->next = all_loaded;
    all_loaded = loaded;
    *out = entry;
    return TIDE_OK;
}

int tide_plugin_load_file(const char *path, const struct tide_plugin_entry **out,
                          struct tide_error *err)
{
    const struct tide_plugin_entry *entry;
    int rc = TIDE_OK;

    pthread_mutex_lock(&all_loaded_mutex);
    entry = find_loaded(path);
    if (entry) {
        *out = entry;
    } else {
        rc = open_file(path, out, err);
    }
    pthread_mutex_unlock(&all_loaded_mutex);
    return rc;
}

char *tide_plugin_find_file(const char *folder, uint32_t kind, const char *name)
{
    const char *kind_name = tide_plugin_kind_name(kind);
    char *places[] = {tide_strf("%s/%ss/%s.so", folder, kind_name, name),
                      tide_strf("%s/%ss/%s/%s.so", folder, kind_name, name, name),
                      tide_strf("%s/%s.so", folder, name)};
    char *found = NULL;
    bool valid = tide_name_is_valid(name);

    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        if (valid && !found && access(places[i], R_OK) == 0) {
            found = places[i];
        } else {
            free(places[i]);
        }
    }
    return found;
}

int tide_plugin_load(const char *folder, uint32_t kind, const char *name,
                     const struct tide_plugin_entry **out, struct tide_error *err)
{
    const char *kind_name = tide_plugin_kind_name(kind);
    char *path = tide_plugin_find_file(folder, kind, name);
    const struct tide_plugin_entry *entry;
    int rc;

    if (!path) {
        return tide_error_set(err, TIDE_E_NOT_FOUND, "no %s plugin \"%.64s\" in %s",
                              kind_name, name, folder);
    }
    rc = tide_plugin_load_file(path, &entry, err);
    if (rc == TIDE_OK && (entry->kind != kind || strcmp(entry->name, name) != 0)) {
        rc = tide_error_at(
            err, TIDE_E_CONFIG, path, "is the %s plugin \"%s\", not the %s plugin \"%s\"",
            tide_plugin_kind_name(entry->kind), entry->name, kind_name, name);
    }
    if (rc == TIDE_OK) {
        *out = entry;
    }
    free(path);
    return rc;
}
