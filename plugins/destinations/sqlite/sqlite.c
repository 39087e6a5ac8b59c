/*
 * sqlite - destination: tables of a SQLite database.
 *
 * A transaction begins with the write lock when the table is opened, and another one
 * behind each checkpoint: rows and position are committed together.  A run that fails
 * leaves what its last checkpoint committed, and without one nothing, not even the table
 * that it created.
 */
#include "staging.h"
#include "writer.h"

#include <sys/stat.h>
#include <unistd.h>

static const struct tide_option sqlite_option_table[] = {
    {.name = "path",
     .type = TIDE_OPTION_PATH,
     .required = true,
     .offset = offsetof(struct sqlite_options, path),
     .help = "The database file; created when it is missing.",
     .example = "./warehouse.db"},
    {.name = "busy_timeout",
     .type = TIDE_OPTION_DURATION,
     .offset = offsetof(struct sqlite_options, busy_timeout),
     .default_value = "5s",
     .maximum = INT64_C(3600000000),
     .help = "How long to wait while another program has the database locked."},
    {0},
};

/* SQLite leaves an empty file where nothing was committed to a new database. */
static void remove_unused_file(const struct writer *writer)
{
    struct stat status;

    if (writer->creates_file && stat(writer->options->path, &status) == 0 &&
        S_ISREG(status.st_mode) && status.st_size == 0) {
        (void)unlink(writer->options->path);
    }
}

static void sqlite_close(void *state)
{
    struct writer *writer = state;

    if (!writer) {
        return;
    }
    (void)sqlite3_finalize(writer->insert);
    (void)sqlite3_finalize(writer->newest);
    database_close(&writer->database);
    remove_unused_file(writer);
    table_clear(&writer->table);
    free(writer->columns);
    free(writer->pipeline);
    free(writer);
}

static int prepare(struct writer *writer, struct tide_schema *accepted, char **position,
                   struct tide_error *err)
{
    int rc = database_open(&writer->database, writer->options->path, true,
                           writer->options->busy_timeout, err);

    if (rc == TIDE_OK) {
        rc = database_run(&writer->database, "BEGIN IMMEDIATE", "lock it for writing",
                          err);
    }
    if (rc == TIDE_OK) {
        rc = target_prepare(writer, accepted, err);
    }
    if (rc == TIDE_OK) {
        rc = statements_prepare(writer, err);
    }
    if (rc == TIDE_OK) {
        rc = staging_find(writer, err);
    }
    return rc == TIDE_OK ? position_load(writer, position, err) : rc;
}

static int sqlite_open(const void *options,
                       const struct tide_destination_request *request,
                       const struct tide_host *host, void **state,
                       struct tide_schema *accepted, char **position,
                       struct tide_error *err)
{
    struct writer *writer = calloc(1, sizeof *writer);
    int rc;

    if (!writer) {
        return tide_error_memory(err);
    }
    writer->options = options;
    writer->request = request;
    writer->host = host;
    writer->creates_file = access(writer->options->path, F_OK) != 0;
    *position = NULL;
    rc = prepare(writer, accepted, position, err);
    if (rc != TIDE_OK) {
        sqlite_close(writer);
        return rc;
    }
    *state = writer;
    return TIDE_OK;
}

static int sqlite_write(void *state, const struct tide_batch *batch,
                        struct tide_error *err)
{
    struct writer *writer = state;
    int rc = target_look_again(writer, err);

    if (rc == TIDE_OK) {
        rc = staging_begin(writer, err);
    }
    return rc == TIDE_OK ? rows_write(writer, batch, err) : rc;
}

static int commit_all(struct writer *writer, struct tide_error *err)
{
    return database_run(&writer->database, "COMMIT", "commit", err);
}

/* The source may be reading this very database, and would hold a commit up until it is
 * done: then the rows wait for the final one. */
