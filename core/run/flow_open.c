/*
 * flow_open - both sides of a table are opened and agree on its columns.
 *
 * The source is opened first, because the destination wants to know the columns.
 */
#include <inttypes.h>

#include "base/check.h"
#include "base/log.h"
#include "run/columns.h"
#include "run/flow.h"
#include "run/replay.h"

static int copy_schema(const struct tide_schema *from, struct tide_schema *to,
                       struct tide_error *err)
{
    tide_schema_clear(to);
    return tide_schema_copy(from, to) == TIDE_OK ? TIDE_OK : tide_error_memory(err);
}

/* ---- the source ---------------------------------------------------------------------*/

void tide_flow_close_source(struct tide_flow *flow)
{
    struct tide_error unused;

    if (flow->source_state) {
        tide_plugin_host_enter(&flow->source, "close", &unused);
        flow->engine->source.entry->source->close(flow->source_state);
        (void)tide_plugin_host_leave(&flow->source, TIDE_OK, &unused);
        flow->source_state = NULL;
    }
}

static int call_open(struct tide_flow *flow, struct tide_schema *schema,
                     struct tide_error *err)
{
    const struct tide_table *table = flow->table;
    const struct tide_bound *source = &flow->engine->source;
    const struct tide_source_request request = {
        .size = sizeof request,
        .batch_rows = TIDE_FLOW_BATCH_ROWS,
        .batch_bytes = TIDE_FLOW_BATCH_BYTES,
        .table = table->name,
        .cursor = table->cursor,
        .position = flow->position_before,
        .declared = &table->types,
        .include = table->include,
        .exclude = table->exclude,
        .row_limit = flow->engine->request->row_limit,
        .may_repeat = table->mode == TIDE_MODE_MERGE ||
                      (table->mode == TIDE_MODE_REPLACE && !flow->makes_checkpoints),
        .checkpoints = flow->makes_checkpoints,
        .exact = table->mode == TIDE_MODE_REPLACE && flow->makes_checkpoints,
    };
    int rc = TIDE_OK;

    flow->source_request = request;
    tide_plugin_host_enter(&flow->source, "open", err);
    rc =
        source->entry->source->open(source->options, &flow->source_request,
                                    &flow->source.host, &flow->source_state, schema, err);
    rc = tide_plugin_host_leave(&flow->source, rc, err);
    return rc < 0 ? rc : TIDE_OK;
}

static bool is_same_schema(const struct tide_schema *a, const struct tide_schema *b)
{
    if (a->column_count != b->column_count) {
        return false;
    }
    for (size_t i = 0; i < a->column_count; i++) {
        if (strcmp(a->columns[i].name, b->columns[i].name) != 0 ||
            a->columns[i].type != b->columns[i].type) {
            return false;
        }
    }
    return true;
}

int tide_flow_reopen_source(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_schema schema = {0};
    int rc = TIDE_OK;

    tide_flow_close_source(flow);
    rc = call_open(flow, &schema, err);
    if (rc == TIDE_OK && !is_same_schema(&schema, &flow->source_schema)) {
        rc = tide_error_set(err, TIDE_E_CONFLICT,
                            "the columns of the source changed while the run began; run "
                            "it again");
    }
    tide_schema_clear(&schema);
    return rc;
}

static int check_names(const struct tide_schema *schema, struct tide_error *err)
{
    for (size_t i = 0; i < schema->column_count; i++) {
        if (tide_schema_find(schema, schema->columns[i].name) != i) {
            return tide_error_set(err, TIDE_E_CONFIG, "two columns are named \"%s\"",
                                  schema->columns[i].name);
        }
    }
    return TIDE_OK;
}

/* The columns as they are received: those not wanted left out, key and cursor marked. */
static int choose_columns(struct tide_flow *flow, struct tide_error *err)
{
    int rc = tide_columns_exclude(flow->table, &flow->source_schema, &flow->excluded,
                                  &flow->excluded_count, err);

    if (rc == TIDE_OK) {
        rc = copy_schema(&flow->source_schema, &flow->received, err);
    }
    for (size_t i = 0; rc == TIDE_OK && i < flow->excluded_count; i++) {
        TIDE_INVARIANT(flow->excluded[i] < flow->received.column_count);
        tide_schema_remove(&flow->received, flow->excluded[i]);
    }
    tide_columns_mark(flow->table, &flow->received);
    return rc;
}

/* ---- the middle ---------------------------------------------------------------------*/

