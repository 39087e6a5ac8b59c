/*
 * sqlite_runs - runs: create, find, list.
 */
#include "store/sqlite.h"

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
    int code = query_list(sqlite, filter, &statement, err);

    while (code == TIDE_OK && (code = tide_sql_next(sqlite, statement, err)) == TIDE_OK) {
        struct tide_sql_row row = {.statement = statement, .arena = arena};

        list->items = tide_sql_more(arena, list->items, list->count, sizeof *list->items);
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
