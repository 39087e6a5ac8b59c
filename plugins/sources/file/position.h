/*
 * position - where a run is in the files of a table, as a text.
 *
 *     {"path": "./in",
 *      "done": [{"file": "1.csv", "offset": 104, "tail": "90b2...", "head": "90b2..."}],
 *      "mark": 30210, "file": "2.csv", "offset": 2097140, "tail": "1f0c...",
 *      "head": "77a0..."}
 *
 * Files that were read to their end are done, whatever is appended to them later; offset,
 * tail and head tell whether the one of that name is still the one that was read.
 * Earlier versions kept their names alone.  Of the current file it has the byte and the
 * line to resume at, and the hash of what stands in front, and of the first bytes, by
 * which the file is recognized.  Where what was read
 * must still be there, exactly, "all" is the hash of all of it.
 */
#ifndef FILE_POSITION_H
#define FILE_POSITION_H

#include "../../shared/json/document.h"
#include "file.h"

/** A position that was read.  Zeroed at first. */
struct position {
    struct names done;
    struct place *ends; /* owned; one for each that is done: its end, where known */
    char *file;         /* owned; NULL: none is half read */
    struct place place;
    bool has_all;
    uint64_t all;
};

/** Read a text that position_write made.  TIDE_E_CONFIG: it is none, or of another
 * path. */
TIDE_MUST_CHECK
int position_parse(const char *text, const char *path, struct position *position,
                   struct tide_error *err);
void position_clear(struct position *position);

/** Grows with the files that are done, so that no batch costs more for their number than
 * a copy.  Zeroed at first. */
struct position_text {
    struct json_out done; /* `{"path": ..., "done": [{"file": ...}` */
    size_t count;         /* files in it */
    struct json_out text;
};

/** The text for a path, the first `count` of names with their ends and, if place is not
 * NULL, a place in the one behind them.  all is the hash of what was read, or NULL: not
 * wanted.  count never shrinks from call to call.  Borrowed until the next call; NULL: a
 * name is no text, or memory is out. */
const char *position_write(struct position_text *position, const char *path,
                           const struct names *names, const struct place *ends,
                           size_t count, const struct place *place,
                           const struct xxh64 *all);
void position_text_fini(struct position_text *position);

#endif
