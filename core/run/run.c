/*
 * run - one execution of one pipeline: its tables, one after the other, and its end.
 */
#include "run/run.h"

#include "base/json.h"
#include "run/engine.h"
#include "run/flow.h"
#include "run/redact.h"
#include "run/replay.h"
#include "run/targets.h"
#include "run/verify.h"

static void tell_ready(struct tide_engine *engine)
{
    struct json_object *event = json_object_new_object();

    tide_json_set_text(event, "event", "ready");
    tide_engine_emit(engine, event);
}

static int move_rows(struct tide_flow *flow, struct tide_error *err)
{
    int rc = tide_verify_begin(flow, err);

    if (rc == TIDE_OK) {
        rc = tide_flow_run(flow, err);
    }
    return rc == TIDE_OK ? tide_verify_end(flow, err) : rc;
}

/* Whoever calls closes it, also when it fails. */
static int open_table(struct tide_engine *engine, size_t index, struct tide_flow *flow,
                      struct tide_error *err)
{
    int rc = TIDE_OK;

    tide_flow_init(flow, engine, index);
    rc = tide_flow_open(flow, err);
    while (rc == TIDE_OK && flow->asks) {
        size_t asked = flow->asked;

        tide_flow_fini(flow);
        rc = tide_round_ask(engine, asked, err);
        tide_flow_init(flow, engine, index);
        if (rc == TIDE_OK) {
            rc = tide_flow_open(flow, err);
        }
    }
    return rc;
}

static int run_table(struct tide_engine *engine, size_t index, struct tide_error *err)
{
    const struct tide_table *table = &engine->pipeline->tables[index];
    struct tide_flow flow;
    int rc = TIDE_OK;

    __atomic_store_n(&engine->request->ledger->table_index, (int32_t)index,
                     __ATOMIC_RELAXED);
    rc = open_table(engine, index, &flow, err);
    engine->resumed[index] = flow.is_resumed;
    tide_flow_tell_table(&flow);
    if (rc == TIDE_OK && !flow.is_done) {
        rc = move_rows(&flow, err);
    } else if (flow.error.code != TIDE_OK) {
        /* A reject while the source was opened: that is the cause. */
        *err = flow.error;
        rc = err->code;
    }
    tide_flow_fini(&flow);
    return rc == TIDE_OK ? TIDE_OK : tide_error_wrap(err, "table %s", table->name);
}

static int replay_table(struct tide_engine *engine, size_t index, struct tide_error *err)
{
    const struct tide_table *table = &engine->pipeline->tables[index];
    int rc = TIDE_OK;

    if (!tide_replay_has_rows(engine, table->name)) {
        return TIDE_OK;
    }
    __atomic_store_n(&engine->request->ledger->table_index, (int32_t)index,
                     __ATOMIC_RELAXED);
    rc = tide_replay_table(engine, index, err);
    return rc == TIDE_OK ? TIDE_OK : tide_error_wrap(err, "table %s", table->name);
}

static bool is_cancelled(const struct tide_run_request *request)
{
    return request->cancel && atomic_load(request->cancel);
}

static int run_tables(struct tide_engine *engine, struct tide_error *err)
{
    int rc = tide_targets_check(engine, err);

    for (size_t i = 0; rc == TIDE_OK && i < engine->pipeline->table_count; i++) {
        if (is_cancelled(engine->request)) {
            return tide_error_cancelled(err);
        }
        rc = engine->request->replay ? replay_table(engine, i, err)
                                     : run_table(engine, i, err);
    }
    if (rc == TIDE_OK) {
        rc = engine->request->replay ? tide_replay_leftovers(engine, err)
                                     : tide_round_end(engine, err);
    }
    return rc;
}

static int check_counts(const struct tide_engine *engine, struct tide_error *err)
{
    struct tide_tally all = {{0}, {0}};

    for (size_t i = 0; i < engine->pipeline->table_count; i++) {
        for (int step = 0; step < TIDE_STEPS; step++) {
            all.passed[step] += engine->tables[i].passed[step];
            all.failed[step] += engine->tables[i].failed[step];
        }
    }
    return tide_tally_check(&all, err);
}

/* A failure stays one, also when the run was asked to stop meanwhile. */
static enum tide_run_state state_of(int rc)
{
    if (rc == TIDE_OK) {
        return TIDE_RUN_SUCCEEDED;
    }
    return rc == TIDE_E_CANCELLED ? TIDE_RUN_CANCELLED : TIDE_RUN_FAILED;
}

enum tide_run_state tide_run_execute(const struct tide_run_request *request,
                                     struct json_object **end, struct tide_error *err)
{
    struct tide_error failure = {0};
    struct tide_engine engine;
    enum tide_run_state state = TIDE_RUN_FAILED;
    int rc = tide_engine_open(&engine, request, request->replay != NULL, &failure);

    if (rc == TIDE_OK) {
        request->ledger->version = 1;
        __atomic_store_n(&request->ledger->magic, TIDE_LEDGER_MAGIC, __ATOMIC_RELEASE);
        tell_ready(&engine);
        rc = run_tables(&engine, &failure);
    }
    if (rc == TIDE_OK) {
        rc = check_counts(&engine, &failure);
    }
    if (rc == TIDE_OK) {
        memset(&failure, 0, sizeof failure);
    }
    state = state_of(rc);
    tide_redact_error(tide_pipeline_secrets(request->pipeline), &failure);
    *end = tide_engine_end(&engine, state, &failure);
    tide_engine_emit(&engine, json_object_get(*end));
    tide_engine_close(&engine);
    if (err) {
        *err = failure;
    }
    return state;
}
