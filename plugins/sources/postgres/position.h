/*
 * position - how far a table was read, as a former run wrote it down.
 *
 * The text is a JSON object.  "read" tells how the table was read: "key" and "row" are
 * full reads that were cut off, "snapshot" and "cursor" incremental ones.  Members may
 * be added to it later.  Version 1.0 wrote {"column", "type", "cursor"}: that is a
 * "cursor" whose value is read again.  A ctid of line 0 is the start of a block.
 *
 *     {"read": "key", "table": 16384, "mark": 777, "rows": 40,
 *      "columns": ["id"], "key": ["41"]}
 *     {"read": "row", "table": 16384, "file": "16390", "mark": 777, "rows": 40,
 *      "columns": ["ctid"], "key": ["(3,4)"]}
 *     {"read": "snapshot", "table": 16384, "column": "at", "from": 777,
 *      "parts": {"16384": [16390]}}
 *     {"read": "snapshot", "table": 16384, "column": "at", "from": 700, "to": 777,
 *      "cursor": "2024-11-27T18:22:47Z", "columns": ["id"], "key": ["41"]}
 *     {"read": "cursor", "column": "at", "cursor": "2024-11-27T18:22:47Z",
 *      "columns": ["id"], "key": ["41"]}
 *
 * A "cursor" of a run that had more to read has "more": true.  What was written by
 * transactions from "mark" on may not have been seen.  "rows" is how many were read up to
 * there; it is missing where rows may repeat.  Version 1.0 wrote a "key" without both.
 * "server" tells which database was read, of which server, and "timeline" which of the
 * lives of that server: one more begins with each restore, and with each standby that
 * takes over.  Earlier versions wrote neither, or wrote "server" of a read that is to be
 * of one moment alone, as do those where the server does not tell.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_POSITION_H
#define TIDE_POSTGRES_POSITION_H

#include <stdbool.h>
#include <stdint.h>
#include <tidemill/error.h>

#include "postgres/connection.h"

/** Characters of a server's sign, with the end. */
#define PG_SERVER_SIGN_MAX 40

/** How a table is read. */
enum pg_read {
    PG_READ_ALL,      /**< as it comes: from the start each time */
    PG_READ_KEY,      /**< by primary key */
    PG_READ_ROW,      /**< by place on disk */
    PG_READ_SNAPSHOT, /**< what was written since, by cursor */
    PG_READ_CURSOR    /**< what has a greater cursor */
};

/** Zero it; pg_position_clear() frees it.  All texts are borrowed from `result`. */
struct pg_position {
    PGresult *result; /**< owned; NULL: there is no position */
    enum pg_read read;
    const char *table;     /**< its oid, or "" */
    const char *column;    /**< the cursor's, or NULL */
    const char *cursor;    /**< the value, or NULL */
    const char *file;      /**< or "" */
    const char *server;    /**< its sign, or "" */
    const char *parts;     /**< an object: see members.h; or NULL */
    const char *gone;      /**< the same */
    bool has_from, has_to; /**< without `to` the window was read to its end */
    bool more;             /**< by cursor: the run did not come to its end */
    bool nulls;            /**< rows without a cursor were to come at the end */
    bool has_mark, has_rows, has_timeline;
    uint64_t from, to, mark, rows, timeline;
    int key_count;
};

/** Understand what a former run left; text NULL: nothing.  TIDE_E_CONFIG: it is no
 * position of ours. */
TIDE_MUST_CHECK
int pg_position_parse(struct pg_position *position, struct tide_pg *pg, const char *text,
                      struct tide_error *err);

/** Column and value of place i of its key. */
const char *pg_position_key_column(const struct pg_position *position, int i);
const char *pg_position_key_value(const struct pg_position *position, int i);

/** A sign of the database that is connected to, by where it is, which does not tell its
 * name: for servers that do not tell which one they are. */
void pg_position_sign(const struct tide_pg *pg, char sign[PG_SERVER_SIGN_MAX]);

/** The word for a way to read. */
const char *pg_read_name(enum pg_read read);

void pg_position_clear(struct pg_position *position);

#endif
