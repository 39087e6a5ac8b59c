/*
 * sqlite_pipelines - pipelines: create, find, list.
 */
#include "store/sqlite.h"

#include <sodium.h>

#include "schedule/slot.h"

#define COLUMNS                                                                          \
    "p.uid, p.id, p.workspace, p.name, p.enabled, p.period_minutes, p.definition,"       \
    " p.definition_version, p.base_folder, p.mode, p.has_cursor, p.next_due,"            \
    " p.created_at, p.updated_at, p.archived_at, p.last_run_at, p.last_success_at,"      \
    " p.last_error"
#define SELECT "SELECT " COLUMNS " FROM pipeline p WHERE p.deleted_at = 0"
#define OF_WORKSPACE " AND (?1 = 0 OR p.workspace = ?1)"

/* ---- reading ------------------------------------------------------------------------*/

static void take_pipeline(struct tide_sql_row *row, struct tide_pipeline_record *pipeline)
{
    pipeline->uid = tide_sql_take_text(row);
    pipeline->id = tide_sql_take_int(row);
    pipeline->workspace = tide_sql_take_int(row);
    pipeline->name = tide_sql_take_text(row);
    pipeline->enabled = tide_sql_take_int(row) != 0;
    pipeline->period_minutes = tide_sql_take_int(row);
    pipeline->definition = tide_sql_take_text(row);
    pipeline->definition_version = tide_sql_take_int(row);
    pipeline->base_folder = tide_sql_take_text(row);
    pipeline->mode = (enum tide_destination_mode)tide_sql_take_int(row);
    pipeline->has_cursor = tide_sql_take_int(row) != 0;
    pipeline->next_due = tide_sql_take_int(row);
    pipeline->created_at = tide_sql_take_int(row);
    pipeline->updated_at = tide_sql_take_int(row);
    pipeline->archived_at = tide_sql_take_int(row);
    pipeline->last_run_at = tide_sql_take_int(row);
    pipeline->last_success_at = tide_sql_take_int(row);
    pipeline->last_error = tide_sql_take_text(row);
}

static int query_ref(struct tide_sqlite *sqlite, const struct tide_pipeline_ref *ref,
                     sqlite3_stmt **out, struct tide_error *err)
{
    if (ref->uid) {
        return tide_sql_query(sqlite, SELECT OF_WORKSPACE " AND p.uid = ?2",
                              SQL_VALUES(SQL_INT(ref->workspace), SQL_TEXT(ref->uid)),
                              out, err);
    }
    if (ref->name) {
        return tide_sql_query(
            sqlite,
            SELECT OF_WORKSPACE " AND p.name = ?2"
                                " ORDER BY p.archived_at > 0, p.sequence DESC LIMIT 1",
            SQL_VALUES(SQL_INT(ref->workspace), SQL_TEXT(ref->name)), out, err);
    }
    return tide_sql_query(sqlite, SELECT OF_WORKSPACE " AND p.id = ?2",
                          SQL_VALUES(SQL_INT(ref->workspace), SQL_INT(ref->id)), out,
                          err);
}

int tide_sqlite_pipeline_get(struct tide_backend *backend,
                             const struct tide_pipeline_ref *ref,
                             struct tide_arena *arena,
                             struct tide_pipeline_record *pipeline,
                             struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    struct tide_sql_row row = {.arena = arena};
    int code = query_ref(sqlite, ref, &row.statement, err);

    if (code == TIDE_OK) {
        code = tide_sql_next(sqlite, row.statement, err);
    }
    if (code == TIDE_END) {
        return tide_error_set(err, TIDE_E_NOT_FOUND, "pipeline does not exist");
    }
    if (code == TIDE_OK) {
        take_pipeline(&row, pipeline);
        tide_sql_end(row.statement);
    }
    return code;
}

static int take_all(struct tide_sqlite *sqlite, sqlite3_stmt *statement,
                    struct tide_arena *arena, struct tide_pipeline_list *list,
                    struct tide_error *err)
{
    int code;

    while ((code = tide_sql_next(sqlite, statement, err)) == TIDE_OK) {
        struct tide_sql_row row = {.statement = statement, .arena = arena};

        list->items = tide_sql_more(arena, list->items, list->count, sizeof *list->items);
        take_pipeline(&row, &list->items[list->count++]);
    }
    return code == TIDE_END ? TIDE_OK : code;
}

