/*
 * positions - where each pipeline was left, kept beside its rows.
 *
 * A position tells how much of the source is in one table, the row's target: it is not
 * used for another table, nor for one that had to be recreated.  A pipeline that loads
 * several tables, as two definitions of one name do, has a row for each.
 */
#include "../../shared/position/kept.h"
#include "staging.h"
#include "writer.h"

#define CREATE_POSITIONS                                                                 \
    "CREATE TABLE " POSITIONS_TABLE                                                      \
    " (pipeline TEXT NOT NULL, position TEXT NOT NULL, run TEXT,"                        \
    " committed_at TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ', 'now')),"                \
    " target TEXT COLLATE NOCASE, name TEXT, PRIMARY KEY (pipeline, target));"

/* The key of a table cannot be altered.  Without the pragma views of it would follow the
 * old one. */
#define OLDER_TABLE "_tidemill_positions_older"
#define REMAKE_POSITIONS(columns)                                                        \
    "PRAGMA legacy_alter_table = ON;"                                                    \
    "ALTER TABLE " POSITIONS_TABLE " RENAME TO " OLDER_TABLE ";"                         \
    "PRAGMA legacy_alter_table = OFF;" CREATE_POSITIONS "INSERT INTO " POSITIONS_TABLE   \
    " (pipeline, position, run, committed_at" columns                                    \
    ") SELECT pipeline, position, run, committed_at" columns " FROM " OLDER_TABLE ";"    \
    "DROP TABLE " OLDER_TABLE

/* What the table of positions is at first sight. */
enum positions {
    POSITIONS_ABSENT,
    POSITIONS_OLDER,    /* made by a version that kept no target */
    POSITIONS_TARGETED, /* made by a version that kept no name */
    POSITIONS_NAMED,    /* made by a version that kept one row for each pipeline */
    POSITIONS_READY
};

static enum positions version_of(const struct table *table)
{
    const struct table_column *target = table_find(table, "target");

    if (!target) {
        return POSITIONS_OLDER;
    }
    if (!table_find(table, "name")) {
        return POSITIONS_TARGETED;
    }
    return target->key > 0 ? POSITIONS_READY : POSITIONS_NAMED;
}

static int find_positions(const struct writer *writer, enum positions *found,
                          struct tide_error *err)
{
    struct table table = {0};
    int rc = table_describe(&writer->database, POSITIONS_TABLE, &table, err);

    *found = table.count > 0 ? version_of(&table) : POSITIONS_ABSENT;
    table_clear(&table);
    return rc;
}

static int make_positions(const struct writer *writer, enum positions *found,
                          struct tide_error *err)
{
    static const char *const statements[] = {
        [POSITIONS_ABSENT] = CREATE_POSITIONS,
        [POSITIONS_OLDER] = REMAKE_POSITIONS(""),
        [POSITIONS_TARGETED] = REMAKE_POSITIONS(", target"),
        [POSITIONS_NAMED] = REMAKE_POSITIONS(", target, name"),
    };
    const char *sql = *found == POSITIONS_READY ? NULL : statements[*found];

    *found = POSITIONS_READY;
    return sql ? database_run(&writer->database, sql, "keep the position", err) : TIDE_OK;
}

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

/* Under which the row stands. */
static const char *pipeline_of(const struct writer *writer)
{
    return writer->pipeline ? writer->pipeline : writer->request->pipeline;
}

/* The rows of a pipeline that speak of this table: as it is, as it was set aside, or,
 * kept by an early version, of whatever there was. */
static void append_ours(sqlite3_str *sql, const struct writer *writer,
                        const char *pipeline)
{
    sqlite3_str_appendf(sql,
                        " WHERE pipeline = %Q AND (target IS NULL OR target = %Q"
                        " OR substr(target, 1, %d) = %Q || '#')",
                        pipeline, writer->request->table,
                        (int)strlen(writer->staging) + 1, writer->staging);
}

/* ---- reading --------------------------------------------------------------------- */

