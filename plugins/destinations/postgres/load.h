/*
 * load - rows into the table, past those that the server refuses.
 *
 * Rows go in by pieces, in order, each piece a COPY in a savepoint of its own.  While no
 * row is refused a piece has all the batches that the host lends, for a COPY costs by
 * itself: the server makes and drops what it buffers rows in, about a millisecond.  When
 * some are refused it is shorter, as pace.h says.
 *
 * A refused piece is undone.  The server says in which line of the COPY it failed where a
 * row fails by itself (a type, a check, NOT NULL, a unique index, a trigger in front of
 * the row): that row is refused and the others go again.  Whoever writes the message is
 * not trusted: of each SQLSTATE the first row that is named is sent alone, behind those
 * in front of it, and must be refused again.  Where no line is told (a foreign key, a
 * merge, a server that speaks another language) the piece is cut in halves until the bad
 * row stands alone.  A deferred constraint is asked at COMMIT, when no row can be told
 * apart any more: it fails the run.
 *
 * The server is not kept waiting: rows are looked at (check.h) and encoded while it
 * begins the COPY, some at a time.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_LOAD_H
#define TIDE_POSTGRES_LOAD_H

#include <stdbool.h>
#include <stdint.h>
#include <tidemill/plugin.h>

#include "check.h"
#include "lent.h"
#include "merge.h"
#include "output.h"
#include "pace.h"
#include "target.h"

/** What the savepoint of the last piece is good for. */
enum pg_savepoint {
    PG_SAVEPOINT_NONE,  /**< there is none in this transaction */
    PG_SAVEPOINT_USED,  /**< rows came behind it, and stay */
    PG_SAVEPOINT_UNUSED /**< rows that came behind it are undone */
};

/** How far the rows lent are.  Zeroed, none came yet. */
struct pg_progress {
    int64_t next;    /**< the rows in front of it are in, or refused */
    int64_t sent;    /**< those from next to it are in the COPY that is open */
    int64_t checked; /**< those in front of it were looked at */
    int64_t good;    /**< the server had no fault to find with those in front of it */
    int64_t
        suspect;   /**< a bad row is in front of it, and not in front of next; 0: none */
    int64_t named; /**< the row that the server named, to be proven, and 1; 0: none */
};

/** Zero it; pg_load_init() and pg_load_begin() make it ready, pg_load_clear() frees
 * it. */
struct pg_load {
    const struct tide_host *host;   /**< borrowed */
    const struct pg_target *target; /**< borrowed */
    struct pg_merge *merge; /**< borrowed; NULL: rows go straight into the table */
    struct pg_output output;
    struct tide_pg_sql
        relation;            /**< owned; what the server calls the table of the COPY */
    struct tide_pg_sql copy; /**< owned; the statement */
    bool is_binary;
    bool lends;   /**< the host does, until pg_load_settle() */
    bool is_open; /**< a COPY */
    enum pg_savepoint savepoint;
    struct pg_pace pace;
    char proven[6]; /**< the SQLSTATE of which lines proved right last */
    int64_t rows;   /**< that the transaction under way has taken */
    int64_t order;  /**< number of the first row lent, for a merge */
    struct pg_lent lent;
    struct pg_progress progress;
    struct pg_refusals refusals;
};

/** Build the statement for a target that is open; target and host are borrowed for good,
 * and so is merge, which is NULL when request->mode is another. */
TIDE_MUST_CHECK
int pg_load_init(struct pg_load *load, const struct tide_host *host,
                 const struct pg_target *target, struct pg_merge *merge,
                 const struct tide_destination_request *request, struct tide_error *err);

/** Rows go into another table that is like the target, borrowed for the call. */
TIDE_MUST_CHECK
int pg_load_into(struct pg_load *load, const struct tide_pg_name *table,
                 struct tide_error *err);

/** A transaction begins in a session, borrowed up to the next one. */
void pg_load_begin(struct pg_load *load, struct tide_pg *pg);

/**
 * Send the rows of a batch that its columns can hold; for a merge, merge them.  The
 * others are told to the host, as are those that the server refuses: as "refused", with
 * its message.  TIDE_E_LIMIT when these are too many.  Where the host lends, the verdict
 * on the last of them may be out.
 */
TIDE_MUST_CHECK
int pg_load_batch(struct pg_load *load, const struct tide_batch *batch,
                  struct tide_error *err);

/** Wait for the verdict on all rows lent, which are then the host's again. */
TIDE_MUST_CHECK
int pg_load_settle(struct pg_load *load, struct tide_error *err);

void pg_load_clear(struct pg_load *load);

#endif
