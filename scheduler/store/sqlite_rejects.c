/*
 * sqlite_rejects - rejects: kept, listed, settled, and run again.
 */
#include "store/sqlite.h"

#include <json-c/json.h>
#include <stdlib.h>

#include "base/json.h"
#include "base/text.h"

/* Bytes of rows that one replay takes.  As JSON texts within JSON they at most double,
 * and the job of a worker has its bound. */
#define REPLAY_BYTES ((int64_t)16 * 1024 * 1024)

#define SELECT                                                                           \
    "SELECT ordinal, table_name, step, code, message, origin, position, row, raw,"       \
    " replay, settled, replayed_by"

/* ---- kept and listed ----------------------------------------------------------------*/

static int add_reject(struct tide_sqlite *sqlite, int64_t run,
                      const struct tide_reject_record *reject, struct tide_error *err)
{
    return tide_sql_run(
        sqlite,
        "INSERT INTO reject (run, ordinal, table_name, step, code, message, origin,"
        " position, row, raw, replay)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        SQL_VALUES(SQL_INT(run), SQL_INT(reject->ordinal), SQL_TEXT(reject->table),
                   SQL_TEXT(reject->step), SQL_TEXT(reject->code),
                   SQL_TEXT(reject->message), SQL_TEXT(reject->origin),
                   SQL_INT(reject->position), SQL_TEXT(reject->row),
                   SQL_TEXT(reject->raw), SQL_TEXT(reject->replay)),
        err);
}

int tide_sqlite_rejects_add(struct tide_backend *backend, int64_t run,
                            const struct tide_reject_list *rejects,
                            struct tide_error *err)
{
    int code = TIDE_OK;

    for (size_t i = 0; code == TIDE_OK && i < rejects->count; i++) {
        code = add_reject((struct tide_sqlite *)backend, run, &rejects->items[i], err);
    }
    return code;
}

static void take_reject(struct tide_sql_row *row, struct tide_reject_record *reject)
{
    reject->ordinal = tide_sql_take_int(row);
    reject->table = tide_sql_take_text(row);
    reject->step = tide_sql_take_text(row);
    reject->code = tide_sql_take_text(row);
    reject->message = tide_sql_take_text(row);
    reject->origin = tide_sql_take_text(row);
    reject->position = tide_sql_take_int(row);
    reject->row = tide_sql_take_text(row);
    reject->raw = tide_sql_take_text(row);
    reject->replay = tide_sql_take_text(row);
    reject->settled = tide_sql_take_int(row) != 0;
    reject->replayed_by = tide_sql_take_int(row);
}

int tide_sqlite_rejects_list(struct tide_backend *backend, int64_t workspace, int64_t run,
                             int64_t after, int64_t limit, struct tide_arena *arena,
                             struct tide_reject_list *list, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    struct tide_run_record record;
    sqlite3_stmt *statement = NULL;
    int code = tide_sqlite_run_get(backend, workspace, run, arena, &record, err);

    if (code == TIDE_OK) {
        list->items = tide_arena_alloc(arena, (size_t)limit * sizeof *list->items);
        code = tide_sql_query(sqlite,
                              SELECT " FROM reject WHERE run = ?1 AND ordinal > ?2"
                                     " ORDER BY ordinal LIMIT ?3",
                              SQL_VALUES(SQL_INT(run), SQL_INT(after), SQL_INT(limit)),
                              &statement, err);
    }
    while (code == TIDE_OK && (code = tide_sql_next(sqlite, statement, err)) == TIDE_OK) {
        struct tide_sql_row row = {.statement = statement, .arena = arena};

        take_reject(&row, &list->items[list->count++]);
    }
    return code == TIDE_END ? TIDE_OK : code;
}

/* ---- settled ------------------------------------------------------------------------*/

static int settle_table(struct tide_sqlite *sqlite, int64_t run, const char *table,
                        struct tide_error *err)
{
    return tide_sql_run(sqlite,
                        "UPDATE reject SET settled = 1"
                        " WHERE run = ?1 AND table_name = ?2 AND settled = 0",
                        SQL_VALUES(SQL_INT(run), SQL_TEXT(table)), err);
}

int tide_sqlite_rejects_settle(struct tide_backend *backend, int64_t run,
                               const char *table, const int64_t *ordinals, size_t count,
                               struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int code = settle_table(sqlite, run, table, err);

    for (size_t i = 0; code == TIDE_OK && i < count; i++) {
        code = tide_sql_run(sqlite,
                            "UPDATE reject SET replayed_by = ?1 WHERE ordinal = ?2"
                            " AND run = (SELECT replay_of FROM run WHERE id = ?1)",
                            SQL_VALUES(SQL_INT(run), SQL_INT(ordinals[i])), err);
    }
    return code;
}

/* ---- run again ----------------------------------------------------------------------*/

/* ?1 the run, ?2 again.  Every row weighs something. */
#define REPLAYABLE                                                                       \
    " FROM (SELECT *, sum(500 + coalesce(length(CAST(row AS BLOB)), 0)"                  \
    " + coalesce(length(CAST(raw AS BLOB)), 0)) OVER (ORDER BY ordinal) AS weight"       \
    " FROM reject WHERE run = ?1 AND settled AND replay IS NOT NULL"                     \
    " AND (?2 OR replayed_by = 0))"

static int count_rejects(struct tide_sqlite *sqlite, const struct tide_run_record *of,
                         bool again, struct tide_replay_counts *counts,
                         struct tide_error *err)
{
    int64_t all = 0;
    int code = tide_sql_number(
        sqlite, "SELECT count(*)" REPLAYABLE " WHERE weight <= ?3",
        SQL_VALUES(SQL_INT(of->id), SQL_INT(again), SQL_INT(REPLAY_BYTES)),
        &counts->taken, err);

