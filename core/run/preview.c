/*
 * preview - the first rows of each table after each step, and the listing of a
 * connection's tables: runs that move nothing.
 */
#include "base/json.h"
#include "run/flow.h"
#include "run/redact.h"
#include "run/run.h"

#define REJECTS_SHOWN 10

/* Who wants to know of rejected rows. */
struct watching {
    tide_preview_reject_fn reject; /* or NULL */
    void *arg;
};

struct preview {
    struct tide_flow flow;
    struct tide_batch batch;
    tide_preview_fn emit;
    void *arg;
};

static void show(struct preview *preview, const char *stage,
                 const struct tide_schema *schema)
{
    preview->emit(preview->arg, preview->flow.table->name, stage, schema,
                  &preview->batch);
}

/* The first batch that has rows; an empty one at the end. */
static int read_rows(struct preview *preview, struct tide_error *err)
{
    int rc = TIDE_OK;

    do {
        tide_batch_release(&preview->batch);
        rc = tide_flow_read(&preview->flow, &preview->batch, err);
    } while (rc == TIDE_OK && preview->batch.array.length == 0);
    return rc;
}

static bool has_rows(const struct preview *preview)
{
    return preview->batch.array.length > 0;
}

/* Declared types and the filter are stages where they are asked for: rows that go there
 * would else be gone without a word. */
static int show_checks(struct preview *preview, struct tide_error *err)
{
    struct tide_flow *flow = &preview->flow;
    int rc = TIDE_OK;

    if (has_rows(preview)) {
        rc = tide_flow_validate_input(flow, &preview->batch, err);
    }
    if (rc == TIDE_OK && flow->table->types.column_count > 0) {
        show(preview, tide_step_name(TIDE_STEP_INPUT_VALIDATION), &flow->input.to);
    }
    if (rc == TIDE_OK && has_rows(preview)) {
        rc = tide_flow_filter(flow, &preview->batch, err);
    }
    if (rc == TIDE_OK && flow->filter) {
        show(preview, tide_step_name(TIDE_STEP_FILTER), &flow->input.to);
    }
    return rc;
}

static int show_transforms(struct preview *preview, struct tide_error *err)
{
    struct tide_flow *flow = &preview->flow;
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < flow->transform_count; i++) {
        const struct tide_flow_transform *transform = &flow->transforms[i];

        if (has_rows(preview)) {
            rc = tide_flow_transform(flow, i, &preview->batch, err);
        }
        if (rc == TIDE_OK) {
            show(preview, flow->engine->transforms[transform->index].entry->name,
                 &transform->out);
        }
    }
    return rc;
}

static int show_destination(struct preview *preview, struct tide_error *err)
{
    struct tide_flow *flow = &preview->flow;
    char *position = NULL;
    int rc = tide_flow_open_destination(flow, &position, err);

    free(position);
    if (rc == TIDE_OK && has_rows(preview)) {
        rc = tide_flow_validate_output(flow, &preview->batch, err);
    }
    if (rc == TIDE_OK) {
        show(preview, "destination", &flow->accepted);
    }
    return rc;
}

/* A step is taken only while there are rows: without any there is no batch at all. */
static int show_stages(struct preview *preview, struct tide_error *err)
{
    struct tide_flow *flow = &preview->flow;
    int rc = tide_flow_open_source(flow, err);

    if (rc != TIDE_OK || flow->source_schema.column_count == 0) {
        return rc;
    }
    rc = read_rows(preview, err);
    if (rc < 0) {
        return rc;
    }
    show(preview, "source", &flow->received);
    rc = show_checks(preview, err);
    if (rc == TIDE_OK) {
        rc = show_transforms(preview, err);
    }
    return rc == TIDE_OK ? show_destination(preview, err) : rc;
}

/* Nothing else that a run tells is of use here. */
static void pass_reject(void *arg, struct json_object *event)
{
    const struct watching *watching = arg;
    const char *kind = tide_json_text(event, "event");

    if (watching->reject && kind && strcmp(kind, "reject") == 0) {
        watching->reject(watching->arg, event);
    }
}

static int preview_table(struct tide_engine *engine, size_t table, tide_preview_fn emit,
                         void *arg, struct tide_error *err)
{
    struct preview preview = {.emit = emit, .arg = arg};
    int rc = TIDE_OK;

    tide_flow_init(&preview.flow, engine, table);
    rc = show_stages(&preview, err);
    if (rc != TIDE_OK) {
        (void)tide_error_wrap(err, "table %s", preview.flow.table->name);
    }
    tide_batch_release(&preview.batch);
    tide_flow_fini(&preview.flow);
    return rc;
}

int tide_run_preview(const struct tide_pipeline *pipeline, const char *plugin_folder,
                     int64_t rows, tide_preview_fn emit, tide_preview_reject_fn reject,
                     void *arg, struct tide_error *err)
{
    struct tide_ledger ledger = {0};
    struct watching watching = {reject, arg};
    const struct tide_run_request request = {
        .pipeline = pipeline,
        .plugin_folder = plugin_folder,
        .run_id = "preview",
        .row_limit = rows > 0 ? rows : 10,
        .ledger = &ledger,
        .event = pass_reject,
        .event_arg = &watching,
        .reject_count = REJECTS_SHOWN,
        .reject_bytes = INT64_C(1) << 20,
    };
    struct tide_engine engine;
    int rc = tide_engine_open(&engine, &request, true, err);

    for (size_t i = 0; rc == TIDE_OK && i < pipeline->table_count; i++) {
        rc = preview_table(&engine, i, emit, arg, err);
    }
    tide_engine_close(&engine);
    if (rc != TIDE_OK) {
        tide_redact_error(tide_pipeline_secrets(pipeline), err);
    }
    return rc;
}

/* ---- discovery ----------------------------------------------------------------------*/

typedef int (*discover_fn)(const void *options, const struct tide_host *host,
                           tide_discover_fn emit, void *arg, struct tide_error *err);

static int call_discover(const struct tide_bound *bound, uint32_t kind,
                         tide_discover_fn emit, void *arg, struct tide_error *err)
{
    discover_fn discover = kind == TIDE_KIND_SOURCE ? bound->entry->source->discover
                                                    : bound->entry->destination->discover;
    struct tide_plugin_host host;
    int rc = TIDE_OK;

    tide_plugin_host_init(&host, NULL, TIDE_STEP_RECEIVE, kind, bound->entry->name);
    if (!discover) {
        rc = tide_error_set(err, TIDE_E_CONFIG, "%s cannot list its tables", host.label);
    } else {
        tide_plugin_host_enter(&host, "discover", err);
        rc = discover(bound->options, &host.host, emit, arg, err);
        rc = tide_plugin_host_leave(&host, rc, err);
    }
    tide_plugin_host_fini(&host);
    return rc < 0 ? rc : TIDE_OK;
}

int tide_run_discover(const char *plugin_folder, uint32_t kind, const char *plugin,
                      struct json_object *options, const char *base_folder,
                      tide_discover_fn emit, void *arg, struct tide_error *err)
{
    struct tide_arena *arena = tide_arena_create();
    struct tide_bound bound = {0};
    int rc = tide_engine_bind(arena, plugin_folder, kind, plugin, options, base_folder,
                              &bound, err);

    if (rc == TIDE_OK) {
        rc = call_discover(&bound, kind, emit, arg, err);
    }
    tide_arena_destroy(arena);
    return rc;
}
