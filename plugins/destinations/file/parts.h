/*
 * parts - what the files of this module share: the parts of a run, and their files.
 */
#ifndef FILE_PARTS_H
#define FILE_PARTS_H

#include "manifest.h"

struct parts {
    struct manifest manifest;      /* as it was committed last */
    struct manifest_parts pending; /* published and not yet listed */
    char *suffix;                  /* of their names; owned */
    int64_t next;                  /* number of the next part */
    char *pipeline; /* owned; the key that has the position, NULL: the request's own */
    void *lock;
    bool is_open;      /* the writer's output is a part */
    bool is_fresh;     /* this run made the first manifest, and nothing is listed yet */
    bool is_uncertain; /* a manifest could not be written: it may be there or not */
};

/** "part-00001.csv", malloc'ed; NULL when memory is out. */
char *part_name(const struct parts *parts, int64_t number);
/** The highest number of a list; 0: it has none. */
int64_t parts_highest(const struct manifest_parts *parts);

/** Remove a file of the folder. */
TIDE_MUST_CHECK
int part_remove(const struct writer *writer, const char *name, struct tide_error *err);
/** The same, with a warning instead of an error; whether it is gone. */
bool part_try_remove(const struct writer *writer, const char *name);
/** Whether all are gone: the next run removes the others, if there is a manifest. */
bool parts_remove(const struct writer *writer, const struct manifest_parts *parts);
/** Remove what the manifest does not list.  Parts in a folder without a manifest are not
 * ours to remove: TIDE_E_CONFLICT. */
TIDE_MUST_CHECK
int parts_clear_strays(struct writer *writer, bool has_manifest, struct tide_error *err);

#endif
