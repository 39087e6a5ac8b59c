/*
 * plugin - what a plugin is to the host: one exported constant, tide_plugin_entry.
 *
 * A plugin is a shared object that exports that constant and nothing else.  It calls only
 * libc, its own library and the host table that it is handed; it never names a function
 * of the host.  The first two members of the entry are fixed for ever; members are only
 * ever appended, to the entry and to every struct below that has a `size`, which says how
 * many there are.  struct tide_reject and struct tide_span have none: they never change.
 *
 *     TIDE_PLUGIN_ENTRY = {
 *         TIDE_PLUGIN_HEAD(TIDE_KIND_TRANSFORM, "upper", "1.0", "Upper-cases a column."),
 *         .options = upper_options,
 *         .options_size = sizeof(struct upper),
 *         .transform = &upper_transform,
 *     };
 *
 * States: open() or bind() sets *state.  The host calls close() once whenever *state is
 * not NULL, also after open() or bind() has failed: a function that fails either releases
 * everything and leaves *state NULL, or sets *state and leaves the rest to close().  The
 * same holds for decoder_open, encoder_open, read_open and write_open.
 *
 * Threads: one state is used by one thread at a time; source, transforms and destination
 * of a run may be on different threads.  Nothing is ever dlclosed.
 */
#ifndef TIDEMILL_PLUGIN_H
#define TIDEMILL_PLUGIN_H

#include <tidemill/arrow.h>
#include <tidemill/batch.h>
#include <tidemill/builder.h>
#include <tidemill/error.h>
#include <tidemill/option.h>
#include <tidemill/schema.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of this binary interface.  A plugin of another one is refused with a
 * message, before any call. */
#define TIDE_ABI 1

enum tide_plugin_kind {
    TIDE_KIND_SOURCE = 1,
    TIDE_KIND_TRANSFORM = 2,
    TIDE_KIND_DESTINATION = 3,
    TIDE_KIND_FORMAT = 4,
    TIDE_KIND_STORAGE = 5
};

enum tide_log_level {
    TIDE_LOG_DEBUG = 0,
    TIDE_LOG_INFO = 1,
    TIDE_LOG_WARNING = 2,
    TIDE_LOG_ERROR = 3
};

/* ---- the host -----------------------------------------------------------------------*/

/** A row that never became one: a malformed line, an undecodable value.  All pointers are
 * borrowed for the call. */
struct tide_reject {
    const char *code;    /**< a short word: "ragged_row", "invalid_utf8" */
    const char *message; /**< what is wrong with it */
    const char *origin;  /**< file or table it came from, or NULL */
    int64_t position;    /**< line, row or offset within the origin, from 1; 0: unknown */
    const char *raw;     /**< the bytes as received, or NULL; the host cuts and escapes */
    size_t raw_length;
};

/**
 * What the host offers a plugin.  Owned by the host; lives longer than the plugin's
 * state.  Its functions may be called only on the thread that is inside a call to the
 * plugin.
 */
struct tide_host {
    uint32_t abi;
    uint32_t size;
    void *context; /**< the host's own */

    /** Write to the run's log.  One line, no secrets. */
    void (*log)(const struct tide_host *host, int level, const char *message);
    /** Microseconds since 1970-01-01 UTC. */
    int64_t (*now)(const struct tide_host *host);
    /** Whether the run was asked to stop; who is busy for long asks now and then. */
    bool (*cancelled)(const struct tide_host *host);
    /** Reserved: the value of a secret by name, borrowed until the state is closed.  For
     * now the answer is always NULL; a secret comes as an option marked `secret`. */
    const char *(*secret)(const struct tide_host *host, const char *name);
    /** Source and format: count a row as failed at "receive" and keep it.  TIDE_E_LIMIT
     * when the run may take no more. */
    int (*reject)(const struct tide_host *host, const struct tide_reject *reject);
    /**
     * Transform and destination: this row of the batch in hand is refused, or of those
     * that are lent, counted through all of them (see tide_destination.settle).  To be
     * called before the batch is changed; the row's values are kept as they stand.  The
     * host takes the row out afterwards: the plugin leaves its place filled with
     * anything. TIDE_E_LIMIT when the run may take no more.
     */
    int (*reject_row)(const struct tide_host *host, int64_t row, const char *code,
                      const char *message);
    /** Zeroed memory within the run's limit, to be released with free(); NULL when it is
     * out. */
    void *(*allocate)(const struct tide_host *host, size_t size);
};

