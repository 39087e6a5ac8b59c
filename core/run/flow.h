/*
 * flow - one table of a run, from its source to its destination.
 *
 * Threads: the reader calls the source, the middle (the thread that runs the flow)
 * checks, filters and transforms, the writer calls the destination; channels lie between
 * them.  The middle itself reads the first batch, and starts a reader only when there may
 * be more; a table of one batch has no writer either.  A flow is opened and closed by one
 * thread while the others do not run.  The first that fails stops all; its
 * error is the flow's.
 */
#ifndef TIDE_RUN_FLOW_H
#define TIDE_RUN_FLOW_H

#include <pthread.h>
#include <stdatomic.h>

#include "run/channel.h"
#include "run/engine.h"
#include "run/filter.h"
#include "run/plugin_host.h"
#include "run/position.h"
#include "run/unread.h"
#include "run/validation.h"

/* Small enough to stay in a processor's cache from step to step. */
#define TIDE_FLOW_BATCH_ROWS 8192
#define TIDE_FLOW_BATCH_BYTES (INT64_C(1) << 20)
/* How many batches, rows and bytes a destination may have undecided at once. */
#define TIDE_FLOW_LENT_BATCHES 64
#define TIDE_FLOW_LENT_ROWS (8 * TIDE_FLOW_BATCH_ROWS)
#define TIDE_FLOW_LENT_BYTES (8 * TIDE_FLOW_BATCH_BYTES)

/** One transformation of this table. */
struct tide_flow_transform {
    size_t index; /**< in the pipeline's list */
    const struct tide_transform *plugin;
    struct tide_plugin_host host;
    void *state;
    struct tide_schema in, out; /**< owned */
    uint64_t trail; /**< of it and all before it: which they are, and how set */
};

struct tide_verify;

struct tide_flow {
    struct tide_engine *engine;
    const struct tide_table *table;
    struct tide_tally *tally;

    /* The source and what it gives. */
    struct tide_plugin_host source;
    struct tide_source_request source_request;
    void *source_state;
    struct tide_schema source_schema; /**< owned; as the source gives it */
    size_t *excluded;                 /**< owned; columns to drop, the last one first */
    size_t excluded_count;
    struct tide_schema received; /**< owned; without them */
    char *position_before;       /**< owned; where the source started, or NULL */
    char *position_after;        /**< owned; set by the last read, or NULL */
    char *position_kept; /**< owned; what the destination kept, in its words, or NULL */
    char *load_from; /**< owned; where the load began, also when an earlier run did it,
                        or NULL */
    int64_t rows_before;     /**< at the destination when the table was resumed */
    int64_t rejected_before; /**< and rejected until then */
    int64_t filtered_before; /**< and left out */
    int64_t covered_before;  /**< of the run's rejects, those of the tables before this */
    bool is_resumed;         /**< it resumed from a checkpoint, or was done before */
    bool is_marked;          /**< what is kept says that the run is not over */
    bool is_done;            /**< in the run that is resumed: nothing is to be moved */
    bool asks;    /**< whether it is done is known once that table was asked: close this,
                     call tide_round_ask() and open it again */
    size_t asked; /**< that table */

    /* The middle. */
    struct tide_validation input;
    struct tide_filter *filter;             /**< or NULL */
    struct tide_flow_transform *transforms; /**< owned; they do not move */
    size_t transform_count;
    size_t transform; /**< the one that has the batch */
    struct tide_unread unread;
    struct tide_schema outgoing; /**< owned; what comes out of the transforms */
    struct tide_validation output;
    uint8_t *drop; /**< owned; rows to take out of the batch in hand */
    int64_t drop_capacity;
    struct tide_text row; /**< a rejected row as JSON; memory that is reused */

    /* The destination. */
    struct tide_plugin_host destination;
    struct tide_destination_request destination_request;
    void *destination_state;
    struct tide_schema accepted; /**< owned */
    const char **key;            /**< owned array, borrowed names, ended by NULL */
    const char *cursor;          /**< borrowed name of outgoing, or NULL */
    char *destination_readable;  /**< owned; the same by the pipeline's name, or NULL */
    char *destination_name; /**< owned; pipeline and table: where positions are kept */
    int64_t taken;          /**< rows written, not yet committed */
    struct tide_batch
        lent[TIDE_FLOW_LENT_BATCHES]; /**< owned; not yet decided, in order */
    size_t lent_count;
    int64_t lent_bytes;
    int64_t refused_before;    /**< of the rows lent, when the present call began */
    bool makes_checkpoints;    /**< set before the source is opened */
    atomic_bool holds_rejects; /**< until a checkpoint covers their rows */
    int64_t reading, processing, writing; /**< number of the parcel in hand, each known to
                                             one thread */
    int64_t received_written; /**< rows that the source gave up to the one written */
    char *reached;  /**< owned; the place behind the rows taken, or NULL: none, or unknown
                       to the source */
    int64_t ask_at; /**< monotonic: the source is not asked for its place before;
                       the reading thread's */
    int64_t checkpoint_due;     /**< monotonic time of the next one */
    struct tide_verify *verify; /**< owned; NULL: not wanted */

