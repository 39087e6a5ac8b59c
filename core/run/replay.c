/*
 * replay - rows that another run rejected, run again; see replay.h.
 */
#include "run/replay.h"

#include <inttypes.h>

#include "base/json.h"
#include "base/log.h"
#include "batch/batch_ops.h"
#include "batch/kept_row.h"
#include "run/replay_row.h"
#include "run/verify.h"

/* ---- what is noted of a row ---------------------------------------------------------*/

/* FNV-1a: it tells definitions apart that people have edited, not those made to collide.
 */
static uint64_t hash(uint64_t sum, const char *text)
{
    do {
        sum = (sum ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
    } while (*text++);
    return sum;
}

static uint64_t trail_of(const struct tide_flow *flow, size_t passed)
{
    return passed > 0 ? flow->transforms[passed - 1].trail : UINT64_C(0xcbf29ce484222325);
}

uint64_t tide_replay_trail(const struct tide_flow *flow, size_t i)
{
    const struct tide_pipeline *pipeline = flow->engine->pipeline;
    const struct tide_step *step = &pipeline->transformations[flow->transforms[i].index];
    char *options = tide_json_format(step->options);
    uint64_t sum = hash(hash(trail_of(flow, i), step->plugin), options);

    free(options);
    return sum;
}

static size_t passed_at(const struct tide_flow *flow, int step)
{
    if (step < TIDE_STEP_TRANSFORMATION) {
        return 0;
    }
    return step == TIDE_STEP_TRANSFORMATION ? flow->transform : flow->transform_count;
}

void tide_replay_note(const struct tide_flow *flow, int step,
                      const struct tide_batch *batch, const struct tide_schema *schema,
                      int64_t row, struct tide_text *out)
{
    size_t passed = passed_at(flow, step);

    tide_kept_row_types(batch, schema, row, out);
    tide_text_appendf(out, " %zu %" PRIx64, passed, trail_of(flow, passed));
}

/* ---- one table ----------------------------------------------------------------------*/

struct replaying {
    struct tide_flow flow;
    struct tide_table table;   /* as the pipeline has it, but for the mode */
    struct json_object *taken; /* by the destination, in an earlier replay; or NULL */
    struct json_object *done;  /* ordinals that need not be replayed again */
};

/* Where a row goes on. */
struct entry {
    int step;                         /* whose work comes first */
    size_t transform;                 /* the first to apply */
    const struct tide_schema *schema; /* NULL: the row's way is another one now */
};

static struct entry find_entry(const struct tide_flow *flow,
                               const struct tide_replay_row *row)
{
    size_t count = flow->transform_count;

    if (row->step <= TIDE_STEP_FILTER) {
        return (struct entry){TIDE_STEP_INPUT_VALIDATION, 0, &flow->received};
    }
    if (row->passed > count || trail_of(flow, row->passed) != row->trail) {
        return (struct entry){TIDE_STEP_TRANSFORMATION, 0, NULL};
    }
    if (row->passed < count) {
        return (struct entry){TIDE_STEP_TRANSFORMATION, row->passed,
                              &flow->transforms[row->passed].in};
    }
    /* What the destination refused had its columns already; the fit checks them. */
    return (struct entry){TIDE_STEP_OUTPUT_VALIDATION, count,
                          row->step == TIDE_STEP_FINALIZE ? &flow->accepted
                                                          : &flow->outgoing};
}

/* The row counts as passed wherever it has been before. */
static void count_way(struct tide_flow *flow, const struct entry *entry)
{
    for (int step = 0; step < entry->step; step++) {
        tide_flow_count(flow, step, 1, 0);
    }
    for (size_t i = 0; i < entry->transform; i++) {
        flow->engine->transform_counts[flow->transforms[i].index].passed++;
    }
}

/* The row as it was kept, rejected again; raw is empty and lives as long as the note. */
static struct tide_reject_note make_note(const struct tide_replay_row *row, int step,
                                         const char *code, const char *message,
                                         struct tide_text *raw)
{
    tide_replay_row_bytes(row, raw);
    return (struct tide_reject_note){
        .table = row->table,
        .step = step,
        .code = code,
        .message = message,
        .origin = row->origin,
        .position = row->position,
        .row = row->row,
        .row_length = row->row ? strlen(row->row) : 0,
        .raw = raw->data,
        .raw_length = raw->length,
        .replay = row->replay,
    };
}

static int refuse(struct replaying *replaying, const struct tide_replay_row *row,
                  const struct entry *entry, const char *code, const char *message)
{
    struct tide_text raw = {0};
    const struct tide_reject_note note = make_note(row, entry->step, code, message, &raw);
    int rc = TIDE_OK;

    count_way(&replaying->flow, entry);
    tide_flow_count(&replaying->flow, entry->step, 0, 1);
    rc = tide_flow_reject(&replaying->flow, &note);
    tide_text_fini(&raw);
    return rc;
}

static int move_row(struct replaying *replaying, const struct tide_replay_row *row,
                    const struct entry *entry, struct tide_batch *batch,
                    struct tide_error *err)
{
    struct tide_flow *flow = &replaying->flow;
    int rc = TIDE_OK;

    count_way(flow, entry);
    tide_ledger_add(&tide_flow_ledger(flow)->batches, 1);
    tide_ledger_add(&tide_flow_ledger(flow)->bytes_read, (int64_t)strlen(row->row));
    if (entry->schema == &flow->accepted) {
        tide_flow_count(flow, TIDE_STEP_OUTPUT_VALIDATION, 1, 0);
    } else {
        rc = tide_flow_process_from(flow, entry->step, entry->transform, batch, err);
    }
    if (rc == TIDE_OK && batch->array.length > 0) {
        rc = tide_flow_write(flow, batch, err);
    }
    return rc;
}

static int enter_row(struct replaying *replaying, const struct tide_replay_row *row,
                     struct tide_error *err)
{
    const struct entry entry = find_entry(&replaying->flow, row);
    struct tide_misfit misfit;
    struct tide_batch batch = {0};
    int rc = TIDE_OK;

    if (!entry.schema) {
        return refuse(replaying, row, &entry, "other_way",
                      "the transformations that the row has passed are others now: put "
                      "them back, or run the table again from its source");
    }
    rc = tide_replay_row_fit(row, &replaying->table, entry.schema, &batch, &misfit, err);
    if (rc == TIDE_E_DATA) {
        return refuse(replaying, row, &entry, misfit.code, misfit.message);
    }
    if (rc == TIDE_OK) {
        rc = move_row(replaying, row, &entry, &batch, err);
    }
    tide_batch_release(&batch);
    return rc;
}

/* ---- bytes that never became a row --------------------------------------------------*/

static int call_again(struct tide_flow *flow, const struct tide_replay_row *row,
                      struct tide_batch *batch, struct tide_error *err)
{
    const struct tide_source *source = flow->engine->source.entry->source;
    struct tide_text raw = {0};
    struct tide_reject reject = {.origin = row->origin, .position = row->position};
    int rc = TIDE_OK;

    tide_replay_row_bytes(row, &raw);
    reject.raw = raw.data ? raw.data : "";
    reject.raw_length = raw.length;
    flow->source.is_muted = false;
    tide_plugin_host_enter(&flow->source, "again", err);
    rc = source->again(flow->source_state, &reject, batch, err);
    rc = tide_plugin_host_leave(&flow->source, rc, err);
    flow->source.is_muted = true;
    tide_text_fini(&raw);
    return rc;
}

/* The rows that the source has made of the bytes: one, as a rule. */
static int move_received(struct tide_flow *flow, const struct tide_replay_row *row,
                         struct tide_batch *batch, struct tide_error *err)
{
    int rc = tide_flow_receive(flow, batch, err);

    batch->origin = row->origin;
    if (rc == TIDE_OK) {
        rc = tide_flow_process(flow, batch, err);
    }
    if (rc == TIDE_OK && batch->array.length > 0) {
        rc = tide_flow_write(flow, batch, err);
    }
    return rc;
}

static int refuse_bytes(struct replaying *replaying, const struct tide_replay_row *row,
                        const char *message)
{
    static const struct entry receive = {TIDE_STEP_RECEIVE, 0, NULL};

    return refuse(replaying, row, &receive, "no_row", message);
}

static int enter_bytes(struct replaying *replaying, const struct tide_replay_row *row,
                       struct tide_error *err)
{
    struct tide_flow *flow = &replaying->flow;
    int64_t refused = flow->tally->failed[TIDE_STEP_RECEIVE];
    struct tide_batch batch = {0};
    int rc = call_again(flow, row, &batch, err);

    if (rc == TIDE_E_CONFIG || rc == TIDE_E_DATA) {
        rc = refuse_bytes(replaying, row, err->message);
    } else if (rc >= 0 && batch.array.release && batch.array.length > 0) {
        rc = move_received(flow, row, &batch, err);
    } else if (rc >= 0 && refused == flow->tally->failed[TIDE_STEP_RECEIVE]) {
        rc = refuse_bytes(replaying, row, "the source finds no row in it");
    }
    tide_batch_release(&batch);
    return rc < 0 ? rc : TIDE_OK;
}

static int enter_any(struct replaying *replaying, const struct tide_replay_row *row,
                     struct tide_error *err)
{
    if (row->step >= 0 && row->row && row->types) {
        return enter_row(replaying, row, err);
    }
    if (row->raw && replaying->flow.engine->source.entry->source->again) {
        return enter_bytes(replaying, row, err);
    }
    return refuse_bytes(replaying, row,
                        "the source cannot make a row of it: run the table again");
}

/* ---- each row once ------------------------------------------------------------------*/

static bool is_listed(struct json_object *ordinals, int64_t ordinal)
{
    size_t count = json_object_is_type(ordinals, json_type_array)
                       ? json_object_array_length(ordinals)
                       : 0;

    for (size_t i = 0; i < count; i++) {
        if (json_object_get_int64(json_object_array_get_idx(ordinals, i)) == ordinal) {
            return true;
        }
    }
    return false;
}

static void note_done(struct json_object *done, int64_t ordinal)
{
    (void)json_object_array_add(done, json_object_new_int64(ordinal));
}

static int64_t count_dropped(const struct tide_engine *engine)
{
    int64_t kept = 0, dropped = 0;

    tide_rejects_counts(engine->rejects, &kept, &dropped);
    return dropped;
}

/* A row that was rejected once more and could not be kept stays where it is. */
static int replay_one(struct replaying *replaying, const struct tide_replay_row *row,
                      struct tide_error *err)
{
    int64_t dropped = count_dropped(replaying->flow.engine);
    int rc = TIDE_OK;

    if (tide_flow_is_stopped(&replaying->flow)) {
        return tide_error_set(err, TIDE_E_CANCELLED, "the run was asked to stop");
    }
    if (is_listed(replaying->taken, row->ordinal)) {
        note_done(replaying->done, row->ordinal);
        return TIDE_OK;
    }
    rc = enter_any(replaying, row, err);
    if (rc == TIDE_OK && count_dropped(replaying->flow.engine) == dropped) {
        note_done(replaying->done, row->ordinal);
    }
    return rc;
}

static int replay_rows(struct replaying *replaying, struct tide_error *err)
{
    struct json_object *rejects = replaying->flow.engine->request->replay->rejects;
    size_t count = json_object_array_length(rejects);
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < count; i++) {
        struct tide_replay_row row;

        tide_replay_row_read(json_object_array_get_idx(rejects, i), &row);
        if (strcmp(row.table, replaying->table.name) == 0) {
            rc = replay_one(replaying, &row, err);
        }
    }
    return rc;
}