static int commit_if_free(struct writer *writer, struct tide_error *err)
{
    sqlite3 *handle = writer->database.handle;
    int rc = target_let_go(writer, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    (void)sqlite3_busy_timeout(handle, 0);
    rc = commit_all(writer, err);
    (void)sqlite3_busy_timeout(handle, (int)(writer->options->busy_timeout / 1000));
    if (rc == TIDE_E_TRANSIENT && sqlite3_get_autocommit(handle) == 0) {
        return TIDE_MORE;
    }
    if (rc == TIDE_OK) {
        rc = database_run(&writer->database, "BEGIN IMMEDIATE", "lock it for writing",
                          err);
    }
    return rc;
}

/* What the transaction must still do. */
static int finish_rows(struct writer *writer, bool final, struct tide_error *err)
{
    bool replaces = writer->request->mode == TIDE_MODE_REPLACE;
    int rc = target_look_again(writer, err);

    if (rc == TIDE_OK && replaces) {
        rc = staging_begin(writer, err);
    }
    if (rc == TIDE_OK && replaces && !writer->insert && writer->table.count > 0) {
        rc = statements_empty(writer, err);
    } else if (rc == TIDE_OK && writer->stages) {
        rc = staging_finish(writer, final, err);
    }
    return rc == TIDE_OK && (final || !writer->stages) ? staging_drop(writer, err) : rc;
}

/* A replacing load stays hidden until its end; the others become visible with each
 * commit. */
static int sqlite_commit(void *state, const char *position, bool final,
                         struct tide_error *err)
{
    struct writer *writer = state;
    int rc = finish_rows(writer, final, err);

    if (rc != TIDE_OK) {
        return rc;
    }
    if (!final && writer->request->mode == TIDE_MODE_REPLACE && !writer->stages) {
        return TIDE_MORE;
    }
    rc = position_keep(writer, position, writer->stages && !final, err);
    if (rc != TIDE_OK) {
        return rc;
    }
    return final ? commit_all(writer, err) : commit_if_free(writer, err);
}

static int sqlite_resume(void *state, struct tide_error *err)
{
    struct writer *writer = state;

    writer->resumes = true;
    return staging_begin(writer, err);
}

static const char *sqlite_location(void *state)
{
    const struct writer *writer = state;

    return writer->resumes && writer->insert ? writer->staging : NULL;
}

/* Letter case is nothing to SQLite, in ASCII. */
static int sqlite_identify(const void *options,
                           const struct tide_destination_request *request,
                           char **identity, struct tide_error *err)
{
    char *name = strdup(request->table);

    (void)options;
    if (!name) {
        return tide_error_memory(err);
    }
    for (char *at = name; *at; at++) {
        *at = (char)(*at >= 'A' && *at <= 'Z' ? *at - 'A' + 'a' : *at);
    }
    *identity = name;
    return TIDE_OK;
}

static int sqlite_is_empty(void *state, bool *is_empty, struct tide_error *err)
{
    const struct writer *writer = state;
    sqlite3_stmt *query = NULL;
    int rc = database_prepare(
        &writer->database,
        sqlite3_mprintf("SELECT EXISTS (SELECT 1 FROM \"%w\")", writer->request->table),
        "look into the table", &query, err);

    if (rc == TIDE_OK) {
        rc = sqlite3_step(query) == SQLITE_ROW
                 ? TIDE_OK
                 : database_failed(&writer->database, "look into the table", err);
    }
    if (rc == TIDE_OK) {
        *is_empty = sqlite3_column_int(query, 0) == 0;
    }
    (void)sqlite3_finalize(query);
    return rc;
}

static int sqlite_discover(const void *options, const struct tide_host *host,
                           tide_discover_fn emit, void *arg, struct tide_error *err)
{
    const struct sqlite_options *sqlite = options;
    struct database database = {0};
    int rc = database_open(&database, sqlite->path, false, sqlite->busy_timeout, err);

    (void)host;
    if (rc == TIDE_OK) {
        rc = table_discover(&database, emit, arg, err);
    }
    database_close(&database);
    return rc;
}

static const struct tide_destination sqlite_destination = {
    .size = sizeof sqlite_destination,
    .flags = TIDE_DESTINATION_APPEND | TIDE_DESTINATION_REPLACE | TIDE_DESTINATION_MERGE |
             TIDE_DESTINATION_TRANSACTIONAL | TIDE_DESTINATION_READABLE |
             TIDE_DESTINATION_STAGES,
    .discover = sqlite_discover,
    .open = sqlite_open,
    .write = sqlite_write,
    .commit = sqlite_commit,
    .close = sqlite_close,
    .location = sqlite_location,
    .is_empty = sqlite_is_empty,
    .resume = sqlite_resume,
    .identify = sqlite_identify,
};

TIDE_PLUGIN_ENTRY = {
    TIDE_PLUGIN_HEAD(TIDE_KIND_DESTINATION, "sqlite", "1.0",
                     "Writes tables of a SQLite database."),
    .options = sqlite_option_table,
    .options_size = sizeof(struct sqlite_options),
    .destination = &sqlite_destination,
};
