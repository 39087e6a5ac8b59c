/*
 * reader - the state of the sqlite source, and what its parts share.
 */
#ifndef SQLITE_SOURCE_READER_H
#define SQLITE_SOURCE_READER_H

#include <tidemill/plugin.h>

#include "../../shared/sqlite/table.h"

struct sqlite_options {
    const char *path;
    int64_t busy_timeout;
};

/**
 * One table being read.  The statement's columns are: the row's number or null, then the
 * table's columns in the order of schema, then the cursor if there is one.
 */
struct reader {
    const struct sqlite_options *options;
    const struct tide_source_request *request;
    const struct tide_host *host;
    struct database database;
    struct tide_schema schema;
    sqlite3_stmt *rows;       /* NULL once all are read */
    sqlite3_stmt *json_check; /* tells whether parameter 1 is JSON; made when needed */
    struct tide_builder *builders;
    int64_t row_count; /* read so far, good and bad */
    bool has_row_numbers;
    sqlite3_value *cursor; /* of the last row read; owned */
    char *position;        /* as text; owned */
};

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

/* ---- cursor.c ---- */

/** Bind the cursor of a position that position_make wrote to parameter 1. */
TIDE_MUST_CHECK
int position_bind(const struct reader *reader, sqlite3_stmt *statement,
                  struct tide_error *err);

/** Note the cursor of the row at hand. */
TIDE_MUST_CHECK
int cursor_note(struct reader *reader, int column, struct tide_error *err);

/** Write the position after the last row noted into reader->position. */
TIDE_MUST_CHECK
int position_make(struct reader *reader, struct tide_error *err);

/* ---- rows.c ---- */

/** Fill a batch with the next rows: the read of the source's table. */
int rows_read(void *state, struct tide_batch *batch, struct tide_error *err);

/** End the statement and its transaction; may be called again. */
void rows_end(struct reader *reader);

/* ---- query.c ---- */

/** Find the table's columns and prepare the statement that reads them; begins the
 * transaction that keeps what is read as of one moment. */
TIDE_MUST_CHECK
int query_open(struct reader *reader, struct tide_error *err);

#endif
