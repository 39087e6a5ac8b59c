/*
 * sqlite - opens the file of the store, and its transactions.
 *
 * The lock file keeps a second daemon away from the state directory; SQLite's own locks
 * would let both write in turns.  The journal is a WAL with synchronous=FULL: what was
 * committed survives a loss of power.
 */
#include "store/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* Files up to this size are checked in full when they are opened. */
#define CHECK_MOST (INT64_C(64) * 1024 * 1024)
#define APPLICATION_ID 0x54494445

/* ---- the lock -----------------------------------------------------------------------*/

static int lock_refused(int lock, const char *folder, struct tide_error *err)
{
    char holder[32] = {0};

    if (pread(lock, holder, sizeof holder - 1, 0) <= 0) {
        holder[0] = '?';
    }
    holder[strcspn(holder, "\n")] = '\0';
    (void)close(lock);
    return tide_error_set(err, TIDE_E_CONFLICT,
                          "state directory %s is in use by another tidemilld (process "
                          "%s): stop it, or give this one a directory of its own",
                          folder, holder);
}

static int lock_folder(const char *folder, int *out, struct tide_error *err)
{
    char *path = tide_path_join(folder, "lock");
    int lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    int code = TIDE_OK;

    if (lock < 0) {
        code =
            tide_error_set(err, TIDE_E_IO, "cannot open %s: %s", path, strerror(errno));
    } else if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
        code = lock_refused(lock, folder, err);
    } else if (ftruncate(lock, 0) != 0 || dprintf(lock, "%ld\n", (long)getpid()) < 0) {
        code =
            tide_error_set(err, TIDE_E_IO, "cannot write %s: %s", path, strerror(errno));
        (void)close(lock);
    } else {
        *out = lock;
    }
    free(path);
    return code;
}

/* ---- opening ------------------------------------------------------------------------*/

/* Definitions may hold passwords: the file is ours alone from its first byte. */
static int make_private(const char *path, int64_t *size, struct tide_error *err)
{
    struct stat status;
    int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (file < 0 || fstat(file, &status) != 0) {
        int code = tide_error_set(err, TIDE_E_IO, "cannot open the store %s: %s", path,
                                  strerror(errno));

        if (file >= 0) {
            (void)close(file);
        }
        return code;
    }
    *size = status.st_size;
    (void)close(file);
    return TIDE_OK;
}

static int check_pages(struct tide_sqlite *sqlite, struct tide_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code =
        tide_sql_query(sqlite, "PRAGMA quick_check(1)", SQL_VALUES({0}), &statement, err);
    const char *verdict;

    if (code == TIDE_OK) {
        code = tide_sql_next(sqlite, statement, err);
    }
    if (code != TIDE_OK) {
        return code;
    }
    verdict = (const char *)sqlite3_column_text(statement, 0);
    if (verdict && strcmp(verdict, "ok") != 0) {
        code = tide_error_set(err, TIDE_E_IO,
                              "store %s is damaged (%.200s): restore it from a backup, "
                              "or move it away to start with an empty store",
                              sqlite->path, verdict);
    }
    tide_sql_end(statement);
    return code;
}

/* Somebody else's database is not filled with our tables. */
static int check_owner(struct tide_sqlite *sqlite, int64_t size, struct tide_error *err)
{
    int64_t id = 0, tables = 0;
    int code =
        tide_sql_number(sqlite, "PRAGMA application_id", SQL_VALUES({0}), &id, err);

    if (code == TIDE_OK) {
        code = tide_sql_number(sqlite, "SELECT count(*) FROM sqlite_master",
                               SQL_VALUES({0}), &tables, err);
    }
    if (code == TIDE_OK && size > 0 && id != APPLICATION_ID && (id != 0 || tables > 0)) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "%s is an SQLite database of another program: give "
                              "tidemilld a state directory of its own",
                              sqlite->path);
    }
    return code;
}

static int set_up(struct tide_sqlite *sqlite, struct tide_error *err)
{
    return tide_sql_script(sqlite,
                           "PRAGMA application_id = 0x54494445;"
                           "PRAGMA journal_mode = WAL;"
                           "PRAGMA synchronous = FULL;"
                           "PRAGMA foreign_keys = ON;"
                           "PRAGMA trusted_schema = OFF;"
                           "PRAGMA journal_size_limit = 67108864;"
                           "PRAGMA temp_store = MEMORY;",
                           err);
}

