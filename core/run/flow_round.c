/*
 * flow_round - the tables of a run that was interrupted, and which of them are done.
 *
 * A table that is read whole and appended must not be read again by the run that resumes
 * one which was interrupted in a later table.  So what is kept of it says that it is done
 * in a round, which is named after the run that began it and its first such table.  Of
 * that one the mark is taken back when all are done, in one commit: a round is open if
 * and only if its first table says so, and then those that name the same round are left
 * alone.
 *
 * The definition may be another one when the run is resumed.  Then the first table may
 * come later than others, and is asked in front of them; where it is gone nobody knows,
 * and the run is refused, unless the round came to its end: then the marks of its other
 * tables are taken back, too.  When another table now comes first, tables that are done
 * in the old round are marked again under the new one, the table that tells of the old
 * one last: at any moment one of the two says that the rows are there.
 */
#include "base/log.h"
#include "base/memory.h"
#include "run/flow.h"

#define NO_TABLE ((size_t)-1)

/* ---- names --------------------------------------------------------------------------*/

static size_t index_of(const struct tide_flow *flow)
{
    return (size_t)(flow->table - flow->engine->pipeline->tables);
}

static char *make_name(const struct tide_flow *flow)
{
    const char *run = flow->engine->request->run_id;

    return tide_strf("%s/%s", run ? run : "", flow->table->name);
}

static const char *first_of(const char *round)
{
    const char *slash = strchr(round, '/');

    return slash ? slash + 1 : "";
}

static bool is_own(const struct tide_flow *flow, const char *round)
{
    return strcmp(first_of(round), flow->table->name) == 0;
}

static bool is_same(const char *left, const char *right)
{
    return left && right && strcmp(left, right) == 0;
}

static size_t find_table(const struct tide_pipeline *pipeline, const char *name)
{
    for (size_t i = 0; i < pipeline->table_count; i++) {
        if (strcmp(pipeline->tables[i].name, name) == 0) {
            return i;
        }
    }
    return NO_TABLE;
}

/* ---- which tables -------------------------------------------------------------------*/

/* Whether what is kept of it counts, and what this run commits. */
static bool has_rounds(const struct tide_flow *flow)
{
    const struct tide_engine *engine = flow->engine;

    return flow->table->mode == TIDE_MODE_APPEND && engine->request->row_limit == 0 &&
           !engine->request->replay &&
           engine->destination.entry->destination->flags & TIDE_DESTINATION_TRANSACTIONAL;
}

static bool is_marked(const struct tide_flow *flow)
{
    return flow->engine->pipeline->table_count > 1 && has_rounds(flow) &&
           !tide_flow_is_incremental(flow);
}

/* One that goes on behind a place needs no mark to read no row twice. */
static bool may_be_done(const struct tide_flow *flow, const struct tide_position *kept)
{
    return kept->run && flow->engine->request->incremental != 0 && has_rounds(flow) &&
           !(tide_flow_is_incremental(flow) && kept->words);
}

static void note_own(struct tide_flow *flow, const struct tide_position *kept)
{
    struct tide_round_note *note = &flow->engine->rounds[index_of(flow)];

    free(note->own);
    note->own = kept->run && is_own(flow, kept->run) ? tide_strdup(kept->run) : NULL;
    note->is_known = true;
}

/* ---- is it done ---------------------------------------------------------------------*/

static int refuse(const struct tide_flow *flow, const struct tide_position *kept,
                  struct tide_error *err)
{
    return tide_error_set(
        err, TIDE_E_CONFLICT,
        "%lld rows were appended to %s by a run that began with table "
        "\"%s\", and that was probably interrupted; the definition has "
        "no such table now, so it cannot be resumed: put the table back "
        "into the definition for one run, or run with --full, which "
        "appends all rows again",
        (long long)kept->rows, flow->table->as, first_of(kept->run));
}

/* Sets is_done, or asks. */
static int judge(struct tide_flow *flow, const struct tide_position *kept,
                 struct tide_error *err)
{
    const struct tide_engine *engine = flow->engine;
    size_t first = 0;

    if (is_own(flow, kept->run) || is_same(kept->run, engine->round)) {
        flow->is_done = true;
        return TIDE_OK;
    }
    first = find_table(engine->pipeline, first_of(kept->run));
    if (first == NO_TABLE) {
        return refuse(flow, kept, err);
    }
    flow->asks = !engine->rounds[first].is_known;
    flow->asked = first;
    flow->is_done = is_same(engine->rounds[first].own, kept->run);
    return TIDE_OK;
}

static void join(struct tide_flow *flow, const struct tide_position *kept)
{
    struct tide_engine *engine = flow->engine;
    bool is_first = !engine->round, tells = flow->is_done && is_own(flow, kept->run);

    if (is_first) {
        engine->round_first = index_of(flow);
        engine->round = tells ? tide_strdup(kept->run) : make_name(flow);
    }
    engine->rounds[index_of(flow)].is_taken_over = tells && !is_first;
    engine->rounds[index_of(flow)].is_marked = true;
}

