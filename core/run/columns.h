/*
 * columns - which columns of a table a run takes, and which of them are its key and its
 * cursor, whatever transforms call them.
 *
 * The key is marked by the flag every schema has, the cursor by one of the run's own;
 * both go with a column through renames.
 */
#ifndef TIDE_RUN_COLUMNS_H
#define TIDE_RUN_COLUMNS_H

#include "pipeline/pipeline.h"

/** Make *excluded (malloc'ed) the columns of schema the table does not want, the last one
 * first.  TIDE_E_CONFIG for an included one that is absent. */
TIDE_MUST_CHECK
int tide_columns_exclude(const struct tide_table *table, const struct tide_schema *schema,
                         size_t **excluded, size_t *count, struct tide_error *err);

/** Mark key and cursor in what is received.  A key of the table replaces the source's. */
void tide_columns_mark(const struct tide_table *table, struct tide_schema *received);

/** What is declared, put into a schema.  TIDE_E_CONFIG for a declared column that is
 * absent. */
TIDE_MUST_CHECK
int tide_columns_declare(const struct tide_table *table, struct tide_schema *schema,
                         struct tide_error *err);

/** Find the marked columns in what comes out of the transforms: *key is a malloc'ed array
 * of names borrowed from outgoing, ended by NULL, *cursor such a name or NULL.
 * TIDE_E_CONFIG when a key column was lost. */
TIDE_MUST_CHECK
int tide_columns_find_marked(const struct tide_table *table,
                             const struct tide_schema *received,
                             struct tide_schema *outgoing, const char ***key,
                             const char **cursor, struct tide_error *err);

/** Whether rows of one key may come of which one has no cursor: the key, which was found,
 * has not all columns of the source's own, and the cursor may be null. */
bool tide_columns_has_null_ties(const struct tide_schema *source,
                                const struct tide_schema *outgoing);

/** Take the run's own marks away. */
void tide_columns_unmark(struct tide_schema *outgoing);

/** TIDE_E_CONFIG: schema has no such column, with the nearest one it has. */
TIDE_MUST_CHECK
int tide_columns_absent(const struct tide_schema *schema, const char *what,
                        const char *name, struct tide_error *err);

#endif
