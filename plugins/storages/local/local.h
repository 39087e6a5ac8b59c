/*
 * local - files of this machine: the parts of the storage and what they share.
 *
 * Every name is a path below a root folder and may not leave it.
 */
#ifndef LOCAL_H
#define LOCAL_H

#include <dirent.h>
#include <tidemill/plugin.h>

/** What a failed system call on path means: TIDE_E_NOT_FOUND for ENOENT, else TIDE_E_IO.
 * `what` as in "read". */
TIDE_MUST_CHECK
int local_error(struct tide_error *err, const char *what, const char *path, int number);

/** Refuse a name that is empty, absolute or climbs out with "..". */
TIDE_MUST_CHECK
int local_check_name(const char *name, struct tide_error *err);

/** "folder/name", malloc'ed; NULL when memory is out. */
char *local_join(const char *folder, const char *name);

/** The folder part of a path, malloc'ed ("." when there is none), or NULL. */
char *local_folder_of(const char *path);

/** What is behind the last slash of a path; borrowed from it. */
const char *local_base_of(const char *path);

/** How many bytes of a path lead to something that is there; 0 when nothing does. */
size_t local_existing_prefix(const char *path);

/** Create a folder and those above it that are missing, durably. */
TIDE_MUST_CHECK
int local_make_folder(const char *path, struct tide_error *err);

/** The next entry of an open folder in *entry, NULL behind the last one; a folder that
 * cannot be read on is no shorter for that. */
TIDE_MUST_CHECK
int local_next_entry(DIR *folder, const char *path, const struct dirent **entry,
                     struct tide_error *err);

/** Make what happened to the names in a folder durable. */
TIDE_MUST_CHECK
int local_sync_folder(const char *path, struct tide_error *err);

/* The functions of the storage's table: list.c, read.c, write.c and remove.c. */
TIDE_MUST_CHECK
int local_list(const void *options, const struct tide_host *host, const char *root,
               const char *pattern, tide_list_fn emit, void *arg, struct tide_error *err);
TIDE_MUST_CHECK
int local_read_open(const void *options, const struct tide_host *host, const char *root,
                    const char *name, void **file, struct tide_error *err);
TIDE_MUST_CHECK
int local_read(void *file, uint8_t *data, size_t capacity, size_t *length,
               struct tide_error *err);
TIDE_MUST_CHECK
int local_read_seek(void *file, int64_t offset, struct tide_error *err);
void local_read_close(void *file);
TIDE_MUST_CHECK
int local_write_open(const void *options, const struct tide_host *host, const char *root,
                     const char *name, const char *run, bool append, void **file,
                     int64_t *existing, struct tide_error *err);
TIDE_MUST_CHECK
int local_write(void *file, const uint8_t *data, size_t length, struct tide_error *err);
TIDE_MUST_CHECK
int local_publish(void *file, struct tide_error *err);
void local_write_close(void *file);
TIDE_MUST_CHECK
int local_remove(const void *options, const struct tide_host *host, const char *root,
                 const char *name, struct tide_error *err);

/* stale.c: temporary files of other runs. */

/** The folder-local name under which a run writes base, malloc'ed:
 * ".base.tidemill-RUN". */
char *local_temporary_name(const char *base, const char *run);

/**
 * Look at the temporary files that other runs have for base in folder.  Those of dead
 * runs are removed; a live one is TIDE_E_TRANSIENT: two runs at once would lose rows.
 * A run holds a flock on its temporary file for as long as it lives.
 */
TIDE_MUST_CHECK
int local_clear_stale(const char *folder, const char *base, const char *own,
                      struct tide_error *err);

#endif
