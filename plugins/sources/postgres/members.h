/*
 * members - the tables whose rows an incremental run reads: the table itself, its
 * partitions, those that inherit from it.
 *
 * A table that becomes a member brings rows of transactions that lie before the run's
 * window: nobody has read them, so it is read whole.  One that was a member once was read
 * up to where it left, and is read from there.  One whose rows are all of the window, in
 * a file that is another than it was, was written anew: its rows were read before under
 * other transactions.
 *
 * The position tells the members with their files, "parts": {"16390": [16390]}, with
 * where they are read from when that is not the window's begin, {"16390": [16390, 700]},
 * and in the same way those that left, "gone".  File 0 is one without rows.  A window
 * that another run began is ended with the members that it had.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_MEMBERS_H
#define TIDE_POSTGRES_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/error.h>

#include "horizon.h"
#include "position.h"
#include "postgres/catalog.h"
#include "relation.h"

struct pg_member {
    uint32_t oid;
    uint32_t file;       /**< 0: it has no rows */
    uint32_t former;     /**< its file when it was last read; 0: none, or not known */
    bool is_here;        /**< it is a member now */
    bool was_here;       /**< and it was one when the position was written */
    bool is_read;        /**< by this run */
    bool is_late;        /**< from `from` on, not from where the window begins */
    uint64_t from;       /**< 0: whole */
    struct pg_ages ages; /**< of is_late */
};

/** Zero it; pg_members_clear() frees it. */
struct pg_members {
    struct pg_member *list; /**< owned */
    size_t count;
    bool is_divided;            /**< rows tell which of several they are of */
    struct tide_pg_sql running; /**< members of a position while rows are to come */
    struct tide_pg_sql ended;   /**< and behind the last one */
};

/** Find them, and what the position, which may be none, or be of no use, says of them.  A
 * table that always was one by itself is not asked for. */
TIDE_MUST_CHECK
int pg_members_load(struct pg_members *members, struct tide_pg *pg,
                    const struct tide_pg_table *table, const struct pg_relation *relation,
                    const struct pg_position *position, struct tide_error *err);

/** Read all of them from where the window begins, as if there had been no position. */
void pg_members_begin_anew(struct pg_members *members);

/** Tell what is read of them for a window, and write it down. */
TIDE_MUST_CHECK
int pg_members_settle(struct pg_members *members, const struct pg_window *window,
                      const struct pg_clock *clock, bool may_repeat,
                      struct tide_error *err);

/** Whether one is read that brings rows from before the window. */
bool pg_members_are_late(const struct pg_members *members);

/** Whether one has left of which the position's run may have read a part. */
bool pg_members_have_left(const struct pg_members *members);

/** Look whether one was written anew since the transaction `mark`, up to which it was
 * read. */
TIDE_MUST_CHECK
int pg_members_look(const struct pg_members *members, struct tide_pg *pg,
                    const struct tide_pg_table *table, const struct pg_clock *clock,
                    uint64_t mark, bool *is_anew, struct tide_error *err);

void pg_members_clear(struct pg_members *members);

#endif
