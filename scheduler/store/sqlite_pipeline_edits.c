/*
 * sqlite_pipeline_edits - pipelines: edit, archive, delete.
 *
 * An edit reads the pipeline, changes its row, and reads it again, so that the record
 * that is answered is what the file holds.
 */
#include "store/sqlite.h"

static int get_editable(struct tide_backend *backend, const struct tide_pipeline_ref *ref,
                        struct tide_arena *arena, struct tide_pipeline_record *pipeline,
                        struct tide_error *err)
{
    int code = tide_sqlite_pipeline_get(backend, ref, arena, pipeline, err);

    if (code == TIDE_OK && pipeline->archived_at > 0) {
        return tide_error_set(err, TIDE_E_CONFLICT, "pipeline is archived");
    }
    return code;
}

static int get_again(struct tide_backend *backend, struct tide_arena *arena,
                     struct tide_pipeline_record *pipeline, struct tide_error *err)
{
    struct tide_pipeline_ref ref = {.id = pipeline->id};

    return tide_sqlite_pipeline_get(backend, &ref, arena, pipeline, err);
}

/* Enabled and period decide together when the next slot is. */
static int set_schedule(struct tide_sqlite *sqlite,
                        const struct tide_pipeline_record *pipeline, bool enabled,
                        int64_t minutes, struct tide_error *err)
{
    int64_t now = sqlite->backend.now;

    if (enabled == pipeline->enabled && minutes == pipeline->period_minutes) {
        return TIDE_OK;
    }
    return tide_sql_run(
        sqlite,
        "UPDATE pipeline SET enabled = ?2, period_minutes = ?3, next_due = ?4,"
        " updated_at = ?5 WHERE id = ?1",
        SQL_VALUES(SQL_INT(pipeline->id), SQL_INT(enabled), SQL_INT(minutes),
                   SQL_INT(tide_sqlite_first_due(pipeline->uid, enabled, minutes, now)),
                   SQL_INT(now)),
        err);
}

/* What is NULL stays as it is. */
static int edit_schedule(struct tide_backend *backend,
                         const struct tide_pipeline_ref *ref, const bool *enabled,
                         const int64_t *minutes, struct tide_arena *arena,
                         struct tide_pipeline_record *pipeline, struct tide_error *err)
{
    int code = get_editable(backend, ref, arena, pipeline, err);

    if (code == TIDE_OK) {
        code = set_schedule((struct tide_sqlite *)backend, pipeline,
                            enabled ? *enabled : pipeline->enabled,
                            minutes ? *minutes : pipeline->period_minutes, err);
    }
    return code == TIDE_OK ? get_again(backend, arena, pipeline, err) : code;
}

int tide_sqlite_pipeline_enable(struct tide_backend *backend,
                                const struct tide_pipeline_ref *ref, bool enabled,
                                struct tide_arena *arena,
                                struct tide_pipeline_record *pipeline,
                                struct tide_error *err)
{
    return edit_schedule(backend, ref, &enabled, NULL, arena, pipeline, err);
}

int tide_sqlite_pipeline_period(struct tide_backend *backend,
                                const struct tide_pipeline_ref *ref, int64_t minutes,
                                struct tide_arena *arena,
                                struct tide_pipeline_record *pipeline,
                                struct tide_error *err)
{
    return edit_schedule(backend, ref, NULL, &minutes, arena, pipeline, err);
}

static int forget_positions(struct tide_sqlite *sqlite, int64_t pipeline,
                            struct tide_error *err)
{
    return tide_sql_run(sqlite, "DELETE FROM position WHERE pipeline = ?1",
                        SQL_VALUES(SQL_INT(pipeline)), err);
}

static int set_definition(struct tide_sqlite *sqlite, int64_t pipeline,
                          const struct tide_pipeline_change *change,
                          struct tide_error *err)
{
    return tide_sql_run(
        sqlite,
        "UPDATE pipeline SET name = ?2, definition = ?3, base_folder = ?4,"
        " has_cursor = ?5, definition_version = definition_version + 1, updated_at = ?6"
        " WHERE id = ?1",
        SQL_VALUES(SQL_INT(pipeline), SQL_TEXT(change->name),
                   SQL_TEXT(change->definition), SQL_TEXT(change->base_folder),
                   SQL_INT(change->has_cursor), SQL_INT(sqlite->backend.now)),
        err);
}