    if (code == TIDE_OK) {
        code = tide_sql_number(sqlite, "SELECT count(*)" REPLAYABLE,
                               SQL_VALUES(SQL_INT(of->id), SQL_INT(again)), &counts->left,
                               err);
    }
    if (code == TIDE_OK) {
        code = tide_sql_number(sqlite,
                               "SELECT count(*) FROM reject WHERE run = ?1"
                               " AND NOT ?2 AND replayed_by <> 0",
                               SQL_VALUES(SQL_INT(of->id), SQL_INT(again)),
                               &counts->replayed, err);
    }
    if (code == TIDE_OK) {
        code = tide_sql_number(sqlite, "SELECT count(*) FROM reject WHERE run = ?1",
                               SQL_VALUES(SQL_INT(of->id)), &all, err);
    }
    counts->unable = all - counts->left - counts->replayed;
    counts->left -= counts->taken;
    counts->dropped = of->rejects_dropped;
    return code;
}

static int forget_replays(struct tide_sqlite *sqlite, int64_t run, struct tide_error *err)
{
    return tide_sql_run(sqlite, "UPDATE reject SET replayed_by = 0 WHERE run = ?1",
                        SQL_VALUES(SQL_INT(run)), err);
}

int tide_sqlite_run_replay(struct tide_backend *backend, int64_t workspace, int64_t id,
                           bool again, struct tide_arena *arena,
                           enum tide_run_refusal *refusal, struct tide_run_record *run,
                           struct tide_replay_counts *counts, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    struct tide_run_new new_run = {.trigger = TIDE_TRIGGER_API,
                                   .incremental = -1,
                                   .replay_of = id,
                                   .replay_again = again};
    struct tide_run_record of;
    int code = tide_sqlite_run_get(backend, workspace, id, arena, &of, err);

    if (code == TIDE_OK) {
        code = count_rejects(sqlite, &of, again, counts, err);
    }
    if (code == TIDE_OK && counts->taken == 0) {
        *refusal = TIDE_REFUSED_NO_REJECTS;
        return TIDE_OK;
    }
    if (code == TIDE_OK) {
        new_run.pipeline =
            (struct tide_pipeline_ref){.workspace = workspace, .id = of.pipeline};
        code = tide_sqlite_run_create(backend, &new_run, arena, refusal, run, err);
    }
    if (code == TIDE_OK && *refusal == TIDE_RUN_ACCEPTED && again) {
        code = forget_replays(sqlite, id, err);
    }
    return code;
}

static struct json_object *reject_object(const struct tide_reject_record *reject)
{
    struct json_object *object = json_object_new_object();

    tide_json_set_int(object, "ordinal", reject->ordinal);
    tide_json_set_text(object, "table", reject->table);
    tide_json_set_text(object, "step", reject->step);
    tide_json_set_text(object, "origin", reject->origin);
    tide_json_set_int(object, "position", reject->position);
    tide_json_set_text(object, "row", reject->row);
    tide_json_set_text(object, "raw", reject->raw);
    tide_json_set_text(object, "replay", reject->replay);
    return object;
}

static int take_rejects(struct tide_sqlite *sqlite, int64_t of, struct json_object *list,
                        struct tide_error *err)
{
    struct tide_arena *arena = tide_arena_create();
    sqlite3_stmt *statement = NULL;
    int code = tide_sql_query(
        sqlite, SELECT REPLAYABLE " WHERE weight <= ?3 ORDER BY ordinal",
        SQL_VALUES(SQL_INT(of), SQL_INT(0), SQL_INT(REPLAY_BYTES)), &statement, err);

    while (code == TIDE_OK && (code = tide_sql_next(sqlite, statement, err)) == TIDE_OK) {
        struct tide_sql_row row = {.statement = statement, .arena = arena};
        struct tide_reject_record reject;

        take_reject(&row, &reject);
        (void)json_object_array_add(list, reject_object(&reject));
    }
    tide_arena_destroy(arena);
    return code == TIDE_END ? TIDE_OK : code;
}

static int make_job(struct tide_sqlite *sqlite, int64_t of, bool again,
                    struct tide_arena *arena, const char **out, struct tide_error *err)
{
    struct json_object *job = json_object_new_object();
    struct json_object *list = json_object_new_array();
    char *text = NULL;
    int code = TIDE_OK;

    tide_json_set_int(job, "run", of);
    tide_json_set_bool(job, "again", again);
    tide_json_set(job, "rejects", list);
    code = take_rejects(sqlite, of, list, err);
    if (code == TIDE_OK) {
        text = tide_json_format(job);
        *out = tide_arena_strdup(arena, text);
        free(text);
    }
    json_object_put(job);
    return code;
}

int tide_sqlite_replay_job(struct tide_sqlite *sqlite, int64_t run,
                           struct tide_arena *arena, const char **out,
                           struct tide_error *err)
{
    int64_t of = 0, again = 0;
    int code = tide_sql_number(sqlite, "SELECT replay_of FROM run WHERE id = ?1",
                               SQL_VALUES(SQL_INT(run)), &of, err);

    if (code == TIDE_OK) {
        code = tide_sql_number(sqlite, "SELECT replay_again FROM run WHERE id = ?1",
                               SQL_VALUES(SQL_INT(run)), &again, err);
    }
    *out = NULL;
    return code == TIDE_OK && of ? make_job(sqlite, of, again != 0, arena, out, err)
                                 : code;
}