static int bind_input(struct tide_flow *flow, struct tide_error *err)
{
    struct tide_schema declared = {0};
    int rc = copy_schema(&flow->received, &declared, err);

    if (rc == TIDE_OK) {
        rc = tide_columns_declare(flow->table, &declared, err);
    }
    if (rc == TIDE_OK) {
        rc = tide_validation_init(&flow->input, &flow->received, &declared, err);
    }
    tide_schema_clear(&declared);
    return rc;
}

static bool is_for_table(const struct tide_step *step, const struct tide_table *table)
{
    return !step->table || strcmp(step->table, "*") == 0 ||
           strcmp(step->table, table->name) == 0;
}

/* Of one that does not say which columns it changes. */
static void mark_rewritten(const struct tide_transform *transform,
                           struct tide_schema *schema)
{
    if (transform->flags & (TIDE_TRANSFORM_COLUMNS_ALONE | TIDE_TRANSFORM_MARKS)) {
        return;
    }
    for (size_t i = 0; i < schema->column_count; i++) {
        schema->columns[i].flags |= TIDE_COLUMN_REWRITTEN;
    }
}

static int bind_transform(struct tide_flow *flow, size_t index, struct tide_error *err)
{
    const struct tide_bound *bound = &flow->engine->transforms[index];
    struct tide_flow_transform *transform = &flow->transforms[flow->transform_count];
    int rc = TIDE_OK;

    transform->index = index;
    transform->plugin = bound->entry->transform;
    tide_plugin_host_init(&transform->host, flow, TIDE_STEP_TRANSFORMATION,
                          TIDE_KIND_TRANSFORM, bound->entry->name);
    flow->transform_count++;
    rc = copy_schema(&flow->outgoing, &transform->in, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    transform->trail = tide_replay_trail(flow, flow->transform_count - 1);
    tide_unread_enter(&flow->unread, transform->plugin, &flow->outgoing);
    tide_plugin_host_enter(&transform->host, "bind", err);
    rc = transform->plugin->bind(bound->options, &transform->host.host, &flow->outgoing,
                                 &transform->state, err);
    rc = tide_plugin_host_leave(&transform->host, rc, err);
    if (rc < 0) {
        return rc;
    }
    tide_unread_leave(&flow->unread, &flow->outgoing);
    mark_rewritten(transform->plugin, &flow->outgoing);
    rc = check_names(&flow->outgoing, err);
    if (rc != TIDE_OK) {
        return tide_error_wrap(err, "%s", transform->host.label);
    }
    return copy_schema(&flow->outgoing, &transform->out, err);
}

static int bind_transforms(struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_pipeline *pipeline = flow->engine->pipeline;
    int rc = copy_schema(&flow->input.to, &flow->outgoing, err);

    tide_unread_begin(&flow->unread, flow->source_schema.column_count, flow->excluded,
                      flow->excluded_count);
    flow->transforms =
        tide_alloc_array(pipeline->transformation_count + 1, sizeof *flow->transforms);
    for (size_t i = 0; rc == TIDE_OK && i < pipeline->transformation_count; i++) {
        if (is_for_table(&pipeline->transformations[i], flow->table)) {
            rc = bind_transform(flow, i, err);
        }
    }
    return rc;
}

/* In the cursor's order a row without one comes far from those of its key, and is older
 * than they are: the destination knows only of rows of its transaction that they came in
 * this run. */
static void keep_null_ties_together(struct tide_flow *flow)
{
    if (flow->table->mode == TIDE_MODE_MERGE &&
        tide_columns_has_null_ties(&flow->source_schema, &flow->outgoing)) {
        flow->makes_checkpoints = false;
        atomic_store(&flow->holds_rejects, false);
    }
    tide_columns_unmark(&flow->outgoing);
}

static int bind_middle(struct tide_flow *flow, struct tide_error *err)
{
    int rc = bind_input(flow, err);

    if (rc == TIDE_OK && flow->table->filter) {
        rc = tide_filter_create(flow->table->filter, &flow->input.to, &flow->filter, err);
    }
    if (rc == TIDE_OK) {
        rc = bind_transforms(flow, err);
    }
    if (rc == TIDE_OK) {
        rc = tide_columns_find_marked(flow->table, &flow->received, &flow->outgoing,
                                      &flow->key, &flow->cursor, err);
    }
    if (rc == TIDE_OK) {
        keep_null_ties_together(flow);
    }
    return rc;
}

int tide_flow_open_source(struct tide_flow *flow, struct tide_error *err)
{
    int rc = call_open(flow, &flow->source_schema, err);

    if (rc == TIDE_OK) {
        rc = check_names(&flow->source_schema, err);
    }
    if (rc != TIDE_OK || flow->source_schema.column_count == 0) {
        return rc;
    }
    rc = choose_columns(flow, err);
    return rc == TIDE_OK ? bind_middle(flow, err) : rc;
}

/* ---- the destination ----------------------------------------------------------------*/

static int check_mode(const struct tide_flow *flow, struct tide_error *err)
{
    static const uint32_t flags[] = {
        [TIDE_MODE_APPEND] = TIDE_DESTINATION_APPEND,
        [TIDE_MODE_REPLACE] = TIDE_DESTINATION_REPLACE,
        [TIDE_MODE_MERGE] = TIDE_DESTINATION_MERGE,
    };
    int mode = flow->table->mode;

    if (flow->engine->destination.entry->destination->flags & flags[mode]) {
        return TIDE_OK;
    }
    return tide_error_set(err, TIDE_E_CONFIG, "%s cannot do mode %s",
                          flow->destination.label, tide_engine_mode_name(mode));
}

static int check_accepted(const struct tide_flow *flow, struct tide_error *err)
{
    const struct tide_schema *outgoing = &flow->outgoing, *accepted = &flow->accepted;
    bool is_same = outgoing->column_count == accepted->column_count;

    for (size_t i = 0; is_same && i < outgoing->column_count; i++) {
        is_same = strcmp(outgoing->columns[i].name, accepted->columns[i].name) == 0;
    }
    if (!is_same) {
        return tide_error_set(err, TIDE_E_INTERNAL,
                              "%s accepts other columns than those it was told of",
                              flow->destination.label);
    }
    return TIDE_OK;
}

/* Rows that are replayed have a place of their own: that of the table stays. */
static char *make_name(const struct tide_flow *flow)
{
    const struct tide_run_request *run = flow->engine->request;
    const char *pipeline = run->pipeline_id ? run->pipeline_id : "";

    if (run->replay) {
        return tide_strf("%s/%s/replay/%" PRId64, pipeline, flow->table->name,
                         run->replay->of);
    }
    return tide_strf("%s/%s", pipeline, flow->table->name);
}

/* By which what is kept under another key is found, or NULL. */
static char *make_readable_name(const struct tide_flow *flow)
{
    const struct tide_run_request *run = flow->engine->request;

    if (run->replay || !run->pipeline_id) {
        return NULL;
    }
    return tide_strf("%s/%s", flow->engine->pipeline->name, flow->table->name);
}

int tide_flow_open_destination(struct tide_flow *flow, char **position,
                               struct tide_error *err)
{
    const struct tide_bound *destination = &flow->engine->destination;
    const struct tide_run_request *run = flow->engine->request;
    int rc = check_mode(flow, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    flow->destination_name = make_name(flow);
    flow->destination_readable = make_readable_name(flow);
    flow->destination_request = (struct tide_destination_request){
        .size = sizeof flow->destination_request,
        .mode = flow->table->mode,
        .table = flow->table->as,
        .schema = &flow->outgoing,
        .key = flow->table->mode == TIDE_MODE_MERGE ? flow->key : NULL,
        .cursor = flow->table->mode == TIDE_MODE_MERGE ? flow->cursor : NULL,
        .pipeline = flow->destination_name,
        .run = run->run_id ? run->run_id : "",
        .started_at = run->started_at,
        .name = flow->destination_readable,
        .checkpoints = flow->makes_checkpoints,
        .lends = destination->entry->destination->settle && !run->replay,
    };
    tide_plugin_host_enter(&flow->destination, "open", err);
    rc = destination->entry->destination->open(
        destination->options, &flow->destination_request, &flow->destination.host,
        &flow->destination_state, &flow->accepted, position, err);
    rc = tide_plugin_host_leave(&flow->destination, rc, err);
    if (rc < 0) {
        return rc;
    }
    rc = check_accepted(flow, err);
    if (rc == TIDE_OK) {
        rc = tide_validation_init(&flow->output, &flow->outgoing, &flow->accepted, err);
    }
    return rc;
}

/* ---- both ---------------------------------------------------------------------------*/

int tide_flow_open(struct tide_flow *flow, struct tide_error *err)
{
    char *kept = NULL;
    int rc = TIDE_OK;

    tide_flow_begin_position(flow);
    rc = tide_flow_open_source(flow, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    if (flow->source_schema.column_count == 0) {
        if (flow->table->mode != TIDE_MODE_REPLACE) {
            TIDE_LOG(TIDE_LOG_WARNING, "the source has no columns, nothing is moved",
                     TIDE_KEY_TEXT("table", flow->table->name));
        }
        return TIDE_OK;
    }
    rc = tide_flow_open_destination(flow, &kept, err);
    if (rc != TIDE_OK) {
        free(kept);
        return rc;
    }
    return tide_flow_settle_position(flow, kept, err);
}
