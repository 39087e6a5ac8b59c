/*
 * file - whole files, folders, and where the program's own parts are.
 */
#ifndef TIDE_BASE_FILE_H
#define TIDE_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <tidemill/error.h>

/** Read a file of at most limit bytes; *data is malloc'ed and terminated.  "-" is
 * standard input.  TIDE_E_NOT_FOUND, TIDE_E_IO, TIDE_E_LIMIT; the message has the
 * path. */
TIDE_MUST_CHECK
int tide_file_read(const char *path, size_t limit, char **data, size_t *length,
                   struct tide_error *err);
/** Replace a file at once: temporary name, fsync, rename, fsync of the folder. */
int tide_file_write(const char *path, const void *data, size_t length, mode_t mode,
                    struct tide_error *err);
/** mkdir -p. */
TIDE_MUST_CHECK
int tide_folder_make(const char *path, mode_t mode, struct tide_error *err);
/** The folder of a path, malloc'ed ("." when it has none). */
char *tide_path_folder(const char *path);
/** folder/name, or name alone when that is absolute; malloc'ed. */
char *tide_path_join(const char *folder, const char *name);
/** Absolute against the working directory; malloc'ed; the file need not exist. */
char *tide_path_absolute(const char *path);

/** Folder of plugins: $TIDEMILL_PLUGIN_DIR, else plugins/ beside a program in its build
 * tree, else the installed one. malloc'ed. */
char *tide_plugin_folder(void);
/** A program of ours ("tidemill-worker"): beside the running one in a build tree, else
 * the installed one; malloc'ed. */
char *tide_program_path(const char *name);
/** The daemon's state directory: $TIDEMILL_STATE_DIR, else /var/lib/tidemill for root,
 * else $XDG_STATE_HOME/tidemill or ~/.local/state/tidemill; malloc'ed. */
char *tide_state_folder(void);

#endif