/* ---- sources ------------------------------------------------------------------------*/

/** What a run wants of one table.  Borrowed by open() for the life of the state. */
struct tide_source_request {
    uint32_t size;
    int64_t batch_rows;  /**< at most so many rows a batch */
    int64_t batch_bytes; /**< about so many bytes a batch; one row may be longer */
    const char *table;   /**< as the source calls it */
    const char *cursor;  /**< column that makes the table incremental, or NULL */
    /** Where the last committed run ended, or the last checkpoint of an interrupted one;
     * NULL: from the start.  The text is the source's own, from position(), and must tell
     * the source which of the two it is. */
    const char *position;

    /* Hints: the host checks and casts the columns declared, and drops those that are not
     * wanted, by itself. */
    const struct tide_schema *declared; /**< columns whose type the user declared */
    const char *const *include;         /**< columns wanted, ended by NULL; NULL: all */
    const char *const *exclude;         /**< columns not wanted, ended by NULL, or NULL */
    int64_t row_limit; /**< more rows than this will not be used; 0: no limit */

    /** A row that comes again does no harm: it is merged by its key.  Else the source
     * leaves a row to the next run rather than give it twice. */
    bool may_repeat;
    /** A position after every batch will be asked for, and kept with its rows at a
     * checkpoint.  Else only the position at the end counts, and the source may read in
     * the cheapest way.  A host that does not know this member leaves it false. */
    bool checkpoints;
    /** The table is replaced, and `position` is the checkpoint of an interrupted load.
     * The load may resume only if the rows in front of that position are still exactly
     * those that were read.  If they are not, or the source cannot know, open() fails
     * with TIDE_E_CONFLICT, and the host starts over.  Set only for a TIDE_SOURCE_EXACT;
     * a host that does not know this member leaves it false. */
    bool exact;
};

/** Called by discover for each table; the schema is borrowed for the call.  When the
 * result is below zero, discover stops and returns that code; it need not fill err. */
typedef int (*tide_discover_fn)(void *arg, const char *table,
                                const struct tide_schema *schema);

/** Bits of tide_source.flags. */
enum tide_source_flag {
    /** Honours cursor and position. */
    TIDE_SOURCE_INCREMENTAL = 1,
    /** Has a position after every batch, and resumes there after an interrupted run, with
     * or without a cursor. */
    TIDE_SOURCE_RESUMABLE = 2,
    /** With a cursor, rows come in its ascending order. */
    TIDE_SOURCE_ORDERED = 4,
    /** With a cursor, rows committed late are read by the next run, wherever their cursor
     * is; unless an option `incremental` is "cursor". */
    TIDE_SOURCE_SEES_LATE = 8,
    /** Honours `exact`: tells when rows that it read were changed or deleted since. */
    TIDE_SOURCE_EXACT = 16,
    /** Its tables have no primary keys, so that a merge has to name its key. */
    TIDE_SOURCE_KEYLESS = 32
};

struct tide_source {
    uint32_t size;
    uint32_t flags;
    /** List tables and their columns.  May be NULL. */
    int (*discover)(const void *options, const struct tide_host *host,
                    tide_discover_fn emit, void *arg, struct tide_error *err);
    /** Open one table: create *state and fill schema (empty on entry) with its
     * columns. */
    int (*open)(const void *options, const struct tide_source_request *request,
                const struct tide_host *host, void **state, struct tide_schema *schema,
                struct tide_error *err);
    /**
     * Fill an empty batch whose children match the schema.  TIDE_OK: a batch, with or
     * without rows.  TIDE_END: no rows are left and batch stays empty.
     */
    int (*read)(void *state, struct tide_batch *batch, struct tide_error *err);
    /**
     * The position after the last batch read, in the source's own words; NULL: none.
     * After TIDE_END it is where the next run begins: NULL for one that begins at the
     * start.  Borrowed until the next call.  The function itself may be NULL when the
     * source is neither TIDE_SOURCE_INCREMENTAL nor TIDE_SOURCE_RESUMABLE.
     */
    const char *(*position)(void *state);
    /** The destination has durably taken all rows up to position.  May be NULL. */
    int (*acknowledge)(void *state, const char *position, struct tide_error *err);
    /** Release everything.  state may be NULL. */
    void (*close)(void *state);

