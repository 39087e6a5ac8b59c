/*
 * positions - where each pipeline was left, kept beside its rows.
 *
 * A position tells how much of the source is in one table, the row's target: it is not
 * believed of another table, nor of one that had to be made anew.
 */
#include "writer.h"

#define CREATE_POSITIONS                                                                 \
    "CREATE TABLE IF NOT EXISTS " POSITIONS_TABLE                                        \
    " (pipeline TEXT PRIMARY KEY, position TEXT NOT NULL, run TEXT,"                     \
    " committed_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')), target TEXT)"

/* What the table of positions is at first sight. */
enum positions {
    POSITIONS_ABSENT,
    POSITIONS_OLDER, /* made by a version that kept no target */
    POSITIONS_READY
};

static int find_positions(const struct writer *writer, enum positions *found,
                          struct tide_error *err)
{
    struct table table = {0};
    int rc = table_describe(&writer->database, POSITIONS_TABLE, &table, err);

    *found = POSITIONS_ABSENT;
    if (table.count > 0) {
        *found = table_find(&table, "target") ? POSITIONS_READY : POSITIONS_OLDER;
    }
    table_clear(&table);
    return rc;
}

/* ---- reading --------------------------------------------------------------------- */

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
    return *copy ? TIDE_OK : tide_error_memory(err);
}

/* A row of an earlier version does not say whose its position is. */
static char *format_query(const struct writer *writer, enum positions found)
{
    const char *pipeline = writer->request->pipeline;

    if (found == POSITIONS_OLDER) {
        return sqlite3_mprintf(
            "SELECT position FROM " POSITIONS_TABLE " WHERE pipeline = %Q", pipeline);
    }
    return sqlite3_mprintf("SELECT position FROM " POSITIONS_TABLE " WHERE pipeline = %Q"
                           " AND (target IS NULL OR target = %Q COLLATE NOCASE)",
                           pipeline, writer->request->table);
}

int position_load(const struct writer *writer, char **position, struct tide_error *err)
{
    sqlite3_stmt *query = NULL;
    char *copy = NULL;
    enum positions found;
    int rc = find_positions(writer, &found, err);

    if (rc == TIDE_OK && found != POSITIONS_ABSENT && !writer->is_new) {
        rc = database_prepare(&writer->database, format_query(writer, found),
                              "read the position", &query, err);
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

/* ---- writing --------------------------------------------------------------------- */

static int run_formatted(const struct writer *writer, char *sql, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (!sql) {
        return tide_error_memory(err);
    }
    rc = database_run(&writer->database, sql, "keep the position", err);
    sqlite3_free(sql);
    return rc;
}

static int make_positions(const struct writer *writer, enum positions *found,
                          struct tide_error *err)
{
    const char *sql = *found == POSITIONS_ABSENT ? CREATE_POSITIONS
                                                 : "ALTER TABLE " POSITIONS_TABLE
                                                   " ADD COLUMN target TEXT";

    if (*found == POSITIONS_READY) {
        return TIDE_OK;
    }
    *found = POSITIONS_READY;
    return database_run(&writer->database, sql, "keep the position", err);
}

/* Others loaded a table of that name which is gone. */
static int forget_others(const struct writer *writer, enum positions found,
                         struct tide_error *err)
{
    if (!writer->is_new || found != POSITIONS_READY) {
        return TIDE_OK;
    }
    return run_formatted(
        writer,
        sqlite3_mprintf("DELETE FROM " POSITIONS_TABLE " WHERE target = %Q COLLATE NOCASE"
                        " AND pipeline <> %Q",
                        writer->request->table, writer->request->pipeline),
        err);
}

static char *format_row(const struct writer *writer, const char *position)
{
    const struct tide_destination_request *request = writer->request;

    if (!position) {
        return sqlite3_mprintf("DELETE FROM " POSITIONS_TABLE " WHERE pipeline = %Q",
                               request->pipeline);
    }
    return sqlite3_mprintf("INSERT OR REPLACE INTO " POSITIONS_TABLE
                           " (pipeline, position, run, target) VALUES (%Q, %Q, %Q, %Q)",
                           request->pipeline, position, request->run, request->table);
}

int position_keep(struct writer *writer, const char *position, struct tide_error *err)
{
    enum positions found;
    int rc = find_positions(writer, &found, err);

    if (rc == TIDE_OK && position) {
        rc = make_positions(writer, &found, err);
    }
    if (rc != TIDE_OK || found == POSITIONS_ABSENT) {
        return rc;
    }
    rc = forget_others(writer, found, err);
    if (rc == TIDE_OK) {
        rc = run_formatted(writer, format_row(writer, position), err);
    }
    writer->is_new = false;
    return rc;
}
