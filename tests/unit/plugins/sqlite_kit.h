/*
 * sqlite_kit - a database in the folder of a test, seen by SQLite itself and through the
 * plugins.
 */
#ifndef TIDE_TEST_SQLITE_KIT_H
#define TIDE_TEST_SQLITE_KIT_H

#include <sqlite3.h>

#include "base/text.h"
#include "mover_harness.h"

/** The options of both plugins. */
#define DB "{\"path\": \"t.db\", \"busy_timeout\": \"1ms\"}"

sqlite3 *db_open(struct harness *harness);
void db_run(struct harness *harness, const char *sql);
/** The first column of the first row, as text. */
const char *db_ask(struct harness *harness, const char *sql);

/** A whole table through the source; as harness_read(). */
const char *db_read(struct harness *harness, const char *table);
/** Read up to so many batches of table t from a position, appending their rows to lines;
 * the source is loaded.  The position after them is in the arena, or NULL; *end tells
 * whether the table ended. */
const char *db_read_some(struct harness *harness, const char *position, int batches,
                         struct tide_text *lines, bool *end);
/** Rows into table t through the destination; the code is in harness->plugin.err, too. */
int db_write(struct harness *harness, int mode, const char *rows);

/** A load that a test takes step by step. */
struct load {
    const struct tide_destination *plugin;
    void *state;
    struct tide_schema schema, accepted;
    char *position; /* as it was known on open */
};

/** Open the destination for a table; columns as in harness_schema(). */
void load_begin(struct harness *harness, struct load *load, const char *table,
                const char *columns, int mode);
/** Write rows; load_write expects it to work. */
int load_try(struct harness *harness, struct load *load, const char *rows);
void load_write(struct harness *harness, struct load *load, const char *rows);
int load_commit(struct harness *harness, struct load *load, const char *position,
                bool final);
void load_close(struct load *load);

#endif