    /**
     * Make a row of bytes that this source, or an older one, rejected in another run: its
     * reject with origin, position and all of raw; code and message are NULL.  TIDE_OK:
     * the batch (empty before) has it, or it was rejected again.  Called between open and
     * close, and then read is not.  May be NULL: rows that were rejected at "receive"
     * cannot be replayed.
     */
    int (*again)(void *state, const struct tide_reject *reject, struct tide_batch *batch,
                 struct tide_error *err);
    /**
     * Nobody will look at the values of these columns, given by their places in the
     * schema in ascending order; never all of them.  Batches keep their form: there may
     * be nulls in them, also where a column is required, or anything else that costs
     * little.  A row is not rejected for such a value.  Called once, between open and the
     * first read, or not at all.  May be NULL.
     */
    int (*leave_out)(void *state, const size_t *columns, size_t count,
                     struct tide_error *err);
    /**
     * Whether no rows are left, so that the next read would answer TIDE_END at once; false
     * where only that read can know.  Called after a read that returned TIDE_OK; a run
     * that is over so early is not divided among threads.  May be NULL.
     */
    bool (*at_end)(void *state);
};

/* ---- transforms ---------------------------------------------------------------------*/

/** Bits of tide_transform.flags. */
enum tide_transform_flag {
    /** Columns keep their values and their order: some are left out, or get other names.
     * It does not look at values and rejects no row, so that those of a column it leaves
     * out need not be there. */
    TIDE_TRANSFORM_COLUMNS_ALONE = 1,
    /** bind() marks the columns whose values it will change TIDE_COLUMN_REWRITTEN.  Of a
     * transform with neither of the two flags it may be any. */
    TIDE_TRANSFORM_MARKS = 2
};

struct tide_transform {
    uint32_t size;
    uint32_t flags;
    /** Learn the schema that comes in, and change it into the one that goes out. */
    int (*bind)(const void *options, const struct tide_host *host,
                struct tide_schema *schema, void **state, struct tide_error *err);
    /**
     * Change a batch of the bound schema in place: as many rows come out as went in, in
     * the same order.  A row that cannot be handled goes to host->reject_row; a failure
     * returned here ends the run.
     */
    int (*apply)(void *state, struct tide_batch *batch, struct tide_error *err);
    void (*close)(void *state);
};

/* ---- destinations -------------------------------------------------------------------*/

enum tide_mode { TIDE_MODE_APPEND = 1, TIDE_MODE_REPLACE = 2, TIDE_MODE_MERGE = 3 };

/** Bits of tide_destination.flags. */
enum tide_destination_flag {
    TIDE_DESTINATION_APPEND = 1,
    TIDE_DESTINATION_REPLACE = 2,
    TIDE_DESTINATION_MERGE = 4,
    /** Rows and position are committed together, or neither. */
    TIDE_DESTINATION_TRANSACTIONAL = 8,
    /** The source of the same name reads with the same options what this wrote. */
    TIDE_DESTINATION_READABLE = 16,
    /** What one commit publishes appears at once, or not at all.  No checkpoints are made
     * unless it is TIDE_DESTINATION_TRANSACTIONAL, too, or appends with an option
     * `part_size`. */
    TIDE_DESTINATION_ATOMIC = 64,
    /** May make checkpoints of a replacing load, too: its rows are staged, unseen, until
     * the final commit; needs resume(). */
    TIDE_DESTINATION_STAGES = 128
};

