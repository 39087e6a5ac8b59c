/*
 * engine - what all tables of a run share; see engine.h.
 */
#include "run/engine.h"

#include "base/check.h"
#include "base/json.h"
#include "plugin/load.h"
#include "plugin/options.h"

int tide_engine_bind(struct tide_arena *arena, const char *plugin_folder, uint32_t kind,
                     const char *name, struct json_object *options,
                     const char *base_folder, struct tide_bound *out,
                     struct tide_error *err)
{
    int rc = tide_plugin_load(plugin_folder, kind, name, &out->entry, err);

    if (rc == TIDE_OK) {
        rc = tide_options_bind(plugin_folder, out->entry, options, base_folder, arena,
                               &out->options, err);
    }
    if (rc != TIDE_OK) {
        return tide_error_wrap(err, "%s %s", tide_plugin_kind_name(kind), name);
    }
    return TIDE_OK;
}

static int bind_connection(struct tide_engine *engine, uint32_t kind,
                           const struct tide_connection *connection,
                           struct tide_bound *out, struct tide_error *err)
{
    if (!connection->plugin) {
        return tide_error_set(err, TIDE_E_CONFIG,
                              "the %s is a stored connection, which only the daemon "
                              "knows; write its plugin and options in place",
                              tide_plugin_kind_name(kind));
    }
    return tide_engine_bind(engine->arena, engine->request->plugin_folder, kind,
                            connection->plugin, connection->options,
                            engine->pipeline->base_folder, out, err);
}

static int bind_transforms(struct tide_engine *engine, struct tide_error *err)
{
    const struct tide_pipeline *pipeline = engine->pipeline;
    size_t count = pipeline->transformation_count;
    int rc = TIDE_OK;

    engine->transforms = tide_alloc_array(count + 1, sizeof *engine->transforms);
    engine->transform_counts =
        tide_alloc_array(count + 1, sizeof *engine->transform_counts);
    for (size_t i = 0; rc == TIDE_OK && i < count; i++) {
        const struct tide_step *step = &pipeline->transformations[i];

        rc = tide_engine_bind(engine->arena, engine->request->plugin_folder,
                              TIDE_KIND_TRANSFORM, step->plugin, step->options,
                              pipeline->base_folder, &engine->transforms[i], err);
    }
    return rc;
}

static int bind_all(struct tide_engine *engine, struct tide_error *err)
{
    const struct tide_pipeline *pipeline = engine->pipeline;
    int rc = bind_connection(engine, TIDE_KIND_SOURCE, &pipeline->source, &engine->source,
                             err);

    if (rc == TIDE_OK) {
        rc = bind_connection(engine, TIDE_KIND_DESTINATION, &pipeline->destination,
                             &engine->destination, err);
    }
    return rc == TIDE_OK ? bind_transforms(engine, err) : rc;
}

static void emit_reject(void *arg, struct json_object *event)
{
    tide_engine_emit(arg, json_object_get(event));
}

static struct tide_rejects *make_rejects(struct tide_engine *engine, bool is_trial)
{
    const struct tide_run_request *request = engine->request;
    const struct tide_pipeline *pipeline = engine->pipeline;
    const struct tide_reject_policy policy = {
        .is_first_fatal = !is_trial && pipeline->fail_on_error,
        .max_count = is_trial ? -1 : pipeline->max_rejects,
        .max_share = is_trial ? -1 : pipeline->max_reject_share,
        .keep_count = request->reject_count,
        .keep_bytes = request->reject_bytes,
        .ledger = request->ledger,
        .secrets = tide_pipeline_secrets(pipeline),
        .emit = emit_reject,
        .emit_arg = engine,
    };

    return tide_rejects_create(&policy);
}

int tide_engine_open(struct tide_engine *engine, const struct tide_run_request *request,
                     bool is_trial, struct tide_error *err)
{
    memset(engine, 0, sizeof *engine);
    engine->request = request;
    engine->pipeline = request->pipeline;
    engine->arena = tide_arena_create();
    TIDE_INVARIANT(pthread_mutex_init(&engine->event_lock, NULL) == 0);
    engine->tables =
        tide_alloc_array(request->pipeline->table_count + 1, sizeof *engine->tables);
    engine->resumed =
        tide_alloc_array(request->pipeline->table_count + 1, sizeof *engine->resumed);
    engine->rounds =
        tide_alloc_array(request->pipeline->table_count + 1, sizeof *engine->rounds);
    engine->verified = tide_alloc_array(request->pipeline->table_count + 1,
                                        sizeof(struct json_object *));
    engine->rejects = make_rejects(engine, is_trial);
    engine->is_open = true;
    return bind_all(engine, err);
}

void tide_engine_close(struct tide_engine *engine)
{
    if (!engine->is_open) {
        return;
    }
    tide_rejects_destroy(engine->rejects);
    for (size_t i = 0; i < engine->pipeline->table_count; i++) {
        json_object_put(engine->verified[i]);
        free(engine->rounds[i].own);
    }
    free(engine->verified);
    free(engine->tables);
    free(engine->resumed);
    free(engine->round);
    free(engine->rounds);
    free(engine->transform_counts);
    free(engine->transforms);
    tide_arena_destroy(engine->arena);
    (void)pthread_mutex_destroy(&engine->event_lock);
    engine->is_open = false;
}

void tide_engine_emit(struct tide_engine *engine, struct json_object *event)
{
    const struct tide_run_request *request = engine->request;

    if (request->event) {
        (void)pthread_mutex_lock(&engine->event_lock);
        request->event(request->event_arg, event);
        (void)pthread_mutex_unlock(&engine->event_lock);
    }
    json_object_put(event);
}

int tide_engine_mode(const struct tide_engine *engine, const struct tide_table *table)
{
    bool is_added = engine->request->replay && table->mode == TIDE_MODE_REPLACE;

    return is_added ? TIDE_MODE_APPEND : table->mode;
}

const char *tide_engine_mode_name(int mode)
{
    switch (mode) {
    case TIDE_MODE_APPEND:
        return "append";
    case TIDE_MODE_REPLACE:
        return "replace";
    default:
        return "merge";
    }
}
