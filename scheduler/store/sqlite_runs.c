/*
 * sqlite_runs - runs: create, find, list, start, finish, prune.
 */
#include "store/sqlite.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "base/json.h"

#define COLUMNS                                                                          \
    "r.id, r.sequence, r.pipeline, p.uid, p.name, r.cause, coalesce(r.slot, 0),"         \
    " r.slot_count, r.attempt, r.incremental, r.replay_of, r.state,"                     \
    " r.definition_version,"                                                             \
    " r.created_at, r.started_at, r.ended_at,"                                           \
    " r.passed0, r.passed1, r.passed2, r.passed3, r.passed4, r.passed5,"                 \
    " r.failed0, r.failed1, r.failed2, r.failed3, r.failed4, r.failed5,"                 \
    " r.bytes_read, r.bytes_written, r.rejects_kept, r.rejects_dropped,"                 \
    " r.error, r.error_code, r.detail"
#define SELECT "SELECT " COLUMNS " FROM run r JOIN pipeline p ON p.id = r.pipeline"

/* ---- reading ------------------------------------------------------------------------*/

static void take_counts(struct tide_sql_row *row, int64_t counts[TIDE_STEPS])
{
    for (int i = 0; i < TIDE_STEPS; i++) {
        counts[i] = tide_sql_take_int(row);
    }
}

static void take_run(struct tide_sql_row *row, struct tide_run_record *run)
{
    run->id = tide_sql_take_int(row);
    run->sequence = tide_sql_take_int(row);
    run->pipeline = tide_sql_take_int(row);
    run->pipeline_uid = tide_sql_take_text(row);
    run->pipeline_name = tide_sql_take_text(row);
    run->trigger = (enum tide_trigger)tide_sql_take_int(row);
    run->slot = tide_sql_take_int(row);
    run->slot_count = tide_sql_take_int(row);
    run->attempt = tide_sql_take_int(row);
    run->incremental = (int)tide_sql_take_int(row);
    run->replay_of = tide_sql_take_int(row);
    run->state = (enum tide_run_state)tide_sql_take_int(row);
    run->definition_version = tide_sql_take_int(row);
    run->created_at = tide_sql_take_int(row);
    run->started_at = tide_sql_take_int(row);
    run->ended_at = tide_sql_take_int(row);
    take_counts(row, run->passed);
    take_counts(row, run->failed);
    run->bytes_read = tide_sql_take_int(row);
    run->bytes_written = tide_sql_take_int(row);
    run->rejects_kept = tide_sql_take_int(row);
    run->rejects_dropped = tide_sql_take_int(row);
    run->error = tide_sql_take_text(row);
    run->error_code = tide_sql_take_text(row);
    run->detail = tide_sql_take_text(row);
}

int tide_sqlite_run_get(struct tide_backend *backend, int64_t workspace, int64_t id,
                        struct tide_arena *arena, struct tide_run_record *run,
                        struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    struct tide_sql_row row = {.arena = arena};
    int code =
        tide_sql_query(sqlite, SELECT " WHERE r.id = ?2 AND (?1 = 0 OR p.workspace = ?1)",
                       SQL_VALUES(SQL_INT(workspace), SQL_INT(id)), &row.statement, err);

    if (code == TIDE_OK) {
        code = tide_sql_next(sqlite, row.statement, err);
    }
    if (code == TIDE_END) {
        return tide_error_set(err, TIDE_E_NOT_FOUND, "run does not exist");
    }
    if (code == TIDE_OK) {
        take_run(&row, run);
        tide_sql_end(row.statement);
    }
    return code;
}

#define MATCHES                                                                          \
    " (?1 = 0 OR p.workspace = ?1) AND (?3 = 0 OR (?3 >> r.state) & 1)"                  \
    " AND (?4 = 0 OR r.sequence < ?4) ORDER BY r.sequence DESC LIMIT ?5"

static int query_list(struct tide_sqlite *sqlite, const struct tide_run_filter *filter,
                      sqlite3_stmt **out, struct tide_error *err)
{
    const unsigned live =
        TIDE_RUN_STATE_BIT(TIDE_RUN_QUEUED) | TIDE_RUN_STATE_BIT(TIDE_RUN_RUNNING);
    const char *sql = SELECT " WHERE ?2 = 0 AND" MATCHES;

    if (filter->pipeline) {
        sql = SELECT " WHERE r.pipeline = ?2 AND" MATCHES;
    } else if (filter->states && !(filter->states & ~live)) {
        sql = SELECT " WHERE r.state < 2 AND ?2 = 0 AND" MATCHES;
    }
    return tide_sql_query(sqlite, sql,
                          SQL_VALUES(SQL_INT(filter->workspace),
                                     SQL_INT(filter->pipeline), SQL_INT(filter->states),
                                     SQL_INT(filter->before), SQL_INT(filter->limit)),
                          out, err);
}

int tide_sqlite_run_list(struct tide_backend *backend,
                         const struct tide_run_filter *filter, struct tide_arena *arena,
                         struct tide_run_list *list, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    sqlite3_stmt *statement = NULL;
    size_t room = 0;
    int code = query_list(sqlite, filter, &statement, err);

    while (code == TIDE_OK && (code = tide_sql_next(sqlite, statement, err)) == TIDE_OK) {
        struct tide_sql_row row = {.statement = statement, .arena = arena};

        if (list->count == room) {
            struct tide_run_record *old = list->items;

            room = room ? 2 * room : 16;
            list->items = tide_arena_alloc(arena, room * sizeof *list->items);
            if (old) {
                memcpy(list->items, old, list->count * sizeof *old);
            }
        }
        take_run(&row, &list->items[list->count++]);
    }
    return code == TIDE_END ? TIDE_OK : code;
}

