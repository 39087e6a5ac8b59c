/*
 * writer - the state of the sqlite destination, and what its parts share.
 */
#ifndef SQLITE_DESTINATION_WRITER_H
#define SQLITE_DESTINATION_WRITER_H

#include <tidemill/plugin.h>
#include <tidemill/value.h>

#include "../../shared/sqlite/table.h"

struct sqlite_options {
    const char *path;
    int64_t busy_timeout;
};

/** One column on its way in: the type it comes in, what SQLite would do to it, and room
 * for its text. */
struct column {
    int type;
    enum affinity affinity;
    char text[TIDE_VALUE_TEXT_MAX];
};

/** One table being written; a transaction is open until the final commit. */
struct writer {
    const struct sqlite_options *options;
    const struct tide_destination_request *request;
    const struct tide_host *host;
    bool creates_file; /* there was none before */
    struct database database;
    struct table table;     /* as it is in the database */
    bool is_new;            /* made in the transaction under way */
    bool is_view;           /* its triggers put the rows somewhere */
    struct column *columns; /* in the order of request->schema */
    size_t column_count;
    char *pipeline; /* owned; the key that has the position, NULL: that of the request */
    char staging[48];     /* the table in which a replacing load is staged */
    bool stages;          /* rows go there, from the first checkpoint on */
    bool is_direct;       /* and until then into the target */
    bool had_rows;        /* which had some before */
    bool resumes;         /* behind those of an earlier run */
    int64_t staged_rows;  /* there are */
    uint64_t target_hash; /* of what the target was */
    int64_t version;      /* of the database's schema, at the last checkpoint */
    bool was_let_go;      /* it may be another: others could write since */
    sqlite3_stmt *insert; /* NULL: to be prepared in front of the first row */
    sqlite3_stmt *newest; /* merge with a cursor: lets the later of two rows pass */
};

/* ---- target.c ---- */

/** Make sure that the table is there and takes the request's columns; create it when
 * missing.  Fills writer->table and accepted. */
TIDE_MUST_CHECK
int target_prepare(struct writer *writer, struct tide_schema *accepted,
                   struct tide_error *err);

/** Remember the schema in front of a commit behind which others may change it. */
TIDE_MUST_CHECK
int target_let_go(struct writer *writer, struct tide_error *err);

/** Behind such a commit, in the transaction that follows: TIDE_E_CONFLICT when the table
 * is no more what rows are written for, TIDE_E_TRANSIENT when another run of the pipeline
 * has written to it. */
TIDE_MUST_CHECK
int target_look_again(struct writer *writer, struct tide_error *err);

/* ---- statements.c ---- */

/** Prepare the statements of the request's mode, but for replace. */
TIDE_MUST_CHECK
int statements_prepare(struct writer *writer, struct tide_error *err);

/** Prepare writer->insert. */
TIDE_MUST_CHECK
int statements_insert(struct writer *writer, struct tide_error *err);

/** Delete the rows of the target. */
TIDE_MUST_CHECK
int statements_empty(const struct writer *writer, struct tide_error *err);

/* ---- bind.c ---- */

/** Bind the row's value of column i to a parameter, from 1.  The value is borrowed until
 * the statement is bound again.  TIDE_E_DATA with *problem (a constant) when SQLite would
 * store another value. */
TIDE_MUST_CHECK
int bind_value(struct writer *writer, sqlite3_stmt *statement, int parameter,
               const struct tide_batch *batch, size_t i, int64_t row,
               const char **problem);

/** Whether a text stored in a column of that affinity stays the same value. */
bool text_survives(enum affinity affinity, int type, const char *text, size_t length);

/* ---- rows.c ---- */

/** Take a batch; a row that violates a constraint goes to host->reject_row. */
TIDE_MUST_CHECK
int rows_write(struct writer *writer, const struct tide_batch *batch,
               struct tide_error *err);

/* ---- positions.c ---- */

/** The position last committed for the request's pipeline (position/kept.h says which one
 * that is), malloc'ed; NULL for none, also where the table is new or the position is one
 * of another table. */
TIDE_MUST_CHECK
int position_load(struct writer *writer, char **position, struct tide_error *err);

/** In the transaction behind a checkpoint, which kept the position under this run: see
 * that no other one has kept its own since.  TIDE_E_TRANSIENT. */
TIDE_MUST_CHECK
int position_look_again(const struct writer *writer, struct tide_error *err);

/** Keep a position within the transaction, or none (NULL): the next run begins at the
 * start.  staged: it is that of staged rows.  What other pipelines kept of
 * a table that is new is forgotten. */
TIDE_MUST_CHECK
int position_keep(struct writer *writer, const char *position, bool staged,
                  struct tide_error *err);

#endif
