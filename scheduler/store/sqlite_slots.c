/*
 * sqlite_slots - the claim of slots: their runs, their skips and next_due in one
 * transaction.
 */
#include "store/sqlite.h"

static bool is_stale(const struct tide_pipeline_record *pipeline,
                     const struct tide_slot_claim *claim)
{
    return !pipeline->enabled || pipeline->next_due != claim->due;
}

static int insert_skip(struct tide_sqlite *sqlite,
                       const struct tide_pipeline_record *pipeline,
                       const struct tide_slot_skip *skip, struct tide_error *err)
{
    struct tide_sqlite_run row = {.pipeline = pipeline->id,
                                  .trigger = TIDE_TRIGGER_SCHEDULE,
                                  .slot = skip->slot,
                                  .slot_count = skip->count,
                                  .incremental = -1,
                                  .state = TIDE_RUN_SKIPPED,
                                  .definition_version = pipeline->definition_version,
                                  .error = skip->reason};
    int64_t id;
    int code = tide_sqlite_run_insert(sqlite, &row, &id, err);

    return code == TIDE_END ? TIDE_OK : code;
}

/* Why the slots cannot run now, or NULL. */
static int find_hindrance(struct tide_sqlite *sqlite,
                          const struct tide_pipeline_record *pipeline,
                          bool queue_on_overlap, const char **reason,
                          struct tide_error *err)
{
    int64_t queued = 0, running = 0;
    int code = tide_sqlite_run_live(sqlite, pipeline->id, &queued, &running, err);

    *reason = NULL;
    if (queued > 0 || (running > 0 && !queue_on_overlap)) {
        *reason = tide_run_refusal_message(TIDE_REFUSED_IN_PROGRESS);
    } else if (pipeline->mode == TIDE_DESTINATION_INSPECTION) {
        *reason = tide_run_refusal_message(TIDE_REFUSED_INSPECTION);
    } else if (pipeline->mode == TIDE_DESTINATION_MAINTENANCE) {
        *reason = tide_run_refusal_message(TIDE_REFUSED_MAINTENANCE);
    }
    return code;
}

static int insert_runs(struct tide_sqlite *sqlite,
                       const struct tide_pipeline_record *pipeline,
                       const struct tide_slot_claim *claim, struct tide_arena *arena,
                       struct tide_slot_claimed *claimed, struct tide_error *err)
{
    struct tide_run_record *runs =
        tide_arena_alloc(arena, claim->slot_count * sizeof *runs);
    struct tide_sqlite_run row = {.pipeline = pipeline->id,
                                  .slot_count = 1,
                                  .incremental = -1,
                                  .state = TIDE_RUN_QUEUED,
                                  .definition_version = pipeline->definition_version};

    claimed->runs = runs;
    for (size_t i = 0; i < claim->slot_count; i++) {
        int64_t id = 0;
        int code;

        row.slot = claim->slots[i];
        row.trigger =
            i + 1 == claim->slot_count ? TIDE_TRIGGER_SCHEDULE : TIDE_TRIGGER_BACKFILL;
        code = tide_sqlite_run_insert(sqlite, &row, &id, err);
        if (code == TIDE_OK) {
            code = tide_sqlite_run_get(&sqlite->backend, 0, id, arena,
                                       &runs[claimed->run_count++], err);
        }
        if (code != TIDE_OK && code != TIDE_END) {
            return code;
        }
    }
    return TIDE_OK;
}

static int claim_slots(struct tide_sqlite *sqlite,
                       const struct tide_pipeline_record *pipeline,
                       const struct tide_slot_claim *claim, struct tide_arena *arena,
                       struct tide_slot_claimed *claimed, struct tide_error *err)
{
    struct tide_slot_skip hindered = {.count = (int64_t)claim->slot_count};
    int code;

    if (claim->slot_count == 0) {
        return TIDE_OK;
    }
    code =
        find_hindrance(sqlite, pipeline, claim->queue_on_overlap, &hindered.reason, err);
    if (code == TIDE_OK && hindered.reason) {
        hindered.slot = claim->slots[claim->slot_count - 1];
        return insert_skip(sqlite, pipeline, &hindered, err);
    }
    return code == TIDE_OK ? insert_runs(sqlite, pipeline, claim, arena, claimed, err)
                           : code;
}

static int insert_all(struct tide_sqlite *sqlite,
                      const struct tide_pipeline_record *pipeline,
                      const struct tide_slot_claim *claim, struct tide_arena *arena,
                      struct tide_slot_claimed *claimed, struct tide_error *err)
{
    int code = TIDE_OK;

    for (size_t i = 0; code == TIDE_OK && i < claim->skip_count; i++) {
        code = insert_skip(sqlite, pipeline, &claim->skips[i], err);
    }
    if (code == TIDE_OK) {
        code = claim_slots(sqlite, pipeline, claim, arena, claimed, err);
    }
    if (code == TIDE_OK) {
        code = tide_sql_run(sqlite, "UPDATE pipeline SET next_due = ?2 WHERE id = ?1",
                            SQL_VALUES(SQL_INT(pipeline->id), SQL_INT(claim->next_due)),
                            err);
    }
    claimed->next_due = claim->next_due;
    return code;
}

int tide_sqlite_slot_claim(struct tide_backend *backend,
                           const struct tide_slot_claim *claim, struct tide_arena *arena,
                           struct tide_slot_claimed *claimed, struct tide_error *err)
{
    struct tide_pipeline_ref ref = {.uid = claim->pipeline_uid};
    struct tide_pipeline_record pipeline;
    int code = tide_sqlite_pipeline_get(backend, &ref, arena, &pipeline, err);

    if (code == TIDE_E_NOT_FOUND) {
        claimed->stale = true;
        return TIDE_OK;
    }
    if (code == TIDE_OK && is_stale(&pipeline, claim)) {
        claimed->stale = true;
        claimed->next_due = pipeline.next_due;
        return TIDE_OK;
    }
    return code == TIDE_OK ? insert_all((struct tide_sqlite *)backend, &pipeline, claim,
                                        arena, claimed, err)
                           : code;
}
