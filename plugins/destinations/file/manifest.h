/*
 * manifest - which parts of a folder are its table, and up to where it was filled.
 *
 * It is one file that is replaced at once, after the parts that it lists are durable.  A
 * part that it does not list belongs to an interrupted run, or to one that still writes.
 */
#ifndef FILE_MANIFEST_H
#define FILE_MANIFEST_H

#include "../../shared/json/document.h"
#include "file.h"

struct manifest_part {
    char *name; /* below the folder; owned */
    int64_t rows, bytes;
    uint64_t hash; /* xxh64 of the bytes */
};

/** Zeroed: none. */
struct manifest_parts {
    struct manifest_part *items;
    size_t count;
};

/** Up to where a pipeline has filled the table. */
struct manifest_position {
    char *pipeline, *text; /* owned */
    char *name;            /* the same by the pipeline's name; owned, or NULL */
};

struct manifest {
    struct manifest_parts parts;
    struct manifest_position *positions;
    size_t position_count;
    char *format;  /* of the parts; owned, or NULL */
    char *columns; /* JSON; owned, or NULL */
    bool is_complete;
};

/** Read the one of the writer's folder.  *found is false when there is none. */
TIDE_MUST_CHECK
int manifest_read(const struct writer *writer, struct manifest *manifest, bool *found,
                  struct tide_error *err);

/** Put it in the place of the one that is there, durably. */
TIDE_MUST_CHECK
int manifest_write(const struct writer *writer, const struct manifest *manifest,
                   struct tide_error *err);
void manifest_clear(struct manifest *manifest);

/** Let it describe parts of the writer's format and columns.  TIDE_OK or TIDE_E_LIMIT. */
TIDE_MUST_CHECK
int manifest_describe(struct manifest *manifest, const struct writer *writer);

/** Keep a position for a pipeline, and its name (or NULL) with it; text NULL: forget it.
 * TIDE_OK or TIDE_E_LIMIT. */
TIDE_MUST_CHECK
int manifest_set_position(struct manifest *manifest, const char *pipeline,
                          const char *name, const char *text);
/** The position of the request's pipeline (position/kept.h says which one it is),
 * borrowed, or NULL.  One that was kept under its name alone is under its own key
 * then. */
TIDE_MUST_CHECK
int manifest_find_position(struct manifest *manifest, const struct writer *writer,
                           const struct manifest_position **position,
                           struct tide_error *err);

/** Append a part; name is copied.  TIDE_OK or TIDE_E_LIMIT. */
TIDE_MUST_CHECK
int manifest_parts_add(struct manifest_parts *parts, const struct manifest_part *part);
void manifest_parts_clear(struct manifest_parts *parts);

/** "folder/name", malloc'ed; NULL when memory is out. */
char *manifest_join(const struct writer *writer, const char *name);

#define MANIFEST_NAME "manifest.json"

#endif
