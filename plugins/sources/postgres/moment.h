/*
 * moment - the snapshot that a table is read in, and the lock in front of it.
 *
 * A snapshot does not show what TRUNCATE or an ALTER that rewrites took away: to one that
 * is older the table is empty.  So nobody may do that between the snapshot and our lock:
 * the lock comes first.  LOCK takes no snapshot, and waits for who is at it.
 *
 * Where the server refuses LOCK for want of rights, the table and all that a view is made
 * of are locked by a query, whose snapshot is older, and begun anew when a file is
 * another than the snapshot says.  Materialized views are refreshed with rows that each
 * snapshot sees, and what lies behind foreign tables nobody here can lock.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_MOMENT_H
#define TIDE_POSTGRES_MOMENT_H

#include <tidemill/error.h>

#include "postgres/catalog.h"

/** Begin the transaction in which table->name is read, and load the table: its oid, its
 * columns, its key.  A question, which may be NULL, is asked about it along with that, as
 * by tide_pg_table_load_about().  TIDE_E_NOT_FOUND: there is no such table. */
TIDE_MUST_CHECK
int pg_moment_open(struct tide_pg *pg, struct tide_pg_table *table, const char *question,
                   PGresult **answer, struct tide_error *err);

/** Whether the database has no encoding, so that its texts may be any bytes. */
bool pg_moment_has_no_encoding(const struct tide_pg *pg);

#endif
