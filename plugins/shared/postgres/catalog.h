/*
 * catalog - what the server knows of its tables: columns, types, keys.
 *
 * What a run asks at its start is in lookup.c, what people ask for is in catalog.c.
 *
 * Layer: the postgres plugins' shared part; libpq and the SDK.
 */
#ifndef TIDE_POSTGRES_CATALOG_H
#define TIDE_POSTGRES_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tidemill/plugin.h>
#include <tidemill/schema.h>

#include "postgres/connection.h"
#include "postgres/sql.h"
#include "postgres/type.h"

/** A column as the catalog has it; all texts are owned. */
struct tide_pg_column {
    char *name;
    char *type_name;          /**< as format_type() prints it: "numeric(12,2)" */
    struct tide_pg_type type; /**< of a domain: its base type */
    int number;               /**< attnum */
    int key_place;            /**< from 1 within the primary key; 0: not in it */
    bool required;            /**< not null */
    bool has_default;         /**< a default or an identity */
    bool generated;           /**< computed by the server: cannot be written */
};

/** A table, view or foreign table.  Zero it; tide_pg_table_clear() frees it. */
struct tide_pg_table {
    struct tide_pg_name name;
    char oid[16];      /**< in decimal, as a query parameter; "" while it is not known */
    char kind;         /**< of pg_class: 'r' a table, 'p' one with partitions, ...; 0: it
                          was not asked */
    bool has_triggers; /**< or foreign keys to it; or it was not asked */
    bool has_rules;    /**< or row security; likewise */
    struct tide_pg_column *columns;
    size_t column_count;
};

/** Fill in the oid and the columns of table->name, within a transaction of
 * tide_pg_begin().  TIDE_E_NOT_FOUND without a message: there is no such table. */
TIDE_MUST_CHECK
int tide_pg_table_load(struct tide_pg *pg, struct tide_pg_table *table,
                       struct tide_error *err);

/** The same, and in no round trip more, unless the table has no key, the rows of a
 * statement about it (NULL: none), whose text ends where the table's oid belongs.  *rows
 * is the caller's to PQclear. */
TIDE_MUST_CHECK
int tide_pg_table_load_about(struct tide_pg *pg, struct tide_pg_table *table,
                             const char *statement, PGresult **rows,
                             struct tide_error *err);

/** The same but for the key, and in the same round trip the rows of one statement more
 * (NULL: none): *rows is the caller's to PQclear.  It may fail: *rows stays NULL then,
 * and the transaction is begun again, as it was.  Without asking for triggers,
 * which takes time, it is not known either whether it is a table that the name stands
 * for, or an index or the like. */
TIDE_MUST_CHECK
int tide_pg_table_load_with(struct tide_pg *pg, struct tide_pg_table *table,
                            bool with_triggers, const char *statement, PGresult **rows,
                            struct tide_error *err);

/** The same as tide_pg_table_load() of a table that may have domains, for more time. */
TIDE_MUST_CHECK
int tide_pg_table_load_domains(struct tide_pg *pg, struct tide_pg_table *table,
                               struct tide_error *err);

/** Say that a table is missing, with the nearest one there is; TIDE_E_NOT_FOUND. */
TIDE_MUST_CHECK
int tide_pg_table_missing(struct tide_pg *pg, const struct tide_pg_name *name,
                          struct tide_error *err);

/** Index of a column, or TIDE_NO_COLUMN. */
size_t tide_pg_table_find(const struct tide_pg_table *table, const char *column);

/** Say that a column is missing, with the nearest one there is; TIDE_E_CONFIG. */
int tide_pg_column_missing(const struct tide_pg_table *table, const char *column,
                           struct tide_error *err);

void tide_pg_table_clear(struct tide_pg_table *table);

/** Append a column to a schema as it is: name, type, length, logical type, key. */
TIDE_MUST_CHECK
int tide_pg_schema_add(struct tide_schema *schema, const struct tide_pg_column *column);

/** The discover function of both plugins: the tables of options->schema.
 * TIDE_E_NOT_FOUND: there is no such schema. */
TIDE_MUST_CHECK
int tide_pg_discover(const void *options, const struct tide_host *host,
                     tide_discover_fn emit, void *arg, struct tide_error *err);

#endif
