/*
 * target - the table that is loaded, and which of its columns come.
 *
 * Layer: the postgres destination; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_TARGET_H
#define TIDE_POSTGRES_TARGET_H

#include <stdbool.h>
#include <stddef.h>
#include <tidemill/plugin.h>

#include "guard.h"
#include "postgres/catalog.h"

/** Zero it; pg_target_clear() frees it. */
struct pg_target {
    struct tide_pg_table table;
    struct tide_pg_table positions; /**< the one beside it; its name alone */
    PGresult *rows;  /**< owned: the pipeline's in that one, or NULL: not asked for */
    size_t *columns; /**< owned: for each column that comes, its index in the table */
    size_t count;
    struct pg_guard *guards;  /**< owned: of each of these */
    struct tide_pg_sql title; /**< owned: "schema"."table" */
    bool is_new;              /**< made in the transaction under way */
};

/**
 * Look the table up, or create it from the columns that come; hold these against it and
 * fill accepted.  TIDE_E_CONFIG: a column it does not have, one that it computes itself,
 * or one that it requires and that does not come; for merge, no unique index on the key;
 * for replace, rows of other tables would go with its own; or one into which PostgreSQL
 * would read texts without keeping all of them, when that cannot be told by row.
 */
TIDE_MUST_CHECK
int pg_target_open(struct pg_target *target, struct tide_pg *pg, const char *schema,
                   const struct tide_destination_request *request,
                   struct tide_schema *accepted, struct tide_error *err);

/** The table's column that incoming column i goes to. */
const struct tide_pg_column *pg_target_column(const struct pg_target *target, size_t i);

/** Append the names of the columns that come, between commas. */
void pg_target_add_columns(const struct pg_target *target, struct tide_pg_sql *sql);

/** Append names, ended by NULL, as identifiers between commas. */
void pg_target_add_names(struct tide_pg_sql *sql, const char *const *names);

/** Append the table's name where rows are read or deleted, so that they are its own. */
void pg_target_add_rows(const struct pg_target *target, struct tide_pg_sql *sql);

/** Append a statement that waits for whoever replaces the rows of the table, and keeps
 * all others from it up to the end of the transaction.  What is deleted in a statement
 * behind it sees what they have committed. */
void pg_target_add_turn(const struct pg_target *target, struct tide_pg_sql *sql);

/** Whether a name is in a list ended by NULL, which may be NULL. */
bool pg_target_is_listed(const char *const *names, const char *name);

void pg_target_clear(struct pg_target *target);

#endif
