/*
 * rejects - the rows a run could not take: counted all, kept some, and when they are too
 * many the end of the run.
 *
 * A row that a run rejected and that the next run reads again, because the run was
 * interrupted before a commit covered it, must be told from one that is not: the rejects
 * of a table that has checkpoints are told of with the checkpoint that covers them, or
 * when the table is done with: in front of the commit, that a run killed in it loses
 * none, and behind it as committed.
 *
 * Threads: all functions may be called on any thread of the run.
 */
#ifndef TIDE_RUN_REJECTS_H
#define TIDE_RUN_REJECTS_H

#include <json-c/json.h>

#include "pipeline/pipeline.h"
#include "pipeline/worker.h"

/** What a run allows.  All is borrowed for the life of the rejects. */
struct tide_reject_policy {
    bool is_first_fatal;              /**< on_error: fail */
    int64_t max_count;                /**< or -1 */
    double max_share;                 /**< or -1 */
    int64_t keep_count, keep_bytes;   /**< how much is kept; bytes are about right */
    const struct tide_ledger *ledger; /**< for the share: rows received so far */
    const char *const *secrets;       /**< texts to blank, ended by NULL, or NULL */
    void (*emit)(void *arg, struct json_object *event); /**< borrows the event */
    void *emit_arg;
};

/** One row.  Everything is borrowed for the call. */
struct tide_reject_note {
    const char *table;
    int step;
    const char *code, *message;
    const char *origin; /**< or NULL */
    int64_t position;   /**< 0: unknown */
    const char *row;    /**< JSON of row_length bytes, or NULL */
    size_t row_length;
    const char *raw; /**< bytes as received, or NULL */
    size_t raw_length;
    int64_t parcel;     /**< with which it is covered by a checkpoint; 0: none is made */
    bool is_held;       /**< it is told of when that is released, and not at once */
    const char *replay; /**< what a replay wants to know beside the row or the bytes, or
                           NULL; kept with them when they are kept whole */
};

struct tide_rejects;

struct tide_rejects *tide_rejects_create(const struct tide_reject_policy *policy);
void tide_rejects_destroy(struct tide_rejects *rejects);

/** Whether the next one is still kept: else its row need not be written down. */
bool tide_rejects_keeps(struct tide_rejects *rejects);
/** Count and perhaps keep a row.  TIDE_E_DATA when the run must end of it. */
TIDE_MUST_CHECK
int tide_rejects_take(struct tide_rejects *rejects, const struct tide_reject_note *note,
                      struct tide_error *err);
/** Tell of those that were kept for a parcel up to this one; how many they were. */
size_t tide_rejects_release(struct tide_rejects *rejects, int64_t parcel);
#define TIDE_REJECTS_ALL INT64_MAX
/** How many came with a parcel up to this one; it never shrinks from call to call. */
int64_t tide_rejects_covered(struct tide_rejects *rejects, int64_t parcel);
/** So many were counted by earlier runs of the load that is resumed, of so many rows that
 * they received: max_rejects holds for all. */
void tide_rejects_recall(struct tide_rejects *rejects, int64_t count, int64_t received);
/** Before the end: TIDE_E_DATA when there are too many bad rows. */
TIDE_MUST_CHECK
int tide_rejects_judge(struct tide_rejects *rejects, struct tide_error *err);
void tide_rejects_counts(struct tide_rejects *rejects, int64_t *kept, int64_t *dropped);

#endif
