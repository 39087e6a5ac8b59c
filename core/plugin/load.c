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
#include "plugin/binding.h"
#include "plugin/entry.h"
#include "plugin/info.h"

/* Every entry handed out so far, by file; never freed, for nothing is ever unloaded. */
struct loaded {
    char *path;
    char *found_in; /* the folder below which its kind and name lead to it, or NULL */
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

/* One that was found below the folder before. */
static const struct tide_plugin_entry *find_named(const char *folder, uint32_t kind,
                                                  const char *name)
{
    const struct tide_plugin_entry *found = NULL;

    pthread_mutex_lock(&all_loaded_mutex);
    for (const struct loaded *at = all_loaded; at && !found; at = at->next) {
        if (at->found_in && strcmp(at->found_in, folder) == 0 &&
            at->entry->kind == kind && strcmp(at->entry->name, name) == 0) {
            found = at->entry;
        }
    }
    pthread_mutex_unlock(&all_loaded_mutex);
    return found;
}

const char *tide_plugin_file(const struct tide_plugin_entry *entry)
{
    const char *path = NULL;

    pthread_mutex_lock(&all_loaded_mutex);
    for (const struct loaded *at = all_loaded; at && !path; at = at->next) {
        path = at->entry == entry ? at->path : NULL;
    }
    pthread_mutex_unlock(&all_loaded_mutex);
    return path;
}

/* It is what its place below the folder says: it need not be looked for again. */
static void remember_place(const struct tide_plugin_entry *entry, const char *folder)
{
    pthread_mutex_lock(&all_loaded_mutex);
    for (struct loaded *at = all_loaded; at; at = at->next) {
        if (at->entry == entry && !at->found_in) {
            at->found_in = tide_strdup(folder);
        }
    }
    pthread_mutex_unlock(&all_loaded_mutex);
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

/* What a file exports as its entry, or NULL; the file stays open for ever. */
static const void *find_symbol(const char *path, struct tide_error *err)
{
    int when = tide_binds_now(path) ? RTLD_LAZY : RTLD_NOW;
    void *handle = dlopen(path, when | RTLD_LOCAL);
    const void *symbol = handle ? dlsym(handle, TIDE_PLUGIN_SYMBOL) : NULL;

    if (!handle) {
        (void)tide_error_at(err, TIDE_E_IO, path, "does not load: %s", linker_says(path));
    } else if (!symbol) {
        (void)tide_error_at(err, TIDE_E_CONFIG, path,
                            "is no Tidemill plugin: it exports no " TIDE_PLUGIN_SYMBOL);
    }
    /* cppcheck-suppress resourceLeak ; nothing is ever unloaded */
    return symbol;
}

static void remember(const char *path, struct tide_plugin_entry *entry)
{
    struct loaded *loaded = tide_alloc(sizeof *loaded);

    loaded->path = tide_strdup(path);
    loaded->entry = entry;
    loaded->next = all_loaded;
    all_loaded = loaded;
}

static int open_file(const char *path, const struct tide_plugin_entry **out,
                     struct tide_error *err)
{
    struct tide_plugin_entry *entry = NULL;
    struct tide_error why = {0};
    const void *symbol = find_symbol(path, &why);
    int rc = symbol ? tide_entry_adopt(symbol, &entry, &why) : why.code;

    if (rc == TIDE_OK) {
        remember(path, entry);
        *out = entry;
        return TIDE_OK;
    }
    return tide_error_at(err, rc, path, "%s", why.message);
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
    const struct tide_plugin_entry *entry = find_named(folder, kind, name);
    char *path = NULL;
    int rc;

    if (entry) {
        *out = entry;
        return TIDE_OK;
    }
    path = tide_plugin_find_file(folder, kind, name);
    if (!path) {
        return tide_error_set(err, TIDE_E_NOT_FOUND, "no %s plugin \"%.64s\" in %s",
                              kind_name, name, folder);
    }
    rc = tide_plugin_load_file(path, &entry, err);
    if (entry && (entry->kind != kind || strcmp(entry->name, name) != 0)) {
        rc = tide_error_at(
            err, TIDE_E_CONFIG, path, "is the %s plugin \"%s\", not the %s plugin \"%s\"",
            tide_plugin_kind_name(entry->kind), entry->name, kind_name, name);
    }
    if (rc == TIDE_OK) {
        remember_place(entry, folder);
        *out = entry;
    }
    free(path);
    return rc;
}