/** What a run brings to one table.  Borrowed by open() for the life of the state. */
struct tide_destination_request {
    uint32_t size;
    int32_t mode;                     /**< an enum tide_mode the destination declared */
    const char *table;                /**< as the destination calls it */
    const struct tide_schema *schema; /**< the columns that come */
    const char *const *key;           /**< for merge: column names, ended by NULL */
    const char *cursor;   /**< for merge: tells the later of two rows of a key, or NULL */
    const char *pipeline; /**< stable name of pipeline and table: a position's own name */
    const char *run;      /**< id of this run: names staging tables and temporary files */
    int64_t started_at;   /**< of the run, microseconds UTC: for placeholders in names */
    /** The same as `pipeline`, but with the pipeline's readable name, which may change.
     * In a run without the daemon both are equal.  A position that was kept under one of
     * them is found under the other; NULL: there is no name. */
    const char *name;
    /** commit() will be asked for checkpoints.  A host that does not know this member
     * leaves it false, and so it does not for a replacing load. */
    bool checkpoints;
    bool lends; /**< what write() is given stays until settle() */
};

/**
 * One table of one run.  Order: open, (write*, commit)*, close; the last commit is the
 * final one.  What was written and not committed by the time of close leaves no trace.
 */
struct tide_destination {
    uint32_t size;
    uint32_t flags;
    /** List tables and their columns.  May be NULL. */
    int (*discover)(const void *options, const struct tide_host *host,
                    tide_discover_fn emit, void *arg, struct tide_error *err);
    /**
     * Prepare the table.  accepted (empty on entry) is filled with the columns as the
     * destination takes them, in the order and under the names of request->schema: the
     * host casts and checks each value to that type, length and nullability before write.
     * *position is the one last committed for request->pipeline, malloc'ed, or NULL.
     */
    int (*open)(const void *options, const struct tide_destination_request *request,
                const struct tide_host *host, void **state, struct tide_schema *accepted,
                char **position, struct tide_error *err);
    /**
     * Take a batch of the accepted schema, borrowed for the call, or longer where
     * request->lends.  TIDE_E_DATA: some row is bad and none of the batch was taken; the
     * host then splits it.  A single row may be refused with host->reject_row instead.
     */
    int (*write)(void *state, const struct tide_batch *batch, struct tide_error *err);
    /**
     * Make durable all that was written, with the position in the same transaction where
     * there are transactions.  final: nothing more comes; a replacing load becomes
     * visible now, and a NULL position means that the next run begins at the start: what
     * is kept from before is forgotten.  Not final is a checkpoint, and its position is
     * never NULL: TIDE_OK says that rows and position are durable together and that the
     * next open tells that position; TIDE_MORE says that nothing was committed and all
     * waits for the final commit.  In a replacing load, what a checkpoint made durable
     * is seen by nobody before the final commit.
     */
    int (*commit)(void *state, const char *position, bool final, struct tide_error *err);
    void (*close)(void *state);
    /** The table as the source of the same name is asked for it, borrowed until the next
     * call; NULL: as it is called in the request.  Between resume() and the final commit
     * it is where the rows of the load are.  May be NULL. */
    const char *(*location)(void *state);
    /** Whether somebody else has recreated the table since the position that open()
     * returned was committed.  Answered from what open() has learned, without a query.
     * May be NULL: no. */
    bool (*is_remade)(void *state);
    /** Whether the table has no row, as others see it; called in front of the first
     * write.  May be NULL: not known, and taken for no. */
    int (*is_empty)(void *state, bool *is_empty, struct tide_error *err);
    /** Of TIDE_DESTINATION_STAGES: a replacing load resumes at the position that open()
     * returned, behind the rows of its checkpoints; called before the first write.  When
     * it is not called the load starts over, and the staged rows are dropped. */
    int (*resume)(void *state, struct tide_error *err);
    /**
     * Decide all rows that write() has left undecided.  For a destination to which a
     * batch costs much by itself: where request->lends, a batch that write() took is lent
     * on, as it is, until settle() has returned.  Up to then each row of the batches lent
     * can be refused: host->reject_row counts from the first row of the first of them.
     * The host calls it when many rows are lent, when none come for a while, and in front
     * of each commit; where the run ends without, they are gone by the time of close().
     * TIDE_E_DATA is no answer here, nor of write() where batches are lent.  May be NULL:
     * write() decides.
     */
    int (*settle)(void *state, struct tide_error *err);
    /**
     * Tell which table a request means, however it is spelled there: two tables of a run
     * that are told the same are one, and nothing is written.  The request has no schema
     * and no key.  *identity is malloc'ed.  Nothing outside is touched; a name that is
     * wrong is refused by open() alone.  May be NULL: what is spelled differently
     * differs.
     */
    int (*identify)(const void *options, const struct tide_destination_request *request,
                    char **identity, struct tide_error *err);
};

