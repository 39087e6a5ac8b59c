/*
 * positions - the table in which a destination keeps how far each pipeline has come.
 *
 * A pipeline's row is written in the transaction of every commit, also when there is no
 * position to keep (it is NULL then): its count of commits tells whether a commit whose
 * reply was lost is in, and refuses a commit when another run has stepped in since the
 * row was read.
 *
 * A position tells how much of the source is in one table: a pipeline has a row for each
 * table that it loads, its relation, and two definitions of one name keep one each.  An
 * earlier version had one row for each pipeline; where that does not say which table it
 * is of, its relation is empty, and the first run that uses it takes it over.
 *
 * A position is not used for a table that had to be recreated.  The row's target has the
 * oid of the table too, and that of the table of positions itself: when only the first
 * differs, somebody recreated the target; when both differ, the database was restored
 * from a dump, and the position is as good as the rows.
 *
 * As long as a replacing load is staged, in a table of its own, the target is that table:
 * who reads or writes the real one does not use it.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_POSITIONS_H
#define TIDE_POSTGRES_POSITIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <tidemill/plugin.h>

#include "postgres/catalog.h"
#include "postgres/connection.h"

#define PG_POSITIONS_TABLE "_tidemill_positions"

/** The beginning of the names of staging tables. */
#define PG_STAGING_TABLE "_tidemill_staging_"

/** Whoever makes or alters the table holds this lock of the database until its commit. */
#define PG_POSITIONS_LOCK "8390872051230715241"

/** Behind the schema in their quoted names. */
#define PG_STAGING_BEGINS ".\"" PG_STAGING_TABLE

/** What the table is at first sight. */
enum pg_positions_table {
    PG_POSITIONS_ABSENT,
    PG_POSITIONS_OLDER,    /**< made by a version that kept no count and no NULL */
    PG_POSITIONS_COUNTED,  /**< made by a version that kept no target */
    PG_POSITIONS_TARGETED, /**< made by a version that kept no name */
    PG_POSITIONS_NAMED,    /**< made by a version that kept one row for a pipeline */
    PG_POSITIONS_READY
};

/** A pipeline's row.  Set the borrowed names, zero the rest. */
struct pg_positions {
    const char *schema;   /**< of the table */
    const char *pipeline; /**< NULL: nothing is kept; the key that has the row, once it
                             was read */
    const char *name; /**< the same by its name, or NULL: it is found by its key alone */
    char *found;      /**< owned; that key when it is another one */
    const char *run;  /**< that commits */
    const char *target;      /**< the table that is loaded: "schema"."table" */
    const char *target_oid;  /**< of that table, as a number */
    const char *staging;     /**< the staging table: "schema"."table" */
    const char *staging_oid; /**< of that table, when it has the rows of what is
                                committed; NULL: the target has */
    char staged_oid[24];     /**< the same as last read; "": the target had */
    const char *own_oid;     /**< of the table of positions; NULL: not known */
    bool is_new;             /**< that table was made in the transaction under way */
    enum pg_positions_table table;
    bool has_row;    /**< one was read, or written */
    bool is_placed;  /**< that row has the target as its relation; else it has '' */
    bool is_remade;  /**< what was loaded is of another table of the target's name */
    bool may_create; /**< the role may make the table */
    int64_t commits; /**< of the pipeline, as last read or known to be in */
};

/** Append the name of the table. */
void pg_positions_add_table(struct tide_pg_sql *sql,
                            const struct pg_positions *positions);

/** The relation of the row that was read, as the table is; NULL: it has none yet. */
const char *pg_positions_relation(const struct pg_positions *positions);

/** Append " WHERE ..." for a pipeline's row; relation NULL: the only one that it has. */
void pg_positions_add_where(struct tide_pg_sql *sql, const char *pipeline,
                            const char *relation);

/** Whose row it is: that of the pipeline of a run. */
void pg_positions_init(struct pg_positions *positions,
                       const struct tide_destination_request *request);

/** Build the question for the rows that may be the pipeline's. */
void pg_positions_ask(struct tide_pg_sql *sql, const struct pg_positions *positions);

/** Find the pipeline's row (position/kept.h says which one it is) among the answers to
 * that question, as of PG_POSITIONS_READY, borrowed for good.  NULL: the table, of which
 * only the name is set, is looked at first.  *position is what was last committed,
 * malloc'ed, or NULL: there is none for the target.  It belongs to the staging table when
 * staged_oid says so. */
TIDE_MUST_CHECK
int pg_positions_load(struct pg_positions *positions, struct tide_pg_table *table,
                      const PGresult *rows, struct tide_pg *pg, char **position,
                      struct tide_error *err);

/** Write the row (position NULL: forget the one that is kept) in the transaction under
 * way; the table is made when missing.  What other pipelines kept of a target that is new
 * is forgotten.  TIDE_E_TRANSIENT: another run has committed since
 * the row was read, or looked for under any of its keys.  pg_positions_advance() follows
 * the commit. */
TIDE_MUST_CHECK
int pg_positions_save(struct pg_positions *positions, struct tide_pg *pg,
                      const char *position, struct tide_error *err);

/** Say that another run has committed; TIDE_E_TRANSIENT. */
TIDE_MUST_CHECK
int pg_positions_stepped_in(const struct pg_positions *positions, struct tide_error *err);

/** Keep others from writing the row, up to the end of the transaction under way.
 * TIDE_E_TRANSIENT: as that of pg_positions_save(). */
TIDE_MUST_CHECK
int pg_positions_hold(const struct pg_positions *positions, struct tide_pg *pg,
                      struct tide_error *err);

void pg_positions_clear(struct pg_positions *positions);

/** The transaction of the last save is in. */
void pg_positions_advance(struct pg_positions *positions);

/** Whether each commit leaves a trace by which it can be found again. */
bool pg_positions_is_kept(const struct pg_positions *positions);

/** After a lost reply, in a new session and outside of a transaction: whether the
 * transaction of the last save is in, once the session that had it has ended it.
 * TIDE_E_TRANSIENT: it has not, in a while, or another run has stepped in. */
TIDE_MUST_CHECK
int pg_positions_find(const struct pg_positions *positions, struct tide_pg *pg,
                      bool *committed, struct tide_error *err);

#endif