int tide_sqlite_pipeline_replace(struct tide_backend *backend,
                                 const struct tide_pipeline_ref *ref,
                                 const struct tide_pipeline_change *change,
                                 struct tide_arena *arena,
                                 struct tide_pipeline_record *pipeline,
                                 struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int code = get_editable(backend, ref, arena, pipeline, err);

    if (code == TIDE_OK) {
        code = set_definition(sqlite, pipeline->id, change, err);
    }
    if (code == TIDE_OK) {
        code = set_schedule(sqlite, pipeline, pipeline->enabled, change->period_minutes,
                            err);
    }
    if (code == TIDE_OK && change->reset_positions) {
        code = forget_positions(sqlite, pipeline->id, err);
    }
    return code == TIDE_OK ? get_again(backend, arena, pipeline, err) : code;
}

int tide_sqlite_pipeline_mode(struct tide_backend *backend,
                              const struct tide_pipeline_ref *ref,
                              enum tide_destination_mode mode, struct tide_arena *arena,
                              struct tide_pipeline_record *pipeline,
                              struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int code = get_editable(backend, ref, arena, pipeline, err);

    if (code == TIDE_OK) {
        code = tide_sql_run(
            sqlite, "UPDATE pipeline SET mode = ?2, updated_at = ?3 WHERE id = ?1",
            SQL_VALUES(SQL_INT(pipeline->id), SQL_INT((int64_t)mode),
                       SQL_INT(backend->now)),
            err);
    }
    return code == TIDE_OK ? get_again(backend, arena, pipeline, err) : code;
}

/* ---- the end of a pipeline ----------------------------------------------------------*/

static int cancel_queued(struct tide_sqlite *sqlite, int64_t pipeline, const char *reason,
                         struct tide_error *err)
{
    int code = tide_sql_run(sqlite,
                            "UPDATE run SET state = ?2, ended_at = ?3, error = ?4"
                            " WHERE pipeline = ?1 AND state = ?5 AND state < 2",
                            SQL_VALUES(SQL_INT(pipeline), SQL_INT(TIDE_RUN_CANCELLED),
                                       SQL_INT(sqlite->backend.now), SQL_TEXT(reason),
                                       SQL_INT(TIDE_RUN_QUEUED)),
                            err);

    if (code == TIDE_OK) {
        code = tide_sqlite_run_count(sqlite, TIDE_RUN_CANCELLED,
                                     sqlite3_changes64(sqlite->db), err);
    }
    return code;
}

int tide_sqlite_pipeline_archive(struct tide_backend *backend,
                                 const struct tide_pipeline_ref *ref,
                                 struct tide_arena *arena,
                                 struct tide_pipeline_record *pipeline,
                                 struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int code = tide_sqlite_pipeline_get(backend, ref, arena, pipeline, err);

    if (code != TIDE_OK || pipeline->archived_at > 0) {
        return code;
    }
    code =
        tide_sql_run(sqlite,
                     "UPDATE pipeline SET archived_at = ?2, updated_at = ?2, enabled = 0,"
                     " next_due = 0 WHERE id = ?1",
                     SQL_VALUES(SQL_INT(pipeline->id), SQL_INT(backend->now)), err);
    if (code == TIDE_OK) {
        code = cancel_queued(sqlite, pipeline->id, "pipeline was archived", err);
    }
    return code == TIDE_OK ? get_again(backend, arena, pipeline, err) : code;
}

int tide_sqlite_pipeline_delete(struct tide_backend *backend,
                                const struct tide_pipeline_ref *ref,
                                struct tide_arena *arena,
                                struct tide_pipeline_record *pipeline,
                                struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int code = tide_sqlite_pipeline_get(backend, ref, arena, pipeline, err);

    if (code == TIDE_OK) {
        code = tide_sql_run(
            sqlite,
            "UPDATE pipeline SET deleted_at = ?2, updated_at = ?2, enabled = 0,"
            " next_due = 0, definition = '{}' WHERE id = ?1",
            SQL_VALUES(SQL_INT(pipeline->id), SQL_INT(backend->now)), err);
    }
    if (code == TIDE_OK) {
        code = forget_positions(sqlite, pipeline->id, err);
    }
    if (code == TIDE_OK) {
        code = cancel_queued(sqlite, pipeline->id, "pipeline was deleted", err);
    }
    pipeline->enabled = false;
    pipeline->next_due = 0;
    return code;
}
