/*
 * sqlite - the store in one SQLite file: what the files of this backend share.
 *
 * Statements are prepared once and found again by the address of their text, which is a
 * constant.  Nothing here is safe for two threads at a time.
 *
 * Layer: inside scheduler/store.
 */
#ifndef TIDE_STORE_SQLITE_H
#define TIDE_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/backend.h"

#define TIDE_SQLITE_STATEMENTS 96

struct tide_sqlite {
    struct tide_backend backend;
    sqlite3 *db;
    char *path;
    int lock; /**< the lock file, held while we live */
    struct {
        const char *sql;
        sqlite3_stmt *statement;
    } cache[TIDE_SQLITE_STATEMENTS];
    size_t cached;
};

/* ---- statements (sqlite_query.c) ----------------------------------------------------*/

/** What is bound to ?1, ?2, …; a list ends with a zeroed one. */
struct tide_sql_value {
    enum { TIDE_SQL_END, TIDE_SQL_INT, TIDE_SQL_TEXT, TIDE_SQL_BLOB } type;
    int64_t integer; /**< the number, or the length of the blob */
    const void *bytes;
};
#define SQL_INT(value_)                                                                  \
    ((struct tide_sql_value){.type = TIDE_SQL_INT, .integer = (value_)})
/** NULL is bound as null. */
#define SQL_TEXT(value_)                                                                 \
    ((struct tide_sql_value){.type = TIDE_SQL_TEXT, .bytes = (value_)})
#define SQL_BLOB(value_, length_)                                                        \
    ((struct tide_sql_value){                                                            \
        .type = TIDE_SQL_BLOB, .bytes = (value_), .integer = (length_)})
#define SQL_VALUES(...) ((const struct tide_sql_value[]){__VA_ARGS__, {0}})

/** Describe the last failure of the database. */
TIDE_MUST_CHECK
int tide_sql_failed(struct tide_sqlite *sqlite, struct tide_error *err);
/** Several statements without values or rows. */
TIDE_MUST_CHECK
int tide_sql_script(struct tide_sqlite *sqlite, const char *sql, struct tide_error *err);
/** Prepare and bind; values are borrowed until the statement ends. sql is a constant. */
TIDE_MUST_CHECK
int tide_sql_query(struct tide_sqlite *sqlite, const char *sql,
                   const struct tide_sql_value *values, sqlite3_stmt **out,
                   struct tide_error *err);
/** TIDE_OK: a row is there; TIDE_END: no more.  Ends the statement unless TIDE_OK. */
TIDE_MUST_CHECK
int tide_sql_next(struct tide_sqlite *sqlite, sqlite3_stmt *statement,
                  struct tide_error *err);
/** End a statement of which no more rows are wanted. */
void tide_sql_end(sqlite3_stmt *statement);
/** Query, and run to the end. */
int tide_sql_run(struct tide_sqlite *sqlite, const char *sql,
                 const struct tide_sql_value *values, struct tide_error *err);
/** The one number that a query gives; TIDE_END when it gives no row. */
TIDE_MUST_CHECK
int tide_sql_number(struct tide_sqlite *sqlite, const char *sql,
                    const struct tide_sql_value *values, int64_t *out,
                    struct tide_error *err);

/** Reads the columns of a row from left to right; zero `column` for each row. */
struct tide_sql_row {
    sqlite3_stmt *statement;
    struct tide_arena *arena;
    int column;
};
int64_t tide_sql_take_int(struct tide_sql_row *row);
/** A copy in the arena; NULL for null. */
const char *tide_sql_take_text(struct tide_sql_row *row);

/** Room for one more item of a list that grows in the arena: the items where they are, or
 * a copy of them; for lists that begin with NULL and 0. */
void *tide_sql_more(struct tide_arena *arena, void *items, size_t count, size_t size);

/** A positive 31-bit number that `exists` (a query of one value) does not find. */
TIDE_MUST_CHECK
int tide_sql_new_id(struct tide_sqlite *sqlite, const char *exists, int64_t *out,
                    struct tide_error *err);

/* ---- schema (sqlite_schema.c) -------------------------------------------------------*/

/** The scripts that take the schema from version i to i + 1. */
extern const char *const tide_sqlite_migrations[];
extern const int64_t tide_sqlite_migration_count;
/** Bring the database to the last version, each step one transaction. TIDE_E_CONFIG when
 * it is beyond. */
TIDE_MUST_CHECK
int tide_sqlite_migrate(struct tide_sqlite *sqlite, const char *const *migrations,
                        int64_t count, struct tide_error *err);

/* ---- the statements of the store, by what they are about ----------------------------*/

