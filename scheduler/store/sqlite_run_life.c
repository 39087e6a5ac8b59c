/*
 * sqlite_run_life - runs: start and finish, and the positions they leave.
 */
#include "store/sqlite.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "base/json.h"

/* ---- starting -----------------------------------------------------------------------*/

static int take_positions(struct tide_sqlite *sqlite, int64_t pipeline,
                          struct tide_arena *arena, const char **out,
                          struct tide_error *err)
{
    struct json_object *positions = json_object_new_object();
    sqlite3_stmt *statement = NULL;
    char *text;
    int code = tide_sql_query(
        sqlite, "SELECT table_name, position FROM position WHERE pipeline = ?1",
        SQL_VALUES(SQL_INT(pipeline)), &statement, err);

    while (code == TIDE_OK && (code = tide_sql_next(sqlite, statement, err)) == TIDE_OK) {
        tide_json_set_text(positions, (const char *)sqlite3_column_text(statement, 0),
                           (const char *)sqlite3_column_text(statement, 1));
    }
    text = tide_json_format(positions);
    *out = tide_arena_strdup(arena, text);
    free(text);
    json_object_put(positions);
    return code == TIDE_END ? TIDE_OK : code;
}

static int mark_running(struct tide_sqlite *sqlite, int64_t id, struct tide_error *err)
{
    int code = tide_sql_run(
        sqlite,
        "UPDATE run SET state = ?2, started_at = ?3, definition_version ="
        " (SELECT definition_version FROM pipeline WHERE pipeline.id = run.pipeline)"
        " WHERE id = ?1 AND state = ?4",
        SQL_VALUES(SQL_INT(id), SQL_INT(TIDE_RUN_RUNNING), SQL_INT(sqlite->backend.now),
                   SQL_INT(TIDE_RUN_QUEUED)),
        err);

    if (code == TIDE_OK && sqlite3_changes64(sqlite->db) == 0) {
        return tide_error_set(err, TIDE_E_CONFLICT, "run is not queued");
    }
    return code;
}

int tide_sqlite_run_start(struct tide_backend *backend, int64_t id,
                          struct tide_arena *arena, struct tide_run_record *run,
                          struct tide_run_job *job, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    struct tide_pipeline_record pipeline;
    struct tide_pipeline_ref ref = {0};
    int code = mark_running(sqlite, id, err);

    if (code == TIDE_OK) {
        code = tide_sqlite_run_get(backend, 0, id, arena, run, err);
    }
    if (code == TIDE_OK) {
        ref.id = run->pipeline;
        code = tide_sqlite_pipeline_get(backend, &ref, arena, &pipeline, err);
    }
    if (code == TIDE_OK) {
        job->run = run;
        job->definition = pipeline.definition;
        job->base_folder = pipeline.base_folder;
        code = take_positions(sqlite, pipeline.id, arena, &job->positions, err);
    }
    if (code == TIDE_OK) {
        code = tide_sqlite_replay_job(sqlite, id, arena, &job->replay, err);
    }
    return code;
}

/* ---- ending -------------------------------------------------------------------------*/

static int refuse_finish(struct tide_backend *backend, int64_t id,
                         struct tide_arena *arena, struct tide_run_record *run,
                         struct tide_error *err)
{
    int code = tide_sqlite_run_get(backend, 0, id, arena, run, err);

    if (code == TIDE_OK) {
        code = tide_error_set(err, TIDE_E_CONFLICT, "run has ended already");
    }
    return code;
}

static int mark_ended(struct tide_sqlite *sqlite, int64_t id,
                      const struct tide_run_end *end, struct tide_error *err)
{
    const int64_t *p = end->passed, *f = end->failed;

    return tide_sql_run(
        sqlite,
        "UPDATE run SET state = ?2, ended_at = ?3, passed0 = ?4, passed1 = ?5,"
        " passed2 = ?6, passed3 = ?7, passed4 = ?8, passed5 = ?9, failed0 = ?10,"
        " failed1 = ?11, failed2 = ?12, failed3 = ?13, failed4 = ?14, failed5 = ?15,"
        " bytes_read = ?16, bytes_written = ?17, rejects_kept = ?18,"
        " rejects_dropped = ?19, error = ?20, error_code = ?21, detail = ?22"
        " WHERE id = ?1 AND state < 2",
        SQL_VALUES(
            SQL_INT(id), SQL_INT((int64_t)end->state), SQL_INT(sqlite->backend.now),
            SQL_INT(p[0]), SQL_INT(p[1]), SQL_INT(p[2]), SQL_INT(p[3]), SQL_INT(p[4]),
            SQL_INT(p[5]), SQL_INT(f[0]), SQL_INT(f[1]), SQL_INT(f[2]), SQL_INT(f[3]),
            SQL_INT(f[4]), SQL_INT(f[5]), SQL_INT(end->bytes_read),
            SQL_INT(end->bytes_written), SQL_INT(end->rejects_kept),
            SQL_INT(end->rejects_dropped), SQL_TEXT(end->error ? end->error : ""),
            SQL_TEXT(end->error_code ? end->error_code : ""), SQL_TEXT(end->detail)),
        err);
}