    /* Between the threads. */
    struct tide_channel *to_middle, *to_writer;
    pthread_mutex_t lock;
    struct tide_error error; /**< under lock */
    char *committed; /**< owned, under lock; of a checkpoint that the source does not know
                        of yet, or NULL */
    atomic_bool is_stopped;
};

/* ---- the whole of it ----------------------------------------------------------------*/

/** Prepare; nothing is opened yet.  The flow must not move afterwards. */
void tide_flow_init(struct tide_flow *flow, struct tide_engine *engine, size_t table);
/** Close both sides and free everything; safe at any time after init. */
void tide_flow_fini(struct tide_flow *flow);
/** Open both sides and agree on the columns.  A source that has none (an empty file)
 * leaves the destination alone: tide_flow_run() rejects what it gives, and fails where
 * the table was to be replaced. */
TIDE_MUST_CHECK
int tide_flow_open(struct tide_flow *flow, struct tide_error *err);
/** Move all rows and commit them. */
TIDE_MUST_CHECK
int tide_flow_run(struct tide_flow *flow, struct tide_error *err);

/* ---- its parts ----------------------------------------------------------------------*/

/** Open the source at position_before and bind validation, filter and transforms. */
TIDE_MUST_CHECK
int tide_flow_open_source(struct tide_flow *flow, struct tide_error *err);
/** Safe when it is not open. */
void tide_flow_close_source(struct tide_flow *flow);
/** Open the destination for what comes out, and bind the output validation.  *position is
 * the one it committed last, malloc'ed, or NULL. */
TIDE_MUST_CHECK
int tide_flow_open_destination(struct tide_flow *flow, char **position,
                               struct tide_error *err);
/** Start the source again, at what position_before is now. */
TIDE_MUST_CHECK
int tide_flow_reopen_source(struct tide_flow *flow, struct tide_error *err);

/** Before the source is opened: the place to begin at, as the caller of the run knows
 * it, and whether there will be checkpoints. */
void tide_flow_begin_position(struct tide_flow *flow);
/** After the destination is: what it kept (taken) is true, and the source is opened again
 * where that is another place. */
TIDE_MUST_CHECK
int tide_flow_settle_position(struct tide_flow *flow, char *kept, struct tide_error *err);

/** Whether the table still has what was kept says; see flow_lost.c.  *from (owned) is
 * where to begin when it has not, or NULL: at the start. */
TIDE_MUST_CHECK
int tide_flow_believe(struct tide_flow *flow, const struct tide_position *kept,
                      bool *is_believed, char **from, struct tide_error *err);

/** Whether the destination says that its table was recreated since the last commit. */
bool tide_flow_is_remade(struct tide_flow *flow);

/** tide_flow_run() of a table without columns: reject what there is. */
TIDE_MUST_CHECK
int tide_flow_drain(struct tide_flow *flow, struct tide_error *err);

/** Read the next batch, and ask for the place behind it; *bytes: what its values take.
 * TIDE_END also fills position_after. */
TIDE_MUST_CHECK
int tide_flow_take(struct tide_flow *flow, struct tide_parcel *parcel, int64_t *bytes,
                   struct tide_error *err);
/** Whether the source says that it has no more, so that asking it again takes no time. */
bool tide_flow_source_is_over(struct tide_flow *flow);
/** What the reader's thread does from its start to its end. */
void tide_flow_read_all(struct tide_flow *flow);
/** Tell the source that the rows up to a place are durable; NULL is none. */
TIDE_MUST_CHECK
int tide_flow_acknowledge(struct tide_flow *flow, const char *position,
                          struct tide_error *err);

/** Read the next batch, as it is received: columns dropped, rows beyond the limit cut
 * off, counted.  TIDE_END. */
TIDE_MUST_CHECK
int tide_flow_read(struct tide_flow *flow, struct tide_batch *batch,
                   struct tide_error *err);

/** What becomes of a batch that the source made: checked, cut, columns dropped,
 * counted. */
TIDE_MUST_CHECK
int tide_flow_receive(struct tide_flow *flow, struct tide_batch *batch,
                      struct tide_error *err);

/** The steps of the middle, each on a batch in place. */
TIDE_MUST_CHECK
int tide_flow_validate_input(struct tide_flow *flow, struct tide_batch *batch,
                             struct tide_error *err);
TIDE_MUST_CHECK
int tide_flow_filter(struct tide_flow *flow, struct tide_batch *batch,
                     struct tide_error *err);