static void leave_alone(struct tide_flow *flow, const struct tide_position *kept)
{
    flow->is_resumed = true;
    tide_flow_recall_rejects(flow, kept);
    TIDE_LOG(TIDE_LOG_INFO, "the last run was interrupted behind this table",
             TIDE_KEY_TEXT("table", flow->table->name));
}

int tide_flow_join_round(struct tide_flow *flow, const struct tide_position *kept,
                         struct tide_error *err)
{
    int rc = TIDE_OK;

    note_own(flow, kept);
    flow->is_marked = is_marked(flow);
    if (may_be_done(flow, kept)) {
        rc = judge(flow, kept, err);
    }
    if (rc == TIDE_OK && !flow->asks && (flow->is_marked || flow->is_done)) {
        join(flow, kept);
    }
    if (rc == TIDE_OK && flow->is_done) {
        leave_alone(flow, kept);
    }
    return rc;
}

/* ---- marks --------------------------------------------------------------------------*/

/* Commit what is kept with another mark. */
static int mark(struct tide_flow *flow, const struct tide_position *kept,
                struct tide_error *err)
{
    struct tide_position marked = *kept;
    char *text = NULL;
    int rc = TIDE_OK;

    marked.run = flow->engine->round;
    text = tide_position_format(&marked);
    rc = tide_flow_commit_position(flow, text, err);
    free(text);
    return rc;
}

int tide_flow_take_over(struct tide_flow *flow, const struct tide_position *kept,
                        struct tide_error *err)
{
    const char *round = flow->engine->round;

    return is_same(kept->run, round) || is_own(flow, kept->run) ? TIDE_OK
                                                                : mark(flow, kept, err);
}

static int unmark(struct tide_flow *flow, const struct tide_position *kept,
                  struct tide_error *err)
{
    char *text = NULL;
    int rc = TIDE_OK;

    if (!is_same(kept->run, flow->engine->round)) {
        return TIDE_OK;
    }
    if (kept->words) {
        text = tide_position_format(&(struct tide_position){.words = kept->words});
    }
    rc = tide_flow_commit_position(flow, text, err);
    free(text);
    return rc;
}

/* ---- other tables -------------------------------------------------------------------*/

static int note_kept(struct tide_flow *flow, const struct tide_position *kept,
                     struct tide_error *err)
{
    (void)err;
    note_own(flow, kept);
    return TIDE_OK;
}

/* Open a table for what is kept of it alone.  One without columns has no destination. */
static int with_kept(struct tide_engine *engine, size_t table,
                     int (*act)(struct tide_flow *flow, const struct tide_position *kept,
                                struct tide_error *err),
                     struct tide_error *err)
{
    struct tide_position kept = {0};
    struct tide_flow flow;
    int rc = TIDE_OK;

    tide_flow_init(&flow, engine, table);
    flow.source.is_muted = true;
    tide_flow_begin_position(&flow);
    rc = tide_flow_open_source(&flow, err);
    if (rc == TIDE_OK && flow.source_schema.column_count > 0) {
        rc = tide_flow_open_destination(&flow, &flow.position_kept, err);
    }
    if (rc == TIDE_OK && flow.position_kept) {
        tide_position_parse(flow.position_kept, &kept);
    }
    if (rc == TIDE_OK) {
        rc = act(&flow, &kept, err);
    }
    tide_position_clear(&kept);
    tide_flow_fini(&flow);
    return rc;
}

int tide_round_ask(struct tide_engine *engine, size_t table, struct tide_error *err)
{
    int rc = with_kept(engine, table, note_kept, err);

    return rc == TIDE_OK ? TIDE_OK
                         : tide_error_wrap(err,
                                           "table %s, which tells whether the last "
                                           "run was interrupted, cannot be opened",
                                           engine->pipeline->tables[table].name);
}

/* The round is over; whoever takes its first table out of the definition is not to be
 * asked about the others.  What cannot be done now is no harm as long as that table is
 * there. */
static void unmark_others(struct tide_engine *engine)
{
    struct tide_error err = {0};

    for (size_t i = 0; i < engine->pipeline->table_count; i++) {
        if (engine->rounds[i].is_marked && i != engine->round_first &&
            with_kept(engine, i, unmark, &err) != TIDE_OK) {
            TIDE_LOG(TIDE_LOG_WARNING, "a table is still marked as done in this run",
                     TIDE_KEY_TEXT("table", engine->pipeline->tables[i].name),
                     TIDE_KEY_TEXT("error", err.message));
        }
    }
}

int tide_round_end(struct tide_engine *engine, struct tide_error *err)
{
    int rc = TIDE_OK;

    if (!engine->round) {
        return TIDE_OK;
    }
    for (size_t i = 0; rc == TIDE_OK && i < engine->pipeline->table_count; i++) {
        if (engine->rounds[i].is_taken_over) {
            rc = with_kept(engine, i, mark, err);
        }
    }
    if (rc == TIDE_OK) {
        rc = with_kept(engine, engine->round_first, unmark, err);
    }
    if (rc == TIDE_OK) {
        unmark_others(engine);
    }
    return rc == TIDE_OK ? TIDE_OK : tide_error_wrap(err, "the end of the run");
}
