/*
 * mvcc_model - a table of row versions, and writers who change it at the same time.
 */
#include "mvcc_model.h"

#include <string.h>

/* Ids below this are PostgreSQL's own and show no age. */
#define FIRST_NORMAL 3

int model_random(struct model *model, int limit)
{
    model->random ^= model->random << 13;
    model->random ^= model->random >> 7;
    model->random ^= model->random << 17;
    return (int)((model->random >> 33) % (uint64_t)limit);
}

static uint64_t skip_special(uint64_t xid)
{
    return (uint32_t)xid < FIRST_NORMAL ? xid + FIRST_NORMAL : xid;
}

static void add_version(struct model *model, int row, uint64_t xid, int writer)
{
    struct model_version *version = &model->versions[model->version_count++];

    *version =
        (struct model_version){.row = row, .xid = xid, .writer = writer, .ender = -1};
}

/* Rows that were there before: of a bootstrap, of so long ago that the age has turned
 * negative, and of lately. */
void model_init(struct model *model, uint64_t seed)
{
    memset(model, 0, sizeof *model);
    model->random = seed * UINT64_C(0x9e3779b97f4a7c15) + 1;
    (void)model_random(model, 2);
    model->next_xid =
        skip_special((UINT64_C(5) << 32) - 30 + (uint64_t)model_random(model, 60));
    model->last_ended_xid = model->next_xid - 1;
    add_version(model, model->row_count++, 2, -1);
    add_version(model, model->row_count++, model->next_xid - 3000000000, -1);
    add_version(model, model->row_count++, model->next_xid - 100, -1);
    for (int i = 0; i < MODEL_WRITERS; i++) {
        model->writers[i].skew = model_random(model, 13) - 6;
    }
}

/* ---- acts ------------------------------------------------------------------------ */

/* A subtransaction that was released is as its parent is. */
static int state_of(const struct model *model, int act)
{
    while (act >= 0 && model->acts[act].state != ACT_ABORTED &&
           model->acts[act].parent >= 0) {
        act = model->acts[act].parent;
    }
    return act < 0 ? ACT_COMMITTED : (int)model->acts[act].state;
}

static bool is_of(const struct model *model, int act, int writer)
{
    while (act >= 0 && model->acts[act].parent >= 0) {
        act = model->acts[act].parent;
    }
    return act >= 0 && model->writers[writer].depth > 0 &&
           model->writers[writer].stack[0] == act;
}

static int top_act(const struct model *model, int writer)
{
    return model->writers[writer].stack[model->writers[writer].depth - 1];
}

static void open_act(struct model *model, int writer)
{
    int parent = model->writers[writer].depth > 0 ? top_act(model, writer) : -1;

    model->acts[model->act_count] =
        (struct model_act){.parent = parent, .state = ACT_OPEN};
    model->writers[writer].stack[model->writers[writer].depth++] = model->act_count++;
}

/* Ids are given from the outermost on. */
static uint64_t xid_of(struct model *model, int act)
{
    struct model_act *which = &model->acts[act];

    if (which->xid == 0) {
        if (which->parent >= 0) {
            (void)xid_of(model, which->parent);
        }
        which->xid = model->next_xid;
        model->next_xid = skip_special(model->next_xid + 1);
    }
    return which->xid;
}

/* All ids of an act and of those within it have come to their end. */
static void note_ended(struct model *model, int act)
{
    for (int i = act; i < model->act_count; i++) {
        int outer = i;

        while (outer > act) {
            outer = model->acts[outer].parent;
        }
        if (outer == act && model->acts[i].xid > model->last_ended_xid) {
            model->last_ended_xid = model->acts[i].xid;
        }
    }
}

static void end_transaction(struct model *model, int writer, bool commit)
{
    int act = model->writers[writer].stack[0];

    model->acts[act].state = commit ? ACT_COMMITTED : ACT_ABORTED;
    model->writers[writer].depth = 0;
    note_ended(model, act);
}