int tide_sqlite_run_live(struct tide_sqlite *sqlite, int64_t pipeline, int64_t *queued,
                         int64_t *running, struct tide_error *err)
{
    static const char sql[] =
        "SELECT count(*) FROM run WHERE state = ?1 AND state < 2 AND pipeline = ?2";
    int code = tide_sql_number(sqlite, sql,
                               SQL_VALUES(SQL_INT(TIDE_RUN_QUEUED), SQL_INT(pipeline)),
                               queued, err);

    if (code == TIDE_OK) {
        code = tide_sql_number(sqlite, sql,
                               SQL_VALUES(SQL_INT(TIDE_RUN_RUNNING), SQL_INT(pipeline)),
                               running, err);
    }
    return code;
}

/* ---- creating -----------------------------------------------------------------------*/

int tide_sqlite_run_count(struct tide_sqlite *sqlite, enum tide_run_state state,
                          int64_t count, struct tide_error *err)
{
    if (count == 0) {
        return TIDE_OK;
    }
    return tide_sql_run(sqlite,
                        "INSERT INTO run_total (state, runs) VALUES (?1, ?2)"
                        " ON CONFLICT (state) DO UPDATE SET runs = runs + ?2",
                        SQL_VALUES(SQL_INT((int64_t)state), SQL_INT(count)), err);
}

static int insert_row(struct tide_sqlite *sqlite, const struct tide_sqlite_run *run,
                      int64_t id, struct tide_error *err)
{
    int64_t now = sqlite->backend.now;
    int64_t ended = run->state == TIDE_RUN_SKIPPED ? now : 0;

    return tide_sql_run(
        sqlite,
        "INSERT INTO run (id, pipeline, cause, slot, slot_count, incremental, state,"
        " definition_version, created_at, ended_at, error, replay_of, replay_again)"
        " VALUES (?1, ?2, ?3, nullif(?4, 0), ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
        " ON CONFLICT (pipeline, slot) DO NOTHING",
        SQL_VALUES(SQL_INT(id), SQL_INT(run->pipeline), SQL_INT((int64_t)run->trigger),
                   SQL_INT(run->slot), SQL_INT(run->slot_count),
                   SQL_INT(run->incremental), SQL_INT((int64_t)run->state),
                   SQL_INT(run->definition_version), SQL_INT(now), SQL_INT(ended),
                   SQL_TEXT(run->error ? run->error : ""), SQL_INT(run->replay_of),
                   SQL_INT(run->replay_again)),
        err);
}

int tide_sqlite_run_insert(struct tide_sqlite *sqlite, const struct tide_sqlite_run *run,
                           int64_t *id, struct tide_error *err)
{
    int code = tide_sql_new_id(sqlite, "SELECT 1 FROM run WHERE id = ?1", id, err);

    if (code == TIDE_OK) {
        code = insert_row(sqlite, run, *id, err);
    }
    if (code == TIDE_OK && sqlite3_changes64(sqlite->db) == 0) {
        return TIDE_END;
    }
    if (code == TIDE_OK && run->state == TIDE_RUN_SKIPPED) {
        code = tide_sqlite_run_count(sqlite, TIDE_RUN_SKIPPED, run->slot_count, err);
    }
    return code;
}

static int check_refusal(struct tide_sqlite *sqlite,
                         const struct tide_pipeline_record *pipeline, int incremental,
                         enum tide_run_refusal *refusal, struct tide_error *err)
{
    int64_t queued = 0, running = 0;
    int code = tide_sqlite_run_live(sqlite, pipeline->id, &queued, &running, err);

    if (incremental == 1 && !pipeline->has_cursor) {
        *refusal = TIDE_REFUSED_NO_CURSOR;
    } else if (!pipeline->enabled) {
        *refusal = TIDE_REFUSED_DISABLED;
    } else if (queued + running > 0) {
        *refusal = TIDE_REFUSED_IN_PROGRESS;
    } else if (pipeline->mode == TIDE_DESTINATION_INSPECTION) {
        *refusal = TIDE_REFUSED_INSPECTION;
    } else if (pipeline->mode == TIDE_DESTINATION_MAINTENANCE) {
        *refusal = TIDE_REFUSED_MAINTENANCE;
    } else {
        *refusal = TIDE_RUN_ACCEPTED;
    }
    return code;
}

int tide_sqlite_run_create(struct tide_backend *backend,
                           const struct tide_run_new *new_run, struct tide_arena *arena,
                           enum tide_run_refusal *refusal, struct tide_run_record *run,
                           struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    struct tide_pipeline_record pipeline;
    struct tide_sqlite_run row = {.trigger = new_run->trigger,
                                  .incremental = new_run->incremental,
                                  .state = TIDE_RUN_QUEUED,
                                  .replay_of = new_run->replay_of,
                                  .replay_again = new_run->replay_again};
    int64_t id = 0;
    int code =
        tide_sqlite_pipeline_get(backend, &new_run->pipeline, arena, &pipeline, err);

    if (code == TIDE_E_NOT_FOUND) {
        *refusal = TIDE_REFUSED_NO_PIPELINE;
        return TIDE_OK;
    }
    if (code == TIDE_OK) {
        code = check_refusal(sqlite, &pipeline, new_run->incremental, refusal, err);
    }
    if (code != TIDE_OK || *refusal != TIDE_RUN_ACCEPTED) {
        return code;
    }
    row.pipeline = pipeline.id;
    row.definition_version = pipeline.definition_version;
    code = tide_sqlite_run_insert(sqlite, &row, &id, err);
    return code == TIDE_OK ? tide_sqlite_run_get(backend, 0, id, arena, run, err) : code;
}

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