int tide_sqlite_pipeline_list(struct tide_backend *backend,
                              const struct tide_pipeline_filter *filter,
                              struct tide_arena *arena, struct tide_pipeline_list *list,
                              struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    sqlite3_stmt *statement = NULL;
    int code =
        tide_sql_query(sqlite,
                       SELECT OF_WORKSPACE " AND (?2 OR p.archived_at = 0)"
                                           " ORDER BY p.sequence DESC LIMIT ?3 OFFSET ?4",
                       SQL_VALUES(SQL_INT(filter->workspace), SQL_INT(filter->archived),
                                  SQL_INT(filter->limit > 0 ? filter->limit : -1),
                                  SQL_INT(filter->offset)),
                       &statement, err);

    return code == TIDE_OK ? take_all(sqlite, statement, arena, list, err) : code;
}

int tide_sqlite_pipelines_due(struct tide_backend *backend, struct tide_arena *arena,
                              struct tide_pipeline_list *list, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    sqlite3_stmt *statement = NULL;
    int code = tide_sql_query(sqlite, SELECT " AND p.next_due > 0 ORDER BY p.next_due",
                              SQL_VALUES({0}), &statement, err);

    return code == TIDE_OK ? take_all(sqlite, statement, arena, list, err) : code;
}

/* ---- creating -----------------------------------------------------------------------*/

int64_t tide_sqlite_first_due(const char *uid, bool enabled, int64_t minutes, int64_t now)
{
    return enabled && minutes > 0 ? tide_slot_after(uid, minutes * TIDE_MINUTE, now) : 0;
}

static int check_workspace(struct tide_sqlite *sqlite, int64_t workspace,
                           struct tide_error *err)
{
    int64_t found;
    int code = tide_sql_number(sqlite,
                               "SELECT 1 FROM workspace WHERE id = ?1 AND deleted_at = 0",
                               SQL_VALUES(SQL_INT(workspace)), &found, err);

    if (code == TIDE_END) {
        return tide_error_set(err, TIDE_E_NOT_FOUND, "workspace does not exist");
    }
    return code;
}

static void make_uid(char uid[TIDE_UID_SIZE])
{
    unsigned char bytes[(TIDE_UID_SIZE - 1) / 2];

    randombytes_buf(bytes, sizeof bytes);
    (void)sodium_bin2hex(uid, TIDE_UID_SIZE, bytes, sizeof bytes);
}

static int insert_pipeline(struct tide_sqlite *sqlite, int64_t id,
                           const struct tide_pipeline_new *new_pipeline,
                           struct tide_error *err)
{
    int64_t now = sqlite->backend.now;
    char uid[TIDE_UID_SIZE];

    make_uid(uid);
    return tide_sql_run(
        sqlite,
        "INSERT INTO pipeline (id, uid, workspace, name, enabled, period_minutes,"
        " definition, base_folder, mode, has_cursor, next_due, created_at, updated_at)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)",
        SQL_VALUES(
            SQL_INT(id), SQL_TEXT(uid), SQL_INT(new_pipeline->workspace),
            SQL_TEXT(new_pipeline->name), SQL_INT(new_pipeline->enabled),
            SQL_INT(new_pipeline->period_minutes), SQL_TEXT(new_pipeline->definition),
            SQL_TEXT(new_pipeline->base_folder), SQL_INT((int64_t)new_pipeline->mode),
            SQL_INT(new_pipeline->has_cursor),
            SQL_INT(tide_sqlite_first_due(uid, new_pipeline->enabled,
                                          new_pipeline->period_minutes, now)),
            SQL_INT(now)),
        err);
}

int tide_sqlite_pipeline_create(struct tide_backend *backend,
                                const struct tide_pipeline_new *new_pipeline,
                                struct tide_arena *arena,
                                struct tide_pipeline_record *pipeline,
                                struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    struct tide_pipeline_ref ref = {0};
    int code = check_workspace(sqlite, new_pipeline->workspace, err);

    if (code == TIDE_OK) {
        code =
            tide_sql_new_id(sqlite, "SELECT 1 FROM pipeline WHERE id = ?1", &ref.id, err);
    }
    if (code == TIDE_OK) {
        code = insert_pipeline(sqlite, ref.id, new_pipeline, err);
    }
    return code == TIDE_OK ? tide_sqlite_pipeline_get(backend, &ref, arena, pipeline, err)
                           : code;
}
