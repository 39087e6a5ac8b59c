/*
 * replay - rows that another run rejected, run again; see replay.h.
 */
#include "run/replay.h"

#include "base/json.h"
#include "base/log.h"
#include "run/replay_internal.h"
#include "run/verify.h"

/* ---- each row once ------------------------------------------------------------------*/

static int by_ordinal(const void *a, const void *b)
{
    int64_t first = json_object_get_int64(*(struct json_object *const *)a);
    int64_t second = json_object_get_int64(*(struct json_object *const *)b);

    return (first > second) - (first < second);
}

/* Whether it is in an array that is sorted; NULL is an empty one. */
static bool is_listed(struct json_object *sorted, struct json_object *ordinal)
{
    return sorted && json_object_array_bsearch(ordinal, sorted, by_ordinal);
}

static bool is_taken(const struct tide_replaying *replaying, int64_t ordinal)
{
    struct json_object *wanted = json_object_new_int64(ordinal);
    bool is_there = is_listed(replaying->taken, wanted);

    json_object_put(wanted);
    return is_there;
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
static int replay_one(struct tide_replaying *replaying, const struct tide_replay_row *row,
                      struct tide_error *err)
{
    int64_t dropped = count_dropped(replaying->flow.engine);
    int rc = TIDE_OK;

    if (tide_flow_is_stopped(&replaying->flow)) {
        return tide_error_cancelled(err);
    }
    if (is_taken(replaying, row->ordinal)) {
        note_done(replaying->done, row->ordinal);
        return TIDE_OK;
    }
    rc = tide_replay_enter(replaying, row, err);
    if (rc == TIDE_OK && count_dropped(replaying->flow.engine) == dropped) {
        note_done(replaying->done, row->ordinal);
    }
    return rc;
}

static int replay_rows(struct tide_replaying *replaying, struct tide_error *err)
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

static void read_taken(struct tide_replaying *replaying, const char *position)
{
    struct json_object *taken = NULL;

    if (!position || replaying->flow.engine->request->replay->again) {
        return;
    }
    if (tide_json_parse(position, strlen(position), &taken, NULL) == TIDE_OK &&
        json_object_is_type(taken, json_type_array)) {
        json_object_array_sort(taken, by_ordinal);
        replaying->taken = taken;
    } else {
        json_object_put(taken);
        TIDE_LOG(TIDE_LOG_WARNING, "what earlier replays have written is unreadable",
                 TIDE_KEY_TEXT("table", replaying->table.name),
                 TIDE_KEY_TEXT("position", position));
    }
}

static int open_both(struct tide_replaying *replaying, struct tide_error *err)
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
static char *format_taken(const struct tide_replaying *replaying)
{
    struct json_object *taken = replaying->taken, *all = json_object_new_array();
    size_t count = json_object_array_length(replaying->done);
    char *text = NULL;

    json_object_array_sort(replaying->done, by_ordinal);
    for (size_t i = 0; i < count; i++) {
        (void)json_object_array_add(
            all, json_object_get(json_object_array_get_idx(replaying->done, i)));
    }
    count = taken ? json_object_array_length(taken) : 0;
    for (size_t i = 0; i < count; i++) {
        struct json_object *ordinal = json_object_array_get_idx(taken, i);

        if (!is_listed(replaying->done, ordinal)) {
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

static int replay_and_commit(struct tide_replaying *replaying, struct tide_error *err)
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
    struct tide_replaying replaying = {.table = engine->pipeline->tables[index]};
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
        tide_replay_note_again(row, TIDE_STEP_RECEIVE, "no_table",
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
