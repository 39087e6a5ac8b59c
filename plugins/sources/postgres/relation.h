/*
 * relation - what decides how a table can be read: its kind, its files, its moment.
 *
 * Layer: the postgres source; the SDK and the postgres plugins' shared part.
 */
#ifndef TIDE_POSTGRES_RELATION_H
#define TIDE_POSTGRES_RELATION_H

#include <stdbool.h>
#include <stdint.h>
#include <tidemill/error.h>

#include "horizon.h"
#include "postgres/catalog.h"

struct pg_relation {
    char kind;             /**< relkind: 'r', 'p', 'v', 'm', 'f' */
    bool is_divided;       /**< partitions or inheriting tables are read with it */
    bool is_heap;          /**< it and these are kept in PostgreSQL's own way */
    bool is_readable;      /**< all columns, those of the system among them */
    bool has_policies;     /**< the role is shown the rows that these leave it */
    bool is_standby;       /**< the server follows another one */
    int64_t size;          /**< bytes */
    char file[40];         /**< changes when rows are moved to a new file */
    struct pg_clock clock; /**< of the snapshot that is open */
    char server[40];       /**< the server's number and the database's; "": not told */
    uint64_t timeline;     /**< which of the server's lives; 0: not told */
};

/** What is asked of a table in the transaction that will read it; its oid follows. */
extern const char pg_relation_question[];

/** The same without which server it is, where pg_relation_is_untold(). */
extern const char pg_relation_lesser_question[];

/** Whether the question has just failed because the server, or the role's rights, do not
 * go so far. */
bool pg_relation_is_untold(const struct tide_pg *pg);

/** Understand the answer. */
TIDE_MUST_CHECK
int pg_relation_load(struct tide_pg *pg, const struct tide_pg_table *table,
                     const PGresult *answer, struct pg_relation *relation,
                     struct tide_error *err);

/** Whether the primary key's order is about the one in which rows lie on disk. */
TIDE_MUST_CHECK
int pg_relation_is_clustered(struct tide_pg *pg, const struct tide_pg_table *table,
                             const struct pg_relation *relation, bool *clustered,
                             struct tide_error *err);

#endif