/* Replaced tables go on nowhere: no name is looked for. */
static const char *name_of(const struct writer *writer)
{
    return writer->request->mode == TIDE_MODE_REPLACE ? NULL : writer->request->name;
}

/* Rows of the target that may be the pipeline's: position, pipeline, name.  A row of an
 * earlier version does not say whose its position is. */
static char *format_query(const struct writer *writer, enum positions found)
{
    const char *name = name_of(writer);
    sqlite3_str *sql = sqlite3_str_new(NULL);

    sqlite3_str_appendf(sql,
                        "SELECT position, pipeline, %s FROM " POSITIONS_TABLE
                        " WHERE (pipeline = %Q OR pipeline = %Q",
                        found >= POSITIONS_NAMED ? "name" : "NULL",
                        writer->request->pipeline, name);
    if (found >= POSITIONS_NAMED) {
        sqlite3_str_appendf(sql, " OR name = %Q", name);
    }
    sqlite3_str_appendf(sql, ")");
    if (found != POSITIONS_OLDER) {
        sqlite3_str_appendf(sql, " AND (target IS NULL OR target = %Q COLLATE NOCASE)",
                            writer->request->table);
    }
    return sqlite3_str_finish(sql);
}

static const char *text_of(sqlite3_stmt *query, int column)
{
    return (const char *)sqlite3_column_text(query, column);
}

/* Keep copies of the row in hand. */
static int take_row(struct writer *writer, sqlite3_stmt *query, char **position,
                    struct tide_error *err)
{
    free(*position);
    free(writer->pipeline);
    *position = strdup(text_of(query, 0));
    writer->pipeline = strdup(text_of(query, 1));
    return *position && writer->pipeline ? TIDE_OK : tide_error_memory(err);
}

/* The best of the rows; *position NULL: there is none. */
static int choose(struct writer *writer, sqlite3_stmt *query, struct kept *kept,
                  char **position, struct tide_error *err)
{
    int rc = TIDE_OK, result;

    while (rc == TIDE_OK && (result = sqlite3_step(query)) != SQLITE_DONE) {
        if (result != SQLITE_ROW) {
            rc = database_failed(&writer->database, "read the position", err);
        } else if (kept_offer(kept, text_of(query, 1), text_of(query, 2))) {
            rc = take_row(writer, query, position, err);
        }
    }
    return rc == TIDE_OK ? kept_check(kept, err) : rc;
}

/* Let the row be ours, when it is under another key. */
static int adopt(struct writer *writer, const struct kept *kept, enum positions found,
                 struct tide_error *err)
{
    sqlite3_str *sql;
    int rc;

    kept_tell(kept, writer->host, writer->pipeline);
    if (kept->by != KEPT_UNDER_NAME) {
        return TIDE_OK;
    }
    rc = make_positions(writer, &found, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    free(writer->pipeline);
    writer->pipeline = NULL;
    sql = sqlite3_str_new(NULL);
    sqlite3_str_appendf(sql, "UPDATE " POSITIONS_TABLE " SET pipeline = %Q",
                        writer->request->pipeline);
    append_ours(sql, writer, writer->request->name);
    return run_formatted(writer, sqlite3_str_finish(sql), err);
}

static int read_position(struct writer *writer, enum positions found, char **position,
                         struct tide_error *err)
{
    struct kept kept = {.pipeline = writer->request->pipeline, .name = name_of(writer)};
    sqlite3_stmt *query = NULL;
    int rc = database_prepare(&writer->database, format_query(writer, found),
                              "read the position", &query, err);

