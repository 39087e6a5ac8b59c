/*
 * sqlite_keys - what happens at each start, and API keys.
 */
#include "store/sqlite.h"

#include <sodium.h>

#include "base/file.h"

#define KEY_RANDOM 40
#define TOUCH_EVERY INT64_C(60000000)

/* "api_" and 238 random bits in letters and digits. */
static void make_key(char key[TIDE_KEY_TEXT_SIZE])
{
    static const char digits[] =
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    memcpy(key, "api_", 4);
    for (size_t i = 4; i < 4 + KEY_RANDOM; i++) {
        key[i] = digits[randombytes_uniform(62)];
    }
    key[4 + KEY_RANDOM] = '\0';
}

/* The key is on disk before the store has it: the other order could lose it. */
static int write_key(const char *path, const char *key, struct tide_error *err)
{
    char line[TIDE_KEY_TEXT_SIZE + 1];

    if (!path) {
        return TIDE_OK;
    }
    (void)snprintf(line, sizeof line, "%s\n", key);
    return tide_file_write(path, line, strlen(line), 0600, err);
}

static int insert_key(struct tide_sqlite *sqlite, int64_t workspace, const char *key,
                      struct tide_error *err)
{
    uint8_t hash[TIDE_KEY_HASH_SIZE];

    tide_key_hash(key, strlen(key), hash);
    return tide_sql_run(sqlite,
                        "INSERT INTO api_key (workspace, name, hash, created_at)"
                        " VALUES (?1, 'default', ?2, ?3)",
                        SQL_VALUES(SQL_INT(workspace), SQL_BLOB(hash, TIDE_KEY_HASH_SIZE),
                                   SQL_INT(sqlite->backend.now)),
                        err);
}

static int first_start(struct tide_sqlite *sqlite, const char *key_file,
                       struct tide_store_opening *opening, struct tide_error *err)
{
    int64_t workspace = 0;
    int code =
        tide_sql_new_id(sqlite, "SELECT 1 FROM workspace WHERE id = ?1", &workspace, err);

    if (code == TIDE_OK) {
        code = tide_sql_run(sqlite,
                            "INSERT INTO workspace (id, name, created_at)"
                            " VALUES (?1, 'default', ?2)",
                            SQL_VALUES(SQL_INT(workspace), SQL_INT(sqlite->backend.now)),
                            err);
    }
    if (code == TIDE_OK) {
        make_key(opening->key);
        code = write_key(key_file, opening->key, err);
    }
    if (code == TIDE_OK) {
        code = insert_key(sqlite, workspace, opening->key, err);
    }
    opening->created = true;
    return code;
}

static int interrupt_live(struct tide_sqlite *sqlite, int64_t *count,
                          struct tide_error *err)
{
    int code =
        tide_sql_run(sqlite,
                     "UPDATE run SET state = ?1, ended_at = ?2,"
                     " error_code = 'internal',"
                     " error = 'the daemon ended while the run was live'"
                     " WHERE state = ?3 AND state < 2",
                     SQL_VALUES(SQL_INT(TIDE_RUN_INTERRUPTED),
                                SQL_INT(sqlite->backend.now), SQL_INT(TIDE_RUN_RUNNING)),
                     err);

    if (code == TIDE_OK) {
        *count = sqlite3_changes64(sqlite->db);
        code = tide_sqlite_run_count(sqlite, TIDE_RUN_INTERRUPTED, *count, err);
    }
    return code;
}

int tide_sqlite_start(struct tide_backend *backend, const char *key_file,
                      struct tide_store_opening *opening, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int64_t keys = 0;
    int code = tide_sql_number(sqlite, "SELECT count(*) FROM workspace", SQL_VALUES({0}),
                               &keys, err);

    if (code == TIDE_OK && keys == 0) {
        code = first_start(sqlite, key_file, opening, err);
    }
    if (code == TIDE_OK) {
        code = interrupt_live(sqlite, &opening->interrupted, err);
    }
    if (code == TIDE_OK) {
        code = tide_sql_number(
            sqlite, "SELECT count(*) FROM run WHERE state = ?1 AND state < 2",
            SQL_VALUES(SQL_INT(TIDE_RUN_QUEUED)), &opening->queued, err);
    }
    return code;
}

static int touch_key(struct tide_sqlite *sqlite, const struct tide_key_record *key,
                     struct tide_error *err)
{
    if (sqlite->backend.now - key->last_used_at < TOUCH_EVERY) {
        return TIDE_OK;
    }
    return tide_sql_run(sqlite, "UPDATE api_key SET last_used_at = ?2 WHERE id = ?1",
                        SQL_VALUES(SQL_INT(key->id), SQL_INT(sqlite->backend.now)), err);
}

int tide_sqlite_key_find(struct tide_backend *backend, const uint8_t *hash,
                         struct tide_arena *arena, struct tide_key_record *key,
                         struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    struct tide_sql_row row = {.arena = arena};
    int code = tide_sql_query(
        sqlite,
        "SELECT k.id, k.workspace, k.name, w.deleted_at = 0, k.created_at, k.last_used_at"
        " FROM api_key k JOIN workspace w ON w.id = k.workspace"
        " WHERE k.hash = ?1 AND k.revoked_at = 0",
        SQL_VALUES(SQL_BLOB(hash, TIDE_KEY_HASH_SIZE)), &row.statement, err);

    if (code == TIDE_OK) {
        code = tide_sql_next(sqlite, row.statement, err);
    }
    if (code == TIDE_END) {
        return tide_error_set(err, TIDE_E_NOT_FOUND, "this key is not known");
    }
    if (code != TIDE_OK) {
        return code;
    }
    key->id = tide_sql_take_int(&row);
    key->workspace = tide_sql_take_int(&row);
    key->name = tide_sql_take_text(&row);
    key->workspace_exists = tide_sql_take_int(&row) != 0;
    key->created_at = tide_sql_take_int(&row);
    key->last_used_at = tide_sql_take_int(&row);
    tide_sql_end(row.statement);
    return touch_key(sqlite, key, err);
}