TIDE_MUST_CHECK
int tide_flow_transform(struct tide_flow *flow, size_t transform,
                        struct tide_batch *batch, struct tide_error *err);
TIDE_MUST_CHECK
int tide_flow_validate_output(struct tide_flow *flow, struct tide_batch *batch,
                              struct tide_error *err);
/** All of them from a step on (and from a transform of this table); the batch may have no
 * rows afterwards. */
TIDE_MUST_CHECK
int tide_flow_process_from(struct tide_flow *flow, int step, size_t transform,
                           struct tide_batch *batch, struct tide_error *err);
TIDE_MUST_CHECK
int tide_flow_process(struct tide_flow *flow, struct tide_batch *batch,
                      struct tide_error *err);

/** Hand a batch of the accepted schema to the destination; rows it refuses are rejected,
 * at the latest by tide_flow_settle().  The batch may be empty afterwards. */
TIDE_MUST_CHECK
int tide_flow_write(struct tide_flow *flow, struct tide_batch *batch,
                    struct tide_error *err);
/** Have the destination decide what it was lent, and take that back. */
TIDE_MUST_CHECK
int tide_flow_settle(struct tide_flow *flow, struct tide_error *err);
/** Take it back undecided. */
void tide_flow_take_back(struct tide_flow *flow);
/** Make durable what was written, with the position; count it; say so. */
TIDE_MUST_CHECK
int tide_flow_commit(struct tide_flow *flow, struct tide_error *err);

/** The source was at position (taken; NULL: unknown) behind the rows written so far. */
void tide_flow_reach(struct tide_flow *flow, char *position);
/** The next checkpoint is due when the run's interval has passed from now. */
void tide_flow_put_off_checkpoint(struct tide_flow *flow);
/** When the next checkpoint is due, for tide_channel_receive. */
int64_t tide_flow_checkpoint_due(const struct tide_flow *flow);
/** Make durable what was written up to the place that was reached, if it is time. */
TIDE_MUST_CHECK
int tide_flow_checkpoint(struct tide_flow *flow, struct tide_error *err);
/** The last checkpoint's position, or NULL when it was taken before; the caller frees.
 * Any thread. */
char *tide_flow_take_committed(struct tide_flow *flow);

/** How the rows of an open table are made, of a few letters; malloc'ed.  See
 * flow_recipe.c. */
char *tide_flow_recipe(const struct tide_flow *flow);

/** Know what a table is in the run of all tables, from what the destination kept (zeroed:
 * nothing); see flow_round.c.  TIDE_E_CONFLICT. */
TIDE_MUST_CHECK
int tide_flow_join_round(struct tide_flow *flow, const struct tide_position *kept,
                         struct tide_error *err);
/** A table that is done shall be done in this run's round, where it is of another. */
TIDE_MUST_CHECK
int tide_flow_take_over(struct tide_flow *flow, const struct tide_position *kept,
                        struct tide_error *err);
/** Know what a table that is not open tells of rounds. */
TIDE_MUST_CHECK
int tide_round_ask(struct tide_engine *engine, size_t table, struct tide_error *err);
/** So many rows of the table were rejected before the checkpoint it resumes from. */
void tide_flow_recall_rejects(struct tide_flow *flow, const struct tide_position *kept);
/** All tables are done: tell it the destination, where that matters. */
TIDE_MUST_CHECK
int tide_round_end(struct tide_engine *engine, struct tide_error *err);
/** Commit a position (NULL: none) and no rows. */
TIDE_MUST_CHECK
int tide_flow_commit_position(struct tide_flow *flow, const char *position,
                              struct tide_error *err);
/** Whether only what is new since the last run is read, not the whole table. */
bool tide_flow_is_incremental(const struct tide_flow *flow);

/* ---- what all threads use -----------------------------------------------------------*/

/** Stop all threads because of an error; the first real one is kept. */
void tide_flow_fail(struct tide_flow *flow, const struct tide_error *err);
/** Whether it was stopped, by a failure or by whoever started the run. */
bool tide_flow_is_stopped(struct tide_flow *flow);
struct tide_ledger *tide_flow_ledger(struct tide_flow *flow);
void tide_flow_count(struct tide_flow *flow, int step, int64_t passed, int64_t failed);

/** Say which table it is, once it is open. */
void tide_flow_tell_table(const struct tide_flow *flow);
/** Reject what is described; note->table is filled in.  TIDE_E_LIMIT: the run ends of it,
 * and the flow knows why. */
TIDE_MUST_CHECK
int tide_flow_reject(struct tide_flow *flow, const struct tide_reject_note *note);
/** Reject a row of a batch at a step; scratch is the calling thread's. */
TIDE_MUST_CHECK
int tide_flow_reject_row(struct tide_flow *flow, int step, const struct tide_batch *batch,
                         const struct tide_schema *schema, int64_t row, const char *code,
                         const char *message, struct tide_text *scratch);

#endif
