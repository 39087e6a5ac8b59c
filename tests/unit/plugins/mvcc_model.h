/*
 * mvcc_model - a table of row versions, and writers who change it at the same time.
 *
 * A model of what PostgreSQL keeps: transactions and subtransactions with ids that are
 * given at the first write, versions that end when another one takes their place, clocks
 * of writers that differ.  One step is one thing that one writer does.
 */
#ifndef TIDE_TEST_MVCC_MODEL_H
#define TIDE_TEST_MVCC_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "sources/postgres/horizon.h"

enum { MODEL_VERSIONS = 160, MODEL_WRITERS = 4, MODEL_DEPTH = 3, MODEL_ACTS = 200 };

/* A transaction or a subtransaction. */
struct model_act {
    uint64_t xid; /* 0: nothing written yet */
    int parent;   /* or -1 */
    enum { ACT_OPEN, ACT_COMMITTED, ACT_ABORTED } state;
};

struct model_version {
    int row;
    bool has_cursor;
    int cursor;
    uint64_t xid; /* its writer's */
    int writer;   /* the act that made it; -1: it was always there */
    int ender;    /* the act that put another in its place, or -1 */
};

struct model {
    uint64_t random;
    uint64_t next_xid, last_ended_xid;
    int time;
    struct model_act acts[MODEL_ACTS];
    int act_count;
    struct model_version versions[MODEL_VERSIONS];
    int version_count, row_count;
    struct {
        int stack[MODEL_DEPTH]; /* acts, the transaction first */
        int depth;              /* 0: no transaction */
        int skew;               /* of its clock */
    } writers[MODEL_WRITERS];
};

/* A number in [0, limit). */
int model_random(struct model *model, int limit);

/* Start anew: some rows of long ago, transaction ids near to where 32 bits end. */
void model_init(struct model *model, uint64_t seed);

/* One writer does something. */
void model_step(struct model *model);

/* All open transactions end, one way or the other. */
void model_settle(struct model *model);

/* What a snapshot taken now knows, and sees. */
struct pg_clock model_clock(const struct model *model);
bool model_sees(const struct model *model, int version);

/* What age() says of a version at a clock. */
int32_t model_age(const struct model *model, int version, const struct pg_clock *clock);

#endif
