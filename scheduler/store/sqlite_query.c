/*
 * sqlite_query - prepared statements, and the reading of their rows.
 */
#include "store/sqlite.h"

#include <sodium.h>

#include "base/check.h"

/* Items that a list has room for at first; a power of two. */
#define LIST_FIRST 16

/* The class of a failure by SQLite's primary code. */
static int code_of(int primary)
{
    switch (primary) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_INTERRUPT:
        return TIDE_E_TRANSIENT;
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
        return TIDE_E_LIMIT;
    case SQLITE_MISUSE:
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_RANGE:
        return TIDE_E_INTERNAL;
    default:
        return TIDE_E_IO;
    }
}

static const char *advice_of(int primary)
{
    switch (primary) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return "; the file is damaged: restore it from a backup, or move it away to "
               "start with an empty store";
    case SQLITE_FULL:
        return "; free some space on its disk";
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
    case SQLITE_READONLY:
        return "; check the owner and mode of the file and its folder";
    default:
        return "";
    }
}

int tide_sql_failed(struct tide_sqlite *sqlite, struct tide_error *err)
{
    int primary = sqlite3_errcode(sqlite->db) & 0xff;

    return tide_error_set(err, code_of(primary), "store %s: %s%s", sqlite->path,
                          sqlite3_errmsg(sqlite->db), advice_of(primary));
}

int tide_sql_script(struct tide_sqlite *sqlite, const char *sql, struct tide_error *err)
{
    if (sqlite3_exec(sqlite->db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        return tide_sql_failed(sqlite, err);
    }
    return TIDE_OK;
}

static sqlite3_stmt *find_prepared(const struct tide_sqlite *sqlite, const char *sql)
{
    for (size_t i = 0; i < sqlite->cached; i++) {
        if (sqlite->cache[i].sql == sql) {
            return sqlite->cache[i].statement;
        }
    }
    return NULL;
}

static int prepare(struct tide_sqlite *sqlite, const char *sql, sqlite3_stmt **out,
                   struct tide_error *err)
{
    sqlite3_stmt *statement = find_prepared(sqlite, sql);

    if (!statement) {
        TIDE_INVARIANT(sqlite->cached < TIDE_SQLITE_STATEMENTS);
        if (sqlite3_prepare_v3(sqlite->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement,
                               NULL) != SQLITE_OK) {
            return tide_sql_failed(sqlite, err);
        }
        sqlite->cache[sqlite->cached].sql = sql;
        sqlite->cache[sqlite->cached++].statement = statement;
    }
    *out = statement;
    return TIDE_OK;
}

static int bind_value(sqlite3_stmt *statement, int place,
                      const struct tide_sql_value *value)
{
    if (value->type == TIDE_SQL_INT) {
        return sqlite3_bind_int64(statement, place, value->integer);
    }
    if (!value->bytes) {
        return sqlite3_bind_null(statement, place);
    }
    if (value->type == TIDE_SQL_TEXT) {
        return sqlite3_bind_text64(statement, place, value->bytes, strlen(value->bytes),
                                   SQLITE_STATIC, SQLITE_UTF8);
    }
    return sqlite3_bind_blob64(statement, place, value->bytes,
                               (sqlite3_uint64)value->integer, SQLITE_STATIC);
}

int tide_sql_query(struct tide_sqlite *sqlite, const char *sql,
                   const struct tide_sql_value *values, sqlite3_stmt **out,
                   struct tide_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = prepare(sqlite, sql, &statement, err);

    for (int i = 0; code == TIDE_OK && values[i].type != TIDE_SQL_END; i++) {
        if (bind_value(statement, i + 1, &values[i]) != SQLITE_OK) {
            code = tide_sql_failed(sqlite, err);
            tide_sql_end(statement);
        }
    }
    *out = code == TIDE_OK ? statement : NULL;
    return code;
}

int tide_sql_next(struct tide_sqlite *sqlite, sqlite3_stmt *statement,
                  struct tide_error *err)
{
    int result = sqlite3_step(statement);
    int code = TIDE_END;

    if (result == SQLITE_ROW) {
        return TIDE_OK;
    }
    if (result != SQLITE_DONE) {
        code = tide_sql_failed(sqlite, err);
    }
    tide_sql_end(statement);
    return code;
}

void tide_sql_end(sqlite3_stmt *statement)
{
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
}

int tide_sql_run(struct tide_sqlite *sqlite, const char *sql,
                 const struct tide_sql_value *values, struct tide_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = tide_sql_query(sqlite, sql, values, &statement, err);

    while (code == TIDE_OK) {
        code = tide_sql_next(sqlite, statement, err);
    }
    return code == TIDE_END ? TIDE_OK : code;
}

int tide_sql_number(struct tide_sqlite *sqlite, const char *sql,
                    const struct tide_sql_value *values, int64_t *out,
                    struct tide_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code = tide_sql_query(sqlite, sql, values, &statement, err);

    if (code == TIDE_OK) {
        code = tide_sql_next(sqlite, statement, err);
    }
    if (code == TIDE_OK) {
        *out = sqlite3_column_int64(statement, 0);
        tide_sql_end(statement);
    }
    return code;
}

int64_t tide_sql_take_int(struct tide_sql_row *row)
{
    return sqlite3_column_int64(row->statement, row->column++);
}

const char *tide_sql_take_text(struct tide_sql_row *row)
{
    const char *text = (const char *)sqlite3_column_text(row->statement, row->column);
    int length = sqlite3_column_bytes(row->statement, row->column);

    row->column++;
    return text ? tide_arena_strndup(row->arena, text, (size_t)length) : NULL;
}

/* It doubles whenever the count is a power of two, from LIST_FIRST on. */
void *tide_sql_more(struct tide_arena *arena, void *items, size_t count, size_t size)
{
    void *more;

    if (count > 0 && (count < LIST_FIRST || (count & (count - 1)) != 0)) {
        return items;
    }
    more = tide_arena_alloc(arena, (count > 0 ? 2 * count : LIST_FIRST) * size);
    if (count > 0) {
        memcpy(more, items, count * size);
    }
    return more;
}

int tide_sql_new_id(struct tide_sqlite *sqlite, const char *exists, int64_t *out,
                    struct tide_error *err)
{
    int64_t id, found;
    int code;

    do {
        id = (int64_t)randombytes_uniform(INT32_MAX) + 1;
        code = tide_sql_number(sqlite, exists, SQL_VALUES(SQL_INT(id)), &found, err);
    } while (code == TIDE_OK);
    *out = id;
    return code == TIDE_END ? TIDE_OK : code;
}