/* ---- its two ends -------------------------------------------------------------------*/

static bool keeps_positions(const struct tide_flow *flow)
{
    return flow->engine->destination.entry->destination->flags &
           TIDE_DESTINATION_TRANSACTIONAL;
}

static void read_taken(struct replaying *replaying, const char *position)
{
    if (position && !replaying->flow.engine->request->replay->again &&
        tide_json_parse(position, strlen(position), &replaying->taken, NULL) != TIDE_OK) {
        TIDE_LOG(TIDE_LOG_WARNING, "what earlier replays have written is unreadable",
                 TIDE_KEY_TEXT("table", replaying->table.name),
                 TIDE_KEY_TEXT("position", position));
    }
}

static int open_both(struct replaying *replaying, struct tide_error *err)
{
    struct tide_flow *flow = &replaying->flow;
    char *position = NULL;
    int rc = TIDE_OK;

    flow->source.is_muted = true;
    rc = tide_flow_open_source(flow, err);
    if (rc == TIDE_OK && flow->source_schema.column_count == 0) {
        rc = tide_error_set(err, TIDE_E_CONFIG,
                            "the source has no columns now for the rejected rows to fit");
    }
    if (rc == TIDE_OK) {
        rc = tide_flow_open_destination(flow, &position, err);
    }
    if (rc == TIDE_OK) {
        read_taken(replaying, position);
    }
    free(position);
    return rc;
}