/* ---- formats: bytes to rows and back ------------------------------------------------*/

/** A stretch of a file.  The 64 bytes behind data + length are readable. */
struct tide_span {
    const uint8_t *data;
    size_t length;
    bool last; /**< the file ends here */
};

/** What a decoder needs to know.  Borrowed for the life of the state. */
struct tide_decoder_request {
    uint32_t size;
    int64_t batch_rows, batch_bytes;
    const char *origin;                 /**< the file's name, for rejects */
    const struct tide_schema *declared; /**< declared types, a hint; may be NULL */
    /** Columns that the files before this one gave the table: a format that infers
     * columns keeps to them, one that reads them from the file need not look.  NULL: this
     * is the first. */
    const struct tide_schema *table;
};

struct tide_format {
    uint32_t size;
    uint32_t flags;
    const char *extension; /**< of the files it makes, "csv" */

    int (*decoder_open)(const void *options, const struct tide_decoder_request *request,
                        const struct tide_host *host, void **state,
                        struct tide_error *err);
    /**
     * Find the columns from the beginning of the file; consumes nothing.  TIDE_MORE: a
     * longer stretch is needed (never when sample->last).  Called once, before decode; an
     * empty file gives an empty schema.
     */
    int (*decoder_schema)(void *state, const struct tide_span *sample,
                          struct tide_schema *schema, struct tide_error *err);
    /**
     * Take rows from the front of span into an empty batch, up to the batch's bounds;
     * *consumed says how many bytes are done with.  TIDE_OK: the batch has rows, or bytes
     * were consumed.  TIDE_MORE: the first row is not complete. TIDE_END: span->last and
     * nothing is left.
     */
    int (*decode)(void *state, const struct tide_span *span, size_t *consumed,
                  struct tide_batch *batch, struct tide_error *err);
    void (*decoder_close)(void *state);

    /** The schema is borrowed for the life of the state. */
    int (*encoder_open)(const void *options, const struct tide_schema *schema,
                        const struct tide_host *host, void **state,
                        struct tide_error *err);
    /**
     * The bytes of a batch, borrowed until the next call.  NULL batch: what ends the file
     * (for csv with no rows, its header).  When encoder_begin was told that the encoder
     * resumes, the file already has rows.
     */
    int (*encode)(void *state, const struct tide_batch *batch, const uint8_t **data,
                  size_t *length, struct tide_error *err);
    /** Called first: resumes is true when the bytes go behind others of the same schema
     * (no header again). */
    int (*encoder_begin)(void *state, bool resumes, struct tide_error *err);
    void (*encoder_close)(void *state);

    /**
     * What another decoder of the same file needs, beside the number of bytes consumed so
     * far, to resume behind them: a number of the format's own.  TIDE_MORE: not from
     * here, in the middle of something.  May be NULL, as decoder_resume: files of this
     * format are then resumed only between two files.  The position of a reject is a
     * mark, too: its bytes can be decoded again alone.
     */
    int (*decoder_mark)(void *state, int64_t *mark);
    /** Resume at a mark: called once, after decoder_schema and before decode; the next
     * span begins there.  TIDE_E_DATA: the mark is none of this format. */
    int (*decoder_resume)(void *state, int64_t mark, struct tide_error *err);
    /** What ends each row, where rows are lines of text: a file whose last line lacks it
     * is given it before rows are appended.  May be NULL: they are not. */
    const char *(*line_end)(const void *options);
};

/* ---- storages: named files somewhere ------------------------------------------------*/

/** Called by list for each file, sorted by name.  When the result is below zero, list
 * stops and returns that code; it need not fill err. */
