/*
 * database - one open SQLite database, for the sqlite source and destination.
 *
 * A static library, linked into both plugins.  A database is used by one thread at a
 * time; its errors name its file.
 */
#ifndef SQLITE_DATABASE_H
#define SQLITE_DATABASE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <tidemill/error.h>

struct database {
    sqlite3 *handle;
    const char *path; /* borrowed from the options */
};

/** Open the file; with writable it is created when missing.  Waits up to busy_us for
 * locks of others.  TIDE_E_NOT_FOUND, TIDE_E_IO or TIDE_E_CONFIG (no database). */
TIDE_MUST_CHECK
int database_open(struct database *database, const char *path, bool writable,
                  int64_t busy_us, struct tide_error *err);

/** Close it; what is not committed is rolled back.  Statements must be finalized. */
void database_close(struct database *database);

/** Describe the last failure of the handle: "PATH: cannot WHAT: why".  Returns the class:
 * TIDE_E_TRANSIENT for locks, TIDE_E_IO for disks, TIDE_E_CONFIG for what a person must
 * change. */
TIDE_MUST_CHECK
int database_failed(const struct database *database, const char *what,
                    struct tide_error *err);

/** Run statements that give no rows. */
TIDE_MUST_CHECK
int database_run(const struct database *database, const char *sql, const char *what,
                 struct tide_error *err);

/** Prepare one statement, and free its text, which comes from sqlite3_str_finish and may
 * be NULL for want of memory. */
TIDE_MUST_CHECK
int database_prepare(const struct database *database, char *sql, const char *what,
                     sqlite3_stmt **out, struct tide_error *err);

#endif
