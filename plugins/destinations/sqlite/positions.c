/*
 * positions - where each pipeline was left, kept beside its rows.
 */
#include "writer.h"

#define CREATE_POSITIONS                                                                 \
    "CREATE TABLE IF NOT EXISTS " POSITIONS_TABLE                                        \
    " (pipeline TEXT PRIMARY KEY, position TEXT NOT NULL, run TEXT,"                     \
    " committed_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')))"

static int take_position(const struct writer *writer, sqlite3_stmt *query, char **copy,
                         struct tide_error *err)
{
    int result = sqlite3_step(query);

    if (result == SQLITE_DONE) {
        return TIDE_OK;
    }
    if (result != SQLITE_ROW) {
        return database_failed(&writer->database, "read the position", err);
    }
    *copy = strdup((const char *)sqlite3_column_text(query, 0));
    return *copy ? TIDE_OK : tide_error_set(err, TIDE_E_LIMIT, "out of memory");
}

static int find_positions(const struct writer *writer, bool *exists,
                          struct tide_error *err)
{
    struct table table = {0};
    int rc = table_describe(&writer->database, POSITIONS_TABLE, &table, err);

    *exists = table.count > 0;
    table_clear(&table);
    return rc;
}

int position_load(const struct writer *writer, char **position, struct tide_error *err)
{
    sqlite3_stmt *query = NULL;
    char *copy = NULL;
    bool exists;
    int rc = find_positions(writer, &exists, err);

    if (rc == TIDE_OK && exists) {
        char *sql = sqlite3_mprintf("SELECT position FROM " POSITIONS_TABLE
                                    " WHERE pipeline = %Q",
                                    writer->request->pipeline);

        rc = database_prepare(&writer->database, sql, "read the position", &query, err);
    }
    if (query) {
        rc = take_position(writer, query, &copy, err);
    }
    (void)sqlite3_finalize(query);
    if (rc == TIDE_OK) {
        *position = copy;
    }
    return rc;
}

static int run_formatted(const struct writer *writer, char *sql, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (!sql) {
        return tide_error_set(err, TIDE_E_LIMIT, "out of memory");
    }
    rc = database_run(&writer->database, sql, "keep the position", err);
    sqlite3_free(sql);
    return rc;
}

int position_save(const struct writer *writer, const char *position,
                  struct tide_error *err)
{
    int rc = database_run(&writer->database, CREATE_POSITIONS, "keep the position", err);

    if (rc != TIDE_OK) {
        return rc;
    }
    return run_formatted(writer,
                         sqlite3_mprintf("INSERT OR REPLACE INTO " POSITIONS_TABLE
                                         " (pipeline, position, run) VALUES (%Q, %Q, %Q)",
                                         writer->request->pipeline, position,
                                         writer->request->run),
                         err);
}

int position_forget(const struct writer *writer, struct tide_error *err)
{
    bool exists;
    int rc = find_positions(writer, &exists, err);

    if (rc != TIDE_OK || !exists) {
        return rc;
    }
    return run_formatted(writer,
                         sqlite3_mprintf("DELETE FROM " POSITIONS_TABLE
                                         " WHERE pipeline = %Q",
                                         writer->request->pipeline),
                         err);
}
