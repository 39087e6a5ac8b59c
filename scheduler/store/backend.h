/*
 * backend - what a database must do to be the store: transactions, and the statements.
 *
 * SQLite implements it (sqlite*.c).  A backend is used by one thread at a time: by the
 * opening one until tide_store_open() returns, then by the thread of the store.
 *
 * Layer: inside scheduler/store.
 */
#ifndef TIDE_STORE_BACKEND_H
#define TIDE_STORE_BACKEND_H

#include "base/memory.h"
#include "store/store.h"

struct tide_backend;

struct tide_pipeline_list {
    struct tide_pipeline_record *items;
    size_t count;
};
struct tide_run_list {
    struct tide_run_record *items;
    size_t count;
};
struct tide_reject_list {
    struct tide_reject_record *items;
    size_t count;
};

/** The statements.  Each is executed inside a transaction; results live in the arena; on
 * failure outputs are of no meaning and the caller rolls back. */
struct tide_backend_ops {
    void (*close)(struct tide_backend *backend);

    int (*begin)(struct tide_backend *backend, bool writes, struct tide_error *err);
    int (*commit)(struct tide_backend *backend, struct tide_error *err);
    void (*rollback)(struct tide_backend *backend);
    /** A savepoint around one command... */
    int (*enter)(struct tide_backend *backend, struct tide_error *err);
    /** ...and its end: keep what was done since, or undo it.  A failure means that the
     * whole transaction is lost. */
    int (*leave)(struct tide_backend *backend, bool keep, struct tide_error *err);

    /** First start: workspace and key.  Each start: interrupt, count the queued. */
    int (*start)(struct tide_backend *backend, const char *key_file,
                 struct tide_store_opening *opening, struct tide_error *err);
    int (*key_find)(struct tide_backend *backend, const uint8_t *hash,
                    struct tide_arena *arena, struct tide_key_record *key,
                    struct tide_error *err);

    int (*pipeline_create)(struct tide_backend *backend,
                           const struct tide_pipeline_new *new_pipeline,
                           struct tide_arena *arena,
                           struct tide_pipeline_record *pipeline, struct tide_error *err);
    int (*pipeline_get)(struct tide_backend *backend, const struct tide_pipeline_ref *ref,
                        struct tide_arena *arena, struct tide_pipeline_record *pipeline,
                        struct tide_error *err);
    int (*pipeline_list)(struct tide_backend *backend,
                         const struct tide_pipeline_filter *filter,
                         struct tide_arena *arena, struct tide_pipeline_list *list,
                         struct tide_error *err);
    int (*pipelines_due)(struct tide_backend *backend, struct tide_arena *arena,
                         struct tide_pipeline_list *list, struct tide_error *err);
    int (*pipeline_replace)(struct tide_backend *backend,
                            const struct tide_pipeline_ref *ref,
                            const struct tide_pipeline_change *change,
                            struct tide_arena *arena,
                            struct tide_pipeline_record *pipeline,
                            struct tide_error *err);
    int (*pipeline_enable)(struct tide_backend *backend,
                           const struct tide_pipeline_ref *ref, bool enabled,
                           struct tide_arena *arena,
                           struct tide_pipeline_record *pipeline, struct tide_error *err);
    int (*pipeline_period)(struct tide_backend *backend,
                           const struct tide_pipeline_ref *ref, int64_t minutes,
                           struct tide_arena *arena,
                           struct tide_pipeline_record *pipeline, struct tide_error *err);
    int (*pipeline_mode)(struct tide_backend *backend,
                         const struct tide_pipeline_ref *ref,
                         enum tide_destination_mode mode, struct tide_arena *arena,
                         struct tide_pipeline_record *pipeline, struct tide_error *err);
    int (*pipeline_archive)(struct tide_backend *backend,
                            const struct tide_pipeline_ref *ref, struct tide_arena *arena,
                            struct tide_pipeline_record *pipeline,
                            struct tide_error *err);
    int (*pipeline_delete)(struct tide_backend *backend,
                           const struct tide_pipeline_ref *ref, struct tide_arena *arena,
                           struct tide_pipeline_record *pipeline, struct tide_error *err);

    int (*run_create)(struct tide_backend *backend, const struct tide_run_new *new_run,
                      struct tide_arena *arena, enum tide_run_refusal *refusal,
                      struct tide_run_record *run, struct tide_error *err);
    /** Like run_create; counts are filled unless it fails. */
    int (*run_replay)(struct tide_backend *backend, int64_t workspace, int64_t id,
                      bool again, struct tide_arena *arena,
                      enum tide_run_refusal *refusal, struct tide_run_record *run,
                      struct tide_replay_counts *counts, struct tide_error *err);
    int (*run_get)(struct tide_backend *backend, int64_t workspace, int64_t id,
                   struct tide_arena *arena, struct tide_run_record *run,
                   struct tide_error *err);
    int (*run_list)(struct tide_backend *backend, const struct tide_run_filter *filter,
                    struct tide_arena *arena, struct tide_run_list *list,
                    struct tide_error *err);
    int (*run_start)(struct tide_backend *backend, int64_t id, struct tide_arena *arena,
                     struct tide_run_record *run, struct tide_run_job *job,
                     struct tide_error *err);
    int (*run_finish)(struct tide_backend *backend, int64_t id,
                      const struct tide_run_end *end, struct tide_arena *arena,
                      struct tide_run_record *run, struct tide_error *err);
    int (*run_prune)(struct tide_backend *backend, int64_t before, int64_t keep,
                     int64_t *count, struct tide_error *err);
    int (*position_set)(struct tide_backend *backend, int64_t run, const char *table,
                        const char *position, struct tide_error *err);

    int (*slot_claim)(struct tide_backend *backend, const struct tide_slot_claim *claim,
                      struct tide_arena *arena, struct tide_slot_claimed *claimed,
                      struct tide_error *err);

    int (*rejects_add)(struct tide_backend *backend, int64_t run,
                       const struct tide_reject_list *rejects, struct tide_error *err);
    int (*rejects_settle)(struct tide_backend *backend, int64_t run, const char *table,
                          const int64_t *ordinals, size_t count, struct tide_error *err);
    int (*rejects_list)(struct tide_backend *backend, int64_t workspace, int64_t run,
                        int64_t after, int64_t limit, struct tide_arena *arena,
                        struct tide_reject_list *list, struct tide_error *err);

    int (*totals)(struct tide_backend *backend, struct tide_arena *arena,
                  struct tide_store_totals *totals, struct tide_error *err);
};

/** The first member of each backend. */
struct tide_backend {
    const struct tide_backend_ops *ops;
    int64_t now; /**< the time at which the present command was queued */
};

/** Open folder/tidemill.db; see tide_store_open() for what is refused. */
TIDE_MUST_CHECK
int tide_sqlite_open(const char *folder, struct tide_backend **out,
                     struct tide_error *err);

#endif