static void end_savepoint(struct model *model, int writer, bool release)
{
    int act = top_act(model, writer);

    model->writers[writer].depth--;
    if (!release) {
        model->acts[act].state = ACT_ABORTED;
        note_ended(model, act);
    }
}

/* ---- writing --------------------------------------------------------------------- */

/* Clocks tick slowly: many cursors are equal. */
static void set_cursor(struct model *model, int writer, struct model_version *version)
{
    version->has_cursor = model_random(model, 20) > 0;
    version->cursor = (model->time + model->writers[writer].skew) / 3;
}

static void insert(struct model *model, int writer)
{
    int act = top_act(model, writer);

    add_version(model, model->row_count++, xid_of(model, act), act);
    set_cursor(model, writer, &model->versions[model->version_count - 1]);
}

/* Whether a writer may put another version in the place of this one. */
static bool may_end(const struct model *model, int writer,
                    const struct model_version *version)
{
    int made = state_of(model, version->writer);
    bool is_mine = made == ACT_OPEN && is_of(model, version->writer, writer);
    bool is_free = version->ender < 0 || state_of(model, version->ender) == ACT_ABORTED;

    return (made == ACT_COMMITTED || is_mine) && is_free;
}

static void update(struct model *model, int writer)
{
    int which = model_random(model, model->version_count);
    struct model_version *version = &model->versions[which];
    int act = top_act(model, writer);

    if (!may_end(model, writer, version)) {
        return;
    }
    version->ender = act;
    if (model_random(model, 8) == 0) {
        (void)xid_of(model, act); /* deleted */
        return;
    }
    add_version(model, version->row, xid_of(model, act), act);
    model->versions[model->version_count - 1].has_cursor = version->has_cursor;
    model->versions[model->version_count - 1].cursor = version->cursor;
    if (model_random(model, 4) > 0) {
        set_cursor(model, writer, &model->versions[model->version_count - 1]);
    }
}

static void act_within(struct model *model, int writer)
{
    int what = model_random(model, 10);

    if (what < 4) {
        insert(model, writer);
    } else if (what < 7) {
        update(model, writer);
    } else if (model->writers[writer].depth > 1) {
        end_savepoint(model, writer, what < 9);
    } else if (what == 7) {
        open_act(model, writer);
    } else {
        end_transaction(model, writer, model_random(model, 5) > 0);
    }
}

void model_step(struct model *model)
{
    int writer = model_random(model, MODEL_WRITERS);

    model->time++;
    if (model->version_count == MODEL_VERSIONS || model->act_count == MODEL_ACTS) {
        return;
    }
    if (model->writers[writer].depth == 0) {
        open_act(model, writer);
    } else if (model->writers[writer].depth < MODEL_DEPTH ||
               model_random(model, 2) == 0) {
        act_within(model, writer);
    }
}

void model_settle(struct model *model)
{
    for (int i = 0; i < MODEL_WRITERS; i++) {
        if (model->writers[i].depth > 0) {
            end_transaction(model, i, model_random(model, 5) > 0);
        }
    }
}

/* ---- reading --------------------------------------------------------------------- */

struct pg_clock model_clock(const struct model *model)
{
    struct pg_clock clock = {.end = model->last_ended_xid + 1, .next = model->next_xid};

    clock.oldest = clock.end;
    for (int i = 0; i < MODEL_WRITERS; i++) {
        if (model->writers[i].depth > 0) {
            uint64_t xid = model->acts[model->writers[i].stack[0]].xid;

            clock.oldest = xid && xid < clock.oldest ? xid : clock.oldest;
        }
    }
    return clock;
}

bool model_sees(const struct model *model, int version)
{
    const struct model_version *which = &model->versions[version];

    return state_of(model, which->writer) == ACT_COMMITTED &&
           (which->ender < 0 || state_of(model, which->ender) != ACT_COMMITTED);
}

int32_t model_age(const struct model *model, int version, const struct pg_clock *clock)
{
    uint32_t xid = (uint32_t)model->versions[version].xid;

    return xid < FIRST_NORMAL ? INT32_MAX : (int32_t)((uint32_t)clock->next - xid);
}
