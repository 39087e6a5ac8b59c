/*
 * library - loading and looking up; see library.h.
 */
#include "library.h"

#include <dlfcn.h>
#include <string.h>

static int load(const struct library *library, struct tide_error *err)
{
    void *handle = dlopen(library->file, RTLD_NOW | RTLD_LOCAL);

    for (const struct library_function *at = library->functions; handle && at->name;
         at++) {
        void *address = dlsym(handle, at->name);

        if (!address) {
            handle = NULL;
        } else {
            memcpy(at->place, &address, sizeof address);
        }
    }
    if (!handle) {
        const char *why = dlerror();

        return tide_error_set(err, TIDE_E_CONFIG, "%s needs the library %s: %s",
                              library->purpose, library->file,
                              why ? why : "it does not load");
    }
    return TIDE_OK;
}

int library_load(struct library *library, struct tide_error *err)
{
    int rc = TIDE_OK;

    (void)pthread_mutex_lock(&library->lock);
    if (!library->is_loaded) {
        rc = load(library, err);
        library->is_loaded = rc == TIDE_OK;
    }
    (void)pthread_mutex_unlock(&library->lock);
    return rc;
}