TIDE_MUST_CHECK
int tide_sqlite_start(struct tide_backend *backend, const char *key_file,
                      struct tide_store_opening *opening, struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_key_find(struct tide_backend *backend, const uint8_t *hash,
                         struct tide_arena *arena, struct tide_key_record *key,
                         struct tide_error *err);

/** The slot after now; 0: never. */
int64_t tide_sqlite_first_due(const char *uid, bool enabled, int64_t minutes,
                              int64_t now);
TIDE_MUST_CHECK
int tide_sqlite_pipeline_create(struct tide_backend *backend,
                                const struct tide_pipeline_new *new_pipeline,
                                struct tide_arena *arena,
                                struct tide_pipeline_record *pipeline,
                                struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_pipeline_get(struct tide_backend *backend,
                             const struct tide_pipeline_ref *ref,
                             struct tide_arena *arena,
                             struct tide_pipeline_record *pipeline,
                             struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_pipeline_list(struct tide_backend *backend,
                              const struct tide_pipeline_filter *filter,
                              struct tide_arena *arena, struct tide_pipeline_list *list,
                              struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_pipelines_due(struct tide_backend *backend, struct tide_arena *arena,
                              struct tide_pipeline_list *list, struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_pipeline_replace(struct tide_backend *backend,
                                 const struct tide_pipeline_ref *ref,
                                 const struct tide_pipeline_change *change,
                                 struct tide_arena *arena,
                                 struct tide_pipeline_record *pipeline,
                                 struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_pipeline_enable(struct tide_backend *backend,
                                const struct tide_pipeline_ref *ref, bool enabled,
                                struct tide_arena *arena,
                                struct tide_pipeline_record *pipeline,
                                struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_pipeline_period(struct tide_backend *backend,
                                const struct tide_pipeline_ref *ref, int64_t minutes,
                                struct tide_arena *arena,
                                struct tide_pipeline_record *pipeline,
                                struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_pipeline_mode(struct tide_backend *backend,
                              const struct tide_pipeline_ref *ref,
                              enum tide_destination_mode mode, struct tide_arena *arena,
                              struct tide_pipeline_record *pipeline,
                              struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_pipeline_archive(struct tide_backend *backend,
                                 const struct tide_pipeline_ref *ref,
                                 struct tide_arena *arena,
                                 struct tide_pipeline_record *pipeline,
                                 struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_pipeline_delete(struct tide_backend *backend,
                                const struct tide_pipeline_ref *ref,
                                struct tide_arena *arena,
                                struct tide_pipeline_record *pipeline,
                                struct tide_error *err);

/** A row of the table of runs, as it is inserted. */
struct tide_sqlite_run {
    int64_t pipeline;
    enum tide_trigger trigger;
    int64_t slot; /**< 0: none */
    int64_t slot_count;
    int incremental;
    enum tide_run_state state; /**< queued or skipped */
    int64_t definition_version;
    const char *error; /**< of a skipped one: the reason */
    int64_t replay_of;
    bool replay_again;
};
/** TIDE_END when the pipeline has a run of that slot already. */
TIDE_MUST_CHECK
int tide_sqlite_run_insert(struct tide_sqlite *sqlite, const struct tide_sqlite_run *run,
                           int64_t *id, struct tide_error *err);
/** Whether a pipeline has queued and running runs. */
TIDE_MUST_CHECK
int tide_sqlite_run_live(struct tide_sqlite *sqlite, int64_t pipeline, int64_t *queued,
                         int64_t *running, struct tide_error *err);
/** Count runs that have got a final state. */
TIDE_MUST_CHECK
int tide_sqlite_run_count(struct tide_sqlite *sqlite, enum tide_run_state state,
                          int64_t count, struct tide_error *err);

TIDE_MUST_CHECK
int tide_sqlite_run_create(struct tide_backend *backend,
                           const struct tide_run_new *new_run, struct tide_arena *arena,
                           enum tide_run_refusal *refusal, struct tide_run_record *run,
                           struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_run_replay(struct tide_backend *backend, int64_t workspace, int64_t id,
                           bool again, struct tide_arena *arena,
                           enum tide_run_refusal *refusal, struct tide_run_record *run,
                           struct tide_replay_counts *counts, struct tide_error *err);
/** The job of a run that is a replay, in the arena; else *out is NULL. */
TIDE_MUST_CHECK
int tide_sqlite_replay_job(struct tide_sqlite *sqlite, int64_t run,
                           struct tide_arena *arena, const char **out,
                           struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_run_get(struct tide_backend *backend, int64_t workspace, int64_t id,
                        struct tide_arena *arena, struct tide_run_record *run,
                        struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_run_list(struct tide_backend *backend,
                         const struct tide_run_filter *filter, struct tide_arena *arena,
                         struct tide_run_list *list, struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_run_start(struct tide_backend *backend, int64_t id,
                          struct tide_arena *arena, struct tide_run_record *run,
                          struct tide_run_job *job, struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_run_finish(struct tide_backend *backend, int64_t id,
                           const struct tide_run_end *end, struct tide_arena *arena,
                           struct tide_run_record *run, struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_run_prune(struct tide_backend *backend, int64_t before, int64_t keep,
                          int64_t *count, struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_position_set(struct tide_backend *backend, int64_t run, const char *table,
                             const char *position, struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_slot_claim(struct tide_backend *backend,
                           const struct tide_slot_claim *claim, struct tide_arena *arena,
                           struct tide_slot_claimed *claimed, struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_rejects_add(struct tide_backend *backend, int64_t run,
                            const struct tide_reject_list *rejects,
                            struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_rejects_settle(struct tide_backend *backend, int64_t run,
                               const char *table, const int64_t *ordinals, size_t count,
                               struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_rejects_list(struct tide_backend *backend, int64_t workspace, int64_t run,
                             int64_t after, int64_t limit, struct tide_arena *arena,
                             struct tide_reject_list *list, struct tide_error *err);
TIDE_MUST_CHECK
int tide_sqlite_totals(struct tide_backend *backend, struct tide_arena *arena,
                       struct tide_store_totals *totals, struct tide_error *err);

#endif
