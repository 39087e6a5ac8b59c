/*
 * reader - the state of the sqlite source, and what its parts share.
 */
#ifndef SQLITE_SOURCE_READER_H
#define SQLITE_SOURCE_READER_H

#include <tidemill/plugin.h>

#include "../../shared/sqlite/table.h"
#include "front.h"
#include "place.h"

struct sqlite_options {
    const char *path;
    int64_t busy_timeout;
};

/**
 * One table being read.  The statement's columns are: the row's number or null, then the
 * table's columns in the order of schema, then those of the place.
 */
struct reader {
    const struct sqlite_options *options;
    const struct tide_source_request *request;
    const struct tide_host *host;
    struct database database;
    struct tide_schema schema;
    sqlite3_stmt *rows;   /* NULL once all are read */
    sqlite3_stmt *behind; /* what is read next; until then rows in front of the place */
    sqlite3_stmt *tie_check;  /* tells whether two cursors are one; of front_prepare() */
    sqlite3_stmt *json_check; /* tells whether parameter 1 is JSON; made when needed */
    struct tide_builder *builders;
    int64_t row_count; /* read so far, good and bad */
    bool has_row_numbers;
    sqlite3_value **place; /* of the last row noted: its cursor and key; owned */
    size_t place_count;
    char *place_names;    /* what a position says of these columns; owned */
    bool has_key;         /* the place tells rows apart */
    bool tells_front;     /* no row may come twice: positions tell what was read */
    bool is_binary;       /* texts that are one to the cursor's collation are the same */
    struct front front;   /* of the place last noted */
    struct front known;   /* what request->position says of it */
    struct front present; /* what is there in front of request->position */
    char *same;           /* same_text(), where the request wants it exactly; owned */
    char *position;       /* as text, from sqlite3_malloc; owned */
};

/* ---- same.c ---- */

/** What tells the database, as the read transaction under way sees it, from all that it
 * was or will be; from sqlite3_malloc; NULL: nothing does. */
char *same_text(const struct reader *reader);

/* ---- values.c ---- */

/** Append the value of column i of the schema, in the row at hand, exactly.
 * TIDE_E_DATA with *code and *problem (constants) when it is not of that type. */
TIDE_MUST_CHECK
int value_append(struct reader *reader, size_t i, const char **code,
                 const char **problem);

/** The row at hand as a JSON object, to be freed with sqlite3_free; NULL when memory is
 * out. */
char *row_as_json(const struct reader *reader);

/** Append text as a JSON string. */
void json_append_text(sqlite3_str *out, const char *text, int length);

/* ---- place.c ---- */

/** Where a read that resumes at request->position starts.  TIDE_E_CONFIG: it is no
 * position of this table as it is read now. */
TIDE_MUST_CHECK
int place_start(struct reader *reader, const struct place_columns *columns,
                enum place_start *start, struct tide_error *err);

/** A part of request->position, as a row of: its JSON type, its value, its JSON text, its
 * "blob". */
TIDE_MUST_CHECK
int place_part(const struct reader *reader, const char *path, sqlite3_stmt **part,
               struct tide_error *err);

/** Bind the values of request->position to the parameters of the statement. */
TIDE_MUST_CHECK
int place_bind(const struct reader *reader, sqlite3_stmt *statement,
               struct tide_error *err);

/** Note which columns the place has.  Makes reader->place. */
TIDE_MUST_CHECK
int place_name(struct reader *reader, const struct place_columns *columns,
               struct tide_error *err);

/** Note the place of a row, whose values begin in a column of it. */
TIDE_MUST_CHECK
int place_note(struct reader *reader, sqlite3_stmt *row, int first,
               struct tide_error *err);

/** Write the place last noted into reader->position. */
TIDE_MUST_CHECK
int place_make(struct reader *reader, struct tide_error *err);

/* ---- front.c ---- */

/** Get ready for the rest, once reader->tells_front is known. */
TIDE_MUST_CHECK
int front_prepare(struct reader *reader, struct tide_error *err);

/** Note that the row at hand is read; in front of place_note(). */
TIDE_MUST_CHECK
int front_note(struct reader *reader, struct tide_error *err);

/** Whether an earlier run has read the row at hand. */
bool front_was_read(const struct reader *reader);

/** Append it to a position, with a comma, where positions tell it. */
void front_append(sqlite3_str *out, const struct reader *reader);

/** All that is in front of request->position is read. */
void front_end(struct reader *reader);

/* ---- front_find.c ---- */

/** See what is in front of request->position.  *has_others: rows that were not read,
 * which come first.  TIDE_E_CONFLICT: it cannot be known which ones. */
TIDE_MUST_CHECK
int front_find(struct reader *reader, const struct place_columns *columns,
               enum place_start start, bool *has_others, struct tide_error *err);

/* ---- rows.c ---- */

/** Fill a batch with the next rows: the read of the source's table. */
TIDE_MUST_CHECK
int rows_read(void *state, struct tide_batch *batch, struct tide_error *err);
/** Whether they are all read: its at_end. */
bool rows_at_end(void *state);

/** End the statement and its transaction; may be called again. */
void rows_end(struct reader *reader);

/* ---- query.c ---- */

/** Find the table's columns and prepare the statement that reads them; begins the
 * transaction that keeps what is read as of one moment. */
TIDE_MUST_CHECK
int query_open(struct reader *reader, struct tide_error *err);

#endif
