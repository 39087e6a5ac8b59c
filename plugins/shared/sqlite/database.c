/*
 * database - opening, running, and saying what went wrong.
 */
#include "database.h"

#include <errno.h>
#include <sys/stat.h>

static int class_of(int result)
{
    switch (result & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return TIDE_E_TRANSIENT;
    case SQLITE_IOERR:
    case SQLITE_FULL:
    case SQLITE_CORRUPT:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return TIDE_E_IO;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
        return TIDE_E_LIMIT;
    case SQLITE_INTERRUPT:
        return TIDE_E_CANCELLED;
    case SQLITE_AUTH:
        return TIDE_E_AUTH;
    default:
        return TIDE_E_CONFIG;
    }
}

int database_failed(const struct database *database, const char *what,
                    struct tide_error *err)
{
    int code = class_of(sqlite3_extended_errcode(database->handle));
    int number = code == TIDE_E_IO ? sqlite3_system_errno(database->handle) : 0;

    (void)tide_error_set(err, code, "%s: cannot %s: %s%s%s", database->path, what,
                         sqlite3_errmsg(database->handle), number ? ": " : "",
                         number ? strerror(number) : "");
    if (code == TIDE_E_TRANSIENT && err) {
        err->retry_after_ms = 1000;
    }
    return code;
}

/* SQLite opens lazily and says little: look at the file first. */
static int check_file(const char *path, bool writable, struct tide_error *err)
{
    struct stat status;

    if (stat(path, &status) < 0) {
        if (writable && errno == ENOENT) {
            return TIDE_OK;
        }
        return tide_error_set(err, errno == ENOENT ? TIDE_E_NOT_FOUND : TIDE_E_IO,
                              "cannot open %s: %s", path, strerror(errno));
    }
    if (S_ISDIR(status.st_mode)) {
        return tide_error_at(err, TIDE_E_CONFIG, "path",
                             "%s is a folder; path names the database file", path);
    }
    return TIDE_OK;
}

int database_open(struct database *database, const char *path, bool writable,
                  int64_t busy_us, struct tide_error *err)
{
    int flags =
        writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
    int rc = check_file(path, writable, err);

    database->path = path;
    if (rc != TIDE_OK) {
        return rc;
    }
    if (sqlite3_open_v2(path, &database->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) !=
        SQLITE_OK) {
        rc = database->handle ? database_failed(database, "open it", err)
                              : tide_error_memory(err);
        database_close(database);
        return rc;
    }
    (void)sqlite3_extended_result_codes(database->handle, 1);
    (void)sqlite3_busy_timeout(database->handle, (int)(busy_us / 1000));
    return TIDE_OK;
}

void database_close(struct database *database)
{
    (void)sqlite3_close(database->handle);
    database->handle = NULL;
}

int database_run(const struct database *database, const char *sql, const char *what,
                 struct tide_error *err)
{
    if (sqlite3_exec(database->handle, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return database_failed(database, what, err);
    }
    return TIDE_OK;
}

int database_prepare(const struct database *database, char *sql, const char *what,
                     sqlite3_stmt **out, struct tide_error *err)
{
    int result;

    if (!sql) {
        return tide_error_memory(err);
    }
    result = sqlite3_prepare_v3(database->handle, sql, -1, SQLITE_PREPARE_PERSISTENT, out,
                                NULL);
    sqlite3_free(sql);
    return result == SQLITE_OK ? TIDE_OK : database_failed(database, what, err);
}