static int add_totals(struct tide_sqlite *sqlite, int64_t pipeline,
                      const struct tide_run_end *end, struct tide_error *err)
{
    const int64_t *p = end->passed, *f = end->failed;

    return tide_sql_run(
        sqlite,
        "INSERT INTO pipeline_total VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10,"
        " ?11, ?12, ?13) ON CONFLICT (pipeline) DO UPDATE SET"
        " passed0 = passed0 + ?2, passed1 = passed1 + ?3, passed2 = passed2 + ?4,"
        " passed3 = passed3 + ?5, passed4 = passed4 + ?6, passed5 = passed5 + ?7,"
        " failed0 = failed0 + ?8, failed1 = failed1 + ?9, failed2 = failed2 + ?10,"
        " failed3 = failed3 + ?11, failed4 = failed4 + ?12, failed5 = failed5 + ?13",
        SQL_VALUES(SQL_INT(pipeline), SQL_INT(p[0]), SQL_INT(p[1]), SQL_INT(p[2]),
                   SQL_INT(p[3]), SQL_INT(p[4]), SQL_INT(p[5]), SQL_INT(f[0]),
                   SQL_INT(f[1]), SQL_INT(f[2]), SQL_INT(f[3]), SQL_INT(f[4]),
                   SQL_INT(f[5])),
        err);
}

/* A replay says nothing of how the pipeline is. */
static int note_last_run(struct tide_sqlite *sqlite, const struct tide_run_record *run,
                         struct tide_error *err)
{
    if (run->replay_of) {
        return TIDE_OK;
    }
    return tide_sql_run(sqlite,
                        "UPDATE pipeline SET last_run_at = ?2, last_error = ?3,"
                        " last_success_at = iif(?4, ?2, last_success_at) WHERE id = ?1",
                        SQL_VALUES(SQL_INT(run->pipeline), SQL_INT(run->ended_at),
                                   SQL_TEXT(run->error),
                                   SQL_INT(run->state == TIDE_RUN_SUCCEEDED)),
                        err);
}

int tide_sqlite_run_finish(struct tide_backend *backend, int64_t id,
                           const struct tide_run_end *end, struct tide_arena *arena,
                           struct tide_run_record *run, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int code = mark_ended(sqlite, id, end, err);

    if (code == TIDE_OK && sqlite3_changes64(sqlite->db) == 0) {
        return refuse_finish(backend, id, arena, run, err);
    }
    if (code == TIDE_OK) {
        code = tide_sqlite_run_get(backend, 0, id, arena, run, err);
    }
    if (code == TIDE_OK) {
        code = add_totals(sqlite, run->pipeline, end, err);
    }
    if (code == TIDE_OK) {
        code = tide_sqlite_run_count(sqlite, end->state, 1, err);
    }
    return code == TIDE_OK ? note_last_run(sqlite, run, err) : code;
}

static int forget_position(struct tide_sqlite *sqlite, int64_t run, const char *table,
                           struct tide_error *err)
{
    return tide_sql_run(sqlite,
                        "DELETE FROM position WHERE table_name = ?2 AND pipeline ="
                        " (SELECT pipeline FROM run WHERE id = ?1)",
                        SQL_VALUES(SQL_INT(run), SQL_TEXT(table)), err);
}

int tide_sqlite_position_set(struct tide_backend *backend, int64_t run, const char *table,
                             const char *position, struct tide_error *err)
{
    if (!position) {
        return forget_position((struct tide_sqlite *)backend, run, table, err);
    }
    return tide_sql_run(
        (struct tide_sqlite *)backend,
        "INSERT INTO position (pipeline, table_name, position, updated_at)"
        " SELECT r.pipeline, ?2, ?3, ?4 FROM run r JOIN pipeline p ON p.id = r.pipeline"
        " WHERE r.id = ?1 AND p.deleted_at = 0 ON CONFLICT (pipeline, table_name)"
        " DO UPDATE SET position = ?3, updated_at = ?4",
        SQL_VALUES(SQL_INT(run), SQL_TEXT(table), SQL_TEXT(position),
                   SQL_INT(backend->now)),
        err);
}