/* What earlier replays have written stays in the list, whether it came now or not. */
static char *format_taken(const struct replaying *replaying)
{
    struct json_object *taken = replaying->taken, *all = json_object_new_array();
    size_t count = json_object_array_length(replaying->done);
    char *text = NULL;

    for (size_t i = 0; i < count; i++) {
        (void)json_object_array_add(
            all, json_object_get(json_object_array_get_idx(replaying->done, i)));
    }
    count =
        json_object_is_type(taken, json_type_array) ? json_object_array_length(taken) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *ordinal = json_object_array_get_idx(taken, i);

        if (!is_listed(replaying->done, json_object_get_int64(ordinal))) {
            (void)json_object_array_add(all, json_object_get(ordinal));
        }
    }
    text = tide_json_format(all);
    json_object_put(all);
    return text;
}

static void tell_done(struct tide_engine *engine, const char *table,
                      struct json_object *done)
{
    struct json_object *event = json_object_new_object();

    tide_json_set_text(event, "event", "replayed");
    tide_json_set_text(event, "table", table);
    tide_json_set(event, "rejects", json_object_get(done));
    tide_engine_emit(engine, event);
}

static int replay_and_commit(struct replaying *replaying, struct tide_error *err)
{
    struct tide_flow *flow = &replaying->flow;
    int rc = open_both(replaying, err);

    tide_flow_tell_table(flow);
    if (rc == TIDE_OK) {
        rc = tide_verify_begin(flow, err);
    }
    if (rc == TIDE_OK) {
        rc = replay_rows(replaying, err);
    }
    if (rc == TIDE_OK) {
        flow->position_after = keeps_positions(flow) ? format_taken(replaying) : NULL;
        rc = tide_flow_commit(flow, err);
    }
    if (rc == TIDE_OK) {
        tell_done(flow->engine, replaying->table.name, replaying->done);
        rc = tide_verify_end(flow, err);
    }
    return rc;
}

