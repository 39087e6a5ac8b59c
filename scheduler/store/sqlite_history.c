/*
 * sqlite_history - retention, and the sums for /metrics.
 */
#include "store/sqlite.h"

#define PRUNE_MOST 1000

/* ---- retention ----------------------------------------------------------------------*/

static int prune_old(struct tide_sqlite *sqlite, int64_t before, int64_t *count,
                     struct tide_error *err)
{
    int code =
        tide_sql_run(sqlite,
                     "DELETE FROM run WHERE id IN (SELECT id FROM run WHERE state >= 2"
                     " AND ended_at < ?1 ORDER BY ended_at LIMIT ?2)",
                     SQL_VALUES(SQL_INT(before), SQL_INT(PRUNE_MOST)), err);

    *count = code == TIDE_OK ? sqlite3_changes64(sqlite->db) : 0;
    return code;
}

static int prune_many(struct tide_sqlite *sqlite, int64_t keep, int64_t *count,
                      struct tide_error *err)
{
    int code = tide_sql_run(
        sqlite,
        "DELETE FROM run WHERE id IN (SELECT id FROM (SELECT id, row_number() OVER"
        " (PARTITION BY pipeline ORDER BY sequence DESC) AS place FROM run"
        " WHERE state >= 2) WHERE place > ?1 LIMIT ?2)",
        SQL_VALUES(SQL_INT(keep), SQL_INT(PRUNE_MOST - *count)), err);

    *count += code == TIDE_OK ? sqlite3_changes64(sqlite->db) : 0;
    return code;
}

int tide_sqlite_run_prune(struct tide_backend *backend, int64_t before, int64_t keep,
                          int64_t *count, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int code = TIDE_OK;

    *count = 0;
    if (before > 0) {
        code = prune_old(sqlite, before, count, err);
    }
    if (code == TIDE_OK && keep > 0) {
        code = prune_many(sqlite, keep, count, err);
    }
    if (code == TIDE_OK) {
        code = tide_sql_run(sqlite,
                            "DELETE FROM pipeline WHERE deleted_at > 0 AND NOT EXISTS"
                            " (SELECT 1 FROM run WHERE run.pipeline = pipeline.id)",
                            SQL_VALUES({0}), err);
    }
    return code;
}

/* ---- sums ---------------------------------------------------------------------------*/

static int sum_states(struct tide_sqlite *sqlite, int64_t runs[TIDE_RUN_SKIPPED + 1],
                      struct tide_error *err)
{
    sqlite3_stmt *statement = NULL;
    int code =
        tide_sql_query(sqlite,
                       "SELECT state, runs FROM run_total UNION ALL"
                       " SELECT state, count(*) FROM run WHERE state < 2 GROUP BY state",
                       SQL_VALUES({0}), &statement, err);

    while (code == TIDE_OK && (code = tide_sql_next(sqlite, statement, err)) == TIDE_OK) {
        int state = sqlite3_column_int(statement, 0);

        if (state >= 0 && state <= TIDE_RUN_SKIPPED) {
            runs[state] = sqlite3_column_int64(statement, 1);
        }
    }
    return code == TIDE_END ? TIDE_OK : code;
}

static void take_totals(struct tide_sql_row *row, struct tide_pipeline_totals *totals)
{
    totals->pipeline = tide_sql_take_int(row);
    totals->name = tide_sql_take_text(row);
    for (int i = 0; i < TIDE_STEPS; i++) {
        totals->passed[i] = tide_sql_take_int(row);
    }
    for (int i = 0; i < TIDE_STEPS; i++) {
        totals->failed[i] = tide_sql_take_int(row);
    }
}

static int sum_pipelines(struct tide_sqlite *sqlite, struct tide_arena *arena,
                         int64_t room, struct tide_store_totals *totals,
                         struct tide_error *err)
{
    struct tide_pipeline_totals *items =
        tide_arena_alloc(arena, (size_t)room * sizeof *items);
    sqlite3_stmt *statement = NULL;
    int code = tide_sql_query(
        sqlite,
        "SELECT p.id, p.name, t.passed0, t.passed1, t.passed2, t.passed3, t.passed4,"
        " t.passed5, t.failed0, t.failed1, t.failed2, t.failed3, t.failed4, t.failed5"
        " FROM pipeline_total t JOIN pipeline p ON p.id = t.pipeline"
        " WHERE p.deleted_at = 0 ORDER BY p.id LIMIT ?1",
        SQL_VALUES(SQL_INT(room)), &statement, err);

    while (code == TIDE_OK && (code = tide_sql_next(sqlite, statement, err)) == TIDE_OK) {
        struct tide_sql_row row = {.statement = statement, .arena = arena};

        take_totals(&row, &items[totals->pipeline_count++]);
    }
    totals->pipelines = items;
    return code == TIDE_END ? TIDE_OK : code;
}

int tide_sqlite_totals(struct tide_backend *backend, struct tide_arena *arena,
                       struct tide_store_totals *totals, struct tide_error *err)
{
    struct tide_sqlite *sqlite = (struct tide_sqlite *)backend;
    int64_t room = 0;
    int code = sum_states(sqlite, totals->runs, err);

    if (code == TIDE_OK) {
        code = tide_sql_number(sqlite, "SELECT count(*) FROM pipeline_total",
                               SQL_VALUES({0}), &room, err);
    }
    return code == TIDE_OK ? sum_pipelines(sqlite, arena, room, totals, err) : code;
}
