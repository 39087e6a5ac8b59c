/*
 * end - the last event of a run: its state, its error and all its counts.
 */
#include "base/error.h"
#include "base/json.h"
#include "base/text.h"
#include "run/engine.h"

static struct json_object *error_object(const struct tide_error *err)
{
    struct json_object *object = NULL;

    if (err->code == TIDE_OK) {
        return NULL;
    }
    object = json_object_new_object();
    tide_json_set_text(object, "code", tide_code_name(err->code));
    tide_json_set_text(object, "where", err->where);
    tide_json_set_text(object, "message", err->message);
    return object;
}

static struct json_object *counts_object(int64_t passed, int64_t failed)
{
    struct json_object *object = json_object_new_object();

    tide_json_set_int(object, "passed", passed);
    tide_json_set_int(object, "failed", failed);
    return object;
}

static struct json_object *transformations_array(const struct tide_engine *engine)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0;
         engine->transform_counts && i < engine->pipeline->transformation_count; i++) {
        const struct tide_step *step = &engine->pipeline->transformations[i];
        struct json_object *object = json_object_new_object();

        tide_json_set_text(object, "type", step->plugin);
        tide_json_set_text(object, "table", step->table);
        tide_json_set_int(object, "passed", engine->transform_counts[i].passed);
        tide_json_set_int(object, "failed", engine->transform_counts[i].failed);
        (void)json_object_array_add(array, object);
    }
    return array;
}

static struct json_object *steps_object(const struct tide_engine *engine)
{
    struct json_object *steps = json_object_new_object();
    const struct tide_ledger *ledger = engine->request->ledger;

    for (int step = 0; step < TIDE_STEPS; step++) {
        struct json_object *object =
            counts_object(ledger->passed[step], ledger->failed[step]);

        if (step == TIDE_STEP_TRANSFORMATION) {
            tide_json_set(object, "transformations", transformations_array(engine));
        }
        tide_json_set(steps, tide_step_name(step), object);
    }
    return steps;
}

static struct json_object *numbers_array(const int64_t numbers[TIDE_STEPS])
{
    struct json_object *array = json_object_new_array();

    for (int step = 0; step < TIDE_STEPS; step++) {
        (void)json_object_array_add(array, json_object_new_int64(numbers[step]));
    }
    return array;
}

static struct json_object *tables_array(const struct tide_engine *engine)
{
    struct json_object *array = json_object_new_array();

    for (size_t i = 0; i < engine->pipeline->table_count; i++) {
        const struct tide_table *table = &engine->pipeline->tables[i];
        struct json_object *object = json_object_new_object();

        tide_json_set_text(object, "name", table->name);
        tide_json_set_text(object, "as", table->as);
        tide_json_set_text(object, "mode",
                           tide_engine_mode_name(tide_engine_mode(engine, table)));
        tide_json_set_bool(object, "resumed", engine->resumed[i]);
        tide_json_set(object, "passed", numbers_array(engine->tables[i].passed));
        tide_json_set(object, "failed", numbers_array(engine->tables[i].failed));
        if (engine->verified[i]) {
            tide_json_set(object, "verified", json_object_get(engine->verified[i]));
        }
        (void)json_object_array_add(array, object);
    }
    return array;
}

static struct json_object *rejects_object(const struct tide_engine *engine)
{
    struct json_object *object = json_object_new_object();
    int64_t kept = 0, dropped = 0;

    tide_rejects_counts(engine->rejects, &kept, &dropped);
    tide_json_set_int(object, "kept", kept);
    tide_json_set_int(object, "dropped", dropped);
    return object;
}

/* One sentence when it holds for every table, else one for each. */
static void append_guarantees(const struct tide_engine *engine, struct tide_text *out)
{
    const struct tide_pipeline *pipeline = engine->pipeline;
    struct tide_catalog *catalog = tide_catalog_of_loaded(engine->request->plugin_folder);
    struct tide_text first = {0}, one = {0};
    bool differ = false;

    for (size_t i = 0; i < pipeline->table_count; i++) {
        tide_text_reset(&one);
        tide_pipeline_guarantee(pipeline, catalog, i, &one);
        if (i == 0) {
            tide_text_append_n(&first, one.data, one.length);
        }
        differ = differ || one.length != first.length ||
                 (one.length > 0 && memcmp(one.data, first.data, one.length) != 0);
        tide_text_appendf(out, "%s%s: %.*s", i > 0 ? "; " : "", pipeline->tables[i].name,
                          (int)one.length, one.data ? one.data : "");
    }
    if (!differ && first.data) {
        tide_text_reset(out);
        tide_text_append_n(out, first.data, first.length);
    }
    tide_text_fini(&first);
    tide_text_fini(&one);
    tide_catalog_close(catalog);
}

struct json_object *tide_engine_end(struct tide_engine *engine, enum tide_run_state state,
                                    const struct tide_error *err)
{
    struct json_object *end = json_object_new_object();
    const struct tide_ledger *ledger = engine->request->ledger;
    struct tide_text guarantee = {0};

    append_guarantees(engine, &guarantee);
    tide_json_set_text(end, "event", "end");
    tide_json_set_text(end, "state", tide_run_state_name((int)state));
    tide_json_set(end, "error", error_object(err));
    tide_json_set(end, "steps", steps_object(engine));
    tide_json_set(end, "tables", tables_array(engine));
    tide_json_set(end, "rejects", rejects_object(engine));
    tide_json_set_int(end, "bytes_read", ledger->bytes_read);
    tide_json_set_int(end, "bytes_written", ledger->bytes_written);
    tide_json_set_text(end, "guarantee", guarantee.data ? guarantee.data : "");
    tide_text_fini(&guarantee);
    return end;
}