int tide_replay_table(struct tide_engine *engine, size_t index, struct tide_error *err)
{
    struct replaying replaying = {.table = engine->pipeline->tables[index]};
    int rc = TIDE_OK;

    tide_flow_init(&replaying.flow, engine, index);
    replaying.table.mode = tide_engine_mode(engine, &replaying.table);
    replaying.flow.table = &replaying.table;
    replaying.done = json_object_new_array();
    rc = replay_and_commit(&replaying, err);
    if (rc != TIDE_OK && replaying.flow.error.code != TIDE_OK) {
        *err = replaying.flow.error;
        rc = err->code;
    }
    tide_flow_fini(&replaying.flow);
    json_object_put(replaying.taken);
    json_object_put(replaying.done);
    return rc;
}

/* ---- all of them --------------------------------------------------------------------*/

bool tide_replay_has_rows(const struct tide_engine *engine, const char *table)
{
    struct json_object *rejects = engine->request->replay->rejects;
    size_t count = json_object_array_length(rejects);
    bool found = false;

    for (size_t i = 0; !found && i < count; i++) {
        const char *name = tide_json_text(json_object_array_get_idx(rejects, i), "table");

        found = strcmp(name ? name : "", table) == 0;
    }
    return found;
}

static bool has_table(const struct tide_pipeline *pipeline, const char *name)
{
    for (size_t i = 0; i < pipeline->table_count; i++) {
        if (strcmp(pipeline->tables[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static int refuse_leftover(struct tide_engine *engine, const struct tide_replay_row *row,
                           struct tide_error *err)
{
    struct tide_text raw = {0};
    const struct tide_reject_note note =
        make_note(row, TIDE_STEP_RECEIVE, "no_table",
                  "the definition has no table of that name any more", &raw);
    struct json_object *done = json_object_new_array();
    int64_t dropped = count_dropped(engine);
    int rc = TIDE_OK;

    tide_ledger_add(&engine->request->ledger->failed[TIDE_STEP_RECEIVE], 1);
    rc = tide_rejects_take(engine->rejects, &note, err);
    if (rc == TIDE_OK && count_dropped(engine) == dropped) {
        note_done(done, row->ordinal);
        tell_done(engine, row->table, done);
    }
    json_object_put(done);
    tide_text_fini(&raw);
    return rc;
}

int tide_replay_leftovers(struct tide_engine *engine, struct tide_error *err)
{
    struct json_object *rejects = engine->request->replay->rejects;
    size_t count = json_object_array_length(rejects);
    int rc = TIDE_OK;

    for (size_t i = 0; rc == TIDE_OK && i < count; i++) {
        struct tide_replay_row row;

        tide_replay_row_read(json_object_array_get_idx(rejects, i), &row);
        if (!has_table(engine->pipeline, row.table)) {
            rc = refuse_leftover(engine, &row, err);
        }
    }
    return rc;
}