typedef int (*tide_list_fn)(void *arg, const char *name, int64_t size);

struct tide_storage {
    uint32_t size;
    uint32_t flags;
    /** The files under `root` that match a glob, as in glob(7); "*" does not match
     * "/". */
    int (*list)(const void *options, const struct tide_host *host, const char *root,
                const char *pattern, tide_list_fn emit, void *arg,
                struct tide_error *err);
    /** Open a file for reading in order. */
    int (*read_open)(const void *options, const struct tide_host *host, const char *root,
                     const char *name, void **file, struct tide_error *err);
    /** Up to capacity bytes; *length 0 at the end. */
    int (*read)(void *file, uint8_t *data, size_t capacity, size_t *length,
                struct tide_error *err);
    void (*read_close)(void *file);
    /**
     * Start a file that nobody sees until publish.  When append is true it starts as a
     * copy of the present file, if there is one; *existing tells its size, 0 for none.
     */
    int (*write_open)(const void *options, const struct tide_host *host, const char *root,
                      const char *name, const char *run, bool append, void **file,
                      int64_t *existing, struct tide_error *err);
    int (*write)(void *file, const uint8_t *data, size_t length, struct tide_error *err);
    /** Make it durable and visible under its name, at once. */
    int (*publish)(void *file, struct tide_error *err);
    /** Close; a file not published leaves no trace. */
    void (*write_close)(void *file);

    /** Continue reading at a byte, counted from the start of the file; behind its end
     * there is nothing to read.  May be NULL: what is in front is then read and
     * dropped. */
    int (*read_seek)(void *file, int64_t offset, struct tide_error *err);
    /** Remove a file, durably, and what interrupted runs left of it; one that is not
     * there is no error.  May be NULL: nothing can be removed. */
    int (*remove)(const void *options, const struct tide_host *host, const char *root,
                  const char *name, struct tide_error *err);
};

/* ---- the entry ----------------------------------------------------------------------*/

struct tide_plugin_entry {
    uint32_t abi;  /**< TIDE_ABI */
    uint32_t size; /**< sizeof(struct tide_plugin_entry) as the plugin was compiled */
    uint32_t kind; /**< an enum tide_plugin_kind */
    uint32_t flags;
    const char *name;                  /**< lower_case, as definitions name it */
    const char *version;               /**< the plugin's own */
    const char *summary;               /**< one sentence */
    const struct tide_option *options; /**< table ended by {0}, or NULL */
    size_t options_size;              /**< bytes of the struct that .offset points into */
    const struct tide_source *source; /**< the one of its kind is set */
    const struct tide_transform *transform;
    const struct tide_destination *destination;
    const struct tide_format *format;
    const struct tide_storage *storage;
    /**
     * Whether these options can work, as far as they alone tell, without touching
     * anything outside: no file, no network, no other process.  What open (bind,
     * decoder_open and so on) would take with them is never refused here.  err->where is
     * the name of the option that is wrong, and may be empty.  TIDE_E_LIMIT, that it
     * could not be found out, refuses nothing.  Called before there is any
     * state, more than once, also where no run follows.  Of a component's options the
     * component is asked itself.  May be NULL: nothing can be told before open.
     */
    int (*check)(const void *options, const struct tide_host *host,
                 struct tide_error *err);
};

#define TIDE_PLUGIN_SYMBOL "tide_plugin_entry"

#ifdef __cplusplus
#define TIDE_PLUGIN_ENTRY                                                                \
    extern "C" __attribute__((visibility("default")))                                    \
    const struct tide_plugin_entry tide_plugin_entry
#else
#define TIDE_PLUGIN_ENTRY                                                                \
    extern const struct tide_plugin_entry tide_plugin_entry;                             \
    __attribute__((visibility("default")))                                               \
    const struct tide_plugin_entry tide_plugin_entry
#endif

#define TIDE_PLUGIN_HEAD(kind_, name_, version_, summary_)                               \
    .abi = TIDE_ABI, .size = (uint32_t)sizeof(struct tide_plugin_entry),                 \
    .kind = (kind_), .name = (name_), .version = (version_), .summary = (summary_)

#ifdef __cplusplus
}
#endif

#endif