static int open_database(struct tide_sqlite *sqlite, struct tide_error *err)
{
    int64_t size = 0;
    int code = make_private(sqlite->path, &size, err);

    if (code != TIDE_OK) {
        return code;
    }
    if (sqlite3_open_v2(sqlite->path, &sqlite->db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                            SQLITE_OPEN_EXRESCODE,
                        NULL) != SQLITE_OK) {
        return tide_sql_failed(sqlite, err);
    }
    (void)sqlite3_busy_timeout(sqlite->db, 5000);
    code = check_owner(sqlite, size, err);
    if (code == TIDE_OK && size > 0 && size <= CHECK_MOST) {
        code = check_pages(sqlite, err);
    }
    if (code == TIDE_OK) {
        code = set_up(sqlite, err);
    }
    if (code == TIDE_OK) {
        code = tide_sqlite_migrate(sqlite, tide_sqlite_migrations,
                                   tide_sqlite_migration_count, err);
    }
    return code;
}

static void close_backend(struct tide_backend *backend)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;

    for (size_t i = 0; i < sqlite->cached; i++) {
        (void)sqlite3_finalize(sqlite->cache[i].statement);
    }
    (void)sqlite3_close(sqlite->db);
    if (sqlite->lock >= 0) {
        (void)close(sqlite->lock);
    }
    free(sqlite->path);
    free(sqlite);
}

/* ---- transactions -------------------------------------------------------------------*/

static int begin(struct tide_backend *backend, bool writes, struct tide_error *err)
{
    return tide_sql_run((struct tide_sqlite *)backend,
                        writes ? "BEGIN IMMEDIATE" : "BEGIN", SQL_VALUES({0}), err);
}

static int commit(struct tide_backend *backend, struct tide_error *err)
{
    return tide_sql_run((struct tide_sqlite *)backend, "COMMIT", SQL_VALUES({0}), err);
}

/* A failure may have rolled back by itself, so this one may find nothing to do. */
static void rollback(struct tide_backend *backend)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;

    if (!sqlite3_get_autocommit(sqlite->db)) {
        (void)tide_sql_run(sqlite, "ROLLBACK", SQL_VALUES({0}), NULL);
    }
}

static int enter(struct tide_backend *backend, struct tide_error *err)
{
    return tide_sql_run((struct tide_sqlite *)backend, "SAVEPOINT command",
                        SQL_VALUES({0}), err);
}

static int leave(struct tide_backend *backend, bool keep, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int code = TIDE_OK;

    if (!keep) {
        code = tide_sql_run(sqlite, "ROLLBACK TO command", SQL_VALUES({0}), err);
    }
    if (code == TIDE_OK) {
        code = tide_sql_run(sqlite, "RELEASE command", SQL_VALUES({0}), err);
    }
    return code;
}

static const struct tide_backend_ops sqlite_ops = {
    .close = close_backend,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .enter = enter,
    .leave = leave,
    .start = tide_sqlite_start,
    .key_find = tide_sqlite_key_find,
    .pipeline_create = tide_sqlite_pipeline_create,
    .pipeline_get = tide_sqlite_pipeline_get,
    .pipeline_list = tide_sqlite_pipeline_list,
    .pipelines_due = tide_sqlite_pipelines_due,
    .pipeline_replace = tide_sqlite_pipeline_replace,
    .pipeline_enable = tide_sqlite_pipeline_enable,
    .pipeline_period = tide_sqlite_pipeline_period,
    .pipeline_mode = tide_sqlite_pipeline_mode,
    .pipeline_archive = tide_sqlite_pipeline_archive,
    .pipeline_delete = tide_sqlite_pipeline_delete,
    .run_create = tide_sqlite_run_create,
    .run_replay = tide_sqlite_run_replay,
    .run_get = tide_sqlite_run_get,
    .run_list = tide_sqlite_run_list,
    .run_start = tide_sqlite_run_start,
    .run_finish = tide_sqlite_run_finish,
    .run_prune = tide_sqlite_run_prune,
    .position_set = tide_sqlite_position_set,
    .slot_claim = tide_sqlite_slot_claim,
    .rejects_add = tide_sqlite_rejects_add,
    .rejects_settle = tide_sqlite_rejects_settle,
    .rejects_list = tide_sqlite_rejects_list,
    .totals = tide_sqlite_totals,
};

int tide_sqlite_open(const char *folder, struct tide_backend **out,
                     struct tide_error *err)
{
    struct tide_sqlite *sqlite = tide_alloc(sizeof *sqlite);
    int code;

    sqlite->backend.ops = &sqlite_ops;
    sqlite->path = tide_path_join(folder, "tidemill.db");
    sqlite->lock = -1;
    code = lock_folder(folder, &sqlite->lock, err);
    if (code == TIDE_OK) {
        code = open_database(sqlite, err);
    }
    if (code != TIDE_OK) {
        close_backend(&sqlite->backend);
        return code;
    }
    *out = &sqlite->backend;
    return TIDE_OK;
}