    if (rc == TIDE_OK) {
        rc = choose(writer, query, &kept, position, err);
    }
    (void)sqlite3_finalize(query);
    return rc == TIDE_OK && kept.by != KEPT_NONE ? adopt(writer, &kept, found, err) : rc;
}

int position_load(struct writer *writer, char **position, struct tide_error *err)
{
    char *copy = NULL;
    enum positions found;
    int rc = find_positions(writer, &found, err);

    if (rc == TIDE_OK && found >= POSITIONS_TARGETED) {
        rc = staging_position(writer, &copy, err);
    }
    if (rc == TIDE_OK && !copy && found != POSITIONS_ABSENT && !writer->is_new) {
        rc = read_position(writer, found, &copy, err);
    }
    if (rc == TIDE_OK) {
        *position = copy;
    } else {
        free(copy);
    }
    return rc;
}

/* ---- between two transactions ---------------------------------------------------- */

static int stepped_in(const struct writer *writer, struct tide_error *err)
{
    return tide_error_set(err, TIDE_E_TRANSIENT,
                          "another run of \"%s\" has committed to table \"%s\" of %s "
                          "meanwhile; nothing of this one since its last checkpoint is "
                          "kept: run it again when the other has ended",
                          pipeline_of(writer), writer->request->table,
                          writer->options->path);
}

int position_look_again(const struct writer *writer, struct tide_error *err)
{
    sqlite3_str *sql = sqlite3_str_new(NULL);
    sqlite3_stmt *query = NULL;
    int result = SQLITE_DONE, rc;

    sqlite3_str_appendall(sql, "SELECT 1 FROM " POSITIONS_TABLE);
    append_ours(sql, writer, pipeline_of(writer));
    sqlite3_str_appendf(sql, " AND run = %Q", writer->request->run);
    rc = database_prepare(&writer->database, sqlite3_str_finish(sql), "read the position",
                          &query, err);
    if (rc == TIDE_OK) {
        result = sqlite3_step(query);
    }
    if (rc == TIDE_OK && result != SQLITE_ROW) {
        rc = result == SQLITE_DONE
                 ? stepped_in(writer, err)
                 : database_failed(&writer->database, "read the position", err);
    }
    (void)sqlite3_finalize(query);
    return rc;
}

/* ---- writing --------------------------------------------------------------------- */

/* Others loaded a table of that name which is gone. */
static int forget_others(const struct writer *writer, struct tide_error *err)
{
    if (!writer->is_new) {
        return TIDE_OK;
    }
    return run_formatted(writer,
                         sqlite3_mprintf("DELETE FROM " POSITIONS_TABLE
                                         " WHERE target = %Q COLLATE NOCASE"
                                         " AND pipeline <> %Q",
                                         writer->request->table, pipeline_of(writer)),
                         err);
}

static char *format_row(const struct writer *writer, const char *position,
                        const char *target)
{
    const struct tide_destination_request *request = writer->request;
    sqlite3_str *sql = sqlite3_str_new(NULL);

    sqlite3_str_appendall(sql, "DELETE FROM " POSITIONS_TABLE);
    append_ours(sql, writer, pipeline_of(writer));
    if (position) {
        sqlite3_str_appendf(
            sql,
            "; INSERT INTO " POSITIONS_TABLE " (pipeline, name, position, run, target)"
            " VALUES (%Q, %Q, %Q, %Q, %Q)",
            pipeline_of(writer), request->name, position, request->run, target);
    }
    return sqlite3_str_finish(sql);
}

static int keep_row(const struct writer *writer, const char *position, bool staged,
                    struct tide_error *err)
{
    char *target =
        staged ? staging_target(writer) : sqlite3_mprintf("%s", writer->request->table);
    int rc = target ? run_formatted(writer, format_row(writer, position, target), err)
                    : tide_error_memory(err);

    sqlite3_free(target);
    return rc;
}

int position_keep(struct writer *writer, const char *position, bool staged,
                  struct tide_error *err)
{
    enum positions found;
    int rc = find_positions(writer, &found, err);

    if (rc != TIDE_OK || (found == POSITIONS_ABSENT && !position)) {
        return rc;
    }
    rc = make_positions(writer, &found, err);
    if (rc == TIDE_OK) {
        rc = forget_others(writer, err);
    }
    if (rc == TIDE_OK) {
        rc = keep_row(writer, position, staged, err);
    }
    writer->is_new = false;
    return rc;
}
