/*
 * file_own - where the program's own parts are: in the build tree it runs from, or where
 * they were installed.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"

/* The folder of the running program, malloc'ed; NULL when /proc does not tell. */
static char *own_folder(void)
{
    char path[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", path, sizeof path - 1);

    if (length <= 0) {
        return NULL;
    }
    path[length] = '\0';
    return tide_path_folder(path);
}

/* name below the folder of the running program when `holds` is there too, else NULL. */
static char *beside(const char *name, const char *holds)
{
    char *folder = own_folder();
    char *path = folder ? tide_path_join(folder, name) : NULL;
    char *proof = path ? tide_strf("%s%s", path, holds) : NULL;

    if (proof && access(proof, X_OK) != 0) {
        free(path);
        path = NULL;
    }
    free(proof);
    free(folder);
    return path;
}

char *tide_plugin_folder(void)
{
    const char *given = getenv("TIDEMILL_PLUGIN_DIR");
    char *built;

    if (given && *given) {
        return tide_strdup(given);
    }
    built = beside("plugins", "/sources");
    return built ? built : tide_strdup(TIDE_PKGLIBDIR);
}

char *tide_program_path(const char *name)
{
    char *built = beside(name, "");

    return built ? built : tide_path_join(TIDE_PKGLIBEXECDIR, name);
}

char *tide_state_folder(void)
{
    const char *given = getenv("TIDEMILL_STATE_DIR");
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");

    if (given && *given) {
        return tide_path_absolute(given);
    }
    if (geteuid() == 0 || !home) {
        return tide_strdup("/var/lib/tidemill");
    }
    return state && *state == '/' ? tide_path_join(state, "tidemill")
                                  : tide_path_join(home, ".local/state/tidemill");
}
