/*
 * staging - the table in which a replacing load with checkpoints is staged.
 *
 * It has the statement of the target, and of its indexes, with another name, so that it
 * refuses the same rows.  Until the first checkpoint is due the rows go straight into the
 * target, for most loads end before; then they are moved (staging_move.c).  Each
 * checkpoint commits it; the final commit deletes the old rows, takes the new ones over
 * and drops it, in one transaction.
 *
 * The position of such a load is kept as one of this table, with the number of its rows
 * and a hash of what the target was: if either differs, the load starts over.
 *
 * A table with triggers, foreign keys or ON CONFLICT clauses, and one that is no plain
 * table, has none: all is done in one transaction then.
 */
#ifndef SQLITE_DESTINATION_STAGING_H
#define SQLITE_DESTINATION_STAGING_H

#include "writer.h"

/** Name it, and see whether there will be one: writer->staging. */
TIDE_MUST_CHECK
int staging_find(struct writer *writer, struct tide_error *err);

/** See that the target is still what it was when the load began, or TIDE_E_CONFLICT. */
TIDE_MUST_CHECK
int staging_look_again(const struct writer *writer, struct tide_error *err);

/** The position of a staged load whose rows are as they were left, malloc'ed, or NULL. */
TIDE_MUST_CHECK
int staging_position(struct writer *writer, char **position, struct tide_error *err);

/** Get ready for rows that replace those of the target, unless that was done: behind what
 * an earlier run staged, or straight into the target, which is emptied. */
TIDE_MUST_CHECK
int staging_begin(struct writer *writer, struct tide_error *err);

/** Make the table anew, empty; TIDE_E_CONFIG: that is not possible. */
TIDE_MUST_CHECK
int staging_make(const struct writer *writer, struct tide_error *err);

/** What the positions say the target is while rows are staged; from sqlite3_malloc,
 * or NULL for want of memory. */
char *staging_target(const struct writer *writer);

/** What a commit must do: stage what is in the target, if it is no final one; else
 * replace the target's rows with those staged. */
TIDE_MUST_CHECK
int staging_finish(struct writer *writer, bool final, struct tide_error *err);

/** The columns that come, as a list for statements; from sqlite3_malloc, or NULL. */
char *staging_columns(const struct writer *writer);

/** Copy these columns from one table to another; those that do not come are filled by the
 * other itself.  The rows keep their order, which that of an index would not be. */
TIDE_MUST_CHECK
int staging_copy(const struct writer *writer, const char *from, const char *to,
                 struct tide_error *err);

/* ---- staging_move.c ---- */

/** Set aside the rows that went straight into the target, at the first checkpoint, and
 * let the next ones go there, too; or, where no table like the target can be made, leave
 * all for the final commit: writer->stages is false then. */
TIDE_MUST_CHECK
int staging_move(struct writer *writer, struct tide_error *err);

/** Drop what is of no more use, if it is there. */
TIDE_MUST_CHECK
int staging_drop(const struct writer *writer, struct tide_error *err);

/** The same statement, of a table or an index, for another table: "CREATE TABLE t (a)".
 * index is the name that an index gets.  From sqlite3_malloc; NULL: it is not understood,
 * or memory is out. */
char *staging_statement(const char *sql, const char *table, const char *index);

#endif
