/*
 * same - whether a database is the one that was read.
 *
 * Each transaction that writes counts up in the first page of the file, which is touched
 * then; the file that takes the place of another has another number.  In WAL mode there
 * is no such count, and nothing is known.
 */
#include <sys/stat.h>

#include "reader.h"

/* Where the count is, big-endian. */
#define COUNT_OFFSET 24
#define COUNT_SIZE 4

/* Read on the file that SQLite has open: to open and close it here would end its locks.
 */
static bool read_count(const struct reader *reader, uint32_t *count)
{
    sqlite3_file *file = NULL;
    uint8_t bytes[COUNT_SIZE] = {0};

    if (sqlite3_file_control(reader->database.handle, "main", SQLITE_FCNTL_FILE_POINTER,
                             &file) != SQLITE_OK ||
        !file || !file->pMethods ||
        file->pMethods->xRead(file, bytes, COUNT_SIZE, COUNT_OFFSET) != SQLITE_OK) {
        return false;
    }
    *count = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
             (uint32_t)bytes[2] << 8 | bytes[3];
    return true;
}

static bool has_wal(const struct reader *reader)
{
    sqlite3_stmt *query = NULL;
    bool has = true;

    if (sqlite3_prepare_v2(reader->database.handle, "PRAGMA journal_mode", -1, &query,
                           NULL) == SQLITE_OK &&
        sqlite3_step(query) == SQLITE_ROW) {
        has = strcmp((const char *)sqlite3_column_text(query, 0), "wal") == 0;
    }
    (void)sqlite3_finalize(query);
    return has;
}

char *same_text(const struct reader *reader)
{
    struct stat status;
    uint32_t count = 0;

    /* What reads the file begins the transaction; from then on nobody can write. */
    if (database_run(&reader->database, "SELECT 1 FROM sqlite_schema LIMIT 1",
                     "begin reading", NULL) != TIDE_OK ||
        has_wal(reader) || !read_count(reader, &count) ||
        stat(reader->options->path, &status) != 0) {
        return NULL;
    }
    return sqlite3_mprintf("%u.%llu.%lld.%lld.%09ld", count,
                           (unsigned long long)status.st_ino, (long long)status.st_size,
                           (long long)status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}
