/*
 * table - what a table of a SQLite database looks like, in its terms and in ours.
 *
 * SQLite types values, not columns: a column has an affinity, which may change a value
 * that is stored, and a declared type, which is a hint to readers.
 */
#ifndef SQLITE_TABLE_H
#define SQLITE_TABLE_H

#include <tidemill/plugin.h>

#include "database.h"

/** Where the destination keeps positions; never listed as a table of the user. */
#define POSITIONS_TABLE "_tidemill_positions"

/** How the names of tables begin in which it sets replacing loads aside; not listed
 * either. */
#define STAGING_TABLE "_tidemill_staging_"

enum affinity {
    AFFINITY_NONE,
    AFFINITY_TEXT,
    AFFINITY_NUMERIC,
    AFFINITY_INTEGER,
    AFFINITY_REAL
};

struct table_column {
    char *name;     /* owned */
    char *declared; /* owned; "" when there is none */
    int type;       /* enum tide_type; TIDE_TYPE_NULL: it takes what comes */
    enum affinity affinity;
    bool required;    /* NOT NULL */
    bool has_default; /* a value fills it when it is not given */
    bool generated;   /* computed; cannot be written */
    int key;          /* place in the primary key, from 1; 0: not in it */
};

struct table {
    struct table_column *columns;
    size_t count;
};

/** The affinity SQLite gives a declared type. */
enum affinity table_affinity(const char *declared);

/** The type that a declared type stands for; TIDE_TYPE_NULL when it says nothing. */
int table_type(const char *declared);

/** The declared type under which a created table keeps values of a type exactly. */
const char *table_declared(int type);

/** Describe a table or view; *out stays empty (no columns) when there is none.  Cleared
 * with table_clear. */
TIDE_MUST_CHECK
int table_describe(const struct database *database, const char *name, struct table *out,
                   struct tide_error *err);
void table_clear(struct table *table);

/** The column of that name, in any case as SQLite has it, or NULL. */
const struct table_column *table_find(const struct table *table, const char *name);

/** The column whose name is nearest to one that is not there; NULL for no columns. */
const char *table_nearest(const struct table *table, const char *name);

/** Fill schema with a table's columns as they are read.  Declared types (may be NULL) win
 * over the table's: an integer under TIMESTAMP may be declared int64. */
TIDE_MUST_CHECK
int table_schema(const struct table *table, const struct tide_schema *declared,
                 struct tide_schema *schema, struct tide_error *err);

/** Called with the name of a table; a result below zero ends the listing. */
typedef int (*table_name_fn)(void *arg, const char *name);

/** List the tables and views of the user. */
TIDE_MUST_CHECK
int table_each(const struct database *database, table_name_fn each, void *arg,
               struct tide_error *err);

/** The discover of both plugins: every table with its columns. */
TIDE_MUST_CHECK
int table_discover(const struct database *database, tide_discover_fn emit, void *arg,
                   struct tide_error *err);

/** How many letters one must change, add or drop to come from one text to the other. */
size_t table_distance(const char *left, const char *right);

#endif
